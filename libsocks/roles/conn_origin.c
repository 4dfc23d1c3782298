/* What a balancer says first: whose connection it is (wire/origin.h). */
#include <errno.h>
#include <sys/socket.h>

#include "roles/conn.h"
#include "wire/origin.h"

/* Nobody becomes a program on this machine by saying so. */
static bool is_forged(const struct s5_conn *c, const struct s5_addr *from)
{
	const struct s5_addr *seen = &c->record.client;

	return s5_addr_is_loopback(from) && seen->atyp && !s5_addr_is_loopback(seen);
}

/* From now on it is that client's; false: the conn is gone. */
static bool take(struct s5_conn *c, const struct s5_addr *from)
{
	struct s5_addr client = from->atyp ? *from : c->record.client;
	uint64_t source = s5_addr_source(&client);

	s5_addr_unmap(&client);
	if (from->atyp && is_forged(c, &client)) {
		s5_conn_drop(c, "PROXY header: a loopback address, which came from elsewhere");
		return false;
	}
	if (!s5_server_name(c->worker->server, source)) {
		s5_server_trouble(c->worker->server, EDQUOT, c->worker->loop.now);
		s5_conn_drop(c, "PROXY header: that client has as many sessions as one may");
		return false;
	}
	c->record.client = client;
	c->source = c->session.source = source;
	return true;
}

/* It stays in the socket until it is whole. */
void s5_conn_origin(struct s5_conn *c, bool ended)
{
	uint8_t *octets = c->worker->pool.buffer;
	ssize_t n = recv(c->watch.fd, octets, S5_ORIGIN_MAX, MSG_PEEK);
	struct s5_reader in = s5_reader_over(octets, n > 0 ? (size_t)n : 0);
	struct s5_origin origin;
	enum s5_rc rc = s5_origin_get(&in, &origin);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0) {
		s5_conn_drop(c, "client: %s", strerrordesc_np(errno));
	} else if (rc == S5_BAD) {
		s5_conn_drop(c, "PROXY header: %s", s5_note_text(in.why));
	} else if (rc == S5_MORE && (n == 0 || ended)) {
		s5_conn_drop(c, "PROXY header: client closed%s", n ? " in the middle of it" : "");
	} else if (rc == S5_OK) {
		recv(c->watch.fd, octets, in.off, 0);
		if (!take(c, &origin.from))
			return;
		c->state = S5_CONN_TALKING;
		s5_conn_go(c);
	}
}

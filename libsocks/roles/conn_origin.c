/* What a balancer says first: whose connection it is (wire/origin.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
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
	if (!s5_server_name(c->worker->server, source, c->policy->max_per_client)) {
		s5_server_trouble(c->worker->server, EDQUOT, c->worker->loop.now);
		s5_conn_drop(c, "PROXY header: that client has as many sessions as one may");
		return false;
	}
	c->record.client = client;
	c->source = c->session.source = source;
	return true;
}

/* A part of the header is taken out of the socket: what stays there counts against the sender, who may
 * not be let send the rest. False: no memory. */
static bool keep(struct s5_conn *c, size_t n)
{
	ssize_t got;

	if (!c->origin)
		c->origin = malloc(S5_ORIGIN_MAX);
	if (!c->origin)
		return false;
	got = recv(c->watch.fd, c->origin + c->norigin, n, 0);
	c->norigin += got > 0 ? (size_t)got : 0;
	return true;
}

void s5_conn_origin_free(struct s5_conn *c)
{
	free(c->origin);
	c->origin = NULL;
	c->norigin = 0;
}

/* What is behind the header stays in the socket. */
static void finish(struct s5_conn *c, size_t n, const struct s5_addr *from)
{
	recv(c->watch.fd, c->worker->pool.buffer, n - c->norigin, 0);
	s5_conn_origin_free(c);
	if (!take(c, from))
		return;
	c->state = S5_CONN_TALKING;
	s5_conn_go(c);
}

void s5_conn_origin(struct s5_conn *c, bool ended)
{
	uint8_t *octets = c->worker->pool.buffer;
	ssize_t n;
	struct s5_reader in;
	struct s5_origin origin;
	enum s5_rc rc;

	if (c->norigin)
		memcpy(octets, c->origin, c->norigin);
	n = recv(c->watch.fd, octets + c->norigin, S5_ORIGIN_MAX - c->norigin, MSG_PEEK);
	if (n < 0 && errno == EAGAIN)
		return;
	in = s5_reader_over(octets, c->norigin + (n > 0 ? (size_t)n : 0));
	rc = s5_origin_get(&in, &origin);
	if (n < 0)
		s5_conn_drop(c, "client: %s", strerrordesc_np(errno));
	else if (rc == S5_BAD)
		s5_conn_drop(c, "PROXY header: %s", s5_note_text(in.why));
	else if (rc == S5_MORE && (n == 0 || ended))
		s5_conn_drop(c, "PROXY header: client closed%s",
			     in.len ? " in the middle of it" : "");
	else if (rc == S5_OK)
		finish(c, in.off, &origin.from);
	else if (!keep(c, (size_t)n))
		s5_conn_drop(c, "PROXY header: %s", strerrordesc_np(ENOMEM));
}

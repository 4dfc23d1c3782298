/* BIND: a listener for one peer, told in the first reply; the peer, told in the second. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "roles/conn.h"
#include "roles/rep.h"

enum { V4, V6 };

struct s5_bind {
	struct s5_conn *conn;
	struct s5_watch listener; /* fd -1: none */
	struct s5_watch peer; /* what the loop knows it by until there is a tunnel */
	bool anyone; /* DST.ADDR was zero */
	unsigned looking; /* lookups under way */
	struct s5_lookup lookup[2]; /* the addresses from which the peer may come */
};

/* ending */

static void hush(struct s5_bind *b)
{
	if (b->listener.fd < 0)
		return;
	s5_loop_unwatch(&b->conn->worker->loop, &b->listener);
	close(b->listener.fd);
	b->listener.fd = -1;
}

void s5_conn_bind_end(struct s5_conn *c)
{
	if (!c->bind)
		return;
	s5_lookup_cancel(&c->bind->lookup[V4]);
	s5_lookup_cancel(&c->bind->lookup[V6]);
	hush(c->bind);
	if (c->bind->peer.fd >= 0)
		s5_loop_forget(&c->worker->loop, &c->bind->peer);
	free(c->bind);
	c->bind = NULL;
}

/* why NULL: it is noted already. */
static void refuse(struct s5_conn *c, uint8_t rep, const struct s5_addr *bnd, const char *why)
{
	s5_timer_stop(&c->worker->loop, &c->timer);
	s5_conn_bind_end(c);
	s5_conn_answer(c, rep, bnd, why);
}

void s5_conn_bind_expire(struct s5_conn *c)
{
	if (c->bind->listener.fd < 0)
		refuse(c, S5_REP_HOST_UNREACHABLE, NULL, s5_lookup_text(S5_LOOKUP_TIMEOUT));
	else
		refuse(c, S5_REP_TTL_EXPIRED, NULL, "no peer came in time");
}

/* the peer */

static struct s5_addr expected(const struct s5_bind *b, int family, unsigned i)
{
	uint16_t port = b->conn->session.request.dst.port;
	const uint8_t *ip = b->lookup[family].answer.ip[i];
	struct s5_addr a = family == V6 ? s5_addr_ip6(ip, port) : s5_addr_ip4(ip, port);

	s5_addr_unmap(&a);
	return a;
}

static bool is_expected(const struct s5_bind *b, const struct s5_addr *peer)
{
	for (int family = V4; family <= V6; family++)
		for (unsigned i = 0; i < b->lookup[family].answer.n; i++) {
			struct s5_addr a = expected(b, family, i);

			if (s5_addr_equal(&a, peer))
				return true;
		}
	return b->anyone;
}

/* Ports of rules are held against DST.PORT: the peer's own is nobody's choice (R1928-B.6). */
static bool is_welcome(struct s5_conn *c, struct s5_addr peer)
{
	peer.port = c->session.request.dst.port;
	if (is_expected(c->bind, &peer))
		return s5_conn_permits(c, &peer);
	snprintf(c->record.why, sizeof c->record.why, "another peer came than was asked for");
	return false;
}

static void meet(struct s5_conn *c, int fd, const struct s5_addr *peer)
{
	struct s5_loop *loop = &c->worker->loop;
	struct s5_bind *b = c->bind;
	int rc;

	hush(b); /* R1928-B.4 */
	c->record.actual = *peer;
	if (!is_welcome(c, *peer)) {
		close(fd);
		refuse(c, S5_REP_NOT_ALLOWED, peer, NULL);
		return;
	}
	c->target = b->peer.fd = fd;
	rc = s5_loop_watch(loop, &b->peer, 0);
	if (rc < 0) {
		refuse(c, s5_rep_of_errno(-rc), peer, strerrordesc_np(-rc));
		return;
	}
	s5_timer_stop(loop, &c->timer);
	s5_conn_answer(c, S5_REP_SUCCEEDED, peer, "");
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* A peer that is gone before it is accepted leaves the place to another. */
static void listener_ready(struct s5_watch *w, uint32_t events)
{
	struct s5_conn *c = S5_OUTER(w, struct s5_bind, listener)->conn;
	struct s5_sockaddr sa = { .len = sizeof sa.un };
	int fd = accept4(w->fd, &sa.sa, &sa.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct s5_addr peer;

	(void)events;
	if (fd < 0 && !is_shortage(errno))
		return;
	if (fd < 0) {
		refuse(c, s5_rep_of_errno(errno), NULL, strerrordesc_np(errno));
	} else {
		peer = s5_sockaddr_to(&sa);
		meet(c, fd, &peer);
	}
	s5_conn_go(c);
}

/* the listener */

static struct s5_addr any_of(uint8_t atyp)
{
	static const uint8_t zeros[16];

	return atyp == S5_ATYP_IPV6 ? s5_addr_ip6(zeros, 0) : s5_addr_ip4(zeros, 0);
}

static int route_to(struct s5_conn *c, const struct s5_addr *peer, struct s5_addr *local)
{
	if (!s5_conn_permits(c, peer))
		return -EACCES;
	c->record.why[0] = 0;
	return s5_sock_route(local, peer);
}

/* The address of ours that leads to one from which the peer may come; of the client's family if
 * there is a choice. 0 or -errno, the last one's. */
static int choose_local(struct s5_conn *c, struct s5_addr *local)
{
	const struct s5_bind *b = c->bind;
	struct s5_addr near = s5_conn_near(c), peer;
	int family = near.atyp == S5_ATYP_IPV6 ? V6 : V4, rc = -EACCES;

	if (b->anyone) {
		*local = near;
		return 0;
	}
	for (int turn = 0; turn < 2; turn++, family = !family)
		for (unsigned i = 0; i < b->lookup[family].answer.n; i++) {
			peer = expected(b, family, i);
			rc = route_to(c, &peer, local);
			if (rc == 0)
				return 0;
		}
	return rc;
}

/* *bnd: where the peer is to connect to, not necessarily an address that we know as ours. */
static int listen_near(struct s5_conn *c, const struct s5_addr *local, struct s5_addr *bnd)
{
	const struct s5_server_config *config = c->worker->config;
	const struct s5_addr *told =
		local->atyp == S5_ATYP_IPV6 ? &config->advertise6 : &config->advertise4;
	struct s5_addr at = told->atyp ? any_of(local->atyp) : *local;
	int fd = s5_sock_bind_range(SOCK_STREAM, &at, s5_sock_scope(c->watch.fd),
				    config->bind_ports);

	if (fd < 0)
		return fd;
	*bnd = told->atyp ? *told : *local;
	bnd->port = s5_sock_local(fd).port;
	c->bind->listener = (struct s5_watch){ .fd = fd, .ready = listener_ready };
	return s5_loop_watch(&c->worker->loop, &c->bind->listener, EPOLLIN);
}

static const char *listen_text(const struct s5_conn *c, int error)
{
	if (c->record.why[0])
		return NULL;
	return error == EADDRINUSE ? "no port is free to wait for the peer on"
				   : strerrordesc_np(error);
}

/* R1928-B.1: the first reply goes out once there is a listener. */
static void await_peer(struct s5_conn *c)
{
	struct s5_loop *loop = &c->worker->loop;
	int64_t limit = c->policy->bind_timeout;
	struct s5_addr local, bnd;
	int rc = choose_local(c, &local);

	if (rc == 0)
		rc = listen_near(c, &local, &bnd);
	if (rc < 0) {
		refuse(c, s5_rep_of_errno(-rc), NULL, listen_text(c, -rc));
		return;
	}
	s5_timer_stop(loop, &c->timer);
	if (limit)
		s5_timer_set(loop, &c->timer, loop->now + limit);
	s5_conn_answer(c, S5_REP_SUCCEEDED, &bnd, "");
	s5_conn_tell(c, S5_EV_REPLY);
	c->state = S5_CONN_BINDING;
}

/* the request */

static void looked_up(struct s5_bind *b)
{
	struct s5_conn *c = b->conn;
	const struct s5_lookup *four = &b->lookup[V4], *six = &b->lookup[V6];

	if (--b->looking)
		return;
	if (four->answer.n || six->answer.n)
		await_peer(c);
	else
		refuse(c, S5_REP_HOST_UNREACHABLE, NULL,
		       s5_lookup_text(four->result > six->result ? four->result : six->result));
	s5_conn_go(c);
}

static void looked_up_v4(struct s5_lookup *l)
{
	looked_up(S5_OUTER(l, struct s5_bind, lookup[V4]));
}

static void looked_up_v6(struct s5_lookup *l)
{
	looked_up(S5_OUTER(l, struct s5_bind, lookup[V6]));
}

static void look_up(struct s5_conn *c)
{
	const struct s5_addr *name = &c->session.request.dst;
	struct s5_worker *w = c->worker;
	struct s5_bind *b = c->bind;

	if (s5_addr_is_numeric_name(name)) {
		refuse(c, S5_REP_HOST_UNREACHABLE, NULL, s5_lookup_text(S5_LOOKUP_NO_NAME));
		return;
	}
	if (c->policy->dial.timeout)
		s5_timer_set(&w->loop, &c->timer, w->loop.now + c->policy->dial.timeout);
	b->looking = 2;
	s5_lookup_start(&b->lookup[V4], w->resolver, name, S5_ATYP_IPV4, looked_up_v4);
	s5_lookup_start(&b->lookup[V6], w->resolver, name, S5_ATYP_IPV6, looked_up_v6);
}

static void expect(struct s5_bind *b, const struct s5_addr *dst)
{
	struct s5_addr plain = *dst;
	struct s5_answer *answer;

	s5_addr_unmap(&plain);
	b->anyone = s5_addr_is_any(&plain);
	if (b->anyone)
		return;
	answer = &b->lookup[plain.atyp == S5_ATYP_IPV6 ? V6 : V4].answer;
	answer->n = 1;
	memcpy(answer->ip[0], plain.octets, plain.len);
}

void s5_conn_bind(struct s5_conn *c)
{
	const struct s5_addr *dst = &c->session.request.dst;

	c->bind = calloc(1, sizeof *c->bind);
	if (!c->bind) {
		s5_conn_answer(c, S5_REP_FAILURE, NULL, strerrordesc_np(ENOMEM));
		return;
	}
	c->bind->conn = c;
	c->bind->listener.fd = -1;
	c->state = S5_CONN_BINDING;
	/* What the client sends now is the peer's and waits in its socket (R1928-B.10); that it
	 * went away is looked at again, should it have been seen before the request was. */
	s5_loop_rewatch(&c->worker->loop, &c->watch, EPOLLRDHUP);
	if (dst->atyp == S5_ATYP_NAME) {
		look_up(c);
	} else {
		expect(c->bind, dst);
		await_peer(c);
	}
}

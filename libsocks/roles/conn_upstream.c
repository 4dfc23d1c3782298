/* The request, passed on to the proxies that all goes through (policy.upstream). UDP ASSOCIATE is asked
 * of each of them, by way of those before; what is made then belongs to the association. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "roles/conn.h"
#include "roles/udp_client.h"

struct s5_upstream {
	struct s5_conn *conn; /* NULL: it is the association's */
	struct s5_association *association;
	struct s5_loop *loop;
	struct s5_client_config config; /* up to the proxy that is asked */
	struct s5_client client;
	struct s5_udp_client udp;
	struct s5_udp_hop *hops; /* its */
	struct s5_watch
		watch; /* what the loop knows the connection by until there is a tunnel; or -1 */
	struct s5_task turn;
	bool told; /* BIND's first reply */
};

void s5_upstream_free(struct s5_upstream *u)
{
	if (!u)
		return;
	s5_loop_not_later(u->loop, &u->turn);
	if (u->watch.fd >= 0)
		s5_loop_forget(u->loop, &u->watch);
	s5_client_fini(&u->client);
	s5_udp_client_fini(&u->udp);
	free(u->hops);
	free(u);
}

void s5_conn_upstream_end(struct s5_conn *c)
{
	s5_upstream_free(c->upstream);
	c->upstream = NULL;
}

struct s5_far s5_conn_far(const struct s5_conn *c)
{
	const struct s5_upstream *u = c->upstream;

	return u ? (struct s5_far){ u->client.early, u->client.nearly }
		 : (struct s5_far){ NULL, 0 };
}

/* Nothing of it is to be seen by the watch: the tunnel watches anew. */
static void nothing(struct s5_watch *w, uint32_t events)
{
	(void)w;
	(void)events;
}

static void turn_run(struct s5_task *t)
{
	s5_conn_go(S5_OUTER(t, struct s5_upstream, turn)->conn);
}

/* BIND's first reply; the session goes on when the client is out of the way. */
static void watch(struct s5_client *client, enum s5_event event)
{
	struct s5_upstream *u = S5_OUTER(client, struct s5_upstream, client);
	struct s5_conn *c = u->conn;
	struct s5_addr bnd;

	if (event != S5_EV_REPLY || client->hop + 1 != client->config->nhops ||
	    client->request.cmd != S5_CMD_BIND || u->told)
		return; /* the others have one reply, and done() */
	u->told = true;
	bnd = s5_client_bound(client);
	s5_conn_answer(c, S5_REP_SUCCEEDED, &bnd, "");
	s5_conn_tell(c, S5_EV_REPLY);
	c->state = S5_CONN_BINDING;
	s5_loop_later(client->loop, &u->turn);
}

static void explain(struct s5_conn *c)
{
	const struct s5_client *client = &c->upstream->client;
	const struct s5_client_failure *f = &client->failure;
	const char *cause = s5_cause_text(f->session.cause);

	if (f->error)
		cause = strerrordesc_np(f->error);
	else if (f->phase == S5_PHASE_RESOLVE)
		cause = s5_lookup_text(f->resolved);
	else if (f->phase == S5_PHASE_CONNECT)
		cause = "took too long";
	snprintf(c->record.why, sizeof c->record.why, "upstream: %s: %s", s5_phase_name(f->phase),
		 cause);
	if (f->session.cause == S5_CAUSE_REFUSED && !f->error)
		snprintf(c->record.why, sizeof c->record.why, "upstream: %s",
			 s5_rep_name(f->session.code));
}

/* What the last one says is true of the target; that others cannot be reached is our own trouble. */
static uint8_t rep_of(const struct s5_client *client)
{
	const struct s5_client_failure *f = &client->failure;
	bool last = f->hop + 1 == (int)client->config->nhops;

	return last && !f->error && f->session.cause == S5_CAUSE_REFUSED ? f->session.code
									 : S5_REP_FAILURE;
}

static void refuse(struct s5_conn *c, const char *why)
{
	s5_conn_answer(c, S5_REP_FAILURE, NULL, why);
}

/* The loop is not to know it by the client any more, which has no use for it. */
static bool take_over(struct s5_upstream *u)
{
	u->watch.fd = u->client.fd;
	if (s5_loop_rewatch(u->loop, &u->watch, 0) == 0)
		return true;
	close(u->client.fd);
	u->watch.fd = -1;
	return false;
}

/* BIND's second reply. False: that peer may not come, which is answered. */
static bool permits_peer(struct s5_conn *c, const struct s5_addr *peer)
{
	struct s5_addr asked = *peer;

	c->record.actual = *peer;
	asked.port = c->session.request.dst.port; /* R1928-B.6 */
	if (s5_addr_is_ip(peer) && s5_conn_permits(c, &asked))
		return true;
	if (!s5_addr_is_ip(peer))
		snprintf(c->record.why, sizeof c->record.why,
			 "denied: the upstream proxy gives the peer's name instead of its address");
	s5_conn_answer(c, S5_REP_NOT_ALLOWED, peer, NULL);
	return false;
}

static void take(struct s5_conn *c)
{
	struct s5_upstream *u = c->upstream;
	struct s5_addr bnd = s5_client_bound(&u->client);

	if (!take_over(u)) {
		refuse(c, "no memory");
		return;
	}
	c->target = u->client.fd;
	s5_addr_literal(&bnd);
	if (u->client.request.cmd != S5_CMD_BIND || permits_peer(c, &bnd))
		s5_conn_answer(c, S5_REP_SUCCEEDED, &bnd, "");
}

/* UDP ASSOCIATE */

static void received(struct s5_udp_client *udp, const struct s5_addr *from, const uint8_t *data,
		     size_t len)
{
	struct s5_upstream *u = S5_OUTER(udp, struct s5_upstream, udp);

	if (u->association)
		s5_association_receive(u->association, from, data, len);
}

static void lost(struct s5_udp_client *udp, size_t hop, int error)
{
	struct s5_upstream *u = S5_OUTER(udp, struct s5_upstream, udp);
	const char *why = error ? strerrordesc_np(error) : "closed the connection";

	(void)hop;
	if (u->association)
		s5_association_lost(u->association, why);
	else
		s5_conn_drop(u->conn, "upstream: %s", why);
}

static void dropped(struct s5_udp_client *udp, size_t hop, const char *why)
{
	struct s5_upstream *u = S5_OUTER(udp, struct s5_upstream, udp);

	(void)hop;
	(void)why;
	if (u->association)
		s5_association_dropped(u->association);
}

/* Of its relay; a later one may arrive all the same. */
static void trouble(struct s5_udp_client *udp, int error)
{
	(void)udp;
	(void)error;
}

int s5_upstream_send(struct s5_upstream *u, const struct s5_addr *to, const uint8_t *data,
		     size_t len)
{
	return s5_udp_client_send(&u->udp, to, data, len);
}

void s5_upstream_hand_over(struct s5_upstream *u, struct s5_association *n)
{
	u->conn = NULL;
	u->association = n;
}

static void ask(struct s5_upstream *u);

/* They leave as connections do. */
static int start_datagrams(struct s5_upstream *u)
{
	const struct s5_dial_options *dial = &u->config.dial;
	bool ipv6 = u->hops[0].relay.atyp == S5_ATYP_IPV6;

	u->udp.source = ipv6 ? dial->source6 : dial->source4;
	u->udp.egress = dial->egress;
	return s5_udp_client_start(&u->udp);
}

/* A proxy more takes part. */
static void join(struct s5_conn *c)
{
	struct s5_upstream *u = c->upstream;
	int rc = s5_udp_client_join(&u->udp, &u->client);

	s5_client_fini(&u->client);
	if (rc == 0 && u->udp.nhops < c->policy->upstream.nhops) {
		ask(u);
		return;
	}
	if (rc == 0)
		rc = start_datagrams(u);
	if (rc < 0) {
		refuse(c, rc == -EPROTO ? "upstream: its relay has no port" : strerrordesc_np(-rc));
		s5_conn_upstream_end(c);
	} else {
		s5_conn_associate(c);
	}
	s5_conn_go(c);
}

/* each proxy's end */

static void done(struct s5_client *client, bool ok)
{
	struct s5_conn *c = S5_OUTER(client, struct s5_upstream, client)->conn;
	bool udp = c->session.request.cmd == S5_CMD_UDP;

	if (ok && udp) {
		join(c);
		return;
	}
	if (!udp)
		c->record.actual = client->dial.peer;
	if (ok) {
		take(c);
	} else {
		explain(c);
		s5_conn_answer(c, rep_of(client), NULL, NULL);
		s5_conn_upstream_end(c);
	}
	s5_conn_go(c);
}

/* The next proxy that an association is asked of; of anything else the last one. */
static void ask(struct s5_upstream *u)
{
	const struct s5_request *m = &u->conn->session.request;
	struct s5_worker *w = u->conn->worker;

	u->config = u->conn->policy->upstream;
	u->client = (struct s5_client){ .loop = u->loop,
					.resolver = w->resolver,
					.config = &u->config,
					.request = *m,
					.watch = watch,
					.done = done };
	if (m->cmd == S5_CMD_UDP) {
		u->config.nhops = u->udp.nhops + 1;
		u->client.request.dst = s5_addr_ip4((const uint8_t[4]){ 0 }, 0); /* R1928-U.3 */
	}
	s5_client_start(&u->client);
}

void s5_conn_upstream(struct s5_conn *c)
{
	struct s5_worker *w = c->worker;
	bool udp = c->session.request.cmd == S5_CMD_UDP;
	struct s5_upstream *u = !udp || s5_worker_get_post(w) == 0 ? calloc(1, sizeof *u) : NULL;

	if (u)
		u->hops = calloc(c->policy->upstream.nhops, sizeof *u->hops);
	if (!u || !u->hops) {
		free(u);
		refuse(c, "no memory");
		return;
	}
	c->upstream = u;
	c->state = S5_CONN_DIALING;
	u->conn = c;
	u->loop = &w->loop;
	u->watch = (struct s5_watch){ .fd = -1, .ready = nothing };
	u->turn.run = turn_run;
	u->udp = (struct s5_udp_client){ .loop = u->loop,
					 .hops = u->hops,
					 .budget = udp ? &w->post->budget : NULL,
					 .received = received,
					 .lost = lost,
					 .dropped = dropped,
					 .trouble = trouble };
	ask(u);
}

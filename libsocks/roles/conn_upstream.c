/* The request, passed on to the proxies that all goes through (policy.upstream): CONNECT and BIND. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "roles/client.h"
#include "roles/conn.h"

struct s5_upstream {
	struct s5_conn *conn;
	struct s5_client client;
	struct s5_watch
		watch; /* what the loop knows the connection by until there is a tunnel; or -1 */
	struct s5_task turn;
	bool told; /* BIND's first reply */
};

void s5_conn_upstream_end(struct s5_conn *c)
{
	struct s5_upstream *u = c->upstream;
	struct s5_loop *loop = &c->worker->loop;

	if (!u)
		return;
	s5_loop_not_later(loop, &u->turn);
	if (u->watch.fd >= 0)
		s5_loop_forget(loop, &u->watch);
	s5_client_fini(&u->client);
	free(u);
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
		return;
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

static void take(struct s5_conn *c)
{
	struct s5_client *client = &c->upstream->client;
	struct s5_addr bnd = s5_client_bound(client);

	c->target = c->upstream->watch.fd = client->fd;
	if (client->request.cmd == S5_CMD_BIND) {
		c->record.actual = bnd;
		bnd.port = client->request.dst.port;
		if (!s5_conn_permits(c, &bnd)) {
			s5_conn_answer(c, S5_REP_NOT_ALLOWED, &c->record.actual, NULL);
			return;
		}
		bnd = c->record.actual;
	}
	if (s5_loop_rewatch(client->loop, &c->upstream->watch, 0) < 0)
		s5_conn_answer(c, S5_REP_FAILURE, NULL, "no memory");
	else
		s5_conn_answer(c, S5_REP_SUCCEEDED, &bnd, "");
}

static void done(struct s5_client *client, bool ok)
{
	struct s5_conn *c = S5_OUTER(client, struct s5_upstream, client)->conn;

	c->record.actual = client->dial.peer;
	if (ok) {
		take(c);
	} else {
		explain(c);
		s5_conn_answer(c, rep_of(client), NULL, NULL);
	}
	s5_conn_go(c);
}

void s5_conn_upstream(struct s5_conn *c)
{
	struct s5_worker *w = c->worker;
	struct s5_upstream *u = calloc(1, sizeof *u);

	if (!u) {
		s5_conn_answer(c, S5_REP_FAILURE, NULL, "no memory");
		return;
	}
	c->upstream = u;
	c->state = S5_CONN_DIALING;
	u->conn = c;
	u->watch = (struct s5_watch){ .fd = -1, .ready = nothing };
	u->turn.run = turn_run;
	u->client.loop = &w->loop;
	u->client.resolver = w->resolver;
	u->client.config = &c->policy->upstream;
	u->client.request = c->session.request;
	u->client.watch = watch;
	u->client.done = done;
	s5_client_start(&u->client);
}

/* A client in the handshake: its session, the policy, the dial; then a tunnel, or a refusal. */
#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "roles/rep.h"
#include "roles/worker.h"

#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)
#define LINGER_MS 2000 /* a refused client has so long to read why; RFC 1928 6 allows 10 s */
#define CROWD 128 /* handshakes at once */
#define OUTER(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

enum state {
	TALKING, /* octets come and go */
	CHECKING, /* the password is with the checkers */
	HOLDING, /* wrong credentials: the answer is held back */
	DIALING,
	LEAVING, /* refused; the answer is being read */
	GONE, /* CHECKING, but there is no client any more */
};

struct s5_conn {
	struct s5_watch watch;
	struct s5_worker *worker;
	LIST_ENTRY(s5_conn) link;
	enum state state;
	bool accepted; /* the checkers' verdict */
	struct s5_timer timer; /* the handshake's deadline, or the state's */
	struct s5_job job;
	int64_t born;
	int target; /* the connected descriptor, -1: none */
	struct s5_record record;
	struct s5_dial dial;
	struct s5_session session;
};

static void conn_go(struct s5_conn *c);

/* ending */

/* A crowd of handshakes leaves much memory free behind it: it goes back to the system. */
static void forget(struct s5_conn *c)
{
	struct s5_worker *w = c->worker;

	LIST_REMOVE(c, link);
	s5_session_fini(&c->session);
	free(c);
	if (--w->nconns)
		return;
	if (w->crowd > CROWD)
		malloc_trim(0);
	w->crowd = 0;
}

static void release(struct s5_conn *c)
{
	struct s5_worker *w = c->worker;

	s5_dial_cancel(&c->dial);
	if (c->target >= 0)
		close(c->target);
	forget(c);
	s5_server_leave(w->server);
	s5_worker_relieved(w);
}

static void tell(struct s5_conn *c)
{
	const struct s5_server_config *config = c->worker->config;

	c->record.ms = c->worker->loop.now - c->born;
	if (config->log)
		config->log(config->arg, &c->record);
}

/* Closes the client's socket; the conn goes too, or follows once the checkers are done. */
static void hang_up(struct s5_conn *c)
{
	s5_timer_stop(&c->worker->loop, &c->timer);
	s5_loop_unwatch(&c->worker->loop, &c->watch);
	close(c->watch.fd);
	if (c->state == CHECKING)
		c->state = GONE;
	else
		release(c);
}

__attribute__((format(printf, 2, 3))) static void drop(struct s5_conn *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->record.why, sizeof c->record.why, format, args);
	va_end(args);
	tell(c);
	hang_up(c);
}

static void discard(struct s5_conn *c)
{
	struct s5_pool *pool = &c->worker->pool;
	ssize_t n;

	for (int i = 0; i < 16; i++) {
		n = read(c->watch.fd, pool->buffer, S5_RELAY_BUFFER);
		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			hang_up(c);
			return;
		}
		if (n < 0)
			return;
	}
	hang_up(c); /* it does not stop sending */
}

/* R1928-6.5: the answer is out; nothing more comes from here, what the client still sends is
 * thrown away until it has read the answer and closes. A plain close could reset it before. */
static void leave(struct s5_conn *c)
{
	tell(c);
	c->state = LEAVING;
	shutdown(c->watch.fd, SHUT_WR);
	s5_timer_set(&c->worker->loop, &c->timer, c->worker->loop.now + LINGER_MS);
	discard(c);
}

/* credentials */

static void judge(struct s5_conn *c, bool accepted)
{
	s5_session_judge(&c->session, accepted);
	c->state = TALKING;
}

/* R1929-10: the more failures, the longer the answer takes; but within the handshake's time. */
static void verdict(struct s5_conn *c, bool accepted)
{
	struct s5_worker *w = c->worker;
	int64_t wait = accepted ? 0 : s5_penalty_add(&w->penalties, &c->record.client, w->loop.now);

	if (!wait) {
		judge(c, accepted);
		return;
	}
	c->state = HOLDING;
	s5_timer_set(&w->loop, &c->timer, w->loop.now + wait);
}

static void check_run(struct s5_job *job)
{
	struct s5_conn *c = OUTER(job, struct s5_conn, job);

	c->accepted = s5_users_check(c->worker->config->users, &c->session.credentials);
}

static void check_done(struct s5_job *job)
{
	struct s5_conn *c = OUTER(job, struct s5_conn, job);

	if (c->state == GONE) {
		release(c);
		return;
	}
	verdict(c, c->accepted);
	if (c->state == TALKING)
		conn_go(c);
}

static void check(struct s5_conn *c)
{
	struct s5_worker *w = c->worker;

	c->record.user = c->session.credentials.user;
	c->record.ulen = c->session.credentials.ulen;
	if (!s5_users_needs_hash(w->config->users)) {
		verdict(c, s5_users_check(w->config->users, &c->session.credentials));
		return;
	}
	c->job = (struct s5_job){.loop = &w->loop, .run = check_run, .done = check_done};
	c->state = CHECKING;
	if (s5_work_submit(s5_server_work(w->server), &c->job) < 0)
		judge(c, false); /* more are waiting than will ever be served in time */
}

/* the request */

static struct s5_verdict ask(const struct s5_conn *c, const struct s5_addr *address)
{
	const struct s5_addr *target = &c->session.request.dst;
	struct s5_query q = {
		.from = &c->record.client,
		.user = c->record.user,
		.ulen = c->record.ulen,
		.cmd = c->session.request.cmd,
		.name = target->atyp == S5_ATYP_NAME ? target : NULL,
		.address = address,
	};

	return s5_rules_match(c->worker->config->rules, &q);
}

static bool permit(struct s5_dial *d, const struct s5_addr *a)
{
	struct s5_conn *c = OUTER(d, struct s5_conn, dial);

	return ask(c, a).decision == S5_ALLOW;
}

static void answer(struct s5_conn *c, uint8_t rep, const struct s5_addr *bnd)
{
	c->record.replied = true;
	c->record.rep = rep;
	s5_session_answer(&c->session, rep, bnd);
	c->state = TALKING;
}

static void refuse(struct s5_conn *c, uint8_t rep, const char *why)
{
	snprintf(c->record.why, sizeof c->record.why, "%s", why);
	answer(c, rep, NULL);
}

static const char *dial_text(const struct s5_dial *d, enum s5_dial_end end)
{
	switch (end) {
	case S5_DIAL_CONNECTED:
		return "";
	case S5_DIAL_DENIED:
		return "denied by the rules";
	case S5_DIAL_UNRESOLVED:
		return s5_lookup_text(d->resolved);
	case S5_DIAL_TIMEOUT:
		return "target: connecting took too long";
	case S5_DIAL_FAILED:
		break;
	}
	return strerrordesc_np(d->error);
}

static void dial_done(struct s5_dial *d, enum s5_dial_end end)
{
	struct s5_conn *c = OUTER(d, struct s5_conn, dial);
	struct s5_addr bnd;

	c->record.actual = d->peer;
	c->target = d->fd;
	if (end == S5_DIAL_CONNECTED) {
		bnd = s5_sock_local(d->fd);
		answer(c, S5_REP_SUCCEEDED, &bnd);
	} else {
		refuse(c, s5_rep_of_dial(end, d->error), dial_text(d, end));
	}
	conn_go(c);
}

static void note_request(struct s5_conn *c)
{
	c->record.requested = true;
	c->record.cmd = c->session.request.cmd;
	c->record.target = c->session.request.dst;
}

static void request(struct s5_conn *c)
{
	struct s5_worker *w = c->worker;
	const struct s5_request *m = &c->session.request;

	note_request(c);
	s5_timer_stop(&w->loop, &c->timer);
	if (m->cmd != S5_CMD_CONNECT) {
		refuse(c, S5_REP_CMD_UNSUPPORTED, "command not supported");
		return;
	}
	if (ask(c, s5_addr_is_ip(&m->dst) ? &m->dst : NULL).decision == S5_DENY) {
		refuse(c, S5_REP_NOT_ALLOWED, "denied by the rules");
		return;
	}
	c->state = DIALING;
	c->dial.loop = &w->loop;
	c->dial.resolver = w->resolver;
	c->dial.options = &w->config->dial;
	c->dial.permit = permit;
	c->dial.done = dial_done;
	s5_dial_start(&c->dial, &m->dst);
}

/* octets */

/* False: the client is gone, and so is the conn. */
static bool flush(struct s5_conn *c)
{
	const uint8_t *out;
	size_t len;
	ssize_t n;

	while (out = s5_session_out(&c->session, &len), len) {
		n = write(c->watch.fd, out, len);
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n < 0) {
			drop(c, "client: %s", strerrordesc_np(errno));
			return false;
		}
		s5_session_sent(&c->session, (size_t)n);
	}
	return true;
}

static void open_tunnel(struct s5_conn *c)
{
	struct s5_worker *w = c->worker;

	if (!flush(c))
		return;
	if (s5_tunnel_start(w, c->watch.fd, c->target, &c->session, &c->record, c->born) < 0) {
		drop(c, "no memory");
		return;
	}
	s5_loop_forget(&w->loop, &c->watch);
	s5_timer_stop(&w->loop, &c->timer);
	forget(c); /* the session goes on as a tunnel: it is still counted */
}

/* True: something new is to be looked at. */
static bool fill(struct s5_conn *c)
{
	uint8_t octets[S5_SESSION_ROOM];
	size_t room = s5_session_room(&c->session, S5_CLIENT);
	ssize_t n = room ? read(c->watch.fd, octets, room) : 0;

	if (!room || (n < 0 && errno == EAGAIN))
		return false;
	if (n < 0) {
		drop(c, "client: %s", strerrordesc_np(errno));
		return false;
	}
	if (n == 0)
		s5_session_eof(&c->session, S5_CLIENT);
	s5_session_recv(&c->session, S5_CLIENT, octets, (size_t)n);
	explicit_bzero(octets, (size_t)n);
	return true;
}

static void explain(struct s5_conn *c)
{
	const struct s5_failure *f = &c->session.failure;
	size_t size = sizeof c->record.why;
	char *why = c->record.why;

	if (f->cause == S5_CAUSE_REQUEST) {
		note_request(c);
		c->record.replied = true;
		c->record.rep = f->code;
	}
	switch (f->cause) {
	case S5_CAUSE_EOF:
	case S5_CAUSE_TIMEOUT:
		snprintf(why, size, "%s: client %s%s", s5_step_name(f->step),
			 s5_cause_text(f->cause), f->partial ? " in the middle of it" : "");
		break;
	case S5_CAUSE_MALFORMED:
	case S5_CAUSE_REQUEST:
		snprintf(why, size, "%s: %s", s5_step_name(f->step), s5_note_text(f->note));
		break;
	case S5_CAUSE_NO_METHOD:
		snprintf(why, size, "no acceptable method");
		break;
	case S5_CAUSE_CREDENTIALS:
		snprintf(why, size, "credentials refused");
		break;
	case S5_CAUSE_REFUSED: /* why is known since */
	case S5_CAUSE_NONE:
	case S5_CAUSE_UNOFFERED:
	case S5_CAUSE_UNKNOWN_METHOD:
	case S5_CAUSE_LOCAL:
	case S5_CAUSE_COUNT:
		break;
	}
}

/* False: the conn is gone. */
static bool act(struct s5_conn *c, enum s5_event event)
{
	switch (event) {
	case S5_EV_METHOD:
		c->record.method = c->session.method;
		break;
	case S5_EV_CREDENTIALS:
		check(c);
		break;
	case S5_EV_REQUEST:
		request(c);
		break;
	case S5_EV_OPEN:
		open_tunnel(c);
		return false;
	case S5_EV_FAILED:
		explain(c);
		if (flush(c))
			leave(c);
		return false;
	case S5_EV_NONE:
	case S5_EV_MESSAGE:
	case S5_EV_REPLY:
		break;
	}
	return true;
}

static void conn_go(struct s5_conn *c)
{
	enum s5_event event;

	do {
		while ((event = s5_session_next(&c->session)) != S5_EV_NONE)
			if (!act(c, event))
				return;
		if (!flush(c) || c->state != TALKING)
			return;
	} while (fill(c));
}

/* what wakes it */

static void conn_ready(struct s5_watch *w, uint32_t events)
{
	struct s5_conn *c = OUTER(w, struct s5_conn, watch);

	if (c->state == LEAVING)
		discard(c);
	else if (events & (EPOLLERR | EPOLLHUP))
		drop(c, "client went away");
	else if (c->state == TALKING)
		conn_go(c);
}

static void timer_fire(struct s5_timer *t)
{
	struct s5_conn *c = OUTER(t, struct s5_conn, timer);

	if (c->state == LEAVING) {
		hang_up(c);
		return;
	}
	if (c->state == CHECKING) {
		drop(c, "credentials: checking them took too long");
		return;
	}
	if (c->state == HOLDING)
		judge(c, false);
	else
		s5_session_expire(&c->session);
	conn_go(c);
}

void s5_conn_start(struct s5_worker *w, int fd, const struct s5_addr *from)
{
	const struct s5_server_config *config = w->config;
	struct s5_conn *c = malloc(sizeof *c);

	if (!c) {
		close(fd);
		s5_server_leave(w->server);
		return;
	}
	memset(c, 0, offsetof(struct s5_conn, dial));
	c->dial.loop = NULL;
	c->watch = (struct s5_watch){.fd = fd, .ready = conn_ready};
	c->worker = w;
	c->timer.fire = timer_fire;
	c->born = w->loop.now;
	c->target = -1;
	c->record.id = w->next_id;
	c->record.client = *from;
	c->record.method = S5_METHOD_UNACCEPTABLE;
	w->next_id += w->id_step;
	s5_session_init_server(&c->session, &config->session, c->born + config->handshake_timeout);
	LIST_INSERT_HEAD(&w->conns, c, link);
	if (++w->nconns > w->crowd)
		w->crowd = w->nconns;
	if (config->handshake_timeout)
		s5_timer_set(&w->loop, &c->timer, c->session.deadline);
	if (s5_loop_watch(&w->loop, &c->watch, EVENTS) < 0)
		drop(c, "no memory");
}

void s5_conns_stop(struct s5_worker *w)
{
	struct s5_conn *c, *next;

	for (c = LIST_FIRST(&w->conns); c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->state == LEAVING)
			hang_up(c);
		else if (c->state != GONE)
			drop(c, "server stopped");
	}
}

void s5_conns_free(struct s5_worker *w)
{
	while (!LIST_EMPTY(&w->conns))
		release(LIST_FIRST(&w->conns));
}

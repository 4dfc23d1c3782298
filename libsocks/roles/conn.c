/* A client in the handshake: its session, the policy, the dial; then a tunnel, or a refusal. */
#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "roles/conn.h"

#define FILLS_MOST 128 /* reads in a turn: more than the longest token takes */
#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)
#define LINGER_MS 2000 /* a refused client has so long to read why; RFC 1928 6 allows 10 s */
#define CROWD 32 /* handshakes at once */

/* ending */

/* A crowd of handshakes leaves much memory free behind it: it goes back to the system. */
static void forget(struct s5_conn *c)
{
	struct s5_worker *w = c->worker;

	LIST_REMOVE(c, link);
	s5_conn_bind_end(c);
	s5_conn_upstream_end(c);
	s5_hold_end(w, &c->hold);
	s5_conn_origin_free(c);
	s5_session_fini(&c->session);
	s5_server_policy_drop(w->server, c->policy);
	free(c);
	if (--w->nconns)
		return;
	if (w->crowd > CROWD)
		malloc_trim(0);
	w->crowd = 0;
}

void s5_conn_release(struct s5_conn *c)
{
	struct s5_worker *w = c->worker;
	uint64_t source = c->source;

	s5_dial_cancel(&c->dial);
	if (c->target >= 0)
		close(c->target);
	forget(c);
	s5_server_leave(w->server, source);
	s5_worker_relieved(w);
}

static void tell(struct s5_conn *c)
{
	c->record.ms = c->worker->loop.now - c->born;
	s5_server_tell(c->worker->server, &c->record);
}

/* Closes the client's socket; the conn goes too, or follows when a checker is done with it. False: it
 * follows. */
static bool hang_up(struct s5_conn *c)
{
	struct s5_worker *w = c->worker;

	s5_timer_stop(&w->loop, &c->timer);
	s5_loop_unwatch(&w->loop, &c->watch);
	close(c->watch.fd);
	if (c->state != S5_CONN_CHECKING || s5_work_cancel(s5_server_work(w->server), &c->job))
		return true;
	c->state = S5_CONN_GONE;
	return false;
}

/* Who does not wait for what becomes of his password hears no verdict, but the log does: it is told when
 * that is known. */
void s5_conn_drop(struct s5_conn *c, const char *format, ...)
{
	bool checking = c->state == S5_CONN_CHECKING && !c->session.gss;
	va_list args;

	va_start(args, format);
	vsnprintf(c->record.why, sizeof c->record.why, format, args);
	va_end(args);
	if (!checking)
		tell(c);
	c->untold = checking;
	if (hang_up(c))
		s5_conn_end(c);
}

static void tell_late(struct s5_conn *c)
{
	if (c->untold)
		tell(c);
	c->untold = false;
}

void s5_conn_end(struct s5_conn *c)
{
	tell_late(c);
	s5_conn_release(c);
}

static void discard(struct s5_conn *c)
{
	ssize_t n = read(c->watch.fd, c->worker->pool.buffer, S5_RELAY_BUFFER);

	if ((n == 0 || (n < 0 && errno != EAGAIN)) && hang_up(c))
		s5_conn_end(c);
}

/* R1928-6.5: the answer is out; nothing more comes from here, what the client still sends is
 * thrown away until it has read the answer and closes, or the time is over. A plain close could
 * reset it before. Level-triggered: a read each turn, so that others have theirs. */
static void leave(struct s5_conn *c)
{
	struct s5_loop *loop = &c->worker->loop;

	tell(c);
	c->state = S5_CONN_LEAVING;
	shutdown(c->watch.fd, SHUT_WR);
	s5_timer_set(loop, &c->timer, loop->now + LINGER_MS);
	s5_loop_rewatch(loop, &c->watch, EPOLLIN);
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
			s5_conn_drop(c, "client: %s", strerrordesc_np(errno));
			return false;
		}
		s5_session_sent(&c->session, (size_t)n);
	}
	return true;
}

static void open_stream(struct s5_conn *c)
{
	struct s5_worker *w = c->worker;
	bool udp = c->session.request.cmd == S5_CMD_UDP;
	struct s5_far far = s5_conn_far(c);
	int rc;

	if (!flush(c))
		return;
	rc = udp ? s5_association_start(w, c->watch.fd, c->target, &c->session, c->policy, &c->hold,
					c->upstream, &c->record, c->born)
		 : s5_tunnel_start(w, c->watch.fd, c->target, &c->session, c->policy, &c->hold,
				   &far, &c->record, c->born);
	if (rc < 0) {
		s5_conn_drop(c, "no memory");
		return;
	}
	c->hold = (struct s5_hold){ .account = NULL };
	if (udp)
		c->upstream = NULL;
	s5_loop_forget(&w->loop, &c->watch);
	s5_timer_stop(&w->loop, &c->timer);
	forget(c); /* the session goes on: it is still counted */
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
		s5_conn_drop(c, "client: %s", strerrordesc_np(errno));
		return false;
	}
	if (n == 0)
		s5_session_eof(&c->session, S5_CLIENT);
	s5_session_recv(&c->session, S5_CLIENT, octets, (size_t)n);
	explicit_bzero(octets, (size_t)n);
	return true;
}

void s5_conn_tell(struct s5_conn *c, enum s5_event event)
{
	const struct s5_server_config *config = c->worker->config;

	c->record.ms = c->worker->loop.now - c->born;
	if (config->watch)
		config->watch(config->arg, &c->record, &c->session, event);
}

/* False: the conn is gone. */
static bool act(struct s5_conn *c, enum s5_event event)
{
	s5_conn_tell(c, event);
	switch (event) {
	case S5_EV_METHOD:
		c->record.method = c->session.method;
		break;
	case S5_EV_WORK:
		s5_conn_work(c);
		break;
	case S5_EV_CREDENTIALS:
		if (s5_conn_check(c))
			break;
		if (flush(c))
			leave(c);
		return false;
	case S5_EV_REQUEST:
		s5_conn_request(c);
		break;
	case S5_EV_OPEN:
		open_stream(c);
		return false;
	case S5_EV_FAILED:
		s5_conn_explain(c);
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

void s5_conn_go(struct s5_conn *c)
{
	enum s5_event event;

	for (int fills = 0; fills < FILLS_MOST; fills++) {
		while ((event = s5_session_next(&c->session)) != S5_EV_NONE)
			if (!act(c, event))
				return;
		if (!flush(c) || c->state != S5_CONN_TALKING || !fill(c))
			return;
	}
	/* Others have their turn; it is told anew of what is there. */
	s5_loop_rewatch(&c->worker->loop, &c->watch, EVENTS);
}

/* what wakes it */

static void conn_ready(struct s5_watch *w, uint32_t events)
{
	struct s5_conn *c = S5_OUTER(w, struct s5_conn, watch);

	if (c->state == S5_CONN_LEAVING)
		discard(c);
	else if (c->state == S5_CONN_ORIGIN && !(events & EPOLLERR))
		s5_conn_origin(c, events & (EPOLLRDHUP | EPOLLHUP));
	else if (events & (EPOLLERR | EPOLLHUP | (c->state == S5_CONN_BINDING ? EPOLLRDHUP : 0u)))
		s5_conn_drop(c, "%s",
			     c->state == S5_CONN_HOLDING ? S5_CONN_FLED : "client went away");
	else if (c->state == S5_CONN_TALKING)
		s5_conn_go(c);
}

static void timer_fire(struct s5_timer *t)
{
	struct s5_conn *c = S5_OUTER(t, struct s5_conn, timer);

	if (c->state == S5_CONN_LEAVING) {
		if (hang_up(c))
			s5_conn_end(c);
		return;
	}
	if (c->state == S5_CONN_ORIGIN) {
		s5_conn_drop(c, "PROXY header: client did not go on in time");
		return;
	}
	if (c->state == S5_CONN_CHECKING) {
		s5_conn_drop(c, c->session.gss ? "security token: checking it took too long"
					       : "credentials: checking them took too long");
		return;
	}
	if (c->state == S5_CONN_HOLDING)
		s5_conn_judge(c, false);
	else if (c->state == S5_CONN_BINDING)
		s5_conn_bind_expire(c);
	else
		s5_session_expire(&c->session);
	s5_conn_go(c);
}

void s5_conn_start(struct s5_worker *w, int fd, const struct s5_addr *from,
		   struct s5_policy *policy)
{
	uint64_t source = policy->accept_proxy ? 0 : s5_addr_source(from);
	struct s5_conn *c = malloc(sizeof *c);

	if (!c) {
		close(fd);
		s5_server_policy_drop(w->server, policy);
		s5_server_leave(w->server, source);
		return;
	}
	memset(c, 0, offsetof(struct s5_conn, dial));
	c->dial.loop = NULL;
	c->watch = (struct s5_watch){ .fd = fd, .ready = conn_ready };
	c->worker = w;
	c->timer.fire = timer_fire;
	c->born = w->loop.now;
	c->target = -1;
	c->record.id = w->next_id;
	c->record.client = *from;
	c->record.method = S5_METHOD_UNACCEPTABLE;
	w->next_id += w->id_step;
	c->policy = policy;
	c->source = source;
	c->state = policy->accept_proxy ? S5_CONN_ORIGIN : S5_CONN_TALKING;
	s5_session_init_server(&c->session, &c->policy->session,
			       c->born + c->policy->handshake_timeout);
	c->session.budget = &w->tokens;
	c->session.source = source;
	LIST_INSERT_HEAD(&w->conns, c, link);
	if (++w->nconns > w->crowd)
		w->crowd = w->nconns;
	if (c->policy->handshake_timeout)
		s5_timer_set(&w->loop, &c->timer, c->session.deadline);
	if (s5_loop_watch(&w->loop, &c->watch, EVENTS) < 0)
		s5_conn_drop(c, "no memory");
}

void s5_conns_stop(struct s5_worker *w)
{
	struct s5_conn *c, *next;

	for (c = LIST_FIRST(&w->conns); c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->state == S5_CONN_LEAVING && hang_up(c))
			s5_conn_end(c);
		else if (c->state != S5_CONN_GONE)
			s5_conn_drop(c, "server stopped");
	}
	LIST_FOREACH(c, &w->conns, link) /* a verdict may be long in coming */
	tell_late(c);
}

void s5_conns_free(struct s5_worker *w)
{
	while (!LIST_EMPTY(&w->conns))
		s5_conn_end(LIST_FIRST(&w->conns));
}

#include "net/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/flow.h"
#include "net/sock.h"

#define LOOK_MS 50 /* how often it is looked whether all has arrived */
#define PARTING_MS 500 /* what a program that ended leaves its target */
#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET)

/* ending */

int s5_end_out(const struct s5_end *e)
{
	return e->out.fd >= 0 ? e->out.fd : e->in.fd;
}

void s5_end_close_out(struct s5_relay *r, struct s5_end *e)
{
	if (e->out.fd < 0)
		return;
	s5_loop_unwatch(r->pool->loop, &e->out);
	close(e->out.fd);
	e->out.fd = -1;
}

static bool is_socket(const struct s5_relay *r, unsigned side)
{
	return r->end[side].kind & S5_END_SOCKET;
}

/* The kernel forgets a descriptor of our own when it is closed; one that others hold open too (a
 * standard input) must be taken from it. */
static void end_close(struct s5_relay *r, struct s5_end *e)
{
	if (e->kind & S5_END_SINGLE)
		s5_loop_forget(r->pool->loop, &e->in);
	else
		s5_loop_unwatch(r->pool->loop, &e->in);
	close(e->in.fd);
	s5_end_close_out(r, e);
}

static void tell(struct s5_task *t)
{
	struct s5_relay *r = S5_OUTER(t, struct s5_relay, turn);

	r->done(r, r->how);
}

void s5_relay_finish(struct s5_relay *r, enum s5_relay_end how)
{
	if (r->over)
		return;
	r->over = true;
	r->how = how;
	s5_timer_stop(r->pool->loop, &r->timer);
	if (r->shaper)
		s5_timer_stop(r->pool->loop, &r->shaper->timer);
	for (unsigned i = 0; i < 2; i++) {
		s5_pool_return(r->pool, &r->flow[i].pipe, !r->flow[i].piped);
		free(r->flow[i].held);
		r->flow[i].held = NULL;
		if (how != S5_RELAY_CLOSED && !r->flow[!i].ended && is_socket(r, i))
			s5_sock_reset_on_close(s5_end_out(&r->end[i]));
		end_close(r, &r->end[i]);
	}
	s5_seal_free(r->seal);
	r->seal = NULL;
	r->turn.run = tell;
	s5_loop_later(r->pool->loop, &r->turn);
}

void s5_relay_fail(struct s5_relay *r, unsigned side, int error)
{
	r->error = error;
	r->side = (uint8_t)side;
	s5_relay_finish(r, S5_RELAY_ERROR);
}

void s5_relay_fail_seal(struct s5_relay *r)
{
	r->fault = (uint8_t)s5_seal_fault(r->seal);
	if (r->fault == S5_SEAL_GOOD)
		r->fault = S5_SEAL_UNSEALABLE;
	s5_relay_fail(r, r->sealed, EBADMSG);
}

const char *s5_relay_error_text(const struct s5_relay *r)
{
	return r->fault != S5_SEAL_GOOD ? s5_seal_text((enum s5_seal_fault)r->fault)
					: strerrordesc_np(r->error);
}

bool s5_relay_has_parted(const struct s5_relay *r)
{
	return r->broken && r->program && r->side == 0;
}

static void flow_drop(struct s5_relay *r, unsigned from)
{
	struct s5_flow *f = &r->flow[from];

	s5_pool_return(r->pool, &f->pipe, !f->piped);
	free(f->held);
	f->held = NULL;
	f->held_len = f->piped = 0;
	/* Who sends all before it reads must get that far; a program or a file has time. */
	f->dropped = r->end[from].kind & S5_END_TCP;
	f->ended = !f->dropped;
}

void s5_relay_break(struct s5_relay *r, unsigned side, int error)
{
	struct s5_flow *from = &r->flow[side];

	if (r->over || (r->broken && r->side == side))
		return;
	if (r->broken || !is_socket(r, side)) {
		s5_relay_fail(r, side, error);
		return;
	}
	r->broken = error;
	r->side = (uint8_t)side;
	flow_drop(r, !side);
	from->readable = from->hangup = true;
	if (from->ended)
		s5_relay_linger(r);
	s5_loop_later(r->pool->loop, &r->turn);
}

/* A reset takes back what is under way, and so does a close before everything was read. */
static bool is_under_way(const struct s5_relay *r, unsigned to)
{
	int queued = 0;

	return (r->end[to].kind & S5_END_TCP) &&
	       ioctl(s5_end_out(&r->end[to]), SIOCOUTQ, &queued) == 0 && queued > 0;
}

static void linger_end(struct s5_relay *r)
{
	if (s5_relay_has_parted(r)) {
		s5_relay_finish(r, S5_RELAY_CLOSED);
		return;
	}
	if (is_socket(r, !r->side))
		s5_sock_reset_on_close(s5_end_out(&r->end[!r->side]));
	s5_relay_fail(r, r->side, r->broken);
}

/* What has arrived at a proxy is lost there if we are closed when the target goes on talking, for
 * that is answered with a reset: after a plain end there is a while to hand it on. */
void s5_relay_linger(struct s5_relay *r)
{
	struct s5_loop *loop = r->pool->loop;

	if (r->over || r->lingers)
		return;
	r->lingers = true;
	s5_timer_set(loop, &r->timer, loop->now + (s5_relay_has_parted(r) ? PARTING_MS : 0));
}

void s5_relay_stop(struct s5_relay *r)
{
	s5_relay_finish(r, S5_RELAY_STOPPED);
}

static void pump_both(struct s5_relay *r)
{
	s5_flow_pump(r, &r->flow[0]);
	s5_flow_pump(r, &r->flow[1]);
}

static void shaper_fire(struct s5_timer *t)
{
	pump_both(S5_OUTER(t, struct s5_shaper, timer)->asker);
}

static void turn_run(struct s5_task *t)
{
	pump_both(S5_OUTER(t, struct s5_relay, turn));
}

/* what wakes it */

static void take_error(struct s5_relay *r, unsigned side)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(r->end[side].in.fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error)
		s5_relay_break(r, side, error);
}

static void in_event(struct s5_relay *r, unsigned side, uint32_t events)
{
	struct s5_flow *away = &r->flow[side], *back = &r->flow[!side];

	if ((events & EPOLLERR) && is_socket(r, side))
		take_error(r, side);
	if (events & EPOLLPRI)
		away->no_splice = true; /* splice stops at urgent data for good, a read only once */
	if (events & (EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		away->hangup = true;
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		away->readable = true;
	if ((events & EPOLLOUT) && r->end[side].out.fd < 0)
		back->writable = true;
	pump_both(r);
}

static void in_ready_0(struct s5_watch *w, uint32_t events)
{
	in_event(S5_OUTER(w, struct s5_relay, end[0].in), 0, events);
}

static void in_ready_1(struct s5_watch *w, uint32_t events)
{
	in_event(S5_OUTER(w, struct s5_relay, end[1].in), 1, events);
}

static void out_event(struct s5_relay *r, unsigned side, uint32_t events)
{
	if (events & EPOLLERR) { /* the reader of the pipe is gone */
		s5_relay_fail(r, side, EPIPE);
		return;
	}
	r->flow[!side].writable = true;
	pump_both(r);
}

static void out_ready_0(struct s5_watch *w, uint32_t events)
{
	out_event(S5_OUTER(w, struct s5_relay, end[0].out), 0, events);
}

static void out_ready_1(struct s5_watch *w, uint32_t events)
{
	out_event(S5_OUTER(w, struct s5_relay, end[1].out), 1, events);
}

/* Grows with what a flow takes, and with what its destination takes off our hands: a slow reader
 * of much is not idle. */
static uint64_t progress(struct s5_relay *r, unsigned from)
{
	const struct s5_flow *f = &r->flow[from];
	int queued = 0;

	if (ioctl(s5_end_out(&r->end[!from]), SIOCOUTQ, &queued) < 0)
		queued = 0;
	return 2 * s5_flow_taken(f) - f->held_len - f->piped - (uint64_t)queued;
}

static void timer_fire(struct s5_timer *t)
{
	struct s5_relay *r = S5_OUTER(t, struct s5_relay, timer);
	uint64_t octets = progress(r, 0) + progress(r, 1);
	int64_t now = r->pool->loop->now;

	if (octets != r->seen)
		r->moved = now;
	r->seen = octets;
	if (r->lingers && !is_under_way(r, !r->side))
		linger_end(r);
	else if (r->idle && now - r->moved >= r->idle)
		s5_relay_finish(r, S5_RELAY_IDLE);
	else
		s5_timer_set(r->pool->loop, t, now + (r->lingers ? LOOK_MS : r->idle));
}

/* starting */

static uint8_t kind_of_socket(int fd)
{
	int domain = 0;
	socklen_t len = sizeof domain;

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	return domain == AF_INET || domain == AF_INET6 ? S5_END_SOCKET | S5_END_TCP : S5_END_SOCKET;
}

static uint8_t kind_of(int fd, bool in)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return 0;
	if (S_ISSOCK(st.st_mode))
		return in ? kind_of_socket(fd) : S5_END_SOCKET;
	if (!S_ISFIFO(st.st_mode))
		return 0;
	if (fcntl(fd, F_GETPIPE_SZ) < S5_RELAY_PIPE)
		fcntl(fd, F_SETPIPE_SZ, S5_RELAY_PIPE); /* fewer, larger splices */
	return in ? S5_END_PIPE_IN : S5_END_PIPE_OUT;
}

/* 0 or -errno. What epoll does not take (a regular file, /dev/null) is always ready. */
static int watch_in(struct s5_relay *r, unsigned side, bool watched)
{
	struct s5_loop *loop = r->pool->loop;
	struct s5_end *e = &r->end[side];
	uint32_t events = e->out.fd < 0 ? EVENTS : (EVENTS & ~(uint32_t)EPOLLOUT);
	int rc = watched ? s5_loop_rewatch(loop, &e->in, events)
			 : s5_loop_watch(loop, &e->in, events);

	if (rc == -EPERM || (e->kind & S5_END_PIPE_IN)) /* a writer that left before is no event */
		r->flow[side].readable = true;
	return rc == -EPERM ? 0 : rc;
}

static int watch_out(struct s5_relay *r, unsigned side)
{
	struct s5_end *e = &r->end[side];
	int rc = e->out.fd < 0 ? 0 : s5_loop_watch(r->pool->loop, &e->out, EPOLLOUT | EPOLLET);

	return rc == -EPERM ? 0 : rc;
}

/* Only TCP fills a read with all that there is: a terminal gives a line however many there are, a
 * Unix socket stops where descriptors were sent along, a pipe may be one of packets. */
static bool register_end(struct s5_relay *r, unsigned side, bool watched)
{
	int rc = watch_in(r, side, watched);

	if (rc == 0)
		rc = watch_out(r, side);
	if (rc < 0)
		s5_relay_fail(r, side, -rc);
	r->flow[side].hangup = !(r->end[side].kind & S5_END_TCP);
	return rc == 0;
}

static void end_init(struct s5_end *e, int in, int out, bool split)
{
	e->in.fd = in;
	e->out.fd = split ? out : -1;
	e->kind = split ? (uint8_t)(kind_of(in, true) | kind_of(out, false))
			: (uint8_t)(kind_of_socket(in) | S5_END_SINGLE);
}

void s5_relay_start(struct s5_relay *r, struct s5_pool *pool, const int fds[static 4],
		    unsigned watched)
{
	r->pool = pool;
	r->turn.run = turn_run;
	r->timer.fire = timer_fire;
	r->moved = pool->loop->now;
	end_init(&r->end[0], fds[0], fds[1], fds[0] != fds[1]);
	end_init(&r->end[1], fds[2], fds[3], fds[2] != fds[3]);
	r->end[0].in.ready = in_ready_0;
	r->end[1].in.ready = in_ready_1;
	r->end[0].out.ready = out_ready_0;
	r->end[1].out.ready = out_ready_1;
	for (int i = 0; i < 2; i++) {
		r->flow[i].pipe.in = -1;
		r->flow[i].writable = true;
	}
	if (r->shaper) {
		r->shaper->timer.fire = shaper_fire;
		r->shaper->asker = r;
	}
	if (!register_end(r, 0, watched & 1) || !register_end(r, 1, watched & 2))
		return;
	if (r->seal && s5_seal_fault(r->seal) != S5_SEAL_GOOD) {
		s5_relay_fail_seal(r);
		return;
	}
	if (r->idle)
		s5_timer_set(pool->loop, &r->timer, pool->loop->now + r->idle);
	s5_loop_later(pool->loop, &r->turn);
}

int s5_relay_preload(struct s5_relay *r, unsigned from, const void *octets, size_t n, bool count)
{
	struct s5_flow *f = &r->flow[from];
	uint8_t *held;

	if (!n || r->over)
		return 0;
	held = realloc(f->held, f->held_len + n);
	if (!held)
		return -ENOMEM;
	memcpy(held + f->held_len, octets, n);
	f->held = held;
	f->held_len += (uint32_t)n;
	if (count)
		f->octets += n;
	f->untaken |= count;
	return 0;
}

void s5_relay_end_input(struct s5_relay *r, unsigned from)
{
	r->flow[from].eof = true;
	s5_loop_later(r->pool->loop, &r->turn);
}

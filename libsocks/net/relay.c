#include "net/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/sock.h"

#define LARGE_READ (32 * 1024) /* a read of so much is large */
#define BULK_AFTER 3 /* large reads in a row */
#define TURN_BUDGET (1024 * 1024) /* octets a flow may move before others have their turn */

#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)
#define OUTER(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

enum { SOCKET = 1, PIPE_IN = 2, PIPE_OUT = 4, SINGLE = 8 };

/* pool */

int s5_pool_init(struct s5_pool *pool, struct s5_loop *loop)
{
	memset(pool, 0, sizeof *pool);
	pool->loop = loop;
	pool->buffer = malloc(S5_RELAY_BUFFER);
	return pool->buffer ? 0 : -ENOMEM;
}

void s5_pool_fini(struct s5_pool *pool)
{
	while (pool->spare) {
		struct s5_pipe *p = &pool->pipes[--pool->spare];

		close(p->in);
		close(p->out);
	}
	free(pool->buffer);
}

/* False: go on by copying. */
static bool pipe_borrow(struct s5_pool *pool, struct s5_flow *f)
{
	int fds[2];

	if (pool->spare) {
		f->pipe = pool->pipes[--pool->spare];
	} else {
		if (pool->lent >= S5_RELAY_PIPES || pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0)
			return false;
		fcntl(fds[1], F_SETPIPE_SZ, S5_RELAY_PIPE);
		f->pipe = (struct s5_pipe){.in = fds[1], .out = fds[0]};
	}
	pool->lent++;
	return true;
}

/* A pipe with octets left in it is of no use to anybody else. */
static void pipe_return(struct s5_pool *pool, struct s5_flow *f)
{
	if (f->pipe.in < 0)
		return;
	pool->lent--;
	if (f->piped) {
		close(f->pipe.in);
		close(f->pipe.out);
	} else {
		pool->pipes[pool->spare++] = f->pipe;
	}
	f->pipe.in = -1;
	f->piped = 0;
}

/* ending */

static int out_fd(const struct s5_end *e)
{
	return e->out.fd >= 0 ? e->out.fd : e->in.fd;
}

static void out_close(struct s5_relay *r, struct s5_end *e)
{
	if (e->out.fd < 0)
		return;
	s5_loop_unwatch(r->pool->loop, &e->out);
	close(e->out.fd);
	e->out.fd = -1;
}

/* The kernel forgets a descriptor of our own when it is closed; one that others hold open too (a
 * standard input) must be taken from it. */
static void end_close(struct s5_relay *r, struct s5_end *e)
{
	if (e->kind & SINGLE)
		s5_loop_forget(r->pool->loop, &e->in);
	else
		s5_loop_unwatch(r->pool->loop, &e->in);
	close(e->in.fd);
	out_close(r, e);
}

static void tell(struct s5_task *t)
{
	struct s5_relay *r = OUTER(t, struct s5_relay, turn);

	r->done(r, r->how);
}

/* The owner hears of it on a later turn: nobody up the stack stands on freed memory. */
static void finish(struct s5_relay *r, enum s5_relay_end how)
{
	if (r->over)
		return;
	r->over = true;
	r->how = how;
	s5_timer_stop(r->pool->loop, &r->timer);
	for (int i = 0; i < 2; i++) {
		pipe_return(r->pool, &r->flow[i]);
		free(r->flow[i].held);
		r->flow[i].held = NULL;
		end_close(r, &r->end[i]);
	}
	r->turn.run = tell;
	s5_loop_later(r->pool->loop, &r->turn);
}

/* What the peer of `side` must see is that something broke, not that it is complete. */
static void fail(struct s5_relay *r, unsigned side, int error)
{
	r->error = error;
	r->side = (uint8_t)side;
	if (r->end[!side].kind & SOCKET)
		s5_sock_reset_on_close(out_fd(&r->end[!side]));
	finish(r, S5_RELAY_ERROR);
}

void s5_relay_stop(struct s5_relay *r)
{
	finish(r, S5_RELAY_STOPPED);
}

/* moving octets; each returns false when the flow can do no more for now or the relay is over */

static bool hold(struct s5_relay *r, struct s5_flow *f, const uint8_t *octets, size_t n)
{
	f->held = malloc(n);
	if (!f->held) {
		fail(r, (unsigned)(f - r->flow), ENOMEM);
		return false;
	}
	memcpy(f->held, octets, n);
	f->held_at = 0;
	f->held_len = (uint32_t)n;
	return true;
}

static bool write_failed(struct s5_relay *r, struct s5_flow *f)
{
	if (errno == EAGAIN)
		f->writable = false;
	else if (errno != EINTR)
		fail(r, (unsigned)(f == r->flow), errno);
	return errno == EINTR;
}

static bool write_held(struct s5_relay *r, struct s5_flow *f, int to)
{
	ssize_t n = write(to, f->held + f->held_at, f->held_len);

	if (n < 0)
		return write_failed(r, f);
	f->held_at += (uint32_t)n;
	f->held_len -= (uint32_t)n;
	if (f->held_len)
		return true;
	free(f->held);
	f->held = NULL;
	return true;
}

/* The destination cannot be spliced to (a file opened for appending): copy from now on. */
static bool unpipe(struct s5_relay *r, struct s5_flow *f)
{
	ssize_t n = read(f->pipe.out, r->pool->buffer, f->piped);

	f->no_splice = true;
	if (n <= 0 || !hold(r, f, r->pool->buffer, (size_t)n))
		return false;
	f->piped -= (uint32_t)n;
	return true;
}

static bool write_piped(struct s5_relay *r, struct s5_flow *f, int to)
{
	ssize_t n = splice(f->pipe.out, NULL, to, NULL, f->piped, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n < 0 && errno == EINVAL)
		return unpipe(r, f);
	if (n < 0)
		return write_failed(r, f);
	f->piped -= (uint32_t)n;
	return true;
}

static bool read_failed(struct s5_relay *r, struct s5_flow *f)
{
	if (errno == EAGAIN)
		f->readable = false;
	else if (errno != EINTR)
		fail(r, (unsigned)(f - r->flow), errno);
	return errno == EINTR;
}

static void came(struct s5_flow *f, size_t n)
{
	f->octets += n;
	if (n < LARGE_READ)
		f->large = 0;
	else if (f->large < BULK_AFTER)
		f->large++;
	if (n < S5_RELAY_BUFFER && !f->hangup)
		f->readable = false; /* a short read emptied it; the next octet is a new edge */
}

static bool copy(struct s5_relay *r, struct s5_flow *f, int from, int to)
{
	uint8_t *buffer = r->pool->buffer;
	ssize_t n = read(from, buffer, S5_RELAY_BUFFER), sent;

	if (n < 0)
		return read_failed(r, f);
	if (n == 0) {
		f->eof = true;
		return true;
	}
	came(f, (size_t)n);
	if (r->tap)
		r->tap(r, (unsigned)(f - r->flow), buffer, (size_t)n);
	sent = f->writable ? write(to, buffer, (size_t)n) : 0;
	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		return write_failed(r, f);
	if (sent < n)
		return hold(r, f, buffer + (sent > 0 ? sent : 0), (size_t)(n - (sent > 0 ? sent : 0)));
	return true;
}

static bool fill_pipe(struct s5_relay *r, struct s5_flow *f, int from)
{
	ssize_t n = splice(from, NULL, f->pipe.in, NULL, S5_RELAY_PIPE,
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n < 0 && errno == EINVAL)
		return f->no_splice = true;
	if (n < 0)
		return read_failed(r, f);
	if (n == 0)
		f->eof = true;
	if (n < LARGE_READ)
		f->large = BULK_AFTER - 1; /* one more large read and it is bulk again */
	f->piped = (uint32_t)n;
	f->octets += (uint64_t)n;
	return true;
}

/* One side is a pipe already: no other is needed between. */
static bool splice_direct(struct s5_relay *r, struct s5_flow *f, int from, int to)
{
	struct pollfd p[2] = {{.fd = from, .events = POLLIN}, {.fd = to, .events = POLLOUT}};
	ssize_t n = splice(from, NULL, to, NULL, TURN_BUDGET, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n > 0)
		f->octets += (uint64_t)n;
	if (n == 0)
		f->eof = true;
	if (n >= 0)
		return true;
	if (errno == EINVAL)
		return f->no_splice = true;
	if (errno != EAGAIN)
		return errno == EPIPE ? write_failed(r, f) : read_failed(r, f);
	poll(p, 2, 0); /* which of the two is it? */
	f->readable = p[0].revents != 0;
	f->writable = p[1].revents != 0;
	return f->readable && f->writable;
}

static bool shut(struct s5_relay *r, struct s5_flow *f)
{
	unsigned from = (unsigned)(f - r->flow);
	struct s5_end *to = &r->end[!from];

	pipe_return(r->pool, f);
	f->ended = true;
	if (to->kind & SOCKET)
		shutdown(out_fd(to), SHUT_WR);
	out_close(r, to);
	if (r->half)
		r->half(r, from);
	if (!r->over && r->flow[!from].ended)
		finish(r, S5_RELAY_CLOSED);
	return false;
}

static bool is_direct(const struct s5_relay *r, const struct s5_flow *f)
{
	unsigned from = (unsigned)(f - r->flow);

	return !r->tap && !f->no_splice &&
	       ((r->end[from].kind & PIPE_IN) || (r->end[!from].kind & PIPE_OUT));
}

/* The next thing this flow can do. */
static bool step(struct s5_relay *r, struct s5_flow *f)
{
	unsigned from = (unsigned)(f - r->flow);
	int in = r->end[from].in.fd, out = out_fd(&r->end[!from]);

	if (f->held_len)
		return f->writable && write_held(r, f, out);
	if (f->piped)
		return f->writable && write_piped(r, f, out);
	if (f->eof)
		return shut(r, f);
	if (!f->readable)
		return false;
	if (is_direct(r, f))
		return f->writable && splice_direct(r, f, in, out);
	if (f->large < BULK_AFTER || r->tap || f->no_splice)
		return copy(r, f, in, out);
	if (f->pipe.in < 0 && !pipe_borrow(r->pool, f)) {
		f->large = 0;
		return copy(r, f, in, out);
	}
	return fill_pipe(r, f, in);
}

static void pump(struct s5_relay *r, struct s5_flow *f)
{
	uint64_t most = f->octets + TURN_BUDGET;

	while (!r->over && !f->ended && step(r, f))
		if (f->octets >= most) {
			s5_loop_later(r->pool->loop, &r->turn);
			return;
		}
	if (!r->over && !f->piped && !f->readable)
		pipe_return(r->pool, f);
}

static void pump_both(struct s5_relay *r)
{
	pump(r, &r->flow[0]);
	if (!r->over)
		pump(r, &r->flow[1]);
}

static void turn_run(struct s5_task *t)
{
	pump_both(OUTER(t, struct s5_relay, turn));
}

/* what wakes it */

static bool socket_broken(struct s5_relay *r, unsigned side)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(r->end[side].in.fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || !error)
		return false;
	fail(r, side, error);
	return true;
}

static void in_event(struct s5_relay *r, unsigned side, uint32_t events)
{
	struct s5_flow *away = &r->flow[side], *back = &r->flow[!side];

	if ((events & EPOLLERR) && (r->end[side].kind & SOCKET) && socket_broken(r, side))
		return;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		away->hangup = true;
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		away->readable = true;
	if ((events & EPOLLOUT) && r->end[side].out.fd < 0)
		back->writable = true;
	pump_both(r);
}

static void in_ready_0(struct s5_watch *w, uint32_t events)
{
	in_event(OUTER(w, struct s5_relay, end[0].in), 0, events);
}

static void in_ready_1(struct s5_watch *w, uint32_t events)
{
	in_event(OUTER(w, struct s5_relay, end[1].in), 1, events);
}

static void out_event(struct s5_relay *r, unsigned side, uint32_t events)
{
	if (events & EPOLLERR) { /* the reader of the pipe is gone */
		fail(r, side, EPIPE);
		return;
	}
	r->flow[!side].writable = true;
	pump_both(r);
}

static void out_ready_0(struct s5_watch *w, uint32_t events)
{
	out_event(OUTER(w, struct s5_relay, end[0].out), 0, events);
}

static void out_ready_1(struct s5_watch *w, uint32_t events)
{
	out_event(OUTER(w, struct s5_relay, end[1].out), 1, events);
}

static void idle_fire(struct s5_timer *t)
{
	struct s5_relay *r = OUTER(t, struct s5_relay, timer);
	uint64_t octets = r->flow[0].octets + r->flow[1].octets;

	if (octets == r->seen) {
		finish(r, S5_RELAY_IDLE);
		return;
	}
	r->seen = octets;
	s5_timer_set(r->pool->loop, t, r->pool->loop->now + r->idle);
}

/* starting */

static uint8_t kind_of(int fd, bool in)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return 0;
	if (S_ISSOCK(st.st_mode))
		return SOCKET;
	if (S_ISFIFO(st.st_mode))
		return in ? PIPE_IN : PIPE_OUT;
	return 0;
}

/* What epoll does not take (a regular file, /dev/null) is always ready. */
static void register_end(struct s5_relay *r, unsigned side, bool watched)
{
	struct s5_loop *loop = r->pool->loop;
	struct s5_end *e = &r->end[side];
	uint32_t in_events = e->out.fd < 0 ? EVENTS : (EVENTS & ~(uint32_t)EPOLLOUT);
	int rc = watched ? s5_loop_rewatch(loop, &e->in, in_events)
			 : s5_loop_watch(loop, &e->in, in_events);

	if (rc < 0)
		r->flow[side].readable = r->flow[side].hangup = true;
	if (e->out.fd < 0)
		return;
	r->flow[!side].writable = true;
	s5_loop_watch(loop, &e->out, EPOLLOUT | EPOLLET);
}

static void end_init(struct s5_end *e, int in, int out, bool split)
{
	e->in.fd = in;
	e->out.fd = split ? out : -1;
	e->kind = split ? (uint8_t)(kind_of(in, true) | kind_of(out, false)) : SOCKET | SINGLE;
}

void s5_relay_start(struct s5_relay *r, struct s5_pool *pool, const int fds[static 4],
		    unsigned watched)
{
	r->pool = pool;
	r->turn.run = turn_run;
	r->timer.fire = idle_fire;
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
	register_end(r, 0, watched & 1);
	register_end(r, 1, watched & 2);
	if (r->idle)
		s5_timer_set(pool->loop, &r->timer, pool->loop->now + r->idle);
	s5_loop_later(pool->loop, &r->turn);
}

int s5_relay_preload(struct s5_relay *r, unsigned from, const void *octets, size_t n, bool count)
{
	struct s5_flow *f = &r->flow[from];
	uint8_t *held;

	if (!n)
		return 0;
	held = realloc(f->held, f->held_len + n);
	if (!held)
		return -ENOMEM;
	memcpy(held + f->held_len, octets, n);
	f->held = held;
	f->held_len += (uint32_t)n;
	if (count)
		f->octets += n;
	return 0;
}

void s5_relay_end_input(struct s5_relay *r, unsigned from)
{
	r->flow[from].eof = true;
	s5_loop_later(r->pool->loop, &r->turn);
}

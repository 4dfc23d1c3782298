/* One flow of a relay. Functions that return bool return false when the flow can do no more for
 * now, or the relay is over. */
#include "net/flow.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/counter.h"

#define LARGE_READ (32 * 1024) /* a read of so much is large */
#define BULK_AFTER 3 /* large reads in a row */
#define STUCK 8 /* splices in a row that move nothing though both sides are ready */
#define TURN_BUDGET (1024 * 1024) /* octets a flow may move before others have their turn */
#define SEALED_BUDGET (128 * 1024) /* the same where each octet is wrapped or unwrapped */

static void give_back(struct s5_relay *r, struct s5_flow *f)
{
	s5_pool_return(r->pool, &f->pipe, !f->piped);
}

static bool hold(struct s5_relay *r, struct s5_flow *f, const uint8_t *octets, size_t n)
{
	f->held = malloc(n);
	if (!f->held) {
		s5_relay_fail(r, (unsigned)(f - r->flow), ENOMEM);
		return false;
	}
	memcpy(f->held, octets, n);
	f->held_at = 0;
	f->held_len = (uint32_t)n;
	return true;
}

static bool write_failed(struct s5_relay *r, struct s5_flow *f)
{
	if (errno == EINTR)
		return true;
	if (errno == EAGAIN)
		f->writable = false;
	else
		s5_relay_break(r, (unsigned)(f == r->flow), errno);
	return false;
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
	ssize_t n =
		splice(f->pipe.out, NULL, to, NULL, f->piped, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n < 0 && errno == EINVAL)
		return unpipe(r, f);
	if (n < 0)
		return write_failed(r, f);
	f->piped -= (uint32_t)n;
	return true;
}

/* An error is told when everything before it has been read. */
bool s5_flow_read_failed(struct s5_relay *r, struct s5_flow *f)
{
	if (errno == EINTR)
		return true;
	if (errno == EAGAIN) {
		f->readable = false;
		return false;
	}
	f->eof = true;
	s5_relay_break(r, (unsigned)(f - r->flow), errno);
	return true;
}

/* One read a turn: there is no end of it, maybe. */
static bool drop(struct s5_relay *r, struct s5_flow *f, int from)
{
	size_t most = s5_flow_most(r, f, S5_RELAY_BUFFER);
	ssize_t n = f->eof ? 0 : read(from, r->pool->buffer, most);

	if (n > 0 && r->shaper)
		s5_shaper_take(r->shaper, (unsigned)(f - r->flow), (uint64_t)n);
	if (n > 0)
		s5_loop_later(r->pool->loop, &r->turn);
	else if (n < 0)
		s5_flow_read_failed(r, f);
	else
		f->ended = true;
	if (f->ended && s5_relay_has_parted(r) && r->flow[f == r->flow].ended)
		s5_relay_finish(r, S5_RELAY_CLOSED);
	return false;
}

void s5_flow_came(struct s5_flow *f, size_t n, size_t most, size_t payload)
{
	f->octets += payload;
	f->sealing += n - payload; /* of a message that came in parts: once less, and more before */
	if (n < LARGE_READ)
		f->large = 0;
	else if (f->large < BULK_AFTER)
		f->large++;
	if (n < most && !f->hangup)
		f->readable = false; /* a short read emptied it; the next octet is a new edge */
}

bool s5_flow_put(struct s5_relay *r, struct s5_flow *f, const uint8_t *octets, size_t n)
{
	int to = s5_end_out(&r->end[f == r->flow]);
	ssize_t sent = f->writable ? write(to, octets, n) : 0;

	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		return write_failed(r, f);
	sent = sent > 0 ? sent : 0;
	return (size_t)sent == n || hold(r, f, octets + sent, n - (size_t)sent);
}

static bool copy(struct s5_relay *r, struct s5_flow *f, int from)
{
	uint8_t *buffer = r->pool->buffer;
	size_t most = s5_flow_most(r, f, S5_RELAY_BUFFER);
	ssize_t n = read(from, buffer, most);

	if (n < 0)
		return s5_flow_read_failed(r, f);
	if (n == 0) {
		f->eof = true;
		return true;
	}
	s5_flow_came(f, (size_t)n, most, (size_t)n);
	if (r->tap)
		r->tap(r, (unsigned)(f - r->flow), buffer, (size_t)n);
	return s5_flow_put(r, f, buffer, (size_t)n);
}

static bool fill_pipe(struct s5_relay *r, struct s5_flow *f, int from)
{
	ssize_t n = splice(from, NULL, f->pipe.in, NULL, s5_flow_most(r, f, S5_RELAY_PIPE),
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n < 0 && errno == EINVAL)
		return f->no_splice = true;
	if (n < 0)
		return s5_flow_read_failed(r, f);
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
	struct pollfd p[2] = { { .fd = from, .events = POLLIN }, { .fd = to, .events = POLLOUT } };
	ssize_t n = splice(from, NULL, to, NULL, s5_flow_most(r, f, TURN_BUDGET),
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n > 0) {
		f->octets += (uint64_t)n;
		f->stuck = 0;
	}
	if (n == 0)
		f->eof = true;
	if (n >= 0)
		return true;
	if (errno == EINVAL)
		return f->no_splice = true;
	if (errno != EAGAIN)
		return errno == EPIPE ? write_failed(r, f) : s5_flow_read_failed(r, f);
	poll(p, 2, 0); /* which of the two is it? */
	f->readable = p[0].revents != 0;
	f->writable = p[1].revents != 0;
	if (!f->readable || !f->writable)
		return false;
	/* Neither: octets came meanwhile, or, time and again, splice does not get by something. */
	f->no_splice = ++f->stuck == STUCK;
	return true;
}

static bool shut(struct s5_relay *r, struct s5_flow *f)
{
	unsigned from = (unsigned)(f - r->flow);
	struct s5_end *to = &r->end[!from];

	give_back(r, f);
	f->ended = true;
	if (to->kind & S5_END_SOCKET)
		shutdown(s5_end_out(to), SHUT_WR);
	s5_end_close_out(r, to);
	if (r->half)
		r->half(r, from);
	if (!r->over && r->flow[!from].ended)
		s5_relay_finish(r, S5_RELAY_CLOSED);
	else if (r->broken)
		s5_relay_linger(r);
	return false;
}

static bool is_direct(const struct s5_relay *r, const struct s5_flow *f)
{
	unsigned from = (unsigned)(f - r->flow);

	return !r->tap && !f->no_splice &&
	       ((r->end[from].kind & S5_END_PIPE_IN) || (r->end[!from].kind & S5_END_PIPE_OUT));
}

static bool may_read(struct s5_relay *r, struct s5_flow *f)
{
	struct s5_shaper *s = r->shaper;
	unsigned from = (unsigned)(f - r->flow);
	uint64_t most;

	if (!s)
		return true;
	most = s5_shaper_ask(s, from, r->pool->loop->now);
	f->most = most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
	if (!most && (!s->timer.slot || s->way[from].until < s->timer.at) &&
	    s5_timer_set(r->pool->loop, &s->timer, s->way[from].until) < 0)
		s5_relay_fail(r, from, ENOMEM);
	return most;
}

/* What came before there was a relay waits for its turn, too. */
static bool may_write_held(struct s5_relay *r, struct s5_flow *f)
{
	if (!f->untaken || !r->shaper)
		return true;
	if (!may_read(r, f))
		return false;
	s5_shaper_take(r->shaper, (unsigned)(f - r->flow), f->held_len);
	f->untaken = false;
	return true;
}

/* The next thing this flow can do. */
static bool step(struct s5_relay *r, struct s5_flow *f)
{
	unsigned from = (unsigned)(f - r->flow);
	int in = r->end[from].in.fd, out = s5_end_out(&r->end[!from]);

	if (f->dropped)
		return (f->eof || (f->readable && may_read(r, f))) && drop(r, f, in);
	if (f->held_len)
		return f->writable && may_write_held(r, f) && write_held(r, f, out);
	if (f->piped)
		return f->writable && write_piped(r, f, out);
	if (f->eof && r->broken && !s5_relay_has_parted(r)) {
		s5_relay_linger(r);
		return false;
	}
	if (f->eof)
		return (!r->may_end || r->may_end(r, from)) && shut(r, f);
	if (!f->readable || !may_read(r, f))
		return false;
	if (r->seal)
		return s5_flow_copy_sealed(r, f, in);
	if (is_direct(r, f))
		return f->writable && splice_direct(r, f, in, out);
	if (f->large < BULK_AFTER || r->tap || f->no_splice)
		return copy(r, f, in);
	if (f->pipe.in < 0 && !s5_pool_lend(r->pool, &f->pipe)) {
		f->large = 0;
		return copy(r, f, in);
	}
	return fill_pipe(r, f, in);
}

static bool move(struct s5_relay *r, struct s5_flow *f)
{
	uint64_t before = s5_flow_taken(f);
	bool more = step(r, f);

	uint64_t taken = s5_flow_taken(f) - before;

	if (!taken)
		return more;
	s5_counter_add(&r->pool->octets[f - r->flow], taken);
	if (r->shaper)
		s5_shaper_take(r->shaper, (unsigned)(f - r->flow), taken);
	return more;
}

void s5_flow_pump(struct s5_relay *r, struct s5_flow *f)
{
	uint64_t most = s5_flow_taken(f) + (r->seal ? SEALED_BUDGET : TURN_BUDGET);

	while (!r->over && !f->ended && move(r, f))
		if (s5_flow_taken(f) >= most) {
			s5_loop_later(r->pool->loop, &r->turn);
			return;
		}
	if (!r->over && !f->piped && !f->readable)
		give_back(r, f);
}

#include "dissect/flow.h"

#include <stdlib.h>
#include <string.h>

#include "dissect/capture.h"

#define PIECES 32

/* The first octets, by side of the stream, and the pieces in which they came. */
struct s5_waiting {
	struct {
		uint8_t octets[S5_SPOT_ENOUGH];
		size_t n, told;
		uint64_t missed; /* before them */
		bool closed;
	} side[2];
	struct {
		unsigned side;
		size_t n;
		int64_t when;
	} piece[PIECES];
	size_t npieces;
};

static enum s5_role role_of(const struct s5_flow *f, unsigned side)
{
	return side == (unsigned)f->is_swapped ? S5_CLIENT : S5_SERVER;
}

/* telling */

static void tell(struct s5_flow *f, const struct s5_seen *seen)
{
	f->capture->sink.seen(f->capture->sink.owner, f, seen);
}

/* Of the talk: what was put in front is not told. */
static void on_seen(void *arg, const struct s5_seen *seen)
{
	struct s5_flow *f = arg;
	struct s5_seen own = *seen;
	size_t before = f->before[seen->from];

	if (!seen->sealed && seen->off < before)
		return;
	if (!seen->sealed)
		own.off += f->missed[seen->from] - before;
	tell(f, &own);
}

static void tell_octets(struct s5_flow *f, enum s5_role from, const uint8_t *octets, uint64_t n)
{
	struct s5_seen seen = { .kind = f->is_open ? S5_SEEN_DATA : S5_SEEN_REST, .from = from };

	if (!octets)
		seen.kind = S5_SEEN_GAP;
	seen.off = f->off[from];
	seen.when = f->last;
	seen.octets = octets;
	seen.len = n;
	f->off[from] += n;
	tell(f, &seen);
}

/* What follows needs no talk: that is much memory for nothing. */
static void fold(struct s5_flow *f)
{
	struct s5_talk *t = f->talk;

	if (!t || t->state == S5_TALK_UNKNOWN || t->state == S5_TALK_DIALOGUE ||
	    t->side[S5_CLIENT].seal || t->side[S5_SERVER].seal ||
	    t->side[S5_CLIENT].lost != t->side[S5_SERVER].lost)
		return;
	if (t->state == S5_TALK_OPEN)
		s5_relays_open(f);
	f->is_open = t->state == S5_TALK_OPEN && !t->side[S5_CLIENT].lost;
	for (unsigned i = 0; i < 2; i++)
		f->off[i] = t->side[i].off - f->before[i] + f->missed[i];
	s5_talk_fini(t);
	s5_capture_give(f->capture, t, sizeof *t);
	f->talk = NULL;
}

static void pass(struct s5_flow *f, enum s5_role from, const uint8_t *octets, size_t n,
		 int64_t when)
{
	if (!n)
		return;
	if (f->talk) {
		s5_talk_recv(f->talk, from, octets, n, when);
		if (f->talk->state == S5_TALK_OPEN)
			s5_relays_open(f);
		fold(f);
	} else {
		tell_octets(f, from, octets, n);
	}
}

static void pass_gap(struct s5_flow *f, enum s5_role from, uint64_t n)
{
	if (!f->talk) {
		tell_octets(f, from, NULL, n);
		return;
	}
	s5_talk_gap(f->talk, from, n);
	fold(f);
}

static void close_side(struct s5_flow *f, enum s5_role from, bool closed)
{
	if (f->ended[from])
		return;
	f->ended[from] = true;
	if (f->talk)
		s5_talk_end(f->talk, from, closed);
	fold(f);
}

/* what it is */

static bool is_forced(const struct s5_flow *f)
{
	return f->capture->port != 0;
}

static enum s5_spot judge_beginning(const struct s5_flow *f)
{
	const struct s5_waiting *w = f->waiting;

	return s5_spot(w->side[0].octets, w->side[0].n, w->side[1].octets, w->side[1].n);
}

/* What the client said first is such a list as clients send, and nothing else. */
static bool is_method_list(const struct s5_waiting *w)
{
	struct s5_reader in;
	struct s5_hello hello;

	if (!w->npieces || w->piece[0].side != 0)
		return false;
	in = s5_reader_over(w->side[0].octets, w->piece[0].n);
	if (s5_hello_get(&in, &hello) != S5_OK || in.off != in.len || !hello.n)
		return false;
	for (unsigned i = 0; i < hello.n; i++)
		if (hello.methods[i] > S5_METHOD_USERPASS)
			return false;
	return true;
}

static enum s5_spot judge_middle(struct s5_flow *f, bool is_over)
{
	const struct s5_waiting *w = f->waiting;
	struct s5_seen_so_far so_far = { .first = w->npieces ? w->piece[0].side : 0,
					 .nfirst = w->npieces ? w->piece[0].n : 0,
					 .is_over = is_over };
	enum s5_spot spot;

	for (unsigned i = 0; i < 2; i++)
		so_far.side[i] = (struct s5_said){ w->side[i].octets, w->side[i].n };
	/* Its beginning, though no SYN was seen. */
	if (is_method_list(w) && judge_beginning(f) == S5_SPOT_YES)
		return S5_SPOT_YES;
	/* SOCKS4 has no message before its request. */
	if (so_far.first == 0 && w->side[0].octets[0] == 4 && judge_beginning(f) == S5_SPOT_YES)
		return S5_SPOT_YES;
	spot = s5_pickup(&so_far, &f->picked);
	f->is_swapped = spot == S5_SPOT_YES && f->picked.role == S5_SERVER;
	if (spot == S5_SPOT_YES && f->picked.prelude->before[S5_CLIENT].n)
		f->begin = S5_FLOW_PICKED_UP;
	return spot;
}

static bool is_full(const struct s5_waiting *w)
{
	return w->side[0].n == S5_SPOT_ENOUGH || w->side[1].n == S5_SPOT_ENOUGH ||
	       w->npieces == PIECES;
}

/* A client that does not wait has said all that it will, and what it wants to send besides. */
static bool is_in_a_hurry(const struct s5_waiting *w)
{
	const uint8_t *octets = w->side[0].octets;
	size_t n = w->side[0].n;

	return !w->side[1].n && n && s5_spot_is_client(octets, n) &&
	       (octets[0] == 4 || s5_pickup_is_client(octets, n));
}

static enum s5_spot judge(struct s5_flow *f)
{
	enum s5_spot spot;

	if (f->tcp == S5_TCP_BEGIN_MIDDLE)
		spot = judge_middle(f, false);
	else if (is_forced(f))
		spot = S5_SPOT_YES;
	else
		spot = judge_beginning(f);
	if (spot == S5_SPOT_NO && f->tcp != S5_TCP_BEGIN_MIDDLE && is_method_list(f->waiting))
		return S5_SPOT_YES; /* to a server that is none of SOCKS */
	if (spot == S5_SPOT_PERHAPS && is_full(f->waiting))
		spot = f->tcp != S5_TCP_BEGIN_MIDDLE && is_in_a_hurry(f->waiting) ? S5_SPOT_YES
										  : S5_SPOT_NO;
	return spot;
}

/* It ends, and what there is will have to do. */
static bool is_socks_so_far(struct s5_flow *f)
{
	const struct s5_waiting *w = f->waiting;

	if (f->tcp == S5_TCP_BEGIN_MIDDLE)
		return judge_beginning(f) == S5_SPOT_YES || is_in_a_hurry(w) ||
		       judge_middle(f, true) == S5_SPOT_YES;
	return !w->side[1].n && s5_spot_is_client(w->side[0].octets, w->side[0].n);
}

static void take_place(struct s5_flow *f)
{
	struct s5_addr first = f->peer[0];

	if (f->begin == S5_FLOW_LATE) /* only where the port says what it is */
		f->is_swapped = f->peer[0].port == f->capture->port;
	if (f->is_swapped) {
		f->peer[0] = f->peer[1];
		f->peer[1] = first;
	}
	f->number = ++f->capture->flows;
}

static bool start_talk(struct s5_flow *f)
{
	const struct s5_said *before;

	if (f->begin == S5_FLOW_LATE)
		return true;
	f->talk = s5_capture_take(f->capture, sizeof *f->talk);
	if (!f->talk)
		return false;
	s5_talk_init(f->talk, on_seen, f);
	f->talk->budget = &f->capture->budget;
	f->talk->session.budget = &f->capture->tokens;
	for (unsigned i = 0; f->begin == S5_FLOW_PICKED_UP && i < 2; i++)
		f->before[i] = f->picked.prelude->before[i].n;
	for (unsigned i = 0; f->begin == S5_FLOW_PICKED_UP && i < 2; i++) {
		before = &f->picked.prelude->before[i];
		s5_talk_recv(f->talk, (enum s5_role)i, before->octets, before->n, f->first);
	}
	return true;
}

static void leave(struct s5_flow *f)
{
	s5_tcp_drop(&f->capture->tcp, f->stream);
	s5_capture_give(f->capture, f->waiting, sizeof *f->waiting);
	free(f);
}

static void tell_missed(struct s5_flow *f, enum s5_role from, uint64_t n)
{
	f->missed[from] = n;
	tell(f, &(struct s5_seen){ .kind = S5_SEEN_GAP, .from = from, .when = f->first, .len = n });
	if (!f->talk)
		f->off[from] = n;
}

/* It is SOCKS: tells what waits. False: it cannot be followed, and f is gone. */
static bool begin(struct s5_flow *f)
{
	struct s5_waiting *w = f->waiting;

	if (!start_talk(f)) {
		leave(f);
		return false;
	}
	take_place(f);
	f->capture->sink.opened(f->capture->sink.owner, f);
	f->waiting = NULL;
	for (unsigned side = 0; side < 2; side++)
		if (w->side[side].missed && f->begin != S5_FLOW_WHOLE)
			tell_missed(f, role_of(f, side), w->side[side].missed);
	for (size_t i = 0; i < w->npieces; i++) {
		unsigned side = w->piece[i].side;

		pass(f, role_of(f, side), w->side[side].octets + w->side[side].told, w->piece[i].n,
		     w->piece[i].when);
		w->side[side].told += w->piece[i].n;
	}
	for (unsigned side = 0; side < 2; side++)
		if (w->side[side].missed && f->begin == S5_FLOW_WHOLE)
			pass_gap(f, role_of(f, side), w->side[side].missed);
	for (unsigned side = 0; side < 2; side++)
		if (w->side[side].closed)
			close_side(f, role_of(f, side), true);
	s5_capture_give(f->capture, w, sizeof *w);
	return true;
}

/* Not, or not to be known. */
static bool give_up(struct s5_flow *f)
{
	if (is_forced(f)) {
		f->begin = f->tcp == S5_TCP_BEGIN_MIDDLE ? S5_FLOW_LATE : S5_FLOW_WHOLE;
		return begin(f);
	}
	leave(f);
	return false;
}

/* True when f is there still, and told. */
static bool find_out(struct s5_flow *f)
{
	enum s5_spot spot = judge(f);

	if (spot == S5_SPOT_PERHAPS)
		return false;
	return spot == S5_SPOT_YES ? begin(f) : give_up(f);
}

/* what comes */

static bool has_port(const struct s5_tcp_opening *o, uint16_t port)
{
	return !port || o->peer[0]->port == port || o->peer[1]->port == port;
}

struct s5_flow *s5_flow_new(struct s5_capture *c, const struct s5_tcp_opening *o)
{
	struct s5_flow *f;

	if (!has_port(o, c->port))
		return NULL;
	f = calloc(1, sizeof *f);
	if (!f) {
		c->not_followed++;
		return NULL;
	}
	f->capture = c;
	f->stream = o->stream;
	f->tcp = o->begin;
	f->peer[0] = *o->peer[0];
	f->peer[1] = *o->peer[1];
	f->first = f->last = o->when;
	return f;
}

/* How much of it was taken by what waits. */
static size_t hold(struct s5_flow *f, unsigned side, const uint8_t *octets, size_t n, int64_t when)
{
	struct s5_waiting *w = f->waiting;
	size_t room = S5_SPOT_ENOUGH - w->side[side].n, last = w->npieces - 1;

	n = n < room ? n : room;
	memcpy(w->side[side].octets + w->side[side].n, octets, n);
	w->side[side].n += n;
	if (!w->npieces || w->piece[last].side != side) {
		last = w->npieces++;
		w->piece[last].side = side;
	}
	w->piece[last].n += n;
	w->piece[last].when = when;
	return n;
}

void s5_flow_octets(struct s5_flow *f, unsigned side, const uint8_t *octets, size_t n, int64_t when)
{
	size_t held;

	f->last = when;
	if (!f->number) {
		if (!f->waiting)
			f->waiting = s5_capture_take(f->capture, sizeof *f->waiting);
		if (!f->waiting) {
			leave(f);
			return;
		}
		held = hold(f, side, octets, n, when);
		if (!find_out(f))
			return;
		octets += held;
		n -= held;
	}
	pass(f, role_of(f, side), octets, n, when);
}

/* The first octets of a side are missing: it goes on as in the middle. */
static void miss(struct s5_flow *f, unsigned side, size_t n)
{
	f->tcp = S5_TCP_BEGIN_MIDDLE;
	f->waiting->side[side].missed += n;
}

void s5_flow_gap(struct s5_flow *f, unsigned side, size_t n, int64_t when)
{
	f->last = when;
	if (!f->number && !f->waiting)
		f->waiting = s5_capture_take(f->capture, sizeof *f->waiting);
	if (!f->number && !f->waiting) {
		leave(f);
		return;
	}
	if (!f->number && !f->waiting->side[side].n) {
		miss(f, side, n);
		return;
	}
	if (!f->number && !give_up(f))
		return;
	pass_gap(f, role_of(f, side), n);
}

void s5_flow_closed(struct s5_flow *f, unsigned side, int64_t when)
{
	f->last = when;
	if (f->number)
		close_side(f, role_of(f, side), true);
	else if (f->waiting)
		f->waiting->side[side].closed = true;
}

static void free_flow(struct s5_flow *f)
{
	s5_relays_close(f);
	if (f->talk)
		s5_talk_fini(f->talk);
	s5_capture_give(f->capture, f->talk, sizeof *f->talk);
	s5_capture_give(f->capture, f->waiting, sizeof *f->waiting);
	free(f);
}

void s5_flow_end(struct s5_flow *f, enum s5_tcp_end how, int64_t when)
{
	bool closed = how == S5_TCP_END_FIN || how == S5_TCP_END_RESET;

	if (how != S5_TCP_END_CAPTURE)
		f->last = when;
	if (!f->number && f->waiting) {
		bool is_socks = is_socks_so_far(f);

		if (!is_forced(f) && !is_socks) {
			free_flow(f);
			return;
		}
		if (f->tcp == S5_TCP_BEGIN_MIDDLE && !is_socks)
			f->begin = S5_FLOW_LATE;
		if (!begin(f))
			return;
	}
	for (unsigned i = 0; i < 2 && f->number; i++)
		close_side(f, (enum s5_role)i, closed);
	if (f->number)
		f->capture->sink.ended(f->capture->sink.owner, f, how);
	free_flow(f);
}

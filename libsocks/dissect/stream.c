#include "dissect/stream.h"

#include <stdlib.h>

void s5_stream_account(struct s5_tcp *t, struct s5_tcp_stream *s)
{
	size_t held = s->half[0].held + s->half[1].held;

	if (held == s->held)
		return;
	t->held += held - s->held;
	s->held = held;
	if (s->is_holding == (held > 0))
		return;
	s->is_holding = held > 0;
	if (s->is_holding)
		TAILQ_INSERT_TAIL(&t->holding, s, wait);
	else
		TAILQ_REMOVE(&t->holding, s, wait);
}

/* The next n octets; NULL: a gap. */
static void tell(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side, const uint8_t *octets,
		 uint32_t n, int64_t when)
{
	s5_half_advance(&s->half[side], n);
	if (octets)
		t->sink.octets(s->user, side, octets, n, when);
	else
		t->sink.gap(s->user, side, n, when);
}

/* What has waited for its turn. The user may drop the stream meanwhile. */
static void drain(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side, int64_t when)
{
	struct s5_piece *p;

	while (!s->is_dropped && (p = s5_half_pop(&s->half[side]))) {
		tell(t, s, side, p->cut ? NULL : p->octets, p->n, when);
		free(p);
	}
}

static void lose_hole(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side, int64_t when)
{
	tell(t, s, side, NULL, s5_half_hole(&s->half[side]), when);
	drain(t, s, side, when);
}

/* All that is held, with the gaps in it and behind it. */
static void flush(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side, int64_t when)
{
	struct s5_half *h = &s->half[side];
	uint32_t n;

	while (!s->is_dropped && s5_half_hole(h))
		lose_hole(t, s, side, when);
	n = s5_half_acked_beyond(h);
	if (!s->is_dropped && !h->has_fin && n)
		tell(t, s, side, NULL, n, when);
}

void s5_stream_close(struct s5_tcp *t, struct s5_tcp_stream *s)
{
	TAILQ_REMOVE(&t->open, s, age);
	TAILQ_INSERT_TAIL(&t->closed, s, age);
	s->is_closed = true;
}

void s5_stream_finish(struct s5_tcp *t, struct s5_tcp_stream *s, enum s5_tcp_end how, int64_t when)
{
	if (s->is_closed)
		return;
	flush(t, s, 0, when);
	flush(t, s, 1, when);
	s5_stream_account(t, s);
	if (!s->is_dropped)
		t->sink.ended(s->user, S5_TCP_BOTH, how, when);
	s5_stream_close(t, s);
}

static bool holds_too_much(const struct s5_tcp *t, const struct s5_tcp_stream *s, unsigned side)
{
	const struct s5_half *h = &s->half[side];

	return h->held && (s->half[0].held + s->half[1].held > t->limits.stream_octets ||
			   h->pieces > S5_HALF_PIECES);
}

static void end_side(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side, int64_t when)
{
	struct s5_half *h = &s->half[side];

	if (!h->has_fin || h->is_over || h->next != h->fin || s->is_dropped)
		return;
	h->is_over = true;
	t->sink.ended(s->user, side, S5_TCP_END_FIN, when);
	if (s->half[!side].is_over)
		s5_stream_finish(t, s, S5_TCP_END_FIN, when);
}

void s5_stream_settle(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side, int64_t when)
{
	struct s5_half *h = &s->half[side];

	while (!s->is_dropped && s5_half_hole(h) &&
	       (s5_half_hole_is_acked(h) || holds_too_much(t, s, side)))
		lose_hole(t, s, side, when);
	end_side(t, s, side, when);
	s5_stream_account(t, s);
}

void s5_stream_pass(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side, struct s5_segment g,
		    int64_t when)
{
	struct s5_half *h = &s->half[side];

	while (g.n && !s->is_dropped && s5_half_trim(h, &g)) {
		if (g.seq != h->next) {
			s5_half_hold(h, g);
			return;
		}
		tell(t, s, side, g.octets, s5_half_room(h, &g), when);
		drain(t, s, side, when);
	}
}

static void lose_all(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side, int64_t when)
{
	while (!s->is_dropped && s->half[side].first)
		lose_hole(t, s, side, when);
}

void s5_stream_leap(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side, uint32_t seq,
		    int64_t when)
{
	const struct s5_half *h = &s->half[side];

	lose_all(t, s, side, when);
	if (!s->is_dropped && s5_half_is_beyond(h, seq))
		tell(t, s, side, NULL, seq - h->next, when);
}

void s5_stream_make_room(struct s5_tcp *t, int64_t when)
{
	struct s5_tcp_stream *s;

	while (t->held > t->limits.octets && (s = TAILQ_FIRST(&t->holding)))
		for (unsigned side = 0; side < 2; side++) {
			lose_all(t, s, side, when);
			s5_stream_settle(t, s, side, when);
		}
}

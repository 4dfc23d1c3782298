#include "dissect/half.h"

#include <stdlib.h>
#include <string.h>

void s5_half_start(struct s5_half *h, uint32_t syn)
{
	h->is_known = true;
	h->syn = syn;
	h->next = syn + 1;
}

static uint32_t end_of(const struct s5_piece *p)
{
	return p->seq + p->n;
}

void s5_half_set_fin(struct s5_half *h, uint32_t fin)
{
	int32_t ahead = s5_half_distance(h->next, fin);

	if (h->has_fin || !h->is_known || ahead < 0 || ahead > (int32_t)S5_HALF_REACH)
		return;
	if (h->last && s5_half_distance(end_of(h->last), fin) < 0)
		return;
	h->has_fin = true;
	h->fin = fin;
}

void s5_half_set_acked(struct s5_half *h, uint32_t ack)
{
	int32_t ahead = s5_half_distance(h->has_acked ? h->acked : h->next, ack);

	if (!h->is_known || ahead <= 0 || ahead > (int32_t)S5_HALF_REACH)
		return;
	if (s5_half_distance(h->next, ack) <= 0) /* half of all numbers further */
		return;
	h->has_acked = true;
	h->acked = ack;
}

bool s5_half_is_beyond(const struct s5_half *h, uint32_t seq)
{
	uint32_t ahead = seq - h->next;

	return ahead > S5_HALF_REACH && ahead < UINT32_MAX - S5_HALF_WINDOW;
}

bool s5_half_leaps(struct s5_half *h, uint32_t seq, uint32_t n)
{
	if (!n || h->has_fin)
		return false;
	if (!s5_half_is_beyond(h, seq)) {
		h->far = 0;
		return false;
	}
	if (h->far && seq + n == h->far_next) /* the same once more */
		return false;
	h->far = h->far && seq == h->far_next ? h->far + 1 : 1;
	h->far_next = seq + n;
	return h->far >= S5_HALF_LEAP;
}

void s5_half_advance(struct s5_half *h, uint32_t n)
{
	h->next += n;
	if (h->has_acked && s5_half_distance(h->next, h->acked) <= 0)
		h->has_acked = false;
}

static void skip(struct s5_segment *s, uint32_t n)
{
	s->seq += n;
	s->n -= n;
	if (s->octets)
		s->octets += n;
}

bool s5_half_trim(const struct s5_half *h, struct s5_segment *s)
{
	int32_t ahead = s5_half_distance(h->next, s->seq), room;

	if (ahead > (int32_t)S5_HALF_REACH)
		return false;
	if (ahead < 0) {
		uint32_t stale = 0u - (uint32_t)ahead;

		skip(s, stale < s->n ? stale : s->n);
	}
	if (h->has_fin) {
		room = s5_half_distance(s->seq, h->fin);
		if (room < 0)
			room = 0;
		s->n = s->n < (uint32_t)room ? s->n : (uint32_t)room;
	}
	return s->n;
}

uint32_t s5_half_room(const struct s5_half *h, const struct s5_segment *s)
{
	uint32_t room = h->first ? h->first->seq - h->next : s->n;

	return room < s->n ? room : s->n;
}

/* A copy of n octets, put behind `before` (NULL: at the beginning). */
static bool insert(struct s5_half *h, struct s5_piece *before, const struct s5_segment *s,
		   uint32_t n)
{
	size_t room = sizeof(struct s5_piece) + (s->octets ? n : 0);
	struct s5_piece **link = before ? &before->after : &h->first;
	struct s5_piece *p = malloc(room);

	if (!p)
		return false;
	*p = (struct s5_piece){ .seq = s->seq, .n = n, .cut = !s->octets, .after = *link };
	if (s->octets)
		memcpy(p->octets, s->octets, n);
	*link = p;
	if (!p->after)
		h->last = p;
	h->pieces++;
	h->held += room;
	return true;
}

/* The last piece that ends at or before the segment. Most often it is the last one of all. */
static struct s5_piece *find_before(const struct s5_half *h, uint32_t seq)
{
	struct s5_piece *before = NULL;

	if (h->last && s5_half_distance(end_of(h->last), seq) >= 0)
		return h->last;
	for (struct s5_piece *p = h->first; p && s5_half_distance(end_of(p), seq) >= 0;
	     p = p->after)
		before = p;
	return before;
}

void s5_half_hold(struct s5_half *h, struct s5_segment s)
{
	struct s5_piece *before = find_before(h, s.seq), *p;

	while (s.n > 0) {
		uint32_t n = s.n;

		p = before ? before->after : h->first;
		if (p && s5_half_distance(s.seq, p->seq) <= 0) {
			n = end_of(p) - s.seq;
			skip(&s, n < s.n ? n : s.n);
			before = p;
			continue;
		}
		if (p && p->seq - s.seq < n)
			n = p->seq - s.seq;
		if (!insert(h, before, &s, n))
			return;
		before = before ? before->after : h->first;
		skip(&s, n);
	}
}

struct s5_piece *s5_half_pop(struct s5_half *h)
{
	struct s5_piece *p = h->first;

	if (!p || p->seq != h->next)
		return NULL;
	h->first = p->after;
	if (!h->first)
		h->last = NULL;
	h->pieces--;
	h->held -= sizeof *p + (p->cut ? 0 : p->n);
	return p;
}

uint32_t s5_half_hole(const struct s5_half *h)
{
	if (h->first)
		return h->first->seq - h->next;
	return h->has_fin && !h->is_over ? h->fin - h->next : 0;
}

uint32_t s5_half_acked_beyond(const struct s5_half *h)
{
	int32_t n = s5_half_distance(h->next, h->acked);

	return h->has_acked && !h->is_over && n > 1 ? (uint32_t)n : 0;
}

bool s5_half_hole_is_acked(const struct s5_half *h)
{
	return h->has_acked && s5_half_distance(h->next + s5_half_hole(h), h->acked) >= 0;
}

void s5_half_clear(struct s5_half *h)
{
	struct s5_piece *after;

	for (struct s5_piece *p = h->first; p; p = after) {
		after = p->after;
		free(p);
	}
	h->first = h->last = NULL;
	h->pieces = 0;
	h->held = 0;
}

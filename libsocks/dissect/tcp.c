#include "dissect/tcp.h"

#include <stdlib.h>
#include <string.h>

#include "dissect/stream.h"

#define RESET_REACH (1 << 24) /* how far a RST may be from the number expected */

/* places */

static uint8_t *put_end(uint8_t *at, const struct s5_addr *a)
{
	memcpy(at, a->octets, a->len);
	at += a->len;
	*at++ = (uint8_t)(a->port >> 8);
	*at++ = (uint8_t)a->port;
	return at;
}

/* True when the packet comes from the lower end. */
static bool place_of(struct s5_place *place, const struct s5_packet *p)
{
	size_t n = p->from.len + 2u;
	bool is_from_lower = p->from.port < p->to.port;

	if (p->from.port == p->to.port)
		is_from_lower = memcmp(p->from.octets, p->to.octets, p->from.len) < 0;
	place->len = (uint8_t)(2 * n);
	put_end(put_end(place->octets, is_from_lower ? &p->from : &p->to),
		is_from_lower ? &p->to : &p->from);
	return is_from_lower;
}

static size_t bucket_of(const struct s5_tcp *t, const struct s5_place *place)
{
	return (size_t)s5_hash(&t->key, place->octets, place->len) & t->mask;
}

static struct s5_tcp_stream *find(const struct s5_tcp *t, const struct s5_place *place,
				  size_t bucket)
{
	struct s5_tcp_stream *s = t->buckets[bucket];

	while (s && (s->place.len != place->len ||
		     memcmp(s->place.octets, place->octets, place->len) != 0))
		s = s->chain;
	return s;
}

/* streams */

static void remove_stream(struct s5_tcp *t, struct s5_tcp_stream *s)
{
	struct s5_tcp_stream **link = &t->buckets[bucket_of(t, &s->place)];

	while (*link != s)
		link = &(*link)->chain;
	*link = s->chain;
	for (unsigned side = 0; side < 2; side++)
		s5_half_clear(&s->half[side]);
	s5_stream_account(t, s);
	TAILQ_REMOVE(s->is_closed ? &t->closed : &t->open, s, age);
	t->count--;
	free(s);
}

static void throw_out(struct s5_tcp *t, int64_t when)
{
	struct s5_tcp_stream *s = TAILQ_FIRST(&t->closed);

	if (!s)
		s = TAILQ_FIRST(&t->open);
	s5_stream_finish(t, s, S5_TCP_END_THROWN_OUT, when);
	remove_stream(t, s);
}

static enum s5_tcp_begin begin_of(const struct s5_packet *p)
{
	if (!(p->flags & S5_TCP_SYN))
		return S5_TCP_BEGIN_MIDDLE;
	return p->flags & S5_TCP_ACK ? S5_TCP_BEGIN_SYN_ACK : S5_TCP_BEGIN_SYN;
}

/* An acknowledgement or an end alone begins nothing. */
static bool can_open(const struct s5_packet *p)
{
	return !(p->flags & S5_TCP_RST) && (p->flags & S5_TCP_SYN || p->len + p->missing);
}

/* NULL: no memory. */
static struct s5_tcp_stream *open_stream(struct s5_tcp *t, const struct s5_packet *p,
					 const struct s5_place *place, bool is_from_lower,
					 int64_t when)
{
	enum s5_tcp_begin begin = begin_of(p);
	bool is_from_opener = begin != S5_TCP_BEGIN_SYN_ACK;
	struct s5_tcp_opening o = { .begin = begin, .when = when };
	size_t bucket = bucket_of(t, place);
	struct s5_tcp_stream *s;

	while (t->count && t->count >= t->limits.streams)
		throw_out(t, when);
	o.stream = s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->place = *place;
	s->is_opened_by_lower = is_from_lower == is_from_opener;
	s->begin = begin;
	s->chain = t->buckets[bucket];
	t->buckets[bucket] = s;
	t->count++;
	TAILQ_INSERT_TAIL(&t->open, s, age);
	o.peer[!is_from_opener] = &p->from;
	o.peer[is_from_opener] = &p->to;
	s->user = t->sink.opened(t->sink.owner, &o);
	s->is_dropped |= !s->user;
	return s;
}

static void touch(struct s5_tcp *t, struct s5_tcp_stream *s)
{
	struct s5_tcp_queue *q = s->is_closed ? &t->closed : &t->open;

	if (!TAILQ_NEXT(s, age))
		return;
	TAILQ_REMOVE(q, s, age);
	TAILQ_INSERT_TAIL(q, s, age);
}

static unsigned side_of(const struct s5_tcp_stream *s, bool is_from_lower)
{
	return s->is_opened_by_lower != is_from_lower;
}

/* segments */

static bool begins_anew(const struct s5_tcp_stream *s, unsigned side, const struct s5_packet *p)
{
	const struct s5_half *h = &s->half[side];

	if (!(p->flags & S5_TCP_SYN) || p->flags & S5_TCP_RST)
		return false;
	return h->is_known ? h->syn != p->seq : s->is_closed && !(p->flags & S5_TCP_ACK);
}

/* Where the number of the first octet comes from: the SYN, or the first thing seen. */
static void start_half(struct s5_half *h, const struct s5_packet *p)
{
	if (h->is_known || p->flags & S5_TCP_RST)
		return;
	if (p->flags & S5_TCP_SYN)
		s5_half_start(h, p->seq);
	else if (p->len + p->missing || p->flags & S5_TCP_FIN)
		s5_half_start(h, p->seq - 1);
}

/* Of a stream that was seen from its beginning the other side's first number is known by this one's
 * acknowledgement too, should its own SYN be missing. */
static void take_ack(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side,
		     const struct s5_packet *p, int64_t when)
{
	struct s5_half *other = &s->half[!side];

	if (!(p->flags & S5_TCP_ACK))
		return;
	if (!other->is_known && s->begin != S5_TCP_BEGIN_MIDDLE && !(p->flags & S5_TCP_RST))
		s5_half_start(other, p->ack - 1);
	s5_half_set_acked(other, p->ack);
	if (s5_half_hole(other))
		s5_stream_settle(t, s, !side, when);
}

static void take_octets(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side,
			const struct s5_packet *p, int64_t when)
{
	struct s5_half *h = &s->half[side];
	uint32_t seq = p->seq + !!(p->flags & S5_TCP_SYN);
	uint32_t n = (uint32_t)p->len, missing = (uint32_t)p->missing;

	if (!h->is_known || h->is_over)
		return;
	if (s5_half_leaps(h, seq, n + missing))
		s5_stream_leap(t, s, side, seq, when);
	if (p->flags & S5_TCP_FIN)
		s5_half_set_fin(h, seq + n + missing);
	s5_stream_pass(t, s, side, (struct s5_segment){ .seq = seq, .n = n, .octets = p->payload },
		       when);
	s5_stream_pass(t, s, side, (struct s5_segment){ .seq = seq + n, .n = missing }, when);
	if (h->held || h->has_fin || s->held)
		s5_stream_settle(t, s, side, when);
}

static bool is_reset(const struct s5_half *h, const struct s5_packet *p)
{
	int32_t distance = s5_half_distance(h->next, p->seq);

	return p->flags & S5_TCP_RST &&
	       (!h->is_known || (distance > -RESET_REACH && distance < RESET_REACH));
}

/* Of a dropped stream only its end is of interest. */
static void pass_by(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side,
		    const struct s5_packet *p)
{
	if (p->flags & S5_TCP_FIN)
		s->half[side].has_fin = true;
	if (p->flags & S5_TCP_RST || (s->half[0].has_fin && s->half[1].has_fin))
		s5_stream_close(t, s);
}

static void take(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side,
		 const struct s5_packet *p, int64_t when)
{
	start_half(&s->half[side], p);
	if (s->is_dropped) {
		pass_by(t, s, side, p);
		return;
	}
	take_ack(t, s, side, p, when);
	if (s->is_closed || s->is_dropped)
		return;
	if (!(p->flags & S5_TCP_RST))
		take_octets(t, s, side, p, when);
	else if (is_reset(&s->half[side], p))
		s5_stream_finish(t, s, S5_TCP_END_RESET, when);
	s5_stream_make_room(t, when);
}

void s5_tcp_add(struct s5_tcp *t, const struct s5_packet *p, int64_t when)
{
	struct s5_place place;
	bool is_from_lower = place_of(&place, p);
	struct s5_tcp_stream *s = find(t, &place, bucket_of(t, &place));

	if (s && begins_anew(s, side_of(s, is_from_lower), p)) {
		s5_stream_finish(t, s, S5_TCP_END_REUSED, when);
		remove_stream(t, s);
		s = NULL;
	}
	if (!s && can_open(p))
		s = open_stream(t, p, &place, is_from_lower, when);
	if (!s)
		return;
	touch(t, s);
	if (!s->is_closed)
		take(t, s, side_of(s, is_from_lower), p, when);
}

/* the whole */

bool s5_tcp_init(struct s5_tcp *t, const struct s5_tcp_sink *sink,
		 const struct s5_tcp_limits *limits, const struct s5_hash_key *key)
{
	size_t room = 1;

	while (room < limits->streams)
		room *= 2;
	*t = (struct s5_tcp){ .sink = *sink, .limits = *limits, .key = *key, .mask = room - 1 };
	TAILQ_INIT(&t->open);
	TAILQ_INIT(&t->closed);
	TAILQ_INIT(&t->holding);
	t->buckets = calloc(room, sizeof(struct s5_tcp_stream *));
	return t->buckets;
}

void s5_tcp_drop(struct s5_tcp *t, struct s5_tcp_stream *s)
{
	s->is_dropped = true;
	for (unsigned side = 0; side < 2; side++)
		s5_half_clear(&s->half[side]);
	s5_stream_account(t, s);
}

void s5_tcp_end(struct s5_tcp *t, int64_t when)
{
	struct s5_tcp_stream *s;

	while ((s = TAILQ_FIRST(&t->open)))
		s5_stream_finish(t, s, S5_TCP_END_CAPTURE, when);
}

void s5_tcp_fini(struct s5_tcp *t)
{
	struct s5_tcp_stream *s;

	while ((s = TAILQ_FIRST(&t->open)) || (s = TAILQ_FIRST(&t->closed)))
		remove_stream(t, s);
	free(t->buckets);
	t->buckets = NULL;
}

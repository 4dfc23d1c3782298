#include "dissect/defrag.h"

#include <stdlib.h>
#include <string.h>

#include "dissect/ip.h"

#define DATAGRAM_MOST 65535u
#define BLOCK 8u /* octets: fragments begin at multiples of it */
#define BLOCKS ((DATAGRAM_MOST + BLOCK - 1) / BLOCK)

/* A datagram of which fragments came. */
struct s5_partial {
	TAILQ_ENTRY(s5_partial) age;
	int64_t since;
	struct s5_addr from, to;
	uint32_t id;
	uint8_t next; /* of the fragment at the beginning; of IPv4 all have the same */
	size_t cap;
	size_t total; /* octets of the datagram; 0: not known yet */
	size_t highest; /* where the fragment ends that goes farthest */
	size_t have; /* blocks */
	uint8_t has[(BLOCKS + 7) / 8]; /* a bit for each block */
	uint8_t *octets;
};

void s5_defrag_init(struct s5_defrag *d, size_t datagrams, size_t octets)
{
	*d = (struct s5_defrag){ .most = datagrams, .budget = { .limit = octets } };
	TAILQ_INIT(&d->partials);
}

static void partial_free(struct s5_defrag *d, struct s5_partial *f)
{
	if (!f)
		return;
	s5_budget_give(&d->budget, sizeof *f + f->cap);
	free(f->octets);
	free(f);
}

static void unlink_partial(struct s5_defrag *d, struct s5_partial *f)
{
	TAILQ_REMOVE(&d->partials, f, age);
	d->count--;
}

static void give_up(struct s5_defrag *d, struct s5_partial *f)
{
	unlink_partial(d, f);
	partial_free(d, f);
	d->lost++;
}

static void give_back(struct s5_defrag *d)
{
	partial_free(d, d->given);
	d->given = NULL;
}

void s5_defrag_fini(struct s5_defrag *d)
{
	struct s5_partial *f;

	while ((f = TAILQ_FIRST(&d->partials))) {
		unlink_partial(d, f);
		partial_free(d, f);
	}
	give_back(d);
}

static void expire(struct s5_defrag *d, int64_t now)
{
	struct s5_partial *f;

	while ((f = TAILQ_FIRST(&d->partials)) && now - S5_DEFRAG_TIMEOUT > f->since)
		give_up(d, f);
}

/* The oldest make room, but for `keep`. */
static bool take_octets(struct s5_defrag *d, size_t n, const struct s5_partial *keep)
{
	while (!s5_budget_take(&d->budget, n)) {
		struct s5_partial *f = TAILQ_FIRST(&d->partials);

		if (f && f == keep)
			f = TAILQ_NEXT(f, age);
		if (!f)
			return false;
		give_up(d, f);
	}
	return true;
}

static bool is_of(const struct s5_partial *f, const struct s5_packet *p)
{
	if (f->id != p->fragment.id || f->from.len != p->from.len)
		return false;
	if (f->from.atyp == S5_ATYP_IPV4 && f->next != p->fragment.next)
		return false;
	return !memcmp(f->from.octets, p->from.octets, f->from.len) &&
	       !memcmp(f->to.octets, p->to.octets, f->to.len);
}

static struct s5_partial *find(const struct s5_defrag *d, const struct s5_packet *p)
{
	struct s5_partial *f;

	TAILQ_FOREACH(f, &d->partials, age)
	if (is_of(f, p))
		return f;
	return NULL;
}

static struct s5_partial *add_partial(struct s5_defrag *d, const struct s5_packet *p, int64_t now)
{
	struct s5_partial *f;

	while (d->count && d->count >= d->most)
		give_up(d, TAILQ_FIRST(&d->partials));
	if (!d->most || !take_octets(d, sizeof *f, NULL))
		return NULL;
	f = calloc(1, sizeof *f);
	if (!f) {
		s5_budget_give(&d->budget, sizeof *f);
		return NULL;
	}
	f->since = now;
	f->from = p->from;
	f->to = p->to;
	f->id = p->fragment.id;
	f->next = p->fragment.next;
	TAILQ_INSERT_TAIL(&d->partials, f, age);
	d->count++;
	return f;
}

/* Room for n octets: doubled, so that many small fragments are few copies. */
static bool reserve(struct s5_defrag *d, struct s5_partial *f, size_t n)
{
	size_t cap = f->cap * 2 < n ? n : f->cap * 2;
	uint8_t *octets;

	if (n <= f->cap)
		return true;
	if (!take_octets(d, cap - f->cap, f))
		return false;
	octets = realloc(f->octets, cap);
	if (!octets) {
		s5_budget_give(&d->budget, cap - f->cap);
		return false;
	}
	f->octets = octets;
	f->cap = cap;
	return true;
}

/* Nothing but the last fragment ends within a block, and nothing goes beyond the last one. */
static bool fits(const struct s5_partial *f, const struct s5_packet *p)
{
	size_t end = p->fragment.off + p->len;

	if (!f || !f->total)
		return p->fragment.more || !f || f->highest <= end;
	return p->fragment.more ? end <= f->total : end == f->total;
}

static bool can_be(const struct s5_packet *p)
{
	return p->len && p->fragment.off + p->len <= DATAGRAM_MOST &&
	       !(p->fragment.more && p->len % BLOCK);
}

static void put(struct s5_partial *f, const struct s5_packet *p)
{
	size_t end = p->fragment.off + p->len;

	if (!p->fragment.off && !(f->has[0] & 1))
		f->next = p->fragment.next;
	for (size_t at = p->fragment.off; at < end; at += BLOCK) {
		size_t block = at / BLOCK, n = end - at < BLOCK ? end - at : BLOCK;
		uint8_t bit = (uint8_t)(1u << block % 8);

		if (f->has[block / 8] & bit)
			continue;
		f->has[block / 8] |= bit;
		f->have++;
		memcpy(f->octets + at, p->payload + (at - p->fragment.off), n);
	}
	if (!p->fragment.more)
		f->total = end;
	if (end > f->highest)
		f->highest = end;
}

static bool is_whole(const struct s5_partial *f)
{
	return f->total && f->have == (f->total + BLOCK - 1) / BLOCK;
}

/* The datagram goes; its memory stays for the view. */
static enum s5_packet_state give(struct s5_defrag *d, struct s5_partial *f, struct s5_packet *p)
{
	struct s5_reader r = s5_reader_over(f->octets, f->total);
	enum s5_packet_state state;

	unlink_partial(d, f);
	d->given = f;
	p->from = f->from;
	p->to = f->to;
	state = s5_ip_get_transport(p, &r, f->next, 0);
	return state == S5_PACKET_FRAGMENT ? S5_PACKET_EXTENSIONS : state;
}

enum s5_packet_state s5_defrag_add(struct s5_defrag *d, struct s5_packet *p, int64_t now)
{
	struct s5_partial *f;

	if (p->state != S5_PACKET_FRAGMENT)
		return p->state;
	give_back(d);
	expire(d, now);
	f = find(d, p);
	if (!can_be(p) || !fits(f, p))
		return p->state = S5_PACKET_LENGTH;
	if (!f)
		f = add_partial(d, p, now);
	if (!f)
		return p->state = S5_PACKET_MEMORY;
	if (!reserve(d, f, p->fragment.off + p->len)) {
		give_up(d, f);
		return p->state = S5_PACKET_MEMORY;
	}
	put(f, p);
	if (is_whole(f))
		p->state = give(d, f, p);
	return p->state;
}

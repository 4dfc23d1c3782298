#include "policy/limits.h"

#include <string.h>

/* What a source waits after so many failures: a slip is free, guessing is not. */
static const int64_t delays[] = { 0, 0, 250, 500, 1000, 2000, S5_PENALTY_MAX };

#define FAILURES_MAX (sizeof delays / sizeof *delays - 1)

void s5_penalties_init(struct s5_penalties *p)
{
	memset(p, 0, sizeof *p);
}

/* Whoever holds one IPv6 address holds its /64. Leaves atyp 0 where there is no IP address. */
static struct s5_penalty source_of(const struct s5_addr *from)
{
	struct s5_penalty source = { .atyp = 0 };
	struct s5_addr plain = *from;

	s5_addr_unmap(&plain);
	if (!s5_addr_is_ip(&plain))
		return source;
	source.atyp = plain.atyp;
	memcpy(source.octets, plain.octets, plain.atyp == S5_ATYP_IPV4 ? 4 : 8);
	return source;
}

static bool is_same(const struct s5_penalty *a, const struct s5_penalty *b)
{
	return a->atyp == b->atyp && !memcmp(a->octets, b->octets, sizeof a->octets);
}

static unsigned failures_at(const struct s5_penalty *slot, int64_t now_ms)
{
	int64_t minutes = (now_ms - slot->last) / S5_PENALTY_QUIET;

	if (minutes <= 0)
		return slot->failures;
	return minutes < 8 ? (unsigned)slot->failures >> minutes : 0;
}

/* The slot of the source; else a free one, else the one quiet for longest. */
static struct s5_penalty *slot_for(struct s5_penalties *p, const struct s5_penalty *source)
{
	struct s5_penalty *best = p->slots;

	for (size_t i = 0; i < S5_PENALTY_SLOTS; i++) {
		struct s5_penalty *slot = &p->slots[i];

		if (is_same(slot, source))
			return slot;
		if (best->atyp && (!slot->atyp || slot->last < best->last))
			best = slot;
	}
	*best = *source;
	return best;
}

int64_t s5_penalty_add(struct s5_penalties *p, const struct s5_addr *from, int64_t now_ms)
{
	struct s5_penalty source = source_of(from), *slot;
	unsigned failures;

	if (!source.atyp)
		return 0;
	slot = slot_for(p, &source);
	failures = failures_at(slot, now_ms);
	if (failures < FAILURES_MAX)
		failures++;
	slot->failures = (uint8_t)failures;
	slot->last = now_ms;
	return delays[failures];
}

int64_t s5_penalty_get(const struct s5_penalties *p, const struct s5_addr *from, int64_t now_ms)
{
	struct s5_penalty source = source_of(from);

	if (!source.atyp)
		return 0;
	for (size_t i = 0; i < S5_PENALTY_SLOTS; i++)
		if (is_same(&p->slots[i], &source))
			return delays[failures_at(&p->slots[i], now_ms)];
	return 0;
}

unsigned s5_hush_add(struct s5_hush *hush, int64_t now_ms)
{
	unsigned count = ++hush->count;

	if (hush->until && now_ms < hush->until)
		return 0;
	hush->until = now_ms + S5_HUSH_QUIET;
	hush->count = 0;
	return count;
}

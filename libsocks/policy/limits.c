#include "policy/limits.h"

#include <string.h>

/* What a source waits after so many failures: a slip is free, guessing is not. */
static const int64_t delays[] = { 0, 0, 250, 500, 1000, 2000, S5_PENALTY_MAX };

#define DELAYS_LAST (sizeof delays / sizeof *delays - 1)

static int64_t delay(unsigned failures)
{
	return delays[failures < DELAYS_LAST ? failures : DELAYS_LAST];
}

void s5_penalties_init(struct s5_penalties *p)
{
	memset(p, 0, sizeof *p);
}

static unsigned failures_at(const struct s5_penalty *slot, int64_t now_ms)
{
	int64_t minutes = (now_ms - slot->last) / S5_PENALTY_QUIET;

	if (minutes <= 0)
		return slot->failures;
	return minutes < 8 ? (unsigned)slot->failures >> minutes : 0;
}

/* The slot of the source; else a free one, else the one quiet for longest. */
static struct s5_penalty *slot_for(struct s5_penalties *p, uint64_t source)
{
	struct s5_penalty *best = p->slots;

	for (size_t i = 0; i < S5_PENALTY_SLOTS; i++) {
		struct s5_penalty *slot = &p->slots[i];

		if (slot->source == source)
			return slot;
		if (best->source && (!slot->source || slot->last < best->last))
			best = slot;
	}
	*best = (struct s5_penalty){ .source = source };
	return best;
}

int64_t s5_penalty_add(struct s5_penalties *p, const struct s5_addr *from, int64_t now_ms)
{
	uint64_t source = s5_addr_source(from);
	struct s5_penalty *slot;
	unsigned failures;

	if (!source)
		return 0;
	slot = slot_for(p, source);
	failures = failures_at(slot, now_ms);
	if (failures < S5_PENALTY_MOST)
		failures++;
	if (failures == S5_PENALTY_MOST)
		slot->until = now_ms + S5_PENALTY_REFUSED;
	slot->failures = (uint8_t)failures;
	slot->last = now_ms;
	return delay(failures);
}

static const struct s5_penalty *find(const struct s5_penalties *p, const struct s5_addr *from)
{
	uint64_t source = s5_addr_source(from);

	for (size_t i = 0; source && i < S5_PENALTY_SLOTS; i++)
		if (p->slots[i].source == source)
			return &p->slots[i];
	return NULL;
}

int64_t s5_penalty_get(const struct s5_penalties *p, const struct s5_addr *from, int64_t now_ms)
{
	const struct s5_penalty *slot = find(p, from);

	return slot ? delay(failures_at(slot, now_ms)) : 0;
}

bool s5_penalty_refuses(const struct s5_penalties *p, const struct s5_addr *from, int64_t now_ms)
{
	const struct s5_penalty *slot = find(p, from);

	return slot && now_ms < slot->until;
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

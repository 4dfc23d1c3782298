#include "policy/bucket.h"

#define HOLDS_MS 250
#define HOLDS_LEAST 1500 /* octets: a packet, however slow */
#define WORTH_MS 50 /* what there is to wait for */
#define WAIT_MAX 1000
#define PAID_MAX (1 << 20) /* ms at once: the product still fits */

static int64_t capacity(const struct s5_bucket *b)
{
	int64_t octets = (int64_t)b->rate * HOLDS_MS;

	return octets > HOLDS_LEAST * 1000 ? octets : HOLDS_LEAST * 1000;
}

void s5_bucket_init(struct s5_bucket *b, uint64_t rate, int64_t now)
{
	*b = (struct s5_bucket){ .rate = rate, .at = now };
	b->level = capacity(b);
}

static void fill(struct s5_bucket *b, int64_t now)
{
	int64_t ms = now - b->at;

	if (ms <= 0)
		return; /* another thread's clock was ahead */
	if (ms > PAID_MAX)
		ms = PAID_MAX;
	b->level += (int64_t)b->rate * ms;
	if (b->level > capacity(b))
		b->level = capacity(b);
	b->at = now;
}

void s5_bucket_set_rate(struct s5_bucket *b, uint64_t rate, int64_t now)
{
	if (!b->rate) {
		s5_bucket_init(b, rate, now);
		return;
	}
	fill(b, now);
	b->rate = rate;
}

uint64_t s5_bucket_level(struct s5_bucket *b, int64_t now)
{
	if (!b->rate)
		return UINT64_MAX;
	fill(b, now);
	return b->level >= 1000 ? (uint64_t)b->level / 1000 : 0;
}

bool s5_bucket_is_full(struct s5_bucket *b, int64_t now)
{
	if (b->rate)
		fill(b, now);
	return !b->rate || b->level == capacity(b);
}

void s5_bucket_take(struct s5_bucket *b, uint64_t n)
{
	if (b->rate)
		b->level -= (int64_t)n * 1000;
}

int64_t s5_bucket_wait(const struct s5_bucket *b)
{
	int64_t worth = (int64_t)b->rate * WORTH_MS, ms;

	if (!b->rate)
		return 1;
	if (worth < 1000)
		worth = 1000;
	ms = (worth - b->level) / (int64_t)b->rate + 1;
	return ms < 1 ? 1 : ms > WAIT_MAX ? WAIT_MAX : ms;
}

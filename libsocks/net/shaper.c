#include "net/shaper.h"

#define PIECE 1500 /* octets: nobody is given less while others wait */

void s5_share_init(struct s5_share *share, uint64_t rate, int64_t now)
{
	*share = (struct s5_share){ .waiting = { 0 } };
	pthread_mutex_init(&share->lock, NULL);
	s5_bucket_init(&share->way[0], rate, now);
	s5_bucket_init(&share->way[1], rate, now);
}

void s5_share_set_rate(struct s5_share *share, uint64_t rate, int64_t now)
{
	pthread_mutex_lock(&share->lock);
	s5_bucket_set_rate(&share->way[0], rate, now);
	s5_bucket_set_rate(&share->way[1], rate, now);
	pthread_mutex_unlock(&share->lock);
}

bool s5_share_has_rate(struct s5_share *share)
{
	bool has;

	pthread_mutex_lock(&share->lock);
	has = share->way[0].rate;
	pthread_mutex_unlock(&share->lock);
	return has;
}

void s5_share_fini(struct s5_share *share)
{
	pthread_mutex_destroy(&share->lock);
}

void s5_shaper_init(struct s5_shaper *s, uint64_t rate, struct s5_share *share, int64_t now)
{
	*s = (struct s5_shaper){ .share = share };
	s5_bucket_init(&s->own[0], rate, now);
	s5_bucket_init(&s->own[1], rate, now);
}

void s5_shaper_fini(struct s5_shaper *s)
{
	if (!s->share)
		return;
	pthread_mutex_lock(&s->share->lock);
	for (unsigned way = 0; way < 2; way++)
		s->share->waiting[way] -= s->queued[way];
	pthread_mutex_unlock(&s->share->lock);
	s->queued[0] = s->queued[1] = false;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Those who wait get as much, when their turn comes: nobody takes it before them. */
static uint64_t part_of(uint64_t level, bool waited, unsigned others)
{
	uint64_t part = level / (others + 1u);

	if (others && !waited)
		return 0;
	return part > PIECE ? part : least(level, PIECE);
}

static uint64_t ask_share(struct s5_shaper *s, unsigned way, int64_t now, int64_t *wait)
{
	struct s5_share *share = s->share;
	uint64_t n;

	pthread_mutex_lock(&share->lock);
	share->waiting[way] -= s->queued[way];
	n = part_of(s5_bucket_level(&share->way[way], now), s->queued[way], share->waiting[way]);
	s->queued[way] = !n;
	share->waiting[way] += s->queued[way];
	if (!n)
		*wait = s5_bucket_wait(&share->way[way]);
	pthread_mutex_unlock(&share->lock);
	return n;
}

uint64_t s5_shaper_ask(struct s5_shaper *s, unsigned way, int64_t now)
{
	int64_t wait = 0;
	uint64_t n;

	if (now < s->until[way])
		return 0;
	n = s5_bucket_level(&s->own[way], now);
	if (!n)
		wait = s5_bucket_wait(&s->own[way]);
	else if (s->share)
		n = least(n, ask_share(s, way, now, &wait));
	s->until[way] = n ? 0 : now + wait;
	return n;
}

void s5_shaper_take(struct s5_shaper *s, unsigned way, uint64_t n)
{
	s5_bucket_take(&s->own[way], n);
	if (!s->share)
		return;
	pthread_mutex_lock(&s->share->lock);
	s5_bucket_take(&s->share->way[way], n);
	pthread_mutex_unlock(&s->share->lock);
}

bool s5_shaper_pass(struct s5_shaper *s, unsigned way, uint64_t n, int64_t now)
{
	bool passes = s5_bucket_level(&s->own[way], now) > 0;

	if (passes && s->share) {
		pthread_mutex_lock(&s->share->lock);
		passes = s5_bucket_level(&s->share->way[way], now) > 0;
		pthread_mutex_unlock(&s->share->lock);
	}
	if (passes)
		s5_shaper_take(s, way, n);
	return passes;
}

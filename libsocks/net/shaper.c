#include "net/shaper.h"

#define TURN_MS 50 /* who waits for others asks again */
#define LATE_MS 500 /* who is so late wants nothing any more */

void s5_share_init(struct s5_share *share, uint64_t rate, int64_t now)
{
	pthread_mutex_init(&share->lock, NULL);
	for (unsigned i = 0; i < 2; i++) {
		s5_bucket_init(&share->way[i].bucket, rate, now);
		share->way[i].had = 0;
		LIST_INIT(&share->way[i].waiting);
	}
}

void s5_share_set_rate(struct s5_share *share, uint64_t rate, int64_t now)
{
	pthread_mutex_lock(&share->lock);
	s5_bucket_set_rate(&share->way[0].bucket, rate, now);
	s5_bucket_set_rate(&share->way[1].bucket, rate, now);
	pthread_mutex_unlock(&share->lock);
}

bool s5_share_has_rate(struct s5_share *share)
{
	bool has;

	pthread_mutex_lock(&share->lock);
	has = share->way[0].bucket.rate;
	pthread_mutex_unlock(&share->lock);
	return has;
}

bool s5_share_is_full(struct s5_share *share, int64_t now)
{
	bool full;

	pthread_mutex_lock(&share->lock);
	full = s5_bucket_is_full(&share->way[0].bucket, now) &&
	       s5_bucket_is_full(&share->way[1].bucket, now);
	pthread_mutex_unlock(&share->lock);
	return full;
}

void s5_share_fini(struct s5_share *share)
{
	pthread_mutex_destroy(&share->lock);
}

void s5_shaper_init(struct s5_shaper *s, uint64_t rate, struct s5_share *share, int64_t now)
{
	*s = (struct s5_shaper){ .share = share };
	s5_bucket_init(&s->way[0].own, rate, now);
	s5_bucket_init(&s->way[1].own, rate, now);
}

static void leave_queue(struct s5_shaper_way *w)
{
	if (w->queued)
		LIST_REMOVE(w, link);
	w->queued = false;
}

static void join_queue(struct s5_share_way *share, struct s5_shaper_way *w, int64_t due)
{
	LIST_INSERT_HEAD(&share->waiting, w, link);
	w->queued = true;
	w->due = due;
}

void s5_shaper_fini(struct s5_shaper *s)
{
	if (!s->share)
		return;
	pthread_mutex_lock(&s->share->lock);
	leave_queue(&s->way[0]);
	leave_queue(&s->way[1]);
	pthread_mutex_unlock(&s->share->lock);
}

/* Of all that wait nobody has had less. Who paused has no claim to what he left. */
static bool is_next(const struct s5_share_way *share, struct s5_shaper_way *w, int64_t now)
{
	const struct s5_shaper_way *other;

	if (w->had < share->had && !w->queued)
		w->had = share->had;
	LIST_FOREACH(other, &share->waiting, link)
	if (other->had < w->had && now - other->due < LATE_MS)
		return false;
	return true;
}

static uint64_t ask_share(struct s5_shaper *s, unsigned way, int64_t now, int64_t *wait)
{
	struct s5_share_way *share = &s->share->way[way];
	struct s5_shaper_way *w = &s->way[way];
	uint64_t n = 0;

	pthread_mutex_lock(&s->share->lock);
	*wait = TURN_MS;
	if (is_next(share, w, now)) {
		n = s5_bucket_level(&share->bucket, now);
		*wait = s5_bucket_wait(&share->bucket);
	}
	leave_queue(w);
	if (!n)
		join_queue(share, w, now + *wait);
	pthread_mutex_unlock(&s->share->lock);
	return n;
}

uint64_t s5_shaper_ask(struct s5_shaper *s, unsigned way, int64_t now)
{
	struct s5_shaper_way *w = &s->way[way];
	int64_t wait = 0;
	uint64_t n, shared;

	if (now < w->until)
		return 0;
	n = s5_bucket_level(&w->own, now);
	if (!n)
		wait = s5_bucket_wait(&w->own);
	if (n && s->share) {
		shared = ask_share(s, way, now, &wait);
		n = shared < n ? shared : n;
	}
	w->until = n ? 0 : now + wait;
	return n;
}

static void take_share(struct s5_share_way *share, struct s5_shaper_way *w, uint64_t n)
{
	s5_bucket_take(&share->bucket, n);
	if (n && w->had > share->had)
		share->had = w->had;
	w->had += n;
}

void s5_shaper_take(struct s5_shaper *s, unsigned way, uint64_t n)
{
	s5_bucket_take(&s->way[way].own, n);
	if (!s->share)
		return;
	pthread_mutex_lock(&s->share->lock);
	take_share(&s->share->way[way], &s->way[way], n);
	pthread_mutex_unlock(&s->share->lock);
}

bool s5_shaper_pass(struct s5_shaper *s, unsigned way, uint64_t n, int64_t now)
{
	struct s5_shaper_way *w = &s->way[way];
	bool passes = s5_bucket_level(&w->own, now) > 0;

	if (passes && s->share) {
		struct s5_share_way *share = &s->share->way[way];

		pthread_mutex_lock(&s->share->lock);
		passes = is_next(share, w, now) && s5_bucket_level(&share->bucket, now) > 0;
		leave_queue(w);
		if (passes)
			take_share(share, w, n);
		else
			join_queue(share, w, now + TURN_MS - LATE_MS); /* perhaps it was the last */
		pthread_mutex_unlock(&s->share->lock);
	}
	if (passes)
		s5_bucket_take(&w->own, n);
	return passes;
}

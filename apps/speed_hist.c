#include "speed_hist.h"

#include <string.h>

#include "speed_text.h"

#define ROWS 10 /* of a drawing, at most: a screen holds them with all that is told */

/* Below two octaves' worth each value has a bucket; from there on the upper bits say which. */
static size_t bucket_of(uint64_t ns)
{
	int top = 63 - __builtin_clzll(ns | 1), shift = top > 5 ? top - 5 : 0;
	size_t at = (size_t)shift * SPEED_HIST_OCTAVE + (size_t)(ns >> shift);

	return at < SPEED_HIST_BUCKETS ? at : SPEED_HIST_BUCKETS - 1;
}

static uint64_t low_of(size_t bucket)
{
	size_t shift = bucket < 2 * SPEED_HIST_OCTAVE ? 0 : bucket / SPEED_HIST_OCTAVE - 1;

	return (uint64_t)(bucket - shift * SPEED_HIST_OCTAVE) << shift;
}

void speed_hist_add(struct speed_hist *h, uint64_t ns)
{
	h->least = !h->count || ns < h->least ? ns : h->least;
	h->most = ns > h->most ? ns : h->most;
	h->count++;
	h->sum += ns;
	h->buckets[bucket_of(ns)]++;
}

/* The bucket that has the value so many, counted from 1, in order. */
static size_t bucket_at(const struct speed_hist *h, double share)
{
	double rank = share * (double)h->count;
	uint64_t seen = 0;
	size_t i;

	for (i = 0; i < SPEED_HIST_BUCKETS - 1; i++) {
		seen += h->buckets[i];
		if (seen && (double)seen >= rank)
			break;
	}
	return i;
}

uint64_t speed_hist_at(const struct speed_hist *h, double share)
{
	size_t bucket;
	uint64_t middle;

	if (!h->count)
		return 0;
	if (share >= 1)
		return h->most;
	bucket = bucket_at(h, share);
	middle = low_of(bucket) + (low_of(bucket + 1) - low_of(bucket)) / 2;
	if (middle > h->most || bucket == SPEED_HIST_BUCKETS - 1)
		return h->most;
	return middle < h->least ? h->least : middle;
}

const struct speed_percentile speed_percentiles[] = {
	{ "p50", "p50", 0.5 },	    { "p90", "p90", 0.9 }, { "p99", "p99", 0.99 },
	{ "p99.9", "p999", 0.999 }, { "max", "max", 1 },   { NULL, NULL, 0 },
};

/* drawing */

size_t speed_hist_rows(const struct speed_hist *h, struct speed_hist_row *rows, size_t room)
{
	size_t first = bucket_at(h, 0.001), last = bucket_at(h, 0.999), width = 2, n;

	if (!h->count)
		return 0;
	while (last / width - first / width + 1 > room)
		width *= 2;
	n = last / width - first / width + 1;
	for (size_t i = 0; i < n; i++) {
		size_t from = (first / width + i) * width;

		rows[i] = (struct speed_hist_row){ .low = low_of(from),
						   .high = low_of(from + width) };
	}
	for (size_t b = 0; b < SPEED_HIST_BUCKETS; b++) {
		size_t at = b / width < first / width ? 0 : b / width - first / width;

		rows[at < n ? at : n - 1].count += h->buckets[b];
	}
	return n;
}

static void draw_row(FILE *to, const struct speed_hist_row *row, uint64_t all, uint64_t most,
		     int room)
{
	char low[16], high[16], bar[128];
	int len = (int)((double)row->count / (double)most * room + 0.5);

	len = len < (int)sizeof(bar) - 1 ? len : (int)sizeof(bar) - 1;
	len = row->count && !len ? 1 : len; /* few are seen, too */
	memset(bar, '#', sizeof(bar));
	fprintf(to, "  %9s - %-9s %5.1f %%%s%.*s\n", speed_time(low, sizeof(low), row->low),
		speed_time(high, sizeof(high), row->high), 100 * (double)row->count / (double)all,
		len ? "  " : "", len, bar);
}

void speed_hist_draw(const struct speed_hist *h, FILE *to, int width)
{
	struct speed_hist_row rows[ROWS];
	size_t n = speed_hist_rows(h, rows, ROWS);
	uint64_t most = 1;

	for (size_t i = 0; i < n; i++)
		most = rows[i].count > most ? rows[i].count : most;
	for (size_t i = 0; i < n; i++)
		draw_row(to, &rows[i], h->count, most, width - 34);
}

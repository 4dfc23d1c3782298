/*
 * How long things took, in nanoseconds: a histogram of fixed memory whose buckets are 3 % wide, from
 * which percentiles are told, and which can be drawn. Pure. Zeroed it is empty.
 */
#ifndef APPS_SPEED_HIST_H
#define APPS_SPEED_HIST_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SPEED_HIST_OCTAVE 32 /* buckets from one power of two to the next */
#define SPEED_HIST_TOP 40 /* the last power of two: eighteen minutes; what is above is there too */
#define SPEED_HIST_BUCKETS ((SPEED_HIST_TOP - 3) * SPEED_HIST_OCTAVE)

struct speed_hist {
	uint64_t count, sum;
	uint64_t least, most; /* exact; 0 when empty */
	uint64_t buckets[SPEED_HIST_BUCKETS];
};

void speed_hist_add(struct speed_hist *h, uint64_t ns);

/* The value that `share` of all (0 to 1) do not exceed, to 3 %, within least and most; that of 1 is
 * most; 0 of none. */
uint64_t speed_hist_at(const struct speed_hist *h, double share);

/* Those that are told, up to the highest value. NULL ends them. */
struct speed_percentile {
	const char *name, *key; /* for people, in JSON */
	double share;
};

extern const struct speed_percentile speed_percentiles[];

/* The part of it that a line of a drawing shows. */
struct speed_hist_row {
	uint64_t low, high; /* ns, high not included; the first has all below, the last all above */
	uint64_t count;
};

/* Cuts it into at most `room` rows, of a width that grows with the values. Returns how many. */
size_t speed_hist_rows(const struct speed_hist *h, struct speed_hist_row *rows, size_t room);

/* Draws those in `width` columns, each line indented by two blanks. */
void speed_hist_draw(const struct speed_hist *h, FILE *to, int width);

#endif

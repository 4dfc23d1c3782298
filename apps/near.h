/* The nearest word: which of the known words was probably meant. */
#ifndef APPS_NEAR_H
#define APPS_NEAR_H

/*
 * How many slips of the finger lie between two words: an octet too much, too few, another one, or
 * two neighbours swapped. Words over NEAR_MAX octets are never near: the answer is NEAR_MAX.
 */
#define NEAR_MAX 40

int near_distance(const char *a, const char *b);

/* Start with { .typed = word }, try the known ones, then read best: NULL if none is near. */
struct near {
	const char *typed;
	const char *best;
	const char *also; /* typed is the beginning of both; or NULL */
	int distance;
};

void near_try(struct near *near, const char *known);

#define NEAR_HINT (2 * (NEAR_MAX + 8) + 24)

/* "did you mean --this or --that?", each behind `dashes`, within `before` and `after`; "" if none is near.
 * Returns text. */
const char *near_hint(const struct near *near, const char *before, const char *dashes,
		      const char *after, char text[static NEAR_HINT]);

#endif

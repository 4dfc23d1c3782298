#include "near.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

/* cost[i].at[j] is the distance between the first i octets of a and the first j of b. */
struct cost_row {
	unsigned char at[NEAR_MAX + 1];
};

static unsigned char cost_at(const struct cost_row cost[], const char *a, const char *b, size_t i,
			     size_t j)
{
	int same = a[i - 1] == b[j - 1];
	int best = min_int(cost[i - 1].at[j], cost[i].at[j - 1]) + 1;

	best = min_int(best, cost[i - 1].at[j - 1] + !same);
	if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
		best = min_int(best, cost[i - 2].at[j - 2] + 1);
	return (unsigned char)best;
}

int near_distance(const char *a, const char *b)
{
	struct cost_row cost[NEAR_MAX + 1];
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > NEAR_MAX || b_len > NEAR_MAX)
		return NEAR_MAX;
	for (size_t i = 0; i <= a_len; i++)
		cost[i].at[0] = (unsigned char)i;
	for (size_t j = 0; j <= b_len; j++)
		cost[0].at[j] = (unsigned char)j;
	for (size_t i = 1; i <= a_len; i++) {
		for (size_t j = 1; j <= b_len; j++)
			cost[i].at[j] = cost_at(cost, a, b, i, j);
	}
	return cost[a_len].at[b_len];
}

/* One slip in a short word, three in a long one; and a word that was not typed to its end. */
void near_try(struct near *near, const char *known)
{
	size_t len = strlen(near->typed);
	int allowed = len < 3 ? 0 : len < 6 ? 1 : len < 9 ? 2 : 3;
	bool is_part = len >= 3 && strncmp(near->typed, known, len) == 0;
	int distance = is_part ? 0 : near_distance(near->typed, known);

	if (is_part && near->best && near->distance == 0 && !near->also)
		near->also = known;
	if (distance > allowed || (near->best && distance >= near->distance))
		return;
	near->best = known;
	near->distance = distance;
}

const char *near_hint(const struct near *near, const char *before, const char *dashes,
		      const char *after, char text[static NEAR_HINT])
{
	if (!near->best)
		text[0] = '\0';
	else if (near->also)
		snprintf(text, NEAR_HINT, "%sdid you mean %s%s or %s%s?%s", before, dashes,
			 near->best, dashes, near->also, after);
	else
		snprintf(text, NEAR_HINT, "%sdid you mean %s%s?%s", before, dashes, near->best,
			 after);
	return text;
}

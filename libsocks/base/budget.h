/* How much memory several holders may hold together, in octets. Its owner sets the limit, may
 * change it at any time, and keeps it as long as any holder. Not atomic: one thread, its loop's.
 */
#ifndef S5_BASE_BUDGET_H
#define S5_BASE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

struct s5_budget {
	size_t used, limit;
};

/* False, and nothing is taken, where n octets more would go beyond the limit. */
static inline bool s5_budget_take(struct s5_budget *b, size_t n)
{
	if (b->used > b->limit || n > b->limit - b->used)
		return false;
	b->used += n;
	return true;
}

/* Gives back what was taken. */
static inline void s5_budget_give(struct s5_budget *b, size_t n)
{
	b->used -= n;
}

#endif

/* A budget of which one source has at most its share: whoever takes all that he may leaves room for
 * others. Not atomic: one thread, its loop's.
 */
#ifndef S5_BASE_SHARES_H
#define S5_BASE_SHARES_H

#include "base/budget.h"
#include "base/crowd.h"

#define S5_SHARES 4 /* a source has at most one in four of the octets */

struct s5_shares {
	struct s5_budget all;
	struct s5_crowd each;
};

static inline void s5_shares_init(struct s5_shares *s, size_t limit, const struct s5_hash_key *key)
{
	s->all = (struct s5_budget){ .limit = limit };
	s5_crowd_init(&s->each, key);
}

static inline void s5_shares_fini(struct s5_shares *s)
{
	s5_crowd_fini(&s->each);
}

/* False, and nothing is taken: the source (0: nobody's), or all together, would have too much. */
static inline bool s5_shares_take(struct s5_shares *s, uint64_t source, size_t n)
{
	if (!s5_budget_take(&s->all, n))
		return false;
	if (s5_crowd_enter(&s->each, source, n, s->all.limit / S5_SHARES))
		return true;
	s5_budget_give(&s->all, n);
	return false;
}

/* Gives back what was taken. */
static inline void s5_shares_give(struct s5_shares *s, uint64_t source, size_t n)
{
	s5_crowd_leave(&s->each, source, n);
	s5_budget_give(&s->all, n);
}

#endif

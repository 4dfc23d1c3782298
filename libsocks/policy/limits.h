/* How long an answer to wrong credentials is held back: longer with each failure of one source. After
 * S5_PENALTY_MOST of them none of it are looked at for a while.
 *
 * A source is an IPv4 address or an IPv6 /64. The table has a fixed size and allocates nothing;
 * a new source takes the place of the one that has been quiet longest. Each quiet minute halves
 * what a source has gathered. A client on a Unix socket (atyp 0) never waits.
 *
 * The caller owns the struct; there is nothing to release. Not locked: one thread at a time.
 */
#ifndef S5_POLICY_LIMITS_H
#define S5_POLICY_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

#define S5_PENALTY_SLOTS 1024
#define S5_PENALTY_MAX 3000 /* ms */
#define S5_PENALTY_QUIET 60000 /* ms without a failure that halve the count */
#define S5_PENALTY_MOST 10 /* failures */
#define S5_PENALTY_REFUSED 60000 /* ms */
#define S5_HUSH_QUIET 10000 /* ms */

struct s5_penalty {
	int64_t last; /* ms, the caller's clock: when it failed last */
	int64_t until; /* it is refused until then; 0: it was not */
	uint64_t source; /* s5_addr_source; 0: a free slot */
	uint8_t failures;
};

struct s5_penalties {
	struct s5_penalty slots[S5_PENALTY_SLOTS];
};

void s5_penalties_init(struct s5_penalties *p);
/* Are credentials from there not to be looked at? What comes meanwhile is no failure. */
bool s5_penalty_refuses(const struct s5_penalties *p, const struct s5_addr *from, int64_t now_ms);
/* Records that credentials from `from` were wrong; returns how many ms the answer is to wait. */
int64_t s5_penalty_add(struct s5_penalties *p, const struct s5_addr *from, int64_t now_ms);
/* What the source owes as things stand, 0 for one that is not known. */
int64_t s5_penalty_get(const struct s5_penalties *p, const struct s5_addr *from, int64_t now_ms);

/* What may happen all the time is told at once, and then at most every S5_HUSH_QUIET. Starts
 * zeroed. Not locked either. */
struct s5_hush {
	int64_t until; /* ms; 0: it never happened */
	unsigned count;
};

/* It happened. 0: say nothing; else tell it now: how often it happened since that was done. */
unsigned s5_hush_add(struct s5_hush *hush, int64_t now_ms);

#endif

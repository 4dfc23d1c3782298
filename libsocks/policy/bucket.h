/* A token bucket: how many octets may pass. It fills at its rate, and holds a quarter of a second's.
 *
 * What passes may be more than is in it: then it owes, and nothing passes until that is paid. So
 * the rate holds over time, whatever the size of what passes at once.
 *
 * Times are the caller's clock in ms. The caller owns the struct. Not locked. Pure.
 */
#ifndef S5_POLICY_BUCKET_H
#define S5_POLICY_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#define S5_BUCKET_RATE_MAX (UINT64_C(1) << 40) /* octets a second */

struct s5_bucket {
	uint64_t rate; /* octets a second, at most S5_BUCKET_RATE_MAX; 0: no limit */
	int64_t level; /* thousandths of an octet; below 0: owed */
	int64_t at; /* when it was filled last */
};

/* A full one. */
void s5_bucket_init(struct s5_bucket *b, uint64_t rate, int64_t now);
/* Another rate from now on; what is in it, or owed, stays. */
void s5_bucket_set_rate(struct s5_bucket *b, uint64_t rate, int64_t now);
/* How many octets may pass now; 0: none. */
uint64_t s5_bucket_level(struct s5_bucket *b, int64_t now);
/* Nothing of what passed can be told any more. */
bool s5_bucket_is_full(struct s5_bucket *b, int64_t now);
/* n octets passed. */
void s5_bucket_take(struct s5_bucket *b, uint64_t n);
/* In how many ms it is worth asking again: never 0, and at most a second. */
int64_t s5_bucket_wait(const struct s5_bucket *b);

#endif

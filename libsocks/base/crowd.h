/* How many each of many has of something: sessions of one source. A table that grows with what is in
 * it and shrinks never; who chooses the numbers cannot choose their places.
 *
 * The owner zeroes it and sets the key, which nobody else knows. Not locked: one thread at a time.
 */
#ifndef S5_POLICY_CROWD_H
#define S5_POLICY_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

struct s5_crowd_place;

struct s5_crowd {
	struct s5_hash_key key;
	struct s5_crowd_place *places;
	size_t room, used; /* a power of two; how many of them are taken */
};

void s5_crowd_fini(struct s5_crowd *c);
/* One more of `who`, unless it has `most` (0: any number). False: it has, or there is no memory. 0 is
 * nobody, who may have any number and is not counted. */
bool s5_crowd_enter(struct s5_crowd *c, uint64_t who, unsigned most);
/* One less; only after it entered. */
void s5_crowd_leave(struct s5_crowd *c, uint64_t who);
unsigned s5_crowd_count(const struct s5_crowd *c, uint64_t who);

#endif

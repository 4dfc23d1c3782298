/* How much each of many has of something: sessions of one source, or octets. A table that grows with
 * what is in it and shrinks never; who chooses the numbers cannot choose their places.
 *
 * Not locked: one thread at a time.
 */
#ifndef S5_BASE_CROWD_H
#define S5_BASE_CROWD_H

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

/* The key, which is copied, is known to nobody who chooses the numbers. */
void s5_crowd_init(struct s5_crowd *c, const struct s5_hash_key *key);
void s5_crowd_fini(struct s5_crowd *c);
/* n more for `who`, at least 1, unless that were beyond `most` (0: any number). False: it would be,
 * or there is no memory. 0 is nobody, who may have any number and is not counted. */
bool s5_crowd_enter(struct s5_crowd *c, uint64_t who, size_t n, size_t most);
/* n less, of those that entered. */
void s5_crowd_leave(struct s5_crowd *c, uint64_t who, size_t n);
size_t s5_crowd_count(const struct s5_crowd *c, uint64_t who);

#endif

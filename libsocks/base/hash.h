/* SipHash-2-4: a keyed hash of octets. Who does not know the key cannot tell which octets go to
 * the same place of a table, nor choose any that do. Pure. */
#ifndef S5_BASE_HASH_H
#define S5_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct s5_hash_key {
	uint64_t k[2];
};

uint64_t s5_hash(const struct s5_hash_key *key, const void *octets, size_t n);

#endif

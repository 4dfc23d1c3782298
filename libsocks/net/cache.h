/* Answers of name servers, kept for their time. Its size is fixed: a new answer takes the place of
 * an older one. Names are in small letters. One thread at a time. */
#ifndef S5_NET_CACHE_H
#define S5_NET_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#define S5_LOOKUP_MAX 12 /* addresses kept of one answer */
#define S5_CACHE_SLOTS 512

struct s5_answer {
	uint8_t n;
	uint8_t ip[S5_LOOKUP_MAX][16]; /* 4 octets used with ATYP IPv4 */
};

struct s5_cached;

/* Zeroed to begin with. */
struct s5_cache {
	struct s5_cached *slots[S5_CACHE_SLOTS];
};

void s5_cache_fini(struct s5_cache *cache);
/* hash: of the name and the family. NULL: not there, or no longer. Good until the next put. */
const struct s5_answer *s5_cache_get(const struct s5_cache *cache, uint64_t hash, const char *name,
				     uint8_t atyp, int64_t now);
void s5_cache_put(struct s5_cache *cache, uint64_t hash, const char *name, uint8_t atyp,
		  const struct s5_answer *answer, int64_t expires);

#endif

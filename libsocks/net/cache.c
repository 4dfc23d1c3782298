#include "net/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"

struct s5_cached {
	int64_t expires;
	uint8_t atyp;
	char name[S5_NAME_MAX + 1];
	struct s5_answer answer;
};

void s5_cache_fini(struct s5_cache *cache)
{
	for (size_t i = 0; i < S5_CACHE_SLOTS; i++)
		free(cache->slots[i]);
}

const struct s5_answer *s5_cache_get(const struct s5_cache *cache, uint64_t hash, const char *name,
				     uint8_t atyp, int64_t now)
{
	const struct s5_cached *c = cache->slots[hash % S5_CACHE_SLOTS];

	if (!c || c->expires <= now || c->atyp != atyp || strcmp(c->name, name) != 0)
		return NULL;
	return &c->answer;
}

void s5_cache_put(struct s5_cache *cache, uint64_t hash, const char *name, uint8_t atyp,
		  const struct s5_answer *answer, int64_t expires)
{
	struct s5_cached **slot = &cache->slots[hash % S5_CACHE_SLOTS];

	if (!*slot)
		*slot = malloc(sizeof **slot);
	if (!*slot)
		return;
	(*slot)->atyp = atyp;
	(*slot)->answer = *answer;
	(*slot)->expires = expires;
	strcpy((*slot)->name, name);
}

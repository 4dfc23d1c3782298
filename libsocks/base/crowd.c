#include "base/crowd.h"

#include <stdlib.h>

#define ROOM_FIRST 16

struct s5_crowd_place {
	uint64_t who; /* 0: free */
	size_t count;
};

void s5_crowd_init(struct s5_crowd *c, const struct s5_hash_key *key)
{
	*c = (struct s5_crowd){ .key = *key };
}

void s5_crowd_fini(struct s5_crowd *c)
{
	free(c->places);
	c->places = NULL;
	c->room = c->used = 0;
}

static size_t home_of(const struct s5_crowd *c, uint64_t who)
{
	return (size_t)s5_hash(&c->key, &who, sizeof who) & (c->room - 1);
}

/* Its place, or the free one where it would be. */
static struct s5_crowd_place *find(const struct s5_crowd *c, uint64_t who)
{
	size_t i = home_of(c, who);

	while (c->places[i].who && c->places[i].who != who)
		i = (i + 1) & (c->room - 1);
	return &c->places[i];
}

/* At most half of it is taken. */
static bool make_room(struct s5_crowd *c)
{
	struct s5_crowd old = *c;

	if (c->used < c->room / 2)
		return true;
	c->room = c->room ? c->room * 2 : ROOM_FIRST;
	c->places = calloc(c->room, sizeof *c->places);
	if (!c->places) {
		*c = old;
		return false;
	}
	for (size_t i = 0; i < old.room; i++)
		if (old.places[i].who)
			*find(c, old.places[i].who) = old.places[i];
	free(old.places);
	return true;
}

bool s5_crowd_enter(struct s5_crowd *c, uint64_t who, size_t n, size_t most)
{
	struct s5_crowd_place *place;

	if (!who)
		return true;
	if (!make_room(c))
		return false;
	place = find(c, who);
	if (most && (place->count > most || n > most - place->count))
		return false;
	c->used += !place->who;
	place->who = who;
	place->count += n;
	return true;
}

/* Those that follow move up, so that none is cut off from its home. */
static void free_place(struct s5_crowd *c, size_t i)
{
	for (size_t k = (i + 1) & (c->room - 1); c->places[k].who; k = (k + 1) & (c->room - 1)) {
		size_t home = home_of(c, c->places[k].who);

		if (((k - home) & (c->room - 1)) < ((k - i) & (c->room - 1)))
			continue;
		c->places[i] = c->places[k];
		i = k;
	}
	c->places[i] = (struct s5_crowd_place){ .who = 0 };
	c->used--;
}

void s5_crowd_leave(struct s5_crowd *c, uint64_t who, size_t n)
{
	struct s5_crowd_place *place = who && c->room ? find(c, who) : NULL;

	if (!place || !place->who)
		return;
	place->count -= n < place->count ? n : place->count;
	if (place->count == 0)
		free_place(c, (size_t)(place - c->places));
}

size_t s5_crowd_count(const struct s5_crowd *c, uint64_t who)
{
	return who && c->room ? find(c, who)->count : 0;
}

#include "policy/index.h"

#include <stdlib.h>
#include <string.h>

#define NOWHERE UINT32_MAX
#define SPREAD_MAX 256 /* places of one rule whose lists are long */
#define LABELS_MAX (S5_NAME_MAX + 1)

enum kind {
	KIND_WHEREVER, /* no destination, or one that has no octets to look under */
	KIND_NAME,
	KIND_SUFFIX,
	KIND_BLOCK,
	KIND_UNSURE, /* it may depend on the address; for questions without one */
	KIND_PROFILE, /* the first of those that say the same there; never looked for by a question */
};

struct s5_index_shape {
	uint8_t from, from_bits; /* from: enum s5_atyp, 0: from anywhere */
	uint8_t user;
	uint8_t kind, to, to_bits; /* to: enum s5_atyp of a block */
};

struct s5_index_place {
	uint64_t key; /* 0: free */
	uint32_t first, last; /* posts */
};

struct s5_index_post {
	uint32_t rule, next;
};

/* A shape, and what stands for the octets under it. */
struct spot {
	struct s5_index_shape shape;
	uint64_t from, user, to;
};

void s5_index_init(struct s5_index *x)
{
	*x = (struct s5_index){ .nshapes = 0 };
}

void s5_index_fini(struct s5_index *x)
{
	free(x->shapes);
	free(x->places);
	free(x->posts);
	s5_index_init(x);
}

/* What octets come to: FNV-1a. Those who could make them collide write the rules themselves. */

#define FNV_BASIS 0xcbf29ce484222325ULL
#define FNV_PRIME 0x100000001b3ULL

static uint64_t fold(uint64_t hash, const void *octets, size_t n)
{
	const uint8_t *at = octets;

	while (n--)
		hash = (hash ^ *at++) * FNV_PRIME;
	return hash;
}

static uint64_t fold_number(uint64_t hash, uint64_t number)
{
	hash = (hash ^ number) * FNV_PRIME;
	return hash ^ hash >> 32;
}

static uint64_t hash_user(struct s5_view user)
{
	return fold(FNV_BASIS, user.at, user.len);
}

/* From the end, so that every suffix is passed on the way. Returns how many there are; the last is
 * the whole name. */
static size_t hash_labels(struct s5_view name, uint64_t hashes[static LABELS_MAX])
{
	uint64_t hash = FNV_BASIS;
	size_t n = 0;

	for (size_t i = name.len; i-- > 0;) {
		char c = name.at[i];

		hash = (hash ^ (uint8_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c)) * FNV_PRIME;
		if (i == 0 || name.at[i - 1] == '.')
			hashes[n++] = hash;
	}
	return n;
}

static uint64_t hash_name(struct s5_view name)
{
	uint64_t hashes[LABELS_MAX];
	size_t n = hash_labels(name, hashes);

	return n ? hashes[n - 1] : FNV_BASIS;
}

static uint64_t hash_block(const struct s5_addr *a, unsigned bits)
{
	uint64_t hash = fold(FNV_BASIS, a->octets, bits / 8);

	return bits % 8 ? fold_number(hash, a->octets[bits / 8] & 0xff00u >> bits % 8) : hash;
}

/* A shape is six octets, which are its number. */
static uint64_t spot_key(const struct spot *s)
{
	uint64_t key = fold(FNV_BASIS, &s->shape, sizeof s->shape);

	key = fold_number(key, s->from);
	key = fold_number(key, s->user);
	key = fold_number(key, s->to);
	return key ? key : 1;
}

/* places */

/* Where the key is, or the free place where it would go. The table is never full. */
static struct s5_index_place *place_of(const struct s5_index *x, uint64_t key)
{
	size_t i = (size_t)key & (x->nplaces - 1);

	while (x->places[i].key && x->places[i].key != key)
		i = (i + 1) & (x->nplaces - 1);
	return &x->places[i];
}

static uint32_t first_at(const struct s5_index *x, const struct spot *s)
{
	const struct s5_index_place *place = x->nplaces ? place_of(x, spot_key(s)) : NULL;

	return place && place->key ? place->first : NOWHERE;
}

static bool make_room(struct s5_index *x)
{
	struct s5_index wider = { .nplaces = x->nplaces ? x->nplaces * 2 : 16 };

	if (x->nused * 2 < x->nplaces)
		return true;
	wider.places = calloc(wider.nplaces, sizeof *wider.places);
	if (!wider.places)
		return false;
	for (size_t i = 0; i < x->nplaces; i++)
		if (x->places[i].key)
			*place_of(&wider, x->places[i].key) = x->places[i];
	free(x->places);
	x->places = wider.places;
	x->nplaces = wider.nplaces;
	return true;
}

/* Room for one more row, by doubling. */
static bool grow(void **rows, size_t n, size_t size)
{
	void *more;

	if (n & (n - 1))
		return true;
	more = reallocarray(*rows, n ? n * 2 : 1, size);
	if (more)
		*rows = more;
	return more;
}

static bool note_shape(struct s5_index *x, struct s5_index_shape shape)
{
	void *rows = x->shapes;

	for (size_t i = 0; i < x->nshapes; i++)
		if (memcmp(&x->shapes[i], &shape, sizeof shape) == 0)
			return true;
	if (!grow(&rows, x->nshapes, sizeof shape))
		return false;
	x->shapes = rows;
	x->shapes[x->nshapes++] = shape;
	return true;
}

static bool post(struct s5_index *x, const struct spot *s, uint32_t rule)
{
	struct s5_index_place *place;
	void *rows = x->posts;

	if (!note_shape(x, s->shape) || !make_room(x) || !grow(&rows, x->nposts, sizeof *x->posts))
		return false;
	x->posts = rows;
	place = place_of(x, spot_key(s));
	if (place->key) {
		x->posts[place->last].next = (uint32_t)x->nposts;
	} else {
		place->key = spot_key(s);
		place->first = (uint32_t)x->nposts;
		x->nused++;
	}
	place->last = (uint32_t)x->nposts;
	x->posts[x->nposts++] = (struct s5_index_post){ rule, NOWHERE };
	return true;
}

/* where a rule stands */

static void spot_from(struct spot *s, const struct s5_cidr *block)
{
	s->shape.from = block->base.atyp;
	s->shape.from_bits = block->bits;
	s->from = hash_block(&block->base, block->bits);
}

static void spot_user(struct spot *s, struct s5_view user)
{
	s->shape.user = 1;
	s->user = hash_user(user);
}

static void spot_to(struct spot *s, const struct s5_to *to)
{
	switch (to->kind) {
	case S5_TO_SET:
		return;
	case S5_TO_NAME:
	case S5_TO_SUFFIX:
		s->shape.kind = to->kind == S5_TO_NAME ? KIND_NAME : KIND_SUFFIX;
		s->to = hash_name(to->name);
		return;
	case S5_TO_BLOCK:
		s->shape.kind = KIND_BLOCK;
		s->shape.to = to->block.base.atyp;
		s->shape.to_bits = to->block.bits;
		s->to = hash_block(&to->block.base, to->block.bits);
		return;
	}
}

/* Which lists of a rule it stands under. One that is left out is empty. */
struct spread {
	const struct s5_cidr *from;
	const struct s5_view *users;
	const struct s5_to *to;
	size_t nfrom, nusers, nto;
};

static size_t at_least_one(size_t n)
{
	return n ? n : 1;
}

static size_t breadth(const struct spread *s)
{
	size_t n;

	if (__builtin_mul_overflow(at_least_one(s->nfrom), at_least_one(s->nusers), &n) ||
	    __builtin_mul_overflow(n, at_least_one(s->nto), &n))
		return SIZE_MAX;
	return n;
}

/* The shortest of lists that are long together tells least. */
static struct spread spread_of(const struct s5_rule *rule)
{
	struct spread s = { rule->from.rows, rule->users.rows, rule->to.rows,
			    rule->from.n,    rule->users.n,    rule->to.n };
	size_t *lists[] = { &s.nfrom, &s.nusers, &s.nto }, *shortest;

	while (breadth(&s) > SPREAD_MAX) {
		shortest = NULL;
		for (unsigned i = 0; i < 3; i++)
			if (*lists[i] > 1 && (!shortest || *lists[i] < *shortest))
				shortest = lists[i];
		if (*shortest == breadth(&s))
			break; /* the only one */
		*shortest = 0;
	}
	return s;
}

/* The nth spot of a rule; kind UNSURE: of those without a destination. */
static struct spot spot_of(const struct spread *s, size_t n, enum kind kind)
{
	struct spot spot = { .shape = { .kind = (uint8_t)kind } };

	if (s->nfrom)
		spot_from(&spot, &s->from[n % s->nfrom]);
	n /= at_least_one(s->nfrom);
	if (s->nusers)
		spot_user(&spot, s->users[n % s->nusers]);
	n /= at_least_one(s->nusers);
	if (s->nto && kind != KIND_UNSURE)
		spot_to(&spot, &s->to[n]);
	return spot;
}

/* what a rule says where no address is known */

static bool needs_address(const struct s5_to *to)
{
	return to->kind == S5_TO_BLOCK || (to->kind == S5_TO_SET && to->set != S5_SET_ANY);
}

static bool may_be_unsure(const struct s5_rule *rule)
{
	const struct s5_to *to = rule->to.rows;

	for (size_t i = 0; i < rule->to.n; i++)
		if (needs_address(&to[i]) || to[i].ports.n)
			return true;
	return false;
}

static uint64_t hash_rows(uint64_t hash, const struct s5_list *list, size_t size)
{
	return fold(fold_number(hash, list->n), list->rows, list->n * size);
}

static struct spot profile_spot(const struct s5_rule *rule)
{
	struct spot s = { .shape = { .kind = KIND_PROFILE }, .to = FNV_BASIS };
	const struct s5_view *users = rule->users.rows;
	const struct s5_to *to = rule->to.rows;

	s.from = hash_rows(FNV_BASIS, &rule->from, sizeof(struct s5_cidr));
	for (size_t i = 0; i < rule->users.n; i++)
		s.user = fold_number(s.user, hash_user(users[i]));
	for (size_t i = 0; i < rule->to.n; i++)
		s.to = hash_rows(fold_number(s.to, needs_address(&to[i])), &to[i].ports,
				 sizeof(struct s5_ports));
	s.to = fold_number(s.to, (uint64_t)rule->commands << 1 | rule->allow);
	return s;
}

/* An earlier rule with this profile fits whatever this one would fit there. (Should two of them
 * ever meet in all 64 bits, a question is answered with allow for undecided: each address is
 * asked about all the same.) */
static bool add_unsure(struct s5_index *x, const struct s5_rule *rows, uint32_t i)
{
	struct spread s = spread_of(&rows[i]);
	struct spot profile = profile_spot(&rows[i]);

	if (first_at(x, &profile) != NOWHERE)
		return true;
	s.nto = 0;
	for (size_t n = 0; n < breadth(&s); n++) {
		struct spot spot = spot_of(&s, n, KIND_UNSURE);

		if (!post(x, &spot, i))
			return false;
	}
	return post(x, &profile, i);
}

bool s5_index_add(struct s5_index *x, const struct s5_rule *rows, uint32_t i)
{
	struct spread s = spread_of(&rows[i]);

	for (size_t n = 0; n < breadth(&s); n++) {
		struct spot spot = spot_of(&s, n, KIND_WHEREVER);

		if (!post(x, &spot, i))
			return false;
	}
	return !may_be_unsure(&rows[i]) || add_unsure(x, rows, i);
}

/* looking */

struct search {
	const struct s5_index *index;
	const struct s5_index_query *query;
	s5_index_see *see;
	void *arg;
	uint64_t user;
	size_t nlabels;
	uint64_t labels[LABELS_MAX];
};

static void look(const struct search *s, struct spot spot, uint64_t to)
{
	uint32_t at;

	spot.to = to;
	for (at = first_at(s->index, &spot); at != NOWHERE; at = s->index->posts[at].next)
		if (!s->see(s->arg, s->index->posts[at].rule))
			return;
}

static void look_block(const struct search *s, struct spot spot, const struct s5_addr *a)
{
	if (a && a->atyp == spot.shape.to)
		look(s, spot, hash_block(a, spot.shape.to_bits));
}

static void look_kind(const struct search *s, struct spot spot)
{
	switch ((enum kind)spot.shape.kind) {
	case KIND_WHEREVER:
		look(s, spot, 0);
		break;
	case KIND_NAME:
		if (s->nlabels)
			look(s, spot, s->labels[s->nlabels - 1]);
		break;
	case KIND_SUFFIX:
		for (size_t i = 0; i < s->nlabels; i++)
			look(s, spot, s->labels[i]);
		break;
	case KIND_BLOCK:
		look_block(s, spot, s->query->address);
		look_block(s, spot, s->query->carried);
		break;
	case KIND_UNSURE:
		if (!s->query->address->atyp)
			look(s, spot, 0);
		break;
	case KIND_PROFILE:
		break;
	}
}

void s5_index_find(const struct s5_index *x, const struct s5_index_query *q, s5_index_see *see,
		   void *arg)
{
	struct search s; /* its labels need no zeros */

	s.index = x;
	s.query = q;
	s.see = see;
	s.arg = arg;
	s.user = q->user.at ? hash_user(q->user) : 0;
	s.nlabels = hash_labels(q->name, s.labels);
	for (size_t i = 0; i < x->nshapes; i++) {
		struct spot spot = { .shape = x->shapes[i] };

		if (spot.shape.user && !q->user.at)
			continue;
		spot.user = spot.shape.user ? s.user : 0;
		if (spot.shape.from && spot.shape.from != q->from->atyp)
			continue;
		if (spot.shape.from)
			spot.from = hash_block(q->from, spot.shape.from_bits);
		look_kind(&s, spot);
	}
}

/* Finds the few rules of thousands that a question may fit, so that only those are looked at.
 *
 * A rule stands under what it asks for to the octet: a block of clients, a user, a destination. What
 * of the three it asks for, and how many bits of its blocks count, is its shape. However many rules
 * there are, their shapes are few; a question looks once for each of them under its own octets (for
 * a suffix once for each label). What is found there may still not fit: the rule has the last word.
 *
 * Before an address is known it cannot be looked for. Rules that depend on one stand a second time
 * without their destination; not those that could say nothing there that an earlier one does not.
 *
 * The index owns itself; it holds numbers of rules, not rules. Pure.
 */
#ifndef S5_POLICY_INDEX_H
#define S5_POLICY_INDEX_H

#include "policy/rule.h"

struct s5_index_shape;
struct s5_index_place;
struct s5_index_post;

struct s5_index {
	struct s5_index_shape *shapes;
	struct s5_index_place *places; /* a table of nplaces: 0 or a power of two */
	struct s5_index_post *posts;
	size_t nshapes, nplaces, nused, nposts;
};

/* What a question is looked for by. Everything is borrowed. */
struct s5_index_query {
	const struct s5_addr *from; /* un-mapped; atyp 0: none */
	const struct s5_addr *address; /* un-mapped; atyp 0: not known */
	const struct s5_addr *carried; /* the IPv4 address inside; NULL: none */
	struct s5_view user; /* at NULL: none */
	struct s5_view name; /* empty: none */
};

/* A rule that may fit. False: none behind it in the same place matters any more. */
typedef bool s5_index_see(void *arg, uint32_t rule);

void s5_index_init(struct s5_index *x);
void s5_index_fini(struct s5_index *x);
/* Puts rows[i] in, the last one. False: out of memory; some places may have it all the same. */
bool s5_index_add(struct s5_index *x, const struct s5_rule *rows, uint32_t i);
/* Shows all rules that may fit, perhaps one more than once; those of one place in order. */
void s5_index_find(const struct s5_index *x, const struct s5_index_query *q, s5_index_see *see,
		   void *arg);

#endif

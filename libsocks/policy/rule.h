/* One rule as parsed: between its parser (rule.c) and the match (rules.c).
 *
 * A rule owns its text and its lists; names are views into the text.
 */
#ifndef S5_POLICY_RULE_H
#define S5_POLICY_RULE_H

#include "policy/rules.h"

/* Kinds of addresses, a bit each; an address can be of several. */
enum s5_set {
	S5_SET_ANY = 1,
	S5_SET_LOOPBACK = 2,
	S5_SET_PRIVATE = 4,
	S5_SET_LINK_LOCAL = 8,
	S5_SET_MULTICAST = 16,
	S5_SET_METADATA = 32,
	S5_SET_RESERVED = 64, /* nobody's destination; no rule has a word for it */
};

struct s5_rule_word {
	const char *name; /* NULL ends a table */
	unsigned value;
};

extern const struct s5_rule_word s5_rule_commands[]; /* 1 << enum s5_cmd */
extern const struct s5_rule_word s5_rule_sets[]; /* enum s5_set */

struct s5_view {
	const char *at;
	size_t len;
};

/* A rule takes a handful of rows: each one is a realloc. */
struct s5_list {
	void *rows;
	size_t n;
};

struct s5_ports {
	uint16_t lo, hi;
};

enum s5_to_kind { S5_TO_NAME, S5_TO_SUFFIX, S5_TO_BLOCK, S5_TO_SET };

struct s5_to {
	enum s5_to_kind kind;
	enum s5_set set;
	struct s5_view name; /* no trailing dot; a suffix has no leading dot either */
	struct s5_cidr block; /* never an IPv4-mapped one */
	struct s5_list ports; /* struct s5_ports; none: all */
};

/* A list without rows says nothing. */
struct s5_rule {
	bool allow;
	char *text;
	unsigned commands; /* 1 << enum s5_cmd each; 0: all */
	struct s5_list from; /* struct s5_cidr */
	struct s5_list users; /* struct s5_view */
	struct s5_list to; /* struct s5_to */
};

/* False: err says why; the rule holds nothing. */
bool s5_rule_parse(struct s5_rule *rule, const char *text, struct s5_rules_error *err);
void s5_rule_fini(struct s5_rule *rule);
/* A zeroed row behind the others, good until the next one; NULL: out of memory. */
void *s5_list_add(struct s5_list *list, size_t size);

#endif

#include "policy/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/index.h"
#include "policy/rule.h"

#define IP4(prefix, ...)                                                               \
	{                                                                              \
		.base = { .atyp = S5_ATYP_IPV4, .len = 4, .octets = { __VA_ARGS__ } }, \
		.bits = prefix                                                         \
	}
#define IP6(prefix, ...)                                                                \
	{                                                                               \
		.base = { .atyp = S5_ATYP_IPV6, .len = 16, .octets = { __VA_ARGS__ } }, \
		.bits = prefix                                                          \
	}

/* Every address in one of these is behind the guard. */
static const struct {
	enum s5_set set;
	struct s5_cidr block;
} kinds[] = {
	{ S5_SET_LOOPBACK, IP4(8, 127) },
	{ S5_SET_LOOPBACK, IP6(128, [15] = 1) },
	{ S5_SET_PRIVATE, IP4(8, 10) },
	{ S5_SET_PRIVATE, IP4(12, 172, 16) },
	{ S5_SET_PRIVATE, IP4(16, 192, 168) },
	{ S5_SET_PRIVATE, IP4(10, 100, 64) }, /* RFC 6598: carriers' NAT */
	{ S5_SET_PRIVATE, IP6(7, 0xfc) },
	{ S5_SET_PRIVATE, IP6(10, 0xfe, 0xc0) }, /* RFC 3879: site-local once */
	{ S5_SET_LINK_LOCAL, IP4(16, 169, 254) },
	{ S5_SET_LINK_LOCAL, IP6(10, 0xfe, 0x80) },
	{ S5_SET_MULTICAST, IP4(4, 224) },
	{ S5_SET_MULTICAST, IP6(8, 0xff) },
	/* Where clouds tell a machine its secrets: most of them, containers and pods of AWS,
	 * Scaleway, Alibaba, Oracle, Azure's wire server; and the IPv6 forms. */
	{ S5_SET_METADATA, IP4(32, 169, 254, 169, 254) },
	{ S5_SET_METADATA, IP4(32, 169, 254, 170, 2) },
	{ S5_SET_METADATA, IP4(32, 169, 254, 170, 23) },
	{ S5_SET_METADATA, IP4(32, 169, 254, 42, 42) },
	{ S5_SET_METADATA, IP4(32, 100, 100, 100, 200) },
	{ S5_SET_METADATA, IP4(32, 192, 0, 0, 192) },
	{ S5_SET_METADATA, IP4(32, 168, 63, 129, 16) },
	{ S5_SET_METADATA, IP6(128, 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54) },
	{ S5_SET_METADATA, IP6(128, 0xfd, 0x00, 0x0e, 0xc2, [15] = 0x23) },
	{ S5_SET_METADATA, IP6(128, 0xfd, 0x20, 0x00, 0xce, [14] = 0x02, [15] = 0x54) },
	{ S5_SET_METADATA, IP6(128, 0xfd, 0x00, 0x00, 0x42, [15] = 0x42) },
	{ S5_SET_RESERVED, IP4(8, 0) },
	{ S5_SET_RESERVED, IP4(4, 240) }, /* with the broadcast address */
	{ S5_SET_RESERVED, IP6(96, 0) }, /* :: and IPv4-compatible addresses */
	/* RFC 8215: a site's own NAT64, the IPv4 address anywhere in it. */
	{ S5_SET_RESERVED, IP6(48, 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01) },
};

static const struct s5_cidr nat64 = IP6(96, 0x00, 0x64, 0xff, 0x9b);
static const struct s5_cidr sixtofour = IP6(16, 0x20, 0x02);

/* How well a rule fits what is asked, the better the higher. */
enum fit {
	FIT_NO,
	FIT_UNSURE, /* it depends on the address */
	FIT_LOOSE, /* it matches, but does not name the address */
	FIT_NAMED,
};

/* What is asked, made ready for comparison once. */
struct target {
	const struct s5_query *query;
	struct s5_addr from; /* un-mapped */
	struct s5_view name; /* without its trailing dot; empty: none */
	struct s5_addr address; /* un-mapped; atyp 0: not known */
	struct s5_addr carried; /* the IPv4 address in it, else the same */
	unsigned sets; /* of carried; what carries is in none */
	uint16_t port;
	bool local; /* the client is on this machine */
};

void s5_rules_init(struct s5_rules *r)
{
	*r = (struct s5_rules){ .n = 0 };
}

void s5_rules_fini(struct s5_rules *r)
{
	for (size_t i = 0; i < r->n; i++)
		s5_rule_fini(&r->rows[i]);
	free(r->rows);
	if (r->index)
		s5_index_fini(r->index);
	free(r->index);
	s5_rules_init(r);
}

/* The rule is behind the last one; it counts once the index has it. */
static bool add_to_index(struct s5_rules *r)
{
	if (!r->index) {
		r->index = malloc(sizeof *r->index);
		if (!r->index)
			return false;
		s5_index_init(r->index);
	}
	return s5_index_add(r->index, r->rows, (uint32_t)r->n);
}

bool s5_rules_add(struct s5_rules *r, bool allow, const char *text, struct s5_rules_error *err)
{
	struct s5_list list = { r->rows, r->n };
	struct s5_rule rule, *row;

	if (!s5_rule_parse(&rule, text, err))
		return false;
	rule.allow = allow;
	row = s5_list_add(&list, sizeof *row);
	if (row) {
		r->rows = list.rows;
		*row = rule;
	}
	if (!row || !add_to_index(r)) {
		snprintf(err->text, sizeof err->text, "out of memory");
		s5_rule_fini(&rule);
		return false;
	}
	r->n++;
	r->has_allow |= allow;
	return true;
}

/* NAT64 (RFC 6052) and 6to4 (RFC 3056) addresses lead to the IPv4 address inside them. */
static struct s5_addr carried_by(const struct s5_addr *a)
{
	if (s5_cidr_has(&nat64, a))
		return s5_addr_ip4(a->octets + 12, a->port);
	if (s5_cidr_has(&sixtofour, a))
		return s5_addr_ip4(a->octets + 2, a->port);
	return *a;
}

static unsigned sets_of(const struct s5_addr *a)
{
	unsigned sets = S5_SET_ANY;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (s5_cidr_has(&kinds[i].block, a))
			sets |= kinds[i].set;
	return sets & S5_SET_LOOPBACK ? sets & ~(unsigned)S5_SET_RESERVED : sets; /* ::1 is both */
}

static struct target target_of(const struct s5_query *q)
{
	struct target t = { .query = q, .from = *q->from };

	s5_addr_unmap(&t.from);
	t.local = !t.from.atyp || s5_addr_is_loopback(&t.from);
	if (q->address || q->name)
		t.address = q->address ? *q->address : *q->name;
	t.port = t.address.port;
	s5_addr_literal(&t.address);
	s5_addr_unmap(&t.address);
	if (!s5_addr_is_ip(&t.address))
		t.address.atyp = 0;
	t.carried = carried_by(&t.address);
	t.sets = sets_of(&t.carried);
	if (q->name && q->name->atyp == S5_ATYP_NAME)
		t.name = (struct s5_view){ (const char *)q->name->octets, q->name->len };
	if (t.name.len && t.name.at[t.name.len - 1] == '.')
		t.name.len--;
	return t;
}

static bool name_ends(struct s5_view name, struct s5_view end)
{
	return name.len >= end.len && !strncasecmp(name.at + name.len - end.len, end.at, end.len);
}

static bool name_is_below(struct s5_view name, struct s5_view suffix)
{
	return name_ends(name, suffix) &&
	       (name.len == suffix.len || name.at[name.len - suffix.len - 1] == '.');
}

static bool ports_have(const struct s5_list *list, uint16_t port)
{
	const struct s5_ports *ports = list->rows;

	for (size_t i = 0; i < list->n; i++)
		if (port >= ports[i].lo && port <= ports[i].hi)
			return true;
	return list->n == 0;
}

static bool port_is_known(const struct target *t)
{
	return t->port || t->name.len || t->address.atyp;
}

static enum fit to_fit(const struct s5_to *to, const struct target *t)
{
	if (!port_is_known(t) && to->ports.n)
		return FIT_UNSURE;
	if (!ports_have(&to->ports, t->port))
		return FIT_NO;
	switch (to->kind) {
	case S5_TO_NAME:
		return t->name.len == to->name.len && name_ends(t->name, to->name) ? FIT_LOOSE
										   : FIT_NO;
	case S5_TO_SUFFIX:
		return name_is_below(t->name, to->name) ? FIT_LOOSE : FIT_NO;
	case S5_TO_SET:
		if (to->set & t->sets)
			return FIT_NAMED;
		break;
	case S5_TO_BLOCK:
		if (s5_cidr_has(&to->block, &t->carried))
			return FIT_NAMED;
		if (s5_cidr_has(&to->block, &t->address))
			return FIT_LOOSE;
		break;
	}
	return t->address.atyp ? FIT_NO : FIT_UNSURE;
}

static bool from_fits(const struct s5_list *list, const struct target *t)
{
	const struct s5_cidr *blocks = list->rows;

	for (size_t i = 0; i < list->n; i++)
		if (s5_cidr_has(&blocks[i], &t->from))
			return true;
	return list->n == 0;
}

static bool user_fits(const struct s5_list *list, const struct s5_query *q)
{
	const struct s5_view *users = list->rows;

	for (size_t i = 0; q->user && i < list->n; i++)
		if (users[i].len == q->ulen && !memcmp(users[i].at, q->user, q->ulen))
			return true;
	return list->n == 0;
}

static bool command_fits(unsigned commands, uint8_t cmd)
{
	return !commands || (cmd < 32 && commands >> cmd & 1);
}

static enum fit rule_fit(const struct s5_rule *rule, const struct target *t)
{
	const struct s5_to *to = rule->to.rows;
	enum fit best = rule->to.n ? FIT_NO : FIT_LOOSE;

	if (!from_fits(&rule->from, t) || !user_fits(&rule->users, t->query) ||
	    !command_fits(rule->commands, t->query->cmd))
		return FIT_NO;
	for (size_t i = 0; i < rule->to.n; i++) {
		enum fit fit = to_fit(&to[i], t);

		if (fit > best)
			best = fit;
	}
	return best;
}

/* One datagram to many is nothing that a program on this machine may send unasked (R1928-U.16). */
static bool is_guarded(const struct target *t)
{
	unsigned many = t->query->cmd == S5_CMD_UDP ? S5_SET_MULTICAST | S5_SET_RESERVED : 0;

	return t->sets & (t->local ? many : ~(unsigned)S5_SET_ANY);
}

bool s5_rules_has_allow(const struct s5_rules *r)
{
	return r->has_allow;
}

static struct s5_verdict verdict_by_default(const struct s5_rules *r, const struct target *t)
{
	struct s5_verdict v = { .decision = S5_ALLOW, .rule = -1 };

	if (is_guarded(t) || s5_rules_has_allow(r))
		v.decision = S5_DENY;
	else if (v.decision == S5_ALLOW && !t->address.atyp && !t->local)
		v.decision = S5_UNDECIDED;
	return v;
}

struct search {
	const struct s5_rules *rules;
	const struct target *target;
	uint32_t end; /* the first rule that decides, as far as is known; n: none */
	uint32_t unsure; /* the first that depends on the address */
};

static bool see(void *arg, uint32_t i)
{
	struct search *s = arg;
	const struct s5_rule *rule;
	enum fit fit;

	if (i >= s->end)
		return false;
	rule = &s->rules->rows[i];
	fit = rule_fit(rule, s->target);
	if (fit == FIT_NO || (fit == FIT_LOOSE && rule->allow && is_guarded(s->target)))
		return true;
	if (fit == FIT_UNSURE && i < s->unsure)
		s->unsure = i;
	if (fit == FIT_UNSURE && !rule->allow)
		return true; /* if it does not deny, what follows may all the same */
	s->end = i;
	return false;
}

static void search(struct search *s)
{
	const struct target *t = s->target;
	struct s5_index_query q = {
		.from = &t->from,
		.address = &t->address,
		.carried = s5_addr_equal(&t->address, &t->carried) ? NULL : &t->carried,
		.user = { (const char *)t->query->user, t->query->ulen },
		.name = t->name,
	};

	if (s->rules->index)
		s5_index_find(s->rules->index, &q, see, s);
}

struct s5_verdict s5_rules_match(const struct s5_rules *r, const struct s5_query *q)
{
	const struct target t = target_of(q);
	struct search s = { r, &t, (uint32_t)r->n, UINT32_MAX };
	struct s5_verdict v = verdict_by_default(r, &t);

	if (!q->address && !t.name.len && !t.address.atyp)
		return (struct s5_verdict){ .decision = S5_DENY, .rule = -1 };
	search(&s);
	if (s.end < r->n)
		v = (struct s5_verdict){ r->rows[s.end].allow ? S5_ALLOW : S5_DENY, (int)s.end,
					 false };
	if (v.decision != S5_DENY && s.unsure <= s.end)
		v = q->elsewhere ? (struct s5_verdict){ S5_DENY, (int)s.unsure, true }
				 : (struct s5_verdict){ S5_UNDECIDED, (int)s.unsure, false };
	return v;
}

bool s5_rules_may_come(const struct s5_rules *r, const struct s5_query *q)
{
	const struct target t = target_of(q);

	for (size_t i = 0; i < r->n; i++) {
		const struct s5_rule *rule = &r->rows[i];

		if (!from_fits(&rule->from, &t) || !user_fits(&rule->users, q))
			continue;
		if (rule->allow)
			return true;
		if (!rule->commands && !rule->to.n)
			return false;
	}
	return !s5_rules_has_allow(r);
}

/* No rule: what is left is denied, or guarded. */
void s5_verdict_text(struct s5_verdict denial, char text[static S5_DENIAL_TEXT])
{
	if (denial.rule < 0)
		snprintf(text, S5_DENIAL_TEXT, "denied: no rule allows it");
	else if (denial.unsure)
		snprintf(text, S5_DENIAL_TEXT,
			 "denied: rule %d asks for the address, which the upstream proxy looks up",
			 denial.rule + 1);
	else
		snprintf(text, S5_DENIAL_TEXT, "denied by rule %d", denial.rule + 1);
}

enum s5_reason s5_rules_reason(const struct s5_rules *r, int i, const struct s5_query *q)
{
	const struct s5_rule *rule = &r->rows[i];
	const struct target t = target_of(q);

	if (!from_fits(&rule->from, &t))
		return S5_REASON_FROM;
	if (!user_fits(&rule->users, q))
		return S5_REASON_USER;
	if (!command_fits(rule->commands, q->cmd))
		return S5_REASON_COMMAND;
	switch (rule_fit(rule, &t)) {
	case FIT_NO:
		return S5_REASON_TO;
	case FIT_UNSURE:
		return S5_REASON_ADDRESS;
	case FIT_LOOSE:
		return rule->allow && is_guarded(&t) ? S5_REASON_GUARD : S5_REASON_MATCH;
	case FIT_NAMED:
		break;
	}
	return S5_REASON_MATCH;
}

const char *s5_rules_guard(const struct s5_query *q)
{
	const struct target t = target_of(q);
	const struct s5_rule_word *set = s5_rule_sets;

	if (!is_guarded(&t))
		return NULL;
	while (set->name && (set->value == S5_SET_ANY || !(t.sets & set->value)))
		set++;
	return set->name ? set->name : "";
}

bool s5_rules_every_allow_has_from(const struct s5_rules *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->rows[i].allow && !r->rows[i].from.n)
			return false;
	return s5_rules_has_allow(r);
}

static bool names_one(const struct s5_rule *rule, const struct s5_users *users, bool any_realm)
{
	const struct s5_view *names = rule->users.rows;

	for (size_t i = 0; i < rule->users.n; i++)
		if (s5_users_has(users, names[i].at, names[i].len) ||
		    (any_realm && memchr(names[i].at, '@', names[i].len)))
			return true;
	return rule->users.n == 0;
}

int s5_rules_without_user(const struct s5_rules *r, int i, const struct s5_users *users,
			  bool any_realm)
{
	while ((size_t)i < r->n && names_one(&r->rows[i], users, any_realm))
		i++;
	return (size_t)i < r->n ? i : -1;
}

const char *s5_rules_text(const struct s5_rules *r, int i)
{
	return i >= 0 && (size_t)i < r->n ? r->rows[i].text : NULL;
}

bool s5_rules_is_allow(const struct s5_rules *r, int i)
{
	return i >= 0 && (size_t)i < r->n && r->rows[i].allow;
}

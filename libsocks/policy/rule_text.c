/* Rules as they were understood, and questions in the words of rules. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/rule.h"

struct text {
	char *at;
	size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at + t->used, t->size - t->used, format, args);
	va_end(args);
	t->used = (size_t)n < t->size - t->used ? t->used + (size_t)n : t->size - 1;
}

/* The bits that do not count are 0. */
static struct s5_addr base_of(const struct s5_cidr *c)
{
	struct s5_addr base = c->base;

	for (unsigned i = 0; i < base.len; i++) {
		unsigned first = i * 8, count = c->bits > first ? c->bits - first : 0;

		if (count < 8)
			base.octets[i] &= (uint8_t)(0xff00u >> count);
	}
	return base;
}

static void put_block(struct text *t, const struct s5_cidr *c, bool brackets)
{
	struct s5_addr base = base_of(c);
	char host[S5_ADDR_TEXT];
	bool square = brackets && base.atyp == S5_ATYP_IPV6;

	put(t, "%s%s", square ? "[" : "", s5_addr_host(&base, host, sizeof host));
	if (c->bits < base.len * 8)
		put(t, "/%u", c->bits);
	put(t, "%s", square ? "]" : "");
}

static const char *word_of(const struct s5_rule_word *words, unsigned value)
{
	while (words->name && words->value != value)
		words++;
	return words->name ? words->name : "?";
}

static void put_to(struct text *t, const struct s5_to *to)
{
	const struct s5_ports *ports = to->ports.rows;

	put(t, " to=");
	switch (to->kind) {
	case S5_TO_NAME:
		put(t, "%.*s", (int)to->name.len, to->name.at);
		/* A host that is called like a set. */
		for (const struct s5_rule_word *w = s5_rule_sets; w->name; w++)
			if (strlen(w->name) == to->name.len &&
			    !strncmp(w->name, to->name.at, to->name.len))
				put(t, ".");
		break;
	case S5_TO_SUFFIX:
		put(t, ".%.*s", (int)to->name.len, to->name.at);
		break;
	case S5_TO_BLOCK:
		put_block(t, &to->block, true);
		break;
	case S5_TO_SET:
		put(t, "%s", word_of(s5_rule_sets, to->set));
		break;
	}
	for (size_t i = 0; i < to->ports.n; i++) {
		put(t, "%s%u", i ? "," : ":", ports[i].lo);
		if (ports[i].hi != ports[i].lo)
			put(t, "-%u", ports[i].hi);
	}
}

static void put_commands(struct text *t, unsigned commands)
{
	const char *before = " command=";

	for (const struct s5_rule_word *w = s5_rule_commands; w->name; w++)
		if (commands & w->value) {
			put(t, "%s%s", before, w->name);
			before = ",";
		}
}

const char *s5_rules_render(const struct s5_rules *r, int i, char *text, size_t size)
{
	const struct s5_rule *rule = &r->rows[i];
	const struct s5_cidr *from = rule->from.rows;
	const struct s5_view *users = rule->users.rows;
	const struct s5_to *to = rule->to.rows;
	struct text t = { text, size, 0 };

	text[0] = 0;
	for (size_t k = 0; k < rule->from.n; k++) {
		put(&t, k ? "," : " from=");
		put_block(&t, &from[k], false);
	}
	for (size_t k = 0; k < rule->users.n; k++)
		put(&t, "%s%.*s", k ? "," : " user=", (int)users[k].len, users[k].at);
	put_commands(&t, rule->commands);
	for (size_t k = 0; k < rule->to.n; k++)
		put_to(&t, &to[k]);
	return text[0] ? memmove(text, text + 1, t.used) : text; /* without the first blank */
}

/* questions */

static bool fail(struct s5_rules_error *err, const char *why)
{
	snprintf(err->text, sizeof err->text, "%s", why);
	return false;
}

/* An address, not a block of several. */
static bool take_address(struct s5_addr *a, const struct s5_cidr *c)
{
	*a = c->base;
	return c->bits == c->base.len * 8;
}

static bool take_from(struct s5_rule_question *q, const struct s5_rule *rule,
		      struct s5_rules_error *err)
{
	if (rule->from.n > 1 || (rule->from.n && !take_address(&q->from, rule->from.rows)))
		return fail(err, "from= is one address here");
	q->query.from = &q->from;
	return true;
}

static bool take_user(struct s5_rule_question *q, const struct s5_rule *rule,
		      struct s5_rules_error *err)
{
	const struct s5_view *user = rule->users.rows;

	if (!rule->users.n)
		return true;
	if (rule->users.n > 1 || user->len >= sizeof q->user)
		return fail(err, "user= is one name here");
	memcpy(q->user, user->at, user->len);
	q->query.user = (const uint8_t *)q->user;
	q->query.ulen = user->len;
	return true;
}

static bool take_command(struct s5_rule_question *q, const struct s5_rule *rule,
			 struct s5_rules_error *err)
{
	if (rule->commands & (rule->commands - 1))
		return fail(err, "command= is one command here");
	q->query.cmd = rule->commands ? (uint8_t)__builtin_ctz(rule->commands) : S5_CMD_CONNECT;
	return true;
}

static bool take_to(struct s5_rule_question *q, const struct s5_rule *rule,
		    struct s5_rules_error *err)
{
	const struct s5_to *to = rule->to.rows;
	const struct s5_ports *ports = to ? to->ports.rows : NULL;
	bool name = to && to->kind == S5_TO_NAME;

	if (rule->to.n != 1 || to->ports.n > 1 || (ports && ports->lo != ports->hi) ||
	    (!name && (to->kind != S5_TO_BLOCK || !take_address(&q->to, &to->block))))
		return fail(err, "to= is one HOST or ADDRESS here, with one :PORT");
	if (name && !s5_addr_set_name(&q->to, to->name.at, to->name.len, 0))
		return fail(err, "to= names a host that is longer than 255 octets");
	q->to.port = ports ? ports->lo : 80;
	if (name)
		q->query.name = &q->to;
	else
		q->query.address = &q->to;
	return true;
}

bool s5_rule_question_parse(struct s5_rule_question *q, const char *text,
			    struct s5_rules_error *err)
{
	struct s5_rule rule;
	bool good;

	memset(q, 0, sizeof *q);
	if (!s5_rule_parse(&rule, text, err))
		return false;
	good = take_from(q, &rule, err) && take_user(q, &rule, err) &&
	       take_command(q, &rule, err) && take_to(q, &rule, err);
	s5_rule_fini(&rule);
	return good;
}

/* to=any, or NULL. */
static const struct s5_to *find_any(const struct s5_rule *rule)
{
	const struct s5_to *to = rule->to.rows;

	for (size_t i = 0; i < rule->to.n; i++)
		if (to[i].kind == S5_TO_SET && to[i].set == S5_SET_ANY)
			return &to[i];
	return NULL;
}

/* A client from elsewhere whom the rule is for; false: it is for nobody but this machine. */
static bool find_client(const struct s5_rule *rule, struct s5_addr *from)
{
	static const uint8_t anyone[4] = { 203, 0, 113, 1 };
	const struct s5_cidr *blocks = rule->from.rows;

	*from = s5_addr_ip4(anyone, 1);
	for (size_t i = 0; i < rule->from.n; i++) {
		*from = blocks[i].base;
		if (!s5_addr_is_loopback(from))
			return true;
	}
	return rule->from.n == 0;
}

const char *s5_rules_opens(const struct s5_rules *r, int i, char *text, size_t size)
{
	static const struct {
		const char *name;
		uint8_t ip[4];
	} guarded[] = {
		{ "loopback", { 127, 0, 0, 1 } },
		{ "private", { 10, 0, 0, 1 } },
		{ "link-local", { 169, 254, 1, 1 } },
		{ "metadata", { 169, 254, 169, 254 } },
	};
	const struct s5_rule *rule = &r->rows[i];
	const struct s5_to *any = rule->allow ? find_any(rule) : NULL;
	const struct s5_view *user = rule->users.rows;
	struct text t = { text, size, 0 };
	struct s5_addr from, address;
	struct s5_query q = { .from = &from, .address = &address, .cmd = S5_CMD_CONNECT };

	if (!any || !find_client(rule, &from))
		return NULL;
	while (rule->commands && !(rule->commands >> q.cmd & 1))
		q.cmd++;
	q.user = user ? (const uint8_t *)user->at : NULL;
	q.ulen = user ? user->len : 0;
	for (size_t k = 0; k < sizeof guarded / sizeof *guarded; k++) {
		address = s5_addr_ip4(guarded[k].ip, 1);
		if (any->ports.n)
			address.port = ((const struct s5_ports *)any->ports.rows)->lo;
		if (s5_rules_match(r, &q).rule == i)
			put(&t, "%s%s", t.used ? ", " : "", guarded[k].name);
	}
	return t.used ? text : NULL;
}

#include "policy/rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum key { KEY_FROM, KEY_USER, KEY_COMMAND, KEY_TO };

static const struct s5_rule_word keys[] = {
	{ "from", KEY_FROM }, { "user", KEY_USER }, { "command", KEY_COMMAND },
	{ "to", KEY_TO },     { NULL, 0 },
};

const struct s5_rule_word s5_rule_commands[] = {
	{ "connect", 1u << S5_CMD_CONNECT },
	{ "bind", 1u << S5_CMD_BIND },
	{ "udp", 1u << S5_CMD_UDP },
	{ NULL, 0 },
};

const struct s5_rule_word s5_rule_sets[] = {
	{ "any", S5_SET_ANY },
	{ "loopback", S5_SET_LOOPBACK },
	{ "private", S5_SET_PRIVATE },
	{ "link-local", S5_SET_LINK_LOCAL },
	{ "multicast", S5_SET_MULTICAST },
	{ "metadata", S5_SET_METADATA },
	{ NULL, 0 },
};

struct parser {
	struct s5_rule *rule;
	struct s5_view word; /* the one at hand, for errors */
	struct s5_rules_error *err;
};

void *s5_list_add(struct s5_list *list, size_t size)
{
	char *rows = realloc(list->rows, (list->n + 1) * size);

	if (!rows)
		return NULL;
	list->rows = rows;
	return memset(rows + list->n++ * size, 0, size);
}

void s5_rule_fini(struct s5_rule *rule)
{
	struct s5_to *to = rule->to.rows;

	for (size_t i = 0; i < rule->to.n; i++)
		free(to[i].ports.rows);
	free(rule->to.rows);
	free(rule->users.rows);
	free(rule->from.rows);
	free(rule->text);
	*rule = (struct s5_rule){ .text = NULL };
}

__attribute__((format(printf, 2, 3))) static bool fail(struct parser *p, const char *format, ...)
{
	char word[96], why[150];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	s5_escape(word, sizeof word, p->word.at, p->word.len);
	snprintf(p->err->text, sizeof p->err->text, "%s%s%s", word, *word ? ": " : "", why);
	return false;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Whether at most n letters put in, left out, changed or swapped turn a into b. */
static bool is_near(struct s5_view a, const char *b, unsigned n)
{
	struct s5_view next;

	while (a.len && lower(*a.at) == *b)
		a = (struct s5_view){ a.at + 1, a.len - 1 }, b++;
	if (!a.len || !*b)
		return a.len + strlen(b) <= n;
	if (!n)
		return false;
	next = (struct s5_view){ a.at + 1, a.len - 1 };
	if (is_near(next, b, n - 1) || is_near(a, b + 1, n - 1) || is_near(next, b + 1, n - 1))
		return true;
	return next.len && *next.at == *b && *a.at == b[1] &&
	       is_near((struct s5_view){ a.at + 2, a.len - 2 }, b + 2, n - 1);
}

static const char *nearest(const struct s5_rule_word *words, struct s5_view text)
{
	for (unsigned n = 0; n <= 2; n++)
		for (const struct s5_rule_word *w = words; w->name; w++)
			if (n <= (strlen(w->name) + 1) / 3 && is_near(text, w->name, n))
				return w->name;
	return NULL;
}

static const struct s5_rule_word *word_find(const struct s5_rule_word *words, struct s5_view text)
{
	for (; words->name; words++)
		if (strlen(words->name) == text.len && !memcmp(words->name, text.at, text.len))
			return words;
	return NULL;
}

static bool fail_unknown(struct parser *p, const struct s5_rule_word *words, struct s5_view text)
{
	const char *near = nearest(words, text);
	char hint[40] = "", known[80] = "";
	size_t n = 0;

	if (near)
		snprintf(hint, sizeof hint, "did you mean %s? ", near);
	for (; words->name && n < sizeof known; words++)
		n += (size_t)snprintf(known + n, sizeof known - n, " %s", words->name);
	return fail(p, "unknown word; %sthere are%s", hint, known);
}

static bool items_parse(struct parser *p, struct s5_view list,
			bool (*parse)(struct parser *p, struct s5_view item))
{
	const char *end = list.at + list.len, *at = list.at, *comma;

	for (;; at = comma + 1) {
		comma = memchr(at, ',', (size_t)(end - at));
		if (!comma)
			comma = end;
		if (comma == at)
			return fail(p, "something is missing before or after a comma");
		if (!parse(p, (struct s5_view){ at, (size_t)(comma - at) }))
			return false;
		if (comma == end)
			return true;
	}
}

/* A block of IPv4-mapped addresses is a block of IPv4 addresses. */
static bool block_parse(struct s5_cidr *block, struct s5_view text)
{
	if (!s5_cidr_parse(block, text.at, text.len))
		return false;
	if (block->base.atyp == S5_ATYP_IPV6 && block->bits >= 96)
		s5_addr_unmap(&block->base);
	if (block->base.atyp == S5_ATYP_IPV4 && block->bits >= 96)
		block->bits = (uint8_t)(block->bits - 96);
	return true;
}

static bool from_parse(struct parser *p, struct s5_view item)
{
	struct s5_cidr *block = s5_list_add(&p->rule->from, sizeof *block);

	if (!block)
		return fail(p, "out of memory");
	if (!block_parse(block, item))
		return fail(p, "no address block; write 192.0.2.0/24, 192.0.2.1 or 2001:db8::/32");
	return true;
}

static bool user_parse(struct parser *p, struct s5_view item)
{
	struct s5_view *user = s5_list_add(&p->rule->users, sizeof *user);

	if (!user)
		return fail(p, "out of memory");
	if (item.len > 255)
		return fail(p, "a user name has at most 255 octets");
	*user = item;
	return true;
}

static bool command_parse(struct parser *p, struct s5_view item)
{
	const struct s5_rule_word *command = word_find(s5_rule_commands, item);

	if (!command)
		return fail_unknown(p, s5_rule_commands, item);
	p->rule->commands |= command->value;
	return true;
}

/* 1..65535; 0 where it is no port. */
static uint16_t port_parse(const char *text, size_t len)
{
	unsigned value = 0;

	if (len == 0 || len > 5)
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	return value <= UINT16_MAX ? (uint16_t)value : 0;
}

static struct s5_to *last_to(struct parser *p)
{
	return (struct s5_to *)p->rule->to.rows + p->rule->to.n - 1;
}

static bool ports_parse(struct parser *p, struct s5_view item)
{
	struct s5_ports *ports = s5_list_add(&last_to(p)->ports, sizeof *ports);
	const char *dash = memchr(item.at, '-', item.len);
	size_t len = dash ? (size_t)(dash - item.at) : item.len;

	if (!ports)
		return fail(p, "out of memory");
	ports->lo = ports->hi = port_parse(item.at, len);
	if (dash)
		ports->hi = port_parse(dash + 1, item.len - len - 1);
	if (!ports->lo || !ports->hi)
		return fail(p, "ports are 1 to 65535, as in 80,8000-8099; IPv6 needs brackets: "
			       "[2001:db8::1]:80");
	if (ports->lo > ports->hi)
		return fail(p, "the port range begins after its end");
	return true;
}

static bool name_parse(struct parser *p, struct s5_view name)
{
	struct s5_addr host = { .atyp = 0 };

	if (!name.len || name.at[0] == '.')
		return fail(p, "no host name; to=any is everything");
	if (!s5_addr_set_name(&host, name.at, name.len, 0))
		return fail(p, "a host name has at most 255 octets");
	if (s5_addr_is_numeric_name(&host))
		return fail(p, "no host name ends in a number; write an address as 192.0.2.1");
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.at[i];

		if (c <= 0x20 || c == 0x7f || strchr("*,/[]@=", c))
			return fail(p, "no host name, .suffix, address, block or set%s",
				    c == '*' ? "; all below a name is .example.com" : "");
		if (c == '.' && i + 1 < name.len && name.at[i + 1] == '.')
			return fail(p, "a host name has no two dots in a row");
	}
	last_to(p)->name = name;
	if (name.at[name.len - 1] == '.')
		last_to(p)->name.len--;
	return true;
}

static bool destination_parse(struct parser *p, struct s5_view text)
{
	struct s5_to *to = last_to(p);
	const struct s5_rule_word *set = word_find(s5_rule_sets, text);
	const char *near;

	if (set) {
		to->kind = S5_TO_SET;
		to->set = (enum s5_set)set->value;
		return true;
	}
	if (block_parse(&to->block, text)) {
		to->kind = S5_TO_BLOCK;
		return true;
	}
	if (memchr(text.at, '/', text.len))
		return fail(p, "no address block; write 192.0.2.0/24 or 2001:db8::/32");
	if (text.len && text.at[0] == '.') {
		to->kind = S5_TO_SUFFIX;
		return name_parse(p, (struct s5_view){ text.at + 1, text.len - 1 });
	}
	/* A misspelled set must not become the name of a host that does not exist. */
	near = memchr(text.at, '.', text.len) ? NULL : nearest(s5_rule_sets, text);
	if (near)
		return fail(p,
			    "did you mean the set %s? A host of that name is written with a dot "
			    "behind it",
			    near);
	to->kind = S5_TO_NAME;
	return name_parse(p, text);
}

/* [v6]:PORTS */
static bool bracket_parse(struct parser *p, struct s5_view text)
{
	const char *end = text.at + text.len, *close = memchr(text.at, ']', text.len);
	size_t len = close ? (size_t)(close - text.at) - 1 : 0;
	struct s5_view inside = { text.at + 1, len };
	struct s5_to *to = last_to(p);

	if (!memchr(inside.at, ':', len) || !block_parse(&to->block, inside))
		return fail(p, "brackets hold an IPv6 address or block, as in [2001:db8::/32]:80");
	to->kind = S5_TO_BLOCK;
	if (++close == end)
		return true;
	if (*close != ':')
		return fail(p, "behind the brackets comes :PORT or nothing");
	return items_parse(p, (struct s5_view){ close + 1, (size_t)(end - close - 1) },
			   ports_parse);
}

/* ::1:80 is an address, and may be meant as one with a port. */
static bool is_clear(struct parser *p, struct s5_view text)
{
	const char *port = memrchr(text.at, ':', text.len) + 1;
	int len = (int)(port - text.at) - 1, rest = (int)text.len - len - 1;
	struct s5_cidr block;

	if (!port_parse(port, (size_t)rest) ||
	    !block_parse(&block, (struct s5_view){ text.at, (size_t)len }))
		return true;
	return fail(p, "a port or a part of the address? Write [%.*s]:%.*s or [%.*s]", len, text.at,
		    rest, port, (int)text.len, text.at);
}

static bool to_parse(struct parser *p, struct s5_view text)
{
	const char *colon;
	struct s5_cidr whole;
	size_t host;

	if (!s5_list_add(&p->rule->to, sizeof(struct s5_to)))
		return fail(p, "out of memory");
	if (*text.at == '[')
		return bracket_parse(p, text);
	colon = memchr(text.at, ':', text.len);
	if (!colon || block_parse(&whole, text))
		return (!colon || is_clear(p, text)) && destination_parse(p, text);
	host = (size_t)(colon - text.at);
	return items_parse(p, (struct s5_view){ colon + 1, text.len - host - 1 }, ports_parse) &&
	       destination_parse(p, (struct s5_view){ text.at, host });
}

static bool word_parse(struct parser *p)
{
	const char *equals = memchr(p->word.at, '=', p->word.len);
	size_t len = equals ? (size_t)(equals - p->word.at) : 0;
	struct s5_view name = { p->word.at, len }, value;
	const struct s5_rule_word *key = word_find(keys, name);

	if (!equals)
		return fail(p, "a rule is words like to=example.com:443; there are from= user= "
			       "command= to=");
	if (!key && name.len == 4 && !memcmp(name.at, "port", 4))
		return fail(p, "a port stands behind to=, as in to=any:80");
	if (!key)
		return fail_unknown(p, keys, name);
	value = (struct s5_view){ equals + 1, p->word.len - len - 1 };
	if (!value.len)
		return fail(p, "something is missing behind the equals sign");
	switch ((enum key)key->value) {
	case KEY_FROM:
		return items_parse(p, value, from_parse);
	case KEY_USER:
		return items_parse(p, value, user_parse);
	case KEY_COMMAND:
		return items_parse(p, value, command_parse);
	case KEY_TO:
		return to_parse(p, value);
	}
	return false;
}

static bool words_parse(struct parser *p)
{
	static const char blanks[] = " \t\r\n";
	const char *at = p->rule->text + strspn(p->rule->text, blanks);

	if (!*at)
		return fail(p, "an empty rule; to=any is everything");
	for (; *at; at += strspn(at, blanks)) {
		p->word = (struct s5_view){ at, strcspn(at, blanks) };
		if (!word_parse(p))
			return false;
		at += p->word.len;
	}
	return true;
}

bool s5_rule_parse(struct s5_rule *rule, const char *text, struct s5_rules_error *err)
{
	struct parser p = { .rule = rule, .word = { text, strlen(text) }, .err = err };
	bool good;

	*rule = (struct s5_rule){ .text = strdup(text) };
	good = rule->text ? words_parse(&p) : fail(&p, "out of memory");
	if (!good)
		s5_rule_fini(rule);
	return good;
}

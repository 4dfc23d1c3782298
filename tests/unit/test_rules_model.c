/* The rules against a second implementation: slow, obvious, and made from what the header says rather
 * than from what the first one does. PROTOCOL 6 and 7.10. */
#include "testlib.h"

#include <arpa/inet.h>

#include "policy/rules.h"

#define RULES 6
#define TOS 3
#define TRIES 60000

/* What there is to ask about. Bits in a string of ones and zeros; what it carries, where it does. */
static const struct place {
	const char *text;
	const char *set; /* the set that it is in, or NULL */
	bool guarded;
	const char *carries; /* the IPv4 address inside */
} places[] = {
	{ "127.0.0.1", "loopback", true, NULL },
	{ "127.9.9.9", "loopback", true, NULL },
	{ "10.0.0.9", "private", true, NULL },
	{ "10.200.0.9", "private", true, NULL },
	{ "192.168.1.1", "private", true, NULL },
	{ "169.254.7.7", "link-local", true, NULL },
	{ "169.254.169.254", "metadata", true, NULL },
	{ "224.0.0.5", "multicast", true, NULL },
	{ "198.51.100.7", NULL, false, NULL },
	{ "198.51.100.200", NULL, false, NULL },
	{ "203.0.113.7", NULL, false, NULL },
	{ "::1", "loopback", true, NULL },
	{ "fd00::9", "private", true, NULL },
	{ "fe80::9", "link-local", true, NULL },
	{ "ff02::5", "multicast", true, NULL },
	{ "2001:db8::7", NULL, false, NULL },
	{ "::ffff:127.0.0.1", "loopback", true, "127.0.0.1" },
	{ "::ffff:198.51.100.7", NULL, false, "198.51.100.7" },
	{ "64:ff9b::7f00:1", "loopback", true, "127.0.0.1" },
	{ "64:ff9b::c633:6407", NULL, false, "198.51.100.7" },
	{ "2002:a00:9::1", "private", true, "10.0.0.9" },
};

static const char *const blocks[] = {
	"127.0.0.0/8",	   "10.0.0.0/9",      "10.0.0.9",
	"169.254.0.0/16",  "198.51.100.0/25", "0.0.0.0/0",
	"198.51.100.7/32", "224.0.0.0/4",     "::1",
	"fd00::/8",	   "2001:db8::/32",
};
static const char *const sets[] = { "loopback", "private", "link-local", "multicast", "metadata" };
static const char *const hosts[] = { "www.example.org", "example.org", "other.test" };
static const char *const names[] = { "www.example.org", ".example.org", "other.test", ".test" };
static const char *const clients[] = { "127.0.0.1", "198.51.100.7", "203.0.113.7", "2001:db8::7" };
static const char *const users[] = { NULL, "ann", "joe" };
static const uint16_t ports[] = { 22, 80, 443, 8080 };
static const char *const commands[] = { "connect", "bind", "udp" };

enum to_kind { TO_ANY, TO_SET, TO_BLOCK, TO_NAME, TO_KINDS };

struct to {
	enum to_kind kind;
	const char *what; /* NULL: any */
	unsigned from_port, to_port; /* 0: whatever the port */
};

struct model_rule {
	bool allow;
	const char *from, *user, *command; /* NULL: the word is not there */
	struct to to[TOS];
	unsigned nto;
};

struct model_query {
	const char *client, *user, *host; /* host NULL: an address was asked for */
	unsigned command; /* from 0 */
	const struct place *place;
	uint16_t port;
};

static unsigned seed = 1;

static unsigned dice(unsigned sides)
{
	seed = seed * 1103515245u + 12345;
	return (seed >> 16) % sides;
}

#define ONE_OF(list) ((list)[dice(LENGTH(list))])

/* the second implementation */

/* Its bits in letters; a mapped address is the IPv4 one. */
static void spell(const char *text, char bits[static 129])
{
	uint8_t octets[16];
	size_t n = 16;

	if (strncmp(text, "::ffff:", 7) == 0)
		text += 7;
	if (inet_pton(AF_INET, text, octets) == 1)
		n = 4;
	else
		assert_int_equal(inet_pton(AF_INET6, text, octets), 1);
	for (size_t i = 0; i < n * 8; i++)
		bits[i] = octets[i / 8] >> (7 - i % 8) & 1 ? '1' : '0';
	bits[n * 8] = 0;
}

static bool is_in_block(const char *address, const char *block)
{
	char a[129], b[129], base[64];
	size_t len = strcspn(block, "/");

	snprintf(base, sizeof base, "%.*s", (int)len, block);
	spell(address, a);
	spell(base, b);
	if (strlen(a) != strlen(b))
		return false;
	return strncmp(a, b, block[len] ? (size_t)atoi(block + len + 1) : strlen(b)) == 0;
}

static bool is_in_set(const struct place *p, const char *set)
{
	/* A cloud's metadata stands at a link-local address. */
	return p->set && (strcmp(p->set, set) == 0 ||
			  (strcmp(p->set, "metadata") == 0 && strcmp(set, "link-local") == 0));
}

static bool names_host(const char *name, const char *host)
{
	size_t n = strlen(name), h = strlen(host);

	if (name[0] != '.')
		return strcmp(name, host) == 0;
	return strcmp(name + 1, host) == 0 || (h > n && strcmp(host + h - n, name) == 0);
}

enum how { NOT, LOOSELY, BY_NAME };

static enum how fits(const struct to *to, const struct model_query *q)
{
	if (to->from_port && (q->port < to->from_port || q->port > to->to_port))
		return NOT;
	switch (to->kind) {
	case TO_ANY:
		return BY_NAME; /* it is a set */
	case TO_SET:
		return is_in_set(q->place, to->what) ? BY_NAME : NOT;
	case TO_BLOCK:
		if (is_in_block(q->place->text, to->what) ||
		    (q->place->carries && is_in_block(q->place->carries, to->what)))
			return BY_NAME;
		return NOT;
	case TO_NAME:
		return q->host && names_host(to->what, q->host) ? LOOSELY : NOT;
	case TO_KINDS:
		break;
	}
	return NOT;
}

static enum how rule_fits(const struct model_rule *r, const struct model_query *q)
{
	enum how best = r->nto ? NOT : LOOSELY;

	if (r->from && !is_in_block(q->client, r->from))
		return NOT;
	if (r->user && (!q->user || strcmp(r->user, q->user) != 0))
		return NOT;
	if (r->command && strcmp(r->command, commands[q->command]) != 0)
		return NOT;
	for (unsigned i = 0; i < r->nto; i++)
		if (fits(&r->to[i], q) > best)
			best = fits(&r->to[i], q);
	return best;
}

/* Who is on this machine reaches what is guarded; but not with datagrams to many. */
static bool is_guarded(const struct model_query *q)
{
	bool many = q->place->set && strcmp(q->place->set, "multicast") == 0;

	if (strcmp(q->client, "127.0.0.1") != 0)
		return q->place->guarded;
	return many && strcmp(commands[q->command], "udp") == 0;
}

static bool model_allows(const struct model_rule *rules, unsigned n, const struct model_query *q)
{
	bool some_allow = false;

	for (unsigned i = 0; i < n; i++) {
		enum how how = rule_fits(&rules[i], q);

		some_allow |= rules[i].allow;
		if (how == NOT || (rules[i].allow && how == LOOSELY && is_guarded(q)))
			continue;
		return rules[i].allow;
	}
	return !some_allow && !is_guarded(q);
}

/* chance */

static struct to some_to(void)
{
	struct to to = { .kind = (enum to_kind)dice(TO_KINDS) };

	if (to.kind == TO_SET)
		to.what = ONE_OF(sets);
	else if (to.kind == TO_BLOCK)
		to.what = ONE_OF(blocks);
	else if (to.kind == TO_NAME)
		to.what = ONE_OF(names);
	if (dice(3) == 0) {
		to.from_port = ONE_OF(ports);
		to.to_port = dice(2) ? to.from_port : to.from_port + dice(400);
	}
	return to;
}

static struct model_rule some_rule(void)
{
	struct model_rule r = { .allow = dice(2), .nto = dice(TOS + 1) };

	if (dice(3) == 0)
		r.from = ONE_OF(blocks);
	if (dice(4) == 0)
		r.user = users[1 + dice(2)];
	if (dice(4) == 0)
		r.command = ONE_OF(commands);
	for (unsigned i = 0; i < r.nto; i++)
		r.to[i] = some_to();
	if (!r.nto && !r.from && !r.user && !r.command)
		r.to[r.nto++] = some_to();
	return r;
}

static size_t put(char *text, size_t size, size_t used, const char *word, const char *value)
{
	return value ? used + (size_t)snprintf(text + used, size - used, "%s%s=%s", used ? " " : "",
					       word, value)
		     : used;
}

static void write_rule(const struct model_rule *r, char *text, size_t size)
{
	size_t used = put(text, size, 0, "from", r->from);

	used = put(text, size, used, "user", r->user);
	used = put(text, size, used, "command", r->command);
	for (unsigned i = 0; i < r->nto; i++) {
		const struct to *to = &r->to[i];
		bool six = to->what && strchr(to->what, ':');
		char value[80];

		snprintf(value, sizeof value, "%s%s%s", six ? "[" : "", to->what ? to->what : "any",
			 six ? "]" : "");
		if (to->from_port)
			snprintf(value + strlen(value), sizeof value - strlen(value), ":%u-%u",
				 to->from_port, to->to_port);
		used = put(text, size, used, "to", value);
	}
}

static struct s5_addr address_of(const char *text, uint16_t port)
{
	struct s5_addr a = { .port = port };

	assert_true(s5_addr_set_ip(&a, text, strlen(text)));
	return a;
}

static enum s5_decision ask(const struct s5_rules *r, const struct model_query *m)
{
	struct s5_addr from = address_of(m->client, 1), name = { .atyp = 0 };
	struct s5_addr to = address_of(m->place->text, m->port);
	struct s5_query q = { .from = &from,
			      .user = (const uint8_t *)m->user,
			      .ulen = m->user ? strlen(m->user) : 0,
			      .cmd = (uint8_t)(S5_CMD_CONNECT + m->command),
			      .address = &to };

	if (m->host) {
		assert_true(s5_addr_set_name(&name, m->host, strlen(m->host), m->port));
		q.name = &name;
	}
	return s5_rules_match(r, &q).decision;
}

static struct model_query some_query(void)
{
	return (struct model_query){ .client = ONE_OF(clients),
				     .user = ONE_OF(users),
				     .host = dice(2) ? ONE_OF(hosts) : NULL,
				     .command = dice(LENGTH(commands)),
				     .place = &ONE_OF(places),
				     .port = ONE_OF(ports) };
}

/* Rules are also read as they are shown: what is shown means the same. */
static void try_once(void)
{
	struct model_rule rules[RULES];
	unsigned n = dice(RULES + 1);
	char texts[RULES][512], shown[RULES][512];
	struct s5_rules r, again;
	struct s5_rules_error err;

	s5_rules_init(&r);
	s5_rules_init(&again);
	for (unsigned i = 0; i < n; i++) {
		rules[i] = some_rule();
		write_rule(&rules[i], texts[i], sizeof texts[i]);
		if (!s5_rules_add(&r, rules[i].allow, texts[i], &err))
			fail_msg("%s: %s", texts[i], err.text);
		s5_rules_render(&r, (int)i, shown[i], sizeof shown[i]);
		if (!s5_rules_add(&again, rules[i].allow, shown[i], &err))
			fail_msg("%s, shown as %s: %s", texts[i], shown[i], err.text);
	}
	for (unsigned k = 0; k < 8; k++) {
		struct model_query q = some_query();
		bool allows = model_allows(rules, n, &q);

		if (ask(&r, &q) == (allows ? S5_ALLOW : S5_DENY) && ask(&again, &q) == ask(&r, &q))
			continue;
		for (unsigned i = 0; i < n; i++)
			print_message("%s %s | %s\n", rules[i].allow ? "allow" : "deny", texts[i],
				      shown[i]);
		fail_msg("from %s as %s, %s to %s (%s) port %u: %s", q.client,
			 q.user ? q.user : "nobody", commands[q.command], q.place->text,
			 q.host ? q.host : "no name", q.port, allows ? "allowed" : "denied");
	}
	s5_rules_fini(&again);
	s5_rules_fini(&r);
}

TEST(what_is_decided_is_what_a_slow_and_obvious_reading_decides)
{
	for (int i = 0; i < TRIES; i++)
		try_once();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_decided_is_what_a_slow_and_obvious_reading_decides),
	};

	return RUN(tests);
}

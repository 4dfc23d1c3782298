/* What the index finds is what looking at every rule finds: s5_rules_reason says of each by itself how
 * it fits, and the header says what follows from that. Also for questions without an address. */
#include "testlib.h"

#include "policy/rules.h"

#define RULES_MOST 60
#define TRIES 4000
#define QUESTIONS 25

static const char *const from[] = {
	"127.0.0.1", "198.51.100.0/24", "198.51.100.7", "198.51.96.0/20",      "203.0.113.0/25",
	"0.0.0.0/0", "2001:db8::/32",	"::/0",		"::ffff:10.1.0.0/112", "10.1.2.3/16",
};
static const char *const users[] = { "ann", "joe", "Ann", "x" };
static const char *const commands[] = { "connect", "bind", "udp", "connect,udp" };
static const char *const to[] = {
	"any",		 "loopback",	   "private",	     "link-local",	"multicast",
	"metadata",	 "example.org",	   ".example.org",   "www.example.org", ".org",
	"A.Example.ORG", ".b.example.org", "other.test.",    ".test",		"198.51.100.0/25",
	"198.51.100.7",	 "0.0.0.0/0",	   "10.0.0.0/8",     "64:ff9b::/96",	"2001:db8::/33",
	"2001:db8::9",	 "2002::/16",	   "::ffff:8.8.8.8", "127.0.0.0/31",	"198.51.100.9/23",
};
static const char *const ports[] = { "80", "443", "1-1023", "22,80,8000-8099", "65535" };

static const char *const clients[] = { "127.0.0.1",    "198.51.100.7",	     "198.51.100.8",
				       "203.0.113.99", "2001:db8::1",	     "fd00::1",
				       "10.1.2.3",     "::ffff:198.51.100.7" };
static const char *const names[] = {
	"example.org",	  "www.EXAMPLE.org", "a.b.example.org.", "other.test",	      "org",
	"notexample.org", "..test",	     "127.0.0.1",	 "a.a.a.a.a.a.a.test"
};
static const char *const places[] = {
	"127.0.0.1",
	"198.51.100.7",
	"198.51.100.200",
	"8.8.8.8",
	"10.0.0.9",
	"169.254.169.254",
	"::1",
	"2001:db8::9",
	"2001:db8:8000::9",
	"64:ff9b::c633:6407",
	"2002:c633:6407::1",
	"::ffff:198.51.100.7",
	"::ffff:127.0.0.1",
	"224.0.0.1",
	"0.0.0.0",
	"fe80::1",
	"64:ff9b::7f00:1",
	"2002:a00:9::1",
	"198.51.101.1",
	"127.0.0.2",
};

static unsigned seed = 7;

static unsigned dice(unsigned sides)
{
	seed = seed * 1103515245u + 12345;
	return (seed >> 16) % sides;
}

#define ONE_OF(list) ((list)[dice(LENGTH(list))])

/* word=item[,item], with now and then very many of them. */
static void put_list(char *text, size_t size, const char *word, const char *const *items,
		     unsigned n)
{
	unsigned many = dice(40) == 0 ? 20 : 1 + dice(2);

	for (unsigned i = 0; i < many; i++) {
		size_t used = strlen(text);

		snprintf(text + used, size - used, "%s%s%s",
			 i	? ","
			 : used ? " "
				: "",
			 i ? "" : word, items[dice(n)]);
	}
}

static void put_to(char *text, size_t size)
{
	const char *what = ONE_OF(to);
	bool six = strchr(what, ':');
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%sto=%s%s%s", used ? " " : "", six ? "[" : "", what,
		 six ? "]" : "");
	used = strlen(text);
	if (dice(3) == 0)
		snprintf(text + used, size - used, ":%s", ONE_OF(ports));
}

static void some_rule(struct s5_rules *r)
{
	unsigned tos = dice(20) == 0 ? 18 : dice(3);
	struct s5_rules_error err;
	char text[2048] = "";

	if (dice(3) == 0)
		put_list(text, sizeof text, "from=", from, LENGTH(from));
	if (dice(3) == 0)
		put_list(text, sizeof text, "user=", users, LENGTH(users));
	if (dice(4) == 0)
		put_list(text, sizeof text, "command=", commands, LENGTH(commands));
	for (unsigned i = 0; i < tos || !*text; i++)
		put_to(text, sizeof text);
	if (!s5_rules_add(r, dice(3) == 0, text, &err))
		fail_msg("%s: %s", text, err.text);
}

/* every rule in turn */

static bool is_undecided_by_default(const struct s5_query *q)
{
	bool known = q->address ? q->address->atyp : false;
	struct s5_addr literal;

	if (q->address)
		return !known && q->from->atyp && !s5_addr_is_loopback(q->from);
	literal = *q->name;
	s5_addr_literal(&literal);
	return !s5_addr_is_ip(&literal) && q->from->atyp && !s5_addr_is_loopback(q->from);
}

static struct s5_verdict walk(const struct s5_rules *r, const struct s5_query *q)
{
	struct s5_verdict v = { S5_ALLOW, -1, false };
	int unsure = -1;

	if (s5_rules_guard(q) || s5_rules_has_allow(r))
		v.decision = S5_DENY;
	else if (is_undecided_by_default(q))
		v.decision = S5_UNDECIDED;
	for (int i = 0; i < (int)r->n; i++) {
		enum s5_reason reason = s5_rules_reason(r, i, q);
		bool allow = s5_rules_is_allow(r, i);

		if (reason == S5_REASON_ADDRESS && unsure < 0)
			unsure = i;
		if (reason != S5_REASON_MATCH && (reason != S5_REASON_ADDRESS || !allow))
			continue;
		v = (struct s5_verdict){ allow ? S5_ALLOW : S5_DENY, i, false };
		break;
	}
	if (v.decision != S5_DENY && unsure >= 0)
		v = (struct s5_verdict){ q->elsewhere ? S5_DENY : S5_UNDECIDED, unsure,
					 q->elsewhere };
	return v;
}

static struct s5_addr address_of(const char *text, uint16_t port)
{
	struct s5_addr a = { .port = port };

	assert_true(s5_addr_set_ip(&a, text, strlen(text)));
	return a;
}

static void ask_once(const struct s5_rules *r, unsigned asked[static 3])
{
	static const uint16_t numbers[] = { 22, 80, 443, 8080, 65535 };
	uint16_t port = ONE_OF(numbers);
	struct s5_addr client = address_of(ONE_OF(clients), 1), name = { .atyp = 0 };
	struct s5_addr place = address_of(ONE_OF(places), port), nobody = { .port = port };
	struct s5_query q = { .from = &client, .cmd = (uint8_t)(S5_CMD_CONNECT + dice(3)) };
	struct s5_verdict v, want;
	const char *host = ONE_OF(names);
	unsigned kind = dice(6);

	if (dice(2)) {
		q.user = (const uint8_t *)ONE_OF(users);
		q.ulen = strlen((const char *)q.user);
	}
	assert_true(s5_addr_set_name(&name, host, strlen(host), port));
	q.name = kind < 4 ? &name : NULL;
	if (kind >= 2)
		q.address = &place;
	if (kind == 5) /* an association, a BIND for whoever comes */
		q.address = &nobody;
	nobody.port = dice(2) ? port : 0;
	q.elsewhere = dice(3) == 0;
	v = s5_rules_match(r, &q);
	want = walk(r, &q);
	asked[v.decision]++;
	if (v.decision == want.decision && v.rule == want.rule && v.unsure == want.unsure)
		return;
	for (int i = 0; i < (int)r->n; i++)
		print_message("%d %s %s: %d\n", i, s5_rules_is_allow(r, i) ? "allow" : "deny",
			      s5_rules_text(r, i), (int)s5_rules_reason(r, i, &q));
	fail_msg("command %d to %s port %u: %d by %d instead of %d by %d", q.cmd,
		 q.name ? host : "no name", port, (int)v.decision, v.rule, (int)want.decision,
		 want.rule);
}

TEST(what_is_found_is_what_looking_at_every_rule_finds)
{
	unsigned asked[3] = { 0 };
	struct s5_rules r;

	for (int i = 0; i < TRIES; i++) {
		s5_rules_init(&r);
		for (unsigned n = dice(RULES_MOST); n > 0; n--)
			some_rule(&r);
		for (unsigned n = 0; n < QUESTIONS; n++)
			ask_once(&r, asked);
		s5_rules_fini(&r);
	}
	for (unsigned i = 0; i < LENGTH(asked); i++)
		assert_true(asked[i] > TRIES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_found_is_what_looking_at_every_rule_finds),
	};

	return RUN(tests);
}

#include "testlib.h"

#include "policy/rules.h"

#define REMOTE "203.0.113.7"
#define LOCAL "127.0.0.1"
#define UNIX "" /* a client on a Unix socket */

/* Rules separated by |, each `+words` (allow) or `-words` (deny). */
static void rules_make(struct s5_rules *r, const char *text)
{
	struct s5_rules_error err;
	char copy[512], *rest = copy, *rule;

	assert_true(strlen(text) < sizeof copy);
	strcpy(copy, text);
	s5_rules_init(r);
	while (*copy && (rule = strsep(&rest, "|")))
		if (!s5_rules_add(r, *rule == '+', rule + 1, &err))
			fail_msg("%s: %s", rule, err.text);
}

static struct s5_addr ip(const char *text, uint16_t port)
{
	struct s5_addr a = { .port = port };

	if (*text && !s5_addr_set_ip(&a, text, strlen(text)))
		fail_msg("no address: %s", text);
	return a;
}

struct question {
	const char *rules, *from, *name, *address;
	uint16_t port;
	enum s5_decision want;
	int by; /* the rule that decided */
	const char *user;
	uint8_t cmd; /* 0: CONNECT */
};

static void ask(const struct question *c)
{
	struct s5_addr from = ip(c->from, 40000), name = { .atyp = 0 }, address = { .atyp = 0 };
	struct s5_query q = { .from = &from, .cmd = c->cmd ? c->cmd : S5_CMD_CONNECT };
	struct s5_verdict v;
	struct s5_rules r;

	if (c->name) {
		assert_true(s5_addr_set_name(&name, c->name, strlen(c->name), c->port));
		q.name = &name;
	}
	if (c->address) {
		address = ip(c->address, c->port);
		q.address = &address;
	}
	if (c->user) {
		q.user = (const uint8_t *)c->user;
		q.ulen = strlen(c->user);
	}
	rules_make(&r, c->rules);
	v = s5_rules_match(&r, &q);
	s5_rules_fini(&r);
	if (v.decision != c->want || v.rule != c->by)
		fail_msg("{%s} %s -> %s %s %d: got %d by %d, want %d by %d", c->rules, c->from,
			 c->name ? c->name : "-", c->address ? c->address : "-", c->port,
			 (int)v.decision, v.rule, (int)c->want, c->by);
}

static void ask_all(const struct question *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ask(&cases[i]);
}

static const char *const guarded[] = {
	"127.0.0.1",
	"127.255.255.254",
	"::1",
	"0.0.0.0",
	"0.1.2.3",
	"::",
	"10.1.2.3",
	"172.16.0.1",
	"172.31.255.255",
	"192.168.7.7",
	"100.64.0.1",
	"100.127.255.255",
	"fc00::1",
	"fdff::1",
	"fec0::1",
	"169.254.1.1",
	"169.254.169.254",
	"fe80::1",
	"fd00:ec2::254",
	"febf::1",
	"168.63.129.16",
	"192.0.0.192",
	"224.0.0.1",
	"239.255.255.255",
	"ff02::1",
	"240.0.0.1",
	"255.255.255.255",
	"::7f00:1",
	"::ffff:127.0.0.1",
	"::ffff:10.0.0.1",
	"::ffff:169.254.169.254",
	"::ffff:0.0.0.0",
	"64:ff9b::127.0.0.1",
	"64:ff9b::10.0.0.1",
	"64:ff9b::169.254.169.254",
	"64:ff9b::255.255.255.255",
	"64:ff9b:1::8.8.8.8",
	"2002:7f00:1::",
	"2002:a00:1::1",
	"2002:c0a8:101:1::5",
	"2002:a9fe:a9fe::",
	"2002:e000:1::",
};

static const char *const open_to_all[] = {
	"8.8.8.8",	   "1.0.0.0",	       "9.255.255.255",	  "11.0.0.0",
	"126.255.255.255", "128.0.0.1",	       "100.63.255.255",  "100.128.0.0",
	"169.253.255.255", "169.255.0.0",      "172.15.255.255",  "172.32.0.0",
	"192.167.255.255", "192.169.0.0",      "223.255.255.255", "2001:db8::1",
	"2606:4700::1111", "fbff::1",	       "fe00::1",	  "::1:0:0",
	"::ffff:8.8.8.8",  "64:ff9b::8.8.8.8", "2002:808:808::1", "64:ff9a::7f00:1",
	"2003:7f00:1::",
};

TEST(SEC_1_without_rules_inner_addresses_are_for_loopback_only)
{
	for (size_t i = 0; i < LENGTH(guarded); i++) {
		ask(&(struct question){ "", REMOTE, NULL, guarded[i], 80, S5_DENY, .by = -1 });
		ask(&(struct question){ "", "2001:db8::5", NULL, guarded[i], 80, S5_DENY,
					.by = -1 });
		ask(&(struct question){ "", "10.0.0.9", "a.test", guarded[i], 80, S5_DENY,
					.by = -1 });
		ask(&(struct question){ "", LOCAL, NULL, guarded[i], 80, S5_ALLOW, .by = -1 });
		ask(&(struct question){ "", "::1", NULL, guarded[i], 80, S5_ALLOW, .by = -1 });
		ask(&(struct question){ "", "::ffff:127.0.0.2", NULL, guarded[i], 80, S5_ALLOW,
					.by = -1 });
		ask(&(struct question){ "", UNIX, "a.test", guarded[i], 80, S5_ALLOW, .by = -1 });
	}
}

TEST(SEC_1_without_rules_the_rest_is_for_everybody)
{
	for (size_t i = 0; i < LENGTH(open_to_all); i++) {
		ask(&(struct question){ "", REMOTE, NULL, open_to_all[i], 80, S5_ALLOW, .by = -1 });
		ask(&(struct question){ "", LOCAL, "a.test", open_to_all[i], 80, S5_ALLOW,
					.by = -1 });
	}
}

TEST(SEC_1_an_allow_that_names_no_address_does_not_lift_the_guard)
{
	static const char *const rules[] = {
		"+from=203.0.113.0/24",	 "+to=a.test",	"+to=.test",
		"+command=connect",	 "+user=u",	"+to=a.test:80",
		"+to=8.8.8.8 to=a.test", "-to=8.8.8.8",
	};

	for (size_t i = 0; i < LENGTH(rules); i++)
		for (size_t k = 0; k < LENGTH(guarded); k++)
			ask(&(struct question){ rules[i], REMOTE, "a.test", guarded[k], 80, S5_DENY,
						.by = -1, .user = "u" });
}

TEST(SEC_1_any_lifts_the_guard)
{
	for (size_t i = 0; i < LENGTH(guarded); i++) {
		ask(&(struct question){ "+to=any", REMOTE, NULL, guarded[i], 80, S5_ALLOW,
					.by = 0 });
		ask(&(struct question){ "+to=any:443", REMOTE, NULL, guarded[i], 80, S5_DENY,
					.by = -1 });
	}
}

TEST(SEC_1_a_rule_that_names_the_address_lifts_the_guard)
{
	static const struct question cases[] = {
		{ "+to=loopback", REMOTE, NULL, "127.0.0.1", 80, S5_ALLOW, .by = 0 },
		{ "+to=loopback", REMOTE, NULL, "::1", 80, S5_ALLOW, .by = 0 },
		{ "+to=loopback", REMOTE, NULL, "::ffff:127.0.0.1", 80, S5_ALLOW, .by = 0 },
		{ "+to=loopback", REMOTE, NULL, "64:ff9b::7f00:1", 80, S5_ALLOW, .by = 0 },
		{ "+to=loopback", REMOTE, NULL, "10.0.0.1", 80, S5_DENY, .by = -1 },
		{ "+to=private", REMOTE, NULL, "10.0.0.1", 80, S5_ALLOW, .by = 0 },
		{ "+to=private", REMOTE, NULL, "100.64.1.1", 80, S5_ALLOW, .by = 0 },
		{ "+to=private", REMOTE, NULL, "fd12::1", 80, S5_ALLOW, .by = 0 },
		{ "+to=private", REMOTE, NULL, "2002:a00:1::", 80, S5_ALLOW, .by = 0 },
		{ "+to=private", REMOTE, NULL, "127.0.0.1", 80, S5_DENY, .by = -1 },
		{ "+to=private", REMOTE, NULL, "8.8.8.8", 80, S5_DENY, .by = -1 },
		{ "+to=link-local", REMOTE, NULL, "169.254.3.4", 80, S5_ALLOW, .by = 0 },
		{ "+to=link-local", REMOTE, NULL, "fe80::1", 80, S5_ALLOW, .by = 0 },
		{ "-to=metadata|+to=link-local", REMOTE, NULL, "169.254.169.254", 80, S5_DENY,
		  .by = 0 },
		{ "+to=multicast", REMOTE, NULL, "224.0.0.251", 80, S5_ALLOW, .by = 0 },
		{ "+to=multicast", REMOTE, NULL, "ff02::fb", 80, S5_ALLOW, .by = 0 },
		{ "+to=metadata", REMOTE, NULL, "169.254.169.254", 80, S5_ALLOW, .by = 0 },
		{ "+to=metadata", REMOTE, NULL, "fd00:ec2::254", 80, S5_ALLOW, .by = 0 },
		{ "+to=metadata", REMOTE, NULL, "169.254.169.253", 80, S5_DENY, .by = -1 },
		{ "+to=127.0.0.1", REMOTE, NULL, "127.0.0.1", 80, S5_ALLOW, .by = 0 },
		{ "+to=127.0.0.1", REMOTE, "a.test", "127.0.0.1", 80, S5_ALLOW, .by = 0 },
		{ "+to=127.0.0.1:80", REMOTE, NULL, "127.0.0.1", 81, S5_DENY, .by = -1 },
		{ "+to=a.test to=10.0.0.0/8", REMOTE, "a.test", "10.0.0.1", 80, S5_ALLOW, .by = 0 },
		{ "+to=a.test to=10.0.0.0/8", REMOTE, "a.test", "127.0.0.1", 80, S5_DENY,
		  .by = -1 },
		{ "+to=a.test|+to=10.0.0.0/8", REMOTE, "a.test", "10.0.0.1", 80, S5_ALLOW,
		  .by = 1 },
		{ "+to=a.test to=any:8080", REMOTE, "a.test", "10.0.0.1", 80, S5_DENY, .by = -1 },
		{ "+to=0.0.0.0/0", REMOTE, NULL, "255.255.255.255", 80, S5_ALLOW, .by = 0 },
		/* A block of forwarded forms does not name what they carry. */
		{ "+to=64:ff9b::/96", REMOTE, NULL, "64:ff9b::7f00:1", 80, S5_DENY, .by = -1 },
		{ "+to=64:ff9b::/96", REMOTE, NULL, "64:ff9b::808:808", 80, S5_ALLOW, .by = 0 },
		{ "+to=2002::/16", REMOTE, NULL, "2002:7f00:1::", 80, S5_DENY, .by = -1 },
		{ "+to=::/0", REMOTE, NULL, "2002:7f00:1::", 80, S5_DENY, .by = -1 },
		{ "+to=::/0", REMOTE, NULL, "::ffff:127.0.0.1", 80, S5_DENY, .by = -1 },
		{ "+to=::/0", REMOTE, NULL, "::1", 80, S5_ALLOW, .by = 0 },
	};

	ask_all(cases, LENGTH(cases));
}

TEST(R1928_4_13_every_form_of_an_address_meets_its_rule)
{
	static const struct question cases[] = {
		{ "-to=127.0.0.0/8", LOCAL, NULL, "127.0.0.1", 80, S5_DENY, .by = 0 },
		{ "-to=127.0.0.0/8", LOCAL, NULL, "::ffff:127.0.0.1", 80, S5_DENY, .by = 0 },
		{ "-to=127.0.0.0/8", LOCAL, NULL, "::ffff:7f00:1", 80, S5_DENY, .by = 0 },
		{ "-to=127.0.0.0/8", LOCAL, NULL, "64:ff9b::127.0.0.1", 80, S5_DENY, .by = 0 },
		{ "-to=127.0.0.0/8", LOCAL, NULL, "2002:7f00:1::9", 80, S5_DENY, .by = 0 },
		{ "-to=loopback", LOCAL, NULL, "::ffff:127.0.0.1", 80, S5_DENY, .by = 0 },
		{ "-to=8.8.8.8", LOCAL, NULL, "64:ff9b::8.8.8.8", 80, S5_DENY, .by = 0 },
		{ "-to=64:ff9b::/96", LOCAL, NULL, "64:ff9b::8.8.8.8", 80, S5_DENY, .by = 0 },
		{ "-to=2002::/16", LOCAL, NULL, "2002:808:808::", 80, S5_DENY, .by = 0 },
		{ "-to=::ffff:127.0.0.0/104", LOCAL, NULL, "127.0.0.1", 80, S5_DENY, .by = 0 },
		{ "-to=::ffff:127.0.0.0/104", LOCAL, NULL, "128.0.0.1", 80, S5_ALLOW, .by = -1 },
		{ "-to=::ffff:127.0.0.1", LOCAL, NULL, "127.0.0.1", 80, S5_DENY, .by = 0 },
		{ "-from=::ffff:192.0.2.0/120", "192.0.2.9", NULL, "8.8.8.8", 80, S5_DENY,
		  .by = 0 },
		{ "-from=192.0.2.0/24", "::ffff:192.0.2.9", NULL, "8.8.8.8", 80, S5_DENY, .by = 0 },
		/* Names that a resolver reads as 127.0.0.1: open until resolved, then denied. */
		{ "-to=127.0.0.0/8", LOCAL, "127.1", NULL, 80, S5_UNDECIDED, .by = 0 },
		{ "-to=127.0.0.0/8", LOCAL, "0x7f000001", NULL, 80, S5_UNDECIDED, .by = 0 },
		{ "-to=127.0.0.0/8", LOCAL, "2130706433", NULL, 80, S5_UNDECIDED, .by = 0 },
		{ "-to=127.0.0.0/8", LOCAL, "127.1", "127.0.0.1", 80, S5_DENY, .by = 0 },
		{ "-to=127.0.0.0/8", LOCAL, "0x7f000001", "127.0.0.1", 80, S5_DENY, .by = 0 },
		{ "", REMOTE, "2130706433", "127.0.0.1", 80, S5_DENY, .by = -1 },
		/* One bad address among the good ones of a name. */
		{ "+to=.test", REMOTE, "a.test", "8.8.8.8", 80, S5_ALLOW, .by = 0 },
		{ "+to=.test", REMOTE, "a.test", "::ffff:127.0.0.1", 80, S5_DENY, .by = -1 },
	};

	ask_all(cases, LENGTH(cases));
}

TEST(R1928_4_12_a_name_that_is_a_literal_is_an_address)
{
	static const struct question cases[] = {
		{ "", REMOTE, "127.0.0.1", NULL, 80, S5_DENY, .by = -1 },
		{ "", REMOTE, "::1", NULL, 80, S5_DENY, .by = -1 },
		{ "", REMOTE, "8.8.8.8", NULL, 80, S5_ALLOW, .by = -1 },
		{ "-to=8.8.8.0/24:80", LOCAL, "8.8.8.8", NULL, 80, S5_DENY, .by = 0 },
		{ "-to=8.8.8.0/24:80", LOCAL, "8.8.8.8", NULL, 81, S5_ALLOW, .by = -1 },
		{ "-to=8.8.8.8", LOCAL, "::ffff:8.8.8.8", NULL, 80, S5_DENY, .by = 0 },
	};

	ask_all(cases, LENGTH(cases));
}

TEST(R1928_4_19_names_without_case_and_one_trailing_dot)
{
	static const struct question cases[] = {
		{ "-to=Example.COM", LOCAL, "example.com", NULL, 80, S5_DENY, .by = 0 },
		{ "-to=example.com", LOCAL, "EXAMPLE.com.", NULL, 80, S5_DENY, .by = 0 },
		{ "-to=example.com.", LOCAL, "example.com", NULL, 80, S5_DENY, .by = 0 },
		{ "-to=example.com", LOCAL, "example.com..", NULL, 80, S5_ALLOW, .by = -1 },
		{ "-to=example.com", LOCAL, "www.example.com", NULL, 80, S5_ALLOW, .by = -1 },
		{ "-to=example.com", LOCAL, "xexample.com", NULL, 80, S5_ALLOW, .by = -1 },
		{ "-to=example.com", LOCAL, "example.co", NULL, 80, S5_ALLOW, .by = -1 },
		{ "-to=example.com", LOCAL, "example.com", "8.8.8.8", 80, S5_DENY, .by = 0 },
		{ "-to=example.com", LOCAL, NULL, "8.8.8.8", 80, S5_ALLOW, .by = -1 },
		{ "-to=.example.com", LOCAL, "example.com", NULL, 80, S5_DENY, .by = 0 },
		{ "-to=.example.com", LOCAL, "a.b.Example.Com.", NULL, 80, S5_DENY, .by = 0 },
		{ "-to=.example.com", LOCAL, "badexample.com", NULL, 80, S5_ALLOW, .by = -1 },
		{ "-to=.example.com", LOCAL, "com", NULL, 80, S5_ALLOW, .by = -1 },
		{ "-to=.example.com.", LOCAL, "x.example.com", NULL, 80, S5_DENY, .by = 0 },
		{ "-to=.com", LOCAL, "example.com", NULL, 80, S5_DENY, .by = 0 },
		{ "-to=intranet", LOCAL, "INTRANET", NULL, 80, S5_DENY, .by = 0 },
		{ "-to=loopback.", LOCAL, "loopback", NULL, 80, S5_DENY, .by = 0 },
		{ "-to=loopback.", LOCAL, "other", "127.0.0.1", 80, S5_ALLOW, .by = -1 },
	};

	ask_all(cases, LENGTH(cases));
}

TEST(R1928_4_20_client_user_command_and_destination)
{
	static const struct question cases[] = {
		{ "-from=192.0.2.0/24", "192.0.2.200", NULL, "8.8.8.8", 80, S5_DENY, .by = 0 },
		{ "-from=192.0.2.0/24", "192.0.3.1", NULL, "8.8.8.8", 80, S5_ALLOW, .by = -1 },
		{ "-from=192.0.2.1,2001:db8::/32", "2001:db8::9", NULL, "8.8.8.8", 80, S5_DENY,
		  .by = 0 },
		{ "-from=192.0.2.1,2001:db8::/32", "192.0.2.1", NULL, "8.8.8.8", 80, S5_DENY,
		  .by = 0 },
		{ "-from=0.0.0.0/0,::/0", UNIX, NULL, "8.8.8.8", 80, S5_ALLOW, .by = -1 },
		{ "-user=alice,bob", LOCAL, NULL, "8.8.8.8", 80, S5_DENY, .by = 0, .user = "bob" },
		{ "-user=alice,bob", LOCAL, NULL, "8.8.8.8", 80, S5_ALLOW, .by = -1,
		  .user = "Bob" },
		{ "-user=alice,bob", LOCAL, NULL, "8.8.8.8", 80, S5_ALLOW, .by = -1, .user = "bo" },
		{ "-user=alice,bob", LOCAL, NULL, "8.8.8.8", 80, S5_ALLOW, .by = -1, .user = "" },
		{ "-user=alice,bob", LOCAL, NULL, "8.8.8.8", 80, S5_ALLOW, .by = -1 },
		{ "-user=alice user=bob", LOCAL, NULL, "8.8.8.8", 80, S5_DENY, .by = 0,
		  .user = "bob" },
		{ "-command=bind,udp", LOCAL, NULL, "8.8.8.8", 80, S5_ALLOW, .by = -1,
		  .cmd = S5_CMD_CONNECT },
		{ "-command=bind,udp", LOCAL, NULL, "8.8.8.8", 80, S5_DENY, .by = 0,
		  .cmd = S5_CMD_BIND },
		{ "-command=bind,udp", LOCAL, NULL, "8.8.8.8", 80, S5_DENY, .by = 0,
		  .cmd = S5_CMD_UDP },
		{ "+command=connect", LOCAL, NULL, "8.8.8.8", 80, S5_DENY, .by = -1, .cmd = 0xf0 },
		{ "-to=any:80", LOCAL, NULL, "8.8.8.8", 80, S5_DENY, .by = 0 },
		{ "-to=any:80", LOCAL, NULL, "8.8.8.8", 8080, S5_ALLOW, .by = -1 },
		{ "-to=any:22,8000-8099", LOCAL, NULL, "8.8.8.8", 22, S5_DENY, .by = 0 },
		{ "-to=any:22,8000-8099", LOCAL, NULL, "8.8.8.8", 8000, S5_DENY, .by = 0 },
		{ "-to=any:22,8000-8099", LOCAL, NULL, "8.8.8.8", 8099, S5_DENY, .by = 0 },
		{ "-to=any:22,8000-8099", LOCAL, NULL, "8.8.8.8", 8100, S5_ALLOW, .by = -1 },
		{ "-to=any:22,8000-8099", LOCAL, NULL, "8.8.8.8", 7999, S5_ALLOW, .by = -1 },
		{ "-to=any:1-65535", LOCAL, NULL, "8.8.8.8", 0, S5_ALLOW, .by = -1 },
		{ "-to=any:1-65535", LOCAL, NULL, "8.8.8.8", 65535, S5_DENY, .by = 0 },
		{ "-to=[2001:db8::/32]:80", LOCAL, NULL, "2001:db8::1", 80, S5_DENY, .by = 0 },
		{ "-to=[2001:db8::/32]:80", LOCAL, NULL, "2001:db8::1", 81, S5_ALLOW, .by = -1 },
		{ "-to=[::1]:22,80-90", LOCAL, NULL, "::1", 85, S5_DENY, .by = 0 },
		{ "-to=[2001:db8::1]", LOCAL, NULL, "2001:db8::1", 1, S5_DENY, .by = 0 },
		{ "-to=2001:db8::/32", LOCAL, NULL, "2001:db8::1", 1, S5_DENY, .by = 0 },
		{ "-to=2001:db8::1", LOCAL, NULL, "2001:db8::2", 1, S5_ALLOW, .by = -1 },
		{ "-to=8.8.8.8:53 to=.test:80", LOCAL, "a.test", "1.1.1.1", 80, S5_DENY, .by = 0 },
		{ "-to=8.8.8.8:53 to=.test:80", LOCAL, "a.test", "8.8.8.8", 53, S5_DENY, .by = 0 },
		{ "-to=8.8.8.8:53 to=.test:80", LOCAL, "a.test", "1.1.1.1", 53, S5_ALLOW,
		  .by = -1 },
		{ "-user=u to=8.8.8.8:53 command=udp from=127.0.0.0/8", LOCAL, NULL, "8.8.8.8", 53,
		  S5_DENY, .by = 0, .user = "u", .cmd = S5_CMD_UDP },
		{ "-user=u to=8.8.8.8:53 command=udp from=127.0.0.0/8", LOCAL, NULL, "8.8.8.8", 53,
		  S5_ALLOW, .by = -1, .user = "v", .cmd = S5_CMD_UDP },
		{ "- \tto=8.8.8.8 \t from=127.0.0.1  ", LOCAL, NULL, "8.8.8.8", 53, S5_DENY,
		  .by = 0 },
	};

	ask_all(cases, LENGTH(cases));
}

TEST(datagrams_to_many_are_guarded_at_home_too)
{
	static const struct question cases[] = {
		{ "", LOCAL, NULL, "224.0.0.1", 53, S5_DENY, .by = -1, .cmd = S5_CMD_UDP },
		{ "", LOCAL, NULL, "ff02::1", 53, S5_DENY, .by = -1, .cmd = S5_CMD_UDP },
		{ "", LOCAL, NULL, "255.255.255.255", 53, S5_DENY, .by = -1, .cmd = S5_CMD_UDP },
		{ "", LOCAL, NULL, "127.0.0.1", 53, S5_ALLOW, .by = -1, .cmd = S5_CMD_UDP },
		{ "", LOCAL, NULL, "::1", 53, S5_ALLOW, .by = -1, .cmd = S5_CMD_UDP },
		{ "", LOCAL, NULL, "::2", 53, S5_DENY, .by = -1, .cmd = S5_CMD_UDP },
	};

	ask_all(cases, LENGTH(cases));
}

TEST(the_first_match_decides)
{
	static const struct question cases[] = {
		{ "-to=8.8.8.8|+to=any", LOCAL, NULL, "8.8.8.8", 80, S5_DENY, .by = 0 },
		{ "-to=8.8.8.8|+to=any", LOCAL, NULL, "8.8.4.4", 80, S5_ALLOW, .by = 1 },
		{ "+to=any|-to=8.8.8.8", LOCAL, NULL, "8.8.8.8", 80, S5_ALLOW, .by = 0 },
		{ "+from=127.0.0.0/8|-to=any", LOCAL, NULL, "8.8.8.8", 80, S5_ALLOW, .by = 0 },
		{ "+from=127.0.0.0/8|-to=any", REMOTE, NULL, "8.8.8.8", 80, S5_DENY, .by = 1 },
		/* Passed over by the guard, decided by a later rule. */
		{ "+from=203.0.113.0/24|+to=10.0.0.5", REMOTE, NULL, "10.0.0.5", 80, S5_ALLOW,
		  .by = 1 },
		{ "+from=203.0.113.0/24|-to=10.0.0.5", REMOTE, NULL, "10.0.0.5", 80, S5_DENY,
		  .by = 1 },
		{ "+from=203.0.113.0/24|+to=10.0.0.5", REMOTE, NULL, "10.0.0.6", 80, S5_DENY,
		  .by = -1 },
		{ "+from=127.0.0.0/8", LOCAL, NULL, "10.0.0.6", 80, S5_ALLOW, .by = 0 },
		{ "+to=.test", LOCAL, "a.test", "10.0.0.6", 80, S5_ALLOW, .by = 0 },
	};

	ask_all(cases, LENGTH(cases));
}

TEST(no_match_denies_once_something_is_allowed)
{
	static const struct question cases[] = {
		{ "+to=8.8.8.8", LOCAL, NULL, "8.8.4.4", 80, S5_DENY, .by = -1 },
		{ "+to=8.8.8.8", UNIX, NULL, "8.8.4.4", 80, S5_DENY, .by = -1 },
		{ "+to=a.test", LOCAL, "b.test", NULL, 80, S5_DENY, .by = -1 },
		{ "-to=a.test|+to=b.test", LOCAL, "c.test", NULL, 80, S5_DENY, .by = -1 },
		{ "-to=8.8.8.8", LOCAL, NULL, "8.8.4.4", 80, S5_ALLOW, .by = -1 },
		{ "-to=8.8.8.8", LOCAL, NULL, "127.0.0.1", 80, S5_ALLOW, .by = -1 },
		{ "-to=8.8.8.8", REMOTE, NULL, "8.8.4.4", 80, S5_ALLOW, .by = -1 },
		{ "-to=8.8.8.8", REMOTE, NULL, "127.0.0.1", 80, S5_DENY, .by = -1 },
	};

	ask_all(cases, LENGTH(cases));
}

TEST(a_name_alone_is_decided_up_to_the_first_rule_about_addresses)
{
	static const struct question cases[] = {
		{ "", LOCAL, "a.test", NULL, 80, S5_ALLOW, .by = -1 },
		{ "", UNIX, "a.test", NULL, 80, S5_ALLOW, .by = -1 },
		{ "", REMOTE, "a.test", NULL, 80, S5_UNDECIDED, .by = -1 },
		{ "-to=a.test", REMOTE, "a.test", NULL, 80, S5_DENY, .by = 0 },
		{ "+to=a.test", REMOTE, "a.test", NULL, 80, S5_ALLOW, .by = 0 },
		{ "+to=any", REMOTE, "a.test", NULL, 80, S5_ALLOW, .by = 0 },
		{ "-to=any", REMOTE, "a.test", NULL, 80, S5_DENY, .by = 0 },
		{ "+from=203.0.113.7", REMOTE, "a.test", NULL, 80, S5_ALLOW, .by = 0 },
		{ "-to=private|+to=any", REMOTE, "a.test", NULL, 80, S5_UNDECIDED, .by = 0 },
		{ "-to=b.test|-to=10.0.0.0/8", LOCAL, "a.test", NULL, 80, S5_UNDECIDED, .by = 1 },
		{ "-to=10.0.0.0/8|+to=a.test", LOCAL, "a.test", NULL, 80, S5_UNDECIDED, .by = 0 },
		{ "+to=10.0.0.0/8|-to=a.test", LOCAL, "a.test", NULL, 80, S5_UNDECIDED, .by = 0 },
		{ "-to=127.0.0.1|+to=10.0.0.0/8|-to=a.test", LOCAL, "a.test", NULL, 80,
		  S5_UNDECIDED, .by = 0 },
		{ "-to=10.0.0.0/8", REMOTE, "a.test", NULL, 80, S5_UNDECIDED, .by = 0 },
		/* No address could be allowed: it is not to be looked up. */
		{ "-to=10.0.0.0/8|-to=a.test", LOCAL, "a.test", NULL, 80, S5_DENY, .by = 1 },
		{ "-to=private|-to=metadata|-to=.test", REMOTE, "a.test", NULL, 80, S5_DENY,
		  .by = 2 },
		{ "-to=private|-to=a.test|+to=any", REMOTE, "a.test", NULL, 80, S5_DENY, .by = 1 },
		{ "-to=private|+to=b.test", REMOTE, "a.test", NULL, 80, S5_DENY, .by = -1 },
		{ "-to=a.test|-to=10.0.0.0/8", LOCAL, "a.test", NULL, 80, S5_DENY, .by = 0 },
		{ "-to=10.0.0.0/8 to=a.test", LOCAL, "a.test", NULL, 80, S5_DENY, .by = 0 },
		/* Rules that cannot match anyhow leave nothing open. */
		{ "-to=10.0.0.0/8:22|+to=a.test", LOCAL, "a.test", NULL, 80, S5_ALLOW, .by = 1 },
		{ "-user=u to=private|+to=a.test", LOCAL, "a.test", NULL, 80, S5_ALLOW, .by = 1,
		  .user = "v" },
		{ "-from=10.0.0.0/8 to=private|+to=a.test", LOCAL, "a.test", NULL, 80, S5_ALLOW,
		  .by = 1 },
		{ "-command=udp to=private|+to=a.test", LOCAL, "a.test", NULL, 80, S5_ALLOW,
		  .by = 1 },
	};

	ask_all(cases, LENGTH(cases));
}

/* A BIND for whoever comes: what can be said before he does. */
TEST(R1928_B_7_an_address_to_come_is_decided_up_to_the_first_rule_about_addresses)
{
	static const struct question cases[] = {
		{ "", LOCAL, NULL, "", 0, S5_ALLOW, .by = -1, .cmd = S5_CMD_BIND },
		{ "", REMOTE, NULL, "", 0, S5_UNDECIDED, .by = -1, .cmd = S5_CMD_BIND },
		{ "-command=bind", LOCAL, NULL, "", 0, S5_DENY, .by = 0, .cmd = S5_CMD_BIND },
		{ "+command=connect", LOCAL, NULL, "", 0, S5_DENY, .by = -1, .cmd = S5_CMD_BIND },
		{ "+command=bind", REMOTE, NULL, "", 0, S5_ALLOW, .by = 0, .cmd = S5_CMD_BIND },
		{ "+to=10.0.0.0/8", LOCAL, NULL, "", 0, S5_UNDECIDED, .by = 0, .cmd = S5_CMD_BIND },
		{ "-to=private", LOCAL, NULL, "", 0, S5_UNDECIDED, .by = 0, .cmd = S5_CMD_BIND },
		{ "+to=.test", LOCAL, NULL, "", 0, S5_DENY, .by = -1, .cmd = S5_CMD_BIND },
		{ "+to=any:21", LOCAL, NULL, "", 22, S5_DENY, .by = -1, .cmd = S5_CMD_BIND },
		{ "+to=any:21", LOCAL, NULL, "", 21, S5_ALLOW, .by = 0, .cmd = S5_CMD_BIND },
	};

	ask_all(cases, LENGTH(cases));
}

TEST(nothing_asked_is_denied)
{
	ask(&(struct question){ "+to=any", LOCAL, NULL, NULL, 0, S5_DENY, .by = -1 });
	ask(&(struct question){ "", LOCAL, ".", NULL, 0, S5_DENY, .by = -1 });
}

TEST(a_name_with_a_nul_is_not_the_name_before_it)
{
	static const char octets[] = "a.test\0.evil.example";
	struct s5_addr from = ip(LOCAL, 1), name = { .atyp = 0 };
	struct s5_query q = { .from = &from, .cmd = S5_CMD_CONNECT, .name = &name };
	struct s5_rules r;

	assert_true(s5_addr_set_name(&name, octets, sizeof octets - 1, 80));
	rules_make(&r, "+to=a.test to=.test");
	assert_int_equal(s5_rules_match(&r, &q).decision, S5_DENY);
	s5_rules_fini(&r);
	assert_true(s5_addr_set_name(&name, "evil\0a.test", 11, 80));
	rules_make(&r, "+to=a.test");
	assert_int_equal(s5_rules_match(&r, &q).decision, S5_DENY);
	s5_rules_fini(&r);
}

TEST(a_bad_rule_leaves_the_others)
{
	struct s5_rules_error err;
	struct s5_rules r;

	rules_make(&r, "-to=a.test|+to=any");
	assert_false(s5_rules_add(&r, true, "to=b.test user=", &err));
	assert_int_equal(r.n, 2);
	assert_string_equal(s5_rules_text(&r, 0), "to=a.test");
	assert_string_equal(s5_rules_text(&r, 1), "to=any");
	assert_false(s5_rules_is_allow(&r, 0));
	assert_true(s5_rules_is_allow(&r, 1));
	assert_null(s5_rules_text(&r, 2));
	assert_null(s5_rules_text(&r, -1));
	assert_false(s5_rules_is_allow(&r, -1));
	s5_rules_fini(&r);
}

TEST(SEC_3_every_allow_has_from)
{
	static const struct {
		const char *rules;
		bool want;
	} rows[] = {
		{ "", false },
		{ "+to=any", false },
		{ "-from=10.0.0.0/8", false },
		{ "-from=10.0.0.0/8|+user=a", false },
		{ "+to=any|+from=10.0.0.0/8", false },
		{ "+from=10.0.0.0/8|+user=a", false },
		{ "+from=10.0.0.0/8|-to=private|+from=10.0.0.0/8 to=any", true },
		{ "+to=any from=10.0.0.0/8", true },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct s5_rules r;

		rules_make(&r, rows[i].rules);
		assert_int_equal(s5_rules_every_allow_has_from(&r), rows[i].want);
		s5_rules_fini(&r);
	}
}

TEST(many_rules)
{
	struct s5_rules_error err;
	struct s5_rules r;
	char text[64];

	s5_rules_init(&r);
	for (int i = 0; i < 300; i++) {
		snprintf(text, sizeof text, "to=host%d.test:%d", i, i + 1);
		assert_true(s5_rules_add(&r, i % 2, text, &err));
	}
	for (int i = 0; i < 300; i++) {
		struct s5_addr from = ip(REMOTE, 1), name = { .atyp = 0 };
		struct s5_query q = { .from = &from, .cmd = S5_CMD_CONNECT, .name = &name };
		struct s5_verdict v;

		snprintf(text, sizeof text, "host%d.test", i);
		assert_true(s5_addr_set_name(&name, text, strlen(text), (uint16_t)(i + 1)));
		v = s5_rules_match(&r, &q);
		assert_int_equal(v.decision, i % 2 ? S5_ALLOW : S5_DENY);
		assert_int_equal(v.rule, i);
	}
	s5_rules_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(SEC_1_without_rules_inner_addresses_are_for_loopback_only),
		cmocka_unit_test(SEC_1_without_rules_the_rest_is_for_everybody),
		cmocka_unit_test(SEC_1_an_allow_that_names_no_address_does_not_lift_the_guard),
		cmocka_unit_test(SEC_1_any_lifts_the_guard),
		cmocka_unit_test(SEC_1_a_rule_that_names_the_address_lifts_the_guard),
		cmocka_unit_test(R1928_4_13_every_form_of_an_address_meets_its_rule),
		cmocka_unit_test(R1928_4_12_a_name_that_is_a_literal_is_an_address),
		cmocka_unit_test(R1928_4_19_names_without_case_and_one_trailing_dot),
		cmocka_unit_test(R1928_4_20_client_user_command_and_destination),
		cmocka_unit_test(datagrams_to_many_are_guarded_at_home_too),
		cmocka_unit_test(the_first_match_decides),
		cmocka_unit_test(no_match_denies_once_something_is_allowed),
		cmocka_unit_test(a_name_alone_is_decided_up_to_the_first_rule_about_addresses),
		cmocka_unit_test(
			R1928_B_7_an_address_to_come_is_decided_up_to_the_first_rule_about_addresses),
		cmocka_unit_test(nothing_asked_is_denied),
		cmocka_unit_test(a_name_with_a_nul_is_not_the_name_before_it),
		cmocka_unit_test(a_bad_rule_leaves_the_others),
		cmocka_unit_test(SEC_3_every_allow_has_from),
		cmocka_unit_test(many_rules),
	};

	return RUN(tests);
}

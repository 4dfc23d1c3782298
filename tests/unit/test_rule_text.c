/* Rules as they were understood, and questions about them. */
#include "testlib.h"

#include "policy/rules.h"

static struct s5_rules rules;
static struct s5_rules_error error;

static int set_up(void **state)
{
	(void)state;
	s5_rules_init(&rules);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	s5_rules_fini(&rules);
	return 0;
}

static void add(bool allow, const char *text)
{
	if (!s5_rules_add(&rules, allow, text, &error))
		fail_msg("%s: %s", text, error.text);
}

TEST(rules_are_told_as_they_were_understood)
{
	static const char *const rows[][2] = {
		{ "to=any", "to=any" },
		{ "  to=any\tfrom=10.1.2.3/8 ", "from=10.0.0.0/8 to=any" },
		{ "from=::ffff:10.1.2.3", "from=10.1.2.3" },
		{ "from=1.2.3.4,fd12::1/12", "from=1.2.3.4,fd10::/12" },
		{ "user=joe,ann command=udp,connect", "user=joe,ann command=connect,udp" },
		{ "command=bind,bind", "command=bind" },
		{ "to=Example.ORG.:80", "to=Example.ORG:80" },
		{ "to=.example.org:80,8000-8099", "to=.example.org:80,8000-8099" },
		{ "to=[2001:db8::1/32]:1-65535", "to=[2001:db8::/32]:1-65535" },
		{ "to=::1", "to=[::1]" },
		{ "to=192.0.2.77/31 to=private:22", "to=192.0.2.76/31 to=private:22" },
		{ "to=private.", "to=private." },
		{ "to=0.0.0.0/0", "to=0.0.0.0/0" },
	};
	char text[500], again[500];

	for (size_t i = 0; i < LENGTH(rows); i++) {
		add(true, rows[i][0]);
		assert_string_equal(s5_rules_render(&rules, (int)(2 * i), text, sizeof text),
				    rows[i][1]);
		add(true, text); /* and means the same again */
		assert_string_equal(s5_rules_render(&rules, (int)(2 * i + 1), again, sizeof again),
				    text);
	}
}

TEST(a_text_that_has_no_room_is_cut)
{
	char text[8];

	add(true, "user=somebody to=any");
	assert_string_equal(s5_rules_render(&rules, 0, text, sizeof text), "user=s");
}

TEST(questions_in_the_words_of_rules)
{
	static const struct {
		const char *text, *why; /* why NULL: it is one */
	} rows[] = {
		{ "to=example.org:443", NULL },
		{ "from=10.0.0.1 user=joe command=udp to=[::1]:53", NULL },
		{ "to=10.0.0.1", NULL },
		{ "from=10.0.0.0/8 to=a.b", "from= is one address here" },
		{ "from=1.1.1.1,2.2.2.2 to=a.b", "from= is one address here" },
		{ "user=a,b to=a.b", "user= is one name here" },
		{ "command=bind,udp to=a.b", "command= is one command here" },
		{ "from=10.0.0.1", "to= is one HOST or ADDRESS here, with one :PORT" },
		{ "to=a.b to=c.d", "to= is one HOST or ADDRESS here, with one :PORT" },
		{ "to=.a.b", "to= is one HOST or ADDRESS here, with one :PORT" },
		{ "to=private", "to= is one HOST or ADDRESS here, with one :PORT" },
		{ "to=10.0.0.0/8", "to= is one HOST or ADDRESS here, with one :PORT" },
		{ "to=a.b:1-2", "to= is one HOST or ADDRESS here, with one :PORT" },
		{ "to=a.b:1,2", "to= is one HOST or ADDRESS here, with one :PORT" },
	};
	struct s5_rule_question q;

	for (size_t i = 0; i < LENGTH(rows); i++) {
		bool good = s5_rule_question_parse(&q, rows[i].text, &error);

		assert_int_equal(good, rows[i].why == NULL);
		if (!good)
			assert_string_equal(error.text, rows[i].why);
	}
	assert_false(s5_rule_question_parse(&q, "too=a", &error));
}

TEST(a_question_is_asked_with_all_its_words)
{
	struct s5_rule_question q;

	assert_true(s5_rule_question_parse(
		&q, "from=192.0.2.1 user=joe command=bind to=10.0.0.9:21", &error));
	assert_int_equal(q.query.from->octets[0], 192);
	assert_int_equal(q.query.ulen, 3);
	assert_memory_equal(q.query.user, "joe", 3);
	assert_int_equal(q.query.cmd, S5_CMD_BIND);
	assert_int_equal(q.query.address->port, 21);
	assert_null(q.query.name);
}

TEST(why_a_rule_does_not_decide)
{
	struct s5_rule_question q;
	static const char *const texts[] = { "from=10.0.0.0/8", "user=joe",   "command=udp",
					     "to=.example.com", "to=private", "from=192.0.2.0/24" };
	static const enum s5_reason named[] = { S5_REASON_FROM,	   S5_REASON_USER,
						S5_REASON_COMMAND, S5_REASON_TO,
						S5_REASON_ADDRESS, S5_REASON_MATCH };
	static const enum s5_reason guarded[] = { S5_REASON_FROM, S5_REASON_USER, S5_REASON_COMMAND,
						  S5_REASON_TO,	  S5_REASON_TO,	  S5_REASON_GUARD };

	for (size_t i = 0; i < LENGTH(texts); i++)
		add(true, texts[i]);
	assert_true(s5_rule_question_parse(&q, "from=192.0.2.1 to=example.org:80", &error));
	for (size_t i = 0; i < LENGTH(texts); i++)
		assert_int_equal(s5_rules_reason(&rules, (int)i, &q.query), named[i]);
	assert_true(s5_rule_question_parse(&q, "from=192.0.2.1 to=127.0.0.1:80", &error));
	assert_string_equal(s5_rules_guard(&q.query), "loopback");
	for (size_t i = 0; i < LENGTH(texts); i++)
		assert_int_equal(s5_rules_reason(&rules, (int)i, &q.query), guarded[i]);
}

/* Whatever is asked for, a client that may not come is allowed nothing (R1961-3.16). */
TEST(R1961_3_16_who_may_come_at_all)
{
	static const struct {
		const char *allow, *deny; /* deny comes first */
		const char *who;
		bool may;
	} rows[] = {
		{ NULL, NULL, "to=a.b user=joe", true },
		{ "user=ann", NULL, "to=a.b user=joe", false },
		{ "user=ann", NULL, "to=a.b user=ann", true },
		{ "user=ann from=10.0.0.0/8", NULL, "to=a.b user=ann from=192.0.2.1", false },
		{ NULL, "user=joe", "to=a.b user=joe", false },
		{ NULL, "user=joe to=x.y", "to=a.b user=joe", true },
		{ NULL, "user=joe command=udp", "to=a.b user=joe", true },
		{ "to=any", "user=joe", "to=a.b user=joe", false },
		{ "to=any", "user=joe", "to=a.b user=ann", true },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct s5_rule_question q;

		tear_down(NULL);
		if (rows[i].deny)
			add(false, rows[i].deny);
		if (rows[i].allow)
			add(true, rows[i].allow);
		assert_true(s5_rule_question_parse(&q, rows[i].who, &error));
		assert_int_equal(s5_rules_may_come(&rules, &q.query), rows[i].may);
	}
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(rules_are_told_as_they_were_understood),
		EACH(a_text_that_has_no_room_is_cut),
		EACH(questions_in_the_words_of_rules),
		EACH(a_question_is_asked_with_all_its_words),
		EACH(why_a_rule_does_not_decide),
		EACH(R1961_3_16_who_may_come_at_all),
	};

	return RUN(tests);
}

/* Memory runs out at every single allocation: of the rules, the users, the accounts, and of sessions
 * and seals of both sides. What failed says so, holds nothing back, and does its work the next time.
 */
#include "starving.h"

#include "fakegss.h"
#include "policy/rules.h"
#include "policy/users.h"
#include "roles/account.h"
#include "session/session.h"
#include "wire/frag.h"

/* rules */

static const char *const rules[] = {
	"to=a.test",
	"to=.b.test:80,443 to=10.0.0.0/8",
	"from=192.0.2.0/24,2001:db8::/32 user=ann,joe command=connect to=private",
	"user=joe to=198.51.100.7",
	"to=[2001:db8::/32]:22",
	"from=203.0.113.7",
	"to=any:25",
};

/* A rule that was not taken is taken the second time, and those before it are as they were. */
static void add_rule(struct s5_rules *r, const char *text)
{
	struct s5_rules_error err;
	size_t before = r->n;

	if (s5_rules_add(r, false, text, &err))
		return;
	assert_non_null(strstr(err.text, "out of memory"));
	assert_int_equal(r->n, before);
	assert_true(s5_rules_add(r, false, text, &err));
}

static bool ask_rules(void)
{
	struct s5_addr from = s5_addr_loopback(S5_ATYP_IPV4, 1);
	struct s5_addr address = { .port = 80 }, name = { .port = 80 };
	struct s5_query q = { .from = &from, .cmd = S5_CMD_CONNECT, .name = &name };
	struct s5_rules r;
	int denied = 0;

	s5_rules_init(&r);
	for (int times = 0; times < 5; times++)
		for (size_t i = 0; i < LENGTH(rules); i++)
			add_rule(&r, rules[i]);
	assert_true(s5_addr_set_name(&name, "x.b.test", 8, 80));
	denied += s5_rules_match(&r, &q).rule == 1;
	assert_true(s5_addr_set_ip(&address, "2001:db8::9", 11));
	address.port = 22;
	q = (struct s5_query){ .from = &from, .cmd = S5_CMD_CONNECT, .address = &address };
	denied += s5_rules_match(&r, &q).rule == 4;
	address.port = 23;
	denied += s5_rules_match(&r, &q).decision == S5_ALLOW;
	assert_int_equal(r.n, 5 * LENGTH(rules));
	s5_rules_fini(&r);
	return denied == 3;
}

TEST(rules_are_taken_whole_or_not_at_all)
{
	assert_in_range(starve(ask_rules), 60, 1000);
}

/* users */

#define HASH "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/"

static bool ask_users(void)
{
	static const char text[] = "ann:" HASH ":rate=1M\njoe:" HASH "\nbob@R:gssapi:sessions=2\n";
	struct s5_quota quota = { .rate = 0 };
	struct s5_users_error err;
	struct s5_users u;

	s5_users_init(&u);
	if (!s5_users_parse(&u, text, sizeof text - 1, &err)) {
		assert_string_equal(err.why, "out of memory");
		assert_int_equal(u.n, 0);
		assert_true(s5_users_parse(&u, text, sizeof text - 1, &err));
	}
	if (!s5_users_add(&u, "eve", 3, "x", 1, &err)) {
		assert_string_equal(err.why, "out of memory");
		assert_int_equal(u.n, 3);
		assert_true(s5_users_add(&u, "eve", 3, "x", 1, &err));
	}
	s5_users_quota(&u, "ann", 3, &quota);
	assert_int_equal(u.n, 4);
	s5_users_fini(&u);
	return quota.rate == 1 << 20;
}

TEST(users_are_taken_whole_or_not_at_all)
{
	assert_in_range(starve(ask_users), 6, 100);
}

/* Nobody is let in for want of memory. */
static bool check_users(void)
{
	static const char text[] = "joe:" HASH;
	struct s5_credentials c = { .ulen = 3, .plen = 5, .user = "joe", .password = "wrong" };
	struct s5_users_error err;
	struct s5_users u;
	bool well;

	s5_users_init(&u);
	well = s5_users_parse(&u, text, sizeof text - 1, &err);
	assert_false(s5_users_check(&u, &c));
	s5_users_fini(&u);
	return well;
}

TEST(credentials_that_cannot_be_checked_are_refused)
{
	assert_in_range(starve(check_users), 3, 10);
}

/* accounts */

static bool hold_accounts(void)
{
	static const struct s5_quota quota = { .rate = 1000, .sessions = 1 };
	struct s5_account *account[8];
	struct s5_accounts a;
	unsigned n = 0;
	bool well = true;

	s5_accounts_init(&a);
	for (uint8_t i = 0; i < LENGTH(account); i++) {
		struct s5_holder who = { .name = &i, .len = 1 };
		int rc = s5_account_enter(&a, &who, &quota, 1, 0, &account[n]);

		assert_true(rc == 0 || rc == -12); /* ENOMEM */
		well &= rc == 0;
		n += rc == 0;
	}
	while (n)
		s5_account_leave(&a, account[--n], 0);
	s5_accounts_fini(&a);
	return well;
}

TEST(accounts_that_cannot_be_kept_are_told)
{
	assert_in_range(starve(hold_accounts), 8, 20);
}

/* sessions: both sides, and between them an observer */

static const struct s5_gss_config gss = { .levels = 7, .level = S5_LEVEL_CONFIDENTIALITY };
static uint8_t method;

struct side {
	struct s5_session session;
	struct s5_session_config config;
	enum s5_role other;
	bool open, over;
};

static void answer(struct side *side, enum s5_event event)
{
	struct s5_addr bnd = s5_addr_loopback(S5_ATYP_IPV6, 1080);
	struct s5_session *s = &side->session;

	switch (event) {
	case S5_EV_WORK:
		s5_gss_step(s->gss);
		s5_session_worked(s);
		break;
	case S5_EV_CREDENTIALS:
		s5_session_judge(s, true);
		break;
	case S5_EV_REQUEST:
		s5_session_answer(s, S5_REP_SUCCEEDED, &bnd);
		break;
	case S5_EV_OPEN:
		side->open = true;
		break;
	case S5_EV_FAILED:
		side->over = true;
		break;
	case S5_EV_NONE:
	case S5_EV_MESSAGE:
	case S5_EV_METHOD:
	case S5_EV_REPLY:
		break;
	}
}

static bool go_on(struct side *side)
{
	enum s5_event event;
	bool moved = false;

	while (!side->open && !side->over &&
	       (event = s5_session_next(&side->session)) != S5_EV_NONE) {
		answer(side, event);
		moved = true;
	}
	return moved;
}

/* What one side has to send, in pieces of seven; the observer sees it too. */
static bool pass(struct side *from, struct side *to, struct s5_session *observer)
{
	enum s5_role role = to->other;
	size_t len, n;
	const uint8_t *octets = s5_session_out(&from->session, &len);

	len = len < 7 ? len : 7;
	n = s5_session_recv(&to->session, role, octets, len);
	s5_session_recv(observer, role, octets, n);
	s5_session_sent(&from->session, n);
	while (s5_session_next(observer) != S5_EV_NONE)
		;
	return n > 0;
}

static void carry_sealed(struct side *from, struct side *to)
{
	struct s5_seal *out = s5_session_take_seal(&from->session, to->other);
	struct s5_seal *in = s5_session_take_seal(&to->session, to->other);
	static uint8_t wrapped[4096], plain[4096];
	struct s5_writer w = s5_writer_over(wrapped, sizeof wrapped);
	struct s5_writer p = s5_writer_over(plain, sizeof plain);

	if (out && in && s5_seal_wrap(out, "hello", 5, &w) == S5_OK) {
		for (size_t i = 0; i < w.len; i++)
			if (s5_seal_unwrap(in, wrapped + i, 1, &p) != S5_OK)
				break;
	}
	s5_seal_free(out);
	s5_seal_free(in);
}

static bool talk(void)
{
	static struct side client, server;
	static struct s5_session observer;
	static const struct s5_session_config nothing;
	bool moved = true, open;

	client = (struct side){ .other = S5_SERVER, .config = { .nmethods = 1, .gss = gss } };
	client.config.methods[0] = method;
	client.config.request = (struct s5_request){ .cmd = S5_CMD_CONNECT };
	assert_true(s5_addr_set_name(&client.config.request.dst, "example.org", 11, 443));
	client.config.credentials = (struct s5_credentials){ .ulen = 1, .plen = 1, .user = "u" };
	server = (struct side){ .other = S5_CLIENT, .config = client.config };
	s5_session_init_client(&client.session, &client.config, 0);
	s5_session_init_server(&server.session, &server.config, 0);
	s5_session_init_observer(&observer, &nothing);
	while (moved) {
		moved = go_on(&client);
		moved |= go_on(&server);
		moved |= pass(&client, &server, &observer);
		moved |= pass(&server, &client, &observer);
	}
	open = client.open && server.open;
	if (open)
		carry_sealed(&client, &server);
	s5_session_fini(&client.session);
	s5_session_fini(&server.session);
	s5_session_fini(&observer);
	assert_int_equal(fake.live, 0);
	return open;
}

TEST(sessions_without_a_context_need_no_memory)
{
	method = S5_METHOD_NONE;
	assert_int_equal(starve(talk), 0);
	method = S5_METHOD_USERPASS;
	assert_int_equal(starve(talk), 0);
}

TEST(sessions_with_a_context_end_cleanly)
{
	method = S5_METHOD_GSSAPI;
	for (fake.rounds = 1; fake.rounds < 4; fake.rounds++)
		assert_in_range(starve(talk), 15, 200);
	fake.rounds = 1;
}

/* Tokens that do not fit a session's own room. The far side does not know what to do with them. */
static bool talk_at_length(void)
{
	talk();
	return true;
}

TEST(long_tokens_end_cleanly)
{
	method = S5_METHOD_GSSAPI;
	fake.ntoken = 20000;
	assert_in_range(starve(talk_at_length), 6, 400);
	fake.ntoken = 0;
}

/* fragments */

static bool put_together(void)
{
	static const uint8_t octets[600];
	struct s5_budget budget = { .limit = 1 << 20 };
	struct s5_datagram d = { .addr = s5_addr_loopback(S5_ATYP_IPV4, 53), .data = octets };
	enum s5_frag_result last = S5_FRAG_DROPPED;
	struct s5_frag f;

	s5_frag_init(&f, &budget, S5_FRAG_TIMEOUT);
	for (uint8_t i = 1; i <= 4; i++) {
		d.frag = i == 4 ? 0x84 : i;
		d.len = sizeof octets;
		last = s5_frag_add(&f, &d, i);
	}
	s5_frag_fini(&f);
	assert_int_equal(budget.used, 0);
	return last == S5_FRAG_WHOLE;
}

TEST(fragments_are_dropped_whole)
{
	assert_in_range(starve(put_together), 1, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_taken_whole_or_not_at_all),
		cmocka_unit_test(users_are_taken_whole_or_not_at_all),
		cmocka_unit_test(credentials_that_cannot_be_checked_are_refused),
		cmocka_unit_test(accounts_that_cannot_be_kept_are_told),
		cmocka_unit_test(sessions_without_a_context_need_no_memory),
		cmocka_unit_test(sessions_with_a_context_end_cleanly),
		cmocka_unit_test(long_tokens_end_cleanly),
		cmocka_unit_test(fragments_are_dropped_whole),
	};

	return RUN(tests);
}

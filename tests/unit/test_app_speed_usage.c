/* apps/speed_usage: whose CPU and memory are the server's; and apps/speed_text. */
#include <unistd.h>

#include "speed_text.h"
#include "speed_usage.h"
#include "testlib.h"

#define STAT(pid, name, state, parent, session, user, system)                                      \
#pid " (" name ") " #state " " #parent " 9 " #session " 0 -1 4194304 1 2 3 4 55 66 " #user \
	     " " #system " 20 0 1 0 12345 1 2 3\n"

TEST(stat_is_read)
{
	struct speed_process p;

	assert_true(speed_usage_parse(&p, STAT(42, "socks5", S, 7, 40, 3, 4)));
	assert_int_equal(p.pid, 42);
	assert_int_equal(p.parent, 7);
	assert_int_equal(p.session, 40);
	assert_int_equal(p.state, 'S');
	assert_int_equal(p.waited, 7);
}

TEST(a_name_may_hold_anything)
{
	struct speed_process p;

	assert_true(speed_usage_parse(&p, STAT(42, "a) R 1 (b", Z, 7, 40, 0, 0)));
	assert_int_equal(p.parent, 7);
	assert_int_equal(p.state, 'Z');
}

TEST(what_is_no_stat)
{
	static const char *const texts[] = { "",       "42",	     "42 (a",
					     "42 (a)", "42 (a) S 7", "x (a) S 7 9 40" };
	struct speed_process p;

	for (size_t i = 0; i < LENGTH(texts); i++)
		assert_false(speed_usage_parse(&p, texts[i]));
}

/* pid, parent, session */
static const struct speed_process all[] = {
	{ .pid = 1, .session = 1 },
	{ .pid = 10, .parent = 1, .session = 10 }, /* a shell */
	{ .pid = 20, .parent = 10, .session = 10 }, /* a server of its session, and its child */
	{ .pid = 21, .parent = 20, .session = 10 },
	{ .pid = 30, .parent = 10, .session = 10 }, /* we, and our target */
	{ .pid = 31, .parent = 30, .session = 10 },
	{ .pid = 40,
	  .parent = 1,
	  .session = 40 }, /* a daemon, a child, and one that lost its parent */
	{ .pid = 41, .parent = 40, .session = 40 },
	{ .pid = 42, .parent = 1, .session = 40 },
};

static void charges(pid_t pid, const char *want)
{
	struct speed_process copy[LENGTH(all)];
	char got[100] = "";

	memcpy(copy, all, sizeof copy);
	speed_usage_charge(copy, LENGTH(copy), pid, 30);
	for (size_t i = 0; i < LENGTH(copy); i++)
		if (copy[i].is_charged)
			snprintf(got + strlen(got), sizeof got - strlen(got), "%d ", copy[i].pid);
	assert_string_equal(got, want);
}

TEST(who_is_charged)
{
	charges(20, "20 21 "); /* no leader: its children */
	charges(21, "21 ");
	charges(40, "40 41 42 "); /* a leader: its session */
	charges(10, "10 20 21 "); /* ours: its children, but us */
	charges(30, "");
	charges(99, "");
}

TEST(our_own_parent_is_there)
{
	struct speed_usage u;

	speed_usage_read(&u, getppid());
	assert_true(u.processes >= 1);
	assert_true(u.cpu > 0);
	assert_true(u.memory > 0);
	speed_usage_read(&u, getpid());
	assert_int_equal(u.processes, 0);
}

TEST(texts)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} times[] = { { 0, "0.00 us" },		{ 31, "0.03 us" },	{ 9994, "9.99 us" },
		      { 9996, "10.0 us" },	{ 31249, "31.2 us" },	{ 999400, "999 us" },
		      { 999600, "1.00 ms" },	{ 5000000, "5.00 ms" }, { 999600000, "1.00 s" },
		      { 61000000000, "61.0 s" } };
	char text[32];

	for (size_t i = 0; i < LENGTH(times); i++)
		assert_string_equal(speed_time(text, sizeof text, times[i].ns), times[i].text);
	assert_string_equal(speed_octets(text, sizeof text, 1), "1 octet");
	assert_string_equal(speed_octets(text, sizeof text, 64), "64 octets");
	assert_string_equal(speed_octets(text, sizeof text, 1536), "1.50 KiB");
	assert_string_equal(speed_octets(text, sizeof text, 3.0 * (1 << 30)), "3.00 GiB");
	assert_string_equal(speed_count(text, sizeof text, 0), "0");
	assert_string_equal(speed_count(text, sizeof text, 999), "999");
	assert_string_equal(speed_count(text, sizeof text, 1234567), "1,234,567");
	assert_string_equal(speed_count(text, 6, 1234567), "1,23");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_is_read),
		cmocka_unit_test(a_name_may_hold_anything),
		cmocka_unit_test(what_is_no_stat),
		cmocka_unit_test(who_is_charged),
		cmocka_unit_test(our_own_parent_is_there),
		cmocka_unit_test(texts),
	};

	return RUN(tests);
}

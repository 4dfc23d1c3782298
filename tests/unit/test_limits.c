#include "testlib.h"

#include "policy/limits.h"

static struct s5_penalties table;

static struct s5_addr from(const char *text)
{
	struct s5_addr a = { .port = 40000 };

	assert_true(s5_addr_set_ip(&a, text, strlen(text)));
	return a;
}

static int64_t add(const char *text, int64_t now)
{
	struct s5_addr a = from(text);

	return s5_penalty_add(&table, &a, now);
}

static int64_t get(const char *text, int64_t now)
{
	struct s5_addr a = from(text);

	return s5_penalty_get(&table, &a, now);
}

/* The nth of many sources, all different. */
static int64_t add_nth(unsigned n, int64_t now)
{
	const uint8_t ip[4] = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	struct s5_addr a = s5_addr_ip4(ip, 1);

	return s5_penalty_add(&table, &a, now);
}

TEST(R1929_10_each_failure_waits_longer_up_to_a_bound)
{
	static const int64_t want[] = { 0, 250, 500, 1000, 2000, 3000, 3000, 3000 };

	s5_penalties_init(&table);
	for (size_t i = 0; i < LENGTH(want); i++)
		assert_int_equal(add("192.0.2.1", 1000 + (int64_t)i), want[i]);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(add("192.0.2.1", 2000 + i), S5_PENALTY_MAX);
}

static bool refuses(const char *text, int64_t now)
{
	struct s5_addr a = from(text);

	return s5_penalty_refuses(&table, &a, now);
}

TEST(R1929_10_after_ten_failures_a_source_is_refused_for_a_minute)
{
	s5_penalties_init(&table);
	for (int i = 1; i < S5_PENALTY_MOST; i++) {
		add("2001:db8::1", 5000);
		assert_false(refuses("2001:db8::1", 5000));
	}
	add("2001:db8::1", 6000);
	assert_true(refuses("2001:db8::1", 6000));
	assert_true(refuses("2001:db8::ffff", 6000)); /* the same /64 */
	assert_false(refuses("2001:db8:0:1::1", 6000));
	assert_false(refuses("192.0.2.1", 6000));
	assert_true(refuses("2001:db8::1", 6000 + S5_PENALTY_REFUSED - 1));
	assert_false(refuses("2001:db8::1", 6000 + S5_PENALTY_REFUSED));
	/* It comes back with half of them, and has as many tries. */
	for (int i = 0; i < S5_PENALTY_MOST / 2; i++) {
		assert_false(refuses("2001:db8::1", 6000 + S5_PENALTY_REFUSED + i));
		add("2001:db8::1", 6000 + S5_PENALTY_REFUSED + i);
	}
	assert_true(refuses("2001:db8::1", 7000 + S5_PENALTY_REFUSED));
}

TEST(R1929_10_sources_are_told_apart)
{
	s5_penalties_init(&table);
	assert_int_equal(add("192.0.2.1", 0), 0);
	assert_int_equal(add("192.0.2.1", 0), 250);
	assert_int_equal(add("192.0.2.2", 0), 0);
	assert_int_equal(add("c000:201::", 0), 0);
	assert_int_equal(get("192.0.2.1", 0), 250);
	assert_int_equal(get("192.0.2.3", 0), 0);
	assert_int_equal(get("127.0.0.1", 0), 0);
	assert_int_equal(add("127.0.0.1", 0), 0);
	assert_int_equal(add("127.0.0.1", 0), 250);
}

TEST(R1929_10_mapped_is_the_ipv4_source)
{
	s5_penalties_init(&table);
	add("192.0.2.1", 0);
	assert_int_equal(add("::ffff:192.0.2.1", 0), 250);
	assert_int_equal(get("192.0.2.1", 0), 250);
}

TEST(R1929_10_an_ipv6_source_is_a_64)
{
	s5_penalties_init(&table);
	add("2001:db8:0:1::1", 0);
	assert_int_equal(add("2001:db8:0:1:ffff::2", 0), 250);
	assert_int_equal(get("2001:db8:0:1:abcd:1:2:3", 0), 250);
	assert_int_equal(add("2001:db8:0:2::1", 0), 0);
}

TEST(quiet_minutes_halve)
{
	s5_penalties_init(&table);
	for (int i = 0; i < 6; i++)
		add("192.0.2.1", 5000);
	assert_int_equal(get("192.0.2.1", 5000 + S5_PENALTY_QUIET - 1), 3000);
	assert_int_equal(get("192.0.2.1", 5000 + S5_PENALTY_QUIET), 500);
	assert_int_equal(get("192.0.2.1", 5000 + 2 * S5_PENALTY_QUIET), 0);
	assert_int_equal(get("192.0.2.1", INT64_MAX), 0);
	assert_int_equal(add("192.0.2.1", 5000 + S5_PENALTY_QUIET), 1000);
	assert_int_equal(add("192.0.2.1", 5000 + 100 * S5_PENALTY_QUIET), 0);
}

TEST(asking_adds_nothing)
{
	s5_penalties_init(&table);
	add("192.0.2.1", 0);
	add("192.0.2.1", 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(get("192.0.2.1", 0), 250);
}

TEST(a_clock_that_steps_back_forgives_nothing)
{
	s5_penalties_init(&table);
	add("192.0.2.1", 1000000);
	assert_int_equal(add("192.0.2.1", 0), 250);
	assert_int_equal(get("192.0.2.1", -5), 250);
}

TEST(unix_socket_never_waits)
{
	struct s5_addr none = { .atyp = 0 };

	s5_penalties_init(&table);
	for (int i = 0; i < 10; i++)
		assert_int_equal(s5_penalty_add(&table, &none, i), 0);
	assert_int_equal(s5_penalty_get(&table, &none, 10), 0);
	assert_false(s5_penalty_refuses(&table, &none, 10));
	for (int i = 0; i < S5_PENALTY_SLOTS; i++)
		assert_int_equal(table.slots[i].failures, 0);
}

TEST(a_full_table_keeps_all_it_has_room_for)
{
	s5_penalties_init(&table);
	for (unsigned i = 0; i < S5_PENALTY_SLOTS; i++)
		assert_int_equal(add_nth(i, i), 0);
	for (unsigned i = 0; i < S5_PENALTY_SLOTS; i++)
		assert_int_equal(add_nth(i, S5_PENALTY_SLOTS), 250);
}

TEST(R1929_10_a_new_source_takes_the_place_of_the_oldest)
{
	s5_penalties_init(&table);
	for (unsigned i = 0; i < S5_PENALTY_SLOTS; i++)
		add_nth(i, i);
	add_nth(0, 2000); /* now source 1 is the oldest */
	add_nth(S5_PENALTY_SLOTS, 2001);
	assert_int_equal(add_nth(0, 2002), 500);
	assert_int_equal(add_nth(2, 2003), 250);
	assert_int_equal(add_nth(S5_PENALTY_SLOTS, 2004), 250);
	assert_int_equal(add_nth(1, 2005), 0);
}

TEST(a_flood_of_sources_stays_in_the_table)
{
	s5_penalties_init(&table);
	for (unsigned i = 0; i < 20000; i++) {
		add_nth(i, i);
		if (i % 500 == 0)
			add("192.0.2.1", i);
	}
	assert_int_equal(get("192.0.2.1", 20000), S5_PENALTY_MAX);
}

TEST(SEC_6_what_goes_on_is_told_at_once_then_now_and_then)
{
	struct s5_hush hush = { .count = 0 };

	assert_int_equal(s5_hush_add(&hush, 5), 1);
	for (int i = 0; i < 99; i++)
		assert_int_equal(s5_hush_add(&hush, 5 + i), 0);
	assert_int_equal(s5_hush_add(&hush, 4 + S5_HUSH_QUIET), 0);
	assert_int_equal(s5_hush_add(&hush, 5 + S5_HUSH_QUIET), 101);
	assert_int_equal(s5_hush_add(&hush, 6 + S5_HUSH_QUIET), 0);
	assert_int_equal(s5_hush_add(&hush, 10 * S5_HUSH_QUIET), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R1929_10_each_failure_waits_longer_up_to_a_bound),
		cmocka_unit_test(R1929_10_after_ten_failures_a_source_is_refused_for_a_minute),
		cmocka_unit_test(R1929_10_sources_are_told_apart),
		cmocka_unit_test(R1929_10_mapped_is_the_ipv4_source),
		cmocka_unit_test(R1929_10_an_ipv6_source_is_a_64),
		cmocka_unit_test(quiet_minutes_halve),
		cmocka_unit_test(asking_adds_nothing),
		cmocka_unit_test(a_clock_that_steps_back_forgives_nothing),
		cmocka_unit_test(unix_socket_never_waits),
		cmocka_unit_test(a_full_table_keeps_all_it_has_room_for),
		cmocka_unit_test(R1929_10_a_new_source_takes_the_place_of_the_oldest),
		cmocka_unit_test(a_flood_of_sources_stays_in_the_table),
		cmocka_unit_test(SEC_6_what_goes_on_is_told_at_once_then_now_and_then),
	};

	return RUN(tests);
}

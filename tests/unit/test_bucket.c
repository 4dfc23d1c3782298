/* Token buckets: what passes in a time is never more than the rate and what a full one holds. */
#include "testlib.h"

#include "policy/bucket.h"

TEST(no_rate_is_no_limit)
{
	struct s5_bucket b;

	s5_bucket_init(&b, 0, 5);
	s5_bucket_take(&b, UINT64_C(1) << 62);
	assert_true(s5_bucket_level(&b, 5) == UINT64_MAX);
	assert_int_equal(s5_bucket_wait(&b), 1);
}

TEST(it_holds_a_quarter_of_a_second)
{
	struct s5_bucket b;

	s5_bucket_init(&b, 1000000, 0);
	assert_int_equal(s5_bucket_level(&b, 0), 250000);
	assert_int_equal(s5_bucket_level(&b, 100000), 250000);
	s5_bucket_take(&b, 250000);
	assert_int_equal(s5_bucket_level(&b, 100000), 0);
	assert_int_equal(s5_bucket_level(&b, 100001), 1000);
	assert_int_equal(s5_bucket_level(&b, 100100), 100000);
}

TEST(a_slow_one_holds_a_packet)
{
	struct s5_bucket b;

	s5_bucket_init(&b, 1, 0);
	assert_int_equal(s5_bucket_level(&b, 0), 1500);
}

TEST(what_is_owed_is_paid_first)
{
	struct s5_bucket b;

	s5_bucket_init(&b, 1000, 0);
	s5_bucket_take(&b, 1500 + 2000);
	assert_int_equal(s5_bucket_level(&b, 0), 0);
	assert_int_equal(s5_bucket_wait(&b), 1000);
	for (int64_t ms = 100; ms < 2000; ms += 100)
		assert_int_equal(s5_bucket_level(&b, ms), 0);
	assert_int_equal(s5_bucket_level(&b, 2001), 1);
}

/* A fraction of an octet a millisecond is not lost. */
TEST(slow_and_often)
{
	struct s5_bucket b;
	uint64_t passed = 0;

	s5_bucket_init(&b, 333, 0);
	s5_bucket_take(&b, 1500);
	for (int64_t ms = 1; ms <= 10000; ms++) {
		uint64_t n = s5_bucket_level(&b, ms);

		s5_bucket_take(&b, n);
		passed += n;
	}
	assert_int_equal(passed, 3330);
}

TEST(whoever_waits_as_told_finds_something)
{
	static const uint64_t rates[] = { 1, 7, 20, 999, 65536, 10000000, S5_BUCKET_RATE_MAX };

	for (size_t i = 0; i < LENGTH(rates); i++) {
		struct s5_bucket b;
		int64_t now = 0;

		s5_bucket_init(&b, rates[i], now);
		s5_bucket_take(&b, s5_bucket_level(&b, now));
		for (int tries = 0; !s5_bucket_level(&b, now); tries++) {
			assert_true(tries < 3);
			assert_in_range(s5_bucket_wait(&b), 1, 1000);
			now += s5_bucket_wait(&b);
		}
	}
}

TEST(another_rate_keeps_what_is_owed)
{
	struct s5_bucket b;

	s5_bucket_init(&b, 1000000, 0);
	s5_bucket_take(&b, 350000);
	s5_bucket_set_rate(&b, 100000, 0);
	assert_int_equal(s5_bucket_level(&b, 500), 0);
	assert_int_equal(s5_bucket_level(&b, 1000), 0);
	assert_int_equal(s5_bucket_level(&b, 1010), 1000);
	s5_bucket_set_rate(&b, 0, 1010);
	assert_true(s5_bucket_level(&b, 1010) == UINT64_MAX);
	s5_bucket_set_rate(&b, 4000, 1010);
	assert_int_equal(s5_bucket_level(&b, 1010), 1500);
}

TEST(it_is_full_when_nothing_can_be_told)
{
	struct s5_bucket b;

	s5_bucket_init(&b, 1000000, 0);
	assert_true(s5_bucket_is_full(&b, 0));
	s5_bucket_take(&b, 1000);
	assert_false(s5_bucket_is_full(&b, 0));
	assert_true(s5_bucket_is_full(&b, 1));
	s5_bucket_set_rate(&b, 0, 1);
	s5_bucket_take(&b, 1000);
	assert_true(s5_bucket_is_full(&b, 1));
}

TEST(a_clock_that_stands_or_leaps)
{
	struct s5_bucket b;

	s5_bucket_init(&b, S5_BUCKET_RATE_MAX, 0);
	s5_bucket_take(&b, s5_bucket_level(&b, 0));
	assert_int_equal(s5_bucket_level(&b, INT64_MAX), S5_BUCKET_RATE_MAX / 4);
	s5_bucket_take(&b, 100);
	assert_int_equal(s5_bucket_level(&b, INT64_MAX), S5_BUCKET_RATE_MAX / 4 - 100);
}

/* Two threads whose clocks are 3 ms apart pay for each ms once. */
TEST(clocks_that_are_apart)
{
	struct s5_bucket b;
	uint64_t passed = 0;

	s5_bucket_init(&b, 1000000, 0);
	s5_bucket_take(&b, 250000);
	for (int64_t ms = 1; ms <= 1000; ms++)
		for (int thread = 0; thread < 2; thread++) {
			uint64_t n = s5_bucket_level(&b, ms - 3 * thread);

			s5_bucket_take(&b, n);
			passed += n;
		}
	assert_int_equal(passed, 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rate_is_no_limit),
		cmocka_unit_test(it_holds_a_quarter_of_a_second),
		cmocka_unit_test(a_slow_one_holds_a_packet),
		cmocka_unit_test(what_is_owed_is_paid_first),
		cmocka_unit_test(slow_and_often),
		cmocka_unit_test(whoever_waits_as_told_finds_something),
		cmocka_unit_test(another_rate_keeps_what_is_owed),
		cmocka_unit_test(it_is_full_when_nothing_can_be_told),
		cmocka_unit_test(a_clock_that_stands_or_leaps),
		cmocka_unit_test(clocks_that_are_apart),
	};

	return RUN(tests);
}

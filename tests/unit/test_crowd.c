/* How many sessions each source has: SEC-5. */
#include "testlib.h"

#include "policy/crowd.h"

static struct s5_crowd crowd;

static int set_up(void **state)
{
	(void)state;
	crowd = (struct s5_crowd){ .key = { { 1, 2 } } };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	s5_crowd_fini(&crowd);
	return 0;
}

TEST(SEC_5_no_more_than_the_limit_and_again_after_one_left)
{
	for (int i = 0; i < 3; i++)
		assert_true(s5_crowd_enter(&crowd, 7, 3));
	assert_false(s5_crowd_enter(&crowd, 7, 3));
	assert_true(s5_crowd_enter(&crowd, 8, 3));
	s5_crowd_leave(&crowd, 7);
	assert_int_equal(s5_crowd_count(&crowd, 7), 2);
	assert_true(s5_crowd_enter(&crowd, 7, 3));
	assert_true(s5_crowd_enter(&crowd, 7, 0));
	assert_int_equal(s5_crowd_count(&crowd, 7), 4);
	assert_int_equal(s5_crowd_count(&crowd, 9), 0);
}

TEST(nobody_is_not_counted)
{
	for (int i = 0; i < 100; i++)
		assert_true(s5_crowd_enter(&crowd, 0, 1));
	assert_int_equal(crowd.used, 0);
	s5_crowd_leave(&crowd, 0);
	s5_crowd_leave(&crowd, 5);
}

/* Against plain counters, in any order. */
TEST(the_table_agrees_with_counters)
{
	static unsigned counts[200];
	unsigned seed = 1, taken = 0;

	for (int i = 0; i < 200000; i++) {
		unsigned who;

		seed = seed * 1103515245u + 12345;
		who = seed >> 8 & 127;
		if (seed >> 16 & 1) {
			bool may = counts[who] < 5;

			assert_int_equal(s5_crowd_enter(&crowd, who + 1, 5), may);
			counts[who] += may;
			taken += may && counts[who] == 1;
		} else if (counts[who]) {
			s5_crowd_leave(&crowd, who + 1);
			taken -= --counts[who] == 0;
		}
		assert_int_equal(crowd.used, taken);
		assert_int_equal(s5_crowd_count(&crowd, who + 1), counts[who]);
	}
	for (unsigned who = 0; who < 128; who++)
		assert_int_equal(s5_crowd_count(&crowd, who + 1), counts[who]);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(SEC_5_no_more_than_the_limit_and_again_after_one_left),
		EACH(nobody_is_not_counted),
		EACH(the_table_agrees_with_counters),
	};

	return RUN(tests);
}

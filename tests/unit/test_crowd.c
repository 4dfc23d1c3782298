/* How many sessions each source has: SEC-5. */
#include "testlib.h"

#include "base/crowd.h"
#include "base/shares.h"

static const struct s5_hash_key key = { { 1, 2 } };
static struct s5_crowd crowd;

static int set_up(void **state)
{
	(void)state;
	s5_crowd_init(&crowd, &key);
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
		assert_true(s5_crowd_enter(&crowd, 7, 1, 3));
	assert_false(s5_crowd_enter(&crowd, 7, 1, 3));
	assert_true(s5_crowd_enter(&crowd, 8, 1, 3));
	s5_crowd_leave(&crowd, 7, 1);
	assert_int_equal(s5_crowd_count(&crowd, 7), 2);
	assert_true(s5_crowd_enter(&crowd, 7, 1, 3));
	assert_true(s5_crowd_enter(&crowd, 7, 1, 0));
	assert_int_equal(s5_crowd_count(&crowd, 7), 4);
	assert_int_equal(s5_crowd_count(&crowd, 9), 0);
}

TEST(nobody_is_not_counted)
{
	for (int i = 0; i < 100; i++)
		assert_true(s5_crowd_enter(&crowd, 0, 1, 1));
	assert_int_equal(crowd.used, 0);
	s5_crowd_leave(&crowd, 0, 1);
	s5_crowd_leave(&crowd, 5, 1);
}

TEST(SEC_5_one_source_has_a_share_of_a_budget_and_others_have_theirs)
{
	struct s5_shares shares;

	s5_shares_init(&shares, 1000, &key);
	assert_true(s5_shares_take(&shares, 7, 200));
	assert_false(s5_shares_take(&shares, 7, 51));
	assert_true(s5_shares_take(&shares, 7, 50));
	for (unsigned who = 8; who < 11; who++)
		assert_true(s5_shares_take(&shares, who, 250));
	assert_false(s5_shares_take(&shares, 11, 1));
	assert_false(s5_shares_take(&shares, 0, 1));
	s5_shares_give(&shares, 8, 250);
	assert_true(s5_shares_take(&shares, 0, 250));
	assert_int_equal(shares.all.used, 1000);
	s5_shares_fini(&shares);
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

			assert_int_equal(s5_crowd_enter(&crowd, who + 1, 1, 5), may);
			counts[who] += may;
			taken += may && counts[who] == 1;
		} else if (counts[who]) {
			s5_crowd_leave(&crowd, who + 1, 1);
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
		EACH(SEC_5_one_source_has_a_share_of_a_budget_and_others_have_theirs),
		EACH(nobody_is_not_counted),
		EACH(the_table_agrees_with_counters),
	};

	return RUN(tests);
}

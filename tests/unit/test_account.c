/* The accounts of users: counted sessions, and a rate that outlives them. */
#include "testlib.h"

#include <errno.h>

#include "roles/account.h"

static struct s5_accounts accounts;
static int64_t now;

static int enter(const char *name, uint64_t rate, unsigned sessions, uint64_t serial,
		 struct s5_account **account)
{
	struct s5_holder who = { (const uint8_t *)name, strlen(name), 0 };
	struct s5_quota quota = { rate, sessions };

	return s5_account_enter(&accounts, &who, &quota, serial, now, account);
}

static int set_up(void **state)
{
	(void)state;
	s5_accounts_init(&accounts);
	now = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	s5_accounts_fini(&accounts);
	return 0;
}

TEST(sessions_are_counted_for_each_by_itself)
{
	struct s5_account *joe[2], *ann, *more;

	assert_int_equal(enter("joe", 0, 2, 1, &joe[0]), 0);
	assert_int_equal(enter("joe", 0, 2, 1, &joe[1]), 0);
	assert_ptr_equal(joe[0], joe[1]);
	assert_int_equal(enter("joe", 0, 2, 1, &more), -EDQUOT);
	assert_int_equal(enter("ann", 0, 2, 1, &ann), 0);
	assert_ptr_not_equal(joe[0], ann);
	s5_account_leave(&accounts, joe[0], now);
	assert_int_equal(enter("joe", 0, 2, 1, &more), 0);
	s5_account_leave(&accounts, joe[1], now);
	s5_account_leave(&accounts, more, now);
	s5_account_leave(&accounts, ann, now);
}

TEST(a_name_is_no_source)
{
	uint64_t source = 0x6f6a000000000000;
	struct s5_holder named = { (const uint8_t *)&source, sizeof source, 0 };
	struct s5_holder nameless = { NULL, 0, source };
	struct s5_quota quota = { .sessions = 1 };
	struct s5_account *one, *two;

	assert_int_equal(s5_account_enter(&accounts, &named, &quota, 1, 0, &one), 0);
	assert_int_equal(s5_account_enter(&accounts, &nameless, &quota, 1, 0, &two), 0);
	s5_account_leave(&accounts, one, 0);
	s5_account_leave(&accounts, two, 0);
}

/* One datagram of 60,000 octets, and back after a while: for a minute it owes. */
TEST(who_owes_is_not_forgotten)
{
	struct s5_account *account;
	struct s5_shaper shaper;

	for (int i = 0; i < 55; i++) {
		assert_int_equal(enter("joe", 1000, 0, 1, &account), 0);
		s5_shaper_init(&shaper, 0, &account->share, now);
		if (i == 0)
			s5_shaper_take(&shaper, 0, 60000);
		assert_int_equal(s5_shaper_ask(&shaper, 0, now), 0);
		s5_shaper_fini(&shaper);
		s5_account_leave(&accounts, account, now);
		now += 1050;
	}
	now += 6000;
	assert_int_equal(enter("ann", 1000, 0, 1, &account), 0);
	s5_account_leave(&accounts, account, now);
	assert_int_equal(enter("joe", 1000, 0, 1, &account), 0);
	assert_int_equal(s5_bucket_level(&account->share.way[0].bucket, now), 1500);
	s5_account_leave(&accounts, account, now);
}

/* What one may use at once takes a second and a half to come back. */
TEST(who_comes_back_each_second_gets_no_more)
{
	struct s5_account *account;
	uint64_t had = 0;

	for (int i = 0; i < 20; i++, now += 1050) {
		struct s5_bucket *bucket;

		assert_int_equal(enter("joe", 1000, 0, 1, &account), 0);
		bucket = &account->share.way[0].bucket;
		had += s5_bucket_level(bucket, now);
		s5_bucket_take(bucket, s5_bucket_level(bucket, now));
		s5_account_leave(&accounts, account, now);
		assert_int_equal(enter("ann", 1000, 0, 1, &account), 0);
		s5_account_leave(&accounts, account, now + 1049);
	}
	assert_true(had <= 1500 + 20 * 1050);
}

TEST(an_older_policy_does_not_bring_its_rate_back)
{
	struct s5_account *old, *new, *late;

	assert_int_equal(enter("joe", 10000000, 0, 1, &old), 0);
	assert_int_equal(enter("joe", 100000, 0, 2, &new), 0);
	assert_int_equal(new->share.way[0].bucket.rate, 100000);
	assert_int_equal(enter("joe", 10000000, 0, 1, &late), 0);
	assert_int_equal(new->share.way[1].bucket.rate, 100000);
	s5_account_leave(&accounts, old, 0);
	s5_account_leave(&accounts, new, 0);
	s5_account_leave(&accounts, late, 0);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(sessions_are_counted_for_each_by_itself),
		EACH(a_name_is_no_source),
		EACH(who_owes_is_not_forgotten),
		EACH(who_comes_back_each_second_gets_no_more),
		EACH(an_older_policy_does_not_bring_its_rate_back),
	};

	return RUN(tests);
}

/* Shapers: a session's own rate, and one that is shared; and relays that keep to them. */
#include "relaying.h"

#define RATE (1 << 20) /* octets a second */
#define HELD (RATE / 4) /* that pass at once */

static struct s5_shaper shaper; /* the relay's, until it is torn down */
static unsigned lent; /* pipes at once, at most */

TEST(both_limits_count)
{
	struct s5_share share;
	struct s5_shaper s;

	s5_share_init(&share, 400000, 0);
	s5_shaper_init(&s, 1000000, &share, 0);
	assert_int_equal(s5_shaper_ask(&s, 0, 0), 100000);
	s5_shaper_take(&s, 0, 100000);
	assert_int_equal(s5_shaper_ask(&s, 0, 0), 0);
	assert_int_equal(s5_shaper_ask(&s, 1, 0), 100000); /* each way by itself */
	assert_int_equal(share.waiting[0], 1);
	s5_shaper_fini(&s);
	assert_int_equal(share.waiting[0], 0);
	s5_shaper_init(&s, 40000, &share, 0);
	assert_int_equal(s5_shaper_ask(&s, 1, 0), 10000);
	s5_shaper_fini(&s);
	s5_share_fini(&share);
}

/* Not each octet as it drips in. */
TEST(it_waits_for_something_worth_a_turn)
{
	struct s5_shaper s;

	s5_shaper_init(&s, 1000000, NULL, 0);
	s5_shaper_take(&s, 0, s5_shaper_ask(&s, 0, 0));
	assert_int_equal(s5_shaper_ask(&s, 0, 0), 0);
	assert_in_range(s.until[0], 50, 52);
	assert_int_equal(s5_shaper_ask(&s, 0, 40), 0);
	assert_in_range(s5_shaper_ask(&s, 0, s.until[0]), 50000, 52000);
	assert_int_equal(s.until[0], 0);
}

/* Ten sessions that all want all there is, for ten seconds, each woken when it is to be. */
TEST(sessions_of_a_user_come_to_about_the_same)
{
	struct s5_share share;
	struct s5_shaper s[10];
	uint64_t got[10] = { 0 }, all = 0;

	s5_share_init(&share, 1000000, 0);
	for (size_t i = 0; i < LENGTH(s); i++)
		s5_shaper_init(&s[i], 0, &share, 0);
	for (int64_t now = 0; now < 10000; now++)
		for (size_t i = 0; i < LENGTH(s); i++) {
			uint64_t n = s5_shaper_ask(&s[i], 1, now);

			s5_shaper_take(&s[i], 1, n);
			got[i] += n;
			all += n;
		}
	assert_in_range(all, 9900000, 10250000);
	for (size_t i = 0; i < LENGTH(s); i++) {
		assert_in_range(got[i], all / 30, all / 4);
		s5_shaper_fini(&s[i]);
	}
	assert_int_equal(share.waiting[1], 0);
	s5_share_fini(&share);
}

static size_t drain(int fd)
{
	static uint8_t octets[65536];
	ssize_t n = read(fd, octets, sizeof octets);

	return n > 0 ? (size_t)n : 0;
}

/* How long it takes until so many octets are through, in ms. */
static int64_t time_for(size_t octets)
{
	static const uint8_t piece[65536];
	int64_t began = s5_clock_ms();
	size_t sent = 0, came = 0;
	ssize_t n;

	while (came < octets) {
		n = sent < octets ? write(mine[0].out, piece, sizeof piece) : 0;
		sent += n > 0 ? (size_t)n : 0;
		s5_loop_turn(&loop);
		lent = pool.lent > lent ? pool.lent : lent;
		came += drain(mine[1].in);
	}
	return s5_clock_ms() - began;
}

static void keep_awake(struct s5_timer *t)
{
	s5_timer_set(&loop, t, loop.now + 1);
}

static void carry(void)
{
	struct s5_timer awake = { .fire = keep_awake };
	size_t octets = HELD + RATE / 2;

	relay.shaper = &shaper;
	start_tcp();
	s5_timer_set(&loop, &awake, 0);
	/* A millisecond on either side of the clock. */
	assert_true(time_for(octets) >= 498);
	s5_timer_stop(&loop, &awake);
	end_mine(0);
	end_mine(1);
	TURN_UNTIL(&loop, told);
	assert_int_equal(how, S5_RELAY_CLOSED);
	assert_in_range(relay.flow[0].octets, octets, octets + 65536);
}

TEST(a_relay_keeps_to_its_own_rate)
{
	s5_shaper_init(&shaper, RATE, NULL, s5_clock_ms());
	carry();
}

TEST(a_relay_keeps_to_a_shared_rate)
{
	struct s5_share share;

	s5_share_init(&share, RATE, s5_clock_ms());
	s5_shaper_init(&shaper, 0, &share, s5_clock_ms());
	carry();
	s5_shaper_fini(&shaper);
	assert_int_equal(share.waiting[0], 0);
	s5_share_fini(&share);
}

/* In pieces of 50 ms, which are large enough for a pipe. */
TEST(a_relay_that_is_held_to_a_rate_splices)
{
	struct s5_timer awake = { .fire = keep_awake };

	s5_shaper_init(&shaper, 8 * RATE, NULL, s5_clock_ms());
	relay.shaper = &shaper;
	start_tcp();
	s5_timer_set(&loop, &awake, 0);
	lent = 0;
	time_for(4 * RATE);
	s5_timer_stop(&loop, &awake);
	assert_int_equal(lent, 1);
}

TEST(what_waits_for_its_turn_is_stopped_as_any)
{
	static const uint8_t piece[65536];
	s5_shaper_init(&shaper, 1, NULL, s5_clock_ms());
	relay.shaper = &shaper;
	start_tcp();
	assert_true(write(mine[0].out, piece, sizeof piece) > 0);
	TURN_UNTIL(&loop, shaper.timer.slot);
	s5_relay_stop(&relay);
	assert_int_equal(shaper.timer.slot, 0);
	TURN_UNTIL(&loop, told);
	assert_int_equal(how, S5_RELAY_STOPPED);
}

#define RELAYED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_limits_count),
		cmocka_unit_test(it_waits_for_something_worth_a_turn),
		cmocka_unit_test(sessions_of_a_user_come_to_about_the_same),
		RELAYED(a_relay_keeps_to_its_own_rate),
		RELAYED(a_relay_keeps_to_a_shared_rate),
		RELAYED(a_relay_that_is_held_to_a_rate_splices),
		RELAYED(what_waits_for_its_turn_is_stopped_as_any),
	};

	return RUN(tests);
}

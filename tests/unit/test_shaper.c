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
	assert_false(LIST_EMPTY(&share.way[0].waiting));
	s5_shaper_fini(&s);
	assert_true(LIST_EMPTY(&share.way[0].waiting));
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
	assert_in_range(s.way[0].until, 50, 52);
	assert_int_equal(s5_shaper_ask(&s, 0, 40), 0);
	assert_in_range(s5_shaper_ask(&s, 0, s.way[0].until), 50000, 52000);
	assert_int_equal(s.way[0].until, 0);
}

/* Ten sessions that want all there is, for ten seconds, asking in any order; whoever is told to wait does. */
static void compete(uint64_t rate, unsigned order)
{
	struct s5_share share;
	struct s5_shaper s[10];
	uint64_t got[10] = { 0 }, all = 0;

	s5_share_init(&share, rate, 0);
	for (size_t i = 0; i < LENGTH(s); i++)
		s5_shaper_init(&s[i], 0, &share, 0);
	for (int64_t now = 0; now < 10000; now++)
		for (size_t k = 0; k < LENGTH(s); k++) {
			size_t i = (k * order + (size_t)now * (order - 1)) % LENGTH(s);
			uint64_t n = s5_shaper_ask(&s[i], 1, now);

			s5_shaper_take(&s[i], 1, n);
			got[i] += n;
			all += n;
		}
	assert_in_range(all, rate * 97 / 10, rate * 103 / 10 + 1500);
	for (size_t i = 0; i < LENGTH(s); i++) {
		assert_in_range(got[i], all / 14, all / 7);
		s5_shaper_fini(&s[i]);
	}
	assert_true(LIST_EMPTY(&share.way[1].waiting));
	s5_share_fini(&share);
}

TEST(sessions_of_a_user_come_to_about_the_same)
{
	static const unsigned orders[] = { 1, 3, 7 };

	for (size_t i = 0; i < LENGTH(orders); i++) {
		compete(1000000, orders[i]);
		compete(100000, orders[i]);
		compete(20000, orders[i]);
	}
}

/* One that sends a little now and then, among nine that want all: its octets pass within two turns. */
TEST(who_wants_little_does_not_wait_for_those_who_want_much)
{
	struct s5_share share;
	struct s5_shaper s[10];
	int64_t asked = 0;

	s5_share_init(&share, 100000, 0);
	for (size_t i = 0; i < LENGTH(s); i++)
		s5_shaper_init(&s[i], 0, &share, 0);
	for (int64_t now = 0; now < 10000; now++) {
		for (size_t i = 1; i < LENGTH(s); i++)
			s5_shaper_take(&s[i], 0, s5_shaper_ask(&s[i], 0, now));
		if (now % 500 == 0)
			asked = now;
		if (asked && s5_shaper_ask(&s[0], 0, now)) {
			assert_in_range(now - asked, 0, 110);
			s5_shaper_take(&s[0], 0, 100);
			asked = 0;
		}
	}
	for (size_t i = 0; i < LENGTH(s); i++)
		s5_shaper_fini(&s[i]);
	s5_share_fini(&share);
}

TEST(who_left_the_queue_without_a_word_holds_nobody_up)
{
	struct s5_share share;
	struct s5_shaper gone, s;
	uint64_t got = 0;

	s5_share_init(&share, 100000, 0);
	s5_shaper_init(&gone, 0, &share, 0);
	s5_shaper_init(&s, 0, &share, 0);
	s5_shaper_take(&s, 0, s5_shaper_ask(&s, 0, 0));
	assert_int_equal(s5_shaper_ask(&gone, 0, 0), 0);
	for (int64_t now = 1; now < 3000; now++) {
		uint64_t n = s5_shaper_ask(&s, 0, now);

		s5_shaper_take(&s, 0, n);
		got += n;
	}
	assert_true(got > 200000);
	s5_shaper_fini(&s);
	s5_shaper_fini(&gone);
	s5_share_fini(&share);
}

/* Datagrams cannot wait; they have their part all the same, and no more. */
TEST(datagrams_and_a_stream_of_a_user_come_to_about_the_same)
{
	struct s5_share share;
	struct s5_shaper datagrams, stream;
	uint64_t got[2] = { 0 };

	s5_share_init(&share, 200000, 0);
	s5_shaper_init(&datagrams, 0, &share, 0);
	s5_shaper_init(&stream, 0, &share, 0);
	for (int64_t now = 0; now < 10000; now++) {
		uint64_t n;

		for (int i = 0; i < 4; i++)
			got[0] += s5_shaper_pass(&datagrams, 0, 1000, now) ? 1000 : 0;
		n = s5_shaper_ask(&stream, 0, now);
		s5_shaper_take(&stream, 0, n);
		got[1] += n;
	}
	assert_in_range(got[0] + got[1], 1900000, 2100000);
	assert_in_range(got[0], 700000, 1300000);
	s5_shaper_fini(&datagrams);
	s5_shaper_fini(&stream);
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
	assert_true(LIST_EMPTY(&share.way[0].waiting));
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

/* The client is gone, the target goes on sending: what is thrown away is held to the rate, too. */
TEST(what_is_thrown_away_keeps_to_the_rate)
{
	static const uint8_t piece[65536];
	struct s5_timer awake = { .fire = keep_awake };
	int64_t end = s5_clock_ms() + 400;
	uint64_t sent = 0;
	ssize_t n;

	s5_shaper_init(&shaper, RATE, NULL, s5_clock_ms());
	relay.shaper = &shaper;
	start_tcp();
	s5_timer_set(&loop, &awake, 0);
	while (write(mine[0].out, piece, sizeof piece) > 0) /* more than passes in that time */
		s5_loop_turn(&loop);
	s5_sock_reset_on_close(mine[0].in);
	close_mine(0);
	while (s5_clock_ms() < end) {
		n = write(mine[1].out, piece, sizeof piece);
		sent += n > 0 ? (uint64_t)n : 0;
		s5_loop_turn(&loop);
		drain(mine[1].in);
	}
	s5_timer_stop(&loop, &awake);
	/* What passes, and what the sockets in between hold. */
	assert_in_range(sent, 0, RATE + (8 << 20));
}

/* What came with the request is held until it may pass. */
TEST(what_was_there_before_the_relay_waits_too)
{
	static const uint8_t early[1000];
	size_t came = 0;

	s5_shaper_init(&shaper, 100, NULL, s5_clock_ms());
	s5_shaper_take(&shaper, 0, 1500 + 20);
	relay.shaper = &shaper;
	assert_int_equal(s5_relay_preload(&relay, 0, early, sizeof early, true), 0);
	start_tcp();
	s5_loop_turn(&loop);
	assert_int_equal(drain(mine[1].in), 0);
	TURN_UNTIL(&loop, (came += drain(mine[1].in)) == sizeof early);
	assert_true(shaper.way[0].own.level < 0);
}

#define RELAYED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_limits_count),
		cmocka_unit_test(it_waits_for_something_worth_a_turn),
		cmocka_unit_test(sessions_of_a_user_come_to_about_the_same),
		cmocka_unit_test(who_wants_little_does_not_wait_for_those_who_want_much),
		cmocka_unit_test(who_left_the_queue_without_a_word_holds_nobody_up),
		cmocka_unit_test(datagrams_and_a_stream_of_a_user_come_to_about_the_same),
		RELAYED(a_relay_keeps_to_its_own_rate),
		RELAYED(a_relay_keeps_to_a_shared_rate),
		RELAYED(a_relay_that_is_held_to_a_rate_splices),
		RELAYED(what_waits_for_its_turn_is_stopped_as_any),
		RELAYED(what_is_thrown_away_keeps_to_the_rate),
		RELAYED(what_was_there_before_the_relay_waits_too),
	};

	return RUN(tests);
}

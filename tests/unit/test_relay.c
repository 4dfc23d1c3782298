#include "relaying.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

static void expect_end(enum s5_relay_end end)
{
	TURN_UNTIL(&loop, told);
	turn_for(&loop, 5);
	assert_int_equal(told, 1);
	assert_int_equal(how, end);
}

/* What comes out at side i within a moment: "text", "" for nothing, "EOF", "RST". */
static const char *out_at(int i)
{
	static char text[64];
	ssize_t n = -1;

	for (int tries = 0; tries < 50 && n < 0; tries++) {
		turn_now(&loop);
		n = read(mine[i].in, text, sizeof text - 1);
		if (n < 0 && errno != EAGAIN)
			return errno == ECONNRESET ? "RST" : "error";
		if (n < 0)
			usleep(1000);
	}
	if (n == 0)
		return "EOF";
	text[n > 0 ? n : 0] = 0;
	return text;
}

static void put_at(int i, const char *text)
{
	assert_int_equal(write(mine[i].out, text, strlen(text)), strlen(text));
}

static void reset_mine(int i)
{
	s5_sock_reset_on_close(mine[i].in);
	close_mine(i);
}

TEST(R1928_R_1_both_directions_in_order_whatever_the_sizes)
{
	static const size_t totals[] = { 0, 1, 1000, 70001, 3000000 };
	static const size_t steps[] = { 1000, 65536, 300000 };

	for (size_t t = 0; t < LENGTH(totals); t++)
		for (size_t s = 0; s < LENGTH(steps); s++) {
			struct course there = { .total = totals[t], .step = steps[s], .seed = 3 };
			struct course back = { .total = totals[LENGTH(totals) - 1 - t],
					       .step = steps[LENGTH(steps) - 1 - s],
					       .seed = 1000003 };

			assert_int_equal(tear_down(NULL), 0);
			set_up(NULL);
			start_tcp();
			run_both(&there, &back);
			expect_end(S5_RELAY_CLOSED);
			assert_int_equal(relay.flow[0].octets, there.total);
			assert_int_equal(relay.flow[1].octets, back.total);
		}
}

TEST(R1928_R_2_an_end_is_passed_on_and_the_other_direction_lives)
{
	for (int first = 0; first < 2; first++) {
		tear_down(NULL);
		set_up(NULL);
		start_tcp();
		put_at(first, "last");
		end_mine(first);
		assert_string_equal(out_at(!first), "last");
		assert_string_equal(out_at(!first), "EOF");
		assert_string_equal(out_at(first), "");
		put_at(!first, "answer");
		assert_string_equal(out_at(first), "answer");
		assert_int_equal(told, 0);
		end_mine(!first);
		assert_string_equal(out_at(first), "EOF");
		expect_end(S5_RELAY_CLOSED);
	}
}

TEST(R1928_R_5_a_reset_is_passed_on_as_a_reset)
{
	for (int first = 0; first < 2; first++) {
		tear_down(NULL);
		set_up(NULL);
		start_tcp();
		put_at(first, "x");
		assert_string_equal(out_at(!first), "x");
		reset_mine(first);
		assert_string_equal(out_at(!first), "RST");
		expect_end(S5_RELAY_ERROR);
		assert_int_equal(relay.side, first);
		assert_int_equal(relay.error, ECONNRESET);
	}
}

/* pipes: how many the pool has left to lend. */
static void push_without_reader(unsigned pipes)
{
	struct course c = { .total = (size_t)1 << 40, .step = 300000 };
	size_t before;

	tear_down(NULL);
	set_up(NULL);
	pool.lent = S5_RELAY_PIPES - pipes;
	start_tcp();
	for (int quiet = 0; quiet < 20; quiet++) {
		before = c.sent;
		course_send(&c, 0);
		turn_now(&loop);
		if (c.sent != before)
			quiet = 0;
	}
	assert_false(relay.flow[0].writable);
	assert_true(relay.flow[0].held_len + relay.flow[0].piped <= S5_RELAY_BUFFER);
	before = relay.flow[0].octets;
	turn_for(&loop, 20);
	assert_int_equal(relay.flow[0].octets, before);
	/* Read again, it goes on by itself. */
	c.total = c.sent;
	run_one(&c, 0);
	pool.lent -= S5_RELAY_PIPES - pipes;
}

TEST(R1928_R_4_what_is_not_read_stops_the_other_side)
{
	push_without_reader(S5_RELAY_PIPES);
	push_without_reader(0);
}

TEST(bulk_borrows_a_pipe_and_gives_it_back)
{
	struct course c = { .total = 40000000, .step = 300000 };

	start_tcp();
	run_one(&c, 0);
	assert_int_equal(pool.lent, 0);
	assert_int_equal(pool.spare, 1); /* so it was borrowed */
	put_at(1, "the other direction never had one");
	assert_int_equal(relay.flow[1].pipe.in, -1);
}

TEST(a_flow_that_falls_idle_gives_its_pipe_back)
{
	struct course c = { .total = (size_t)1 << 40, .step = 300000 };

	start_tcp();
	for (int i = 0; i < 100000 && pool.lent + pool.spare == 0; i++) {
		course_send(&c, 0);
		turn_now(&loop);
		course_take(&c, 1);
	}
	c.total = c.sent;
	c.ended = true; /* it is not, it has just nothing to say */
	for (int i = 0; i < 1000 && c.got < c.total; i++) {
		turn_now(&loop);
		course_take(&c, 1);
	}
	turn_now(&loop);
	assert_int_equal(c.got, c.total);
	assert_int_equal(pool.lent, 0);
	assert_int_equal(pool.spare, 1);
	assert_null(relay.flow[0].held);
	assert_int_equal(told, 0);
}

TEST(small_messages_borrow_nothing)
{
	start_tcp();
	for (int i = 0; i < 200; i++) {
		put_at(i & 1, "ping");
		assert_string_equal(out_at(!(i & 1)), "ping");
	}
	assert_int_equal(pool.lent + pool.spare, 0);
	assert_null(relay.flow[0].held);
	assert_null(relay.flow[1].held);
}

TEST(without_a_pipe_bulk_is_copied)
{
	struct course there = { .total = 5000000, .step = 300000 }, back = there;

	pool.lent = S5_RELAY_PIPES;
	start_tcp();
	run_both(&there, &back);
	assert_int_equal(pool.lent, S5_RELAY_PIPES);
	pool.lent = 0;
}

TEST(a_pipe_with_octets_left_in_it_is_not_lent_again)
{
	struct course c = { .total = (size_t)1 << 40, .step = 300000 };

	start_tcp();
	for (int i = 0; i < 100000 && !relay.flow[0].piped; i++) {
		course_send(&c, 0);
		turn_now(&loop);
	}
	assert_true(relay.flow[0].piped > 0);
	s5_relay_stop(&relay);
	expect_end(S5_RELAY_STOPPED);
	assert_int_equal(pool.lent, 0);
	assert_int_equal(pool.spare, 0);
}

TEST(R1928_R_3_a_reset_in_the_middle_of_bulk_ends_both)
{
	struct course c = { .total = (size_t)1 << 40, .step = 300000 };

	start_tcp();
	for (int i = 0; i < 100000 && c.got < 5000000; i++) {
		course_send(&c, 0);
		turn_now(&loop);
		course_take(&c, 1);
	}
	reset_mine(1);
	expect_end(S5_RELAY_ERROR);
	assert_int_equal(relay.side, 1);
	for (int i = 0; i < 1000000 && write(mine[0].out, "x", 1) == 1; i++)
		;
	assert_true(errno == EPIPE || errno == ECONNRESET);
}

TEST(R1928_4_17_what_was_preloaded_goes_first)
{
	int a = tcp_end(0), b = tcp_end(1);

	assert_int_equal(s5_relay_preload(&relay, 0, "one ", 4, true), 0);
	assert_int_equal(s5_relay_preload(&relay, 0, "", 0, true), 0);
	assert_int_equal(s5_relay_preload(&relay, 0, "two ", 4, true), 0);
	assert_int_equal(s5_relay_preload(&relay, 1, "back", 4, false), 0);
	put_at(0, "three");
	start((int[]){ a, a, b, b });
	turn_for(&loop, 20);
	assert_string_equal(out_at(1), "one two three");
	assert_string_equal(out_at(0), "back");
	assert_int_equal(relay.flow[0].octets, 13);
	assert_int_equal(relay.flow[1].octets, 0);
}

TEST(what_was_preloaded_arrives_although_the_source_has_ended)
{
	int a = tcp_end(0), b = tcp_end(1);

	assert_int_equal(s5_relay_preload(&relay, 0, "all", 3, true), 0);
	end_mine(0);
	start((int[]){ a, a, b, b });
	assert_string_equal(out_at(1), "all");
	assert_string_equal(out_at(1), "EOF");
	assert_int_equal(told, 0);
}

/* Side 1 has answered much that side 0 does not read yet, and then broke over something unread.
 * ended: side 0 had ended before. */
static void answer_and_break(struct course *answer, bool ended)
{
	int queued = 1;

	put_at(0, "unread");
	if (ended)
		end_mine(0);
	for (int i = 0; i < 1000 && (answer->sent < answer->total || queued); i++) {
		if (answer->sent < answer->total)
			course_send(answer, 1);
		turn_now(&loop);
		ioctl(mine[1].out, SIOCOUTQ, &queued);
	}
	assert_int_equal(answer->sent, answer->total);
	close_mine(1);
	turn_for(&loop, 50);
}

/* All of the answer comes out at side 0, then a reset. */
static void take_broken(struct course *answer)
{
	for (int i = 0; i < 1000 && answer->got < answer->total; i++) {
		course_take(answer, 0);
		turn_for(&loop, 1);
	}
	assert_int_equal(answer->got, answer->total);
	expect_end(S5_RELAY_ERROR);
	assert_string_equal(out_at(0), "RST");
	assert_int_equal(relay.side, 1);
	assert_int_equal(relay.error, ECONNRESET);
}

/* ended: kept open by its sender, so that course_send does not end the side. */
#define ANSWER                                                             \
	{                                                                  \
		.total = 500000, .step = 100000, .seed = 11, .ended = true \
	}

TEST(R1928_R_5_what_came_before_a_reset_arrives_before_the_reset)
{
	struct course answer = ANSWER;

	start_tcp();
	answer_and_break(&answer, false);
	take_broken(&answer);
}

TEST(R1928_R_5_the_same_after_the_other_side_ended)
{
	struct course answer = ANSWER;

	start_tcp();
	answer_and_break(&answer, true);
	take_broken(&answer);
}

TEST(R1928_R_5_who_sends_first_and_reads_then_gets_the_answer_too)
{
	struct course answer = ANSWER, there = { .total = 20000000, .step = 300000, .ended = true };

	start_tcp();
	answer_and_break(&answer, false);
	for (int i = 0; i < 10000 && there.sent < there.total; i++) {
		course_send(&there, 0);
		turn_now(&loop);
	}
	assert_int_equal(there.sent, there.total);
	take_broken(&answer);
}

TEST(a_relay_may_be_stopped_at_any_time)
{
	start_tcp();
	s5_relay_stop(&relay);
	assert_int_equal(told, 0); /* told on a later turn */
	s5_relay_stop(&relay);
	expect_end(S5_RELAY_STOPPED);
}

TEST(R1928_R_5_a_stream_that_is_cut_off_does_not_look_finished)
{
	start_tcp();
	put_at(0, "half of");
	assert_string_equal(out_at(1), "half of");
	s5_relay_stop(&relay);
	expect_end(S5_RELAY_STOPPED);
	assert_string_equal(out_at(0), "RST");
	assert_string_equal(out_at(1), "RST");
}

TEST(R1928_R_5_one_that_is_finished_stays_so_when_the_other_is_cut_off)
{
	struct course there = { .total = 500000, .step = 100000 };

	start_tcp();
	for (int i = 0; i < 1000 && !relay.flow[0].ended; i++) {
		course_send(&there, 0);
		turn_now(&loop);
	}
	assert_true(relay.flow[0].ended);
	s5_relay_stop(&relay);
	expect_end(S5_RELAY_STOPPED);
	assert_string_equal(out_at(0), "RST");
	run_one(&there, 0);
}

TEST(R1928_R_6_idle_is_a_time_without_an_octet)
{
	int64_t last = 0;

	relay.idle = 120;
	start_tcp();
	for (int i = 0; i < 8; i++) {
		put_at(i & 1, "still here");
		assert_string_equal(out_at(!(i & 1)), "still here");
		turn_for(&loop, 50);
		assert_int_equal(told, 0);
		last = s5_clock_ms();
	}
	expect_end(S5_RELAY_IDLE);
	assert_in_range(s5_clock_ms() - last, 60, 2000);
	assert_string_equal(out_at(0), "RST");
}

TEST(R1928_R_6_a_reader_of_what_came_before_a_reset_may_be_idle_too)
{
	struct course answer = ANSWER;

	relay.idle = 300;
	start_tcp();
	answer_and_break(&answer, false);
	assert_int_equal(told, 0);
	expect_end(S5_RELAY_IDLE);
}

static void connected_ready(struct s5_watch *w, uint32_t events)
{
	(void)w;
	(void)events;
	fail();
}

TEST(sockets_that_the_loop_knows_already_are_taken_over)
{
	struct s5_watch before[2];
	int a = tcp_end(0), b = tcp_end(1);

	before[0] = (struct s5_watch){ .fd = a, .ready = connected_ready };
	before[1] = (struct s5_watch){ .fd = b, .ready = connected_ready };
	s5_loop_watch(&loop, &before[0], EPOLLPRI);
	s5_loop_watch(&loop, &before[1], EPOLLPRI);
	relay.done = relay_done;
	s5_relay_start(&relay, &pool, (int[]){ a, a, b, b }, 3);
	put_at(0, "there");
	put_at(1, "back");
	assert_string_equal(out_at(1), "there");
	assert_string_equal(out_at(0), "back");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RELAY(R1928_R_1_both_directions_in_order_whatever_the_sizes),
		RELAY(R1928_R_2_an_end_is_passed_on_and_the_other_direction_lives),
		RELAY(R1928_R_5_a_reset_is_passed_on_as_a_reset),
		RELAY(R1928_R_4_what_is_not_read_stops_the_other_side),
		RELAY(bulk_borrows_a_pipe_and_gives_it_back),
		RELAY(a_flow_that_falls_idle_gives_its_pipe_back),
		RELAY(small_messages_borrow_nothing),
		RELAY(without_a_pipe_bulk_is_copied),
		RELAY(a_pipe_with_octets_left_in_it_is_not_lent_again),
		RELAY(R1928_R_3_a_reset_in_the_middle_of_bulk_ends_both),
		RELAY(R1928_4_17_what_was_preloaded_goes_first),
		RELAY(what_was_preloaded_arrives_although_the_source_has_ended),
		RELAY(R1928_R_5_what_came_before_a_reset_arrives_before_the_reset),
		RELAY(R1928_R_5_the_same_after_the_other_side_ended),
		RELAY(R1928_R_5_who_sends_first_and_reads_then_gets_the_answer_too),
		RELAY(a_relay_may_be_stopped_at_any_time),
		RELAY(R1928_R_5_a_stream_that_is_cut_off_does_not_look_finished),
		RELAY(R1928_R_5_one_that_is_finished_stays_so_when_the_other_is_cut_off),
		RELAY(R1928_R_6_idle_is_a_time_without_an_octet),
		RELAY(R1928_R_6_a_reader_of_what_came_before_a_reset_may_be_idle_too),
		RELAY(sockets_that_the_loop_knows_already_are_taken_over),
	};

	return RUN(tests);
}

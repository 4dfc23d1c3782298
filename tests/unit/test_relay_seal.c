/* The relay with a seal on one end: PROTOCOL 7.4 and 7.9. */
#include "relaying.h"
#include "sealing.h"

#include <sys/ioctl.h>

#include "wire/gssframe.h"

static struct s5_relay second;
static unsigned second_told;
static enum s5_relay_end second_how;
static struct s5_seal *peer; /* our own end of the context, in the tests that seal by hand */

static int set_up_seal(void **state)
{
	memset(&second, 0, sizeof second);
	second_told = 0;
	peer = NULL;
	fake.live = 0;
	return set_up(state);
}

static int tear_down_seal(void **state)
{
	s5_seal_free(peer);
	if (second.pool && !second_told)
		s5_relay_stop(&second);
	if (second.pool)
		TURN_UNTIL(&loop, second_told);
	tear_down(state);
	assert_int_equal(fake.live, 0);
	return 0;
}

static void second_done(struct s5_relay *r, enum s5_relay_end end)
{
	(void)r;
	second_told++;
	second_how = end;
}

/* mine[0] - plain - relay - sealed - second - plain - mine[1] */
static void start_two(uint8_t level)
{
	int middle[2], a = tcp_end(0), b = tcp_end(1);

	tcp_pair(middle);
	relay.seal = seal_end(false, level);
	relay.sealed = 1;
	second.seal = seal_end(true, level);
	second.done = second_done;
	start((int[]){ a, a, middle[0], middle[0] });
	s5_relay_start(&second, &pool, (int[]){ middle[1], middle[1], b, b }, 0);
}

/* mine[0] is the sealed side, ours to do. */
static void start_by_hand(uint8_t level)
{
	int a = tcp_end(0), b = tcp_end(1);

	peer = seal_end(false, level);
	relay.seal = seal_end(true, level);
	start((int[]){ a, a, b, b });
}

static void put_sealed(const char *text)
{
	uint8_t octets[256];
	struct s5_writer out = s5_writer_over(octets, sizeof octets);

	assert_int_equal(s5_seal_wrap(peer, text, strlen(text), &out), S5_OK);
	assert_int_equal(write(mine[0].out, octets, out.len), out.len);
}

static void expect(int i, const char *want)
{
	char text[256];
	size_t len = 0;
	int64_t end = s5_clock_ms() + 5000;

	while (len < strlen(want) && s5_clock_ms() < end) {
		ssize_t n;

		turn_now(&loop);
		n = read(mine[i].in, text + len, sizeof text - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	text[len] = 0;
	assert_string_equal(text, want);
}

static void expect_broken(enum s5_seal_fault fault)
{
	char octet;
	ssize_t n = -1;

	TURN_UNTIL(&loop, told);
	assert_int_equal(how, S5_RELAY_ERROR);
	assert_int_equal(relay.fault, fault);
	assert_int_equal(relay.side, 0);
	assert_string_equal(s5_relay_error_text(&relay), s5_seal_text(fault));
	/* What was cut off does not look finished to the other side. */
	for (int i = 0; i < 100 && n < 0; i++) {
		n = read(mine[1].in, &octet, 1);
		if (n < 0 && errno != EAGAIN)
			break;
		usleep(1000);
	}
	assert_int_equal(n, -1);
	assert_int_equal(errno, ECONNRESET);
}

TEST(R1928_R_1_sealed_both_directions_in_order_whatever_the_sizes)
{
	static const size_t totals[] = { 0, 1, 1000, 70001, 3000000 };
	static const size_t steps[] = { 1000, 65536, 300000 };

	for (size_t t = 0; t < LENGTH(totals); t++)
		for (size_t s = 0; s < LENGTH(steps); s++) {
			struct course there = { .total = totals[t], .step = steps[s], .seed = 3 };
			struct course back = { .total = totals[LENGTH(totals) - 1 - t],
					       .step = steps[LENGTH(steps) - 1 - s],
					       .seed = 1000003 };

			assert_int_equal(tear_down_seal(NULL), 0);
			set_up_seal(NULL);
			start_two(s % 2 ? S5_LEVEL_INTEGRITY : S5_LEVEL_CONFIDENTIALITY);
			run_both(&there, &back);
			TURN_UNTIL(&loop, told && second_told);
			assert_int_equal(how, S5_RELAY_CLOSED);
			assert_int_equal(second_how, S5_RELAY_CLOSED);
			assert_int_equal(relay.flow[0].octets, there.total);
			assert_int_equal(second.flow[0].octets, there.total);
			assert_int_equal(second.flow[1].octets, back.total);
		}
}

TEST(R1961_5_10_half_closes_are_passed_on)
{
	struct course there = { .total = 100000, .step = 65536, .seed = 3 };
	struct course back = { .total = 200000, .step = 65536, .seed = 5 };

	start_two(S5_LEVEL_CONFIDENTIALITY);
	run_one(&there, 0);
	run_one(&back, 1);
}

TEST(R1961_5_4_a_message_that_is_no_good_resets_both)
{
	start_by_hand(S5_LEVEL_CONFIDENTIALITY);
	put_sealed("hello");
	expect(1, "hello");
	assert_int_equal(write(mine[0].out, "\1\3\0\6\xc1\0\1abc", 10), 10);
	expect_broken(S5_SEAL_TAMPERED);
}

TEST(R1961_5_1_a_clear_octet_resets_both)
{
	start_by_hand(S5_LEVEL_INTEGRITY);
	assert_int_equal(write(mine[0].out, "\5", 1), 1);
	expect_broken(S5_SEAL_CLEAR);
}

TEST(R1961_5_9_an_end_in_the_middle_of_a_message_resets_both)
{
	start_by_hand(S5_LEVEL_INTEGRITY);
	put_sealed("hello");
	expect(1, "hello");
	assert_int_equal(write(mine[0].out, "\1\3\0\6", 4), 4);
	turn_for(&loop, 20);
	assert_int_equal(told, 0);
	end_mine(0);
	expect_broken(S5_SEAL_CUT);
}

TEST(R1961_5_9_an_end_between_messages_is_an_end)
{
	char octet;

	start_by_hand(S5_LEVEL_INTEGRITY);
	put_sealed("hello");
	end_mine(0);
	expect(1, "hello");
	turn_for(&loop, 20);
	assert_int_equal(read(mine[1].in, &octet, 1), 0);
	assert_int_equal(told, 0);
	assert_int_equal(write(mine[1].out, "bye", 3), 3);
	end_mine(1);
	TURN_UNTIL(&loop, told);
	assert_int_equal(how, S5_RELAY_CLOSED);
}

TEST(a_fault_found_before_the_start_ends_it)
{
	int a = tcp_end(0), b = tcp_end(1);
	struct s5_writer nothing = { .cap = 0 };
	uint8_t clear[] = { 5 };

	relay.seal = seal_end(true, S5_LEVEL_INTEGRITY);
	assert_int_equal(s5_seal_unwrap(relay.seal, clear, 1, &nothing), S5_BAD);
	start((int[]){ a, a, b, b });
	expect_broken(S5_SEAL_CLEAR);
}

/* The slow reader's buffers fill, and then nothing more is read. */
TEST(R1928_R_4_sealed_a_slow_reader_stops_the_sender)
{
	static uint8_t octets[65536];
	uint64_t before;

	start_two(S5_LEVEL_INTEGRITY);
	for (int quiet = 0; quiet < 20;) {
		ssize_t n = write(mine[0].out, octets, sizeof octets);

		quiet = n > 0 ? 0 : quiet + 1;
		turn_for(&loop, 2);
	}
	before = relay.flow[0].octets;
	turn_for(&loop, 50);
	assert_int_equal(relay.flow[0].octets, before);
	assert_true(before < 64 << 20);
}

static size_t tapped;
static char taps[64];

static void tap(struct s5_relay *r, unsigned from, const uint8_t *octets, size_t n)
{
	(void)r;
	for (size_t i = 0; i < n && tapped + 2 < sizeof taps; i++) {
		taps[tapped++] = (char)('0' + from);
		taps[tapped++] = (char)octets[i];
	}
	taps[tapped] = 0;
}

TEST(a_tap_sees_what_is_inside)
{
	tapped = 0;
	relay.tap = tap;
	start_by_hand(S5_LEVEL_CONFIDENTIALITY);
	put_sealed("ab");
	expect(1, "ab");
	assert_int_equal(write(mine[1].out, "cd", 2), 2);
	for (int i = 0; i < 100 && tapped < 8; i++)
		turn_for(&loop, 2);
	assert_string_equal(taps, "0a0b1c1d");
}

TEST(R1961_5_9_what_was_good_before_a_fault_goes_on_in_one_read_too)
{
	uint8_t octets[64];
	struct s5_writer out = s5_writer_over(octets, sizeof octets);

	tapped = 0;
	taps[0] = 0;
	relay.tap = tap;
	start_by_hand(S5_LEVEL_INTEGRITY);
	assert_int_equal(s5_seal_wrap(peer, "ab", 2, &out), S5_OK);
	s5_put_octets(&out, "\1\3\0\6\xc1\0\1abc", 10);
	assert_int_equal(write(mine[0].out, octets, out.len), out.len);
	TURN_UNTIL(&loop, told);
	assert_int_equal(how, S5_RELAY_ERROR);
	assert_string_equal(taps, "0a0b");
	assert_int_equal(read(mine[1].in, octets, sizeof octets), 2);
}

/* What a message is worth to the other side does not matter: reading it takes its time. */
TEST(messages_with_nothing_in_them_leave_others_their_turn)
{
	static uint8_t octets[8192];
	struct s5_writer out = s5_writer_over(octets, sizeof octets);
	int mebi = 1 << 20, left = 0;
	ssize_t n = 1;
	size_t put = 0;

	start_by_hand(S5_LEVEL_CONFIDENTIALITY);
	setsockopt(mine[0].out, SOL_SOCKET, SO_SNDBUF, &mebi, sizeof mebi);
	setsockopt(relay.end[0].in.fd, SOL_SOCKET, SO_RCVBUF, &mebi, sizeof mebi);
	while (n > 0) {
		out.len = 0;
		while (out.cap - out.len >= 64)
			assert_int_equal(s5_seal_wrap_datagram(peer, "", 0, &out), S5_OK);
		n = write(mine[0].out, octets, out.len);
		put += n > 0 ? (size_t)n : 0;
	}
	assert_true(put > 384 << 10);
	turn_now(&loop);
	assert_int_equal(ioctl(relay.end[0].in.fd, FIONREAD, &left), 0);
	assert_true(left > 0);
}

TEST(a_message_that_comes_slowly_is_not_idle)
{
	static uint8_t octets[20100], plain[20000];
	struct s5_writer out = s5_writer_over(octets, sizeof octets);

	relay.idle = 200;
	start_by_hand(S5_LEVEL_CONFIDENTIALITY);
	assert_int_equal(s5_seal_wrap(peer, plain, sizeof plain, &out), S5_OK);
	for (size_t at = 0; at < out.len; at += 1000) {
		size_t n = out.len - at < 1000 ? out.len - at : 1000;

		assert_int_equal(write(mine[0].out, octets + at, n), n);
		turn_for(&loop, 40);
		assert_int_equal(told, 0);
	}
	assert_int_equal(read(mine[1].in, plain, sizeof plain), sizeof plain);
	TURN_UNTIL(&loop, told);
	assert_int_equal(how, S5_RELAY_IDLE);
}

#define SEALED(test) cmocka_unit_test_setup_teardown(test, set_up_seal, tear_down_seal)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEALED(R1928_R_1_sealed_both_directions_in_order_whatever_the_sizes),
		SEALED(R1961_5_10_half_closes_are_passed_on),
		SEALED(R1961_5_4_a_message_that_is_no_good_resets_both),
		SEALED(R1961_5_1_a_clear_octet_resets_both),
		SEALED(R1961_5_9_an_end_in_the_middle_of_a_message_resets_both),
		SEALED(R1961_5_9_an_end_between_messages_is_an_end),
		SEALED(a_fault_found_before_the_start_ends_it),
		SEALED(R1928_R_4_sealed_a_slow_reader_stops_the_sender),
		SEALED(a_tap_sees_what_is_inside),
		SEALED(R1961_5_9_what_was_good_before_a_fault_goes_on_in_one_read_too),
		SEALED(messages_with_nothing_in_them_leave_others_their_turn),
		SEALED(a_message_that_comes_slowly_is_not_idle),
	};

	return RUN(tests);
}

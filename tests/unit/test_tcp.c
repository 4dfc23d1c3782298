/* TCP streams, put together from segments in any order. */
#include "testlib.h"

#include "dissect/defrag.h"
#include "dissect/tcp.h"
#include "frames.h"

#define SYN S5_TCP_SYN
#define ACK S5_TCP_ACK
#define FIN S5_TCP_FIN
#define RST S5_TCP_RST
#define A 1000, 80 /* ports, by who sends */
#define B 80, 1000

static const struct s5_hash_key key = { { 1, 2 } };

/* What the sink was told, one line for each; octets that follow each other are one. */
static struct s5_tcp tcp;
static struct told {
	char log[4096];
	struct s5_tcp_stream *stream; /* the last one */
	unsigned refuse; /* streams that nobody wants */
	bool drops_at_octets;
	unsigned last; /* side that octets were told of last; 2: something else was told */
} told;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
	size_t len = strlen(told.log);
	va_list args;

	va_start(args, format);
	vsnprintf(told.log + len, sizeof told.log - len, format, args);
	va_end(args);
}

static void *opened(void *owner, const struct s5_tcp_opening *o)
{
	static const char *const begins[] = { "syn", "syn-ack", "middle" };

	told.last = 2;
	assert_ptr_equal(owner, &told);
	told.stream = o->stream;
	say("%sopened %d-%d %s", *told.log ? " | " : "", o->peer[0]->port, o->peer[1]->port,
	    begins[o->begin]);
	if (!told.refuse)
		return &told;
	told.refuse--;
	return NULL;
}

static void octets(void *user, unsigned side, const uint8_t *text, size_t n, int64_t when)
{
	assert_ptr_equal(user, &told);
	assert_true(n > 0 && when >= 0);
	say(told.last == side ? "%.*s"
	    : side	      ? " | b:%.*s"
			      : " | a:%.*s",
	    (int)n, (const char *)text);
	told.last = side;
	if (told.drops_at_octets)
		s5_tcp_drop(&tcp, told.stream);
}

static void gap(void *user, unsigned side, size_t n, int64_t when)
{
	assert_ptr_equal(user, &told);
	assert_true(n > 0 && when >= 0);
	told.last = 2;
	say(" | %c gap %zu", "ab"[side], n);
}

static void ended(void *user, unsigned side, enum s5_tcp_end how, int64_t when)
{
	static const char *const ends[] = { "fin", "reset", "reused", "thrown out", "capture" };

	assert_ptr_equal(user, &told);
	assert_true(when >= 0);
	told.last = 2;
	say(side == S5_TCP_BOTH ? " | end %s" : side ? " | b %s" : " | a %s", ends[how]);
}

static const struct s5_tcp_sink sink = { &told, opened, octets, gap, ended };

static void start(size_t streams, size_t stream_octets, size_t all)
{
	struct s5_tcp_limits limits = { streams, stream_octets, all };

	s5_tcp_fini(&tcp);
	assert_true(s5_tcp_init(&tcp, &sink, &limits, &key));
	told = (struct told){ .last = 2 };
}

static int set_up(void **state)
{
	(void)state;
	start(10, 1000, 100000);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	s5_tcp_fini(&tcp);
	assert_int_equal(tcp.held, 0);
	assert_int_equal(tcp.count, 0);
	tcp = (struct s5_tcp){ .count = 0 };
	return 0;
}

static void send_cut(unsigned from, unsigned to, unsigned flags, uint32_t seq, uint32_t ack,
		     const char *text, size_t missing)
{
	static const uint8_t host[2][4] = { { 10, 0, 0, 1 }, { 10, 0, 0, 2 } };
	bool is_a = from > to;
	struct s5_packet p = {
		.state = S5_PACKET_GOOD,
		.transport = S5_TRANSPORT_TCP,
		.from = s5_addr_ip4(host[!is_a], (uint16_t)from),
		.to = s5_addr_ip4(host[is_a], (uint16_t)to),
		.seq = seq,
		.ack = ack,
		.flags = (uint8_t)flags,
		.payload = exact_copy(text, strlen(text)),
		.len = strlen(text),
		.missing = missing,
	};

	s5_tcp_add(&tcp, &p, 1);
	free((void *)(uintptr_t)p.payload);
}

static void sends(unsigned from, unsigned to, unsigned flags, uint32_t seq, uint32_t ack,
		  const char *text)
{
	send_cut(from, to, flags, seq, ack, text, 0);
}

static void check_log(const char *want, int line)
{
	if (strcmp(told.log, want) != 0)
		fail_msg("line %d:\ngot  %s\nwant %s", line, told.log, want);
}

#define TOLD(want) check_log(want, __LINE__)
#define OPENED "opened 1000-80 syn"

/* From 100 and 500. */
static void shake_hands(void)
{
	sends(A, SYN, 100, 0, "");
	sends(B, SYN | ACK, 500, 101, "");
	sends(A, ACK, 101, 501, "");
}

TEST(a_stream_from_its_beginning_to_its_end)
{
	shake_hands();
	sends(A, ACK, 101, 501, "hello ");
	sends(A, ACK, 107, 501, "you");
	sends(B, ACK, 501, 110, "hi");
	sends(A, ACK | FIN, 110, 503, "");
	sends(B, ACK | FIN, 503, 111, "bye");
	sends(A, ACK, 111, 507, "");
	TOLD(OPENED " | a:hello you | b:hi | a fin | b:bye | b fin | end fin");
	sends(B, ACK | FIN, 503, 111, "bye"); /* once more */
	sends(A, RST, 111, 0, "");
	s5_tcp_end(&tcp, 1);
	TOLD(OPENED " | a:hello you | b:hi | a fin | b:bye | b fin | end fin");
}

TEST(numbers_wrap)
{
	sends(A, SYN, 0xfffffffd, 0, "");
	sends(B, SYN | ACK, 0xffffffff, 0xfffffffe, "");
	sends(B, ACK, 2, 0xfffffffe, "CD");
	sends(A, ACK, 0xfffffffe, 0, "abcd");
	sends(B, ACK, 0, 2, "AB");
	sends(A, ACK, 3, 4, "fg");
	sends(A, ACK, 2, 4, "e");
	TOLD(OPENED " | a:abcd | b:ABCD | a:efg");
}

/* What was acknowledged long ago says nothing after 2 GiB more. */
TEST(numbers_wrap_more_than_once)
{
	char want[4096] = OPENED;

	shake_hands();
	for (uint32_t i = 0; i < 20; i++) {
		send_cut(A, ACK, 101 + (i << 29), 501, "", 1u << 29);
		if (i < 2)
			sends(B, ACK, 501, 101 + (i << 29), "");
		snprintf(want + strlen(want), sizeof want - strlen(want), " | a gap %u", 1u << 29);
	}
	s5_tcp_end(&tcp, 1);
	strcat(want, " | end capture");
	TOLD(want);
}

TEST(any_order)
{
	shake_hands();
	sends(A, ACK, 107, 501, "78");
	sends(A, ACK, 103, 501, "34");
	sends(A, ACK | FIN, 109, 501, "9");
	TOLD(OPENED);
	assert_true(tcp.held > 0);
	sends(A, ACK, 101, 501, "12");
	TOLD(OPENED " | a:1234");
	sends(A, ACK, 105, 501, "56");
	TOLD(OPENED " | a:123456789 | a fin");
	assert_int_equal(tcp.held, 0);
}

TEST(what_came_first_counts)
{
	shake_hands();
	sends(A, ACK, 104, 501, "45");
	sends(A, ACK, 107, 501, "78");
	sends(A, ACK, 103, 501, "xxxxxxx"); /* 3, 6 and 9 are new */
	sends(A, ACK, 104, 501, "yyyyyy");
	sends(A, ACK, 101, 501, "12zzzzzzzzz"); /* and all that is left of it, the 10th and 11th */
	TOLD(OPENED " | a:12x45x78xzz");
	assert_int_equal(tcp.held, 0);
	sends(A, ACK, 101, 501, "12345678901!");
	sends(A, ACK, 101, 501, "1234");
	TOLD(OPENED " | a:12x45x78xzz!");
}

TEST(keep_alives_are_nothing)
{
	shake_hands();
	sends(A, ACK, 101, 501, "ab");
	sends(A, ACK, 102, 501, "\x01");
	sends(A, ACK, 102, 501, "");
	sends(B, ACK, 500, 103, "\x01");
	sends(A, ACK, 103, 501, "cd");
	sends(B, ACK, 501, 105, "ok");
	TOLD(OPENED " | a:abcd | b:ok");
}

TEST(from_the_middle)
{
	sends(A, ACK, 100, 500, "");
	sends(B, ACK | FIN, 100, 500, "");
	sends(B, ACK | RST, 100, 500, "");
	TOLD("");
	sends(B, ACK, 500, 100, "hi");
	sends(A, ACK, 100, 502, "you");
	sends(A, ACK, 90, 502, "before that");
	sends(B, ACK | FIN, 502, 103, "");
	sends(A, ACK | FIN, 103, 503, "");
	TOLD("opened 80-1000 middle | a:hi | b:you | a fin | b fin | end fin");
}

TEST(without_its_first_packet)
{
	sends(B, SYN | ACK, 500, 101, "");
	sends(A, ACK, 103, 501, "34");
	sends(A, ACK, 101, 501, "12");
	sends(B, ACK, 501, 105, "ok");
	TOLD("opened 1000-80 syn-ack | a:1234 | b:ok");
	/* The second is missing: the third tells where the other side begins. */
	start(10, 1000, 100000);
	sends(A, SYN, 100, 0, "");
	sends(A, ACK, 101, 501, "12");
	sends(B, ACK, 503, 103, "k");
	sends(B, ACK, 501, 103, "oo");
	TOLD(OPENED " | a:12 | b:ook");
}

TEST(a_syn_again_and_with_octets)
{
	sends(A, SYN, 100, 0, "early");
	sends(A, SYN, 100, 0, "early");
	sends(B, SYN | ACK, 500, 106, "");
	sends(B, SYN | ACK, 500, 106, "");
	sends(A, ACK, 106, 501, " late");
	TOLD(OPENED " | a:early late");
	/* Both at once. */
	start(10, 1000, 100000);
	sends(A, SYN, 100, 0, "");
	sends(B, SYN, 500, 0, "");
	sends(A, SYN | ACK, 100, 501, "");
	sends(B, SYN | ACK, 500, 101, "");
	sends(B, ACK, 501, 101, "hi");
	TOLD(OPENED " | b:hi");
}

TEST(what_the_capture_lost_is_a_gap_once_it_is_acknowledged)
{
	shake_hands();
	sends(A, ACK, 104, 501, "45");
	sends(B, ACK, 501, 101, "");
	sends(B, ACK, 501, 103, "");
	TOLD(OPENED);
	sends(B, ACK, 501, 104, "");
	TOLD(OPENED " | a gap 3 | a:45");
	sends(A, ACK, 101, 501, "123");
	/* Acknowledged before what is behind the hole came. */
	sends(B, ACK, 501, 109, "");
	sends(A, ACK, 107, 501, "78");
	TOLD(OPENED " | a gap 3 | a:45 | a gap 1 | a:78");
	/* Only the end came. */
	sends(A, ACK | FIN, 111, 501, "");
	sends(B, ACK, 501, 112, "");
	TOLD(OPENED " | a gap 3 | a:45 | a gap 1 | a:78 | a gap 2 | a fin");
}

TEST(a_gap_when_too_much_waits)
{
	char text[101] = "";

	memset(text, 'x', 100);
	start(10, 400, 100000);
	shake_hands();
	for (unsigned i = 0; i < 4; i++)
		sends(A, ACK, 111 + 200 * i, 501, text);
	assert_true(tcp.held <= 400 && tcp.held > 200);
	assert_non_null(strstr(told.log, " | a gap 10 | a:xxx"));
	assert_null(strstr(told.log, "gap 100"));
	/* In all streams together: the one that has waited for longest. */
	start(10, 1000, 250);
	for (unsigned i = 1; i < 4; i++) {
		sends(1000 + i, 80, SYN, 100, 0, "");
		sends(1000 + i, 80, 0, 102, 0, text);
		assert_true(tcp.held <= 250);
	}
	assert_non_null(strstr(told.log, "opened 1003-80 syn | a gap 1 | a:x"));
	/* However much memory there may be, only so many pieces. */
	start(10, 1 << 30, 1 << 30);
	shake_hands();
	for (unsigned i = 0; i < 5000; i++)
		sends(A, ACK, 103 + 2 * i, 501, "x");
	assert_non_null(strstr(told.log, " | a gap 2 | a:x | a gap 1 | a:x"));
	start(10, 0, 0);
	shake_hands();
	sends(A, ACK, 103, 501, "34");
	TOLD(OPENED " | a gap 2 | a:34");
}

TEST(what_the_capture_cut_is_a_gap_at_once)
{
	shake_hands();
	send_cut(A, ACK, 101, 501, "12", 3);
	sends(A, ACK, 106, 501, "67");
	TOLD(OPENED " | a:12 | a gap 3 | a:67");
	send_cut(A, ACK | FIN, 110, 501, "", 5); /* too early */
	sends(A, ACK, 108, 501, "89");
	TOLD(OPENED " | a:12 | a gap 3 | a:6789 | a gap 5 | a fin");
}

TEST(resets)
{
	shake_hands();
	sends(A, ACK, 103, 501, "34");
	sends(B, RST, 500 + (1 << 25), 0, ""); /* stale */
	TOLD(OPENED);
	sends(B, RST | ACK, 501, 101, "text that is none");
	TOLD(OPENED " | a gap 2 | a:34 | end reset");
	sends(A, ACK, 105, 501, "56");
	sends(B, ACK, 501, 501, "late");
	TOLD(OPENED " | a gap 2 | a:34 | end reset");
	/* Refused. */
	start(10, 1000, 100000);
	sends(A, SYN, 100, 0, "");
	sends(B, RST | ACK, 0, 101, "");
	sends(A, SYN, 200, 0, "");
	TOLD(OPENED " | end reset | " OPENED);
	sends(B, RST | ACK, 0, 201, "");
	sends(B, SYN, 300, 0, "");
	TOLD(OPENED " | end reset | " OPENED " | end reset | opened 80-1000 syn");
}

TEST(the_same_ports_again)
{
	shake_hands();
	sends(A, ACK, 101, 501, "ab");
	sends(A, SYN, 7000, 0, "");
	sends(B, SYN | ACK, 9000, 7001, "");
	sends(A, ACK, 7001, 9001, "cd");
	TOLD(OPENED " | a:ab | end reused | " OPENED " | a:cd");
	sends(B, SYN, 5, 0, "");
	TOLD(OPENED " | a:ab | end reused | " OPENED " | a:cd | end reused | opened 80-1000 syn");
	assert_int_equal(tcp.count, 1);
}

TEST(the_end_of_the_capture)
{
	shake_hands();
	sends(A, ACK, 104, 501, "4");
	sends(B, ACK, 501, 101, "x");
	sends(A, ACK, 105, 600, "");
	s5_tcp_end(&tcp, 1);
	TOLD(OPENED " | b:x | a gap 3 | a:4 | b gap 98 | end capture");
	start(10, 1000, 100000);
	shake_hands();
	sends(A, ACK, 101, 502, ""); /* of which the FIN alone may be missing */
	s5_tcp_end(&tcp, 1);
	s5_tcp_end(&tcp, 1);
	TOLD(OPENED " | end capture");
}

TEST(the_quiet_ones_are_thrown_out)
{
	start(2, 1000, 100000);
	sends(1001, 80, SYN, 1, 0, "");
	sends(1002, 80, SYN, 1, 0, "");
	sends(1001, 80, ACK, 2, 0, "a");
	sends(1003, 80, SYN, 1, 0, "");
	TOLD("opened 1001-80 syn | opened 1002-80 syn | a:a | end thrown out | opened 1003-80 syn");
	/* Those that are over go first. */
	sends(1003, 80, RST, 2, 0, "");
	*told.log = 0;
	sends(1004, 80, SYN, 1, 0, "");
	TOLD("opened 1004-80 syn");
	sends(1001, 80, ACK, 3, 0, "b");
	TOLD("opened 1004-80 syn | a:b");
	assert_int_equal(tcp.count, 2);
}

TEST(what_nobody_wants_is_not_told)
{
	told.refuse = 1;
	shake_hands();
	sends(A, ACK, 105, 501, "late");
	sends(A, ACK, 101, 501, "more");
	assert_int_equal(tcp.held, 0);
	sends(A, SYN, 7000, 0, "");
	TOLD(OPENED " | " OPENED);
	/* In the middle of what is being told. */
	start(10, 1000, 100000);
	shake_hands();
	sends(A, ACK, 103, 501, "34");
	sends(B, ACK, 506, 101, "6");
	told.drops_at_octets = true;
	sends(A, ACK, 101, 501, "12zzzz");
	assert_int_equal(tcp.held, 0);
	sends(A, ACK | FIN, 107, 501, "7");
	sends(B, ACK | FIN, 507, 501, "7");
	s5_tcp_end(&tcp, 1);
	TOLD(OPENED " | a:12");
	/* While a hole is given up, and while it ends. */
	for (unsigned i = 0; i < 2; i++) {
		start(10, 1000, 100000);
		shake_hands();
		told.drops_at_octets = true;
		sends(A, ACK, 103, 501, "34");
		sends(A, ACK, 107, 501, "78");
		sends(B, ACK | (i ? RST : 0), 501, 109, "");
		TOLD(OPENED " | a gap 2 | a:34");
		assert_int_equal(tcp.held, 0);
	}
}

#define REACH (1u << 24)

TEST(far_away_numbers_are_ignored)
{
	shake_hands();
	sends(A, ACK, 101 + REACH + 1, 501, "far");
	sends(A, ACK, 101 + 400000000, 501, "farther");
	sends(A, ACK, 101 - (1u << 31), 501, "farthest");
	sends(A, ACK | FIN, 101 + REACH + 1, 501, "");
	sends(A, FIN, 101 + (1u << 31), 501, "");
	sends(B, ACK, 501, 101 + REACH + 1, "");
	sends(B, ACK, 501, 101 + (1u << 31) - 1, "");
	sends(A, ACK, 102, 501, "2");
	TOLD(OPENED);
	/* Behind the end there is nothing, and an end is not before what came. */
	sends(A, ACK | FIN, 101, 501, "");
	TOLD(OPENED);
	sends(A, ACK | FIN, 103, 501, "3");
	sends(A, ACK, 101, 501, "123456");
	sends(A, ACK, 104, 501, "4");
	TOLD(OPENED " | a:123 | a fin");
}

TEST(RFC5961_a_challenge_ack_of_an_old_stream_changes_nothing)
{
	sends(A, SYN, 100, 0, "");
	sends(B, ACK, 777777, 100 + 500000000, "");
	sends(A, RST, 100 + 500000000, 0, "");
	sends(A, SYN, 100, 0, "");
	sends(B, SYN | ACK, 500, 101, "");
	sends(A, ACK, 103, 501, "34");
	TOLD(OPENED);
	sends(A, ACK, 101, 501, "12");
	s5_tcp_end(&tcp, 1);
	TOLD(OPENED " | a:1234 | end capture");
}

/* As far as that, a hole is one. */
TEST(near_numbers_are_believed)
{
	shake_hands();
	sends(A, ACK, 100 + REACH, 501, "x");
	sends(B, ACK, 501, 101 + REACH, "");
	sends(A, ACK | FIN, 100 + 2 * REACH, 501, "");
	sends(B, ACK, 501, 101 + 2 * REACH, "");
	TOLD(OPENED " | a gap 16777215 | a:x | a gap 16777215 | a fin");
}

/* Of a side that is not in the capture, the other one's acknowledgements tell how much it sent. */
TEST(acknowledgements_go_on_from_one_another)
{
	shake_hands();
	for (uint32_t i = 1; i <= 5; i++)
		sends(A, ACK, 101, 501 + i * REACH, "");
	sends(A, ACK, 101, 501 + 6 * REACH + 1, ""); /* too far from the last one */
	s5_tcp_end(&tcp, 1);
	TOLD(OPENED " | b gap 83886080 | end capture");
}

#define FAR (101 + 50000000u)

TEST(three_far_segments_that_follow_each_other_are_believed)
{
	shake_hands();
	sends(A, ACK, 103, 501, "34");
	sends(A, ACK, FAR, 501, "ab");
	sends(A, ACK, FAR, 501, "ab"); /* once more */
	sends(A, ACK, FAR + 2, 501, "cd");
	TOLD(OPENED);
	sends(A, ACK | FIN, FAR + 4, 501, "ef");
	TOLD(OPENED " | a gap 2 | a:34 | a gap 50000000 | a:ef | a fin");
	assert_int_equal(tcp.held, 0);
	/* More than half of all numbers: they look as if they were behind. */
	start(10, 1000, 100000);
	shake_hands();
	for (uint32_t i = 0; i < 3; i++)
		send_cut(A, ACK, 101 + 3000000000u + 10 * i, 501, "x", 9);
	TOLD(OPENED " | a gap 3000000020 | a:x | a gap 9");
}

TEST(far_segments_that_do_not_follow_each_other_are_not_believed)
{
	shake_hands();
	sends(A, ACK, FAR, 501, "ab");
	sends(A, ACK, FAR + 2, 501, "cd");
	sends(A, ACK, FAR + 5, 501, "ef");
	sends(A, ACK, FAR + 7, 501, "gh");
	sends(A, ACK, 101, 501, "12"); /* it goes on here */
	sends(A, ACK, FAR + 9, 501, "ij");
	send_cut(A, ACK, FAR + 11, 501, "k", 1); /* one segment, though in two parts */
	sends(A, ACK, 103, 501, "34");
	/* A large window, sent anew. */
	for (uint32_t i = 0; i < 5; i++)
		sends(A, ACK, 103 - (1u << 29) + i, 501, "x");
	TOLD(OPENED " | a:1234");
	/* Behind the end there is nothing. */
	sends(A, ACK | FIN, 105, 501, "");
	for (uint32_t i = 0; i < 5; i++)
		sends(A, ACK, FAR + i, 501, "x");
	TOLD(OPENED " | a:1234 | a fin");
}

/* What waits reaches over the place where the others go on. */
TEST(what_waits_may_be_as_far_as_what_is_believed)
{
	shake_hands();
	sends(A, ACK, 101 + REACH, 501, "abcdef");
	sends(A, ACK, 101 + REACH + 1, 501, "b");
	sends(A, ACK, 101 + REACH + 2, 501, "c");
	sends(A, ACK, 101 + REACH + 3, 501, "defgh");
	TOLD(OPENED " | a gap 16777216 | a:abcdefgh");
}

TEST(who_is_dropped_jumps_nowhere)
{
	shake_hands();
	told.drops_at_octets = true;
	sends(A, ACK, 103, 501, "34");
	for (uint32_t i = 0; i < 3; i++)
		sends(A, ACK, FAR + i, 501, "x");
	TOLD(OPENED " | a gap 2 | a:34");
	assert_int_equal(tcp.held, 0);
}

/* whole frames */

#define FRAMES 5u

/* The second is in two fragments, the last of which comes first. */
static void make_frames(struct frame frames[FRAMES])
{
	static const struct segment segments[] = {
		{ 1000, 80, 100, 0, SYN, "", 0 },
		{ 1000, 80, 101, 0, ACK, "fragmented", 10 },
		{ 1000, 80, 111, 0, ACK, "!", 1 },
		{ 1000, 80, 112, 0, ACK | FIN, "", 0 },
	};
	struct frame whole = { .len = 0 };

	for (size_t i = 0; i < FRAMES; i++)
		frames[i].len = 0;
	frame_tcp(&whole, &segments[1]);
	frame_ip4(&frames[0], S5_TRANSPORT_TCP, 0, 0, 20);
	frame_tcp(&frames[0], &segments[0]);
	frame_ip4(&frames[1], S5_TRANSPORT_TCP, 9, 2, whole.len - 16);
	frame_put(&frames[1], whole.octets + 16, whole.len - 16);
	frame_ip4(&frames[2], S5_TRANSPORT_TCP, 9, 0x2000, 16);
	frame_put(&frames[2], whole.octets, 16);
	for (size_t i = 2; i < 4; i++) {
		frame_ip4(&frames[i + 1], S5_TRANSPORT_TCP, 0, 0, 20 + segments[i].len);
		frame_tcp(&frames[i + 1], &segments[i]);
	}
}

/* Of frame `which` n octets were captured, and the octet at `at` is another. */
static void run_frames(const struct frame frames[FRAMES], size_t which, size_t n, size_t at,
		       unsigned change)
{
	struct s5_defrag defrag;
	struct s5_packet p;

	start(10, 1000, 100000);
	s5_defrag_init(&defrag, 4, 100000);
	for (size_t i = 0; i < FRAMES; i++) {
		size_t len = i == which ? n : frames[i].len;
		uint8_t *copy = exact_copy(frames[i].octets, len);

		if (i == which && at < len)
			copy[at] ^= (uint8_t)change;
		frame_get(&p, S5_LINK_RAW, copy, len, frames[i].len);
		s5_defrag_add(&defrag, &p, 0);
		if (p.state == S5_PACKET_GOOD && p.transport == S5_TRANSPORT_TCP)
			s5_tcp_add(&tcp, &p, 0);
		free(copy);
	}
	s5_defrag_fini(&defrag);
	s5_tcp_end(&tcp, 0);
	assert_int_equal(tcp.held, 0);
}

TEST(frames_whole_cut_and_changed)
{
	static struct frame frames[FRAMES];

	make_frames(frames);
	run_frames(frames, FRAMES, 0, 0, 0);
	TOLD(OPENED " | a:fragmented! | a fin | end capture");
	run_frames(frames, 3, 40, 0, 0);
	TOLD(OPENED " | a:fragmented | a gap 1 | a fin | end capture");
	for (size_t i = 0; i < FRAMES; i++)
		for (size_t at = 0; at < frames[i].len; at++) {
			run_frames(frames, i, at, 0, 0);
			for (unsigned change = 1; change < 256; change = change * 2 + 1)
				run_frames(frames, i, frames[i].len, at, change);
		}
}

/* a model */

#define TEXT 4000u
#define SEGMENTS 600u

static struct course {
	uint32_t random, first; /* the number of the text's first octet */
	uint8_t text[TEXT];
	bool came[TEXT]; /* was in a segment */
	size_t at; /* where the reader is */
	size_t gaps;
	bool is_over, may_lose_more;
} course;

static uint32_t draw(uint32_t below)
{
	course.random = course.random * 1664525 + 1013904223;
	return (course.random >> 8) % below;
}

static void *course_opened(void *owner, const struct s5_tcp_opening *o)
{
	assert_int_equal(o->begin, S5_TCP_BEGIN_SYN);
	return owner;
}

static void course_octets(void *user, unsigned side, const uint8_t *text, size_t n, int64_t when)
{
	(void)when;
	assert_ptr_equal(user, &course);
	assert_int_equal(side, 0);
	assert_true(n <= TEXT - course.at);
	assert_memory_equal(text, course.text + course.at, n);
	course.at += n;
}

static void course_gap(void *user, unsigned side, size_t n, int64_t when)
{
	(void)when;
	assert_ptr_equal(user, &course);
	assert_int_equal(side, 0);
	assert_true(n <= TEXT - course.at);
	for (size_t i = 0; i < n; i++)
		assert_true(course.may_lose_more || !course.came[course.at + i]);
	course.at += n;
	course.gaps += n;
}

static void course_ended(void *user, unsigned side, enum s5_tcp_end how, int64_t when)
{
	(void)when;
	assert_ptr_equal(user, &course);
	assert_true(!course.is_over);
	course.is_over = side == S5_TCP_BOTH;
	if (side == 0)
		assert_true(how == S5_TCP_END_FIN && course.at == TEXT);
}

static void course_send(unsigned flags, uint32_t off, uint32_t n)
{
	struct s5_packet p = {
		.state = S5_PACKET_GOOD,
		.transport = S5_TRANSPORT_TCP,
		.from = s5_addr_ip6((const uint8_t[16]){ 1 }, 1000),
		.to = s5_addr_ip6((const uint8_t[16]){ 2 }, 1000),
		.seq = course.first + off,
		.flags = (uint8_t)flags,
		.payload = exact_copy(course.text + (n ? off : 0), n),
		.len = n,
	};

	s5_tcp_add(&tcp, &p, 0);
	for (uint32_t i = 0; i < n; i++)
		course.came[off + i] = true;
	free((void *)(uintptr_t)p.payload);
}

static void course_ack(uint32_t off)
{
	struct s5_packet p = {
		.state = S5_PACKET_GOOD,
		.transport = S5_TRANSPORT_TCP,
		.from = s5_addr_ip6((const uint8_t[16]){ 2 }, 1000),
		.to = s5_addr_ip6((const uint8_t[16]){ 1 }, 1000),
		.flags = S5_TCP_ACK,
		.ack = course.first + off,
		.payload = course.text,
	};

	s5_tcp_add(&tcp, &p, 0);
}

struct cut {
	uint32_t off, n;
};

/* The text is cut anyhow: pieces overlap, and change places with others near them. */
static size_t make_cuts(struct cut cuts[SEGMENTS])
{
	struct cut swap;
	size_t n = 0, k;

	for (uint32_t off = 0; off < TEXT && n < SEGMENTS; off = cuts[n].off + cuts[n].n, n++) {
		cuts[n].off = off > 20 ? off - draw(20) * draw(2) : off;
		cuts[n].n = 20 + draw(60);
		if (cuts[n].n > TEXT - cuts[n].off)
			cuts[n].n = TEXT - cuts[n].off;
	}
	for (size_t i = 0; i < n; i++) {
		k = i + draw(8);
		if (k >= n)
			continue;
		swap = cuts[i];
		cuts[i] = cuts[k];
		cuts[k] = swap;
	}
	return n;
}

static void start_course(uint32_t seed, const struct s5_tcp_limits *limits)
{
	static const struct s5_tcp_sink course_sink = { &course, course_opened, course_octets,
							course_gap, course_ended };

	memset(&course, 0, sizeof course);
	course.random = seed;
	course.first = 0u - draw(TEXT); /* wraps */
	for (uint32_t i = 0; i < TEXT; i++)
		course.text[i] = (uint8_t)draw(256);
	s5_tcp_fini(&tcp);
	assert_true(s5_tcp_init(&tcp, &course_sink, limits, &key));
}

/* Segments come again, and one in `loss` is lost (0: none). */
static void run_course(uint32_t seed, uint32_t loss, size_t stream_octets, bool acks)
{
	struct s5_tcp_limits limits = { 10, stream_octets, 1 << 20 };
	struct cut cuts[SEGMENTS];
	size_t n;

	start_course(seed, &limits);
	course.may_lose_more = stream_octets < 10000 || acks;
	n = make_cuts(cuts);
	course_send(S5_TCP_SYN, 0u - 1, 0);
	for (size_t i = 0; i < n; i++) {
		if (loss && !draw(loss))
			continue;
		course_send(S5_TCP_ACK, cuts[i].off, cuts[i].n);
		if (!draw(8))
			course_send(S5_TCP_ACK, cuts[i].off, cuts[i].n);
		if (acks && !draw(3))
			course_ack(cuts[i].off);
		assert_true(tcp.held <= stream_octets);
	}
	course_send(S5_TCP_ACK | S5_TCP_FIN, TEXT, 0);
	course_ack(TEXT + 1);
	s5_tcp_end(&tcp, 0);
	assert_true(course.at == TEXT && course.is_over);
	for (uint32_t i = 0; i < TEXT && !course.may_lose_more; i++)
		course.gaps -= !course.came[i];
	assert_true(course.may_lose_more || !course.gaps);
}

TEST(any_segments_give_the_text)
{
	for (uint32_t seed = 1; seed <= 400; seed++) {
		run_course(seed, 0, 1 << 20, false);
		assert_int_equal(course.gaps, 0);
		run_course(seed, 10, 1 << 20, false);
		run_course(seed, 3, 1 << 20, false);
		run_course(seed, 10, 600, false);
		run_course(seed, 0, 1 << 20, true);
		run_course(seed, 20, 600, true);
	}
}

#define TCP_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TCP_TEST(a_stream_from_its_beginning_to_its_end),
		TCP_TEST(numbers_wrap),
		TCP_TEST(numbers_wrap_more_than_once),
		TCP_TEST(any_order),
		TCP_TEST(what_came_first_counts),
		TCP_TEST(keep_alives_are_nothing),
		TCP_TEST(from_the_middle),
		TCP_TEST(without_its_first_packet),
		TCP_TEST(a_syn_again_and_with_octets),
		TCP_TEST(what_the_capture_lost_is_a_gap_once_it_is_acknowledged),
		TCP_TEST(a_gap_when_too_much_waits),
		TCP_TEST(what_the_capture_cut_is_a_gap_at_once),
		TCP_TEST(resets),
		TCP_TEST(the_same_ports_again),
		TCP_TEST(the_end_of_the_capture),
		TCP_TEST(the_quiet_ones_are_thrown_out),
		TCP_TEST(what_nobody_wants_is_not_told),
		TCP_TEST(far_away_numbers_are_ignored),
		TCP_TEST(RFC5961_a_challenge_ack_of_an_old_stream_changes_nothing),
		TCP_TEST(near_numbers_are_believed),
		TCP_TEST(acknowledgements_go_on_from_one_another),
		TCP_TEST(three_far_segments_that_follow_each_other_are_believed),
		TCP_TEST(far_segments_that_do_not_follow_each_other_are_not_believed),
		TCP_TEST(what_waits_may_be_as_far_as_what_is_believed),
		TCP_TEST(who_is_dropped_jumps_nowhere),
		TCP_TEST(frames_whole_cut_and_changed),
		TCP_TEST(any_segments_give_the_text),
	};

	return RUN(tests);
}

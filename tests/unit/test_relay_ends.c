/* The relay between other things than sockets, and what its owner sees of it. */
#include "relaying.h"

/* Pipes in place of a socket at side i: the relay's descriptors. */
static void pipe_end(int i, int fds[static 2])
{
	int to[2], from[2];

	assert_int_equal(pipe2(to, O_NONBLOCK | O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_NONBLOCK | O_CLOEXEC), 0);
	mine[i].out = to[1];
	mine[i].in = from[0];
	fds[0] = to[0];
	fds[1] = from[1];
}

static void expect_end(enum s5_relay_end end)
{
	TURN_UNTIL(&loop, told);
	assert_int_equal(told, 1);
	assert_int_equal(how, end);
}

/* An unlinked file with n octets of the course in it. */
static int file_of(const struct course *c, size_t n, int flags)
{
	char path[] = "/tmp/s5-relay-XXXXXX";
	int fd = mkstemp(path), again;
	uint8_t *octets = malloc(n ? n : 1);

	assert_non_null(octets);
	for (size_t i = 0; i < n; i++)
		octets[i] = octet_at(c, i);
	assert_int_equal(write(fd, octets, n), n);
	free(octets);
	again = open(path, flags | O_CLOEXEC);
	assert_true(again >= 0);
	close(fd);
	unlink(path);
	return again;
}

TEST(pipes_and_a_socket_both_ways)
{
	static const size_t totals[] = { 0, 5, 100000, 5000000 };
	int p[2], s;

	for (size_t t = 0; t < LENGTH(totals); t++) {
		struct course there = { .total = totals[t], .step = 70000, .seed = 5 };
		struct course back = { .total = totals[t] + 1, .step = 300000, .seed = 6 };

		tear_down(NULL);
		set_up(NULL);
		pipe_end(0, p);
		s = tcp_end(1);
		start((int[]){ p[0], p[1], s, s });
		run_both(&there, &back);
		expect_end(S5_RELAY_CLOSED);
		assert_int_equal(pool.spare, 0); /* a pipe needs no other */
		assert_int_equal(relay.flow[0].octets, there.total);
		assert_int_equal(relay.flow[1].octets, back.total);
	}
}

TEST(a_reader_that_goes_ends_both)
{
	int p[2], s;

	pipe_end(0, p);
	s = tcp_end(1);
	start((int[]){ p[0], p[1], s, s });
	close(mine[0].in);
	mine[0].in = mine[0].out;
	assert_int_equal(write(mine[1].out, "x", 1), 1);
	expect_end(S5_RELAY_ERROR);
	assert_int_equal(relay.error, EPIPE);
	assert_int_equal(relay.side, 0);
}

TEST(a_file_is_read_to_its_end)
{
	struct course there = { .total = 3000000, .ended = true };
	int s = tcp_end(1), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	start((int[]){ file_of(&there, there.total, O_RDONLY), null, s, s });
	there.sent = there.total; /* by the file */
	run_one(&there, 0);
	end_mine(1);
	expect_end(S5_RELAY_CLOSED);
}

/* What was sent to side 1 arrives in a file opened with these flags. */
static void into_file(int flags)
{
	struct course c = { .total = 3000000, .step = 300000, .seed = 9 };
	int s, file, look, null;

	tear_down(NULL);
	set_up(NULL);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	file = file_of(&c, 0, flags | O_RDWR);
	look = dup(file);
	s = tcp_end(1);
	start((int[]){ null, file, s, s });
	for (int i = 0; i < 100000 && !c.ended; i++) {
		course_send(&c, 1);
		turn_now(&loop);
	}
	expect_end(S5_RELAY_CLOSED);
	assert_int_equal(lseek(look, 0, SEEK_SET), 0);
	mine[0].in = look;
	for (int i = 0; i < 1000 && !c.eof; i++)
		course_take(&c, 0);
	assert_int_equal(c.got, c.total);
}

TEST(a_file_is_written_also_one_that_is_appended_to)
{
	into_file(0);
	into_file(O_APPEND);
}

/* Side 0 has two pieces that no read gives together: both come out at side 1. */
static void expect_pieces(void)
{
	char text[16];
	size_t n = 0;

	for (int turns = 0; turns < 50; turns++) {
		ssize_t more;

		turn_now(&loop);
		more = read(mine[1].in, text + n, sizeof text - n);
		n += more > 0 ? (size_t)more : 0;
	}
	assert_int_equal(n, 6);
	assert_memory_equal(text, "onetwo", 6);
}

/* A read stops where the descriptors that came along are others. */
static void send_with_fd(int fd, const char *text)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .room = { 0 } };
	struct iovec octets = { .iov_base = (void *)text, .iov_len = strlen(text) };
	struct msghdr m = { .msg_iov = &octets,
			    .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof control.room };
	struct cmsghdr *head = CMSG_FIRSTHDR(&m);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof fd);
	assert_int_equal(sendmsg(fd, &m, 0), strlen(text));
}

TEST(R1928_R_1_a_short_read_of_a_unix_socket_is_not_its_end)
{
	int fds[2], s = tcp_end(1);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	mine[0].in = mine[0].out = fds[0];
	send_with_fd(fds[0], "one");
	send_with_fd(fds[0], "two");
	start((int[]){ fds[1], fds[1], s, s });
	expect_pieces();
}

static uint8_t tapped[2][64];
static size_t taps[2], tapped_total[2];

static void relay_tap(struct s5_relay *r, unsigned from, const uint8_t *octets, size_t n)
{
	assert_ptr_equal(r, &relay);
	for (size_t i = 0; i < n && taps[from] < sizeof tapped[from]; i++)
		tapped[from][taps[from]++] = octets[i];
	tapped_total[from] += n;
}

TEST(R1928_R_1_a_short_read_of_a_pipe_of_packets_is_not_its_end)
{
	int in[2], s = tcp_end(1), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	assert_int_equal(pipe2(in, O_DIRECT | O_NONBLOCK | O_CLOEXEC), 0);
	mine[0].out = in[1];
	assert_int_equal(write(in[1], "one", 3), 3);
	assert_int_equal(write(in[1], "two", 3), 3);
	relay.tap = relay_tap; /* so it is read, not spliced */
	start((int[]){ in[0], null, s, s });
	expect_pieces();
}

static void never_ready(struct s5_watch *w, uint32_t events)
{
	(void)w;
	(void)events;
	fail();
}

TEST(a_socket_that_cannot_be_watched_is_an_error)
{
	struct s5_watch other = { .ready = never_ready };
	int a, b;

	for (unsigned side = 0; side < 2; side++) {
		tear_down(NULL);
		set_up(NULL);
		a = tcp_end(0);
		b = tcp_end(1);
		other.fd = side ? b : a;
		assert_int_equal(s5_loop_watch(&loop, &other, EPOLLPRI), 0);
		start((int[]){ a, a, b, b });
		assert_int_equal(s5_relay_preload(&relay, 1, "x", 1, true), 0);
		expect_end(S5_RELAY_ERROR);
		assert_int_equal(relay.error, EEXIST);
		assert_int_equal(relay.side, side);
	}
}

TEST(a_socket_that_the_loop_is_said_to_know_and_does_not_is_an_error)
{
	int a, b;

	for (unsigned watched = 1; watched < 3; watched++) {
		tear_down(NULL);
		set_up(NULL);
		a = tcp_end(0);
		b = tcp_end(1);
		relay.done = relay_done;
		s5_relay_start(&relay, &pool, (int[]){ a, a, b, b }, watched);
		expect_end(S5_RELAY_ERROR);
		assert_int_equal(relay.error, ENOENT);
		assert_int_equal(relay.side, watched - 1);
	}
}

TEST(an_output_that_cannot_be_watched_is_an_error)
{
	struct s5_watch other = { .ready = never_ready };
	int p[2], s;

	pipe_end(0, p);
	s = tcp_end(1);
	other.fd = p[1];
	assert_int_equal(s5_loop_watch(&loop, &other, EPOLLPRI), 0);
	start((int[]){ p[0], p[1], s, s });
	expect_end(S5_RELAY_ERROR);
	assert_int_equal(relay.error, EEXIST);
}

/* the owner */

TEST(a_tap_sees_every_octet_of_both_directions)
{
	struct course there = { .total = 2000000, .step = 300000 };
	struct course back = { .total = 1000000, .step = 300000, .seed = 77 };

	memset(taps, 0, sizeof taps);
	memset(tapped_total, 0, sizeof tapped_total);
	relay.tap = relay_tap;
	start_tcp();
	run_both(&there, &back);
	assert_int_equal(tapped_total[0], there.total);
	assert_int_equal(tapped_total[1], back.total);
	for (size_t i = 0; i < sizeof tapped[0]; i++) {
		assert_int_equal(tapped[0][i], octet_at(&there, i));
		assert_int_equal(tapped[1][i], octet_at(&back, i));
	}
	assert_int_equal(pool.spare, 0); /* what is spliced cannot be seen */
}

static unsigned halves[2];
static bool stop_at_half;

static void relay_half(struct s5_relay *r, unsigned from)
{
	assert_ptr_equal(r, &relay);
	halves[from]++;
	if (stop_at_half)
		s5_relay_stop(r);
}

TEST(each_half_is_told_once)
{
	struct course there = { .total = 10, .step = 10 }, back = { .total = 20, .step = 20 };

	memset(halves, 0, sizeof halves);
	stop_at_half = false;
	relay.half = relay_half;
	start_tcp();
	run_both(&there, &back);
	expect_end(S5_RELAY_CLOSED);
	assert_int_equal(halves[0], 1);
	assert_int_equal(halves[1], 1);
}

TEST(a_half_may_stop_the_relay)
{
	memset(halves, 0, sizeof halves);
	stop_at_half = true;
	relay.half = relay_half;
	start_tcp();
	end_mine(0);
	expect_end(S5_RELAY_STOPPED);
	assert_int_equal(halves[0] + halves[1], 1);
}

static bool may_end;

static bool relay_may_end(struct s5_relay *r, unsigned from)
{
	assert_ptr_equal(r, &relay);
	return from != 0 || may_end;
}

static ssize_t take_at(int i, char *text, size_t size)
{
	turn_for(&loop, 20);
	return read(mine[i].in, text, size);
}

TEST(an_end_is_passed_on_when_the_owner_agrees)
{
	char text[8];

	may_end = false;
	relay.may_end = relay_may_end;
	start_tcp();
	assert_int_equal(write(mine[0].out, "all", 3), 3);
	end_mine(0);
	assert_int_equal(take_at(1, text, sizeof text), 3);
	assert_int_equal(take_at(1, text, sizeof text), -1);
	assert_int_equal(errno, EAGAIN);
	may_end = true;
	s5_relay_end_input(&relay, 0);
	assert_int_equal(take_at(1, text, sizeof text), 0);
	assert_int_equal(told, 0);
}

TEST(an_input_that_is_ended_is_read_no_more_and_the_other_direction_lives)
{
	char text[8];

	start_tcp();
	s5_relay_end_input(&relay, 0);
	assert_int_equal(take_at(1, text, sizeof text), 0);
	assert_int_equal(write(mine[1].out, "back", 4), 4);
	assert_int_equal(take_at(0, text, sizeof text), 4);
	end_mine(1);
	expect_end(S5_RELAY_CLOSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RELAY(pipes_and_a_socket_both_ways),
		RELAY(a_reader_that_goes_ends_both),
		RELAY(a_file_is_read_to_its_end),
		RELAY(a_file_is_written_also_one_that_is_appended_to),
		RELAY(R1928_R_1_a_short_read_of_a_unix_socket_is_not_its_end),
		RELAY(R1928_R_1_a_short_read_of_a_pipe_of_packets_is_not_its_end),
		RELAY(a_socket_that_cannot_be_watched_is_an_error),
		RELAY(a_socket_that_the_loop_is_said_to_know_and_does_not_is_an_error),
		RELAY(an_output_that_cannot_be_watched_is_an_error),
		RELAY(a_tap_sees_every_octet_of_both_directions),
		RELAY(each_half_is_told_once),
		RELAY(a_half_may_stop_the_relay),
		RELAY(an_end_is_passed_on_when_the_owner_agrees),
		RELAY(an_input_that_is_ended_is_read_no_more_and_the_other_direction_lives),
	};

	return RUN(tests);
}

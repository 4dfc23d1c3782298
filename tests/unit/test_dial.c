#include "dialing.h"

TEST(an_address_that_listens_is_connected_to)
{
	struct s5_addr a = loopback(false, port);
	struct s5_sockaddr peer = { .len = sizeof peer.un };

	assert_int_equal(dial_ip(a), S5_DIAL_CONNECTED);
	assert_true(s5_addr_equal(&dial.peer, &a));
	assert_int_equal(getpeername(dial.fd, &peer.sa, &peer.len), 0);
	assert_int_equal(s5_sockaddr_to(&peer).port, port);
	hang_up();
}

TEST(R1928_6_8_a_closed_port_is_refused)
{
	struct s5_addr a = loopback(false, port);

	close(listener[0]);
	listener[0] = -1;
	assert_int_equal(dial_ip(a), S5_DIAL_FAILED);
	assert_int_equal(dial.error, ECONNREFUSED);
	assert_true(s5_addr_equal(&dial.peer, &a));
}

TEST(R1928_6_6_the_source_is_what_was_asked_for)
{
	struct s5_addr a = loopback(false, port);

	assert_true(s5_addr_set_ip(&options.source4, "127.0.0.3", 9));
	assert_int_equal(dial_ip(a), S5_DIAL_CONNECTED);
	assert_octets(s5_sock_local(dial.fd).octets, 4, "7f000003");
	hang_up();
	assert_true(s5_addr_set_ip(&options.source4, "192.0.2.3", 9));
	assert_int_equal(dial_ip(a), S5_DIAL_FAILED);
	assert_int_equal(dial.error, EADDRNOTAVAIL);
}

TEST(the_source_port_is_what_was_asked_for)
{
	/* Below those that the kernel hands out: only a server can have it. */
	for (options.source_port = 20011; options.source_port < 20100; options.source_port++) {
		if (dial_ip(loopback(false, port)) == S5_DIAL_CONNECTED)
			break;
		assert_int_equal(dial.error, EADDRINUSE);
	}
	assert_int_equal(how, S5_DIAL_CONNECTED);
	assert_int_equal(s5_sock_local(dial.fd).port, options.source_port);
	hang_up();
}

TEST(R1928_6_11_silence_ends_with_the_time)
{
	int64_t start = s5_clock_ms();
	int full[4];

	options.timeout = 100;
	fill_queue(full);
	assert_int_equal(dial_ip(loopback(false, port)), S5_DIAL_TIMEOUT);
	assert_true(s5_clock_ms() - start >= 99);
	assert_int_equal(dial.peer.port, port);
	close_all(full);
}

TEST(R1928_6_9_what_the_rules_deny_is_not_connected_to)
{
	permits = 0;
	assert_int_equal(dial_ip(loopback(false, port)), S5_DIAL_DENIED);
	assert_int_equal(permitted, 1);
	assert_int_equal(dial_name("a.test"), S5_DIAL_DENIED);
	assert_int_equal(permitted, 3);
	fcntl(listener[0], F_SETFL, O_NONBLOCK);
	assert_int_equal(accept4(listener[0], NULL, NULL, SOCK_CLOEXEC), -1);
}

TEST(without_a_permit_everything_may_be)
{
	struct s5_addr a = loopback(false, port);

	prepare();
	dial.permit = NULL;
	s5_dial_start(&dial, &a);
	assert_int_equal(finish(), S5_DIAL_CONNECTED);
	hang_up();
}

TEST(a_dial_taken_back_is_never_told_of)
{
	struct s5_addr targets[] = { loopback(false, port), loopback(false, 1), name_of("a.test"),
				     name_of("s.test"), name_of("x.test") };

	for (size_t i = 0; i < LENGTH(targets); i++)
		for (int turns = 0; turns < 4; turns++) {
			begin(&targets[i]);
			for (int n = 0; n < turns && !told && i != 3; n++)
				s5_loop_turn(&loop);
			if (told && dial.fd >= 0)
				hang_up();
			if (told)
				break; /* it was faster */
			s5_dial_cancel(&dial);
			s5_dial_cancel(&dial);
			turn_for(&loop, 5);
			assert_int_equal(told, 0);
		}
	dial = (struct s5_dial){ .loop = NULL };
	s5_dial_cancel(&dial);
}

TEST(a_unix_socket_is_connected_to)
{
	char path[] = "/tmp/s5-dial-XXXXXX", none[200];
	int fd = mkstemp(path), server;

	close(fd);
	unlink(path);
	server = s5_listen_unix(path);
	assert_true(server >= 0);
	prepare();
	s5_dial_start_unix(&dial, path);
	assert_int_equal(finish(), S5_DIAL_CONNECTED);
	hang_up();
	close(server);
	unlink(path);
	prepare();
	s5_dial_start_unix(&dial, path);
	assert_int_equal(finish(), S5_DIAL_FAILED);
	assert_int_equal(dial.error, ENOENT);
	memset(none, 'x', sizeof none);
	none[sizeof none - 1] = 0;
	prepare();
	s5_dial_start_unix(&dial, none);
	assert_int_equal(finish(), S5_DIAL_FAILED);
	assert_int_equal(dial.error, ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DIAL(an_address_that_listens_is_connected_to),
		DIAL(R1928_6_8_a_closed_port_is_refused),
		DIAL(R1928_6_6_the_source_is_what_was_asked_for),
		DIAL(the_source_port_is_what_was_asked_for),
		DIAL(R1928_6_11_silence_ends_with_the_time),
		DIAL(R1928_6_9_what_the_rules_deny_is_not_connected_to),
		DIAL(without_a_permit_everything_may_be),
		DIAL(a_dial_taken_back_is_never_told_of),
		DIAL(a_unix_socket_is_connected_to),
	};

	return RUN(tests);
}

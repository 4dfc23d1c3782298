/* The server's replies, BIND's two among them: PROTOCOL 7.3, 7.5. */
#include "dialogue.h"

#define HELLO "05 01 00"
#define CONNECT HELLO "05 01 00 01 7f000001 4650"
#define BIND HELLO "05 02 00 01 7f000009 4650"
#define ASKED "method 00\nrequest 01 ipv4 127.0.0.1:18000\n"
#define SUCCESS "05 00 00 01 7f000001 b901"

/* A server that has been asked for a CONNECT or a BIND and has yet to answer. */
static void ask(struct s5_session *s, const struct s5_session_config *config, const char *text)
{
	uint8_t octets[64];
	size_t n = hex(octets, sizeof octets, text);

	s5_session_init_server(s, config, 0);
	assert_int_equal(s5_session_recv(s, S5_CLIENT, octets, n), n);
	assert_int_equal(s5_session_next(s), S5_EV_METHOD);
	assert_int_equal(s5_session_next(s), S5_EV_REQUEST);
	assert_int_equal(s5_session_next(s), S5_EV_NONE);
}

static void sends(struct s5_session *s, const char *want)
{
	size_t n;
	const uint8_t *octets = s5_session_out(s, &n);

	assert_octets(octets, n, want);
	s5_session_sent(s, n);
}

static const struct s5_session_config config = { .nmethods = 1 };

TEST(R1928_6_1_reply_is_05_rep_00_atyp_addr_port)
{
	static const uint8_t ip[16] = { 0xfd, [15] = 9 };
	struct s5_addr six = s5_addr_ip6(ip, 18000), four = s5_addr_ip4(ip, 256);
	struct s5_session s;

	ask(&s, &config, CONNECT);
	s5_session_answer(&s, S5_REP_SUCCEEDED, &six);
	assert_int_equal(s5_session_next(&s), S5_EV_OPEN);
	sends(&s, "05 00 05 00 00 04 fd000000000000000000000000000009 4650");
	ask(&s, &config, CONNECT);
	s5_session_answer(&s, S5_REP_SUCCEEDED, &four);
	assert_int_equal(s5_session_next(&s), S5_EV_OPEN);
	sends(&s, "05 00 05 00 00 01 fd000000 0100");
}

TEST(R1928_6_2_bound_address_is_never_a_name)
{
	struct s5_addr name = { .atyp = 0 }, none = { .atyp = 0 };
	struct s5_session s;

	assert_true(s5_addr_set_name(&name, "localhost", 9, 80));
	ask(&s, &config, CONNECT);
	s5_session_answer(&s, S5_REP_SUCCEEDED, &name);
	assert_int_equal(s5_session_next(&s), S5_EV_OPEN);
	sends(&s, "05 00 05 00 00 01 00000000 0000");
	ask(&s, &config, CONNECT);
	s5_session_answer(&s, S5_REP_HOST_UNREACHABLE, &none);
	assert_int_equal(s5_session_next(&s), S5_EV_FAILED);
	sends(&s, "05 00 05 04 00 01 00000000 0000");
}

TEST(R1928_6_3_failure_replies_are_complete)
{
	char out[64], log[200];

	for (unsigned rep = 1; rep < 256; rep++) {
		snprintf(out, sizeof out, "05 00 05 %02x 00 01 00000000 0000", rep);
		snprintf(log, sizeof log, ASKED "failed REFUSED in reply code %02x\n", rep);
		HOLDS(.role = S5_SERVER, .methods = "00", .reps = { (uint8_t)rep }, .in = CONNECT,
		      .out = out, .log = log);
	}
}

TEST(R1928_6_7_nothing_is_sent_before_the_answer)
{
	struct s5_session s;

	ask(&s, &config, CONNECT);
	sends(&s, "05 00");
	s5_session_recv(&s, S5_CLIENT, "hello", 5);
	assert_int_equal(s5_session_next(&s), S5_EV_NONE);
	sends(&s, "");
	s5_session_answer(&s, S5_REP_SUCCEEDED, NULL);
	assert_int_equal(s5_session_next(&s), S5_EV_OPEN);
	sends(&s, "05 00 00 01 00000000 0000");
	assert_int_equal(s5_session_next(&s), S5_EV_NONE);
}

TEST(client_may_close_its_side_before_the_answer)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .in = CONNECT "6869", .eof = true,
	      .out = "05 00" SUCCESS, .log = ASKED "open\n", .stream = "6869");
}

TEST(client_that_closes_within_a_message_is_told_apart)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .in = "", .eof = true, .out = "",
	      .log = "failed EOF in method list\n");
	HOLDS(.role = S5_SERVER, .methods = "00", .in = "05", .eof = true, .out = "",
	      .log = "failed EOF in method list partial\n", .stream = "05");
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO, .eof = true, .out = "05 00",
	      .log = "method 00\nfailed EOF in request\n");
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO "05 01 00", .eof = true,
	      .out = "05 00", .log = "method 00\nfailed EOF in request partial\n",
	      .stream = "05 01 00");
}

TEST(malformed_message_is_told_and_answered_at_once)
{
	struct s5_session s;

	s5_session_init_server(&s, &config, 0);
	s5_session_recv(&s, S5_CLIENT, "\4", 1);
	assert_int_equal(s5_session_next(&s), S5_EV_FAILED);
	sends(&s, "005b000000000000");
	assert_int_equal(s5_session_next(&s), S5_EV_NONE);
}

TEST(R1928_B_1_bind_has_two_replies_the_second_when_it_is_given)
{
	static const uint8_t peer[4] = { 127, 0, 0, 9 };
	struct s5_addr who = s5_addr_ip4(peer, 50280);
	struct s5_session s;

	ask(&s, &config, BIND);
	s5_session_answer(&s, S5_REP_SUCCEEDED, NULL);
	assert_int_equal(s5_session_next(&s), S5_EV_NONE);
	sends(&s, "05 00 05 00 00 01 00000000 0000");
	assert_int_equal(s5_session_next(&s), S5_EV_NONE);
	sends(&s, "");
	s5_session_answer(&s, S5_REP_SUCCEEDED, &who);
	assert_int_equal(s5_session_next(&s), S5_EV_OPEN);
	sends(&s, "05 00 00 01 7f000009 c468");
}

TEST(R1928_B_5_second_reply_can_refuse)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .reps = { 0, 2 }, .in = BIND "6869",
	      .out = "05 00" SUCCESS "05 02 00 01 00000000 0000",
	      .log = "method 00\nrequest 02 ipv4 127.0.0.9:18000\n"
		     "failed REFUSED in second reply code 02\n",
	      .stream = "6869");
}

TEST(R1928_B_8_first_reply_that_refuses_is_the_only_one)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .reps = { 6, 0 }, .in = BIND,
	      .out = "05 00 05 06 00 01 00000000 0000",
	      .log = "method 00\nrequest 02 ipv4 127.0.0.9:18000\n"
		     "failed REFUSED in reply code 06\n");
}

TEST(R1928_B_10_data_before_the_second_reply_is_kept)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .in = BIND "00010203",
	      .out = "05 00" SUCCESS SUCCESS,
	      .log = "method 00\nrequest 02 ipv4 127.0.0.9:18000\nopen\n", .stream = "00010203");
}

TEST(udp_associate_has_one_reply)
{
	HOLDS(.role = S5_SERVER, .methods = "00",
	      .in = HELLO "05 03 00 01 00000000 0000"
			  "99",
	      .out = "05 00" SUCCESS, .log = "method 00\nrequest 03 ipv4 0.0.0.0:0\nopen\n",
	      .stream = "99");
}

TEST(deadline_ends_the_dialogue_at_any_step_but_not_the_stream)
{
	struct s5_session s;
	uint8_t octets[64];
	size_t n = hex(octets, sizeof octets, CONNECT);

	for (size_t k = 0; k <= n; k++) {
		s5_session_init_server(&s, &config, 77);
		assert_int_equal(s.deadline, 77);
		s5_session_recv(&s, S5_CLIENT, octets, k);
		while (s5_session_next(&s) != S5_EV_NONE)
			;
		s5_session_expire(&s);
		assert_int_equal(s5_session_next(&s), S5_EV_FAILED);
		assert_int_equal(s.failure.cause, S5_CAUSE_TIMEOUT);
		assert_int_equal(s.failure.partial, k != 0 && k != 3 && k != n);
		assert_int_equal(s5_session_next(&s), S5_EV_NONE);
		assert_int_equal(s5_session_recv(&s, S5_CLIENT, octets, n), 0);
	}
	ask(&s, &config, CONNECT);
	s5_session_answer(&s, 0, NULL);
	assert_int_equal(s5_session_next(&s), S5_EV_OPEN);
	s5_session_expire(&s);
	s5_session_eof(&s, S5_CLIENT);
	assert_int_equal(s5_session_next(&s), S5_EV_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R1928_6_1_reply_is_05_rep_00_atyp_addr_port),
		cmocka_unit_test(R1928_6_2_bound_address_is_never_a_name),
		cmocka_unit_test(R1928_6_3_failure_replies_are_complete),
		cmocka_unit_test(R1928_6_7_nothing_is_sent_before_the_answer),
		cmocka_unit_test(client_may_close_its_side_before_the_answer),
		cmocka_unit_test(client_that_closes_within_a_message_is_told_apart),
		cmocka_unit_test(malformed_message_is_told_and_answered_at_once),
		cmocka_unit_test(R1928_B_1_bind_has_two_replies_the_second_when_it_is_given),
		cmocka_unit_test(R1928_B_5_second_reply_can_refuse),
		cmocka_unit_test(R1928_B_8_first_reply_that_refuses_is_the_only_one),
		cmocka_unit_test(R1928_B_10_data_before_the_second_reply_is_kept),
		cmocka_unit_test(udp_associate_has_one_reply),
		cmocka_unit_test(deadline_ends_the_dialogue_at_any_step_but_not_the_stream),
	};

	return RUN(tests);
}

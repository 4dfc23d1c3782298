/* The client's side: what it sends, and what it makes of replies: PROTOCOL 7.1 to 7.3. */
#include "dialogue.h"

#define HELLO "05 01 00"
#define CONNECT "05 01 00 01 7f000001 4650"
#define SUCCESS "05 00 00 01 7f000001 b901"
#define OPENED "method 00\nreply 00 ipv4 127.0.0.1:47361\nopen\n"

#define CLIENT                                                                          \
	.role = S5_CLIENT, .methods = "00", .cmd = S5_CMD_CONNECT, .host = "127.0.0.1", \
	.port = 18000

TEST(R1928_3_1_hello_offers_the_configured_methods_in_order)
{
	HOLDS(CLIENT, .in = "", .out = HELLO, .log = "");
	HOLDS(.role = S5_CLIENT, .methods = "02 00", .in = "", .out = "05 02 02 00", .log = "");
	HOLDS(.role = S5_CLIENT, .methods = "00 02", .in = "", .out = "05 02 00 02", .log = "");
}

TEST(R1928_3_7_no_acceptable_method_is_a_failure_of_its_own)
{
	HOLDS(CLIENT, .in = "05 ff", .out = HELLO,
	      .log = "failed NO_METHOD in method choice code ff\n");
	HOLDS(CLIENT, .in = "05 ff" SUCCESS, .out = HELLO,
	      .log = "failed NO_METHOD in method choice code ff\n", .stream = SUCCESS);
}

TEST(R1928_3_8_method_that_was_not_offered_is_refused)
{
	static const char *const offers[] = { "00", "02" };
	char in[32], out[32], log[80];

	for (unsigned i = 0; i < 2 * 255; i++) {
		if (i % 255 == (i / 255 ? 2 : 0))
			continue;
		snprintf(in, sizeof in, "05 %02x 01 00", i % 255);
		snprintf(out, sizeof out, "05 01 %s", offers[i / 255]);
		snprintf(log, sizeof log, "failed UNOFFERED in method choice%s\n",
			 i % 255 ? " code xx" : "");
		if (i % 255)
			snprintf(strstr(log, "xx"), 4, "%02x\n", i % 255);
		HOLDS(.role = S5_CLIENT, .methods = offers[i / 255], .user = "us", .password = "pw",
		      .cmd = 1, .host = "a", .port = 1, .in = in, .out = out, .log = log,
		      .stream = "01 00");
	}
}

TEST(R1928_3_9_first_octet_of_the_answer)
{
	HOLDS(CLIENT, .in = "04", .out = HELLO,
	      .log = "failed MALFORMED in method choice VERSION_SOCKS4\n", .stream = "04");
	HOLDS(CLIENT, .in = "48545450", .out = HELLO,
	      .log = "failed MALFORMED in method choice VERSION\n", .stream = "48545450");
	HOLDS(CLIENT, .in = "00 5b 0000", .out = HELLO,
	      .log = "failed MALFORMED in method choice VERSION\n", .stream = "00 5b 0000");
}

TEST(R1928_3_16_nothing_is_sent_behind_the_hello_before_the_choice)
{
	HOLDS(CLIENT, .in = "05", .out = HELLO, .log = "", .stream = "05");
	HOLDS(CLIENT, .in = "05 00", .out = HELLO CONNECT, .log = "method 00\n");
	HOLDS(.role = S5_CLIENT, .methods = "02", .user = "us", .password = "pw", .in = "05",
	      .out = "05 01 02", .log = "", .stream = "05");
}

TEST(R1928_4_1_request_says_command_and_address)
{
	HOLDS(CLIENT, .in = "05 00", .out = HELLO CONNECT, .log = "method 00\n");
	HOLDS(.role = S5_CLIENT, .methods = "00", .cmd = S5_CMD_BIND, .host = "0.0.0.0",
	      .in = "05 00", .out = HELLO "05 02 00 01 00000000 0000", .log = "method 00\n");
	HOLDS(.role = S5_CLIENT, .methods = "00", .cmd = S5_CMD_UDP, .host = "::", .port = 256,
	      .in = "05 00", .out = HELLO "05 03 00 04 00000000000000000000000000000000 0100",
	      .log = "method 00\n");
}

TEST(R1928_4_2_port_is_big_endian)
{
	HOLDS(.role = S5_CLIENT, .methods = "00", .cmd = 1, .host = "a", .port = 18000,
	      .in = "05 00", .out = HELLO "05 01 00 03 01 61 4650", .log = "method 00\n");
}

TEST(R1928_4_3_literals_go_as_addresses_and_names_as_names)
{
	HOLDS(.role = S5_CLIENT, .methods = "00", .cmd = 1, .host = "::1", .port = 80,
	      .in = "05 00", .out = HELLO "05 01 00 04 00000000000000000000000000000001 0050",
	      .log = "method 00\n");
	HOLDS(.role = S5_CLIENT, .methods = "00", .cmd = 1, .host = "localhost", .port = 80,
	      .in = "05 00", .out = HELLO "05 01 00 03 09 6c6f63616c686f7374 0050",
	      .log = "method 00\n");
}

/* The request fails here and not a byte of it is sent. */
TEST(R1928_4_4_name_that_cannot_be_sent_fails_here)
{
	struct s5_session_config config = {
		.nmethods = 1,
		.request = { .cmd = 1, .dst = { .atyp = S5_ATYP_NAME, .port = 80 } },
	};
	static struct drive run;
	struct s5_session s;

	s5_session_init_client(&s, &config, 0);
	s5_session_recv(&s, S5_SERVER, "\5\0", 2);
	assert_int_equal(s5_session_next(&s), S5_EV_METHOD);
	assert_int_equal(s5_session_next(&s), S5_EV_FAILED);
	drive_init(&run, S5_CLIENT, &config);
	drive_feed(&run, S5_SERVER, (const uint8_t *)"\5\0", 2);
	assert_string_equal(run.log, "method 00\nfailed LOCAL in request\n");
	assert_octets(run.out, run.outlen, HELLO);
	assert_true(s5_addr_set_name(&config.request.dst, "localhost\0.evil", 15, 80));
	drive_init(&run, S5_CLIENT, &config);
	drive_feed(&run, S5_SERVER, (const uint8_t *)"\5\0", 2);
	assert_string_equal(run.log, "method 00\nfailed LOCAL in request\n");
	assert_octets(run.out, run.outlen, HELLO);
}

TEST(R1928_6_12_replies_with_every_kind_of_address)
{
	HOLDS(CLIENT, .in = "05 00" SUCCESS, .out = HELLO CONNECT, .log = OPENED);
	HOLDS(CLIENT, .in = "05 00 05 00 00 04 00000000000000000000000000000001 0050",
	      .out = HELLO CONNECT, .log = "method 00\nreply 00 ipv6 [::1]:80\nopen\n");
	HOLDS(CLIENT, .in = "05 00 05 00 00 03 09 6c6f63616c686f7374 0050", .out = HELLO CONNECT,
	      .log = "method 00\nreply 00 name localhost:80\nopen\n");
}

TEST(R1928_6_12_names_of_every_length_in_a_reply)
{
	static struct drive run;
	static uint8_t stream[2 * DRIVE_ROOM];
	struct dialogue d = { CLIENT };
	uint8_t in[2 + 7 + 255 + 4];

	for (unsigned len = 0; len < 256; len++) {
		size_t n = hex(in, sizeof in, "05 00 05 00 00 03");

		in[n++] = (uint8_t)len;
		memset(in + n, 'a', len);
		n += len;
		n += hex(in + n, sizeof in - n, "0050 6869");
		for (size_t width = 1; width < 300; width += 149) {
			dialogue_run(&d, in, n, 0, width, &run);
			assert_int_equal(run.s.reply.bnd.len, len);
			assert_int_equal(run.s.reply.bnd.port, 80);
			assert_non_null(strstr(run.log, "\nopen\n"));
			assert_int_equal(drive_stream(&run, S5_SERVER, stream), 2);
		}
	}
}

TEST(R1928_6_13_what_is_glued_behind_the_reply_is_the_streams)
{
	HOLDS(CLIENT, .in = "05 00" SUCCESS "05 00 01 02", .out = HELLO CONNECT, .log = OPENED,
	      .stream = "05 00 01 02");
	HOLDS(.role = S5_CLIENT, .methods = "02", .user = "us", .password = "pw", .cmd = 1,
	      .host = "127.0.0.1", .port = 18000, .in = "05 02 01 00" SUCCESS "6869",
	      .out = "05 01 02 01 02 7573 02 7077" CONNECT,
	      .log = "method 02\nreply 00 ipv4 127.0.0.1:47361\nopen\n", .stream = "6869");
}

TEST(R1928_6_14_success_that_is_no_reply)
{
	HOLDS(CLIENT, .in = "05 00 04", .out = HELLO CONNECT,
	      .log = "method 00\nfailed MALFORMED in reply VERSION_SOCKS4\n", .stream = "04");
	HOLDS(CLIENT, .in = "05 00 00 5a 0050 7f000001", .out = HELLO CONNECT,
	      .log = "method 00\nfailed MALFORMED in reply VERSION\n",
	      .stream = "00 5a 0050 7f000001");
	HOLDS(CLIENT, .in = "05 00 05 00 00 02", .out = HELLO CONNECT,
	      .log = "method 00\nfailed MALFORMED in reply ATYP_UNKNOWN\n",
	      .stream = "05 00 00 02");
}

/* The very event says that the stream is there: it must be there at once. */
TEST(R1928_6_13_the_stream_is_there_when_its_event_is)
{
	struct s5_session_config config = { .nmethods = 1, .request = { .cmd = 1 } };
	struct s5_session s;
	uint8_t in[32];
	const uint8_t *early;
	size_t n = hex(in, sizeof in, "05 00" SUCCESS "6869");

	assert_true(s5_addr_set_host(&config.request.dst, "a", 1, 80));
	s5_session_init_client(&s, &config, 0);
	s5_session_recv(&s, S5_SERVER, in, n);
	while (s5_session_next(&s) != S5_EV_OPEN)
		;
	early = s5_session_early(&s, S5_SERVER, &n);
	assert_octets(early, n, "6869");
	assert_int_equal(s5_session_next(&s), S5_EV_NONE);
	early = s5_session_early(&s, S5_SERVER, &n);
	assert_octets(early, n, "6869");
}

TEST(R1928_6_15_failure_is_told_at_its_second_octet)
{
	char in[32], log[80];

	for (unsigned rep = 1; rep < 256; rep++) {
		snprintf(in, sizeof in, "05 00 05 %02x", rep);
		snprintf(log, sizeof log, "method 00\nfailed REFUSED in reply code %02x\n", rep);
		HOLDS(CLIENT, .in = in, .out = HELLO CONNECT, .log = log);
		HOLDS(CLIENT, .in = in, .eof = true, .out = HELLO CONNECT, .log = log);
	}
}

TEST(R1928_6_15_whole_refusal_is_one_message)
{
	struct s5_session_config config = { .nmethods = 1, .watch = true, .request = { .cmd = 1 } };
	struct s5_session s;
	uint8_t in[32];
	size_t n = hex(in, sizeof in, "05 00 05 05 00 01 00000000 0000 6869");

	assert_true(s5_addr_set_host(&config.request.dst, "a", 1, 80));
	s5_session_init_client(&s, &config, 0);
	s5_session_recv(&s, S5_SERVER, in, n);
	while (s5_session_next(&s) != S5_EV_MESSAGE || s.message.step != S5_STEP_REPLY)
		;
	assert_octets(s.message.octets, s.message.len, "05 05 00 01 00000000 0000");
	assert_int_equal(s5_session_next(&s), S5_EV_FAILED);
}

/* What comes with those two octets is no part of a stream, whole or not, sound or not. */
TEST(R1928_6_15_rest_of_a_failure_does_not_matter)
{
	static const char *const tails[] = { "00 01 00000000 0000",
					     "00 01 00",
					     "00 02",
					     "ff",
					     "00 03 00 0000",
					     "00 03 04 6e616d65 0050",
					     "00 01 00000000 0000 6869" };
	static struct drive run;
	struct dialogue d = { CLIENT };
	uint8_t in[32];

	for (size_t i = 0; i < LENGTH(tails); i++) {
		size_t n = hex(in, sizeof in, "05 00 05 05");

		n += hex(in + n, sizeof in - n, tails[i]);
		for (size_t at = 0; at <= n; at++) {
			dialogue_run(&d, in, n, at, 100, &run);
			assert_string_equal(run.log,
					    "method 00\nfailed REFUSED in reply code 05\n");
			assert_int_equal(run.s.failure.step, S5_STEP_REPLY);
		}
	}
}

TEST(R1928_6_16_codes_beyond_08_are_failures)
{
	HOLDS(CLIENT, .in = "05 00 05 09", .out = HELLO CONNECT,
	      .log = "method 00\nfailed REFUSED in reply code 09\n");
	HOLDS(CLIENT, .in = "05 00 05 f0", .out = HELLO CONNECT,
	      .log = "method 00\nfailed REFUSED in reply code f0\n");
	HOLDS(CLIENT, .in = "05 00 05 ff", .out = HELLO CONNECT,
	      .log = "method 00\nfailed REFUSED in reply code ff\n");
}

TEST(R1928_6_17_reserved_octet_of_a_reply_is_ignored)
{
	HOLDS(CLIENT, .in = "05 00 05 00 ff 01 7f000001 b901", .out = HELLO CONNECT, .log = OPENED);
}

TEST(R1928_6_18_end_in_place_of_a_message)
{
	HOLDS(CLIENT, .in = "", .eof = true, .out = HELLO, .log = "failed EOF in method choice\n");
	HOLDS(CLIENT, .in = "05", .eof = true, .out = HELLO,
	      .log = "failed EOF in method choice partial\n", .stream = "05");
	HOLDS(CLIENT, .in = "05 00", .eof = true, .out = HELLO CONNECT,
	      .log = "method 00\nfailed EOF in reply\n");
	HOLDS(CLIENT, .in = "05 00 05", .eof = true, .out = HELLO CONNECT,
	      .log = "method 00\nfailed EOF in reply partial\n", .stream = "05");
	HOLDS(CLIENT, .in = "05 00 05 00 00 01 7f000001 b9", .eof = true, .out = HELLO CONNECT,
	      .log = "method 00\nfailed EOF in reply partial\n",
	      .stream = "05 00 00 01 7f000001 b9");
	HOLDS(CLIENT, .in = "05 00" SUCCESS, .eof = true, .out = HELLO CONNECT, .log = OPENED);
}

TEST(R1928_6_18_end_is_told_at_once)
{
	struct s5_session_config config = { .nmethods = 1, .request = { .cmd = 1 } };
	struct s5_session s;

	s5_session_init_client(&s, &config, 0);
	assert_int_equal(s5_session_next(&s), S5_EV_NONE);
	s5_session_eof(&s, S5_SERVER);
	assert_int_equal(s5_session_next(&s), S5_EV_FAILED);
	assert_int_equal(s5_session_next(&s), S5_EV_NONE);
}

/* The end came with the last octets, before anybody asked for an event. */
TEST(R1928_6_18_end_does_not_overtake_the_octets_before_it)
{
	struct s5_session_config config = { .nmethods = 1, .request = { .cmd = 1 } };
	struct s5_session s;
	uint8_t in[32];
	size_t n = hex(in, sizeof in, "05 00" SUCCESS);

	assert_true(s5_addr_set_host(&config.request.dst, "a", 1, 80));
	s5_session_init_client(&s, &config, 0);
	s5_session_recv(&s, S5_SERVER, in, n);
	s5_session_eof(&s, S5_SERVER);
	assert_int_equal(s5_session_next(&s), S5_EV_METHOD);
	assert_int_equal(s5_session_next(&s), S5_EV_REPLY);
	assert_int_equal(s5_session_next(&s), S5_EV_OPEN);
	assert_int_equal(s5_session_next(&s), S5_EV_NONE);
}

TEST(R1928_6_20_deadline_at_every_octet)
{
	struct s5_session_config config = { .nmethods = 1, .request = { .cmd = 1 } };
	uint8_t in[32];
	size_t n = hex(in, sizeof in, "05 00" SUCCESS);
	struct s5_session s;

	assert_true(s5_addr_set_host(&config.request.dst, "a", 1, 80));
	for (size_t k = 0; k < n; k++) {
		s5_session_init_client(&s, &config, 5);
		s5_session_recv(&s, S5_SERVER, in, k);
		while (s5_session_next(&s) != S5_EV_NONE)
			;
		s5_session_expire(&s);
		assert_int_equal(s5_session_next(&s), S5_EV_FAILED);
		assert_int_equal(s.failure.cause, S5_CAUSE_TIMEOUT);
		assert_int_equal(s.failure.step, k < 2 ? S5_STEP_CHOICE : S5_STEP_REPLY);
		assert_int_equal(s.failure.partial, k != 0 && k != 2);
	}
}

#define BOUND \
	.role = S5_CLIENT, .methods = "00", .cmd = S5_CMD_BIND, .host = "127.0.0.9", .port = 18000
#define BIND "05 02 00 01 7f000009 4650"

TEST(R1928_B_12_second_reply_decides)
{
	HOLDS(BOUND, .in = "05 00" SUCCESS, .out = HELLO BIND,
	      .log = "method 00\nreply 00 ipv4 127.0.0.1:47361\n");
	HOLDS(BOUND, .in = "05 00" SUCCESS "05 00 00 01 7f000009 c468 6869", .out = HELLO BIND,
	      .log = "method 00\nreply 00 ipv4 127.0.0.1:47361\n"
		     "reply 00 ipv4 127.0.0.9:50280\nopen\n",
	      .stream = "6869");
	HOLDS(BOUND, .in = "05 00" SUCCESS "05 02", .out = HELLO BIND,
	      .log = "method 00\nreply 00 ipv4 127.0.0.1:47361\n"
		     "failed REFUSED in second reply code 02\n");
	HOLDS(BOUND, .in = "05 00 05 01", .out = HELLO BIND,
	      .log = "method 00\nfailed REFUSED in reply code 01\n");
	HOLDS(BOUND, .in = "05 00" SUCCESS, .eof = true, .out = HELLO BIND,
	      .log = "method 00\nreply 00 ipv4 127.0.0.1:47361\nfailed EOF in second reply\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R1928_3_1_hello_offers_the_configured_methods_in_order),
		cmocka_unit_test(R1928_3_7_no_acceptable_method_is_a_failure_of_its_own),
		cmocka_unit_test(R1928_3_8_method_that_was_not_offered_is_refused),
		cmocka_unit_test(R1928_3_9_first_octet_of_the_answer),
		cmocka_unit_test(R1928_3_16_nothing_is_sent_behind_the_hello_before_the_choice),
		cmocka_unit_test(R1928_4_1_request_says_command_and_address),
		cmocka_unit_test(R1928_4_2_port_is_big_endian),
		cmocka_unit_test(R1928_4_3_literals_go_as_addresses_and_names_as_names),
		cmocka_unit_test(R1928_4_4_name_that_cannot_be_sent_fails_here),
		cmocka_unit_test(R1928_6_12_replies_with_every_kind_of_address),
		cmocka_unit_test(R1928_6_12_names_of_every_length_in_a_reply),
		cmocka_unit_test(R1928_6_13_what_is_glued_behind_the_reply_is_the_streams),
		cmocka_unit_test(R1928_6_14_success_that_is_no_reply),
		cmocka_unit_test(R1928_6_13_the_stream_is_there_when_its_event_is),
		cmocka_unit_test(R1928_6_15_failure_is_told_at_its_second_octet),
		cmocka_unit_test(R1928_6_15_whole_refusal_is_one_message),
		cmocka_unit_test(R1928_6_15_rest_of_a_failure_does_not_matter),
		cmocka_unit_test(R1928_6_16_codes_beyond_08_are_failures),
		cmocka_unit_test(R1928_6_17_reserved_octet_of_a_reply_is_ignored),
		cmocka_unit_test(R1928_6_18_end_in_place_of_a_message),
		cmocka_unit_test(R1928_6_18_end_is_told_at_once),
		cmocka_unit_test(R1928_6_18_end_does_not_overtake_the_octets_before_it),
		cmocka_unit_test(R1928_6_20_deadline_at_every_octet),
		cmocka_unit_test(R1928_B_12_second_reply_decides),
	};

	return RUN(tests);
}

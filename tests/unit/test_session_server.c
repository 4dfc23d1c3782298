/* The server's side of method negotiation and requests: PROTOCOL 7.1, 7.2. */
#include "dialogue.h"

#define HELLO "05 01 00"
#define CONNECT "05 01 00 01 7f000001 4650"
#define ERR10(rep) "05 " rep " 00 01 00000000 0000"
#define SUCCESS "05 00 00 01 7f000001 b901"

TEST(R1928_3_2_server_accepts_any_segmentation)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO CONNECT, .out = "05 00" SUCCESS,
	      .log = "method 00\nrequest 01 ipv4 127.0.0.1:18000\nopen\n");
	HOLDS(.role = S5_SERVER, .methods = "02 00",
	      .in = "05 03 00 01 02 01 02 7573 02 7077 05 01 00 03 09 6c6f63616c686f7374 0050",
	      .out = "05 02 01 00" SUCCESS,
	      .log = "method 02\ncredentials us pw\nrequest 01 name localhost:80\nopen\n");
}

TEST(R1928_3_3_server_closes_on_another_version)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .in = "47455420", .out = "",
	      .log = "failed MALFORMED in method list VERSION\n", .stream = "47455420");
	HOLDS(.role = S5_SERVER, .methods = "00", .in = "00", .out = "",
	      .log = "failed MALFORMED in method list VERSION\n", .stream = "00");
	HOLDS(.role = S5_SERVER, .methods = "00", .in = "04", .out = "00 5b 0000 00000000",
	      .log = "failed MALFORMED in method list code 5b VERSION_SOCKS4\n", .stream = "04");
	HOLDS(.role = S5_SERVER, .methods = "00", .in = "04 01 0050 7f000001 00",
	      .out = "00 5b 0000 00000000",
	      .log = "failed MALFORMED in method list code 5b VERSION_SOCKS4\n",
	      .stream = "04 01 0050 7f000001 00");
}

TEST(R1928_3_4_no_method_offered_is_answered_05_ff)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .in = "05 00", .out = "05 ff",
	      .log = "failed NO_METHOD in method choice code ff\n");
}

/* Each set of offers against each order of methods enabled. */
TEST(R1928_3_5_chooses_only_what_was_offered)
{
	static const char *const enabled[] = { "00", "02", "00 02", "02 00", "03 02 00" };
	static const uint8_t all[] = { 0x00, 0x01, 0x02, 0x80, 0xff };
	static struct drive run;
	uint8_t in[2 + LENGTH(all)], method;

	for (size_t i = 0; i < LENGTH(enabled) * 32; i++) {
		struct dialogue d = { .role = S5_SERVER, .methods = enabled[i / 32] };
		size_t n = 2;

		for (size_t k = 0; k < LENGTH(all); k++)
			if (i >> k & 1)
				in[n++] = all[k];
		in[0] = 5;
		in[1] = (uint8_t)(n - 2);
		dialogue_run(&d, in, n, n, 1, &run);
		assert_int_equal(run.outlen, 2);
		assert_int_equal(run.out[0], 5);
		method = run.out[1];
		assert_true(method == 0x00 || method == 0x02 || method == 0xff);
		if (method != 0xff)
			assert_non_null(memchr(in + 2, method, n - 2));
		for (size_t k = 0; k < run.config.nmethods && method == 0xff; k++)
			assert_null(memchr(in + 2, run.config.methods[k], n - 2));
	}
}

TEST(R1928_3_6_nothing_is_read_behind_05_ff)
{
	HOLDS(.role = S5_SERVER, .methods = "02", .in = HELLO CONNECT, .out = "05 ff",
	      .log = "failed NO_METHOD in method choice code ff\n", .stream = CONNECT);
	HOLDS(.role = S5_SERVER, .methods = "00", .in = "05 01 80" HELLO CONNECT, .out = "05 ff",
	      .log = "failed NO_METHOD in method choice code ff\n", .stream = HELLO CONNECT);
}

TEST(R1928_3_11_never_selects_a_method_that_the_build_lacks)
{
	HOLDS(.role = S5_SERVER, .methods = "03 00", .in = "05 02 03 00", .out = "05 00",
	      .log = "method 00\n");
	HOLDS(.role = S5_SERVER, .methods = "03", .in = "05 01 03", .out = "05 ff",
	      .log = "failed NO_METHOD in method choice code ff\n");
}

TEST(R1928_3_12_user_and_password_are_there)
{
	HOLDS(.role = S5_SERVER, .methods = "02", .in = "05 01 02 01 02 7573 02 7077",
	      .out = "05 02 01 00", .log = "method 02\ncredentials us pw\n");
}

TEST(R1928_3_13_the_servers_order_of_preference_decides)
{
	HOLDS(.role = S5_SERVER, .methods = "02 00", .in = "05 03 00 01 02", .out = "05 02",
	      .log = "method 02\n");
	HOLDS(.role = S5_SERVER, .methods = "00 02", .in = "05 03 02 01 00", .out = "05 00",
	      .log = "method 00\n");
	HOLDS(.role = S5_SERVER, .methods = "02 00", .in = "05 02 00 01", .out = "05 00",
	      .log = "method 00\n");
}

TEST(R1928_3_14_unknown_and_repeated_methods_are_ignored)
{
	struct dialogue d = { .role = S5_SERVER, .methods = "00" };
	static struct drive run;
	uint8_t in[257] = { 5, 255 };

	HOLDS(.role = S5_SERVER, .methods = "00", .in = "05 06 80 80 03 ff 00 00", .out = "05 00",
	      .log = "method 00\n");
	memset(in + 2, 0x80, 254);
	for (size_t width = 1; width <= 257; width += 64) {
		dialogue_run(&d, in, sizeof in, 0, width, &run);
		assert_octets(run.out, run.outlen, "05 00");
	}
	in[256] = 0x80;
	dialogue_run(&d, in, sizeof in, 0, sizeof in, &run);
	assert_octets(run.out, run.outlen, "05 ff");
}

TEST(R1928_3_15_what_is_glued_behind_the_hello_is_kept)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO CONNECT "6869",
	      .out = "05 00" SUCCESS, .log = "method 00\nrequest 01 ipv4 127.0.0.1:18000\nopen\n",
	      .stream = "6869");
	HOLDS(.role = S5_SERVER, .methods = "02", .in = "05 01 02 01 02 7573 02 7077" CONNECT "05",
	      .out = "05 02 01 00" SUCCESS,
	      .log = "method 02\ncredentials us pw\nrequest 01 ipv4 127.0.0.1:18000\nopen\n",
	      .stream = "05");
}

TEST(R1928_3_17_credentials_after_method_00_are_refused)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO "01 02 7573 02 7077",
	      .out = "05 00" ERR10("01"),
	      .log = "method 00\nfailed MALFORMED in request code 01 VERSION\n",
	      .stream = "01 02 7573 02 7077");
}

/* A request that is refused before anybody is asked: no request event, the whole reply. */
static void refused(const char *request, const char *rep, const char *log)
{
	char in[1200], out[64], want[128];

	snprintf(in, sizeof in, HELLO "%s", request);
	snprintf(out, sizeof out, "05 00 05 %s 00 01 00000000 0000", rep);
	snprintf(want, sizeof want, "method 00\nfailed REQUEST in reply code %s %s\n", rep, log);
	HOLDS(.role = S5_SERVER, .methods = "00", .in = in, .out = out, .log = want);
}

TEST(R1928_4_6_request_of_another_version)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO "01", .out = "05 00" ERR10("01"),
	      .log = "method 00\nfailed MALFORMED in request code 01 VERSION\n", .stream = "01");
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO "04 01 0050 7f000001 00",
	      .out = "05 00" ERR10("01"),
	      .log = "method 00\nfailed MALFORMED in request code 01 VERSION_SOCKS4\n",
	      .stream = "04 01 0050 7f000001 00");
}

TEST(R1928_4_7_reserved_octet_of_a_request_is_ignored)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO "05 01 ff 01 7f000001 4650",
	      .out = "05 00" SUCCESS, .log = "method 00\nrequest 01 ipv4 127.0.0.1:18000\nopen\n");
}

TEST(R1928_4_8_unknown_command)
{
	refused("05 00 00 01 7f000001 4650", "07", "CMD_UNKNOWN");
	refused("05 04 00 01 7f000001 4650", "07", "CMD_UNKNOWN");
	refused("05 09 00 03 01 61 0000", "07", "CMD_UNKNOWN");
	refused("05 f0 00 03 00 0000", "07", "CMD_UNKNOWN");
	refused("05 ff 00 04 00000000000000000000000000000001 4650", "07", "CMD_UNKNOWN");
}

TEST(R1928_4_8_disabled_command_is_the_callers_to_refuse)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .reps = { 7 }, .in = HELLO CONNECT,
	      .out = "05 00" ERR10("07"),
	      .log = "method 00\nrequest 01 ipv4 127.0.0.1:18000\n"
		     "failed REFUSED in reply code 07\n");
}

TEST(R1928_4_9_unknown_address_type_is_answered_without_waiting)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO "05 01 00 02",
	      .out = "05 00" ERR10("08"),
	      .log = "method 00\nfailed MALFORMED in request code 08 ATYP_UNKNOWN\n",
	      .stream = "05 01 00 02");
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO "05 03 00 00 7f000001 4650",
	      .out = "05 00" ERR10("08"),
	      .log = "method 00\nfailed MALFORMED in request code 08 ATYP_UNKNOWN\n",
	      .stream = "05 03 00 00 7f000001 4650");
}

TEST(R1928_4_10_empty_name)
{
	refused("05 01 00 03 00 4650", "01", "NAME_EMPTY");
	refused("05 02 00 03 00 4650", "01", "NAME_EMPTY");
}

TEST(R1928_4_11_name_with_a_control_octet)
{
	refused("05 01 00 03 14 6c6f63616c686f7374002e6576696c2e74657374 4650", "01",
		"NAME_CONTROL");
	refused("05 01 00 03 0a 6c6f63616c0a686f7374 4650", "01", "NAME_CONTROL");
	refused("05 01 00 03 01 20 4650", "01", "NAME_CONTROL");
	refused("05 01 00 03 02 617f 4650", "01", "NAME_CONTROL");
	refused("05 02 00 03 02 0061 4650", "01", "NAME_CONTROL");
	refused("05 01 00 03 01 1f 4650", "01", "NAME_CONTROL");
}

TEST(R1928_4_11_name_that_no_dns_knows)
{
	char request[1100] = "05 01 00 03 fe ";

	for (size_t i = 0; i < 254; i++)
		strcat(request, "61");
	strcat(request, "0050");
	refused(request, "01", "NAME_LONG");
}

TEST(R1928_4_12_literal_in_a_name_is_an_address)
{
	HOLDS(.role = S5_SERVER, .methods = "00",
	      .in = HELLO "05 01 00 03 09 3132372e302e302e31 4650", .out = "05 00" SUCCESS,
	      .log = "method 00\nrequest 01 ipv4 127.0.0.1:18000\nopen\n");
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO "05 02 00 03 03 3a3a31 4650",
	      .out = "05 00" SUCCESS SUCCESS,
	      .log = "method 00\nrequest 02 ipv6 [::1]:18000\nopen\n");
}

TEST(R1928_4_16_port_0)
{
	refused("05 01 00 01 7f000001 0000", "01", "PORT_ZERO");
	refused("05 01 00 03 01 61 0000", "01", "PORT_ZERO");
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO "05 02 00 01 00000000 0000",
	      .out = "05 00" SUCCESS SUCCESS,
	      .log = "method 00\nrequest 02 ipv4 0.0.0.0:0\nopen\n");
}

TEST(R1928_4_17_early_payload_is_kept_on_success_and_left_alone_on_failure)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO CONNECT "00112233445566",
	      .out = "05 00" SUCCESS, .log = "method 00\nrequest 01 ipv4 127.0.0.1:18000\nopen\n",
	      .stream = "00112233445566");
	HOLDS(.role = S5_SERVER, .methods = "00", .reps = { 5 }, .in = HELLO CONNECT "050100",
	      .out = "05 00" ERR10("05"),
	      .log = "method 00\nrequest 01 ipv4 127.0.0.1:18000\n"
		     "failed REFUSED in reply code 05\n",
	      .stream = "050100");
}

TEST(R1928_4_18_early_payload_is_bounded)
{
	struct s5_session_config config = { .nmethods = 1 };
	uint8_t payload[5000] = { 0 }, octets[32];
	size_t n = hex(octets, sizeof octets, HELLO CONNECT), early, took = 0;
	struct s5_session s;

	s5_session_init_server(&s, &config, 0);
	assert_int_equal(s5_session_recv(&s, S5_CLIENT, octets, n), n);
	while (s5_session_next(&s) != S5_EV_REQUEST)
		;
	for (unsigned i = 0; i < 100; i++)
		took += s5_session_recv(&s, S5_CLIENT, payload, sizeof payload);
	assert_in_range(took, 1, S5_SESSION_ROOM);
	assert_int_equal(s5_session_room(&s, S5_CLIENT), 0);
	s5_session_answer(&s, 0, NULL);
	assert_int_equal(s5_session_next(&s), S5_EV_OPEN);
	s5_session_early(&s, S5_CLIENT, &early);
	assert_int_equal(early, took);
	assert_int_equal(s5_session_recv(&s, S5_CLIENT, payload, sizeof payload), 0);
	s5_session_fini(&s);
}

TEST(R1928_U_8_udp_associate_from_an_unknown_address_is_no_lookup)
{
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO "05 03 00 03 01 30 9c40",
	      .out = "05 00" SUCCESS, .log = "method 00\nrequest 03 name 0:40000\nopen\n");
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO "05 03 00 03 00 0000",
	      .out = "05 00" SUCCESS, .log = "method 00\nrequest 03 name :0\nopen\n");
	HOLDS(.role = S5_SERVER, .methods = "00", .in = HELLO "05 03 00 01 00000000 0000",
	      .out = "05 00" SUCCESS, .log = "method 00\nrequest 03 ipv4 0.0.0.0:0\nopen\n");
}

/* The log wants the REP that went out, also when the request made no sense. */
static void a_malformed_request_tells_what_was_answered(void **state)
{
	static const struct s5_session_config config = { .nmethods = 1, .methods = { 0 } };
	static const uint8_t octets[] = { 5, 1, 0, 5, 1, 0, 2 };
	struct s5_session s;

	(void)state;
	s5_session_init_server(&s, &config, 0);
	s5_session_recv(&s, S5_CLIENT, octets, sizeof octets);
	while (s5_session_next(&s) != S5_EV_NONE)
		;
	assert_int_equal(s.failure.cause, S5_CAUSE_MALFORMED);
	assert_int_equal(s.failure.step, S5_STEP_REQUEST);
	assert_int_equal(s.failure.code, S5_REP_ATYP_UNSUPPORTED);
	s5_session_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_malformed_request_tells_what_was_answered),
		cmocka_unit_test(R1928_3_2_server_accepts_any_segmentation),
		cmocka_unit_test(R1928_3_3_server_closes_on_another_version),
		cmocka_unit_test(R1928_3_4_no_method_offered_is_answered_05_ff),
		cmocka_unit_test(R1928_3_5_chooses_only_what_was_offered),
		cmocka_unit_test(R1928_3_6_nothing_is_read_behind_05_ff),
		cmocka_unit_test(R1928_3_11_never_selects_a_method_that_the_build_lacks),
		cmocka_unit_test(R1928_3_12_user_and_password_are_there),
		cmocka_unit_test(R1928_3_13_the_servers_order_of_preference_decides),
		cmocka_unit_test(R1928_3_14_unknown_and_repeated_methods_are_ignored),
		cmocka_unit_test(R1928_3_15_what_is_glued_behind_the_hello_is_kept),
		cmocka_unit_test(R1928_3_17_credentials_after_method_00_are_refused),
		cmocka_unit_test(R1928_4_6_request_of_another_version),
		cmocka_unit_test(R1928_4_7_reserved_octet_of_a_request_is_ignored),
		cmocka_unit_test(R1928_4_8_unknown_command),
		cmocka_unit_test(R1928_4_8_disabled_command_is_the_callers_to_refuse),
		cmocka_unit_test(R1928_4_9_unknown_address_type_is_answered_without_waiting),
		cmocka_unit_test(R1928_4_10_empty_name),
		cmocka_unit_test(R1928_4_11_name_with_a_control_octet),
		cmocka_unit_test(R1928_4_11_name_that_no_dns_knows),
		cmocka_unit_test(R1928_4_12_literal_in_a_name_is_an_address),
		cmocka_unit_test(R1928_4_16_port_0),
		cmocka_unit_test(
			R1928_4_17_early_payload_is_kept_on_success_and_left_alone_on_failure),
		cmocka_unit_test(R1928_4_18_early_payload_is_bounded),
		cmocka_unit_test(R1928_U_8_udp_associate_from_an_unknown_address_is_no_lookup),
	};

	return RUN(tests);
}

/* Methods, and RFC 1929 on both sides: PROTOCOL 7.8. */
#include "dialogue.h"

#include "base/names.h"
#include "session/auth.h"

#define HELLO "05 01 02"
#define USPW "01 02 7573 02 7077"
#define CONNECT "05 01 00 01 7f000001 4650"
#define SUCCESS "05 00 00 01 7f000001 b901"

#define CLIENT                                                                                     \
	.role = S5_CLIENT, .methods = "02", .user = "us", .password = "pw", .cmd = S5_CMD_CONNECT, \
	.host = "127.0.0.1", .port = 18000

TEST(R1928_3_12_methods_of_this_build)
{
	assert_ptr_equal(s5_auth_find(S5_METHOD_NONE), &s5_auth_none);
	assert_ptr_equal(s5_auth_find(S5_METHOD_USERPASS), &s5_auth_userpass);
	assert_null(s5_auth_find(S5_METHOD_CHAP));
	assert_null(s5_auth_find(S5_METHOD_UNACCEPTABLE));
	for (unsigned method = 0; method < 256; method++)
		if (s5_auth_find((uint8_t)method))
			assert_int_equal(s5_auth_find((uint8_t)method)->method, method);
}

TEST(R1929_1_client_sends_the_credentials)
{
	HOLDS(CLIENT, .in = "05 02", .out = HELLO USPW, .log = "method 02\n");
}

TEST(R1929_2_empty_password_is_sent_as_plen_00)
{
	HOLDS(.role = S5_CLIENT, .methods = "02", .user = "us", .in = "05 02",
	      .out = HELLO "01 02 7573 00", .log = "method 02\n");
}

TEST(R1929_2_255_octets_of_each_are_sent)
{
	struct s5_session_config config = { .nmethods = 1, .methods = { 2 } };
	static struct drive run;

	config.credentials.ulen = config.credentials.plen = 255;
	memset(config.credentials.user, 'u', 255);
	memset(config.credentials.password, 'p', 255);
	drive_init(&run, S5_CLIENT, &config);
	drive_feed(&run, S5_SERVER, (const uint8_t *)"\5\2", 2);
	assert_int_equal(run.outlen, 3 + 513);
	assert_octets(run.out, 6, HELLO "01 ff 75");
	assert_memory_equal(run.out + 3 + 2, config.credentials.user, 255);
	assert_int_equal(run.out[3 + 2 + 255], 255);
	assert_memory_equal(run.out + 3 + 2 + 256, config.credentials.password, 255);
}

TEST(R1929_3_wrong_version_is_answered_01_01)
{
	HOLDS(.role = S5_SERVER, .methods = "02", .in = HELLO "05 02 7573 02 7077",
	      .out = "05 02 01 01",
	      .log = "method 02\nfailed MALFORMED in credentials code 01 SUBVER\n",
	      .stream = "05 02 7573 02 7077");
	HOLDS(.role = S5_SERVER, .methods = "02", .in = HELLO "00", .out = "05 02 01 01",
	      .log = "method 02\nfailed MALFORMED in credentials code 01 SUBVER\n", .stream = "00");
}

TEST(R1929_4_success_is_01_00_and_failure_01_01)
{
	HOLDS(.role = S5_SERVER, .methods = "02", .in = HELLO USPW CONNECT,
	      .out = "05 02 01 00" SUCCESS,
	      .log = "method 02\ncredentials us pw\nrequest 01 ipv4 127.0.0.1:18000\nopen\n");
	HOLDS(.role = S5_SERVER, .methods = "02", .in = HELLO "01 02 7573 02 7078" CONNECT,
	      .out = "05 02 01 01",
	      .log = "method 02\ncredentials us px\nfailed CREDENTIALS in status code 01\n",
	      .stream = CONNECT);
}

TEST(R1929_5_empty_values_parse_and_are_judged)
{
	HOLDS(.role = S5_SERVER, .methods = "02", .in = HELLO "01 00 00", .out = "05 02 01 01",
	      .log = "method 02\ncredentials  \nfailed CREDENTIALS in status code 01\n");
	HOLDS(.role = S5_SERVER, .methods = "02", .in = HELLO "01 00 02 7077", .out = "05 02 01 01",
	      .log = "method 02\ncredentials  pw\nfailed CREDENTIALS in status code 01\n");
	HOLDS(.role = S5_SERVER, .methods = "02", .in = HELLO "01 02 7573 00", .out = "05 02 01 01",
	      .log = "method 02\ncredentials us \nfailed CREDENTIALS in status code 01\n");
}

TEST(R1929_6_values_are_octets)
{
	HOLDS(.role = S5_SERVER, .methods = "02", .in = HELLO "01 04 75730078 02 7077",
	      .out = "05 02 01 01",
	      .log = "method 02\ncredentials us\\x00x pw\n"
		     "failed CREDENTIALS in status code 01\n");
	HOLDS(.role = S5_SERVER, .methods = "02", .in = HELLO "01 02 7573 03 707700",
	      .out = "05 02 01 01",
	      .log = "method 02\ncredentials us pw\\x00\n"
		     "failed CREDENTIALS in status code 01\n");
}

TEST(R1929_6_255_octets_of_each_arrive)
{
	struct dialogue d = { .role = S5_SERVER, .methods = "02" };
	static struct drive run;
	uint8_t in[3 + 513] = { 5, 1, 2, 1, 255 };

	memset(in + 5, 'u', 255);
	in[5 + 255] = 255;
	memset(in + 5 + 256, 'p', 255);
	for (size_t width = 1; width < sizeof in; width += 57) {
		dialogue_run(&d, in, sizeof in, 0, width, &run);
		assert_int_equal(run.s.credentials.ulen, 255);
		assert_memory_equal(run.s.credentials.user, in + 5, 255);
		assert_int_equal(run.loglen, strlen("method 02\ncredentials ") + 255 + 1 + 255 +
						     strlen("\nfailed CREDENTIALS in status "
							    "code 01\n"));
	}
}

TEST(R1929_7_status_other_than_0_is_the_clients_failure)
{
	char in[16], log[80];

	for (unsigned status = 1; status < 256; status++) {
		snprintf(in, sizeof in, "05 02 01 %02x", status);
		snprintf(log, sizeof log, "method 02\nfailed CREDENTIALS in status code %02x\n",
			 status);
		HOLDS(CLIENT, .in = in, .out = HELLO USPW, .log = log);
	}
	HOLDS(CLIENT, .in = "05 02 01 01" SUCCESS, .out = HELLO USPW,
	      .log = "method 02\nfailed CREDENTIALS in status code 01\n", .stream = SUCCESS);
}

TEST(R1929_8_version_of_the_status_is_not_checked)
{
	HOLDS(CLIENT, .in = "05 02 05 00" SUCCESS, .out = HELLO USPW CONNECT,
	      .log = "method 02\nreply 00 ipv4 127.0.0.1:47361\nopen\n");
	HOLDS(CLIENT, .in = "05 02 00 00", .out = HELLO USPW CONNECT, .log = "method 02\n");
	HOLDS(CLIENT, .in = "05 02 05 01", .out = HELLO USPW,
	      .log = "method 02\nfailed CREDENTIALS in status code 01\n");
}

TEST(R1929_8_but_it_is_noted_for_who_watches)
{
	HOLDS(CLIENT, .watch = true, .in = "05 02 05 00", .out = HELLO USPW CONNECT,
	      .log = "client method list 050102\nserver method choice 0502\nmethod 02\n"
		     "client credentials 01027573027077\nserver status 0500 SUBVER@0\n"
		     "client request 050100017f0000014650\n");
}

TEST(R1929_10_one_attempt_a_connection)
{
	HOLDS(.role = S5_SERVER, .methods = "02", .in = HELLO "01 02 7573 01 78" USPW CONNECT,
	      .out = "05 02 01 01",
	      .log = "method 02\ncredentials us x\nfailed CREDENTIALS in status code 01\n",
	      .stream = USPW CONNECT);
}

static bool holds(const void *memory, size_t size, const char *text)
{
	return memmem(memory, size, text, strlen(text)) != NULL;
}

/* The verdict wipes the password; the queue wipes it as the next message is read. */
TEST(R1929_11_server_wipes_the_password_once_it_is_judged)
{
	static const char in[] = "\5\1\2\1\2us\6secret\5\1\0\1\x7f\0\0\1\x46\x50";
	struct s5_session_config config = { .nmethods = 1, .methods = { 2 } };
	struct s5_session s;

	for (size_t k = 0; k < sizeof in - 1; k++) {
		memset(&s, 0, sizeof s);
		s5_session_init_server(&s, &config, 0);
		s5_session_recv(&s, S5_CLIENT, in, k);
		while (s5_session_next(&s) != S5_EV_NONE)
			if (s.credentials.plen)
				s5_session_judge(&s, true);
		s5_session_recv(&s, S5_CLIENT, in + k, sizeof in - 1 - k);
		while (s5_session_next(&s) != S5_EV_NONE)
			if (s.credentials.plen)
				s5_session_judge(&s, true);
		assert_int_equal(s.request.cmd, S5_CMD_CONNECT);
		assert_false(holds(&s, sizeof s, "secret"));
		assert_int_equal(s.credentials.ulen, 2);
	}
}

TEST(R1929_11_client_wipes_the_password_once_it_is_sent)
{
	struct s5_session_config config = {
		.nmethods = 1,
		.methods = { 2 },
		.credentials = { 2, 6, "us", "secret" },
	};
	const uint8_t *octets;
	struct s5_session s;
	size_t n;

	memset(&s, 0, sizeof s);
	s5_session_init_client(&s, &config, 0);
	s5_session_recv(&s, S5_SERVER, "\5\2", 2);
	while (s5_session_next(&s) != S5_EV_NONE)
		;
	octets = s5_session_out(&s, &n);
	assert_true(holds(octets, n, "secret"));
	s5_session_sent(&s, n);
	assert_false(holds(&s, sizeof s, "secret"));
}

TEST(R1929_11_fini_wipes_everything)
{
	struct s5_session_config config = { .nmethods = 1, .methods = { 2 } };
	struct s5_session s;

	memset(&s, 0, sizeof s);
	s5_session_init_server(&s, &config, 0);
	s5_session_recv(&s, S5_CLIENT, "\5\1\2\1\2us\6secret", 14);
	while (s5_session_next(&s) != S5_EV_NONE)
		;
	assert_true(holds(&s, sizeof s, "secret"));
	s5_session_fini(&s);
	for (size_t i = 0; i < sizeof s; i++)
		assert_int_equal(((const uint8_t *)&s)[i], 0);
}

TEST(R1929_12_client_waits_for_the_status_before_the_request)
{
	HOLDS(CLIENT, .in = "05 02 01", .out = HELLO USPW, .log = "method 02\n", .stream = "01");
	HOLDS(CLIENT, .in = "05 02 01 00", .out = HELLO USPW CONNECT, .log = "method 02\n");
}

TEST(R1929_14_truncated_credentials_wait_for_the_deadline)
{
	struct s5_session_config config = { .nmethods = 1, .methods = { 2 } };
	uint8_t in[64];
	size_t n = hex(in, sizeof in, HELLO "01 02 7573 0a 7077");
	struct s5_session s;

	for (size_t k = 4; k <= n; k++) {
		s5_session_init_server(&s, &config, 0);
		s5_session_recv(&s, S5_CLIENT, in, k);
		assert_int_equal(s5_session_next(&s), S5_EV_METHOD);
		assert_int_equal(s5_session_next(&s), S5_EV_NONE);
		s5_session_expire(&s);
		assert_int_equal(s5_session_next(&s), S5_EV_FAILED);
		assert_int_equal(s.failure.cause, S5_CAUSE_TIMEOUT);
		assert_int_equal(s.failure.step, S5_STEP_CREDENTIALS);
		assert_true(s.failure.partial);
	}
}

TEST(nothing_goes_on_before_the_verdict)
{
	struct s5_session_config config = { .nmethods = 1, .methods = { 2 } };
	uint8_t in[64];
	size_t n = hex(in, sizeof in, HELLO USPW CONNECT);
	struct s5_session s;

	s5_session_init_server(&s, &config, 0);
	s5_session_recv(&s, S5_CLIENT, in, n);
	assert_int_equal(s5_session_next(&s), S5_EV_METHOD);
	assert_int_equal(s5_session_next(&s), S5_EV_CREDENTIALS);
	assert_int_equal(s5_session_next(&s), S5_EV_NONE);
	s5_session_out(&s, &n);
	assert_int_equal(n, 2);
	s5_session_judge(&s, true);
	assert_int_equal(s.credentials.plen, 0);
	assert_int_equal(s5_session_next(&s), S5_EV_REQUEST);
	s5_session_out(&s, &n);
	assert_int_equal(n, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R1928_3_12_methods_of_this_build),
		cmocka_unit_test(R1929_1_client_sends_the_credentials),
		cmocka_unit_test(R1929_2_empty_password_is_sent_as_plen_00),
		cmocka_unit_test(R1929_2_255_octets_of_each_are_sent),
		cmocka_unit_test(R1929_3_wrong_version_is_answered_01_01),
		cmocka_unit_test(R1929_4_success_is_01_00_and_failure_01_01),
		cmocka_unit_test(R1929_5_empty_values_parse_and_are_judged),
		cmocka_unit_test(R1929_6_values_are_octets),
		cmocka_unit_test(R1929_6_255_octets_of_each_arrive),
		cmocka_unit_test(R1929_7_status_other_than_0_is_the_clients_failure),
		cmocka_unit_test(R1929_8_version_of_the_status_is_not_checked),
		cmocka_unit_test(R1929_8_but_it_is_noted_for_who_watches),
		cmocka_unit_test(R1929_10_one_attempt_a_connection),
		cmocka_unit_test(R1929_11_server_wipes_the_password_once_it_is_judged),
		cmocka_unit_test(R1929_11_client_wipes_the_password_once_it_is_sent),
		cmocka_unit_test(R1929_11_fini_wipes_everything),
		cmocka_unit_test(R1929_12_client_waits_for_the_status_before_the_request),
		cmocka_unit_test(R1929_14_truncated_credentials_wait_for_the_deadline),
		cmocka_unit_test(nothing_goes_on_before_the_verdict),
	};

	return RUN(tests);
}

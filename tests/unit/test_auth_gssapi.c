/* The method GSSAPI: tokens, levels, and what is sealed behind them. PROTOCOL 7.9. */
#include "dialogue.h"
#include "fakegss.h"

#define HELLO "05 01 01"
#define CHOICE "05 01"
#define TOKEN(octet) "01 01 0001 " octet
#define ABORT "01 ff"
#define ASK(level, sum) "01 02 0005 c00000" level sum
#define ASK1 ASK("01", "c1")
#define ASK2 ASK("02", "c2")
#define GRANT(level, sum) "01 02 0005 c00100" level sum
#define GRANT0 GRANT("00", "c1")
#define GRANT1 GRANT("01", "c2")
#define GRANT2 GRANT("02", "c3")
#define CONNECT "05010001 7f000001 4650"
#define SUCCESS "05000001 7f000001 b901"
#define SIGNED_REQUEST "01 03 000e c00001 " CONNECT " de"
#define SIGNED_REPLY "01 03 000e c00101 " SUCCESS " 02"
#define SEALED_REQUEST "01 03 000e c10001 505455542a555554 1305 4f"
#define SEALED_REPLY "01 03 000e c10101 505555542a555554 ec54 79"

#define INTEGRITY (1 << S5_LEVEL_INTEGRITY)
#define CONFIDENTIALITY (1 << S5_LEVEL_CONFIDENTIALITY)
#define BOTH (INTEGRITY | CONFIDENTIALITY)
#define NONE (1 << S5_LEVEL_NONE)

#define IN_CONTEXT "method 01\ncredentials alice@R \n"
#define SERVED IN_CONTEXT "request 01 ipv4 127.0.0.1:18000\nopen\n"
#define SERVER .role = S5_SERVER, .methods = "01"
#define CLIENT .role = S5_CLIENT, .methods = "01", .cmd = 1, .host = "127.0.0.1", .port = 18000
#define CONNECTED "method 01\nreply 00 ipv4 127.0.0.1:47361\nopen\n"

static int reset(void **state)
{
	(void)state;
	fake.rounds = 1;
	fake.mute = fake.plain = fake.broken = false;
	fake.ntoken = 0;
	fake.principal = "alice@R";
	return 0;
}

/* the server */

TEST(R1961_3_1_server_takes_every_segmentation_of_a_dialogue_at_level_1)
{
	HOLDS(SERVER, .levels = BOTH, .in = HELLO TOKEN("a1") ASK1 SIGNED_REQUEST,
	      .out = CHOICE TOKEN("b1") GRANT1 SIGNED_REPLY, .log = SERVED);
}

TEST(R1961_5_2_server_seals_at_level_2)
{
	HOLDS(SERVER, .levels = BOTH, .in = HELLO TOKEN("a1") ASK2 SEALED_REQUEST,
	      .out = CHOICE TOKEN("b1") GRANT2 SEALED_REPLY, .log = SERVED);
}

TEST(R1961_3_7_each_token_is_answered_by_one)
{
	fake.rounds = 3;
	HOLDS(SERVER, .levels = BOTH,
	      .in = HELLO TOKEN("a1") TOKEN("a2") TOKEN("a3") ASK1 SIGNED_REQUEST,
	      .out = CHOICE TOKEN("b1") TOKEN("b2") TOKEN("b3") GRANT1 SIGNED_REPLY, .log = SERVED);
}

TEST(R1961_3_7_a_complete_context_without_a_token_is_told_all_the_same)
{
	fake.mute = true;
	HOLDS(SERVER, .levels = BOTH, .in = HELLO TOKEN("a1") ASK1 SIGNED_REQUEST,
	      .out = CHOICE "01 01 0000" GRANT1 SIGNED_REPLY, .log = SERVED);
}

TEST(R1961_3_9_server_refuses_with_two_octets)
{
	HOLDS(SERVER, .levels = BOTH, .in = HELLO TOKEN("77"), .out = CHOICE ABORT,
	      .log = "method 01\nfailed CONTEXT in security token\n");
	HOLDS(SERVER, .levels = BOTH, .in = HELLO "01 01 0000", .out = CHOICE ABORT,
	      .log = "method 01\nfailed CONTEXT in security token\n");
}

TEST(R1961_3_13_server_aborts_what_is_out_of_order)
{
	HOLDS(SERVER, .levels = BOTH, .in = HELLO ASK1, .out = CHOICE ABORT,
	      .log = "method 01\nfailed MALFORMED in security token code ff MTYP_ORDER\n",
	      .stream = ASK1);
	HOLDS(SERVER, .levels = BOTH, .in = HELLO "01 03", .out = CHOICE ABORT,
	      .log = "method 01\nfailed MALFORMED in security token code ff MTYP_ORDER\n",
	      .stream = "01 03");
	HOLDS(SERVER, .levels = BOTH, .in = HELLO ABORT, .out = CHOICE ABORT,
	      .log = "method 01\nfailed MALFORMED in security token code ff MTYP_ORDER\n",
	      .stream = ABORT);
	HOLDS(SERVER, .levels = BOTH, .in = HELLO "02", .out = CHOICE ABORT,
	      .log = "method 01\nfailed MALFORMED in security token code ff SUBVER\n",
	      .stream = "02");
	HOLDS(SERVER, .levels = BOTH, .in = HELLO TOKEN("a1") TOKEN("a2"),
	      .out = CHOICE TOKEN("b1") ABORT,
	      .log = IN_CONTEXT "failed MALFORMED in protection level code ff MTYP_ORDER\n",
	      .stream = TOKEN("a2"));
}

TEST(R1961_3_14_server_stops_after_16_rounds)
{
	char in[512] = HELLO, out[512] = CHOICE;

	fake.rounds = 99;
	for (int i = 1; i <= 17; i++) {
		sprintf(in + strlen(in), "01010001 %02x", 0xa0 + i);
		sprintf(out + strlen(out), i <= 16 ? "01010001 %02x" : ABORT, 0xb0 + i);
	}
	HOLDS(SERVER, .levels = BOTH, .in = in, .out = out,
	      .log = "method 01\nfailed CONTEXT in security token\n");
}

TEST(R1961_3_16_a_principal_that_is_refused_gets_the_abort)
{
	fake.principal = "!eve@R";
	HOLDS(SERVER, .levels = BOTH, .in = HELLO TOKEN("a1"), .out = CHOICE ABORT,
	      .log = "method 01\ncredentials !eve@R \nfailed CREDENTIALS in security token\n");
}

TEST(R1961_3_16_a_principal_longer_than_a_name_is_refused)
{
	char name[257];

	memset(name, 'a', 256);
	name[256] = 0;
	fake.principal = name;
	HOLDS(SERVER, .levels = BOTH, .in = HELLO TOKEN("a1"), .out = CHOICE ABORT,
	      .log = "method 01\nfailed CREDENTIALS in security token\n");
	name[255] = 0;
	HOLDS(SERVER, .levels = BOTH, .in = HELLO TOKEN("77"), .out = CHOICE ABORT,
	      .log = "method 01\nfailed CONTEXT in security token\n");
}

/* What is asked for, what is allowed, what comes of it. */
TEST(R1961_4_2_to_4_7_and_4_11_server_grants_by_its_policy)
{
	static const struct {
		const char *ask;
		unsigned levels;
		bool plain;
		const char *answer; /* NULL: the abort */
	} rows[] = {
		{ ASK1, BOTH, false, GRANT1 },
		{ ASK2, BOTH, false, GRANT2 },
		{ ASK("03", "c3"), BOTH, false, GRANT("03", "c4") },
		{ ASK("03", "c3"), INTEGRITY, false, GRANT1 },
		{ ASK("03", "c3"), CONFIDENTIALITY, false, GRANT2 },
		{ ASK1, CONFIDENTIALITY, false, GRANT2 },
		{ ASK2, INTEGRITY, false, GRANT1 },
		{ ASK2, BOTH, true, GRANT1 },
		{ ASK2, CONFIDENTIALITY, true, NULL },
		{ ASK("00", "c0"), BOTH, false, NULL },
		{ ASK("00", "c0"), NONE | BOTH, false, GRANT0 },
		{ ASK1, NONE, false, GRANT0 },
		{ ASK2, NONE, false, GRANT0 },
		{ ASK("04", "c4"), BOTH, false, NULL },
		{ ASK("09", "c9"), NONE | BOTH, false, NULL },
		{ ASK("ff", "bf"), BOTH, false, NULL },
		{ "01 02 0006 c00000 0102 c3", BOTH, false, NULL }, /* two octets */
		{ "01 02 0004 c00000 c0", BOTH, false, NULL }, /* none */
		{ "01 02 0005 c00000 01 c2", BOTH, false, NULL }, /* tampered with */
		{ "01 02 0005 c00001 01 c2", BOTH, false, NULL }, /* one is missing */
		{ "01 02 0001 01", BOTH, false, NULL }, /* bare */
		{ "01 02 0000", BOTH, false, NULL },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		char in[200], out[200];
		static struct drive run;
		uint8_t octets[200];
		struct dialogue d = { SERVER, .levels = (uint8_t)rows[i].levels, .in = in };

		fake.plain = rows[i].plain;
		snprintf(in, sizeof in, "%s%s", HELLO TOKEN("a1"), rows[i].ask);
		snprintf(out, sizeof out, "%s%s", CHOICE TOKEN("b1"),
			 rows[i].answer ? rows[i].answer : ABORT);
		dialogue_run(&d, octets, hex(octets, sizeof octets, in), 0, 1, &run);
		octets_equal(run.out, run.outlen, out, __FILE__, __LINE__);
		assert_int_equal(run.s.ended, !rows[i].answer);
		if (!rows[i].answer)
			assert_int_equal(run.s.failure.cause, S5_CAUSE_LEVEL);
	}
}

TEST(R1961_4_8_bare_levels_with_the_option)
{
	HOLDS(SERVER, .levels = BOTH, .nec = true,
	      .in = HELLO TOKEN("a1") "01 02 0001 01"
				      "01 03 000e c00000 " CONNECT " dd",
	      .out = CHOICE TOKEN("b1") "01 02 0001 01"
					"01 03 000e c00100 " SUCCESS " 01",
	      .log = SERVED);
	HOLDS(SERVER, .levels = BOTH, .nec = true, .in = HELLO TOKEN("a1") ASK1 SIGNED_REQUEST,
	      .out = CHOICE TOKEN("b1") GRANT1 SIGNED_REPLY, .log = SERVED);
}

TEST(R1961_4_7_level_0_goes_on_in_clear)
{
	HOLDS(SERVER, .levels = NONE, .in = HELLO TOKEN("a1") ASK2 CONNECT "68656c6c6f",
	      .out = CHOICE TOKEN("b1") GRANT0 SUCCESS, .log = SERVED, .stream = "68656c6c6f");
}

TEST(R1961_5_1_a_clear_request_gets_no_answer)
{
	HOLDS(SERVER, .levels = BOTH, .in = HELLO TOKEN("a1") ASK2 CONNECT,
	      .out = CHOICE TOKEN("b1") GRANT2,
	      .log = IN_CONTEXT "failed SEAL in request code 02\n");
}

TEST(R1961_5_1_failures_are_sealed_too)
{
	HOLDS(SERVER, .levels = BOTH, .reps = { 2 }, .in = HELLO TOKEN("a1") ASK1 SIGNED_REQUEST,
	      .out = CHOICE TOKEN("b1") GRANT1 "01 03 000e c00101 05020001000000000000 ca",
	      .log = IN_CONTEXT "request 01 ipv4 127.0.0.1:18000\n"
				"failed REFUSED in reply code 02\n");
	HOLDS(SERVER, .levels = BOTH,
	      .in = HELLO TOKEN("a1") ASK1 "01 03 000e c00001 05090001 7f000001 4650 e6",
	      .out = CHOICE TOKEN("b1") GRANT1 "01 03 000e c00101 05070001000000000000 cf",
	      .log = IN_CONTEXT "failed REQUEST in reply code 07 CMD_UNKNOWN\n");
}

TEST(R1961_5_1_both_replies_of_a_bind_are_sealed)
{
	HOLDS(SERVER, .levels = BOTH,
	      .in = HELLO TOKEN("a1") ASK1 "01 03 000e c00001 05020001 7f000001 4650 df",
	      .out = CHOICE TOKEN("b1") GRANT1 SIGNED_REPLY "01 03 000e c00102 " SUCCESS " 03",
	      .log = IN_CONTEXT "request 02 ipv4 127.0.0.1:18000\nopen\n");
}

TEST(R1961_5_3_what_is_only_signed_will_not_do_at_level_2)
{
	HOLDS(SERVER, .levels = BOTH, .in = HELLO TOKEN("a1") ASK2 SIGNED_REQUEST,
	      .out = CHOICE TOKEN("b1") GRANT2,
	      .log = IN_CONTEXT "failed SEAL in request code 04\n");
	HOLDS(SERVER, .levels = BOTH, .in = HELLO TOKEN("a1") ASK1 SEALED_REQUEST,
	      .out = CHOICE TOKEN("b1") GRANT1 SIGNED_REPLY, .log = SERVED);
}

TEST(R1961_4_10_level_3_takes_both_kinds_and_encrypts)
{
	HOLDS(SERVER, .levels = BOTH, .in = HELLO TOKEN("a1") ASK("03", "c3") SIGNED_REQUEST,
	      .out = CHOICE TOKEN("b1") GRANT("03", "c4") SEALED_REPLY, .log = SERVED);
	HOLDS(SERVER, .levels = BOTH, .in = HELLO TOKEN("a1") ASK("03", "c3") SEALED_REQUEST,
	      .out = CHOICE TOKEN("b1") GRANT("03", "c4") SEALED_REPLY, .log = SERVED);
}

TEST(R1961_5_4_and_5_9_messages_that_are_no_good_end_it)
{
	static const struct {
		const char *request;
		enum s5_seal_fault fault;
	} rows[] = {
		{ "01 03 000e c00000 " CONNECT " dd", S5_SEAL_DUPLICATE },
		{ "01 03 000e c00002 " CONNECT " df", S5_SEAL_GAP },
		{ "01 03 000e c00101 " CONNECT " df", S5_SEAL_TAMPERED }, /* reflected */
		{ "01 03 000e c00001 05010000 7f000001 4650 de", S5_SEAL_TAMPERED },
		{ "01 03 0003 c00001", S5_SEAL_DEFECTIVE },
		{ "01 03 0000", S5_SEAL_EMPTY },
		{ "01 01 0001 a1", S5_SEAL_CLEAR },
		{ "01 02 0005 c00001 01 c2", S5_SEAL_CLEAR },
		{ "01 ff", S5_SEAL_CLEAR },
		{ "02 03", S5_SEAL_CLEAR },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		char in[200], log[200];

		snprintf(in, sizeof in, "%s%s", HELLO TOKEN("a1") ASK1, rows[i].request);
		snprintf(log, sizeof log, IN_CONTEXT "failed SEAL in request code %02x\n",
			 rows[i].fault);
		HOLDS(SERVER, .levels = BOTH, .in = in, .out = CHOICE TOKEN("b1") GRANT1,
		      .log = log);
	}
}

TEST(R1961_5_7_a_request_over_several_messages)
{
	HOLDS(SERVER, .levels = BOTH,
	      .in = HELLO TOKEN("a1") ASK1 "01 03 0008 c00001 05010001 c8"
					   "01 03 000a c00002 7f000001 4650 d8",
	      .out = CHOICE TOKEN("b1") GRANT1 SIGNED_REPLY, .log = SERVED);
}

TEST(R1961_5_8_a_message_with_nothing_in_it_is_passed_over)
{
	HOLDS(SERVER, .levels = BOTH,
	      .in = HELLO TOKEN("a1") ASK1 "01 03 0004 c00001 c1"
					   "01 03 000e c00002 " CONNECT " df",
	      .out = CHOICE TOKEN("b1") GRANT1 SIGNED_REPLY, .log = SERVED);
}

TEST(R1961_5_9_an_end_in_the_middle_of_a_message)
{
	HOLDS(SERVER, .levels = BOTH, .in = HELLO TOKEN("a1") ASK1 "01 03 000e c00001", .eof = true,
	      .out = CHOICE TOKEN("b1") GRANT1,
	      .log = IN_CONTEXT "failed SEAL in request code 01\n");
	HOLDS(SERVER, .levels = BOTH, .in = HELLO TOKEN("a1") ASK1, .eof = true,
	      .out = CHOICE TOKEN("b1") GRANT1, .log = IN_CONTEXT "failed EOF in request\n");
	HOLDS(SERVER, .levels = BOTH, .in = HELLO "01 01 0002 a1", .eof = true, .out = CHOICE,
	      .log = "method 01\nfailed EOF in security token partial\n",
	      .stream = "01 01 0002 a1");
}

/* A run to its end, then what is left for the stream, wherever the octets were cut. */
static void check_early(const char *in, const char *stream)
{
	static struct drive run;
	static uint8_t octets[1000], rest[1000], plain[2000];
	struct dialogue d = { SERVER, .levels = BOTH, .in = in };
	size_t n = hex(octets, sizeof octets, in), early;

	for (size_t at = 0; at <= n; at++) {
		struct s5_writer out = s5_writer_over(plain, sizeof plain);
		struct s5_seal *seal;
		const uint8_t *head;
		size_t nrest;

		dialogue_run(&d, octets, n, at, sizeof octets, &run);
		seal = s5_session_take_seal(&run.s, S5_CLIENT);
		assert_non_null(seal);
		head = s5_session_early(&run.s, S5_CLIENT, &early);
		s5_put_octets(&out, head, early);
		nrest = run.in[S5_CLIENT].len - run.in[S5_CLIENT].given;
		memcpy(rest, run.in[S5_CLIENT].octets + run.in[S5_CLIENT].given, nrest);
		assert_int_equal(s5_seal_unwrap(seal, rest, nrest, &out), S5_OK);
		assert_int_equal(s5_seal_end(seal), S5_OK);
		octets_equal(plain, out.len, stream, __FILE__, __LINE__);
		s5_seal_free(seal);
	}
}

TEST(R1961_5_7_what_came_early_reaches_the_stream)
{
	check_early(HELLO TOKEN("a1") ASK1 "01 03 0013 c00001 " CONNECT " 68656c6c6f f2",
		    "68656c6c6f");
	check_early(HELLO TOKEN("a1") ASK1 SIGNED_REQUEST "01 03 0009 c00002 68656c6c6f d6",
		    "68656c6c6f");
	check_early(HELLO TOKEN("a1") ASK1 "01 03 0013 c00001 " CONNECT " 68656c6c6f f2"
					   "01 03 0009 c00002 68656c6c6f d6",
		    "68656c6c6f 68656c6c6f");
}

/* Tokens longer than the session's own memory. */
TEST(R1961_3_1_tokens_of_any_length_are_taken)
{
	static const size_t lengths[] = { 1000, 1020, 1021, 1025, 4096, 8000 };
	static uint8_t octets[DRIVE_ROOM];
	static struct drive run;
	struct dialogue d = { SERVER, .levels = BOTH };

	for (size_t i = 0; i < LENGTH(lengths); i++) {
		size_t n = hex(octets, sizeof octets, HELLO "01 01");

		octets[n] = (uint8_t)(lengths[i] >> 8);
		octets[n + 1] = (uint8_t)lengths[i];
		memset(octets + n + 2, 0x77, lengths[i]);
		dialogue_run(&d, octets, n + 2 + lengths[i], 0, 300, &run);
		assert_string_equal(run.log, "method 01\nfailed CONTEXT in security token\n");
	}
}

/* What is told of a message is what came, not what unwrapping left of it. */
TEST(R1961_5_14_a_token_that_was_unwrapped_is_not_looked_at_again)
{
	HOLDS(SERVER, .levels = BOTH, .watch = true, .in = HELLO TOKEN("a1") ASK1 SIGNED_REQUEST,
	      .out = CHOICE TOKEN("b1") GRANT1 SIGNED_REPLY,
	      .log = "client method list 050101\nserver method choice 0501\nmethod 01\n"
		     "client security token 01010001a1\ncredentials alice@R \n"
		     "server security token 01010001b1\n"
		     "client protection level 01020005c0000001c1\n"
		     "server protection level 01020005c0010001c2\n"
		     "client request 050100017f0000014650\nrequest 01 ipv4 127.0.0.1:18000\n"
		     "server reply 050000017f000001b901\nopen\n");
}

TEST(tokens_are_held_within_a_budget)
{
	static const struct s5_session_config config = { .nmethods = 1, .methods = { 1 } };
	static uint8_t octets[5000] = { 5, 1, 1, 1, 1, 0xff, 0xff };
	static struct drive run;
	struct s5_shares budget;

	s5_shares_init(&budget, 8192, &(struct s5_hash_key){ { 1, 2 } });
	drive_init(&run, S5_SERVER, &config);
	run.s.budget = &budget;
	drive_feed(&run, S5_CLIENT, octets, 3000);
	assert_string_equal(run.log, "method 01\n");
	assert_true(budget.all.used > 0 && budget.all.used <= 8192);
	drive_feed(&run, S5_CLIENT, octets, sizeof octets);
	assert_string_equal(run.log, "method 01\nfailed MEMORY in security token\n");
	drive_init(&run, S5_SERVER, &config);
	assert_int_equal(budget.all.used, 0);
	run.s.budget = &budget;
	run.s.source = 7;
	drive_feed(&run, S5_CLIENT, octets, 3000); /* one in four is 2048 */
	assert_string_equal(run.log, "method 01\nfailed MEMORY in security token\n");
	s5_session_fini(&run.s);
	s5_shares_fini(&budget);
}

/* R1961-3.9: it is told that it is refused; and what needs little needs no budget. */
TEST(an_answer_without_memory_is_the_abort)
{
	static const struct s5_session_config config = { .nmethods = 1,
							 .methods = { 1 },
							 .gss.levels = BOTH };
	static const uint8_t octets[] = { 5, 1, 1, 1, 1, 0, 1, 0xa1 };
	static const uint8_t aborted[] = { 5, 1, 1, 0xff }, granted[] = { 5, 1, 1, 1, 0, 1, 0xb1 };
	static struct drive run;
	struct s5_shares none;

	s5_shares_init(&none, 0, &(struct s5_hash_key){ { 1, 2 } });
	drive_init(&run, S5_SERVER, &config);
	run.s.budget = &none;
	drive_feed(&run, S5_CLIENT, octets, sizeof octets);
	drive_settle(&run);
	assert_int_equal(run.outlen, sizeof granted);
	assert_memory_equal(run.out, granted, sizeof granted);
	drive_feed(&run, S5_CLIENT, (const uint8_t *)"\1\2\0\5\xc0\0\0\1\xc1", 9);
	drive_settle(&run);
	assert_true(run.outlen > sizeof granted + 4);
	assert_false(run.s.ended);
	drive_init(&run, S5_SERVER, &config);
	run.s.budget = &none;
	fake.ntoken = 2000;
	drive_feed(&run, S5_CLIENT, octets, sizeof octets);
	drive_settle(&run);
	fake.ntoken = 0;
	assert_int_equal(run.outlen, sizeof aborted);
	assert_memory_equal(run.out, aborted, sizeof aborted);
	assert_non_null(strstr(run.log, "failed MEMORY in security token\n"));
	s5_session_fini(&run.s);
	s5_shares_fini(&none);
}

/* the client */

TEST(R1961_4_1_client_asks_in_a_wrapped_octet_and_seals_its_request)
{
	HOLDS(CLIENT, .level = 1, .in = CHOICE TOKEN("b1") GRANT1 SIGNED_REPLY,
	      .out = HELLO TOKEN("a1") ASK1 SIGNED_REQUEST, .log = CONNECTED);
	HOLDS(CLIENT, .level = 2, .in = CHOICE TOKEN("b1") GRANT2 SEALED_REPLY,
	      .out = HELLO TOKEN("a1") ASK2 SEALED_REQUEST, .log = CONNECTED);
}

TEST(level_0_is_asked_for_and_then_all_goes_in_clear)
{
	HOLDS(CLIENT, .level = 0, .in = CHOICE TOKEN("b1") GRANT0 SUCCESS,
	      .out = HELLO TOKEN("a1") ASK("00", "c0") CONNECT, .log = CONNECTED);
}

TEST(R1961_3_8_client_that_is_complete_waits_for_the_servers_word)
{
	fake.mute = true;
	HOLDS(CLIENT, .level = 1, .in = CHOICE "01 01 0000" GRANT1 SIGNED_REPLY,
	      .out = HELLO TOKEN("a1") ASK1 SIGNED_REQUEST, .log = CONNECTED);
	fake.mute = false;
	HOLDS(CLIENT, .level = 1, .in = CHOICE "01 01 0000", .out = HELLO TOKEN("a1"),
	      .log = "method 01\nfailed MALFORMED in security token TOKEN_EMPTY\n");
}

TEST(R1961_3_10_client_knows_the_abort_by_two_octets)
{
	HOLDS(CLIENT, .level = 1, .in = CHOICE ABORT, .out = HELLO TOKEN("a1"),
	      .log = "method 01\nfailed ABORTED in security token\n");
	HOLDS(CLIENT, .level = 1, .in = CHOICE ABORT "0000", .out = HELLO TOKEN("a1"),
	      .log = "method 01\nfailed ABORTED in security token\n", .stream = "0000");
	HOLDS(CLIENT, .level = 1, .in = CHOICE TOKEN("b1") ABORT, .out = HELLO TOKEN("a1") ASK1,
	      .log = "method 01\nfailed ABORTED in protection level\n");
}

TEST(R1961_3_11_client_sends_nothing_when_its_own_side_fails)
{
	fake.broken = true;
	HOLDS(CLIENT, .level = 1, .in = CHOICE, .out = HELLO,
	      .log = "method 01\nfailed CONTEXT in security token\n");
	fake.broken = false;
	HOLDS(CLIENT, .level = 1, .in = CHOICE TOKEN("77"), .out = HELLO TOKEN("a1"),
	      .log = "method 01\nfailed CONTEXT in security token\n");
}

TEST(R1961_3_13_client_refuses_what_is_out_of_order)
{
	HOLDS(CLIENT, .level = 1, .in = CHOICE GRANT1, .out = HELLO TOKEN("a1"),
	      .log = "method 01\nfailed MALFORMED in security token MTYP_ORDER\n",
	      .stream = GRANT1);
	HOLDS(CLIENT, .level = 1, .in = CHOICE "05 00", .out = HELLO TOKEN("a1"),
	      .log = "method 01\nfailed MALFORMED in security token SUBVER\n", .stream = "05 00");
	HOLDS(CLIENT, .level = 1, .in = CHOICE TOKEN("b1") TOKEN("b2"),
	      .out = HELLO TOKEN("a1") ASK1,
	      .log = "method 01\nfailed MALFORMED in protection level MTYP_ORDER\n",
	      .stream = TOKEN("b2"));
}

TEST(R1961_3_14_client_stops_after_16_rounds)
{
	char in[512] = CHOICE, out[512] = HELLO;

	fake.rounds = 99;
	for (int i = 1; i <= 16; i++) {
		sprintf(in + strlen(in), "01010001 %02x", 0xb0 + i);
		sprintf(out + strlen(out), "01010001 %02x", 0xa0 + i);
	}
	HOLDS(CLIENT, .level = 1, .in = in, .out = out,
	      .log = "method 01\nfailed CONTEXT in security token\n");
}

TEST(R1961_4_6_client_takes_no_less_than_it_asked_for)
{
	HOLDS(CLIENT, .level = 2, .in = CHOICE TOKEN("b1") GRANT1, .out = HELLO TOKEN("a1") ASK2,
	      .log = "method 01\nfailed LEVEL in protection level code 01\n");
	HOLDS(CLIENT, .level = 2, .in = CHOICE TOKEN("b1") GRANT0, .out = HELLO TOKEN("a1") ASK2,
	      .log = "method 01\nfailed LEVEL in protection level\n");
	HOLDS(CLIENT, .level = 2, .in = CHOICE TOKEN("b1") GRANT("03", "c4"),
	      .out = HELLO TOKEN("a1") ASK2,
	      .log = "method 01\nfailed LEVEL in protection level code 03\n");
	HOLDS(CLIENT, .level = 1, .in = CHOICE TOKEN("b1") GRANT("09", "ca"),
	      .out = HELLO TOKEN("a1") ASK1,
	      .log = "method 01\nfailed LEVEL in protection level code 09\n");
	HOLDS(CLIENT, .level = 1, .in = CHOICE TOKEN("b1") GRANT2 SEALED_REPLY,
	      .out = HELLO TOKEN("a1") ASK1 SEALED_REQUEST, .log = CONNECTED);
	HOLDS(CLIENT, .level = 1, .in = CHOICE TOKEN("b1") GRANT("03", "c4") SIGNED_REPLY,
	      .out = HELLO TOKEN("a1") ASK1 SEALED_REQUEST, .log = CONNECTED);
}

TEST(R1961_4_1_an_answer_that_is_not_authentic_is_none)
{
	HOLDS(CLIENT, .level = 2, .in = CHOICE TOKEN("b1") GRANT("02", "c4"),
	      .out = HELLO TOKEN("a1") ASK2,
	      .log = "method 01\nfailed SEAL in protection level code 09\n");
	HOLDS(CLIENT, .level = 2, .in = CHOICE TOKEN("b1") "01 02 0001 02",
	      .out = HELLO TOKEN("a1") ASK2,
	      .log = "method 01\nfailed SEAL in protection level code 02\n");
}

TEST(R1961_4_9_client_sends_and_takes_the_bare_level_with_the_option)
{
	HOLDS(CLIENT, .level = 1, .nec = true,
	      .in = CHOICE TOKEN("b1") "01 02 0001 01"
				       "01 03 000e c00100 " SUCCESS " 01",
	      .out = HELLO TOKEN("a1") "01 02 0001 01"
				       "01 03 000e c00000 " CONNECT " dd",
	      .log = CONNECTED);
}

TEST(R1961_5_1_a_clear_reply_is_none)
{
	HOLDS(CLIENT, .level = 2, .in = CHOICE TOKEN("b1") GRANT2 SUCCESS,
	      .out = HELLO TOKEN("a1") ASK2 SEALED_REQUEST,
	      .log = "method 01\nfailed SEAL in reply code 02\n");
	HOLDS(CLIENT, .level = 2, .in = CHOICE TOKEN("b1") GRANT2 SIGNED_REPLY,
	      .out = HELLO TOKEN("a1") ASK2 SEALED_REQUEST,
	      .log = "method 01\nfailed SEAL in reply code 04\n");
}

TEST(contexts_are_given_back)
{
	static const struct s5_session_config none = { .nmethods = 0 };
	static struct drive run;

	fake.live = 0;
	for (size_t n = 0; n <= 40; n++) {
		struct dialogue d = { SERVER, .levels = BOTH };
		uint8_t octets[100];
		size_t len = hex(octets, sizeof octets, HELLO TOKEN("a1") ASK1 SIGNED_REQUEST);

		dialogue_run(&d, octets, n < len ? n : len, 0, 1, &run);
	}
	drive_init(&run, S5_OBSERVER, &none);
	assert_int_equal(fake.live, 0);
}

#define EACH(test) cmocka_unit_test_setup(test, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(R1961_3_1_server_takes_every_segmentation_of_a_dialogue_at_level_1),
		EACH(R1961_5_2_server_seals_at_level_2),
		EACH(R1961_3_7_each_token_is_answered_by_one),
		EACH(R1961_3_7_a_complete_context_without_a_token_is_told_all_the_same),
		EACH(R1961_3_9_server_refuses_with_two_octets),
		EACH(R1961_3_13_server_aborts_what_is_out_of_order),
		EACH(R1961_3_14_server_stops_after_16_rounds),
		EACH(R1961_3_16_a_principal_that_is_refused_gets_the_abort),
		EACH(R1961_3_16_a_principal_longer_than_a_name_is_refused),
		EACH(R1961_4_2_to_4_7_and_4_11_server_grants_by_its_policy),
		EACH(R1961_4_8_bare_levels_with_the_option),
		EACH(R1961_4_7_level_0_goes_on_in_clear),
		EACH(R1961_5_1_a_clear_request_gets_no_answer),
		EACH(R1961_5_1_failures_are_sealed_too),
		EACH(R1961_5_1_both_replies_of_a_bind_are_sealed),
		EACH(R1961_5_3_what_is_only_signed_will_not_do_at_level_2),
		EACH(R1961_4_10_level_3_takes_both_kinds_and_encrypts),
		EACH(R1961_5_4_and_5_9_messages_that_are_no_good_end_it),
		EACH(R1961_5_7_a_request_over_several_messages),
		EACH(R1961_5_8_a_message_with_nothing_in_it_is_passed_over),
		EACH(R1961_5_9_an_end_in_the_middle_of_a_message),
		EACH(R1961_5_7_what_came_early_reaches_the_stream),
		EACH(R1961_3_1_tokens_of_any_length_are_taken),
		EACH(R1961_5_14_a_token_that_was_unwrapped_is_not_looked_at_again),
		EACH(tokens_are_held_within_a_budget),
		EACH(an_answer_without_memory_is_the_abort),
		EACH(R1961_4_1_client_asks_in_a_wrapped_octet_and_seals_its_request),
		EACH(level_0_is_asked_for_and_then_all_goes_in_clear),
		EACH(R1961_3_8_client_that_is_complete_waits_for_the_servers_word),
		EACH(R1961_3_10_client_knows_the_abort_by_two_octets),
		EACH(R1961_3_11_client_sends_nothing_when_its_own_side_fails),
		EACH(R1961_3_13_client_refuses_what_is_out_of_order),
		EACH(R1961_3_14_client_stops_after_16_rounds),
		EACH(R1961_4_6_client_takes_no_less_than_it_asked_for),
		EACH(R1961_4_1_an_answer_that_is_not_authentic_is_none),
		EACH(R1961_4_9_client_sends_and_takes_the_bare_level_with_the_option),
		EACH(R1961_5_1_a_clear_reply_is_none),
		EACH(contexts_are_given_back),
	};

	return RUN(tests);
}

/* Streams of SOCKS in captures: found, followed, picked up, and their associations. */
#include "captured.h"
#include "recordings.h"
#include "testlib.h"
#include "vectors.h"

#define C(text) captured_say(0, S5_CLIENT, text)
#define S(text) captured_say(0, S5_SERVER, text)

#define HELLO "050100"
#define CHOICE "0500"
#define CONNECT "050100010a0000090050"
#define REPLY "050000010a0000020051"
#define ASSOCIATE "05030001000000000000"
#define RELAYED "0500000100000000 1f40" /* the relay is 0.0.0.0, port 8000 */
#define DATAGRAM "000000010a0000090050 6162"

TEST(a_conversation_is_found_on_any_port)
{
	captured_begin(0);
	captured_open(0);
	C(HELLO);
	S(CHOICE);
	C(CONNECT);
	S(REPLY);
	C("474554");
	S("4f4b");
	S("4f4b4f4b");
	captured_close(0);
	assert_string_equal(captured_end(), "open 1 1000-9000\n"
					    "1 c method list 0+3\n"
					    "1 s method choice 0+2\n"
					    "1 c request 3+10\n"
					    "1 s reply 2+10\n"
					    "1 c data 13+3\n"
					    "1 s data 12+2\n"
					    "1 s data 14+4\n"
					    "end 1 fin\n");
}

TEST(others_are_not_told_of)
{
	captured_begin(0);
	for (unsigned i = 0; i < 3; i++)
		captured_open(i);
	captured_say(0, S5_CLIENT, "474554202f20");
	captured_say(0, S5_SERVER, "485454502f31");
	captured_say(1, S5_SERVER, "5353482d");
	captured_say(1, S5_CLIENT, "5353482d");
	captured_say(2, S5_CLIENT, "050177");
	captured_say(2, S5_SERVER, "485454502f31");
	for (unsigned i = 0; i < 3; i++)
		captured_close(i);
	assert_string_equal(captured_end(), "");
}

/* What clients of SOCKS5 say first is as good as never said by others. */
TEST(a_client_at_a_server_that_is_none_is_told_of)
{
	captured_begin(0);
	captured_open(0);
	C("05020002");
	S("485454502f31");
	captured_close(0);
	assert_string_equal(captured_end(), "open 1 1000-9000\n"
					    "1 c method list 0+4\n"
					    "1 s fault 0+6\n"
					    "end 1 fin\n");
}

TEST(a_port_says_what_is_socks)
{
	captured_begin(9000);
	captured_open(0);
	C(HELLO);
	S("485454502f31");
	captured_close(0);
	assert_string_equal(captured_end(), "open 1 1000-9000\n"
					    "1 c method list 0+3\n"
					    "1 s fault 0+6\n"
					    "end 1 fin\n");
	captured_begin(9001);
	captured_open(0);
	C(HELLO);
	S(CHOICE);
	captured_close(0);
	assert_string_equal(captured_end(), "");
}

TEST(a_list_without_an_answer_is_told_at_the_end)
{
	captured_begin(0);
	captured_open(0);
	C(HELLO);
	captured_close(0);
	assert_string_equal(captured_end(), "open 1 1000-9000\n"
					    "1 c method list 0+3\n"
					    "1 s close 0+0\n"
					    "end 1 fin\n");
	captured_begin(0);
	captured_open(0);
	C("0501");
	captured_close(0);
	assert_string_equal(captured_end(), "");
}

/* recordings */

static void play(const struct vector *v, size_t begin, bool octet_by_octet)
{
	uint8_t octets[VECTOR_TEXT];

	for (size_t i = begin; i < v->n; i++) {
		size_t n = hex(octets, sizeof octets, v->lines[i].hex);
		size_t step = octet_by_octet ? 1 : n;

		for (size_t at = 0; at < n; at += step)
			captured_segment(0, v->lines[i].from, S5_TCP_ACK, octets + at, step);
	}
}

static void talk_seen(void *arg, const struct s5_seen *seen)
{
	struct s5_flow f = { .number = 1, .user = &cap };

	(void)arg;
	captured_seen(&cap, &f, seen);
}

/* As the conversation itself would be told of. */
static void expect(const struct vector *v)
{
	uint8_t octets[VECTOR_TEXT];
	struct s5_talk talk;

	say_nothing();
	say("open 1 1000-9000\n");
	s5_talk_init(&talk, talk_seen, NULL);
	for (size_t i = 0; i < v->n; i++)
		s5_talk_recv(&talk, v->lines[i].from, octets,
			     hex(octets, sizeof octets, v->lines[i].hex), 0);
	s5_talk_end(&talk, S5_CLIENT, true);
	s5_talk_end(&talk, S5_SERVER, true);
	s5_talk_fini(&talk);
	say("end 1 fin\n");
}

static void for_each_recording(void (*test)(const char *name))
{
	for (size_t i = 0; i < DIALOGUES - 1; i++)
		test(clear_recordings[i]);
	for (size_t i = 0; i < LENGTH(gssapi_recordings); i++)
		test(gssapi_recordings[i]);
}

static void is_told_as_its_conversation(const char *name)
{
	static struct vector v;
	char want[sizeof said.text];

	vector_load(&v, name);
	expect(&v);
	strcpy(want, said.text);
	captured_begin(0);
	captured_open(0);
	play(&v, 0, false);
	captured_close(0);
	if (strcmp(captured_end(), want) != 0)
		fail_msg("%s: %s instead of %s", name, said.text, want);
}

TEST(recordings_are_told_as_their_conversations)
{
	for_each_recording(is_told_as_its_conversation);
}

/* The dialogue alone: how payload is cut may differ. */
static size_t occurrences(const char *what)
{
	size_t n = 0;

	for (const char *at = said.text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

static size_t messages_told(void)
{
	return occurrences("+") - occurrences(" data ") - occurrences(" rest ");
}

static void is_told_octet_by_octet(const char *name)
{
	static struct vector v;
	size_t want;

	vector_load(&v, name);
	expect(&v);
	want = messages_told();
	captured_begin(0);
	captured_open(0);
	play(&v, 0, true);
	captured_close(0);
	captured_end();
	if (messages_told() != want)
		fail_msg("%s: %s", name, said.text);
}

TEST(segments_of_one_octet_make_the_same_messages)
{
	for_each_recording(is_told_octet_by_octet);
}

/* the middle */

TEST(the_middle_of_a_stream_is_picked_up_where_its_messages_tell)
{
	static const struct {
		const char *name;
		size_t begin; /* messages that the capture missed */
		const char *told; /* NULL: nothing */
	} rows[] = {
		{ "01-noauth-connect-ipv4", 0, "open 1 1000-9000\n1 c method list 0+4\n" },
		{ "01-noauth-connect-ipv4", 1,
		  "open 1 1000-9000 picked up: method\n1 s method choice 0+2\n1 c request 0+10\n" },
		{ "01-noauth-connect-ipv4", 2,
		  "open 1 1000-9000 picked up: request\n1 c request 0+10\n1 s reply 0+10\n" },
		{ "01-noauth-connect-ipv4", 3,
		  "open 1 1000-9000 picked up: reply\n1 s reply 0+10\n1 c data 0+84\n" },
		{ "01-noauth-connect-ipv4", 4, NULL },
		{ "06-userpass-ok", 1,
		  "open 1 1000-9000 picked up: method\n1 s method choice 0+2\n1 c credentials 0+7\n" },
		{ "06-userpass-ok", 2,
		  "open 1 1000-9000 picked up: credentials\n1 c credentials 0+7\n1 s status 0+2\n" },
		{ "06-userpass-ok", 3,
		  "open 1 1000-9000 picked up: status\n1 s status 0+2\n1 c request 0+18\n" },
		{ "06-userpass-ok", 4,
		  "open 1 1000-9000 picked up: request\n1 c request 0+18\n1 s reply 0+10\n" },
		{ "11-bind-ok", 2, "open 1 1000-9000 picked up: request\n1 c request 0+10\n" },
		{ "31-gss-tcp-level1", 2,
		  "open 1 1000-9000 picked up: token\n1 c security token 0+719\n" },
	};
	static struct vector v;

	for (size_t i = 0; i < LENGTH(rows); i++) {
		vector_load(&v, rows[i].name);
		captured_begin(0);
		play(&v, rows[i].begin, false);
		captured_end();
		if (rows[i].told ? strncmp(said.text, rows[i].told, strlen(rows[i].told)) != 0
				 : said.len > 0)
			fail_msg("%s from %zu on: %s", rows[i].name, rows[i].begin, said.text);
		assert_null(strstr(said.text, "fault"));
	}
}

TEST(with_a_port_what_cannot_be_picked_up_is_told_as_unknown_octets)
{
	captured_begin(9000);
	S("7777777777");
	C("888888");
	captured_segment(0, S5_CLIENT, S5_TCP_RST, NULL, 0);
	assert_string_equal(captured_end(), "open 1 1000-9000 late\n"
					    "1 s rest 0+5\n"
					    "1 c rest 0+3\n"
					    "end 1 reset\n");
}

/* found, or not */

static void tell_in_turn(const char *lines)
{
	char text[8192], *rest = text, *line;

	strcpy(text, lines);
	while ((line = strsep(&rest, "|"))) {
		if (line[1] == '-')
			cap.seq[0][line[0] == 'c' ? S5_CLIENT : S5_SERVER] +=
				(uint32_t)strtoul(line + 2, NULL, 10);
		else
			captured_say(0, line[0] == 'c' ? S5_CLIENT : S5_SERVER, line + 2);
	}
}

/* From its beginning (a SYN), or from its middle; c-3: three octets are missing. */
static const char *told_of(bool whole, const char *lines)
{
	captured_begin(0);
	if (whole)
		captured_open(0);
	tell_in_turn(lines);
	captured_segment(0, S5_CLIENT, S5_TCP_RST, NULL, 0);
	return captured_end();
}

#define CREDENTIALS "0104757365720673656372657401"

TEST(socks_is_found_also_where_it_is_not_easy)
{
	static const struct {
		bool whole;
		const char *lines, *told; /* how it begins */
	} rows[] = {
		/* The middle of SOCKS4. */
		{ false, "c 0401005001020304757300|s 005a000000000000",
		  "open 1 1000-9000\n1 c request 0+11\n1 s reply 0+8\n" },
		/* What comes first is lost. */
		{ true, "c-3|s 0500|c " CONNECT "|s " REPLY,
		  "open 1 1000-9000 picked up: method\n1 c gap 0+3\n1 s method choice 0+2\n"
		  "1 c request 3+10\n1 s reply 2+10\n" },
		{ true, "c-3|s-2|c " CONNECT "|s " REPLY,
		  "open 1 1000-9000 picked up: request\n1 c gap 0+3\n1 s gap 0+2\n"
		  "1 c request 3+10\n1 s reply 2+10\n" },
		/* A refusal is all that is there. */
		{ false, "c 01027573027077|s 0101",
		  "open 1 1000-9000 picked up: credentials\n1 c credentials 0+7\n1 s status 0+2\n" },
		/* A request that deviates, and its reply. */
		{ false, "c 05f000030b6578616d706c652e636f6d0050|s 05000001010203040000",
		  "open 1 1000-9000 picked up: request\n1 c request 0+18\n1 s reply 0+10\n" },
		/* One side only. */
		{ true, "c " HELLO CONNECT, "open 1 1000-9000\n1 c method list 0+3\n" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *told = told_of(rows[i].whole, rows[i].lines);

		if (strncmp(told, rows[i].told, strlen(rows[i].told)) != 0)
			fail_msg("%s: %s", rows[i].lines, told);
	}
}

TEST(what_only_resembles_it_is_not)
{
	static const struct {
		bool whole;
		const char *lines;
	} rows[] = {
		/* DCE/RPC, of both minor versions, and Modbus. */
		{ false,
		  "c 0500000110000000b8100000020000000000|s 0500020310000000200000000200000008" },
		{ false,
		  "s 0500000110000000b8100000020000000000|c 0500020310000000200000000200000008" },
		{ true, "c 05010b0310000000480000000100000000|s 05010c031000000044" },
		{ true, "c 050177|s 0533" },
		{ true, "c 050100000006010300000001|s 050100000005010302" },
		/* Credentials and a request, but no status between: what was said is not data. */
		{ false, "c " CREDENTIALS CONNECT "|s " REPLY },
		{ false, "c 050102" CREDENTIALS CONNECT "|s " REPLY },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *told = told_of(rows[i].whole, rows[i].lines);

		if (*told)
			fail_msg("%s: %s", rows[i].lines, told);
	}
}

TEST(a_client_that_sends_much_before_it_hears_anything_is_found)
{
	uint8_t data[1500] = { 0x16, 3, 1 };

	captured_begin(0);
	captured_open(0);
	C(HELLO CONNECT);
	captured_segment(0, S5_CLIENT, S5_TCP_ACK, data, sizeof data);
	S(CHOICE);
	S(REPLY);
	captured_close(0);
	assert_string_equal(captured_end(), "open 1 1000-9000\n"
					    "1 c method list 0+3\n"
					    "1 s method choice 0+2\n"
					    "1 c request 3+10\n"
					    "1 s reply 2+10\n"
					    "1 c data 13+1024\n"
					    "1 c data 1037+476\n"
					    "end 1 fin\n");
}

/* datagrams */

static void associate(unsigned i)
{
	captured_open(i);
	captured_say(i, S5_CLIENT, HELLO);
	captured_say(i, S5_SERVER, CHOICE);
	captured_say(i, S5_CLIENT, ASSOCIATE);
	captured_say(i, S5_SERVER, RELAYED);
}

/* What was told since the n messages before. */
static const char *said_since(size_t len)
{
	return said.text + len;
}

TEST(datagrams_of_an_association_are_told_in_its_stream)
{
	size_t before;

	captured_begin(0);
	captured_datagram(S5_CLIENT, 7000, 8000, DATAGRAM); /* before there is one */
	associate(0);
	before = said.len;
	captured_datagram(S5_CLIENT, 7000, 8000, DATAGRAM);
	captured_datagram(S5_SERVER, 7000, 8000, DATAGRAM);
	captured_datagram(S5_CLIENT, 7001, 8000, DATAGRAM); /* another program */
	captured_datagram(S5_CLIENT, 7000, 8001, DATAGRAM);
	captured_datagram(S5_CLIENT, 7000, 8000, "000001010a0000090050 6162");
	captured_datagram(S5_CLIENT, 7000, 8000, "000082010a0000090050 6364");
	captured_datagram(S5_CLIENT, 7000, 8000, "0000");
	captured_close(0);
	captured_datagram(S5_CLIENT, 7000, 8000, DATAGRAM); /* after its end */
	captured_end();
	assert_string_equal(said_since(before), "1 c datagram 0+12\n"
						"1 s datagram 0+12\n"
						"1 c datagram 12+12\n"
						"1 c datagram 24+12\n"
						"1 c whole 36+4\n"
						"1 c fault 36+2\n"
						"end 1 fin\n");
}

TEST(associations_that_share_a_relay_are_told_apart_by_the_clients_port)
{
	size_t before;

	captured_begin(0);
	associate(0);
	captured_datagram(S5_CLIENT, 7000, 8000, DATAGRAM);
	associate(1);
	before = said.len;
	captured_datagram(S5_CLIENT, 7001, 8000, DATAGRAM);
	captured_datagram(S5_CLIENT, 7000, 8000, DATAGRAM);
	captured_datagram(S5_SERVER, 7001, 8000, DATAGRAM);
	captured_datagram(S5_SERVER, 7000, 8000, DATAGRAM);
	captured_end();
	assert_true(strncmp(said_since(before),
			    "2 c datagram 0+12\n1 c datagram 12+12\n"
			    "2 s datagram 0+12\n1 s datagram 0+12\n",
			    70) == 0);
}

/* what is missing */

TEST(octets_that_are_missing_are_a_gap)
{
	captured_begin(0);
	captured_open(0);
	C(HELLO);
	S(CHOICE);
	C(CONNECT);
	S(REPLY);
	cap.seq[0][S5_SERVER] += 7;
	S("4f4b");
	captured_close(0);
	assert_non_null(strstr(captured_end(), "1 s gap 12+7\n1 s data 19+2\nend 1 capture\n"));
	captured_begin(0);
	captured_open(0);
	C(HELLO);
	S(CHOICE);
	cap.seq[0][S5_CLIENT] += 7;
	C(CONNECT);
	captured_close(0);
	assert_non_null(strstr(captured_end(), "1 c fault 3+0\n1 c gap 3+7\n1 c rest 10+10\n"));
}

/* bounds */

TEST(what_is_held_of_many_streams_is_bounded)
{
	static struct frame f;
	uint8_t list[258] = { 5, 255 };

	captured_begin(0);
	cap.is_quiet = true;
	for (unsigned i = 0; i < 40000; i++) {
		struct segment g = { (uint16_t)(i % 60000),
				     (uint16_t)(i / 60000 + 9000),
				     1,
				     0,
				     S5_TCP_SYN,
				     NULL,
				     0 };

		captured_ip(&f, S5_CLIENT, S5_TRANSPORT_TCP, 20);
		frame_tcp(&f, &g);
		captured_frame(&f);
		g.seq = 2;
		g.flags = S5_TCP_ACK;
		g.text = list;
		g.len = 257;
		captured_ip(&f, S5_CLIENT, S5_TRANSPORT_TCP, 20 + g.len);
		frame_tcp(&f, &g);
		captured_frame(&f);
		assert_true(cap.capture.budget.used <= S5_CAPTURE_TALK);
		assert_true(cap.capture.tcp.count <= S5_CAPTURE_STREAMS);
	}
	captured_end();
	assert_true(cap.capture.not_followed > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_conversation_is_found_on_any_port),
		cmocka_unit_test(others_are_not_told_of),
		cmocka_unit_test(a_client_at_a_server_that_is_none_is_told_of),
		cmocka_unit_test(a_port_says_what_is_socks),
		cmocka_unit_test(a_list_without_an_answer_is_told_at_the_end),
		cmocka_unit_test(recordings_are_told_as_their_conversations),
		cmocka_unit_test(segments_of_one_octet_make_the_same_messages),
		cmocka_unit_test(the_middle_of_a_stream_is_picked_up_where_its_messages_tell),
		cmocka_unit_test(with_a_port_what_cannot_be_picked_up_is_told_as_unknown_octets),
		cmocka_unit_test(socks_is_found_also_where_it_is_not_easy),
		cmocka_unit_test(what_only_resembles_it_is_not),
		cmocka_unit_test(a_client_that_sends_much_before_it_hears_anything_is_found),
		cmocka_unit_test(datagrams_of_an_association_are_told_in_its_stream),
		cmocka_unit_test(
			associations_that_share_a_relay_are_told_apart_by_the_clients_port),
		cmocka_unit_test(octets_that_are_missing_are_a_gap),
		cmocka_unit_test(what_is_held_of_many_streams_is_bounded),
	};

	return RUN(tests);
}

/* Octets of one side: whose they are, and where in the dialogue they begin. */
#include "dissect/lone.h"
#include "recordings.h"
#include "saying.h"
#include "vectors.h"
#include "wire/udp.h"

static struct {
	uint64_t next[2]; /* where the next octets stand, in clear and sealed */
	uint64_t told; /* octets in clear */
} got;

static void seen(void *arg, const struct s5_seen *seen)
{
	static const char *const kinds[] = {
		[S5_SEEN_DATA] = "data", [S5_SEEN_SEALED] = "sealed",
		[S5_SEEN_GAP] = "gap",	 [S5_SEEN_CLOSED] = "closed",
		[S5_SEEN_REST] = "rest", [S5_SEEN_DATAGRAM] = "datagram"
	};

	assert_null(arg);
	assert_int_equal(seen->off, got.next[seen->sealed]);
	got.next[seen->sealed] += seen->len;
	got.told += seen->sealed ? 0 : seen->len;
	say("%s", said.len ? ", " : "");
	if (seen->kind == S5_SEEN_MESSAGE)
		say("%s", s5_step_name(seen->step));
	else if (seen->kind == S5_SEEN_FAULT)
		say("fault in %s: %s", s5_step_name(seen->step), seen->why);
	else
		say("%s", kinds[seen->kind]);
	say(" %d", (int)seen->len);
	if (seen->trace && s5_trace_has(seen->trace, S5_NOTE_SEAL_MISSING))
		say(" unsealed");
}

static unsigned datagrams;

static void count_datagrams(void *arg, const struct s5_seen *seen)
{
	assert_null(arg);
	datagrams += seen->kind == S5_SEEN_DATAGRAM;
}

static const char *read_lone(const uint8_t *octets, size_t n, enum s5_role from)
{
	static char text[4096 + 16];
	enum s5_role found;

	memset(&got, 0, sizeof got);
	say_nothing();
	found = s5_lone_read(octets, n, from, seen, NULL);
	assert_int_equal(got.told, n);
	assert_true(from == S5_OBSERVER || from == found);
	snprintf(text, sizeof text, "%s: %s", found == S5_CLIENT ? "client" : "server", said.text);
	return text;
}

struct sample {
	const char *hex, *told;
};

TEST(DEC_1_lone_messages_and_sides_are_recognised)
{
	static const struct sample samples[] = {
		{ "050100", "client: method list 3" },
		{ "05020002", "client: method list 4" },
		{ "0500", "server: method choice 2" },
		{ "05ff", "server: method choice 2" },
		{ "01027573027077", "client: credentials 7" },
		{ "0100", "server: status 2" },
		{ "050100030b6578616d706c652e636f6d01bb", "client: request 18" },
		{ "050100010a0000010050", "client: request 10" },
		{ "050000010a0000010050", "server: reply 10" },
		{ "0505000100000000 0000", "server: reply 10" },
		{ "050300010000000000 00", "client: request 10" },
		{ "050100 050100010a0000010050 474554",
		  "client: method list 3, request 10, data 3" },
		{ "050102 01027573027077 050100010a0000010050",
		  "client: method list 3, credentials 7, request 10" },
		{ "0502 0100 050000010a0000010050 68",
		  "server: method choice 2, status 2, reply 10, "
		  "data 1" },
		{ "0500 050000010a0000010050 050000010a0000011234 68",
		  "server: method choice 2, reply 10, second reply 10, data 1" },
		{ "040100507f00000100", "client: request 9" },
		{ "0401005000000001006100 68", "client: request 11, data 1" },
		{ "005a00000000000068", "server: reply 8, data 1" },
		{ "0501000304616263", "client: fault in request: it is cut short 8" },
		{ "01010003a10100", "client: security token 7" },
		{ "0102000101", "client: protection level 5" },
		{ "0103001d 050404ff000c0000000000002c974b80 01 e28092d04fa7f7bd28dbe74b",
		  "client: sealed 33, data 1" },
		{ "", "client: " },
		{ "ffff", "client: fault in method list: version is not 05 2" },
	};
	uint8_t octets[128];

	for (size_t i = 0; i < LENGTH(samples); i++) {
		size_t n = hex(octets, sizeof octets, samples[i].hex);

		assert_string_equal(read_lone(octets, n, S5_OBSERVER), samples[i].told);
	}
}

#define SIGNED(len, octets) "0103 00" len "050404ff00000000 0000000000000001" octets
#define ENCRYPTED "01030012 050406ff00000000 0000000000000001 beef"
#define TOKEN "01010001 61 "
#define ASK(level) "01020001" level
#define CONNECT "050100010a0000010050"
#define REPLY "050000010a0000010050"
#define BIND "050200010a0000010050"

TEST(R1961_5_1_what_stands_behind_a_sealed_message_of_one_side_is_read_too)
{
	static const struct sample samples[] = {
		{ "050101" TOKEN ASK("01") SIGNED("1a", CONNECT) SIGNED("12", "6869"),
		  "client: method list 3, security token 5, protection level 5, sealed 30, "
		  "sealed 22, request 10, data 2" },
		{ SIGNED("1a", CONNECT) SIGNED("12", "6869") SIGNED("12", "6869"),
		  "client: sealed 30, sealed 22, sealed 22, request 10, data 4" },
		{ SIGNED("1a", BIND) SIGNED("12", "6869"),
		  "client: sealed 30, sealed 22, request 10, data 2" },
		{ "0501" TOKEN ASK("01") SIGNED("1a", REPLY) SIGNED("12", "6869"),
		  "server: method choice 2, security token 5, protection level 5, sealed 30, "
		  "sealed 22, reply 10, data 2" },
		{ SIGNED("1a", REPLY) SIGNED("1a", REPLY) SIGNED("12", "6869"),
		  "server: sealed 30, sealed 30, sealed 22, reply 10, second reply 10, data 2" },
		/* At level 2 there is nothing to be read. */
		{ "050101" TOKEN ASK("02") ENCRYPTED ENCRYPTED,
		  "client: method list 3, security token 5, protection level 5, sealed 22, "
		  "sealed 22" },
		{ "0501" TOKEN ASK("02") ENCRYPTED ENCRYPTED,
		  "server: method choice 2, security token 5, protection level 5, sealed 22, "
		  "sealed 22" },
		/* Nobody knows what the other side agreed to. */
		{ "050101" TOKEN ASK("00") CONNECT "6869",
		  "client: method list 3, security token 5, protection level 5, request 10, "
		  "data 2" },
		{ "0501" TOKEN ASK("00") REPLY "6869",
		  "server: method choice 2, security token 5, protection level 5, reply 10, "
		  "data 2" },
		{ "0501" TOKEN ASK("01") REPLY "6869",
		  "server: method choice 2, security token 5, protection level 5, "
		  "reply 10 unsealed, data 2" },
	};
	uint8_t octets[256];

	for (size_t i = 0; i < LENGTH(samples); i++) {
		size_t n = hex(octets, sizeof octets, samples[i].hex);

		assert_string_equal(read_lone(octets, n, S5_OBSERVER), samples[i].told);
	}
}

TEST(tors_requests_and_replies_are_recognised)
{
	static const struct sample samples[] = {
		{ "05f000030c6578616d706c652e746573740000", "client: request 19" },
		{ "05f10001c00002010000", "client: request 10" },
		{ "05f2000301610050", "client: request 8" },
		{ "050100 05f000030c6578616d706c652e746573740000",
		  "client: method list 3, request 19" },
		{ "04f000000000000100 6100", "client: request 11" },
		{ "05f70001000000000000", "server: reply 10" },
		{ "0500 05f00001000000000000", "server: method choice 2, reply 10" },
		{ "0500 050000030c6578616d706c652e746573740000",
		  "server: method choice 2, reply 19" },
		/* Others that are not assigned are a worse guess than a method list cut short. */
		{ "05200001c00002010000", "client: fault in method list: it is cut short 10" },
	};
	uint8_t octets[128];

	for (size_t i = 0; i < LENGTH(samples); i++) {
		size_t n = hex(octets, sizeof octets, samples[i].hex);

		assert_string_equal(read_lone(octets, n, S5_OBSERVER), samples[i].told);
	}
}

TEST(R1928_7_a_datagram_is_recognised)
{
	static const struct sample samples[] = {
		{ "000000 01 7f000001 4651 6869", "client: datagram 12" },
		{ "000000 01 7f000001 4651", "client: datagram 10" },
		{ "000000 03 01 61 0050", "client: datagram 8" },
		{ "000000 03 04 6e616d65 0050 68", "client: datagram 12" },
		{ "000000 04 00000000000000000000000000000001 0050 68", "client: datagram 23" },
		{ "000001 01 7f000001 4651 68", "client: datagram 11" },
		{ "000082 01 7f000001 4651 68", "client: datagram 11" },
		{ "000081 01 7f000001 4651 68", "client: datagram 11" },
		{ "000000 01 7f000001 0000", "client: datagram 10" },
		{ "000000 03 0c 6578616d", "client: fault in stream: it is cut short 9" },
		{ "005a0003 01020304", "server: reply 8" },
		{ "005a0001 01020304 0102", "server: reply 8, data 2" },
		{ "005a0004 01020304 61626364656667686162636465666768",
		  "server: reply 8, data 16" },
		{ "005b0000 00000000", "server: reply 8" },
	};
	uint8_t octets[128];

	for (size_t i = 0; i < LENGTH(samples); i++) {
		size_t n = hex(octets, sizeof octets, samples[i].hex);

		assert_string_equal(read_lone(octets, n, S5_OBSERVER), samples[i].told);
	}
}

TEST(R1928_7_whose_datagram_it_is_can_be_said)
{
	uint8_t octets[64];
	size_t n = hex(octets, sizeof octets, "000000017f000001465168");

	assert_string_equal(read_lone(octets, n, S5_SERVER), "server: datagram 11");
	assert_string_equal(read_lone(octets, n, S5_CLIENT), "client: datagram 11");
}

/* Nothing that long is a datagram. */
TEST(R1928_7_a_stream_may_begin_as_a_datagram_does)
{
	static uint8_t octets[S5_UDP_PAYLOAD_MAX + 1];

	hex(octets, sizeof octets, "000000017f000001465168");
	s5_lone_read(octets, sizeof octets - 1, S5_OBSERVER, count_datagrams, NULL);
	assert_int_equal(datagrams, 1);
	s5_lone_read(octets, sizeof octets, S5_OBSERVER, count_datagrams, NULL);
	assert_int_equal(datagrams, 1);
}

TEST(whose_they_are_can_be_said)
{
	uint8_t octets[64];
	size_t n = hex(octets, sizeof octets, "0500");

	assert_string_equal(read_lone(octets, n, S5_CLIENT), "client: method list 2");
	n = hex(octets, sizeof octets, "050100");
	assert_string_equal(read_lone(octets, n, S5_SERVER),
			    "server: fault in reply: it is cut short 3");
}

/* One side of a recording, all of it. */
static size_t side_of(const struct vector *v, enum s5_role from, uint8_t *octets, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		if (v->lines[i].from == from)
			n += hex(octets + n, room - n, v->lines[i].hex);
	return n;
}

TEST(sides_of_recordings_cut_and_flipped_are_told_whole)
{
	static struct vector v;
	static uint8_t octets[VECTOR_LINES * VECTOR_TEXT];

	for (size_t i = 0; i < DIALOGUES; i++) {
		vector_load(&v, clear_recordings[i]);
		for (unsigned side = 0; side < 2; side++) {
			size_t n = side_of(&v, (enum s5_role)side, octets, sizeof octets);

			for (size_t at = 0; at < n && at < 64; at++) {
				read_lone(octets, at, S5_OBSERVER);
				octets[at] ^= 0xff;
				read_lone(octets, n, S5_OBSERVER);
				octets[at] ^= 0xff;
			}
		}
	}
}

TEST(sides_of_recordings_are_known_as_such)
{
	static struct vector v;
	static uint8_t octets[VECTOR_LINES * VECTOR_TEXT];
	static const char *const names[] = { "client", "server" };

	for (size_t i = 0; i < LENGTH(gssapi_recordings) + DIALOGUES; i++) {
		vector_load(&v,
			    i < DIALOGUES ? clear_recordings[i] : gssapi_recordings[i - DIALOGUES]);
		for (unsigned side = 0; side < 2; side++) {
			size_t n = side_of(&v, (enum s5_role)side, octets, sizeof octets);

			/* A server that goes on after its refusal reads as well as a client. */
			if (side == S5_SERVER && i < DIALOGUES &&
			    !strcmp(clear_recordings[i], "09-userpass-rejected"))
				continue;
			if (strncmp(read_lone(octets, n, S5_OBSERVER), names[side], 6))
				fail_msg("%s of recording %zu: %s", names[side], i, said.text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(DEC_1_lone_messages_and_sides_are_recognised),
		cmocka_unit_test(
			R1961_5_1_what_stands_behind_a_sealed_message_of_one_side_is_read_too),
		cmocka_unit_test(tors_requests_and_replies_are_recognised),
		cmocka_unit_test(R1928_7_a_datagram_is_recognised),
		cmocka_unit_test(R1928_7_whose_datagram_it_is_can_be_said),
		cmocka_unit_test(R1928_7_a_stream_may_begin_as_a_datagram_does),
		cmocka_unit_test(whose_they_are_can_be_said),
		cmocka_unit_test(sides_of_recordings_cut_and_flipped_are_told_whole),
		cmocka_unit_test(sides_of_recordings_are_known_as_such),
	};

	return RUN(tests);
}

/* The recorded dialogues, seen by an observer and replayed to a server and to a client. */
#include "codec.h"
#include "dialogue.h"
#include "recordings.h"
#include "vectors.h"

static struct vector vector;
static struct drive run;

static void feed_line(struct drive *d, size_t i, size_t width)
{
	uint8_t octets[VECTOR_TEXT];
	size_t n = hex(octets, sizeof octets, vector.lines[i].hex);

	for (size_t at = 0; at < n; at += width)
		drive_feed(d, vector.lines[i].from, octets + at, width < n - at ? width : n - at);
}

static void say_stream(struct drive *d, enum s5_role from, const char *who)
{
	static uint8_t octets[2 * DRIVE_ROOM];
	size_t n = drive_stream(d, from, octets);

	if (!n)
		return;
	drive_say(d, "%s stream %zu ", who, n);
	drive_say_hex(d, octets, n);
	drive_say(d, "\n");
}

/* The orders in which the segments of two directions may come by an observer. */
enum order { AS_RECORDED, OCTET_BY_OCTET, CLIENT_FIRST, SERVER_FIRST, ORDERS };

static void observe(unsigned dialogue, enum order order)
{
	static const struct s5_session_config config = { .watch = true };
	static const enum s5_role passes[ORDERS][2] = {
		{ S5_OBSERVER, S5_OBSERVER },
		{ S5_OBSERVER, S5_OBSERVER },
		{ S5_CLIENT, S5_SERVER },
		{ S5_SERVER, S5_CLIENT },
	};

	drive_init(&run, S5_OBSERVER, &config);
	for (size_t i = 0; i < 2 * vector.n; i++) {
		enum s5_role only = passes[order][i / vector.n];
		size_t k = i % vector.n;

		if (vector.lines[k].dialogue != dialogue)
			continue;
		if (only == vector.lines[k].from || (only == S5_OBSERVER && i < vector.n))
			feed_line(&run, k, order == OCTET_BY_OCTET ? 1 : VECTOR_TEXT);
	}
	say_stream(&run, S5_CLIENT, "client");
	say_stream(&run, S5_SERVER, "server");
}

static void read_text(const char *name, char *text, size_t size)
{
	FILE *file = vector_open(name, "txt");

	text[fread(text, 1, size - 1, file)] = 0;
	fclose(file);
}

static void observed(const char *name)
{
	static char want[4 * DRIVE_ROOM], got[4 * DRIVE_ROOM];
	unsigned dialogues;

	vector_load(&vector, name);
	dialogues = vector.lines[vector.n - 1].dialogue + 1;
	read_text(name, want, sizeof want);
	for (unsigned order = 0; order < ORDERS; order++) {
		size_t len = 0;

		for (unsigned i = 0; i < dialogues; i++) {
			observe(i, (enum order)order);
			len += (size_t)snprintf(got + len, sizeof got - len, "%s%s", i ? "\n" : "",
						run.log);
		}
		if (!strcmp(got, want))
			continue;
		print_error("%s, order %u, got:\n%s", name, order, got);
		fail();
	}
}

TEST(DEC_2_observer_follows_every_recorded_dialogue)
{
	for (size_t i = 0; i < DIALOGUES; i++)
		observed(clear_recordings[i]);
}

struct replay {
	const char *name, *methods;
	size_t messages; /* the client's lines that are the dialogue; what follows is left alone */
	const char *out, *log;
};

/* Each row: the client's half of a recording, told to a server. */
static const struct replay clients[] = {
	{ "01-noauth-connect-ipv4", "00", 2, "0500 050000017f000001b901",
	  "method 00\nrequest 01 ipv4 127.0.0.1:18000\nopen\n" },
	{ "02-noauth-connect-domain", "02 00", 2, "0500 050000017f000001b901",
	  "method 00\nrequest 01 name localhost:18000\nopen\n" },
	{ "05-no-acceptable-method", "00", 1, "05ff",
	  "failed NO_METHOD in method choice code ff\n" },
	{ "06-userpass-ok", "02 00", 3, "0502 0100 050000017f000001b901",
	  "method 02\ncredentials us pw\nrequest 01 name target.test:80\nopen\n" },
	{ "07-userpass-empty-password", "02", 2, "0502 0101",
	  "method 02\ncredentials us \nfailed CREDENTIALS in status code 01\n" },
	{ "09-userpass-rejected", "02", 2, "0502 0100", "method 02\ncredentials us pw\n" },
	{ "53-pipelined-userpass", "02", 1, "0502 0100 050000017f000001b901",
	  "method 02\ncredentials us pw\nrequest 01 ipv4 127.0.0.1:18000\nopen\n" },
};

/* Up to `count` lines of one side in a row, from its line `skip` on, as hex. */
static const char *side(char text[static VECTOR_TEXT], enum s5_role from, size_t skip, size_t count)
{
	size_t len = 0, seen = 0;

	text[0] = 0;
	for (size_t i = 0; i < vector.n; i++) {
		if (vector.lines[i].from != from || seen++ < skip || seen > skip + count)
			continue;
		len += (size_t)snprintf(text + len, VECTOR_TEXT - len, "%s", vector.lines[i].hex);
		assert_true(len < VECTOR_TEXT);
	}
	return text;
}

TEST(recorded_clients_are_served)
{
	static char in[VECTOR_TEXT], stream[VECTOR_TEXT];

	for (size_t i = 0; i < LENGTH(clients); i++) {
		vector_load(&vector, clients[i].name);
		HOLDS(.role = S5_SERVER, .methods = clients[i].methods,
		      .in = side(in, S5_CLIENT, 0, VECTOR_LINES), .out = clients[i].out,
		      .log = clients[i].log,
		      .stream = side(stream, S5_CLIENT, clients[i].messages, VECTOR_LINES));
	}
}

TEST(R1928_3_15_recorded_pipelining_is_served)
{
	vector_load(&vector, "52-pipelined");
	HOLDS(.role = S5_SERVER, .methods = "00", .in = vector.lines[0].hex,
	      .out = "0500 050000017f000001b901",
	      .log = "method 00\nrequest 01 ipv4 127.0.0.1:18000\nopen\n", .stream = "6869");
}

struct served {
	const char *name;
	struct dialogue d; /* the client; in, out and stream come from the recording */
	size_t sent; /* the client's lines that it must send, all of them */
	size_t taken; /* the server's lines that are the dialogue */
};

#define CURL .role = S5_CLIENT, .cmd = S5_CMD_CONNECT
#define OPENED(method) "method " method "\nreply 00 ipv4 127.0.0.1:1234\nopen\n"

/* Each row: the server's half, told to a client that wants what the recorded one wanted. */
static const struct served servers[] = {
	{ "01-noauth-connect-ipv4",
	  { CURL, .methods = "00 01", .host = "127.0.0.1", .port = 18000,
	    .log = "method 00\nreply 00 ipv4 127.0.0.1:47361\nopen\n" },
	  2,
	  2 },
	{ "02-noauth-connect-domain",
	  { CURL, .methods = "00 01", .host = "localhost", .port = 18000,
	    .log = "method 00\nreply 00 ipv4 127.0.0.1:47299\nopen\n" },
	  2,
	  2 },
	{ "05-no-acceptable-method",
	  { CURL, .methods = "80", .host = "a", .port = 80,
	    .log = "failed NO_METHOD in method choice code ff\n" },
	  1,
	  1 },
	{ "06-userpass-ok",
	  { CURL, .methods = "00 01 02", .user = "us", .password = "pw", .host = "target.test",
	    .port = 80, .log = OPENED("02") },
	  3,
	  3 },
	{ "07-userpass-empty-password",
	  { CURL, .methods = "00 01 02", .user = "us", .host = "target.test", .port = 80,
	    .log = OPENED("02") },
	  3,
	  3 },
	{ "08-userpass-empty-both",
	  { CURL, .methods = "00 01", .host = "target.test", .port = 80,
	    .log = "failed UNOFFERED in method choice code 02\n" },
	  1,
	  1 },
	{ "09-userpass-rejected",
	  { CURL, .methods = "00 01 02", .user = "us", .password = "pw", .host = "target.test",
	    .port = 80, .log = "method 02\nfailed CREDENTIALS in status code 01\n" },
	  2,
	  2 },
	{ "10-userpass-reply-ver5",
	  { CURL, .methods = "00 01 02", .user = "us", .password = "pw", .host = "target.test",
	    .port = 80, .log = OPENED("02") },
	  3,
	  3 },
};

TEST(recorded_servers_are_understood)
{
	static char in[VECTOR_TEXT], out[VECTOR_TEXT], stream[VECTOR_TEXT];

	for (size_t i = 0; i < LENGTH(servers); i++) {
		struct dialogue d = servers[i].d;

		vector_load(&vector, servers[i].name);
		d.in = side(in, S5_SERVER, 0, VECTOR_LINES);
		d.out = side(out, S5_CLIENT, 0, servers[i].sent);
		d.stream = side(stream, S5_SERVER, servers[i].taken, VECTOR_LINES);
		dialogue_holds(&d, __FILE__, __LINE__);
	}
}

/* A refusal is told at its second octet; how much comes behind depends on the cut. */
TEST(R1928_6_12_recorded_refusals_are_understood)
{
	static const char *const names[] = { "03-reject-host-unreachable-echo",
					     "04-reject-refused" };
	static const char *const logs[] = { "method 00\nfailed REFUSED in reply code 04\n",
					    "method 00\nfailed REFUSED in reply code 05\n" };
	struct dialogue d = { CURL, .methods = "00 01", .host = "name.invalid", .port = 80 };
	static char text[VECTOR_TEXT];
	uint8_t in[128];

	for (size_t i = 0; i < 2; i++) {
		size_t n;

		vector_load(&vector, names[i]);
		n = hex(in, sizeof in, side(text, S5_SERVER, 0, VECTOR_LINES));
		for (size_t at = 0; at <= n; at++) {
			dialogue_run(&d, in, n, at, 1 + at, &run);
			assert_string_equal(run.log, logs[i]);
		}
	}
}

TEST(R1928_6_16_a_reply_of_each_code)
{
	char in[64], log[80];

	vector_load(&vector, "51-reply-codes");
	assert_int_equal(vector.n, 10);
	for (unsigned rep = 0; rep < vector.n; rep++) {
		struct dialogue d = { CURL, .methods = "00", .host = "a", .port = 80, .log = log };

		snprintf(log, sizeof log,
			 rep ? "method 00\nfailed REFUSED in reply code %02x\n"
			     : "method 00\nreply %02x ipv4 0.0.0.0:0\nopen\n",
			 rep);
		snprintf(in, sizeof in, "0500%.*s", rep ? 4 : 20, vector.lines[rep].hex);
		d.in = in;
		d.out = "050100 05010003 01 61 0050";
		dialogue_holds(&d, __FILE__, __LINE__);
	}
}

TEST(R1928_4_12_each_form_of_address)
{
	static const char *const logs[] = {
		"request 01 ipv4 127.0.0.1:18000\nopen\n",
		"request 01 ipv6 [::1]:18000\nopen\n",
		"request 01 ipv6 [::ffff:127.0.0.1]:18000\nopen\n",
		"failed REQUEST in reply code 01 NAME_LONG\n",
		"request 01 name a:80\nopen\n",
		"request 01 ipv4 127.0.0.1:18000\nopen\n",
		"request 01 ipv6 [::1]:18000\nopen\n",
		"request 03 name 0:40000\nopen\n",
	};
	static char in[VECTOR_TEXT + 8];
	char log[100];

	vector_load(&vector, "54-addresses");
	assert_int_equal(vector.n, LENGTH(logs));
	for (size_t i = 0; i < vector.n; i++) {
		snprintf(in, sizeof in, "050100%s", vector.lines[i].hex);
		snprintf(log, sizeof log, "method 00\n%s", logs[i]);
		HOLDS(.role = S5_SERVER, .methods = "00", .in = in, .log = log,
		      .out = i == 3 ? "0500 05010001000000000000" : "0500 050000017f000001b901");
	}
}

struct malformed {
	const char *before; /* the messages that lead to it */
	const char *out, *log;
	bool left; /* it stays in the queue as it was */
};

static const struct malformed malformed[] = {
	{ "", "05ff", "failed NO_METHOD in method choice code ff\n", false },
	{ "", "", "failed MALFORMED in method list VERSION\n", true },
	{ "", "005b000000000000", "failed MALFORMED in method list code 5b VERSION_SOCKS4\n",
	  true },
	{ "050100", "0500 05080001000000000000",
	  "method 00\nfailed MALFORMED in request code 08 ATYP_UNKNOWN\n", true },
	{ "050100", "0500 05070001000000000000",
	  "method 00\nfailed REQUEST in reply code 07 CMD_UNKNOWN\n", false },
	{ "050100", "0500 050000017f000001b901",
	  "method 00\nrequest 01 ipv4 127.0.0.1:18000\nopen\n", false },
	{ "050100", "0500 05010001000000000000",
	  "method 00\nfailed MALFORMED in request code 01 VERSION\n", true },
	{ "050100", "0500 05010001000000000000",
	  "method 00\nfailed REQUEST in reply code 01 NAME_EMPTY\n", false },
	{ "050100", "0500 05010001000000000000",
	  "method 00\nfailed REQUEST in reply code 01 NAME_CONTROL\n", false },
	{ "050100", "0500 05010001000000000000",
	  "method 00\nfailed REQUEST in reply code 01 NAME_CONTROL\n", false },
	{ "050102", "0502 0101", "method 02\nfailed MALFORMED in credentials code 01 SUBVER\n",
	  true },
	{ "050102", "0502 0101",
	  "method 02\ncredentials  pw\nfailed CREDENTIALS in status code 01\n", false },
	{ "050102", "0502", "method 02\n", true },
};

TEST(malformed_input_is_answered_as_its_comment_says)
{
	char in[128];

	vector_load(&vector, "55-malformed");
	assert_int_equal(vector.n, LENGTH(malformed));
	for (size_t i = 0; i < vector.n; i++) {
		snprintf(in, sizeof in, "%s%.100s", malformed[i].before, vector.lines[i].hex);
		HOLDS(.role = S5_SERVER, .methods = "02 00", .in = in, .out = malformed[i].out,
		      .log = malformed[i].log,
		      .stream = malformed[i].left ? vector.lines[i].hex : "");
	}
}

/* Whatever message a line really is: no reader may stumble over it. */
TEST(every_line_of_every_recording_is_read_soundly_as_anything)
{
	uint8_t octets[VECTOR_TEXT];

	for (size_t i = 0; i < LENGTH(clear_recordings); i++) {
		vector_load(&vector, clear_recordings[i]);
		for (size_t k = 0; k < vector.n * CODEC_COUNT; k++) {
			size_t n = hex(octets, sizeof octets, vector.lines[k / CODEC_COUNT].hex);
			const char *fault = codec_fault(&codecs[k % CODEC_COUNT], octets, n);

			if (fault)
				fail_msg("%s as %s: %s", vector.lines[k / CODEC_COUNT].hex,
					 codecs[k % CODEC_COUNT].name, fault);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(DEC_2_observer_follows_every_recorded_dialogue),
		cmocka_unit_test(recorded_clients_are_served),
		cmocka_unit_test(R1928_3_15_recorded_pipelining_is_served),
		cmocka_unit_test(recorded_servers_are_understood),
		cmocka_unit_test(R1928_6_12_recorded_refusals_are_understood),
		cmocka_unit_test(R1928_6_16_a_reply_of_each_code),
		cmocka_unit_test(R1928_4_12_each_form_of_address),
		cmocka_unit_test(malformed_input_is_answered_as_its_comment_says),
		cmocka_unit_test(every_line_of_every_recording_is_read_soundly_as_anything),
	};

	return RUN(tests);
}

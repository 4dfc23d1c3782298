/* The recorded dialogues under GSSAPI. Their keys are gone: an observer sees the tokens pass, reads
 * on where messages are only signed, and a server and a client without the keys refuse. */
#include "dialogue.h"
#include "fakegss.h"
#include "recordings.h"
#include "vectors.h"
#include "wire/gsstoken.h"

static struct vector vector;
static struct drive run;

/* What `from` sent behind the dialogue, out of its seal where that can be read. */
static void say_stream(enum s5_role from, const char *who)
{
	static uint8_t octets[2 * DRIVE_ROOM], plain[2 * DRIVE_ROOM];
	struct s5_writer out = s5_writer_over(plain, sizeof plain);
	bool readable = run.s.level <= S5_LEVEL_INTEGRITY;
	struct s5_seal *seal = readable ? s5_session_take_seal(&run.s, from) : NULL;
	size_t early, rest = run.in[from].len - run.in[from].given;
	const uint8_t *head = s5_session_early(&run.s, from, &early);

	s5_put_octets(&out, head, early);
	memcpy(octets, run.in[from].octets + run.in[from].given, rest);
	if (seal)
		assert_int_equal(s5_seal_unwrap(seal, octets, rest, &out), S5_OK);
	else
		s5_put_octets(&out, octets, rest);
	s5_seal_free(seal);
	if (!out.len)
		return;
	drive_say(&run, "%s stream %zu ", who, out.len);
	drive_say_hex(&run, plain, out.len);
	drive_say(&run, "\n");
}

enum order { AS_RECORDED, OCTET_BY_OCTET, CLIENT_FIRST, SERVER_FIRST, ORDERS };

static void observe(enum order order)
{
	static const struct s5_session_config config = { .watch = true };

	drive_init(&run, S5_OBSERVER, &config);
	for (size_t i = 0; i < 2 * vector.n; i++) {
		enum s5_role from = vector.lines[i % vector.n].from;
		bool first = i < vector.n;
		uint8_t octets[VECTOR_TEXT];
		size_t n = hex(octets, sizeof octets, vector.lines[i % vector.n].hex);

		if (order <= OCTET_BY_OCTET
			    ? !first
			    : (from == S5_CLIENT) != (first == (order == CLIENT_FIRST)))
			continue;
		for (size_t at = 0, step = order == OCTET_BY_OCTET ? 1 : n; at < n; at += step)
			drive_feed(&run, from, octets + at, step);
	}
	say_stream(S5_CLIENT, "client");
	say_stream(S5_SERVER, "server");
}

TEST(DEC_2_observer_follows_every_recorded_dialogue_under_gssapi)
{
	static char want[4 * DRIVE_ROOM];

	for (size_t i = 0; i < LENGTH(gssapi_recordings); i++) {
		FILE *file = vector_open(gssapi_recordings[i], "txt");

		want[fread(want, 1, sizeof want - 1, file)] = 0;
		fclose(file);
		vector_load(&vector, gssapi_recordings[i]);
		for (unsigned order = 0; order < ORDERS; order++) {
			observe((enum order)order);
			if (!strcmp(run.log, want))
				continue;
			print_error("%s, order %u, got:\n%s", gssapi_recordings[i], order, run.log);
			fail();
		}
	}
}

/* Who has not the keys sends the abort, and nothing of the request is looked at. */
TEST(R1961_3_9_recorded_clients_are_refused)
{
	static uint8_t octets[DRIVE_ROOM];

	for (size_t i = 0; i < LENGTH(gssapi_recordings); i++) {
		struct dialogue d = { .role = S5_SERVER, .methods = "01", .levels = 6 };
		size_t n = 0;

		vector_load(&vector, gssapi_recordings[i]);
		for (size_t k = 0; k < vector.n; k++)
			if (vector.lines[k].from == S5_CLIENT)
				n += hex(octets + n, sizeof octets - n, vector.lines[k].hex);
		dialogue_run(&d, octets, n, 0, 100, &run);
		octets_equal(run.out, run.outlen, "0501 01ff", __FILE__, __LINE__);
		assert_string_equal(run.log, "method 01\nfailed CONTEXT in security token\n");
	}
}

TEST(R1961_3_10_the_recorded_abort_is_understood)
{
	vector_load(&vector, "36-gss-abort");
	assert_string_equal(vector.lines[vector.n - 1].hex, "01ff");
	HOLDS(.role = S5_CLIENT, .methods = "01", .cmd = 1, .host = "a", .port = 80, .level = 1,
	      .in = "0501 01ff", .out = "050101 01010001 a1",
	      .log = "method 01\nfailed ABORTED in security token\n");
}

/* The plaintext that the comment above a datagram tells; false: no such datagram. */
static bool next_datagram(FILE *file, char *plain, char *sealed)
{
	static char line[VECTOR_TEXT];

	while (fgets(line, sizeof line, file)) {
		const char *told = strstr(line, "plaintext ");

		line[strcspn(line, "\n")] = 0;
		if (line[0] == '#' && told)
			strcpy(plain, told + strlen("plaintext "));
		if ((line[0] == 'C' || line[0] == 'S') && line[1] == 'u') {
			strcpy(sealed, line + 4);
			return true;
		}
	}
	return false;
}

static void check_datagrams(const char *name, bool readable)
{
	static char told[VECTOR_TEXT], text[VECTOR_TEXT];
	struct s5_seal *seal = s5_seal_new_peek(&(struct s5_seal_peek){ .saw = NULL });
	FILE *file = vector_open(name, "hex");
	unsigned count = 0;

	for (; next_datagram(file, told, text); count++) {
		uint8_t octets[VECTOR_TEXT];
		size_t n = hex(octets, sizeof octets, text), nplain;
		const uint8_t *plain;
		enum s5_seal_fault fault =
			s5_seal_unwrap_datagram(seal, octets, n, &plain, &nplain);

		assert_int_equal(fault, readable ? S5_SEAL_GOOD : S5_SEAL_DEFECTIVE);
		if (readable)
			octets_equal(plain, nplain, told, __FILE__, __LINE__);
		assert_int_equal(s5_seal_unwrap_datagram(seal, octets, n - 1, &plain, &nplain),
				 S5_SEAL_CLEAR);
	}
	assert_int_equal(count, 2);
	fclose(file);
	s5_seal_free(seal);
}

TEST(R1961_5_11_a_recorded_datagram_is_one_frame)
{
	check_datagrams("41-gss-udp-level1", true);
	check_datagrams("42-gss-udp-level2", false);
}

/* What the comments of the file say. */
TEST(R1961_3_1_recorded_frames)
{
	static const struct {
		enum s5_rc rc;
		uint8_t mtyp;
	} want[] = {
		{ S5_OK, S5_MTYP_AUTH },
		{ S5_OK, S5_MTYP_ABORT },
		{ S5_OK, S5_MTYP_LEVEL },
		{ S5_OK, S5_MTYP_LEVEL },
		{ S5_OK, S5_MTYP_DATA },
		{ S5_BAD, 0 },
		{ S5_BAD, 0 },
		{ S5_OK, S5_MTYP_DATA },
		{ S5_MORE, S5_MTYP_AUTH },
	};
	struct s5_gssframe f;

	vector_load(&vector, "57-gss-framing");
	assert_int_equal(vector.n, LENGTH(want) + 2);
	for (size_t i = 0; i < LENGTH(want); i++) {
		uint8_t octets[64];
		struct s5_reader in =
			s5_reader_over(octets, hex(octets, sizeof octets, vector.lines[i].hex));

		assert_int_equal(s5_gssframe_get(&in, &f), want[i].rc);
		if (want[i].rc != S5_BAD)
			assert_int_equal(f.mtyp, want[i].mtyp);
	}
}

/* RFC 4121 4.2.5: the checksum may be in front of the plaintext, or in two pieces around it. */
TEST(DEC_4_the_plaintext_of_a_wrap_token_is_found_in_every_rotation)
{
	static const struct {
		const char *token, *plain; /* NULL: it cannot be had in one piece */
		unsigned flags;
	} rows[] = {
		{ "0504 04 ff 0004 0000 0000000000000007 616263 01020304", "616263", 4 },
		{ "0504 05 ff 0004 0004 0000000000000007 01020304 616263", "616263", 5 },
		{ "0504 05 ff 0004 0002 0000000000000007 0304 616263 0102", "616263", 5 },
		{ "0504 05 ff 0004 0007 0000000000000007 616263 01020304", "616263", 5 },
		{ "0504 05 ff 0004 0005 0000000000000007 63 01020304 6162", NULL, 5 },
		{ "0504 06 ff 0000 0000 0000000000000007 616263 01020304", NULL, 6 },
		{ "0504 04 ff 0008 0000 0000000000000007 616263 01020304", NULL, 4 },
		{ "0504 04 ff 0000 0000 0000000000000007", "", 4 },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint8_t octets[64];
		size_t n = hex(octets, sizeof octets, rows[i].token);
		struct s5_reader in = s5_reader_over(octets, n);
		struct s5_wrap_token t;

		assert_int_equal(s5_wrap_token_get(&in, &t), S5_OK);
		assert_int_equal(t.flags, rows[i].flags);
		assert_int_equal(t.seq, 7);
		assert_int_equal(t.plain != NULL, rows[i].plain != NULL);
		if (t.plain)
			octets_equal(t.plain, t.nplain, rows[i].plain, __FILE__, __LINE__);
		for (size_t cut = 0; cut < 16; cut++) {
			in = s5_reader_over(octets, cut);
			assert_int_equal(s5_wrap_token_get(&in, &t), S5_BAD);
			assert_null(t.plain);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(DEC_2_observer_follows_every_recorded_dialogue_under_gssapi),
		cmocka_unit_test(R1961_3_9_recorded_clients_are_refused),
		cmocka_unit_test(R1961_3_10_the_recorded_abort_is_understood),
		cmocka_unit_test(R1961_5_11_a_recorded_datagram_is_one_frame),
		cmocka_unit_test(R1961_3_1_recorded_frames),
		cmocka_unit_test(DEC_4_the_plaintext_of_a_wrap_token_is_found_in_every_rotation),
	};

	return RUN(tests);
}

/* Conversations as they pass by: the recorded ones, those of SOCKS4, and broken ones, cut in every way. */
#include "base/names.h"
#include "dissect/talk.h"
#include "drive.h"
#include "recordings.h"
#include "saying.h"
#include "seen.h"
#include "vectors.h"

#define ROOM (2 * S5_TALK_HELD)

static struct s5_talk talk;
/* Said is a line for all that is told but octets that are no message. */
static struct {
	struct {
		uint8_t octets[ROOM];
		size_t n;
	} told[2], rest[2]; /* all that was told; what was no message */
	uint64_t off[2][2]; /* where the next octets have to stand: in clear, sealed */
} got;

static const char *who(enum s5_role from)
{
	return from == S5_CLIENT ? "client" : "server";
}

static void say_message(const struct s5_seen *seen)
{
	say("%s %s ", who(seen->from), s5_step_name(seen->step));
	for (size_t i = 0; i < seen->len; i++)
		say("%02x", seen->octets[i]);
	for (unsigned i = 0; i < seen->trace->nmarks; i++)
		say(" %s@%u", drive_note(seen->trace->mark[i].note), seen->trace->mark[i].off);
	say("\n");
}

static void say_seen(const struct s5_seen *seen)
{
	switch (seen->kind) {
	case S5_SEEN_MESSAGE:
		say_message(seen);
		break;
	case S5_SEEN_FAULT:
		say("%s fault in %s: %s", who(seen->from), s5_step_name(seen->step), seen->why);
		if (seen->need)
			say(", %s lacks %d", s5_field_name(seen->field), (int)seen->need);
		say("\n");
		break;
	case S5_SEEN_CLOSED:
		say("%s closed before %s\n", who(seen->from), s5_step_name(seen->step));
		break;
	case S5_SEEN_GAP:
		say("%s gap of %d\n", who(seen->from), (int)seen->len);
		break;
	case S5_SEEN_SEALED:
	case S5_SEEN_DATA:
	case S5_SEEN_REST:
	case S5_SEEN_DATAGRAM: /* never of a connection */
	case S5_SEEN_WHOLE:
		break;
	}
}

static void keep(uint8_t *all, size_t *n, const struct s5_seen *seen)
{
	assert_true(*n + seen->len <= ROOM);
	memcpy(all + *n, seen->octets, seen->len);
	*n += seen->len;
}

static void seen(void *arg, const struct s5_seen *seen)
{
	uint64_t *off = &got.off[seen->from][seen->sealed];

	assert_ptr_equal(arg, &got);
	assert_int_equal(seen->off, *off);
	*off += seen->len;
	say_seen(seen);
	if (!seen->octets || !seen->len)
		return;
	assert_true(seen_fits(seen));
	if (!seen->sealed)
		keep(got.told[seen->from].octets, &got.told[seen->from].n, seen);
	if (seen->kind == S5_SEEN_SEALED ? talk.session.level > S5_LEVEL_INTEGRITY
					 : seen->kind != S5_SEEN_MESSAGE)
		keep(got.rest[seen->from].octets, &got.rest[seen->from].n, seen);
}

static void begin(void)
{
	memset(&got, 0, sizeof got);
	say_nothing();
	s5_talk_init(&talk, seen, &got);
}

static void end(void)
{
	s5_talk_end(&talk, S5_CLIENT, true);
	s5_talk_end(&talk, S5_SERVER, true);
	s5_talk_fini(&talk);
}

/* In pieces that lie in memory of their own: a step beyond them is found. */
static void give(enum s5_role from, const uint8_t *octets, size_t n, size_t width)
{
	for (size_t at = 0; at < n; at += width) {
		size_t piece = width < n - at ? width : n - at;
		uint8_t *copy = exact_copy(octets + at, piece);

		s5_talk_recv(&talk, from, copy, piece, 0);
		free(copy);
	}
}

static void say_rest(void)
{
	for (unsigned side = 0; side < 2; side++) {
		if (!got.rest[side].n)
			continue;
		say("%s stream %zu ", who((enum s5_role)side), got.rest[side].n);
		for (size_t i = 0; i < got.rest[side].n; i++)
			say("%02x", got.rest[side].octets[i]);
		say("\n");
	}
}

static struct vector vector;

#define RECORDINGS (DIALOGUES + LENGTH(gssapi_recordings))

static const char *recording(size_t i)
{
	return i < DIALOGUES ? clear_recordings[i] : gssapi_recordings[i - DIALOGUES];
}

/* The lines of a recording's text that are messages and streams. */
static void read_wanted(const char *name, char *want, size_t size)
{
	static char line[4 * DRIVE_ROOM];
	FILE *file = vector_open(name, "txt");
	size_t len = 0;

	want[0] = 0;
	while (fgets(line, sizeof line, file)) {
		if (strncmp(line, "client ", 7) && strncmp(line, "server ", 7))
			continue;
		len += (size_t)snprintf(want + len, size - len, "%s", line);
		assert_true(len < size);
	}
	fclose(file);
}

/* How the two directions may come: as recorded, or all of one before the other. */
enum order { AS_RECORDED, CLIENT_FIRST, SERVER_FIRST, ORDERS };

static void give_lines(unsigned dialogue, enum order order, size_t width)
{
	static uint8_t octets[VECTOR_TEXT];

	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < vector.n; i++) {
			enum s5_role from = vector.lines[i].from;
			bool first = order == AS_RECORDED ||
				     (from == S5_CLIENT) == (order == CLIENT_FIRST);

			if (vector.lines[i].dialogue == dialogue && first == !pass)
				give(from, octets, hex(octets, sizeof octets, vector.lines[i].hex),
				     width);
		}
}

static void replay(const char *name, enum order order, size_t width)
{
	static char want[ROOM], all[ROOM];
	size_t len = 0;

	vector_load(&vector, name);
	read_wanted(name, want, sizeof want);
	for (unsigned i = 0; i <= vector.lines[vector.n - 1].dialogue; i++) {
		begin();
		give_lines(i, order, width);
		s5_talk_end(&talk, S5_CLIENT, false);
		s5_talk_end(&talk, S5_SERVER, false);
		s5_talk_fini(&talk);
		say_rest();
		len += (size_t)snprintf(all + len, sizeof all - len, "%s", said.text);
	}
	if (strcmp(all, want))
		fail_msg("%s, order %u, width %zu, got:\n%s", name, order, width, all);
}

TEST(DEC_2_every_recording_in_every_order_and_segmentation)
{
	for (size_t i = 0; i < RECORDINGS; i++)
		for (unsigned order = 0; order < ORDERS; order++)
			for (size_t width = 1; width < 2 * VECTOR_TEXT; width = 3 * width + 1)
				replay(recording(i), (enum order)order, width);
}

/* Whatever is broken: all octets are told once and in order. */
static void check_told(enum s5_role from, const uint8_t *octets, size_t n)
{
	assert_int_equal(got.told[from].n, n);
	assert_memory_equal(got.told[from].octets, octets, n);
}

/* The recording with octet `at` of all flipped, or (cut) only what comes before it. */
static bool spoil(size_t at, bool cut, uint8_t bits)
{
	static uint8_t sent[2][ROOM], octets[VECTOR_TEXT];
	size_t n, nsent[2] = { 0, 0 }, seen_so_far = 0;

	begin();
	for (size_t i = 0; i < vector.n; i++) {
		enum s5_role from = vector.lines[i].from;

		n = hex(octets, sizeof octets, vector.lines[i].hex);
		if (at >= seen_so_far && at < seen_so_far + n) {
			octets[at - seen_so_far] ^= bits;
			n = cut ? at - seen_so_far : n;
		} else if (cut && at < seen_so_far) {
			n = 0;
		}
		memcpy(sent[from] + nsent[from], octets, n);
		nsent[from] += n;
		seen_so_far += n;
		give(from, octets, n, VECTOR_TEXT);
		if (cut && n < hex(octets, sizeof octets, vector.lines[i].hex))
			break;
	}
	end();
	check_told(S5_CLIENT, sent[S5_CLIENT], nsent[S5_CLIENT]);
	check_told(S5_SERVER, sent[S5_SERVER], nsent[S5_SERVER]);
	return at < seen_so_far;
}

TEST(every_recording_cut_at_every_octet_and_with_every_octet_flipped)
{
	for (size_t i = 0; i < RECORDINGS; i++) {
		vector_load(&vector, recording(i));
		for (size_t at = 0; spoil(at, false, 0xff) && spoil(at, false, 0x01); at++)
			spoil(at, true, 0);
	}
}

struct talks {
	const char *lines; /* c HEX, s HEX, c. or s.: it closes; c-7: seven octets are missing */
	const char *log;
};

static void run_line(const char *line)
{
	enum s5_role from = line[0] == 'c' ? S5_CLIENT : S5_SERVER;
	uint8_t octets[256];

	if (line[1] == '.')
		s5_talk_end(&talk, from, true);
	else if (line[1] == '-')
		s5_talk_gap(&talk, from, strtoull(line + 2, NULL, 10));
	else
		give(from, octets, hex(octets, sizeof octets, line + 2), 1);
}

static void talked(const struct talks *row)
{
	char lines[1024], *rest = lines, *line;

	strcpy(lines, row->lines);
	begin();
	while ((line = strsep(&rest, "|")))
		if (*line)
			run_line(line);
	s5_talk_end(&talk, S5_CLIENT, false);
	s5_talk_end(&talk, S5_SERVER, false);
	s5_talk_fini(&talk);
	say_rest();
	assert_string_equal(said.text, row->log);
}

TEST(DEC_5_socks4_and_4a_are_followed)
{
	static const struct talks rows[] = {
		{ "c 040146507f00000100|s 005a000000000000|c 6869|s 686f",
		  "client request 040146507f00000100\nserver reply 005a000000000000\n"
		  "client stream 2 6869\nserver stream 2 686f\n" },
		{ "c 0401465000000001007800|s 005b000000000000|c 6869",
		  "client request 0401465000000001007800\nserver reply 005b000000000000\n"
		  "client stream 2 6869\n" },
		{ "c 040246507f00000100|s 005a123400000000|s 005a123401020304|s 6869",
		  "client request 040246507f00000100\nserver reply 005a123400000000\n"
		  "server second reply 005a123401020304\nserver stream 2 6869\n" },
		{ "s 005a000000000000|c 040146507f00000100",
		  "client request 040146507f00000100\nserver reply 005a000000000000\n" },
		{ "c 04014650|c.", "client fault in request: it is cut short, destination address "
				   "lacks 4\nclient stream 4 04014650\n" },
		{ "c 040146507f00000100|s.",
		  "client request 040146507f00000100\nserver closed before reply\n" },
		{ "c 040146507f00000100|s 055a|c 68|s 69",
		  "client request 040146507f00000100\n"
		  "server fault in reply: version is not 05\n"
		  "client stream 1 68\nserver stream 3 055a69\n" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		talked(&rows[i]);
}

#define AGREED(level) "c 0501010101000161|s 050101010000|c 01020001" level "|s 01020001" level "|"
#define SAID(level)                                                          \
	"client method list 050101\nserver method choice 0501\n"             \
	"client security token 0101000161\nserver security token 01010000\n" \
	"client protection level 01020001" level "\nserver protection level 01020001" level "\n"
#define SIGNED(len, octets) "010300" len "050404ff000000000000000000000001" octets
#define ENCRYPTED "01030012050406ff000000000000000000000001beef"
#define CONNECT "050100017f0000010050"
#define BIND "050200017f0000010050"
#define REPLY "05000001000000000000"

TEST(DEC_3_what_is_broken_is_told_with_field_and_lack_and_the_rest_as_such)
{
	static const struct talks rows[] = {
		{ "c 050100|s 0500|c 0501000305616263|c.",
		  "client method list 050100\nserver method choice 0500\n"
		  "client fault in request: it is cut short, destination address lacks 2\n"
		  "client stream 8 0501000305616263\n" },
		{ "c 474554202f", "client fault in method list: version is not 05\n"
				  "client stream 5 474554202f\n" },
		{ "c 050100|s.|c 01",
		  "client method list 050100\nserver closed before method choice\n"
		  "client stream 1 01\n" },
		{ "c 050100|s 05ff|c 01|s 02",
		  "client method list 050100\nserver method choice 05ff\n"
		  "client stream 1 01\nserver stream 1 02\n" },
		{ "c 050100|s-7|s 0500|c 01",
		  "client method list 050100\n"
		  "server fault in method choice: octets of the dialogue are missing\n"
		  "server gap of 7\nclient stream 1 01\nserver stream 2 0500\n" },
		{ "c 050100050100017f0000010050|s 050005000001000000000000|c 61|c-7|c 62",
		  "client method list 050100\nserver method choice 0500\n"
		  "client request 050100017f0000010050\nserver reply 05000001000000000000\n"
		  "client gap of 7\nclient stream 2 6162\n" },
		/* Where the one is lost, the other is not. */
		{ AGREED("01") "c " SIGNED("1a", CONNECT) "|s " SIGNED(
			  "1a", REPLY) "|c-7|c 6869|"
				       "s " SIGNED("12", "686f"),
		  SAID("01") "client request " CONNECT "\nserver reply " REPLY "\n"
			     "client fault in stream: octets of a sealed message are missing\n"
			     "client gap of 7\nclient stream 2 6869\nserver stream 2 686f\n" },
		{ "s 0500", "server stream 2 0500\n" },
		{ "", "" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		talked(&rows[i]);
}

TEST(any_number_of_octets_may_come_at_once)
{
	static uint8_t octets[S5_TALK_HELD + 4096];
	size_t n = hex(octets, sizeof octets, "050100050100017f0000010050");

	begin();
	run_line("s 050005000001000000000000");
	give(S5_CLIENT, octets, sizeof octets, sizeof octets);
	end();
	assert_string_equal(said.text, "client method list 050100\nserver method choice 0500\n"
				       "client request 050100017f0000010050\n"
				       "server reply 05000001000000000000\n");
	assert_int_equal(got.rest[S5_CLIENT].n, sizeof octets - n);
}

/* Level 1 can be read on, level 2 cannot. */
TEST(R1961_5_1_what_is_not_sealed_is_told_as_such_and_read_in_clear)
{
	static const struct talks rows[] = {
		{ AGREED("01") "c " CONNECT "|s " REPLY "|c 6869|s 686f",
		  SAID("01") "client request " CONNECT " SEAL_MISSING@0\n"
			     "server reply " REPLY " SEAL_MISSING@0\n"
			     "client stream 2 6869\nserver stream 2 686f\n" },
		{ AGREED("01") "c " CONNECT "6869|s " SIGNED("1a", REPLY) SIGNED("12", "686f"),
		  SAID("01") "client request " CONNECT " SEAL_MISSING@0\n"
			     "server reply " REPLY "\n"
			     "client stream 2 6869\nserver stream 2 686f\n" },
		{ AGREED("01") "c " SIGNED("1a", CONNECT) "|s " REPLY
							  "686f|c " SIGNED("12", "6869"),
		  SAID("01") "client request " CONNECT "\n"
			     "server reply " REPLY " SEAL_MISSING@0\n"
			     "client stream 2 6869\nserver stream 2 686f\n" },
		{ AGREED("01") "c " BIND "|s " REPLY "|s " REPLY "|s 686f",
		  SAID("01") "client request " BIND " SEAL_MISSING@0\n"
			     "server reply " REPLY " SEAL_MISSING@0\n"
			     "server second reply " REPLY " SEAL_MISSING@0\n"
			     "server stream 2 686f\n" },
		{ AGREED("02") "c " CONNECT "|s " REPLY "|c 6869|s 686f",
		  SAID("02") "client request " CONNECT " SEAL_MISSING@0\n"
			     "server reply " REPLY " SEAL_MISSING@0\n"
			     "client stream 2 6869\nserver stream 2 686f\n" },
		{ AGREED("02") "c " CONNECT "|s " ENCRYPTED "|c 6869",
		  SAID("02") "client request " CONNECT " SEAL_MISSING@0\n"
			     "client stream 2 6869\nserver stream 22 " ENCRYPTED "\n" },
		{ AGREED("02") "c " ENCRYPTED "|s " REPLY "686f|c " ENCRYPTED,
		  SAID("02") "server reply " REPLY " SEAL_MISSING@0\n"
			     "client stream 44 " ENCRYPTED ENCRYPTED "\nserver stream 2 686f\n" },
		{ AGREED("02") "s " ENCRYPTED "|c " ENCRYPTED,
		  SAID("02") "client stream 22 " ENCRYPTED "\nserver stream 22 " ENCRYPTED "\n" },
		{ AGREED("02") "c " CONNECT "|s.",
		  SAID("02") "client request " CONNECT " SEAL_MISSING@0\n"
			     "server closed before reply\n" },
		{ AGREED("02") "c " ENCRYPTED "|s.",
		  SAID("02") "server closed before reply\nclient stream 22 " ENCRYPTED "\n" },
		{ AGREED("02") "c 474554|s " ENCRYPTED "|c 20|s " ENCRYPTED,
		  SAID("02") "client fault in stream: what came is no sealed message\n"
			     "client stream 4 47455420\n"
			     "server stream 44 " ENCRYPTED ENCRYPTED "\n" },
		{ AGREED("01") "c 0500|s 05",
		  SAID("01") "client fault in request: it is cut short, reserved lacks 1\n"
			     "client stream 2 0500\nserver stream 1 05\n" },
		{ AGREED("01") "c 474554",
		  SAID("01") "client fault in request: what came is no sealed message\n"
			     "client stream 3 474554\n" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		talked(&rows[i]);
}

/* What Tor adds is not assigned, and no fault: the answer stands in the reply, and no data follows. */
TEST(tors_resolve_is_followed)
{
	static const struct talks rows[] = {
		{ "c 05010005f000030161 0000|s 050005000001c00002010000|s.|c.",
		  "client method list 050100\nserver method choice 0500\n"
		  "client request 05f0000301610000 CMD_UNKNOWN@1\n"
		  "server reply 05000001c00002010000\n" },
		{ "c 05010005f10001c00002010000|s 05000500000301610000|c.|s.",
		  "client method list 050100\nserver method choice 0500\n"
		  "client request 05f10001c00002010000 CMD_UNKNOWN@1\n"
		  "server reply 0500000301610000 BND_NAME@5\n" },
		{ "c 05010005f200030161 0050|s 050005f70001000000000000|c 61",
		  "client method list 050100\nserver method choice 0500\n"
		  "client request 05f2000301610050 CMD_UNKNOWN@1\n"
		  "server reply 05f70001000000000000 REP_UNKNOWN@1\nclient stream 1 61\n" },
		{ "c 04f00000000000010061 00|s 005a0000c0000201|s.|c.",
		  "client request 04f0000000000001006100 SOCKS4_CMD@1\n"
		  "server reply 005a0000c0000201\n" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		talked(&rows[i]);
	for (unsigned rep = 0xf0; rep < 0xf8; rep++)
		assert_memory_equal(s5_rep_name((uint8_t)rep), "tor: ", 5);
	assert_string_equal(s5_cmd_name(0xf0), "tor resolve");
	assert_string_equal(s5_cmd_name(0xf1), "tor resolve ptr");
	assert_string_equal(s5_cmd_name(0xf2), "tor connect dir");
	assert_string_equal(s5_cd_name(0xf0), "tor resolve");
}

/* The seal of the stream is at fault, and that was found while the dialogue was still going on. */
TEST(R1961_5_3_a_bad_token_glued_to_the_last_message_is_told)
{
	begin();
	run_line("c 0501010101000161");
	run_line("s 050101010000");
	run_line("c 0102000101");
	run_line("s 0102000101");
	run_line("s 0103001a 050405ff00000000 0000000000000001 05000001000000000000 01030001 ff");
	run_line("c 0103001a 050404ff00000000 0000000000000001 050100017f0000010050");
	end();
	assert_non_null(strstr(said.text, "server reply 05000001000000000000\n"
					  "server fault in stream: "));
}

static const char too_much[] = "too much came before what had to come first";

TEST(octets_that_wait_for_the_other_side_are_kept_up_to_a_bound)
{
	static const uint8_t zeros[4096];

	begin();
	run_line("c 050100");
	for (size_t n = 0; n < S5_TALK_HELD + S5_SESSION_ROOM + sizeof zeros; n += sizeof zeros) {
		s5_talk_recv(&talk, S5_CLIENT, zeros, sizeof zeros, 0);
		if (talk.state == S5_TALK_LOST)
			break;
	}
	assert_int_equal(talk.state, S5_TALK_LOST);
	end();
	assert_non_null(strstr(said.text, too_much));
}

TEST(what_waits_is_charged_to_a_budget_and_given_back)
{
	static const uint8_t zeros[1000];
	struct s5_budget budget = { .limit = 8192 };

	begin();
	talk.budget = &budget;
	give(S5_SERVER, zeros, sizeof zeros, sizeof zeros);
	assert_in_range(budget.used, sizeof zeros, 2 * sizeof zeros);
	give(S5_SERVER, zeros, sizeof zeros, sizeof zeros);
	assert_in_range(budget.used, 2 * sizeof zeros, 4 * sizeof zeros);
	assert_string_equal(said.text, "");
	end();
	assert_int_equal(budget.used, 0);

	begin();
	talk.budget = &budget;
	run_line("c 050100");
	assert_int_equal(budget.used, 0);
	run_line("c 050100017f0000010050");
	run_line("s 050005000001000000000000");
	assert_int_equal(talk.state, S5_TALK_OPEN);
	give(S5_CLIENT, zeros, sizeof zeros, 1);
	assert_int_equal(budget.used, 0);
	end();
	assert_int_equal(budget.used, 0);
}

TEST(a_budget_that_others_have_used_up_is_no_memory)
{
	static const uint8_t zeros[1000];
	struct s5_budget budget = { .used = 6000, .limit = 8192 };

	begin();
	talk.budget = &budget;
	give(S5_SERVER, zeros, sizeof zeros, 1);
	assert_int_equal(talk.state, S5_TALK_UNKNOWN);
	give(S5_SERVER, zeros, sizeof zeros, 1);
	assert_int_equal(talk.state, S5_TALK_LOST);
	assert_int_equal(budget.used, 6000);
	assert_non_null(strstr(said.text, s5_cause_text(S5_CAUSE_MEMORY)));
	end();
	assert_int_equal(budget.used, 6000);
	assert_int_equal(got.told[S5_SERVER].n, 2 * sizeof zeros);
}

TEST(what_a_seal_holds_is_charged_too)
{
	static const uint8_t zeros[5000];
	struct s5_budget budget = { .limit = 8192 };

	vector_load(&vector, "31-gss-tcp-level1");
	begin();
	talk.budget = &budget;
	give_lines(0, AS_RECORDED, VECTOR_TEXT);
	assert_int_equal(talk.state, S5_TALK_OPEN);
	assert_int_equal(budget.used, 0);
	run_line("c 0103ffff");
	give(S5_CLIENT, zeros, sizeof zeros, 100);
	assert_int_equal(budget.used, sizeof zeros + 4);
	run_line("s 0103ffff");
	give(S5_SERVER, zeros, sizeof zeros, 100);
	assert_int_equal(budget.used, sizeof zeros + 4);
	assert_non_null(strstr(said.text, s5_cause_text(S5_CAUSE_MEMORY)));
	end();
	assert_int_equal(budget.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(DEC_2_every_recording_in_every_order_and_segmentation),
		cmocka_unit_test(every_recording_cut_at_every_octet_and_with_every_octet_flipped),
		cmocka_unit_test(DEC_5_socks4_and_4a_are_followed),
		cmocka_unit_test(
			DEC_3_what_is_broken_is_told_with_field_and_lack_and_the_rest_as_such),
		cmocka_unit_test(any_number_of_octets_may_come_at_once),
		cmocka_unit_test(R1961_5_1_what_is_not_sealed_is_told_as_such_and_read_in_clear),
		cmocka_unit_test(tors_resolve_is_followed),
		cmocka_unit_test(R1961_5_3_a_bad_token_glued_to_the_last_message_is_told),
		cmocka_unit_test(octets_that_wait_for_the_other_side_are_kept_up_to_a_bound),
		cmocka_unit_test(what_waits_is_charged_to_a_budget_and_given_back),
		cmocka_unit_test(a_budget_that_others_have_used_up_is_no_memory),
		cmocka_unit_test(what_a_seal_holds_is_charged_too),
	};

	return RUN(tests);
}

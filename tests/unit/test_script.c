/* Conversations that somebody wrote down. */
#include "dissect/script.h"
#include "base/budget.h"
#include "recordings.h"
#include "saying.h"
#include "seen.h"
#include "testlib.h"
#include "vectors.h"

static void fresh(void *arg)
{
	(void)arg;
	say("fresh\n");
}

static void on_seen(void *arg, const struct s5_seen *seen)
{
	static const char *const kinds[] = { "",      "sealed", "data",	    "gap",  "fault",
					     "close", "rest",	"datagram", "whole" };

	(void)arg;
	assert_true(seen_fits(seen));
	say("%s %s %llu+%llu%s\n", seen->from == S5_CLIENT ? "c" : "s",
	    seen->kind == S5_SEEN_MESSAGE ? s5_step_name(seen->step) : kinds[seen->kind],
	    (unsigned long long)seen->off, (unsigned long long)seen->len, seen->need ? " cut" : "");
}

/* What is told of the text, and the line with which it ends too early. */
static const char *told(const char *text, size_t len)
{
	static const struct s5_script_sink sink = { NULL, fresh, on_seen };
	struct s5_budget budget = { .limit = 100000 };
	char *copy = (char *)exact_copy((const uint8_t *)text, len);
	struct s5_script script;
	bool good = s5_script_read(&script, copy, len);

	free(copy);
	say_nothing();
	assert_int_equal(good, !script.why);
	s5_script_tell(&script, &budget, &sink);
	if (!good)
		say("line %zu: %s\n", script.line, script.why);
	s5_script_fini(&script);
	assert_int_equal(budget.used, 0);
	return said.text;
}

static void tells(const char *text, const char *want)
{
	assert_true(s5_script_is(text, strlen(text)));
	assert_string_equal(told(text, strlen(text)), want);
}

#define BEGIN "fresh\nc method list 0+3\ns method choice 0+2\n"

TEST(a_conversation_is_told_as_one)
{
	tells("# none\nC: 05 01 00\n S:\t05:00 \r\n\nC: 050100010a0000010050\n# server closes\n",
	      BEGIN "c request 3+10\ns close 2+0\n");
	tells("> 050100\n< 0500\n", BEGIN);
	tells("client: 050100\nserver: \\x05\\x00", BEGIN);
	tells("C: 050100\nS: 0500\n# a new connection:\nC: 050100\nS: 0500\n", BEGIN BEGIN);
	tells("C: 05\nC: 0100\nS: 0500\n", BEGIN);
	tells("C: 050100\nS: 0500\n# client closes", BEGIN "c close 3+0\n");
}

TEST(lines_that_are_no_conversation_are_told_one_by_one)
{
	tells("S: 05000001000000000000\nS: 05010001000000000000\n",
	      "fresh\ns reply 0+10\nfresh\ns reply 0+10\n");
	tells("C: 050100010a0000010050\n# another\nC: 0501000301610050\n",
	      "fresh\nc request 0+10\nfresh\nc request 0+8\n");
	/* Those that are one message. */
	tells("S: 0500\nC: 010161\nC: 0161\n# another\nC: 010161\n",
	      "fresh\ns method choice 0+2\nfresh\nc credentials 0+5\nfresh\nc fault 0+3 cut\n");
}

TEST(what_a_client_said_is_told_as_one)
{
	tells("C: 050100\n# and\nC: 050100010a0000010050\nC: 6869\n# server closes\n",
	      "fresh\nc method list 0+3\nc request 3+10\nc data 13+2\n");
	tells("C: 050102\nC: 010161\nC: 0161\n# a new connection\nC: 050100\nC: 05\n",
	      "fresh\nc method list 0+3\nc credentials 3+5\n"
	      "fresh\nc method list 0+3\nc fault 3+1 cut\n");
	/* Two of them are messages of two, and so are others behind one that deviates. */
	tells("C: 050100\nC: 05020002\n", "fresh\nc method list 0+3\nfresh\nc method list 0+4\n");
	tells("C: 050100\nC: 05\n# a new connection\nC: 0100\n",
	      "fresh\nc method list 0+3\nfresh\nc fault 0+1 cut\nfresh\nc fault 0+2 cut\n");
	tells("C: 0500\nC: 050100010a0000010050\n",
	      "fresh\nc method list 0+2\nfresh\nc request 0+10\n");
}

TEST(datagrams_are_told_with_their_conversation_or_alone)
{
	tells("Cu: 000000010a0000010050 61\nSu: 000000010a0000010050 61\nCu: 00\n",
	      "fresh\nc datagram 0+11\ns datagram 0+11\nc fault 11+1 cut\n");
	tells("C: 050100\nS: 0500\nC: 05030001000000000000\nS: 0500000100000000 0001\n"
	      "Cu: 000001010a0000010050 61\nCu: 000082010a0000010050 62\n",
	      BEGIN "c request 3+10\ns reply 2+10\nc datagram 0+11\nc datagram 11+11\n"
		    "c whole 22+2\n");
}

TEST(who_says_it_may_be_written_in_many_ways)
{
	static const char *const pairs[][2] = {
		{ "c:", "s:" },	      { "Client:", "SERVER:" },
		{ "C->S:", "S->C:" }, { "sent:", "received:" },
		{ "send:", "recv:" }, { ">>>", "<<<" },
		{ "->", "<-" },	      { ">", "<" },
	};
	char text[80];

	for (size_t i = 0; i < LENGTH(pairs); i++) {
		snprintf(text, sizeof text, "%s 05 01 00\n%s 05:00\n", pairs[i][0], pairs[i][1]);
		tells(text, BEGIN);
	}
}

TEST(comments_may_stand_behind_a_message)
{
	tells("C: 050100 # list\nS: 0500\t# 05\n", BEGIN);
	tells("C: \"\\5\\1\\0\" # list\nS: \"\\5\\0\"\nC: \"\\5\\1\\0\\3\\3a #\\0\\120\"\n",
	      BEGIN "c request 3+10\n");
	tells("C: b'\\x05\\x01\\x00' # it's a list\nS: '\\5\\0'\nC: b'\\5\\1\\0\\3\\3a #\\0\\120'\n",
	      BEGIN "c request 3+10\n");
}

TEST(what_strace_shows_is_a_conversation)
{
	tells("17 connect(5, {sa_family=AF_INET, ...}, 16) = -1 EINPROGRESS\n"
	      "17 sendto(5, \"\\5\\1\\0\", 3, MSG_NOSIGNAL, NULL, 0) = 3\n"
	      "17 recvfrom(5, 0x55c6, 2, 0, NULL, NULL) = -1 EAGAIN\n"
	      "17 recvfrom(5, \"\\5\\0\", 2, 0, NULL, NULL) = 2\n"
	      "17 write(5, \"\\5\\1\\0\\1\\177\\0\\0\\1\\37@\", 10) = 10\n+++ exited with 0 +++\n",
	      BEGIN "c request 3+10\n");
	tells("read(5, \"\\5\\0\"..., 2) = 2\n",
	      "fresh\ns method choice 0+2\nline 1: strace has cut it off; -s 65535 shows more\n");
}

TEST(only_so_many_lines_are_read)
{
	static char text[6 * (S5_SCRIPT_LINES + 1) + 1];
	struct s5_script script;
	size_t n = sizeof text - 1;

	assert_in_range(sizeof(struct s5_script_line), 1, 16);
	for (size_t i = 0; i < n; i += 6)
		memcpy(text + i, "C: 05\n", 6);
	assert_false(s5_script_read(&script, text, n));
	assert_string_equal(script.why, "more than 200000 lines");
	assert_int_equal(script.n, S5_SCRIPT_LINES);
	s5_script_fini(&script);
	assert_true(s5_script_read(&script, text, n - 6));
	assert_int_equal(script.n, S5_SCRIPT_LINES);
	s5_script_fini(&script);
}

TEST(what_is_no_octets_ends_it_and_is_said)
{
	tells("C: 050100\nS: 05 00\nS: hello\nC: 0501\n", BEGIN "line 3: neither hex nor base64\n");
	tells("C: 050100\n\nS: 0500\n050100\n",
	      BEGIN "line 4: it does not say who said it: C:, S:, Cu: or Su:\n");
	tells("C:\n", "line 1: nothing is there\n");
}

TEST(other_texts_are_none)
{
	static const char *const texts[] = { "", "\n\n# C: 05\n", "050100", "0x05", "Content: 05" };

	for (size_t i = 0; i < LENGTH(texts); i++)
		if (s5_script_is(texts[i], strlen(texts[i])))
			fail_msg("%s", texts[i]);
}

/* recordings */

static size_t load(char *text, size_t size, const char *name)
{
	FILE *file = vector_open(name, "hex");
	size_t n = fread(text, 1, size, file);

	fclose(file);
	assert_in_range(n, 1, size - 1);
	return n;
}

static void for_each_recording(void (*test)(char *text, size_t n))
{
	static char text[65536];

	for (size_t i = 0; i < LENGTH(clear_recordings) + LENGTH(gssapi_recordings); i++) {
		bool is_clear = i < LENGTH(clear_recordings);

		test(text, load(text, sizeof text,
				is_clear ? clear_recordings[i]
					 : gssapi_recordings[i - LENGTH(clear_recordings)]));
	}
}

static void is_cut(char *text, size_t n)
{
	for (size_t cut = 0; cut <= n; cut += cut < 3000 ? 1 : 97)
		told(text, cut);
}

static void is_flipped(char *text, size_t n)
{
	for (size_t i = 0; i < n; i += i < 3000 ? 1 : 97) {
		text[i] ^= 0x15;
		told(text, n);
		text[i] ^= 0x15;
	}
}

TEST(recordings_cut_anywhere_and_with_any_octet_flipped)
{
	for_each_recording(is_cut);
	for_each_recording(is_flipped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_conversation_is_told_as_one),
		cmocka_unit_test(lines_that_are_no_conversation_are_told_one_by_one),
		cmocka_unit_test(what_a_client_said_is_told_as_one),
		cmocka_unit_test(datagrams_are_told_with_their_conversation_or_alone),
		cmocka_unit_test(who_says_it_may_be_written_in_many_ways),
		cmocka_unit_test(comments_may_stand_behind_a_message),
		cmocka_unit_test(what_strace_shows_is_a_conversation),
		cmocka_unit_test(only_so_many_lines_are_read),
		cmocka_unit_test(what_is_no_octets_ends_it_and_is_said),
		cmocka_unit_test(other_texts_are_none),
		cmocka_unit_test(recordings_cut_anywhere_and_with_any_octet_flipped),
	};

	return RUN(tests);
}

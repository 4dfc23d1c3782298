/* What is said on stderr, and text from elsewhere made harmless. */
#include "testlib.h"

#include <fcntl.h>
#include <unistd.h>

#include "out.h"
#include "wrap.h"

TEST(octets_are_escaped)
{
	char text[100];

	assert_int_equal(out_escape(text, sizeof(text), "a\\b \x7f\n\0\xff~", 9), 22);
	assert_string_equal(text, "a\\\\b \\x7f\\x0a\\x00\\xff~");
	assert_int_equal(out_escape(text, sizeof(text), "", 0), 0);
	assert_string_equal(text, "");
}

/* SEC-7: whatever comes in, and however small the room, what comes out is printable and ends. */
TEST(escaped_text_fits_any_room)
{
	uint8_t octets[300];
	char full[1300], text[1300];

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 7);
	out_escape(full, sizeof(full), octets, sizeof(octets));
	for (size_t size = 1; size < sizeof(text); size++) {
		size_t len;

		memset(text, 1, sizeof(text));
		len = out_escape(text, size, octets, sizeof(octets));
		assert_true(len < size);
		assert_int_equal(len, strlen(text));
		assert_int_equal(text[size], 1);
		for (size_t i = 0; i < len; i++)
			assert_in_range(text[i], 0x20, 0x7e);
		if (len == strlen(full)) {
			assert_string_equal(text, full);
		} else if (size > 3) {
			assert_string_equal(text + len - 3, "...");
			assert_memory_equal(text, full, len - 3);
		}
	}
}

/* Runs something with stderr in a pipe; what was said is in text. */
static void hear(void (*run)(const void *), const void *with, char *text, size_t size)
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_true(saved >= 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	run(with);
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(ends[0], text, size - 1);
	close(ends[0]);
	text[n > 0 ? n : 0] = '\0';
}

static void say_all(const void *with)
{
	const struct out *out = with;

	out_error(out, "an error %d", 1);
	out_warn(out, "a warning");
	out_say(out, "a word");
	out_verbose(out, 1, "more");
	out_verbose(out, 2, "most");
}

TEST(levels_say_what_they_should)
{
	char text[400];

	hear(say_all, &(struct out){ .command = "serve" }, text, sizeof(text));
	assert_string_equal(text, "socks5 serve: an error 1\nsocks5 serve: a warning\n"
				  "socks5 serve: a word\n");
	hear(say_all, &(struct out){ .verbose = 1 }, text, sizeof(text));
	assert_string_equal(text, "socks5: an error 1\nsocks5: a warning\nsocks5: a word\n"
				  "socks5: more\n");
	hear(say_all, &(struct out){ .verbose = 2 }, text, sizeof(text));
	assert_non_null(strstr(text, "socks5: most\n"));
	hear(say_all, &(struct out){ .quiet = true, .verbose = 2 }, text, sizeof(text));
	assert_string_equal(text, "socks5: an error 1\n");
}

TEST(colour_marks_the_name_alone)
{
	char text[400];

	hear(say_all, &(struct out){ .command = "serve", .colour = true }, text, sizeof(text));
	assert_string_equal(text, "\033[31msocks5 serve:\033[m an error 1\n"
				  "\033[33msocks5 serve:\033[m a warning\n"
				  "socks5 serve: a word\n");
}

static void say_long(const void *with)
{
	const char *text = with;

	out_error(&(struct out){ .command = "x" }, "%s", text);
}

TEST(a_long_line_is_cut_and_still_ends)
{
	static char words[2 * OUT_LINE], text[2 * OUT_LINE];

	memset(words, 'w', sizeof(words) - 1);
	hear(say_long, words, text, sizeof(text));
	assert_int_equal(strlen(text), OUT_LINE);
	assert_string_equal(text + OUT_LINE - 5, "w...\n");
	words[OUT_LINE - 1 - strlen("socks5 x: ")] = '\0';
	hear(say_long, words, text, sizeof(text));
	assert_int_equal(strlen(text), OUT_LINE);
	assert_string_equal(text + OUT_LINE - 5, "wwww\n");
}

static const char *wrapped(int width, int indent, int column, const char *text)
{
	static char result[400];
	FILE *to = fmemopen(result, sizeof(result), "w");

	assert_non_null(to);
	wrap_text(to, width, indent, column, text);
	fclose(to);
	return result;
}

TEST(text_is_wrapped_between_words)
{
	assert_string_equal(wrapped(10, 0, 0, "aaa bbb ccc ddd"), "aaa bbb\nccc ddd\n");
	assert_string_equal(wrapped(11, 0, 0, "aaa bbb ccc ddd"), "aaa bbb ccc\nddd\n");
	assert_string_equal(wrapped(10, 2, 4, "aaa bbb ccc ddd"), "aaa\n  bbb ccc\n  ddd\n");
	assert_string_equal(wrapped(5, 1, 0, "a longerthan b"), "a\n longerthan\n b\n");
	assert_string_equal(wrapped(80, 0, 0, "one\ntwo three\n\nfour"),
			    "one\ntwo three\n\nfour\n");
	assert_string_equal(wrapped(80, 0, 0, ""), "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_are_escaped),
		cmocka_unit_test(escaped_text_fits_any_room),
		cmocka_unit_test(levels_say_what_they_should),
		cmocka_unit_test(colour_marks_the_name_alone),
		cmocka_unit_test(a_long_line_is_cut_and_still_ends),
		cmocka_unit_test(text_is_wrapped_between_words),
	};

	return RUN(tests);
}

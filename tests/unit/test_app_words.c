/* Command lines taken apart, whole and while they are typed. */
#include "testlib.h"

#include "line.h"
#include "words.h"

static const char *const lines[] = {
	"connect -x 'a b' \"c \\\"d\" e\\ f $HOME ${HOME}x ~/y",
	"  socks5 probe --auth=none,u -- [::1]:1080  ",
	"'\\' \"\\\\\" a'b'\"c\"d '' \"\" \\",
	"# nothing",
	"connect | $( ${ ${x ` $ 'open",
	"",
};

TEST(a_line_that_is_typed_is_never_wrong)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		for (size_t len = 0; len <= strlen(lines[i]); len++) {
			char *part = strndup(lines[i], len); /* so that a read beyond it is found */
			struct words w;

			assert_int_equal(words_typed(&w, part, len), 0);
			assert_true(w.count >= 1);
			assert_null(w.items[w.count]);
			words_fini(&w);
			free(part);
		}
	}
}

TEST(a_line_has_words_or_a_cause)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		for (size_t len = 0; len <= strlen(lines[i]); len++) {
			char *part = strndup(lines[i], len), err[200] = "";
			struct words w;

			if (words_split(&w, part, len, err, sizeof(err)) < 0)
				assert_string_not_equal(err, "");
			else
				assert_string_equal(err, "");
			words_fini(&w);
			free(part);
		}
	}
}

static void typed(const char *text, int count, const char *last)
{
	struct words w;

	assert_int_equal(words_typed(&w, text, strlen(text)), 0);
	assert_int_equal(w.count, count);
	assert_string_equal(w.items[count - 1], last);
	words_fini(&w);
}

TEST(the_last_word_is_the_one_that_is_typed)
{
	typed("", 1, "");
	typed("con", 1, "con");
	typed("connect ", 2, "");
	typed("connect 'a b", 2, "a b");
	typed("connect 'a ", 2, "a ");
	typed("connect a\\ ", 2, "a ");
	typed("connect \"a'", 2, "a'");
	typed("connect ~/x $HOME |", 4, "|");
}

TEST(what_may_hold_a_password_is_private)
{
	static const struct {
		const char *line;
		bool private;
	} cases[] = {
		{ "connect host 80", false },
		{ "socks5 connect -u joe host 80", false },
		{ "connect -u joe:x host 80", true },
		{ "connect -vujoe:x host 80", true },
		{ "connect --user=joe:x host 80", true },
		{ "connect '-u' 'joe:x'", true },
		{ "connect -x joe:xxx@host", true },
		{ "connect -x joe@host:1080", false },
		{ "probe joe:x@host", true },
		{ "probe -- joe:x@host", true },
		{ "probe host", false },
		{ "passwd --password env:X joe", false },
		{ "passwd --password pass:x joe", true },
		{ "passwd --password x joe", true },
		{ "connect --pasword pass:x", true },
		{ "connect -Z h 1", true },
		{ "connect -user joe:x h 1", true }, /* which is no -u ser */
		{ "connect -password pass:x h 1", true },
		{ "connect $A joe:x h 1", true },
		{ "connect -w $A h 1", false },
		{ "passwd joe x", true },
		{ "passwd joe:x", true },
		{ "connect -x 'proxy -u joe:x host 80", true },
		{ "connect -q -u joe:x h 1", true },
		{ "connect -q -1 h 1", false },
		{ "connect -x joe:x h 1", true },
		{ "connect h:http", false },
		{ "probe joe:x", true },
		{ "conect -u joe:x", true },
		{ "-u joe:x", true },
		{ "connect -e 'curl -u joe:x' h 1", true },
		{ "connect -e 'curl -x joe:x@host' h 1", true },
		{ "connect -u", false },
		{ "connect --help", false },
		{ "", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (line_is_private(cases[i].line) != cases[i].private)
			fail_msg("%s", cases[i].line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_that_is_typed_is_never_wrong),
		cmocka_unit_test(a_line_has_words_or_a_cause),
		cmocka_unit_test(the_last_word_is_the_one_that_is_typed),
		cmocka_unit_test(what_may_hold_a_password_is_private),
	};

	return RUN(tests);
}

/* Secrets: every source, what a failure says, and what is left of a command line. */
#include "testlib.h"

#include <fcntl.h>
#include <unistd.h>

#include "secret.h"

static char longest[SECRET_MAX + 2];

static void fill(char text[static SECRET_MAX + 2], size_t len)
{
	memset(text, 'p', len);
	text[len] = '\0';
}

static void expect_secret(const char *source, const void *want, size_t len)
{
	struct secret secret;
	char err[200] = "";

	if (secret_read(&secret, source, "? ", err, sizeof(err)) < 0)
		fail_msg("%s: %s", source, err);
	assert_int_equal(secret.len, len);
	assert_memory_equal(secret.octets, want, len);
	assert_int_equal(secret.octets[len], 0);
}

static void expect_failure(const char *source, const char *want)
{
	static const struct secret wiped;
	struct secret secret;
	char err[200];

	memset(&secret, 'x', sizeof(secret));
	assert_int_equal(secret_read(&secret, source, "? ", err, sizeof(err)), -1);
	assert_string_equal(err, want);
	assert_memory_equal(&secret, &wiped, sizeof(secret));
}

/* A pipe with `len` octets in it and its writing end closed; returns the reading end. */
static int pipe_with(const void *octets, size_t len)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], octets, len), (ssize_t)len);
	close(ends[1]);
	return ends[0];
}

TEST(text_is_the_secret_itself)
{
	char source[SECRET_MAX + 20];

	expect_secret("pass:hello", "hello", 5);
	expect_secret("pass:", "", 0);
	expect_secret("pass:a:b pass:", "a:b pass:", 9);
	fill(longest, SECRET_MAX);
	snprintf(source, sizeof(source), "pass:%s", longest);
	expect_secret(source, longest, SECRET_MAX);
	fill(longest, SECRET_MAX + 1);
	snprintf(source, sizeof(source), "pass:%s", longest);
	expect_failure(source, "password from pass:: longer than 255 octets");
}

TEST(the_environment_holds_a_secret)
{
	setenv("S5_TEST_SECRET", "from env", 1);
	expect_secret("env:S5_TEST_SECRET", "from env", 8);
	setenv("S5_TEST_SECRET", "", 1);
	expect_secret("env:S5_TEST_SECRET", "", 0);
	fill(longest, SECRET_MAX + 1);
	setenv("S5_TEST_SECRET", longest, 1);
	expect_failure("env:S5_TEST_SECRET",
		       "password from env:S5_TEST_SECRET: longer than 255 octets");
	unsetenv("S5_TEST_SECRET");
	expect_failure("env:S5_TEST_SECRET", "password from env:S5_TEST_SECRET: not set");
}

TEST(a_descriptor_gives_its_first_line_and_keeps_the_rest)
{
	int fd = pipe_with("first\nsecond", 12);
	char source[20], rest[20];

	snprintf(source, sizeof(source), "fd:%d", fd);
	expect_secret(source, "first", 5);
	assert_int_equal(read(fd, rest, sizeof(rest)), 6);
	assert_memory_equal(rest, "second", 6);
	expect_secret(source, "", 0);
	close(fd);
	expect_failure("fd:", "password from fd:: not a descriptor's number");
	expect_failure("fd:-1", "password from fd:-1: not a descriptor's number");
	expect_failure("fd:1x", "password from fd:1x: not a descriptor's number");
	expect_failure("fd:1000000", "password from fd:1000000: Bad file descriptor");
}

TEST(a_secret_may_hold_any_octet_but_a_newline)
{
	int fd = pipe_with("a\0\xff\r\n", 5);
	char source[20];

	snprintf(source, sizeof(source), "fd:%d", fd);
	expect_secret(source, "a\0\xff\r", 4);
	close(fd);
}

TEST(a_line_of_256_octets_is_too_long)
{
	char source[20], want[80];
	int fd;

	for (size_t len = SECRET_MAX; len <= SECRET_MAX + 1; len++) {
		fill(longest, len);
		fd = pipe_with(longest, len);
		snprintf(source, sizeof(source), "fd:%d", fd);
		snprintf(want, sizeof(want), "password from %s: longer than 255 octets", source);
		if (len == SECRET_MAX)
			expect_secret(source, longest, len);
		else
			expect_failure(source, want);
		close(fd);
	}
}

TEST(a_file_gives_its_first_line)
{
	char path[] = "/tmp/socks5-secret-XXXXXX", source[60];
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "line one\nline two\n", 18), 18);
	close(fd);
	snprintf(source, sizeof(source), "file:%s", path);
	expect_secret(source, "line one", 8);
	unlink(path);
	expect_failure("file:/nowhere/x\033y",
		       "password from file:/nowhere/x\\x1by: No such file or directory");
	expect_failure("file:/", "password from file:/: Is a directory");
}

/* What names no source may be the password itself. */
TEST(an_unknown_source_is_not_repeated)
{
	const char *want = "option --password: it must be pass:TEXT, env:VAR, file:PATH, fd:N or "
			   "prompt; TEXT is the password itself";

	expect_failure("hunter2", want);
	expect_failure("", want);
	expect_failure("prompts", want);
	expect_failure("Pass:x", want);
}

TEST(wiping_leaves_nothing)
{
	static const struct secret wiped;
	struct secret secret;

	assert_int_equal(secret_set(&secret, "hello", 5), 0);
	secret_wipe(&secret);
	assert_memory_equal(&secret, &wiped, sizeof(secret));
	assert_int_equal(secret_set(&secret, longest, SECRET_MAX + 1), -1);
}

/* R1929-11 */
TEST(command_lines_are_masked)
{
	static const struct {
		enum secret_form form;
		const char *typed, *left;
	} cases[] = {
		{ SECRET_NONE, "joe:secret", "joe:secret" },
		{ SECRET_USER, "joe:secret", "joe:xxxxxx" },
		{ SECRET_USER, "joe:", "joe:" },
		{ SECRET_USER, "joe", "joe" },
		{ SECRET_USER, "joe:a:b@c", "joe:xxxxx" },
		{ SECRET_PROXY, "joe:pw@host:1080", "joe:xx@host:1080" },
		{ SECRET_PROXY, "socks5://joe:pw@host:1080", "socks5://joe:xx@host:1080" },
		{ SECRET_PROXY, "socks5h://joe:p@w:@[::1]:1", "socks5h://joe:xxxx@[::1]:1" },
		{ SECRET_PROXY, "joe@host:1080", "joe@host:1080" },
		{ SECRET_PROXY, "host:1080", "host:1080" },
		{ SECRET_PROXY, "host:1080/", "host:1080/" },
		{ SECRET_PROXY, "socks5://host", "socks5://host" },
		{ SECRET_PROXY, "::1", "::1" },
		{ SECRET_PROXY, "joe:pw", "joe:xx" },
		{ SECRET_PROXY, "joe:p:w", "joe:xxx" },
		{ SECRET_PROXY, "joe:123456", "joe:xxxxxx" },
		{ SECRET_PROXY, "joe:x://y@host:1", "joe:xxxxx@host:1" },
		{ SECRET_PROXY, "fe80::1%eth0", "fe80::1%eth0" },
		{ SECRET_PROXY, "socks5://joe:1pw", "socks5://joe:xxx" },
		{ SECRET_PROXY, "[::1]:1080", "[::1]:1080" },
		{ SECRET_PROXY, "unix:/run/s.sock", "unix:/run/s.sock" },
		{ SECRET_PROXY, "", "" },
		{ SECRET_SOURCE, "pass:hello", "pass:xxxxx" },
		{ SECRET_SOURCE, "env:HOME", "env:HOME" },
		{ SECRET_SOURCE, "file:/x", "file:/x" },
		{ SECRET_SOURCE, "fd:3", "fd:3" },
		{ SECRET_SOURCE, "prompt", "prompt" },
		{ SECRET_SOURCE, "hunter2", "xxxxxxx" },
	};
	char value[80];

	for (size_t i = 0; i < LENGTH(cases); i++) {
		snprintf(value, sizeof(value), "%s", cases[i].typed);
		secret_mask(value, cases[i].form);
		assert_string_equal(value, cases[i].left);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_the_secret_itself),
		cmocka_unit_test(the_environment_holds_a_secret),
		cmocka_unit_test(a_descriptor_gives_its_first_line_and_keeps_the_rest),
		cmocka_unit_test(a_secret_may_hold_any_octet_but_a_newline),
		cmocka_unit_test(a_line_of_256_octets_is_too_long),
		cmocka_unit_test(a_file_gives_its_first_line),
		cmocka_unit_test(an_unknown_source_is_not_repeated),
		cmocka_unit_test(wiping_leaves_nothing),
		cmocka_unit_test(command_lines_are_masked),
	};

	return RUN(tests);
}

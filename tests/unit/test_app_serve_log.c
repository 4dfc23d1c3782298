#include "testlib.h"

#include <fcntl.h>
#include <unistd.h>

#include "serve_log.h"

static char line[SERVE_LOG_LINE];

static struct s5_addr ip(const char *text, uint16_t port)
{
	struct s5_addr a = { .port = port };

	assert_true(s5_addr_set_ip(&a, text, strlen(text)));
	return a;
}

/* A record of a session that did not get far. */
static struct s5_record record(void)
{
	return (struct s5_record){ .id = 7,
				   .client = ip("192.0.2.1", 40000),
				   .method = S5_METHOD_UNACCEPTABLE,
				   .why = "closed" };
}

/* The line behind its time, which is looked at here. */
static const char *format(const struct s5_record *r)
{
	size_t len = serve_log_format(line, r, false);

	assert_int_equal(strlen(line), len);
	assert_true(len < sizeof line);
	assert_int_equal(line[len - 1], '\n');
	assert_ptr_equal(strchr(line, '\n'), line + len - 1);
	for (size_t i = 0; i < len - 1; i++)
		assert_in_range(line[i], 0x20, 0x7e);
	assert_int_equal(line[4], '-');
	assert_int_equal(line[10], 'T');
	assert_int_equal(line[19], '.');
	assert_int_equal(line[23], 'Z');
	assert_int_equal(line[24], ' ');
	return line + 25;
}

/* What stands behind NAME= up to the next blank. */
static const char *field(const struct s5_record *r, const char *name)
{
	static char value[SERVE_LOG_LINE];
	char key[32];
	const char *at;

	snprintf(key, sizeof key, " %s=", name);
	at = strstr(format(r), key);
	assert_non_null(at);
	sscanf(at + strlen(key), "%4095[^ \n]", value);
	return value;
}

TEST(a_session_that_got_nowhere)
{
	struct s5_record r = record();

	assert_string_equal(format(&r),
			    "id=7 client=192.0.2.1:40000 user=- method=- command=- target=- "
			    "actual=- reply=- up=0 down=0 ms=0 end=\"closed\"\n");
}

TEST(a_session_that_got_all_the_way)
{
	struct s5_record r = record();

	r.client = ip("2001:db8::1", 40000);
	r.user = (const uint8_t *)"joe";
	r.ulen = 3;
	r.method = S5_METHOD_USERPASS;
	r.requested = r.replied = true;
	r.cmd = S5_CMD_CONNECT;
	assert_true(s5_addr_set_name(&r.target, "www.test", 8, 443));
	r.actual = ip("::1", 443);
	r.up = 1;
	r.down = UINT64_MAX;
	r.ms = 12345;
	assert_string_equal(format(&r),
			    "id=7 client=[2001:db8::1]:40000 user=joe method=userpass "
			    "command=connect target=www.test:443 actual=[::1]:443 reply=00 up=1 "
			    "down=18446744073709551615 ms=12345 end=\"closed\"\n");
}

TEST(a_client_on_a_unix_socket)
{
	struct s5_record r = record();

	r.client.atyp = 0;
	assert_string_equal(field(&r, "client"), "unix");
}

TEST(codes_without_a_name_are_still_one_word)
{
	struct s5_record r = record();

	r.requested = r.replied = true;
	r.target = ip("192.0.2.2", 1);
	for (unsigned code = 0; code < 256; code++) {
		char want[8];

		r.method = r.cmd = r.rep = (uint8_t)code;
		snprintf(want, sizeof want, "%02x", code);
		assert_string_equal(field(&r, "reply"), want);
		assert_true(strlen(field(&r, "method")) > 0);
		assert_true(strlen(field(&r, "command")) > 0);
		assert_string_equal(field(&r, "target"), "192.0.2.2:1");
	}
}

TEST(SEC_7_every_octet_of_a_user_stays_in_its_word)
{
	struct s5_record r = record();
	uint8_t user[255];

	r.user = user;
	for (unsigned first = 0; first < 2; first++) {
		for (unsigned i = 0; i < sizeof user; i++)
			user[i] = (uint8_t)(first + i);
		r.ulen = sizeof user;
		field(&r, "user");
		assert_string_equal(field(&r, "method"), "-");
		assert_string_equal(field(&r, "end"), "\"closed\"");
	}
	for (unsigned octet = 0; octet < 256; octet++) {
		user[0] = (uint8_t)octet;
		r.ulen = 1;
		assert_int_equal(strlen(field(&r, "user")),
				 octet > 0x20 && octet < 0x7f && octet != '\\' ? 1 : 4);
	}
}

TEST(SEC_7_every_octet_of_a_name_stays_in_its_word)
{
	struct s5_record r = record();
	uint8_t name[255];

	r.requested = true;
	for (unsigned i = 0; i < sizeof name; i++)
		name[i] = (uint8_t)i;
	assert_true(s5_addr_set_name(&r.target, name, sizeof name, 80));
	assert_non_null(strstr(field(&r, "target"), "\\x00\\x01"));
	assert_non_null(strstr(field(&r, "target"), ":80"));
	assert_true(s5_addr_set_name(&r.target, "a\n2026-11-23 id=9", 17, 80));
	assert_string_equal(field(&r, "target"), "a\\x0a2026-11-23\\x20id=9:80");
}

TEST(SEC_7_the_reason_cannot_close_its_quotes)
{
	struct s5_record r = record();

	snprintf(r.why, sizeof r.why, "said \"no\" end=\"\"");
	format(&r);
	assert_string_equal(strstr(line, " end="), " end=\"said 'no' end=''\"\n");
}

TEST(the_longest_of_everything_fits)
{
	struct s5_record r = record();
	uint8_t most[255];

	memset(most, 0xff, sizeof most);
	r.id = r.up = r.down = UINT64_MAX;
	r.ms = INT64_MIN;
	r.client = r.actual = ip("2001:db8:1111:2222:3333:4444:5555:6666", 65535);
	r.user = most;
	r.ulen = sizeof most;
	r.requested = r.replied = true;
	r.cmd = r.method = 0xfe;
	r.rep = 0xff;
	assert_true(s5_addr_set_name(&r.target, most, sizeof most, 65535));
	memset(r.why, '"', sizeof r.why - 1);
	r.why[sizeof r.why - 1] = 0;
	format(&r);
	assert_int_equal(line[strlen(line) - 2], '"'); /* nothing was cut off */
	assert_int_equal(strlen(field(&r, "user")), 255 * 4);
	assert_int_equal(strlen(field(&r, "target")), 255 * 4 + 6);
}

TEST(an_empty_name_is_no_user)
{
	struct s5_record r = record();

	r.user = (const uint8_t *)"";
	r.ulen = 0;
	assert_string_equal(field(&r, "user"), "-");
}

TEST(lines_go_behind_what_is_in_the_file)
{
	char path[] = "/tmp/s5-log-XXXXXX", text[1024] = "";
	struct s5_record r = record();
	bool made = false;
	int fd = mkstemp(path);

	assert_int_equal(write(fd, "before\n", 7), 7);
	close(fd);
	for (int i = 0; i < 2; i++) {
		fd = serve_log_open(path, &made);
		assert_true(fd >= 0);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		spool_write(fd, line, serve_log_format(line, &r, false));
		close(fd);
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof text - 1) > 0);
	close(fd);
	unlink(path);
	assert_false(made);
	close(serve_log_open(path, &made));
	unlink(path);
	assert_true(made);
	assert_memory_equal(text, "before\n2", 8);
	assert_int_equal(serve_log_open("/nowhere/at/all", NULL), -1);
	fd = serve_log_open("-", NULL);
	assert_true(fd > 2);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_that_got_nowhere),
		cmocka_unit_test(a_session_that_got_all_the_way),
		cmocka_unit_test(a_client_on_a_unix_socket),
		cmocka_unit_test(codes_without_a_name_are_still_one_word),
		cmocka_unit_test(SEC_7_every_octet_of_a_user_stays_in_its_word),
		cmocka_unit_test(SEC_7_every_octet_of_a_name_stays_in_its_word),
		cmocka_unit_test(SEC_7_the_reason_cannot_close_its_quotes),
		cmocka_unit_test(the_longest_of_everything_fits),
		cmocka_unit_test(an_empty_name_is_no_user),
		cmocka_unit_test(lines_go_behind_what_is_in_the_file),
	};

	return RUN(tests);
}

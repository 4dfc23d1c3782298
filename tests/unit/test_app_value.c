/* Durations, sizes and numbers as people write them. */
#include "testlib.h"

#include <limits.h>

#include "opt_value.h"

struct scaled {
	const char *text;
	int64_t value; /* -1: refused */
};

TEST(durations_are_milliseconds)
{
	static const struct scaled cases[] = {
		{ "0", 0 },
		{ "5", 5000 },
		{ "1.5", 1500 },
		{ ".5", 500 },
		{ "500ms", 500 },
		{ "30s", 30000 },
		{ "2m", 120000 },
		{ "1h", 3600000 },
		{ "1d", 86400000 },
		{ "1.5h", 5400000 },
		{ "0.25s", 250 },
		{ "0.0001", 1 },
		{ "1.000001", 1001 },
		{ "9223372036", 9223372036000 },
		{ "", -1 },
		{ "s", -1 },
		{ ".", -1 },
		{ "5.", -1 },
		{ "1.0000001", -1 },
		{ "-1", -1 },
		{ "+1", -1 },
		{ " 1", -1 },
		{ "1 ", -1 },
		{ "1x", -1 },
		{ "1.5.5", -1 },
		{ "1e3", -1 },
		{ "0x10", -1 },
		{ "9223372037", -1 },
		{ "18446744073709551616", -1 },
		{ "18446744073709552d", -1 },
	};
	struct opt_error err;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		int64_t msec = 77;
		int rc = opt_parse_msec(cases[i].text, 0, 0, &msec, &err);

		if (rc != (cases[i].value < 0 ? -1 : 0) || (rc == 0 && msec != cases[i].value))
			fail_msg("%s: rc %d, %lld", cases[i].text, rc, (long long)msec);
		if (rc < 0)
			assert_int_equal(msec, 77);
	}
}

TEST(durations_below_nothing_only_where_they_mean_something)
{
	struct opt_error err;
	int64_t msec;

	assert_int_equal(opt_parse_msec("-1", -1, 0, &msec, &err), 0);
	assert_int_equal(msec, -1000);
	assert_int_equal(opt_parse_msec("-", -1, 0, &msec, &err), -1);
	assert_int_equal(opt_parse_msec("0", 1, 0, &msec, &err), -1);
	assert_string_equal(err.text, "'0' is too short: at least 1 ms");
	assert_int_equal(opt_parse_msec("61", 0, 60000, &msec, &err), -1);
	assert_string_equal(err.text, "'61' is too long: at most 60 seconds");
	assert_int_equal(opt_parse_msec("60", 0, 60000, &msec, &err), 0);
}

TEST(sizes_are_octets)
{
	static const struct scaled cases[] = {
		{ "0", 0 },	     { "512", 512 },
		{ "64k", 65536 },    { "64K", 65536 },
		{ "10M", 10485760 }, { "1G", 1073741824 },
		{ "1.5M", 1572864 }, { "2T", 2199023255552 },
		{ "0.1", 1 },	     { "", -1 },
		{ "k", -1 },	     { "1kB", -1 },
		{ "-1", -1 },	     { "1 k", -1 },
		{ "99999999T", -1 }, { "18446744073709551615.1", -1 },
	};
	struct opt_error err;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint64_t size = 77;
		int rc = opt_parse_size(cases[i].text, 0, 0, &size, &err);

		if (rc != (cases[i].value < 0 ? -1 : 0) ||
		    (rc == 0 && size != (uint64_t)cases[i].value))
			fail_msg("%s: rc %d, %llu", cases[i].text, rc, (unsigned long long)size);
	}
	assert_int_equal(opt_parse_size("1025", 0, 1024, &(uint64_t){ 0 }, &err), -1);
	assert_string_equal(err.text, "'1025' is too large: at most 1024 octets");
	assert_int_equal(opt_parse_size("0", 1, 0, &(uint64_t){ 0 }, &err), -1);
	assert_string_equal(err.text, "'0' is too small: at least 1 octet");
	assert_int_equal(opt_parse_size("1", 1, 0, &(uint64_t){ 0 }, &err), 0);
	assert_int_equal(opt_parse_size("x", 0, 0, &(uint64_t){ 0 }, &err), -1);
	assert_string_equal(err.text,
			    "'x' is not a size: write octets (512) or a unit (64k, 1.5M, 1G)");
}

TEST(whole_numbers_keep_to_their_range)
{
	static const struct {
		const char *text;
		int64_t min, max;
		int rc, value;
	} cases[] = {
		{ "0", 0, 10, 0, 0 },	       { "10", 0, 10, 0, 10 },
		{ "11", 0, 10, -1, 0 },	       { "-1", 0, 10, -1, 0 },
		{ "-5", -5, 5, 0, -5 },	       { "-6", -5, 5, -1, 0 },
		{ "007", 0, 10, 0, 7 },	       { "2147483647", 0, 0, 0, INT_MAX },
		{ "2147483648", 0, 0, -1, 0 }, { "1.0", 0, 10, -1, 0 },
		{ "", 0, 10, -1, 0 },	       { "-", -5, 5, -1, 0 },
		{ "--1", -5, 5, -1, 0 },       { "99999999999999999999", 0, 0, -1, 0 },
	};
	struct opt_error err;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		int value = 0;
		int rc = opt_parse_int(cases[i].text, cases[i].min, cases[i].max, NULL, &value,
				       &err);

		if (rc != cases[i].rc || value != cases[i].value)
			fail_msg("%s: rc %d, %d", cases[i].text, rc, value);
	}
}

TEST(what_was_typed_is_shown_without_harm)
{
	struct opt_error err;
	char long_text[200];
	int value;

	assert_int_equal(opt_parse_int("\033[31m\\", 1, 2, "apples", &value, &err), -1);
	assert_string_equal(err.text, "'\\x1b[31m\\\\' is not a whole number from 1 to 2 apples");
	memset(long_text, 'a', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_int_equal(opt_parse_int(long_text, 1, 2, NULL, &value, &err), -1);
	assert_true(strlen(err.text) < 120);
	assert_non_null(strstr(err.text, "aaa...' is not"));
}

TEST(lists_hold_no_more_than_they_can)
{
	static const struct opt_word words[] = { { "1", 1, NULL }, { "2", 2, NULL },
						 { "3", 3, NULL }, { "4", 4, NULL },
						 { "5", 5, NULL }, { "6", 6, NULL },
						 { "7", 7, NULL }, { "8", 8, NULL },
						 { "9", 9, NULL }, { NULL, 0, NULL } };
	struct opt_list list = { .count = 0 };
	struct opt_error err;

	assert_int_equal(opt_parse_list("1,2,3,4,5,6,7,8", words, &list, &err), 0);
	assert_int_equal(list.count, 8);
	assert_int_equal(opt_parse_list("1,2,3,4,5,6,7,8,9", words, &list, &err), -1);
	assert_string_equal(err.text, "more than 8 words");
	assert_int_equal(list.count, 8);
	assert_int_equal(opt_parse_list("", words, &list, &err), -1);
	assert_int_equal(opt_parse_list("1,", words, &list, &err), -1);
	assert_int_equal(opt_parse_list("1, 2", words, &list, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_milliseconds),
		cmocka_unit_test(durations_below_nothing_only_where_they_mean_something),
		cmocka_unit_test(sizes_are_octets),
		cmocka_unit_test(whole_numbers_keep_to_their_range),
		cmocka_unit_test(what_was_typed_is_shown_without_harm),
		cmocka_unit_test(lists_hold_no_more_than_they_can),
	};

	return RUN(tests);
}

/* What every unit test starts with: cmocka, and octets written as hex. */
#ifndef TESTLIB_H
#define TESTLIB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEST(name) static void name(void **state __attribute__((unused)))
#define RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)
#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static inline int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Reads lower-case hex digits, blanks between octets allowed, up to the first other character;
 * returns how many octets. */
static inline size_t hex(uint8_t *octets, size_t cap, const char *text)
{
	size_t n = 0;

	for (;; text += 2) {
		while (*text == ' ')
			text++;
		if (hex_digit(text[0]) < 0 || hex_digit(text[1]) < 0)
			break;
		assert_true(n < cap);
		octets[n++] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
	}
	if (*text && *text != '\n')
		fail_msg("not hex: %s", text);
	return n;
}

/* A copy that ends where its memory ends, so that the sanitizer sees a read beyond it. */
static inline uint8_t *exact_copy(const void *octets, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	if (n)
		memcpy(copy, octets, n);
	return copy;
}

static inline const char *to_hex(char *text, size_t size, const uint8_t *octets, size_t n)
{
	text[0] = 0;
	for (size_t i = 0; i < n && 2 * i + 3 <= size; i++)
		snprintf(text + 2 * i, size - 2 * i, "%02x", octets[i]);
	return text;
}

static inline void octets_equal(const void *got, size_t n, const char *want, const char *file,
				int line)
{
	uint8_t octets[2048];
	char text[4200];
	size_t len = hex(octets, sizeof octets, want);

	if (n == len && (!n || !memcmp(got, octets, n)))
		return;
	print_error("got  %s\n", to_hex(text, sizeof text, got, n));
	print_error("want %s\n", to_hex(text, sizeof text, octets, len));
	_fail(file, line);
}

#define assert_octets(got, n, want) octets_equal(got, n, want, __FILE__, __LINE__)

#endif

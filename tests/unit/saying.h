/* What a test writes down of what it was told, to be compared as one text. */
#ifndef SAYING_H
#define SAYING_H

#include "testlib.h"

static struct {
	char text[65536];
	size_t len;
} said;

__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	said.len +=
		(size_t)vsnprintf(said.text + said.len, sizeof said.text - said.len, format, args);
	va_end(args);
	assert_true(said.len < sizeof said.text);
}

static inline void say_nothing(void)
{
	said.len = 0;
	said.text[0] = 0;
}

#endif

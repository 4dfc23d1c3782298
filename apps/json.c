#include "json.h"

#include <stdio.h>
#include <string.h>

const char *json_quote(char *out, size_t size, const char *text)
{
	char *at = out, *end = out + size - 1, one[8];

	*at++ = '"';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		int n = 1;

		if (c == '"' || c == '\\')
			n = snprintf(one, sizeof(one), "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			n = snprintf(one, sizeof(one), "\\u%04x", c);
		else
			one[0] = (char)c;
		if (at + n >= end)
			break;
		memcpy(at, one, (size_t)n);
		at += n;
	}
	*at++ = '"';
	*at = 0;
	return out;
}

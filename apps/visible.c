#include "visible.h"

#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* What turns the direction of the text after it is for the eye what a cursor movement is; and what nobody can
 * see makes two texts look the same. */
static bool deceives(wchar_t c)
{
	return c == 0x200b || c == 0x2060 || c == 0xfeff || c == 0x61c || c == 0x200e ||
	       c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* How long the letter is that the octets begin with, 0 if it is none to be shown, -1 if the rest of
 * it is missing. */
static int letter(const char *octets, size_t len)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t n = mbrtowc(&c, octets, len, &state);

	if (n == (size_t)-2)
		return -1;
	if (n == (size_t)-1 || n == 0)
		return 0;
	return c == L'\t' || (iswprint((wint_t)c) && !deceives(c)) ? (int)n : 0;
}

size_t visible_put(FILE *to, const char *octets, size_t len, bool more)
{
	size_t at = 0;

	while (at < len) {
		int n = letter(octets + at, len - at);

		if (n < 0 && more)
			return at;
		if (n > 0)
			fwrite(octets + at, 1, (size_t)n, to);
		else
			fprintf(to, "\\x%02x", (unsigned char)octets[at]);
		at += n > 0 ? (size_t)n : 1;
	}
	return at;
}

bool visible_is(const char *text)
{
	size_t len = strlen(text);

	for (int n; len > 0; text += n, len -= (size_t)n) {
		n = letter(text, len);
		if (n <= 0)
			return false;
	}
	return true;
}

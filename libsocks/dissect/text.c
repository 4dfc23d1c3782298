#include "dissect/text.h"

#include <stdlib.h>
#include <string.h>

#define MIDDLE 8 /* octets of a dump's line behind which there may be a wider gap */

/* A piece of the text that is being read. */
struct piece {
	const char *at, *end;
};

static bool fail(struct s5_text *t, const char *why)
{
	t->why = why;
	return false;
}

/* Room for as many octets as the text has is there from the beginning; a dump that leaves out what
 * repeats may have more. */
static bool put(struct s5_text *t, unsigned octet)
{
	uint8_t *more;

	if (t->n == t->room) {
		if (t->room >= S5_TEXT_MOST)
			return fail(t, "more than 64 MiB");
		more = realloc(t->octets, t->room * 2);
		if (!more)
			return fail(t, "out of memory");
		t->octets = more;
		t->room *= 2;
	}
	t->octets[t->n++] = (uint8_t)octet;
	return true;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

/* n digits, an even number. */
static bool put_pairs(struct s5_text *t, struct piece *p, size_t n)
{
	for (; n > 0; n -= 2, p->at += 2)
		if (!put(t, (unsigned)(digit_of(p->at[0]) << 4 | digit_of(p->at[1]))))
			return false;
	return true;
}

static size_t digits_at(const struct piece *p)
{
	size_t n = 0;

	while (p->at + n < p->end && digit_of(p->at[n]) >= 0)
		n++;
	return n;
}

static void skip_blanks(struct piece *p)
{
	while (p->at < p->end && is_blank(*p->at))
		p->at++;
}

/* dumps: an offset, octets, and perhaps what they are in letters */

struct dump {
	struct s5_text *text;
	unsigned base; /* of offsets: 16, 8, 10 */
	size_t line_start; /* where the octets of the last line begin */
	bool repeats; /* a line of * stands before */
	bool ended; /* by an offset alone */
	bool has_colon; /* behind the offset: then there is no gap in the middle */
	bool has_middle; /* there is all the same */
};

static bool offset_at(struct piece *p, unsigned base, size_t *offset)
{
	struct piece q = *p;
	size_t n;

	if (q.end - q.at > 2 && q.at[0] == '0' && (q.at[1] | 0x20) == 'x')
		q.at += 2;
	n = digits_at(&q);
	if (n < 4 || n > 16)
		return false;
	*offset = 0;
	for (; n > 0; n--, q.at++) {
		unsigned digit = (unsigned)digit_of(*q.at);

		if (digit >= base)
			return false;
		*offset = *offset * base + digit;
	}
	if (q.at < q.end && *q.at == ':')
		q.at++;
	if (q.at < q.end && !is_blank(*q.at))
		return false;
	*p = q;
	return true;
}

/* Lines like the one before, up to here. */
static bool repeat(struct dump *d, size_t offset)
{
	struct s5_text *t = d->text;
	size_t len = t->n - d->line_start;

	if (!len || offset <= t->n || offset > S5_TEXT_MOST || (offset - t->n) % len)
		return false;
	while (t->n < offset)
		if (!put(t, t->octets[t->n - len]))
			return false;
	return true;
}

/* In the middle of 16 octets that stand one by one; what is behind a gap like that is letters else. */
static bool is_middle(const struct dump *d, const struct piece *behind, size_t octets)
{
	return octets == MIDDLE && digits_at(behind) == 2 && (!d->has_colon || d->has_middle);
}

/* The octets of a line end at a wide gap, but for the one in its middle. */
static void take_line(struct dump *d, struct piece *p)
{
	struct s5_text *t = d->text;
	size_t gap, n, before = t->n;

	d->line_start = t->n;
	for (skip_blanks(p);; p->at += gap) {
		n = digits_at(p);
		if (!n || n % 2 || (p->at + n < p->end && !is_blank(p->at[n]) && p->at[n] != '-'))
			return;
		if (!put_pairs(t, p, n))
			return;
		for (gap = 0; p->at + gap < p->end && is_one_of(p->at[gap], " \t-"); gap++)
			;
		if (!gap || gap > 2)
			return;
		if (gap > 1 && !is_middle(d, &(struct piece){ p->at + gap, p->end }, t->n - before))
			return;
	}
}

static bool dump_line(struct dump *d, struct piece p)
{
	size_t offset;

	skip_blanks(&p);
	if (p.at == p.end)
		return true;
	if (*p.at == '*') {
		d->repeats = true;
		return d->text->n > 0;
	}
	if (d->ended || !offset_at(&p, d->base, &offset))
		return false;
	d->has_colon = p.at[-1] == ':';
	if (d->has_colon && d->base != 16)
		return false;
	if (d->repeats && !repeat(d, offset))
		return false;
	d->repeats = false;
	if (offset != d->text->n)
		return false;
	take_line(d, &p);
	d->ended = d->text->n == offset;
	return true;
}

static bool read_lines(struct dump *d, struct piece all)
{
	struct s5_text *t = d->text;
	const char *eol;

	t->n = 0;
	for (; all.at < all.end; all.at = eol + 1) {
		eol = memchr(all.at, '\n', (size_t)(all.end - all.at));
		if (!eol)
			eol = all.end;
		if (!dump_line(d, (struct piece){ all.at, eol }))
			return false;
	}
	return t->n > 0;
}

/* Offsets of seven digits are od's, as a rule. */
static bool read_dump(struct s5_text *t, struct piece all)
{
	static const struct dump others[] = {
		{ .base = 16 },
		{ .base = 8 },
		{ .base = 10 },
		{ .base = 16, .has_middle = true },
	};
	static const struct dump ods[] = { { .base = 8 }, { .base = 10 }, { .base = 16 } };
	bool is_od;

	skip_blanks(&all);
	is_od = digits_at(&all) == 7;
	for (size_t i = 0; i < (is_od ? sizeof ods : sizeof others) / sizeof ods[0]; i++) {
		struct dump d = is_od ? ods[i] : others[i];

		d.text = t;
		if (read_lines(&d, all))
			return true;
	}
	return false;
}

/* strings with escapes */

static const char simple[] = "a\ab\bf\fn\nr\rt\tv\v0\0\\\\\"\"''";

static bool escape_at(struct s5_text *t, struct piece *p)
{
	size_t n = 0;
	unsigned value = 0;

	p->at++;
	if (p->at == p->end)
		return false;
	if (*p->at == 'x') {
		for (p->at++; n < 2 && p->at < p->end && digit_of(*p->at) >= 0; n++)
			value = value << 4 | (unsigned)digit_of(*p->at++);
		return n && put(t, value);
	}
	for (; n < 3 && p->at < p->end && *p->at >= '0' && *p->at <= '7'; n++)
		value = value * 8 + (unsigned)(*p->at++ - '0');
	if (n)
		return value < 256 && put(t, value);
	for (size_t i = 0; i + 1 < sizeof simple; i += 2)
		if (simple[i] == *p->at) {
			p->at++;
			return put(t, (uint8_t)simple[i + 1]);
		}
	return false;
}

/* Between quotes where there are any; several strings are one, as in C. */
static bool read_string(struct s5_text *t, struct piece p)
{
	char quote = memchr(p.at, '"', (size_t)(p.end - p.at)) ? '"' : '\'';
	bool quoted = memchr(p.at, quote, (size_t)(p.end - p.at)), inside = !quoted;

	t->n = 0;
	while (p.at < p.end) {
		if (quoted && *p.at == quote) {
			inside = !inside;
			p.at++;
		} else if (!inside || (!quoted && is_blank(*p.at))) {
			p.at++;
		} else if (*p.at == '\\') {
			if (!escape_at(t, &p))
				return false;
		} else if (!put(t, (uint8_t)*p.at++)) {
			return false;
		}
	}
	return t->n > 0 && (!quoted || !inside);
}

/* digits */

/* A number of an array: hex with 0x, else decimal. */
static bool number_at(struct s5_text *t, struct piece *p)
{
	unsigned base = 10, value = 0;
	size_t n;

	if (p->end - p->at > 2 && p->at[0] == '0' && (p->at[1] | 0x20) == 'x') {
		base = 16;
		p->at += 2;
	}
	for (n = 0; p->at < p->end && digit_of(*p->at) >= 0; n++, p->at++) {
		if ((unsigned)digit_of(*p->at) >= base || n > 3)
			return false;
		value = value * base + (unsigned)digit_of(*p->at);
	}
	return n && value < 256 && put(t, value);
}

/* Behind a comment, where one begins. */
static void skip_comment(struct piece *p)
{
	const char *end;

	if (p->end - p->at < 2 || p->at[0] != '/')
		return;
	if (p->at[1] == '/')
		end = memchr(p->at, '\n', (size_t)(p->end - p->at));
	else if (p->at[1] == '*')
		end = memmem(p->at + 2, (size_t)(p->end - p->at) - 2, "*/", 2);
	else
		return;
	p->at = end ? end + (*end == '*' ? 2 : 0) : p->end;
}

/* What stands in braces. */
static bool read_array(struct s5_text *t, struct piece p)
{
	const char *open = memchr(p.at, '{', (size_t)(p.end - p.at));
	const char *close = open ? memchr(open, '}', (size_t)(p.end - open)) : NULL;

	if (!close)
		return false;
	p = (struct piece){ open + 1, close };
	t->n = 0;
	while (p.at < p.end) {
		skip_comment(&p);
		if (p.at < p.end && (is_blank(*p.at) || *p.at == ','))
			p.at++;
		else if (p.at < p.end && !number_at(t, &p))
			return false;
	}
	return t->n > 0;
}

#define BETWEEN ",:;-.|"

/* Pairs of digits; blanks, commas, colons and the like between them, and 0x before them. */
static bool read_digits(struct s5_text *t, struct piece p)
{
	t->n = 0;
	while (p.at < p.end) {
		size_t n = digits_at(&p);

		if (is_blank(*p.at) || is_one_of(*p.at, BETWEEN)) {
			t->line += *p.at++ == '\n';
			continue;
		}
		if (n == 1 && *p.at == '0' && p.end - p.at > 1 && (p.at[1] | 0x20) == 'x') {
			p.at += 2;
			n = digits_at(&p);
		}
		if (!n)
			return fail(t, "neither hex nor base64");
		if (!put_pairs(t, &p, n & ~(size_t)1))
			return false;
		if (n % 2)
			return fail(t, "an odd number of hex digits in a row");
	}
	return t->n > 0;
}

/* base64 */

static int sextet_of(char c)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	const char *at = c ? strchr(alphabet, c) : NULL;

	if (at)
		return (int)(at - alphabet);
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* Four letters are three octets; the last ones may be fewer, with = in the place of what is missing. */
static bool read_base64(struct s5_text *t, struct piece p)
{
	unsigned held = 0, bits = 0, letters = 0, padding = 0;

	t->n = 0;
	for (; p.at < p.end; p.at++) {
		int sextet = sextet_of(*p.at);

		t->line += *p.at == '\n';
		if (is_blank(*p.at))
			continue;
		if (*p.at == '=' && padding < 2) {
			padding++;
			continue;
		}
		if (sextet < 0 || padding)
			return fail(t, "neither hex nor base64");
		letters++;
		held = held << 6 | (unsigned)sextet;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (!put(t, held >> bits & 0xff))
			return false;
		held &= (1u << bits) - 1;
	}
	if (letters % 4 == 1 || (padding && (letters + padding) % 4) || held)
		return fail(t, "base64 that is cut short");
	return t->n > 0 || fail(t, "nothing is there");
}

/* which of them it is */

static bool is_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_blank(text[i]) && (text[i] < 0x20 || text[i] > 0x7e))
			return false;
	return len > 0;
}

/* Braces and backslashes are in no base64; and who writes nothing but digits means hex, or digits and
 * more of them behind a blank. */
static bool is_hex(struct piece p)
{
	size_t len = (size_t)(p.end - p.at), words = 0, n;

	if (memchr(p.at, '{', len) || memchr(p.at, '\\', len))
		return true;
	while (p.at < p.end && words < 2) {
		n = digits_at(&p);
		words += n > 0;
		p.at += n;
		if (p.at < p.end && !is_blank(*p.at) && !is_one_of(*p.at, BETWEEN))
			return false;
		p.at += p.at < p.end;
	}
	return words > 0;
}

static bool read_hex(struct s5_text *t, struct piece p)
{
	size_t len = (size_t)(p.end - p.at);

	if (read_dump(t, p))
		return true;
	if (memchr(p.at, '{', len))
		return read_array(t, p) || fail(t, "not an array of octets");
	if (memchr(p.at, '\\', len))
		return read_string(t, p) ||
		       fail(t, "an escape that is none, or a quote that is not closed");
	return read_digits(t, p);
}

static bool read_raw(struct s5_text *t, const char *text, size_t len)
{
	memcpy(t->octets, text, len);
	t->n = len;
	t->form = S5_TEXT_RAW;
	return true;
}

bool s5_text_read(struct s5_text *t, const char *text, size_t len, enum s5_text_form form)
{
	struct piece p = { text, text + len };

	*t = (struct s5_text){ .octets = malloc(len + 1), .room = len + 1, .line = 1 };
	if (!t->octets)
		return fail(t, "out of memory");
	if (form == S5_TEXT_RAW || (form == S5_TEXT_AUTO && !is_text(text, len)))
		return read_raw(t, text, len);
	t->form = S5_TEXT_HEX;
	if (form != S5_TEXT_BASE64 && read_hex(t, p))
		return true;
	if (form == S5_TEXT_HEX || (form == S5_TEXT_AUTO && is_hex(p)))
		return fail(t, t->why ? t->why : "nothing is there");
	t->form = S5_TEXT_BASE64;
	t->line = 1;
	return read_base64(t, p);
}

void s5_text_fini(struct s5_text *t)
{
	free(t->octets);
	*t = (struct s5_text){ .octets = NULL };
}

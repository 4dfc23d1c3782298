/* Each octet beside the field that it belongs to. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "decode.h"

#define ROW 8 /* octets */
#define BESIDE 45 /* columns to the right of them */
#define PLAIN "\033[0m"

/* One after the other, so that fields can be told apart. */
static const char *const colours[] = { "\033[36m", "\033[32m", "\033[35m", "\033[34m", "" };
#define UNCOLOURED 4u

struct beside {
	const char *text; /* what of it is not written yet */
	unsigned colour; /* of colours; or UNCOLOURED */
};

/* How much of it fits into a row. */
static size_t fitting(const char *text)
{
	size_t n = strlen(text), blank;

	if (n <= BESIDE)
		return n;
	for (blank = BESIDE; blank && text[blank] != ' '; blank--)
		;
	return blank ? blank : BESIDE;
}

static void put_beside(struct decode_view *v, struct beside *beside)
{
	size_t n = fitting(beside->text);

	fprintf(v->to, "  %.*s", (int)n, beside->text);
	beside->text += n;
	beside->text += *beside->text == ' ';
}

static void put_row(struct decode_view *v, const struct decode_event *e, size_t at, size_t n,
		    struct beside *beside)
{
	fprintf(v->to, "  %06" PRIx64 "  %s", e->seen.off + at,
		v->colour ? colours[beside->colour] : "");
	for (size_t i = 0; i < n; i++) {
		fputs(i ? " " : "", v->to);
		if (decode_hides(e, at + i))
			fputs("**", v->to);
		else
			fprintf(v->to, "%02x", e->seen.octets[at + i]);
	}
	if (*beside->text) {
		fprintf(v->to, "%*s", (int)(3 * (ROW - n)), "");
		put_beside(v, beside);
	}
	fprintf(v->to, "%s\n", v->colour ? PLAIN : "");
}

static void put_octets(struct decode_view *v, const struct decode_event *e, size_t at, size_t n,
		       struct beside *beside)
{
	for (size_t begin = 0; begin < n; begin += ROW)
		put_row(v, e, at + begin, n - begin < ROW ? n - begin : ROW, beside);
	while (*beside->text) {
		fprintf(v->to, "%*s%s", 9 + 3 * ROW, "", v->colour ? colours[beside->colour] : "");
		put_beside(v, beside);
		fprintf(v->to, "%s\n", v->colour ? PLAIN : "");
	}
}

static bool lies_in(const struct s5_span *inner, const struct s5_span *outer)
{
	return outer->len && inner->off >= outer->off && inner->off < outer->off + outer->len;
}

/* A field of which fields are told one by one: those have the octets. */
static bool is_made_of_fields(const struct s5_trace *t, unsigned i)
{
	return i + 1 < t->nspans && lies_in(&t->span[i + 1], &t->span[i]);
}

static size_t put_fields(struct decode_view *v, const struct decode_event *e)
{
	const struct s5_trace *t = e->seen.trace;
	char value[S5_ADDR_TEXT], text[sizeof(value) + 48];
	struct beside beside = { text, 0 };
	size_t at = 0;

	for (unsigned i = 0; i < t->nspans; i++) {
		const struct s5_span *span = &t->span[i];

		if (span->off < at || is_made_of_fields(t, i) || !span->len)
			continue;
		put_octets(v, e, at, span->off - at, &(struct beside){ "", UNCOLOURED });
		snprintf(text, sizeof(text), "%s: %s", s5_field_name((enum s5_field)span->field),
			 decode_value(value, sizeof(value), e, span));
		beside.text = text;
		put_octets(v, e, span->off, span->len, &beside);
		beside.colour = (beside.colour + 1) % UNCOLOURED;
		at = span->off + span->len;
	}
	return at;
}

/* What is in it as people read it, to the right. */
static void put_payload(struct decode_view *v, const struct decode_event *e, size_t at)
{
	char text[ROW + 1];
	struct beside beside = { text, UNCOLOURED };

	for (; at < e->have; at += ROW) {
		size_t n = e->have - at < ROW ? e->have - at : ROW;

		for (size_t i = 0; i < n; i++) {
			uint8_t octet = e->seen.octets[at + i];
			bool is_plain = octet >= 0x20 && octet < 0x7f && !decode_hides(e, at + i);

			text[i] = (char)(is_plain ? octet : '.');
		}
		text[n] = '\0';
		beside.text = text;
		put_row(v, e, at, n, &beside);
	}
	if (e->have < e->seen.len && e->have)
		fprintf(v->to, "  ...\n");
}

void decode_hex(struct decode_view *v, const struct decode_event *e)
{
	decode_head(v, e);
	put_payload(v, e, e->seen.trace ? put_fields(v, e) : 0);
	decode_notes(v, e);
}

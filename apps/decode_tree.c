/* Each message with its fields below it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "decode.h"

#define NAMES 25 /* columns, the longest and two blanks */
#define LINE 71 /* columns of payload, before "..." */

/* By hand, as most of the output are these. */
static void put_field(FILE *to, const char *name, const char *value)
{
	static const char blanks[NAMES + 1] = "                         ";
	size_t n = strlen(name);

	fputs_unlocked("      ", to);
	fwrite_unlocked(name, 1, n, to);
	fputs_unlocked(n < NAMES ? blanks + n : "", to);
	fputs_unlocked(*value ? value : "(empty)", to);
	putc_unlocked('\n', to);
}

static void put_fields(struct decode_view *v, const struct decode_event *e)
{
	const struct s5_trace *t = e->seen.trace;
	char text[S5_ADDR_TEXT];

	for (unsigned i = 0; i < t->nspans; i++) {
		decode_value(text, sizeof(text), e, &t->span[i]);
		put_field(v->to, s5_field_name((enum s5_field)t->span[i].field), text);
	}
}

/* Octets that are no field's. */
static size_t fieldless(const struct decode_event *e)
{
	const struct s5_trace *t = e->seen.trace;
	size_t at = 0;

	for (unsigned i = 0; t && i < t->nspans; i++)
		at = t->span[i].off + t->span[i].len;
	return at < e->have ? at : e->have;
}

/* How many octets go into a line. */
static size_t fitting(const uint8_t *octets, size_t n)
{
	char one[8];
	size_t columns = 0, i;

	for (i = 0; i < n; i++) {
		columns += out_escape(one, sizeof(one), octets + i, 1);
		if (columns > LINE)
			break;
	}
	return i;
}

static void put_payload(struct decode_view *v, const struct decode_event *e)
{
	char text[LINE + 4];
	size_t at = fieldless(e), n;

	if (at == e->have)
		return;
	if (decode_hides(e, at)) {
		fprintf(v->to, "      (hidden: there may be a password in it)\n");
		return;
	}
	n = fitting(e->seen.octets + at, e->have - at);
	out_escape(text, sizeof(text), e->seen.octets + at, n);
	fprintf(v->to, "      %s%s\n", text, at + n < e->seen.len ? "..." : "");
}

void decode_tree(struct decode_view *v, const struct decode_event *e)
{
	decode_head(v, e);
	if (e->seen.trace)
		put_fields(v, e);
	if (!e->seen.trace || e->seen.kind == S5_SEEN_FAULT)
		put_payload(v, e);
	decode_notes(v, e);
}

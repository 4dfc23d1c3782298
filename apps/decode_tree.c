/* Each message with its fields below it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "decode.h"

#define NAMES 25 /* columns, the longest and two blanks */

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

static void put_payload(struct decode_view *v, const struct decode_event *e)
{
	char text[4 * DECODE_KEPT + 1];
	size_t at = fieldless(e), n = e->have - at;

	if (n > DECODE_KEPT)
		n = DECODE_KEPT;
	if (!n)
		return;
	if (decode_hides(e, at)) {
		fprintf(v->to, "      (hidden)\n");
		return;
	}
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

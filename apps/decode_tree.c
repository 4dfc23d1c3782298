/* Each message with its fields below it. */
#include <inttypes.h>
#include <stdio.h>

#include "base/addr.h"
#include "decode.h"

#define NAMES 25 /* columns, the longest and two blanks */

static void put_fields(struct decode_view *v, const struct decode_event *e)
{
	const struct s5_trace *t = e->seen.trace;
	char text[S5_ADDR_TEXT];

	for (unsigned i = 0; i < t->nspans; i++) {
		decode_value(text, sizeof(text), e, &t->span[i]);
		fprintf(v->to, "      %-*s%s\n", NAMES,
			s5_field_name((enum s5_field)t->span[i].field), *text ? text : "(empty)");
	}
}

static void put_payload(struct decode_view *v, const struct decode_event *e)
{
	char text[4 * DECODE_KEPT + 1];
	size_t n = e->have < DECODE_KEPT ? e->have : DECODE_KEPT;

	if (!n)
		return;
	if (decode_hides(e, 0)) {
		fprintf(v->to, "      (hidden)\n");
		return;
	}
	out_escape(text, sizeof(text), e->seen.octets, n);
	fprintf(v->to, "      %s%s\n", text, n < e->seen.len ? "..." : "");
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

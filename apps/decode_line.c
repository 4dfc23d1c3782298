/* A line a message: fields as name=value, the names without blanks. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "decode.h"

static void put_name(FILE *to, const char *name)
{
	for (; *name; name++)
		fputc(*name == ' ' ? '-' : *name, to);
}

static void put_value(FILE *to, const char *value)
{
	bool is_quoted = strchr(value, ' ') || strchr(value, '"') || !*value;

	fputs(is_quoted ? "\"" : "", to);
	for (; *value; value++)
		fprintf(to, *value == '"' ? "\\x22" : "%c", *value);
	fputs(is_quoted ? "\"" : "", to);
}

static void put_fields(struct decode_view *v, const struct decode_event *e)
{
	const struct s5_trace *t = e->seen.trace;
	char text[DECODE_VALUE];

	for (unsigned i = 0; i < t->nspans; i++) {
		fputc(' ', v->to);
		put_name(v->to, s5_field_name((enum s5_field)t->span[i].field));
		fputc('=', v->to);
		put_value(v->to, decode_value(text, sizeof(text), e, &t->span[i]));
	}
	for (unsigned i = 0; i < t->nmarks; i++) {
		enum s5_note note = (enum s5_note)t->mark[i].note;

		fprintf(v->to, " note=\"%s (%s)\"", s5_note_text(note), s5_note_section(note));
	}
}

static void put_stream(struct decode_view *v, const struct decode_event *e)
{
	const struct s5_addr *peer = e->stream->peer;
	char text[S5_ADDR_TEXT];

	if (v->is_many)
		fprintf(v->to, " stream=%lu", e->stream->number);
	if (!peer)
		return;
	fprintf(v->to, " client=%s", s5_addr_format(&peer[S5_CLIENT], text, sizeof(text)));
	fprintf(v->to, " server=%s", s5_addr_format(&peer[S5_SERVER], text, sizeof(text)));
}

void decode_line(struct decode_view *v, const struct decode_event *e)
{
	char text[256];

	if (v->has_time)
		fprintf(v->to, "%s ", decode_time(text, e->seen.when));
	fprintf(v->to, "%s ", e->seen.from == S5_CLIENT ? "client" : "server");
	put_name(v->to, decode_what(e));
	put_stream(v, e);
	fprintf(v->to, " offset=%" PRIu64 " octets=%" PRIu64 "%s", e->seen.off, e->seen.len,
		e->seen.sealed ? " sealed=yes" : "");
	if (e->seen.trace)
		put_fields(v, e);
	if (e->seen.kind == S5_SEEN_CLOSED)
		fprintf(v->to, " instead-of=\"%s\"", s5_step_name(e->seen.step));
	if (e->remark)
		fprintf(v->to, " note=\"%s\"", e->remark);
	if (e->seen.kind == S5_SEEN_FAULT)
		fprintf(v->to, " fault=\"%s\"", decode_fault(text, sizeof(text), e));
	fputc('\n', v->to);
}

/* The lines that the tree and the hex dump have in common. */
#include <inttypes.h>
#include <stdio.h>

#include "base/addr.h"
#include "decode.h"

#define MARK "\033[33m"
#define HEAD "\033[1m"
#define PLAIN "\033[0m"

static void put_seconds(struct decode_view *v, int64_t when)
{
	int64_t since = when > v->first ? when - v->first : 0;

	fprintf(v->to, "%4" PRId64 ".%06d  ", since / 1000000, (int)(since % 1000000));
}

void decode_head(struct decode_view *v, const struct decode_event *e)
{
	const struct s5_seen *seen = &e->seen;

	if (v->is_many)
		fprintf(v->to, "%-4lu", e->stream->number);
	if (v->has_time)
		put_seconds(v, seen->when);
	fprintf(v->to, "%s%s  %s%s", v->colour ? HEAD : "",
		seen->from == S5_CLIENT ? "client" : "server", decode_what(e),
		v->colour ? PLAIN : "");
	if (seen->kind == S5_SEEN_CLOSED)
		fprintf(v->to, " in place of its %s", s5_step_name(seen->step));
	if (seen->len)
		fprintf(v->to, ", %" PRIu64 " octet%s%s", seen->len, seen->len == 1 ? "" : "s",
			seen->kind == S5_SEEN_GAP ? " missing" : "");
	if (e->pieces > 1)
		fprintf(v->to, " in %" PRIu64 " pieces", e->pieces);
	fprintf(v->to, "%s\n", seen->sealed ? ", inside of the seal" : "");
}

static void put_mark(struct decode_view *v, const char *text)
{
	fprintf(v->to, "%s    ! %s%s\n", v->colour ? MARK : "", text, v->colour ? PLAIN : "");
}

/* The deviation that is the fault. */
static bool is_told(const struct decode_event *e)
{
	const struct s5_trace *t = e->seen.trace;

	return t && t->nmarks && !e->seen.need &&
	       e->seen.why == s5_note_text((enum s5_note)t->mark[t->nmarks - 1].note);
}

void decode_notes(struct decode_view *v, const struct decode_event *e)
{
	const struct s5_trace *t = e->seen.trace;
	char text[256];

	for (unsigned i = 0; t && i < t->nmarks; i++) {
		enum s5_note note = (enum s5_note)t->mark[i].note;

		snprintf(text, sizeof(text), "%s (%s), offset %" PRIu64, s5_note_text(note),
			 s5_note_section(note), e->seen.off + t->mark[i].off);
		put_mark(v, text);
	}
	if (e->seen.kind == S5_SEEN_FAULT && !is_told(e))
		put_mark(v, decode_fault(text, sizeof(text), e));
}

void decode_tree_begin(struct decode_view *v, const struct decode_stream *s)
{
	char client[S5_ADDR_TEXT], server[S5_ADDR_TEXT];

	if (!s->peer)
		return;
	fprintf(v->to, "%sstream %lu%s  client %s, server %s\n", v->colour ? HEAD : "", s->number,
		v->colour ? PLAIN : "", s5_addr_format(&s->peer[0], client, sizeof(client)),
		s5_addr_format(&s->peer[1], server, sizeof(server)));
	if (s->remark)
		put_mark(v, s->remark);
}

void decode_tree_end(struct decode_view *v, const struct decode_stream *s, const char *how)
{
	if (v->is_many)
		fprintf(v->to, "%-4lu", s->number);
	if (v->has_time)
		put_seconds(v, s->last);
	fprintf(v->to, "end  %s\n", how);
}

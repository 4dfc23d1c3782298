#include "message.h"

#include <stdio.h>

#include "base/addr.h"
#include "dissect/anatomy.h"
#include "field.h"

static void say_notes(const struct out *out, const char *mark, const struct s5_trace *t)
{
	for (unsigned i = 0; i < t->nmarks; i++)
		out_verbose(out, 2, "%s  note at %u: %s (%s)", mark, t->mark[i].off,
			    s5_note_text((enum s5_note)t->mark[i].note),
			    s5_note_section((enum s5_note)t->mark[i].note));
}

void message_say_octets(const struct out *out, const char *mark, const char *head,
			const uint8_t *octets, size_t len, const struct s5_trace *trace)
{
	char text[S5_ADDR_TEXT];
	uint8_t atyp = 0;

	out_verbose(out, 2, "%s, %zu octets", head, len);
	for (unsigned i = 0; i < trace->nspans; i++) {
		const struct s5_span *span = &trace->span[i];

		if (span->field == S5_F_ATYP)
			atyp = octets[span->off];
		out_verbose(out, 2, "%s  %3u %s: %s", mark, span->off,
			    s5_field_name((enum s5_field)span->field),
			    field_text(text, sizeof(text), (enum s5_field)span->field, atyp,
				       octets + span->off, span->len));
	}
	say_notes(out, mark, trace);
}

void message_say(const struct out *out, const char *mark, const char *before, const char *way,
		 const struct s5_session *s)
{
	struct s5_trace trace = s->trace;
	char head[OUT_LINE];

	if (s->message.step == S5_STEP_TOKEN || s->message.step == S5_STEP_LEVEL)
		s5_anatomy(s->message.octets, s->message.len, s->message.step == S5_STEP_LEVEL,
			   &trace);
	snprintf(head, sizeof(head), "%s: %s: %s", before, way, s5_step_name(s->message.step));
	message_say_octets(out, mark, head, s->message.octets, s->message.len, &trace);
}

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "base/names.h"
#include "decode.h"
#include "field.h"

const char *decode_what(const struct decode_event *e)
{
	static const char *const names[] = {
		[S5_SEEN_SEALED] = "sealed message",
		[S5_SEEN_DATA] = "data",
		[S5_SEEN_GAP] = "gap",
		[S5_SEEN_CLOSED] = "close",
		[S5_SEEN_REST] = "unknown octets",
		[S5_SEEN_DATAGRAM] = "datagram",
		[S5_SEEN_WHOLE] = "datagram of those fragments",
	};

	if (e->seen.kind == S5_SEEN_SEALED && e->seen.datagram)
		return "sealed datagram";
	if (e->seen.kind == S5_SEEN_FAULT && e->seen.datagram)
		return names[S5_SEEN_DATAGRAM];
	if (e->seen.kind == S5_SEEN_MESSAGE || e->seen.kind == S5_SEEN_FAULT)
		return s5_step_name(e->seen.step);
	return names[e->seen.kind];
}

static uint8_t atyp_before(const struct decode_event *e, const struct s5_span *span)
{
	const struct s5_trace *t = e->seen.trace;
	uint8_t atyp = e->stream->version == 4 ? S5_ATYP_IPV4 : 0;

	for (unsigned i = 0; i < t->nspans && &t->span[i] != span; i++)
		if (t->span[i].field == S5_F_ATYP)
			atyp = e->seen.octets[t->span[i].off];
	return atyp;
}

static void put_payload(char *text, size_t size, const uint8_t *octets, size_t n)
{
	size_t shown = n < DECODE_KEPT ? n : DECODE_KEPT, used;

	used = out_escape(text, size, octets, shown);
	snprintf(text + used, size - used, "%s", shown < n ? "..." : "");
}

/* A name with control characters, where it was guessed that it is one. */
static bool is_strange_name(const struct decode_event *e, enum s5_field field)
{
	const struct s5_trace *t = e->seen.trace;

	if (!e->stream->is_alone || (field != S5_F_DST_ADDR && field != S5_F_HOSTNAME))
		return false;
	for (unsigned i = 0; i < t->nmarks; i++)
		if (t->mark[i].note == S5_NOTE_NAME_CONTROL)
			return true;
	return false;
}

const char *decode_value(char *text, size_t size, const struct decode_event *e,
			 const struct s5_span *span)
{
	const uint8_t *octets = e->seen.octets + span->off;

	if (!e->stream->view->options->secrets && is_strange_name(e, (enum s5_field)span->field))
		snprintf(text, size, "(hidden)");
	else if (span->field == S5_F_DATA && e->seen.kind == S5_SEEN_DATAGRAM)
		put_payload(text, size, octets, span->len);
	else if (e->stream->version == 4 && span->field == S5_F_REP)
		snprintf(text, size, "%02x %s", octets[0], s5_cd_name(octets[0]));
	else if (span->field == S5_F_PASSWD && e->stream->view->options->secrets)
		out_escape(text, size, octets, span->len);
	else
		field_text(text, size, (enum s5_field)span->field, atyp_before(e, span), octets,
			   span->len);
	return text;
}

/* Octets of which nothing is known, or not all: a password may be among them. Of a server's that holds
 * only where it was guessed who it is; and there nothing is sure that looks like payload, either. */
static bool is_unknown(const struct decode_event *e)
{
	enum s5_seen_kind kind = e->seen.kind;

	if (e->stream->is_alone && kind == S5_SEEN_DATA)
		return true;
	return (e->seen.from == S5_CLIENT || e->stream->is_alone) &&
	       (kind == S5_SEEN_FAULT || kind == S5_SEEN_REST);
}

bool decode_hides(const struct decode_event *e, size_t at)
{
	const struct s5_trace *t = e->seen.trace;

	if (e->stream->view->options->secrets)
		return false;
	for (unsigned i = 0; t && i < t->nspans; i++) {
		if (at < t->span[i].off || at - t->span[i].off >= t->span[i].len)
			continue;
		return t->span[i].field == S5_F_PASSWD ||
		       is_strange_name(e, (enum s5_field)t->span[i].field);
	}
	return is_unknown(e);
}

const char *decode_fault(char *text, size_t size, const struct decode_event *e)
{
	size_t used = (size_t)snprintf(text, size, "%s", e->seen.why);

	if (e->seen.need && used < size)
		snprintf(text + used, size - used, "; %s lacks %llu octet%s at offset %llu",
			 s5_field_name(e->seen.field), (unsigned long long)e->seen.need,
			 e->seen.need == 1 ? "" : "s",
			 (unsigned long long)(e->seen.off + e->seen.len));
	return text;
}

const char *decode_time(char text[static DECODE_TIME], int64_t when)
{
	time_t seconds = (time_t)(when / 1000000);
	struct tm tm;
	size_t n;

	if (when < 0 || !gmtime_r(&seconds, &tm))
		return "-";
	n = strftime(text, DECODE_TIME, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, DECODE_TIME - n, ".%06dZ", (int)(when % 1000000));
	return text;
}

/* --summary: a line a stream, as a log of connections has it. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/addr.h"
#include "base/names.h"
#include "decode.h"

static const uint8_t *field_of(const struct s5_seen *seen, enum s5_field field, size_t *n)
{
	const struct s5_trace *t = seen->trace;

	for (unsigned i = 0; i < t->nspans; i++) {
		if (t->span[i].field != field || !t->span[i].len)
			continue;
		*n = t->span[i].len;
		return seen->octets + t->span[i].off;
	}
	return NULL;
}

/* One that a NUL ends: without that. */
static const uint8_t *string_of(const struct s5_seen *seen, enum s5_field field, size_t *n)
{
	const uint8_t *octets = field_of(seen, field, n);

	if (octets && !octets[*n - 1])
		--*n;
	return octets;
}

static int code_of(const struct s5_seen *seen, enum s5_field field)
{
	size_t n;
	const uint8_t *octet = field_of(seen, field, &n);

	return octet ? *octet : -1;
}

static void take_user(struct decode_sum *sum, const struct s5_seen *seen)
{
	size_t n;
	const uint8_t *name = field_of(seen, S5_F_UNAME, &n);

	if (!name)
		name = string_of(seen, S5_F_USERID, &n);
	if (name && n)
		s5_escape(sum->user, sizeof(sum->user), name, n);
}

static void take_target(struct decode_stream *s, const struct s5_seen *seen)
{
	size_t n = 0, nport = 0;
	const uint8_t *host = string_of(seen, S5_F_HOSTNAME, &n);
	const uint8_t *port = field_of(seen, S5_F_DST_PORT, &nport);
	int atyp = s->version == 4 ? S5_ATYP_IPV4 : code_of(seen, S5_F_ATYP);
	struct s5_addr to = { .atyp = host ? S5_ATYP_NAME : (uint8_t)atyp };

	if (!host)
		host = field_of(seen, S5_F_DST_ADDR, &n);
	if (!host || !port || n > S5_NAME_MAX)
		return;
	to.len = (uint8_t)n;
	memcpy(to.octets, host, n);
	to.port = (uint16_t)(port[0] << 8 | port[1]);
	s5_addr_format(&to, s->sum.target, sizeof(s->sum.target));
}

static void take_message(struct decode_stream *s, const struct s5_seen *seen)
{
	struct decode_sum *sum = &s->sum;
	int code;

	switch (seen->step) {
	case S5_STEP_CHOICE:
		code = code_of(seen, S5_F_METHOD);
		sum->method = code < 0 ? NULL : s5_method_name((uint8_t)code);
		break;
	case S5_STEP_CREDENTIALS:
		take_user(sum, seen);
		break;
	case S5_STEP_STATUS:
		sum->is_refused = code_of(seen, S5_F_STATUS) > 0;
		break;
	case S5_STEP_REQUEST:
		code = code_of(seen, S5_F_CMD);
		sum->command = code < 0 ? NULL : s5_cmd_name((uint8_t)code);
		if (s->version == 4) {
			sum->method = "socks4";
			take_user(sum, seen);
		}
		take_target(s, seen);
		break;
	case S5_STEP_REPLY:
	case S5_STEP_REPLY2:
		sum->reply = code_of(seen, S5_F_REP);
		break;
	default:
		break;
	}
}

/* Octets of payload: of a datagram those behind its header. */
static uint64_t carried(const struct decode_stream *s, const struct s5_seen *seen)
{
	bool is_open = s->sum.reply >= 0;
	size_t n = 0;

	if (seen->kind == S5_SEEN_DATAGRAM)
		field_of(seen, S5_F_DATA, &n);
	else if (seen->kind == S5_SEEN_DATA || (is_open && seen->kind == S5_SEEN_GAP))
		return seen->len;
	return n;
}

void decode_sum_take(struct decode_stream *s, const struct s5_seen *seen)
{
	if (seen->trace)
		s->sum.notes += seen->trace->nmarks;
	s->sum.is_faulty |= seen->kind == S5_SEEN_FAULT;
	if (seen->kind == S5_SEEN_MESSAGE)
		take_message(s, seen);
	s->sum.carried[seen->from] += carried(s, seen);
}

static void put_word(struct decode_view *v, const char *name, const char *text)
{
	fprintf(v->to, " %s=%s", name, text && *text ? "" : "-");
	for (; text && *text; text++)
		fprintf(v->to, *text == '"' ? "\\x22" : "%c", *text == ' ' ? '-' : *text);
}

static const char *end_of(const struct decode_stream *s, const char *how)
{
	if (s->sum.is_faulty && !s->sum.method && s->version == 5)
		return "the answer is no SOCKS";
	if (s->sum.is_faulty)
		return "malformed";
	if (s->sum.is_refused)
		return "credentials refused";
	return how ? how : "end of the octets";
}

static void put_text(struct decode_view *v, const struct decode_stream *s, const char *how)
{
	const struct decode_sum *sum = &s->sum;
	char text[S5_ADDR_TEXT];

	if (v->has_time)
		fprintf(v->to, "%s ", decode_time(text, s->first));
	fprintf(v->to, "stream=%lu", s->number);
	for (unsigned i = 0; i < 2 && s->peer; i++)
		fprintf(v->to, " %s=%s", i == S5_CLIENT ? "client" : "server",
			s5_addr_format(&s->peer[i], text, sizeof(text)));
	put_word(v, "method", sum->method);
	put_word(v, "user", sum->user);
	put_word(v, "command", sum->command);
	put_word(v, "target", sum->target);
	fputs(" reply=", v->to);
	fprintf(v->to, sum->reply < 0 ? "-" : "%02x", (unsigned)sum->reply);
	fprintf(v->to, " up=%" PRIu64 " down=%" PRIu64, sum->carried[S5_CLIENT],
		sum->carried[S5_SERVER]);
	if (v->has_time)
		fprintf(v->to, " ms=%" PRId64, (s->last - s->first) / 1000);
	fprintf(v->to, " notes=%u end=\"%s\"\n", sum->notes, end_of(s, how));
}

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

static void put_json(struct decode_view *v, const struct decode_stream *s, const char *how)
{
	const struct decode_sum *sum = &s->sum;
	json_t *line = json_object();
	char text[S5_ADDR_TEXT];

	if (v->has_time)
		json_object_set_new(line, "time", json_real((double)s->first / 1e6));
	json_object_set_new(line, "stream", json_integer((json_int_t)s->number));
	for (unsigned i = 0; i < 2 && s->peer; i++)
		json_object_set_new(line, i == S5_CLIENT ? "client" : "server",
				    json_string(s5_addr_format(&s->peer[i], text, sizeof(text))));
	json_object_set_new(line, "method", text_or_null(sum->method));
	json_object_set_new(line, "user", text_or_null(sum->user));
	json_object_set_new(line, "command", text_or_null(sum->command));
	json_object_set_new(line, "target", text_or_null(sum->target));
	json_object_set_new(line, "reply", sum->reply < 0 ? json_null() : json_integer(sum->reply));
	json_object_set_new(line, "up", json_integer((json_int_t)sum->carried[S5_CLIENT]));
	json_object_set_new(line, "down", json_integer((json_int_t)sum->carried[S5_SERVER]));
	if (v->has_time)
		json_object_set_new(line, "ms", json_integer((s->last - s->first) / 1000));
	json_object_set_new(line, "notes", json_integer(sum->notes));
	json_object_set_new(line, "end", json_string(end_of(s, how)));
	json_dumpf(line, v->to, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(16));
	fputc('\n', v->to);
	json_decref(line);
}

void decode_sum_put(struct decode_view *v, const struct decode_stream *s, const char *how)
{
	if (v->options->format == DECODE_JSON)
		put_json(v, s, how);
	else
		put_text(v, s, how);
}

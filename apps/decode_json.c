/* A JSON object a message, with Wireshark's names for the fields that it knows. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/addr.h"
#include "base/names.h"
#include "decode.h"

enum shape { HEX, NUMBER, NUMBERS, TEXT, ADDRESS };

/* In Wireshark's words; "socks5." where it has none, NULL where it has several. */
static const struct name {
	const char *name;
	enum shape shape;
} names[S5_F_COUNT] = {
	[S5_F_VER] = { "socks.version", NUMBER },
	[S5_F_NMETHODS] = { "socks.auth_method_count", NUMBER },
	[S5_F_METHODS] = { "socks.auth_method", NUMBERS },
	[S5_F_METHOD] = { "socks.auth_accepted_method", NUMBER },
	[S5_F_SUBVER] = { "socks.subnegotiation_version", NUMBER },
	[S5_F_ULEN] = { "socks5.username_length", NUMBER },
	[S5_F_UNAME] = { "socks.username", TEXT },
	[S5_F_PLEN] = { "socks5.password_length", NUMBER },
	[S5_F_PASSWD] = { "socks.password", TEXT },
	[S5_F_STATUS] = { "socks.auth_status", NUMBER },
	[S5_F_CMD] = { "socks.command", NUMBER },
	[S5_F_REP] = { "socks.results", NUMBER },
	[S5_F_RSV] = { "socks.reserved", NUMBER },
	[S5_F_FRAG] = { "socks.fragment_number", NUMBER },
	[S5_F_ATYP] = { "socks.address_type", NUMBER },
	[S5_F_NAME_LEN] = { "socks5.remote_name_length", NUMBER },
	[S5_F_DST_ADDR] = { NULL, ADDRESS },
	[S5_F_DST_PORT] = { NULL, NUMBER },
	[S5_F_BND_ADDR] = { NULL, ADDRESS },
	[S5_F_BND_PORT] = { NULL, NUMBER },
	[S5_F_DATA] = { "socks5.data", HEX },
	[S5_F_MTYP] = { "socks.gssapi.command", NUMBER },
	[S5_F_LEN] = { "socks.gssapi.length", NUMBER },
	[S5_F_TOKEN] = { "socks.gssapi.data", HEX },
	[S5_F_TOK_MECH] = { "socks5.token.mechanism", HEX },
	[S5_F_TOK_ID] = { "socks5.token.id", HEX },
	[S5_F_TOK_FLAGS] = { "socks5.token.flags", NUMBER },
	[S5_F_TOK_FILLER] = { "socks5.token.filler", NUMBER },
	[S5_F_TOK_EC] = { "socks5.token.ec", NUMBER },
	[S5_F_TOK_RRC] = { "socks5.token.rrc", NUMBER },
	[S5_F_TOK_SEQ] = { "socks5.token.sequence", NUMBER },
	[S5_F_LEVEL] = { "socks5.level", NUMBER },
	[S5_F_USERID] = { "socks.username", TEXT },
	[S5_F_HOSTNAME] = { "socks.v4a_dns_name", TEXT },
	[S5_F_ORIGIN] = { "socks5.origin", HEX },
};

static json_t *hex_of(const uint8_t *octets, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * n + 1);
	json_t *value;

	if (!text)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		text[2 * i] = digits[octets[i] >> 4];
		text[2 * i + 1] = digits[octets[i] & 15];
	}
	value = json_stringn(text, 2 * n);
	free(text);
	return value;
}

static json_t *number_of(const uint8_t *octets, size_t n)
{
	uint64_t number = 0;

	for (size_t i = 0; i < n; i++)
		number = number << 8 | octets[i];
	/* What no reader of JSON may take for a number of its own. */
	return number > INT64_MAX ? json_sprintf("%" PRIu64, number)
				  : json_integer((json_int_t)number);
}

static json_t *numbers_of(const uint8_t *octets, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_integer(octets[i]));
	return list;
}

static const char *address_name(const struct decode_event *e, const struct s5_span *span)
{
	if (span->len == 4 && e->stream->version == 4)
		return "socks.dst";
	for (unsigned i = 0; i < e->seen.trace->nspans; i++)
		if (e->seen.trace->span[i].field == S5_F_NAME_LEN)
			return "socks.remote_name";
	return span->len == 16 ? "socks.dstV6" : "socks.dst";
}

/* Of an address the kind decides, of a port the message. */
static const char *port_name(const struct decode_event *e)
{
	if (e->stream->version == 4 || e->seen.kind == S5_SEEN_DATAGRAM)
		return "socks.dstport";
	return e->seen.step == S5_STEP_REPLY2 ? "socks.remote_host_port" : "socks.port";
}

static const char *name_of(const struct decode_event *e, const struct s5_span *span)
{
	const struct name *row = &names[span->field];

	if (row->name)
		return row->name;
	return row->shape == ADDRESS ? address_name(e, span) : port_name(e);
}

static json_t *value_of(const struct decode_event *e, const struct s5_span *span)
{
	const uint8_t *octets = e->seen.octets + span->off;
	char text[S5_ADDR_TEXT];

	switch (names[span->field].shape) {
	case NUMBER:
		return number_of(octets, span->len);
	case NUMBERS:
		return numbers_of(octets, span->len);
	case TEXT:
	case ADDRESS:
		return json_string(decode_value(text, sizeof(text), e, span));
	case HEX:
		break;
	}
	return hex_of(octets, span->len);
}

static json_t *fields_of(const struct decode_event *e)
{
	const struct s5_trace *t = e->seen.trace;
	json_t *fields = json_object();

	for (unsigned i = 0; t && i < t->nspans; i++)
		json_object_set_new(fields, name_of(e, &t->span[i]), value_of(e, &t->span[i]));
	if (!t && e->have)
		json_object_set_new(fields, "socks5.data",
				    decode_hides(e, 0) ? json_string("(hidden)")
						       : hex_of(e->seen.octets, e->have));
	return fields;
}

static json_t *notes_of(const struct decode_event *e)
{
	const struct s5_trace *t = e->seen.trace;
	json_t *notes = json_array();
	char text[256];

	for (unsigned i = 0; t && i < t->nmarks; i++) {
		enum s5_note note = (enum s5_note)t->mark[i].note;

		json_array_append_new(notes,
				      json_pack("{s:s, s:s, s:I}", "section", s5_note_section(note),
						"text", s5_note_text(note), "offset",
						(json_int_t)(e->seen.off + t->mark[i].off)));
	}
	if (e->seen.kind == S5_SEEN_CLOSED)
		json_array_append_new(notes, json_pack("{s:s+}", "text", "closed in place of its ",
						       s5_step_name(e->seen.step)));
	if (e->remark)
		json_array_append_new(notes, json_pack("{s:s}", "text", e->remark));
	if (e->seen.kind == S5_SEEN_FAULT)
		json_array_append_new(notes, json_pack("{s:s, s:I}", "fault",
						       decode_fault(text, sizeof(text), e),
						       "offset", (json_int_t)e->seen.off));
	return notes;
}

void decode_json(struct decode_view *v, const struct decode_event *e)
{
	const struct s5_addr *peer = e->stream->peer;
	json_t *line = json_object();
	char text[S5_ADDR_TEXT];

	if (v->has_time)
		json_object_set_new(line, "time", json_real((double)e->seen.when / 1e6));
	json_object_set_new(line, "stream", json_integer((json_int_t)e->stream->number));
	for (unsigned i = 0; i < 2 && peer; i++)
		json_object_set_new(line, i == S5_CLIENT ? "client" : "server",
				    json_string(s5_addr_format(&peer[i], text, sizeof(text))));
	json_object_set_new(line, "from",
			    json_string(e->seen.from == S5_CLIENT ? "client" : "server"));
	json_object_set_new(line, "offset", json_integer((json_int_t)e->seen.off));
	json_object_set_new(line, "octets", json_integer((json_int_t)e->seen.len));
	json_object_set_new(line, "message", json_string(decode_what(e)));
	if (e->seen.sealed)
		json_object_set_new(line, "sealed", json_true());
	json_object_set_new(line, "fields", fields_of(e));
	json_object_set_new(line, "notes", notes_of(e));
	json_dumpf(line, v->to, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(16));
	fputc('\n', v->to);
	json_decref(line);
}

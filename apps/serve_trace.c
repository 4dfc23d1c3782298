#include "serve_trace.h"

#include <inttypes.h>

#include "base/names.h"
#include "message.h"

struct who {
	char text[S5_ADDR_TEXT + 48];
};

/* "session 7 from 127.0.0.1:4242 at 12 ms" */
static struct who who(const struct s5_record *r)
{
	char client[S5_ADDR_TEXT] = "a Unix socket";
	struct who w;

	if (r->client.atyp)
		s5_addr_format(&r->client, client, sizeof(client));
	snprintf(w.text, sizeof(w.text), "session %" PRIu64 " from %s at %" PRId64 " ms", r->id,
		 client, r->ms);
	return w;
}

/* A first reply's bound address: where the client's datagrams go, or a peer may come. */
static void trace_reply(const struct out *out, const struct s5_record *record,
			const struct s5_session *s)
{
	char text[S5_ADDR_TEXT];
	const char *what =
		s->request.cmd == S5_CMD_UDP ? "relays datagrams at" : "waits for a peer at";

	if (s->request.cmd != S5_CMD_CONNECT && !record->actual.atyp)
		out_verbose(out, 1, "%s: %s %s", who(record).text, what,
			    s5_addr_format(&s->reply.bnd, text, sizeof(text)));
}

void serve_trace_event(const struct out *out, const struct s5_record *record,
		       const struct s5_session *s, enum s5_event event)
{
	char text[S5_ADDR_TEXT];

	if (event == S5_EV_MESSAGE) {
		snprintf(text, sizeof(text), "session %" PRIu64 ":", record->id);
		message_say(out, text, who(record).text,
			    s->message.sender == S5_CLIENT ? "received" : "sent", s);
	}
	if (event == S5_EV_METHOD)
		out_verbose(out, 1, "%s: method %s", who(record).text, s5_method_name(s->method));
	if (event == S5_EV_CREDENTIALS)
		out_verbose(out, 1, "%s: %s %s", who(record).text,
			    s->method == S5_METHOD_GSSAPI ? "a ticket of" : "credentials of",
			    s->credentials.ulen ? s5_escape(text, sizeof(text), s->credentials.user,
							    s->credentials.ulen)
						: "nobody: the name is empty");
	if (event == S5_EV_REQUEST && s->method == S5_METHOD_GSSAPI)
		out_verbose(out, 1, "%s: protection: %s", who(record).text,
			    s5_level_name(s->level));
	if (event == S5_EV_REQUEST)
		out_verbose(out, 1, "%s: asked to %s %s", who(record).text,
			    s5_cmd_name(s->request.cmd),
			    s5_addr_format(&s->request.dst, text, sizeof(text)));
	if (event == S5_EV_REPLY || event == S5_EV_OPEN)
		trace_reply(out, record, s);
	if (event == S5_EV_OPEN && record->actual.atyp)
		out_verbose(out, 1, "%s: open to %s", who(record).text,
			    s5_addr_format(&record->actual, text, sizeof(text)));
}

void serve_trace_refused(const struct out *out, const struct s5_record *record,
			 const struct s5_addr *to, const char *why)
{
	char text[S5_ADDR_TEXT];

	out_verbose(out, 1, "%s: datagrams to %s are dropped: %s", who(record).text,
		    s5_addr_format(to, text, sizeof(text)), why);
}

void serve_trace_end(const struct out *out, const struct s5_record *record)
{
	out_verbose(out, 1, "%s: %s; %" PRIu64 " octets up, %" PRIu64 " down", who(record).text,
		    record->why, record->up, record->down);
}

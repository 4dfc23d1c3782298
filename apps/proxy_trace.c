/* What -v says of a call, each phase with its time, and -vv: every message, field by field. */
#include <string.h>
#include <time.h>

#include "base/names.h"
#include "message.h"
#include "proxy_call.h"

struct moment {
	char text[32];
};

/* How long after the beginning of the call. */
static struct moment since(const struct proxy_call *call)
{
	struct timespec now;
	struct moment m;
	int64_t us;

	clock_gettime(CLOCK_MONOTONIC, &now);
	us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 - call->begun;
	snprintf(m.text, sizeof(m.text), "%lld.%lld ms", (long long)(us / 1000),
		 (long long)(us % 1000 / 100));
	return m;
}

static const char *hop_name(const struct proxy_call *call, char *text, size_t size)
{
	return proxy_hop_name(call->proxy, call->client.hop, text, size);
}

void proxy_trace_connected(const struct proxy_call *call)
{
	const struct s5_client *c = &call->client;
	const struct s5_addr *asked = &c->request.dst;
	char peer[S5_ADDR_TEXT] = "", name[PROXY_HOP_TEXT];

	if (call->proxy->config.nhops) {
		asked = &call->proxy->hops[0].addr;
		hop_name(call, name, sizeof(name));
	} else {
		s5_addr_format(asked, name, sizeof(name));
	}
	if (asked->atyp == S5_ATYP_NAME)
		s5_addr_format(&c->dial.peer, peer, sizeof(peer));
	out_verbose(call->proxy->out, 1, "%s: connected to %s%s%s", since(call).text, name,
		    *peer ? " at " : "", peer);
}

static void say_message(const struct proxy_call *call)
{
	const struct s5_session *s = &call->client.session;
	char name[PROXY_HOP_TEXT], way[sizeof(name) + 8];

	snprintf(way, sizeof(way), "%s %s", s->message.sender == S5_CLIENT ? "to" : "from",
		 hop_name(call, name, sizeof(name)));
	message_say(call->proxy->out, "", since(call).text, way, s);
}

/* The line of -v for a message: what it comes to. */
static void say_phase(const struct proxy_call *call)
{
	const struct s5_session *s = &call->client.session;
	char text[S5_ADDR_TEXT], name[PROXY_HOP_TEXT];

	hop_name(call, name, sizeof(name));
	if (s->message.step == S5_STEP_STATUS && s->message.octets[1] == 0)
		out_verbose(call->proxy->out, 1, "%s: %s: credentials accepted", since(call).text,
			    name);
	if (s->message.step == S5_STEP_LEVEL && s->message.sender == S5_SERVER && !s->ended)
		out_verbose(call->proxy->out, 1, "%s: %s: we are %s, protection: %s",
			    since(call).text, name,
			    s5_escape(text, sizeof(text), s->credentials.user, s->credentials.ulen),
			    s5_level_name(s->level));
	if (s->message.step == S5_STEP_REQUEST)
		out_verbose(call->proxy->out, 1, "%s: %s: %s %s", since(call).text, name,
			    s5_cmd_name(s->request.cmd),
			    s5_addr_format(&s->request.dst, text, sizeof(text)));
}

void proxy_trace_event(const struct proxy_call *call, enum s5_event event)
{
	const struct s5_session *s = &call->client.session;
	char text[S5_ADDR_TEXT], name[PROXY_HOP_TEXT];

	if (event == S5_EV_MESSAGE) {
		say_message(call);
		say_phase(call);
	}
	if (event == S5_EV_METHOD)
		out_verbose(call->proxy->out, 1, "%s: %s: method %s", since(call).text,
			    hop_name(call, name, sizeof(name)), s5_method_name(s->method));
	if (event == S5_EV_REPLY)
		out_verbose(call->proxy->out, 1, "%s: %s: succeeded, bound %s", since(call).text,
			    hop_name(call, name, sizeof(name)),
			    s5_addr_format(&s->reply.bnd, text, sizeof(text)));
}

void proxy_trace_datagram(const struct proxy_call *call, size_t hop, enum s5_role sender,
			  const uint8_t *octets, size_t len, const struct s5_trace *trace)
{
	char name[PROXY_HOP_TEXT], head[sizeof(name) + 80];

	snprintf(head, sizeof(head), "%s: %s the relay of %s: datagram", since(call).text,
		 sender == S5_CLIENT ? "to" : "from",
		 proxy_hop_name(call->proxy, hop, name, sizeof(name)));
	message_say_octets(call->proxy->out, "", head, octets, len, trace);
}

#include "proxy_udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

static struct proxy_udp *udp_of(struct s5_udp_client *u)
{
	return S5_OUTER(u, struct proxy_udp, client);
}

static size_t hop_count(const struct proxy_udp *w)
{
	return w->proxy->config.nhops;
}

/* "proxy 127.0.0.1:1080", or the target if there is none. */
static const char *name_of(const struct proxy_udp *w, size_t hop, char *text, size_t size)
{
	if (!hop_count(w))
		return s5_addr_format(&w->target, text, size);
	return proxy_hop_name(w->proxy, hop, text, size);
}

/* what the association tells */

static void received(struct s5_udp_client *u, const struct s5_addr *from, const uint8_t *data,
		     size_t len)
{
	struct proxy_udp *w = udp_of(u);

	w->troubled = false;
	w->received(w, from, data, len);
}

static void lost(struct s5_udp_client *u, size_t hop, int error)
{
	struct proxy_udp *w = udp_of(u);
	char name[PROXY_HOP_TEXT];

	out_error(w->proxy->out, "%s: %s, and the association is over",
		  name_of(w, hop, name, sizeof(name)),
		  error ? strerror(error) : "proxy closed the connection");
	s5_udp_client_fini(u);
	w->status = EXIT_NETWORK;
	w->ended(w);
}

/* One line for many in a row. */
static void trouble(struct s5_udp_client *u, int error)
{
	struct proxy_udp *w = udp_of(u);
	char name[PROXY_HOP_TEXT], where[S5_ADDR_TEXT];

	if (w->troubled)
		return;
	w->troubled = true;
	name_of(w, 0, name, sizeof(name));
	if (hop_count(w))
		out_warn(w->proxy->out, "%s: its relay %s: %s", name,
			 s5_addr_format(&w->hops[0].relay, where, sizeof(where)), strerror(error));
	else
		out_warn(w->proxy->out, "%s: %s%s", name, strerror(error),
			 proxy_connect_hint(error, true));
}

static void dropped(struct s5_udp_client *u, size_t hop, const char *why)
{
	const struct proxy_udp *w = udp_of(u);
	char name[PROXY_HOP_TEXT];

	out_verbose(w->proxy->out, 1, "%s: a datagram was dropped: %s",
		    name_of(w, hop, name, sizeof(name)), why);
}

static void writable(struct s5_udp_client *u)
{
	struct proxy_udp *w = udp_of(u);

	w->writable(w);
}

static void watch(struct s5_udp_client *u, size_t hop, enum s5_role sender, const uint8_t *octets,
		  size_t len, const struct s5_trace *trace)
{
	proxy_trace_datagram(&udp_of(u)->call, hop, sender, octets, len, trace);
}

/* opening */

static void finish(struct proxy_udp *w, int status)
{
	w->status = status;
	if (status != EXIT_OK)
		proxy_udp_fini(w);
	w->opened(w, status == EXIT_OK);
}

static void say_open(const struct proxy_udp *w)
{
	char name[PROXY_HOP_TEXT], where[S5_ADDR_TEXT];

	for (size_t i = 0; i < w->client.nhops; i++)
		out_verbose(w->proxy->out, 1, "%s: its relay is %s",
			    name_of(w, i, name, sizeof(name)),
			    s5_addr_format(&w->hops[i].relay, where, sizeof(where)));
}

/* Every hop has agreed. */
static void open_socket(struct proxy_udp *w)
{
	const struct s5_dial_options *dial = &w->proxy->config.dial;
	const struct s5_addr *peer = w->client.nhops ? &w->hops[0].relay : &w->target;
	char where[S5_ADDR_TEXT];
	int rc;

	w->client.peer = w->target;
	w->client.source = peer->atyp == S5_ATYP_IPV6 ? dial->source6 : dial->source4;
	w->client.source.port = w->source_port;
	rc = s5_udp_client_start(&w->client);
	if (rc < 0)
		out_error(w->proxy->out, "cannot send to %s: %s",
			  s5_addr_format(peer, where, sizeof(where)), strerror(-rc));
	else
		say_open(w);
	finish(w, rc < 0 ? EXIT_NETWORK : EXIT_OK);
}

static void call_done(struct proxy_call *call, bool ok);

static void call_next(struct proxy_udp *w)
{
	struct s5_request request = { .cmd = S5_CMD_UDP };

	if (w->client.nhops == hop_count(w)) {
		open_socket(w);
		return;
	}
	request.dst = s5_addr_ip4((const uint8_t[4]){ 0 }, 0); /* R1928-U.3 */
	w->config = w->proxy->config;
	w->config.nhops = w->client.nhops + 1;
	w->call = (struct proxy_call){ .done = call_done, .config = &w->config };
	proxy_call_start(&w->call, w->proxy, w->loop, w->resolver, &request);
}

static void call_done(struct proxy_call *call, bool ok)
{
	struct proxy_udp *w = S5_OUTER(call, struct proxy_udp, call);
	char name[PROXY_HOP_TEXT];

	if (!ok) {
		finish(w, proxy_call_failed(call));
		return;
	}
	if (s5_udp_client_join(&w->client, &call->client) < 0) {
		out_error(w->proxy->out, "%s: reply: proxy named port 0 for its relay",
			  name_of(w, w->client.nhops - 1, name, sizeof(name)));
		finish(w, EXIT_PROTOCOL);
		return;
	}
	proxy_call_fini(call);
	call_next(w);
}

static void begin(struct s5_task *t)
{
	struct proxy_udp *w = S5_OUTER(t, struct proxy_udp, task);

	w->hops = w->client.hops = calloc(hop_count(w) + 1, sizeof(*w->hops));
	if (w->hops) {
		call_next(w);
		return;
	}
	out_error(w->proxy->out, "cannot start: %s", strerror(ENOMEM));
	finish(w, EXIT_NETWORK);
}

void proxy_udp_start(struct proxy_udp *w)
{
	w->client = (struct s5_udp_client){ .loop = w->loop };
	w->client.budget = w->budget;
	w->client.proxy_address = w->proxy_address;
	w->client.received = received;
	w->client.lost = lost;
	w->client.trouble = trouble;
	w->client.dropped = dropped;
	w->client.writable = w->writable ? writable : NULL;
	w->client.watch = w->proxy->out->verbose > 1 ? watch : NULL;
	w->task.run = begin;
	s5_loop_later(w->loop, &w->task);
}

void proxy_udp_fini(struct proxy_udp *w)
{
	if (!w->loop)
		return;
	s5_loop_not_later(w->loop, &w->task);
	proxy_call_fini(&w->call);
	s5_udp_client_fini(&w->client);
	free(w->hops);
	w->hops = NULL;
	w->client.nhops = 0;
}

/* sending */

size_t proxy_udp_limit(const struct proxy_udp *w)
{
	size_t limit = s5_udp_client_limit(&w->client, &w->target);
	size_t pieces = (size_t)w->piece * S5_FRAG_POSITION;

	if (!w->piece)
		return limit;
	return pieces < S5_UDP_PAYLOAD_MAX ? pieces : S5_UDP_PAYLOAD_MAX;
}

static void say_unsent(const struct proxy_udp *w, int error, size_t len)
{
	char where[S5_ADDR_TEXT];

	s5_addr_format(&w->target, where, sizeof(where));
	if (error == EMSGSIZE && len > proxy_udp_limit(w))
		out_warn(w->proxy->out,
			 "a datagram of %zu octets is not sent: at most %zu go to %s%s", len,
			 proxy_udp_limit(w), where, w->piece ? " in 127 fragments" : "");
	else if (error == EMSGSIZE)
		out_warn(w->proxy->out,
			 "a datagram of %zu octets is not sent: the way to %s takes no such", len,
			 where);
	else
		out_warn(w->proxy->out, "a datagram to %s is not sent: %s", where, strerror(error));
}

int proxy_udp_send(struct proxy_udp *w, const void *data, size_t len)
{
	struct s5_udp_client *u = &w->client;
	int rc = -EMSGSIZE;

	if (len <= proxy_udp_limit(w))
		rc = w->piece
			     ? s5_udp_client_send_pieces(u, &w->target, data, len, (size_t)w->piece)
			     : s5_udp_client_send(u, &w->target, data, len);
	if (rc == -EAGAIN && w->writable)
		return rc;
	if (rc < 0)
		say_unsent(w, -rc, len);
	else
		w->sent++;
	return 0;
}

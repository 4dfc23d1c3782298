/* Associations: the way to their relays. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "command.h"
#include "speed.h"
#include "speed_datagrams.h"

#define BUFFER (4 << 20)

static struct speed_stream *stream_of(struct s5_udp_client *u)
{
	return S5_OUTER(u, struct speed_association, client)->stream;
}

static void received(struct s5_udp_client *u, const struct s5_addr *from, const uint8_t *data,
		     size_t len)
{
	struct speed_association *a = S5_OUTER(u, struct speed_association, client);

	(void)from;
	speed_datagram_take(a, data, len, len, speed_clock());
	speed_datagrams_fill(a);
}

static void lost(struct s5_udp_client *u, size_t hop, int error)
{
	(void)hop;
	speed_stream_break(stream_of(u), error ? error : SPEED_CLOSED);
}

/* What is lost for it is seen by what does not come. */
static void trouble(struct s5_udp_client *u, int error)
{
	(void)u;
	(void)error;
}

static void socket_ready(struct s5_watch *w, uint32_t events)
{
	struct speed_association *a = S5_OUTER(w, struct speed_association, watch);

	(void)events;
	speed_datagrams_receive(a);
	speed_datagrams_fill(a);
}

static struct speed_association *association_new(struct speed_stream *s)
{
	const struct speed *speed = s->measure->speed;
	size_t window = 1;
	struct speed_association *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	while (window < 2 * (size_t)speed->options.window)
		window *= 2;
	a->stream = s;
	a->ring = (uint32_t)window;
	a->times = calloc(window, sizeof(*a->times));
	a->payload = calloc(1, s->measure->bytes);
	a->hops = calloc(speed->proxy.config.nhops + 1, sizeof(*a->hops));
	a->client = (struct s5_udp_client){ .loop = s->wire.loop,
					    .hops = a->hops,
					    .peer = *speed_call_target(speed, S5_CMD_UDP),
					    .received = received,
					    .lost = lost,
					    .trouble = trouble };
	s->association = a;
	return a->times && a->payload && a->hops ? a : NULL;
}

void speed_udp_close(struct speed_stream *s)
{
	struct speed_association *a = s->association;

	if (!a)
		return;
	s5_loop_forget(s->wire.loop, &a->watch);
	s5_udp_client_fini(&a->client);
	free(a->times);
	free(a->payload);
	free(a->hops);
	free(a);
	s->association = NULL;
}

/* Every hop has agreed. */
static int start(struct speed_stream *s)
{
	static const int size = BUFFER;
	struct speed_association *a = s->association;
	int rc = s5_udp_client_start(&a->client), fd = a->client.socket.fd;

	if (rc < 0)
		return rc;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (!speed_datagrams_set_head(a))
		return 0; /* sealed: the client does it */
	a->watch = (struct s5_watch){ .fd = fd, .ready = socket_ready };
	return s5_loop_rewatch(s->wire.loop, &a->watch, EPOLLIN);
}

static void fail(struct speed_stream *s, int status, const char *why)
{
	const struct speed *speed = s->measure->speed;
	size_t hop = s->association ? s->association->client.nhops : 0;
	char name[PROXY_HOP_TEXT] = "datagrams", text[PROXY_HOP_TEXT + 200];

	if (hop)
		proxy_hop_name(&speed->proxy, hop - 1, name, sizeof(name));
	snprintf(text, sizeof(text), "%s: %s", name, why);
	speed_stream_fail(s, status, text);
}

/* Asks the next hop, or opens the association. */
static void go_on(struct speed_stream *s)
{
	struct speed_association *a = s->association;
	size_t limit, joined = a->client.nhops;
	char text[100];
	int rc;

	if (joined < s->measure->speed->proxy.config.nhops) {
		speed_call_start(s, joined + 1);
		return;
	}
	rc = start(s);
	limit = rc == 0 ? s5_udp_client_limit(&a->client, &a->client.peer) : 0;
	if (rc < 0) {
		fail(s, EXIT_NETWORK, strerror(-rc));
	} else if (s->measure->bytes > limit) {
		snprintf(text, sizeof(text), "a datagram takes at most %zu octets there (--bytes)",
			 limit);
		fail(s, EXIT_USAGE, text);
	} else {
		speed_stream_begin(s);
	}
}

void speed_udp_open(struct speed_stream *s)
{
	if (association_new(s))
		go_on(s);
	else
		fail(s, EXIT_NETWORK, strerror(ENOMEM));
}

void speed_udp_join(struct speed_stream *s, struct s5_client *client)
{
	int rc = s5_udp_client_join(&s->association->client, client);

	speed_call_drop(s);
	if (rc < 0)
		fail(s, EXIT_PROTOCOL, "reply: proxy named port 0 for its relay");
	else
		go_on(s);
}

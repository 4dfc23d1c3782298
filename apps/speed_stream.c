/* A stream: opened, worked in, closed, perhaps opened anew. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "speed.h"

static void wire_ready(struct s5_watch *w, uint32_t events)
{
	struct speed_stream *s = S5_OUTER(w, struct speed_stream, wire.watch);
	int rc = s->measure->kind->ready(s, events);

	if (rc < 0)
		speed_stream_break(s, -rc);
}

void speed_stream_open(struct speed_stream *s)
{
	struct speed *speed = s->measure->speed;
	const struct proxy *p = &speed->proxy;

	s->wire = (struct speed_wire){ .watch = { .fd = -1, .ready = wire_ready },
				       .loop = &speed->engine.loop,
				       .pool = &speed->engine.pool,
				       .copies = p->config.nhops && p->hops[0].path };
	s->got = 0;
	s->talks = false;
	s->begun = speed_clock();
	s->measure->tried++;
	if (s->measure->kind->cmd == S5_CMD_UDP)
		speed_udp_open(s);
	else
		speed_call_start(s, p->config.nhops);
}

static void settle(struct speed_stream *s)
{
	s->measure->settled += !s->is_settled;
	s->is_settled = true;
}

void speed_stream_begin(struct speed_stream *s)
{
	struct speed_measure *m = s->measure;
	int rc;

	s->is_open = true;
	m->open++;
	m->in_a_row = 0;
	m->most_open = m->open > m->most_open ? m->open : m->most_open;
	settle(s);
	rc = m->kind->begin(s);
	if (rc < 0)
		speed_stream_break(s, -rc);
}

void speed_stream_opened(struct speed_stream *s, struct s5_client *client)
{
	int fd = client->fd, rc;

	if (s->association) {
		speed_udp_join(s, client);
		return;
	}
	rc = speed_wire_open(&s->wire, fd, client->seal);
	client->seal = NULL;
	s->got = client->nearly;
	speed_call_drop(s);
	if (rc < 0)
		speed_stream_break(s, -rc);
	else
		speed_stream_begin(s);
}

static void shut(struct speed_stream *s)
{
	s->measure->open -= s->is_open;
	s->is_open = false;
	speed_wire_close(&s->wire);
	speed_udp_close(s);
}

void speed_stream_close(struct speed_stream *s)
{
	speed_call_drop(s);
	shut(s);
}

void speed_stream_fail(struct speed_stream *s, int status, const char *text)
{
	speed_measure_fail(s->measure, status, text);
	speed_stream_close(s);
	settle(s);
}

void speed_stream_again(struct speed_stream *s)
{
	shut(s);
	speed_stream_open(s);
}

/* It goes through the last proxy, or to the target. */
static const char *put_name(const struct speed_stream *s, char *name, size_t size)
{
	const struct speed *speed = s->measure->speed;
	size_t nhops = speed->proxy.config.nhops;

	if (nhops)
		return proxy_hop_name(&speed->proxy, nhops - 1, name, size);
	s5_addr_format(speed_call_target(speed, s->measure->kind->cmd), name, size);
	return name;
}

/* What has gone wrong since it was open, in words. */
static int put_break(const struct speed_stream *s, int error, char *text, size_t size)
{
	char name[PROXY_HOP_TEXT];

	put_name(s, name, sizeof(name));
	if (error == SPEED_FAULT && s->wire.seal) {
		snprintf(text, size, "%s: %s", name, s5_seal_text(s5_seal_fault(s->wire.seal)));
		return EXIT_PROTOCOL;
	}
	snprintf(text, size, "%s: the %s %s", name, s->measure->kind->stream,
		 error == SPEED_CLOSED ? "was closed"
		 : error == EPROTO     ? "gives back what was not said: it is no echo"
				       : "broke");
	if (error != SPEED_CLOSED && error != EPROTO)
		snprintf(text + strlen(text), size - strlen(text), ": %s", strerror(error));
	return EXIT_NETWORK;
}

void speed_stream_late(struct speed_stream *s)
{
	char name[PROXY_HOP_TEXT], text[PROXY_HOP_TEXT + 100];

	snprintf(text, sizeof(text), "%s: the %s is not open yet, long after others were",
		 put_name(s, name, sizeof(name)), s->measure->kind->stream);
	speed_stream_fail(s, EXIT_NETWORK, text);
}

void speed_stream_break(struct speed_stream *s, int error)
{
	char text[PROXY_HOP_TEXT + 200];
	int status = put_break(s, error, text, sizeof(text));

	speed_stream_fail(s, status, text);
}

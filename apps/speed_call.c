/* The way to a stream: a call through the chain, each of its phases timed. */
#include <stdlib.h>

#include "command.h"
#include "speed.h"

struct speed_call {
	struct proxy_call call;
	struct speed_stream *stream;
	struct s5_client_config config; /* the chain up to the hop that is asked */
};

static struct speed_stream *stream_of(struct proxy_call *call)
{
	return S5_OUTER(call, struct speed_call, call)->stream;
}

/* One phase is over, and the next begins. Of the calls to a chain's hops the one through all counts. */
static void pass(struct proxy_call *call, enum speed_phase phase)
{
	struct speed_stream *s = stream_of(call);
	int64_t now = speed_clock();

	if (call->config->nhops == s->measure->speed->proxy.config.nhops)
		speed_measure_add(s->measure, phase, now - s->mark);
	s->mark = now;
}

static void connected(struct proxy_call *call)
{
	pass(call, SPEED_CONNECT);
}

static void heard(struct proxy_call *call, enum s5_event event)
{
	const struct s5_client *c = &call->client;

	if (event == S5_EV_MESSAGE && c->session.message.step == S5_STEP_REQUEST &&
	    c->hop + 1 == call->config->nhops)
		pass(call, SPEED_NEGOTIATE);
}

static void replied(struct proxy_call *call)
{
	pass(call, SPEED_REQUEST);
}

static void done(struct proxy_call *call, bool ok)
{
	struct speed_stream *s = stream_of(call);
	char text[PROXY_FAILURE_TEXT];

	s->measure->speed->proxy.out = &s->measure->speed->hushed;
	if (ok) {
		speed_stream_opened(s, &call->client);
		return;
	}
	proxy_failure_text(call, text, sizeof(text));
	speed_stream_fail(s, proxy_failure_status(&call->client.failure), text);
}

const struct s5_addr *speed_call_target(const struct speed *s, uint8_t cmd)
{
	if (s->target.atyp)
		return &s->target;
	return cmd == S5_CMD_UDP ? &s->own.datagrams : &s->own.stream;
}

void speed_call_start(struct speed_stream *s, size_t hops)
{
	struct speed *speed = s->measure->speed;
	uint8_t cmd = s->measure->kind->cmd;
	struct s5_request request = { .cmd = cmd };
	struct speed_call *c = calloc(1, sizeof(*c));

	s->call = c;
	if (!c) {
		speed_stream_fail(s, EXIT_NETWORK, "out of memory");
		return;
	}
	c->stream = s;
	c->config = speed->proxy.config;
	c->config.nhops = hops;
	c->call = (struct proxy_call){ .done = done,
				       .replied = replied,
				       .connected = connected,
				       .heard = heard,
				       .config = &c->config };
	if (cmd == S5_CMD_UDP)
		request.dst = s5_addr_ip4((const uint8_t[4]){ 0 }, 0); /* R1928-U.3 */
	else
		request.dst = *speed_call_target(speed, cmd);
	s->mark = speed_clock();
	proxy_call_start(&c->call, &speed->proxy, &speed->engine.loop, speed->engine.resolver,
			 &request);
}

void speed_call_drop(struct speed_stream *s)
{
	if (!s->call)
		return;
	proxy_call_fini(&s->call->call);
	free(s->call);
	s->call = NULL;
}

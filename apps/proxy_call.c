#include "proxy_call.h"

#include <time.h>

#include "command.h"

static struct proxy_call *call_of(struct s5_client *c)
{
	return S5_OUTER(c, struct proxy_call, client);
}

static void connected(struct s5_client *c)
{
	struct proxy_call *call = call_of(c);

	if (call->proxy->out->verbose)
		proxy_trace_connected(call);
	if (call->connected)
		call->connected(call);
	proxy_warn_clear_text(call->proxy);
}

static void watch(struct s5_client *c, enum s5_event event)
{
	struct proxy_call *call = call_of(c);

	if (call->proxy->out->verbose)
		proxy_trace_event(call, event);
	if (call->heard)
		call->heard(call, event);
	if (event == S5_EV_REPLY && call->replied && c->hop + 1 == call->config->nhops)
		call->replied(call);
}

static void done(struct s5_client *c, bool ok)
{
	struct proxy_call *call = call_of(c);

	call->over = true;
	call->ok = ok;
	if (call->done)
		call->done(call, ok);
}

int proxy_call_prepare(struct proxy *proxy, struct engine *engine)
{
	int status = proxy_offers_gssapi(proxy) ? engine_start_work(engine, proxy->out) : EXIT_OK;

	proxy->work = engine->work;
	return status;
}

void proxy_call_start(struct proxy_call *call, struct proxy *proxy, struct s5_loop *loop,
		      struct s5_resolver *resolver, const struct s5_request *request)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	call->begun = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
	call->proxy = proxy;
	call->client.loop = loop;
	call->client.resolver = resolver;
	call->client.work = proxy->work;
	call->config = call->config ? call->config : &proxy->config;
	call->client.config = call->config;
	call->client.request = *request;
	call->client.done = done;
	call->client.connected = connected;
	call->client.watch = watch;
	loop->now = s5_clock_ms();
	s5_client_start(&call->client);
}

bool proxy_call_wait(struct proxy_call *call)
{
	while (!call->over)
		s5_loop_turn(call->client.loop);
	return call->ok;
}

int proxy_call_failed(const struct proxy_call *call)
{
	char text[PROXY_FAILURE_TEXT];

	out_error(call->proxy->out, "%s", proxy_failure_text(call, text, sizeof(text)));
	return proxy_failure_status(&call->client.failure);
}

void proxy_call_fini(struct proxy_call *call)
{
	s5_client_fini(&call->client);
}

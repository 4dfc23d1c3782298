/*
 * One call through the chain of proxies: a client (roles/client.h) that says with -v what it does,
 * with -vv every message, and when it fails one line about where, why and what to do.
 *
 * Embedded in what it serves, zeroed before; the proxy is only read, so calls may go on side by
 * side on one loop.
 */
#ifndef APPS_PROXY_CALL_H
#define APPS_PROXY_CALL_H

#include "engine.h"
#include "proxy.h"
#include "roles/client.h"

struct proxy_call {
	struct s5_client client; /* the result is in here */
	struct proxy *proxy;
	/* Once, from the loop. NULL: somebody waits with proxy_call_wait(). */
	void (*done)(struct proxy_call *call, bool ok);
	/* The last proxy said yes: client.session.reply. With BIND twice. NULL: not told. */
	void (*replied)(struct proxy_call *call);
	/* The first proxy, or the target, is connected; an event of the session with hop client.hop. NULL:
	 * not told. */
	void (*connected)(struct proxy_call *call);
	void (*heard)(struct proxy_call *call, enum s5_event event);
	/* Instead of the proxy's: the chain up to a hop in its middle. NULL: all of it. */
	const struct s5_client_config *config;
	int64_t begun; /* microseconds */
	bool over, ok;
};

/* Starts what calls need besides the loop: EXIT_OK or EXIT_NETWORK, said. */
int proxy_call_prepare(struct proxy *proxy, struct engine *engine);
/* Starts to ask the last proxy for `request`, or to dial its address. */
void proxy_call_start(struct proxy_call *call, struct proxy *proxy, struct s5_loop *loop,
		      struct s5_resolver *resolver, const struct s5_request *request);
/* Turns the loop until the call is over. */
bool proxy_call_wait(struct proxy_call *call);
/* Says why the call failed; returns the exit status that this comes to. */
int proxy_call_failed(const struct proxy_call *call);
/* At any time, also of a zeroed one. */
void proxy_call_fini(struct proxy_call *call);

/* The parts of that: the line without "socks5 COMMAND: ", and the status. */
#define PROXY_FAILURE_TEXT 1600
const char *proxy_failure_text(const struct proxy_call *call, char *text, size_t size);
int proxy_failure_status(const struct s5_client_failure *failure);

/* What may be done about an errno of connect() to a proxy, or directly to a target: "; ...". */
const char *proxy_connect_hint(int error, bool direct);

/* "5 s", "1.5 s", "200 ms" */
const char *proxy_duration(int64_t ms, char *text, size_t size);

/* In proxy_trace.c: what -v and -vv say. */
void proxy_trace_connected(const struct proxy_call *call);
void proxy_trace_event(const struct proxy_call *call, enum s5_event event);
/* A datagram to or from a hop's relay, after the call. */
void proxy_trace_datagram(const struct proxy_call *call, size_t hop, enum s5_role sender,
			  const uint8_t *octets, size_t len, const struct s5_trace *trace);

#endif

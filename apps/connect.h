/* Inside `socks5 connect`: what its parts share. */
#ifndef APPS_CONNECT_H
#define APPS_CONNECT_H

#include "connect_opts.h"
#include "net/relay.h"
#include "proxy_call.h"
#include "target.h"

struct connect {
	struct connect_options options;
	struct proxy proxy;
	struct target target;
	bool turning; /* what follows is there */
	struct s5_loop loop;
	struct s5_pool pool;
	struct s5_resolver *resolver;
};

/* What a connection is for: each returns the exit status, after it has said what went wrong. */
int connect_relay(struct connect *c); /* standard input and output, or -e */
int connect_pass(struct connect *c); /* -F */
int connect_scan(struct connect *c); /* -z */
int connect_forward(struct connect *c); /* -L */

/* Starts a call to the target's port; done may be NULL (see proxy_call_wait). */
void connect_call(struct connect *c, struct proxy_call *call, uint16_t port,
		  void (*done)(struct proxy_call *call, bool ok));
/* Starts a relay between fds[0] (read), fds[1] (written) and the call's connection, end 1; what
 * the target has sent already goes first. idle, tap, half and done are set before. */
int connect_start_relay(struct connect *c, struct s5_relay *relay, struct proxy_call *call,
			const int fds[static 2], unsigned watched);
/* Says how a relay ended, unless it was in peace; `near` is what end 0 is called. */
int connect_ended(const struct connect *c, const struct s5_relay *relay, enum s5_relay_end end,
		  const char *near);

#endif

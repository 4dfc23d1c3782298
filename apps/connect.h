/* Inside `socks5 connect`: what its parts share. */
#ifndef APPS_CONNECT_H
#define APPS_CONNECT_H

#include "carry.h"
#include "connect_opts.h"
#include "target.h"

struct connect {
	struct connect_options options;
	struct proxy proxy;
	struct target target;
	struct engine engine;
};

/* What a connection is for: each returns the exit status, after it has said what went wrong. */
int connect_pass(struct connect *c); /* -F */
int connect_scan(struct connect *c); /* -z */
int connect_forward(struct connect *c); /* -L */

/* Starts a call to the target's port; done may be NULL (see proxy_call_wait). */
void connect_call(struct connect *c, struct proxy_call *call, uint16_t port,
		  void (*done)(struct proxy_call *call, bool ok));

#endif

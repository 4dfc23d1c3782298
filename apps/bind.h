/* Inside `socks5 bind`: what its parts share. */
#ifndef APPS_BIND_H
#define APPS_BIND_H

#include "bind_opts.h"
#include "carry.h"
#include "target.h"

struct bind {
	struct bind_options options;
	struct proxy proxy;
	struct s5_addr peer; /* who may come; 0.0.0.0:0 is anybody */
	struct s5_addr to;
	struct engine engine;
	bool deaf; /* standard output took no event, and that was said */
};

/* One peer that is asked for. Zeroed, asked; given back with proxy_call_fini(). */
struct bind_call {
	struct bind *bind;
	struct proxy_call call;
	bool listening; /* the first reply came */
};

/* done may be NULL (see proxy_call_wait). The replies are told as they come. */
void bind_ask(struct bind *b, struct bind_call *bc, void (*done)(struct proxy_call *call, bool ok));
/* It failed, and another may go better: the proxy listened, and the peer was the matter. */
bool bind_may_retry(const struct bind_call *bc);

/* --to: every connection goes to a service. The exit status, said. */
int bind_forward(struct bind *b);

#endif

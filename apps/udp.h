/* Inside `socks5 udp`: what its parts share. */
#ifndef APPS_UDP_H
#define APPS_UDP_H

#include "engine.h"
#include "proxy_udp.h"
#include "target.h"
#include "udp_opts.h"

struct udp {
	struct udp_options options;
	struct proxy proxy;
	struct target target;
	struct engine engine;
	struct s5_budget fragments; /* that came, of all associations */
};

/* What the target is for: each returns the exit status, after it has said what went wrong. */
int udp_talk(struct udp *u); /* standard input and output */
int udp_forward(struct udp *u); /* -L */

/* An association with the target, not yet started: the rest is the caller's to set. */
struct proxy_udp udp_way(struct udp *u);

#endif

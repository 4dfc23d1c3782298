/* What `socks5 connect` is told on its command line; filled from connect_opts. */
#ifndef APPS_CONNECT_OPTS_H
#define APPS_CONNECT_OPTS_H

#include "carry_opts.h"
#include "opt.h"
#include "out.h"
#include "proxy_opts.h"

struct command;

struct connect_options {
	struct carry_options carry; /* carry.interval: also between the ports of a scan */
	bool edit; /* --edit: type lines with an editor */
	bool pass_fd; /* -F: pass the connected socket to stdout, and end */
	char *listen; /* -L: [ADDR:]PORT, or NULL */
	bool keep_open; /* -k: with listen, go on after the first */
	bool scan; /* -z: only say which ports accept */
	bool debug; /* -D: SO_DEBUG on the socket */
	bool numeric; /* -n: resolve no name, neither here nor at the proxy */
	char *source; /* -s: local address to reach the (first) proxy from, or NULL */
	int source_port; /* -p: local port, 0: any */
	struct proxy_options proxy;
	struct out out;
};

extern const struct opt connect_opts[];

/* In connect.c; connect_command calls it. */
int connect_run(const struct command *self, int argc, char **argv);

#endif

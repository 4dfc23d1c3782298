/* What `socks5 bind` is told on its command line; filled from bind_opts. */
#ifndef APPS_BIND_OPTS_H
#define APPS_BIND_OPTS_H

#include "carry_opts.h"
#include "opt.h"
#include "out.h"
#include "proxy_opts.h"

struct command;

struct bind_options {
	struct carry_options carry;
	char *to; /* HOST:PORT of a local service, or NULL */
	bool keep_open; /* -k: bind again after each */
	bool json; /* tell events on stdout */
	bool numeric; /* -n: resolve no name, neither here nor at the proxy */
	char *source; /* -s: local address to reach the (first) proxy from, or NULL */
	struct proxy_options proxy;
	struct out out;
};

extern const struct opt bind_opts[];

/* In bind.c; bind_command calls it. */
int bind_run(const struct command *self, int argc, char **argv);

#endif

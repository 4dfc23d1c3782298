/* What `socks5 connect` is told on its command line; filled from connect_opts. */
#ifndef APPS_CONNECT_OPTS_H
#define APPS_CONNECT_OPTS_H

#include "opt.h"
#include "out.h"
#include "proxy_opts.h"

struct command;

struct connect_options {
	bool crlf; /* -C: send CR LF for LF */
	bool no_stdin; /* -d: do not read standard input */
	bool shutdown; /* -N: shut the sending side down when stdin ends */
	int64_t quit_after; /* -q: ms to stay after stdin's end; below 0: for ever */
	int64_t interval; /* -i: ms between lines, and between ports of a scan */
	int recv_limit; /* -W: end after so many reads from the target; 0: no limit */
	char *exec; /* -e: shell command that gets the connection, or NULL */
	bool pass_fd; /* -F: pass the connected socket to stdout, and end */
	char *listen; /* -L: [ADDR:]PORT, or NULL */
	bool keep_open; /* -k: with listen, go on after the first */
	bool scan; /* -z: only say which ports accept */
	char *hexdump; /* a path, "-" for stderr, or NULL */
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

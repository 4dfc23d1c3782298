/* What `socks5 udp` is told on its command line; filled from udp_opts. */
#ifndef APPS_UDP_OPTS_H
#define APPS_UDP_OPTS_H

#include "opt.h"
#include "out.h"
#include "proxy_opts.h"

struct command;

struct udp_options {
	bool lines; /* a line of stdin is a datagram, an answer is a line */
	bool hex; /* the same, in hex */
	bool from; /* each answer with its sender */
	bool no_stdin; /* -d: do not read standard input */
	int answers; /* -W: end after so many; 0: no limit */
	int64_t quit_after; /* -q: ms to stay after stdin's end; below 0: for ever */
	int fragment; /* octets of payload in a fragment; 0: no fragments */
	char *listen; /* -L: [ADDR:]PORT, or NULL */
	int64_t idle; /* with listen: ms until a sender is forgotten; 0: as below */
	int max_senders; /* with listen; 0: as many as it is by itself */
	bool proxy_address; /* the relay is at the proxy's address */
	bool numeric; /* -n: resolve no name, neither here nor at the proxy */
	char *source; /* -s: local address, or NULL */
	int source_port; /* -p: local UDP port, 0: any */
	struct proxy_options proxy;
	struct out out;
};

extern const struct opt udp_opts[];

/* In udp.c; udp_command calls it. */
int udp_run(const struct command *self, int argc, char **argv);

#endif

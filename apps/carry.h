/*
 * Carrying: what becomes of a connection that a call (proxy_call.h) came to. It is relayed to
 * standard input and output or to a command, or joined to another connection.
 */
#ifndef APPS_CARRY_H
#define APPS_CARRY_H

#include "carry_opts.h"
#include "dump.h"
#include "engine.h"
#include "net/relay.h"
#include "proxy_call.h"

struct carry {
	/* Set before opening; all borrowed. */
	const struct carry_options *options;
	const struct out *out;
	struct engine *engine;
	int64_t idle; /* ms, of the relay; 0: none */
	bool edit; /* lines are typed on the terminal, with an editor */
	bool again; /* standard input and output are for further connections too */
	struct dump dump;
};

/* Opens the dump, if one is wanted: EXIT_OK or EXIT_USAGE, said. */
int carry_open(struct carry *c);
/* Until it is over, from `far` or to it. Ends the call; returns the exit status, said. */
int carry_run(struct carry *c, struct proxy_call *call, const struct s5_addr *far);
/* Closes the dump; the status is then that, or EXIT_NETWORK, said. */
int carry_close(struct carry *c, int status);

/* Starts a relay between fds[0] (read), fds[1] (written) and the call's connection, end 1; what
 * came early from there goes first. idle, tap, half and done are set before. */
int carry_start(struct engine *e, struct s5_relay *relay, struct proxy_call *call,
		const int fds[static 2], unsigned watched);
/* Says how a relay ended, unless it was in peace; `near` is what end 0 is called. The status. */
int carry_ended(const struct out *out, const struct s5_relay *relay, enum s5_relay_end end,
		const char *near, const struct s5_addr *far);

#endif

/* How a connection is carried to standard input and output; a group of options, see opt.h. */
#ifndef APPS_CARRY_OPTS_H
#define APPS_CARRY_OPTS_H

#include "opt.h"

struct carry_options {
	bool shutdown; /* -N: shut the sending side down when stdin ends */
	int64_t quit_after; /* -q: ms to stay after stdin's end; below 0: for ever */
	bool no_stdin; /* -d: do not read standard input */
	bool crlf; /* -C: send CR LF for LF */
	int64_t interval; /* -i: ms between lines */
	int recv_limit; /* -W: end after so many reads from the far end; 0: no limit */
	char *exec; /* -e: shell command that gets the connection, or NULL */
	char *hexdump; /* a path, "-" for stderr, or NULL */
};

extern const struct opt carry_opts[];

#endif

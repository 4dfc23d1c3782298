#include "carry_opts.h"

#include <limits.h>

#define OPT_TARGET struct carry_options
const struct opt carry_opts[] = {
	OPT_HEADING("What goes over the connection"),
	OPT("shutdown", 'N', FLAG, shutdown, NULL,
	    "at the end of standard input tell the far end at once (half-close); without -N it is "
	    "told once it has been silent for half a second"),
	OPT("quit-after", 'q', MSEC, quit_after, "SECONDS",
	    "end so long after standard input does; below 0 waits for the far end; "
	    "0 or more implies -N",
	    .def = "-1", .min = -1),
	OPT("no-stdin", 'd', FLAG, no_stdin, NULL, "do not read standard input"),
	OPT("crlf", 'C', FLAG, crlf, NULL, "send CR LF for each LF"),
	OPT("interval", 'i', MSEC, interval, "DURATION", "wait between lines, sent and received",
	    .advanced = true, .def_say = "0"),
	OPT("recv-limit", 'W', INT, recv_limit, "N", "end after N reads from the far end",
	    .def_say = "no limit", .min = 1, .max = INT_MAX, .advanced = true),
	OPT("exec", 'e', STR, exec, "COMMAND",
	    "run a shell command with the connection as its stdin and stdout", .want = "@program"),
	OPT("hexdump", 0, STR, hexdump, "FILE|-", "dump all octets of both ways; - is stderr",
	    .want = "@file", .advanced = true),
	OPT_END,
};

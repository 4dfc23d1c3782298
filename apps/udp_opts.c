#include "udp_opts.h"

#include <limits.h>

#include "command.h"
#include "wire/udp.h"

#define OPT_TARGET struct udp_options
const struct opt udp_opts[] = {
	OPT_HEADING("Datagrams and answers"),
	OPT("lines", 0, FLAG, lines, NULL,
	    "send each line as a datagram, without its newline, and write each answer as a line"),
	OPT("hex", 0, FLAG, hex, NULL, "the same, with the octets in hex"),
	OPT("from", 0, FLAG, from, NULL, "write each answer's sender before it"),
	OPT("recv-limit", 'W', INT, answers, "N", "end after N answers", .def_say = "no limit",
	    .min = 1, .max = INT_MAX),
	OPT("quit-after", 'q', MSEC, quit_after, "SECONDS",
	    "end so long after standard input does; below 0 waits on", .def = "-1", .min = -1),
	OPT("no-stdin", 'd', FLAG, no_stdin, NULL, "do not read standard input"),
	OPT("fragment", 0, INT, fragment, "SIZE",
	    "send in fragments of SIZE octets; few proxies take them", .def_say = "whole", .min = 1,
	    .max = S5_UDP_PAYLOAD_MAX, .unit = "octets", .advanced = true),

	OPT_HEADING("Instead of standard input and output"),
	OPT("listen", 'L', STR, listen, "[ADDR:]PORT",
	    "forward what comes to this UDP port, with an association for each sender"),
	OPT("idle", 0, MSEC, idle, "DURATION",
	    "with -L: forget a sender when nothing came or went for so long", .def_say = "60s",
	    .min = 1, .advanced = true),
	OPT("max-senders", 0, INT, max_senders, "N", "with -L: so many senders at a time",
	    .def_say = "256", .min = 1, .max = 65535, .advanced = true),

	OPT_INCLUDE(proxy, proxy_opts),
	OPT_INCLUDE(proxy, direct_opts),

	OPT_HEADING("This end"),
	OPT("proxy-address", 0, FLAG, proxy_address, NULL,
	    "send to the address where the proxy was reached, whatever address its reply names",
	    .advanced = true),
	OPT("source", 's', STR, source, "ADDR", "reach the proxy from this local address",
	    .advanced = true, .def_say = "as the routes say"),
	OPT("source-port", 'p', INT, source_port, "PORT", "send from this local UDP port",
	    .def_say = "any", .min = 1, .max = 65535, .advanced = true),
	OPT("numeric", 'n', FLAG, numeric, NULL, "take addresses only, resolve no name",
	    .advanced = true),
	OPT_INCLUDE(out, out_opts),
	OPT_END,
};

static const char *const udp_examples[] = {
	"socks5 udp -L 5300 192.0.2.53:53",
	"make a far name server answer on 127.0.0.1:5300 (dig -p 5300 @127.0.0.1 ...)",
	"echo hello | socks5 udp --lines -W 1 -w 5 host.example 7",
	"send one datagram, write the answer",
	"echo 'ff ff 54' | socks5 udp --hex --from -w 1 192.0.2.9:27015",
	"send these octets, write all that answers within a second",
	NULL,
};

const struct command udp_command = {
	.name = "udp",
	.summary = "send and receive datagrams through a proxy, like nc -u",
	.synopsis = "[OPTION]... HOST PORT | HOST:PORT",
	.about = "Sends each read of standard input as a datagram to the target and writes each "
		 "answer to standard output. Through a proxy answers can come from anybody whom "
		 "the proxy lets in; --from tells whose they are.",
	.opts = udp_opts,
	.examples = udp_examples,
	.want = "@host",
	.run = udp_run,
};

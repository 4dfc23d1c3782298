#include "speed_opts.h"

#include <limits.h>

#include "command.h"

const struct opt_word speed_measures[] = {
	{ "bulk", 0, "octets a second, one way" },
	{ "conn", 0, "connections a second: connect, an octet there and back, close" },
	{ "rr", 0, "round trips a second through open tunnels" },
	{ "udp", 0, "datagrams a second, there and back" },
	{ "idle", 0, "what open tunnels take" },
	{ NULL, 0, NULL },
};

#define OPT_TARGET struct speed_options
const struct opt speed_opts[] = {
	OPT_HEADING("How much"),
	OPT("seconds", 0, MSEC, seconds, "DURATION", "measure for so long, each", .def = "3s",
	    .min = 1, .max = 86400 * 1000),
	OPT("streams", 0, INT, streams, "N", "so many tunnels or associations at a time",
	    .def_say = "1; conn and rr 16, idle 1000", .min = 1, .max = 1000000),
	OPT("bytes", 0, SIZE, bytes, "BYTES",
	    "octets of a round trip, or of a datagram; with bulk, of each read or write",
	    .def_say = "64; conn 1, bulk 1M", .min = 1),
	OPT("window", 0, INT, window, "N", "udp: so many datagrams on their way at a time",
	    .def_say = "64", .min = 1, .max = 65536, .advanced = true),
	OPT("upload", 0, FLAG, upload, NULL, "bulk: send, instead of receiving"),
	OPT("associations", 0, FLAG, associations, NULL,
	    "idle: open UDP associations instead of tunnels", .advanced = true),
	OPT_HEADING("Against what"),
	OPT("target", 0, STR, target, "HOST:PORT",
	    "load this instead of a target of our own: an echo server, for bulk one that sends, for "
	    "bulk --upload one that takes",
	    .want = "@host"),
	OPT("pid", 0, INT, pid, "PID",
	    "the server's process: tell what each unit of work costs it, too", .min = 1,
	    .max = INT_MAX),
	OPT_INCLUDE(proxy, proxy_opts),
	OPT_INCLUDE(proxy, direct_opts),
	OPT_HEADING("What goes out"),
	OPT("json", 0, FLAG, json, NULL, "an object for each measure"),
	OPT("histogram", 0, FLAG, histogram, NULL, "draw how round trips are distributed",
	    .def_say = "on a terminal"),
	OPT_INCLUDE(out, out_opts),
	OPT_END,
};

static const char *const speed_examples[] = {
	"socks5 speed -x 192.0.2.1",
	"take all measures of that proxy",
	"socks5 speed --seconds 10 --streams 8 bulk",
	"how many octets a second eight downloads get",
	"socks5 speed --pid $(pidof microsocks) --json conn rr",
	"what a connection and a round trip cost a server on this machine",
	"socks5 speed --direct",
	"the same without a proxy: no proxy can be better",
	NULL,
};

const struct command speed_command = {
	.name = "speed",
	.summary = "measure how fast a proxy is, and what it costs",
	.synopsis = "[OPTION]... [bulk|conn|rr|udp|idle]...",
	.about =
		"Loads a proxy, against a target of our own, and tells what comes through: bulk "
		"(octets a second), conn (connections a second), rr (round trips through open "
		"tunnels), udp (datagrams there and back), idle (what open tunnels take). Without a "
		"name all of them.",
	.opts = speed_opts,
	.examples = speed_examples,
	.words = speed_measures,
	.run = speed_run,
};

#include "connect_opts.h"

#include "command.h"

#define OPT_TARGET struct connect_options
const struct opt connect_opts[] = {
	OPT_INCLUDE(carry, carry_opts),
	OPT("edit", 0, FLAG, edit, NULL,
	    "type lines with editing and history; what arrives is written above"),

	OPT_HEADING("Instead of one connection"),
	OPT("listen", 'L', STR, listen, "[ADDR:]PORT",
	    "listen here, forward what connects through the proxy"),
	OPT("keep-open", 'k', FLAG, keep_open, NULL, "with -L: go on after the first connection"),
	OPT("scan", 'z', FLAG, scan, NULL,
	    "say of each port whether it accepts, send nothing; -i waits between ports"),
	OPT("pass-fd", 'F', FLAG, pass_fd, NULL,
	    "pass the connected socket over stdout and end (ssh's ProxyUseFdpass)",
	    .advanced = true),

	OPT_INCLUDE(proxy, proxy_opts),
	OPT_INCLUDE(proxy, direct_opts),

	OPT_HEADING("This end"),
	OPT("source", 's', STR, source, "ADDR", "reach the proxy from this local address",
	    .advanced = true, .def_say = "as the routes say"),
	OPT("source-port", 'p', INT, source_port, "PORT", "reach the proxy from this local port",
	    .def_say = "any", .min = 1, .max = 65535, .advanced = true),
	OPT("numeric", 'n', FLAG, numeric, NULL, "take addresses only, resolve no name",
	    .advanced = true),
	OPT("debug", 'D', FLAG, debug, NULL, "set SO_DEBUG on the socket", .advanced = true),
	OPT_INCLUDE(out, out_opts),
	OPT_END,
};

static const char *const connect_examples[] = {
	"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | socks5 connect example.org:80",
	"fetch a page through the proxy on 127.0.0.1:1080",
	"socks5 connect -x joe@proxy.example --password prompt mail.example.org 25",
	"talk SMTP through another proxy, the password typed on the terminal",
	"socks5 connect -C --edit mail.example.org 25",
	"the same through the proxy on 127.0.0.1:1080, with lines that can be edited",
	"socks5 connect -zv host.example 20-25",
	"which of these ports accept?",
	"socks5 connect -k -L 8080 intranet.example:80",
	"make a far web server answer on 127.0.0.1:8080",
	"ssh -o 'ProxyCommand socks5 connect -F %h %p' -o ProxyUseFdpass=yes host",
	"ssh through the proxy, with nothing left in between",
	NULL,
};

/* What nc has, and does otherwise or not at all. */
static const struct opt_word mistaken[] = {
	{ "-l", 0, "-L listens here and forwards through the proxy" },
	{ "-P", 0, "-u says who we are to the proxy" },
	{ "-U", 0, "a Unix socket is a proxy's: -x unix:PATH" },
	{ "-X", 0, "it speaks SOCKS5 to every proxy: -x says which" },
	{ NULL, 0, NULL },
};

const struct command connect_command = {
	.name = "connect",
	.summary = "connect to a host and port through a proxy, like nc",
	.synopsis = "[OPTION]... HOST PORT[-PORT] | HOST:PORT",
	.about = "Sends standard input to the target and writes what comes back to standard "
		 "output. The options have the letters and the meaning that they have in nc(1).",
	.opts = connect_opts,
	.examples = connect_examples,
	.want = "@host",
	.mistaken = mistaken,
	.run = connect_run,
};

#include "bind_opts.h"

#include "command.h"

#define OPT_TARGET struct bind_options
const struct opt bind_opts[] = {
	OPT_INCLUDE(carry, carry_opts),

	OPT_HEADING("Who comes, and where to"),
	OPT("to", 0, STR, to, "HOST:PORT",
	    "hand the connection to this service, connected to directly", .want = "@host"),
	OPT("keep-open", 'k', FLAG, keep_open, NULL,
	    "bind again after each connection; with --to as soon as a peer has come"),
	OPT("json", 0, FLAG, json, NULL,
	    "tell where the proxy listens and who came on stdout, one JSON object a line"),

	OPT_INCLUDE(proxy, proxy_opts),

	OPT_HEADING("This end"),
	OPT("source", 's', STR, source, "ADDR", "reach the proxy from this local address",
	    .advanced = true, .def_say = "as the routes say"),
	OPT("numeric", 'n', FLAG, numeric, NULL, "take addresses only, resolve no name",
	    .advanced = true),
	OPT_INCLUDE(out, out_opts),
	OPT_END,
};

static const char *const bind_examples[] = {
	"socks5 bind 192.0.2.21 >listing",
	"take what an FTP server in active mode sends to where PORT told it",
	"socks5 bind -x proxy.example -N <letter",
	"send a file to whoever connects to the proxy first",
	"socks5 bind -k --to 127.0.0.1:8080",
	"show a local web server to those who reach the proxy",
	NULL,
};

static const char where_hint[] = "the proxy listens, where it likes: PEER is who may come";
static const struct opt_word mistaken[] = {
	{ "--direct", 0, "a BIND is a proxy's: where there is none, nc -l listens here" },
	{ "-l", 0, where_hint },
	{ "-L", 0, where_hint },
	{ "--listen", 0, where_hint },
	{ "-p", 0, where_hint },
	{ "--port", 0, where_hint },
	{ NULL, 0, NULL },
};

const struct command bind_command = {
	.name = "bind",
	.summary = "let a peer connect to here through a proxy",
	.synopsis = "[OPTION]... [PEER[:PORT] | PEER PORT]",
	.about =
		"Asks a proxy to listen for one connection, tells where, and once it is there sends "
		"standard input to it and writes what comes to standard output. PEER is who may "
		"connect, as the proxy sees him; without it anybody may, if the proxy lets him.",
	.opts = bind_opts,
	.examples = bind_examples,
	.want = "@host",
	.mistaken = mistaken,
	.run = bind_run,
};

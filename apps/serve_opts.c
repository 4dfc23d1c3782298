#include "serve_opts.h"

#include <limits.h>

#include "command.h"
#include "proxy_opts.h"

static const struct opt_word prefer_words[] = {
	{ "4", SERVE_PREFER_IPV4, "IPv4 first" },
	{ "6", SERVE_PREFER_IPV6, "IPv6 first" },
	{ "auto", SERVE_PREFER_AUTO, "as the system sorts them" },
	{ NULL, 0, NULL },
};

static const struct opt_word rule_words[] = {
	{ "from=", 0, "the client's addresses" },
	{ "user=", 0, "the client's names" },
	{ "command=", 0, "connect, bind or udp" },
	{ "to=", 0, "the destination, with :PORTS if need be" },
	{ NULL, 0, NULL },
};

#define OPT_TARGET struct serve_options
const struct opt serve_opts[] = {
	OPT_HEADING("Who may come"),
	OPT("auth", 0, LIST, auth, "METHOD[,METHOD]",
	    "accept these methods, the first that a client offers wins",
	    .def_say = "userpass if users are given, else none", .words = auth_words),
	OPT("user", 'u', STRS, users, "NAME:PASSWORD", "a user; give it again for more",
	    .secret = SECRET_USER),
	OPT("users", 0, STR, users_file, "FILE", "users, one name:hash a line (socks5 passwd)",
	    .want = "@file"),
	OPT("open", 0, FLAG, open, NULL,
	    "allow what is refused otherwise: listening beyond loopback with neither "
	    "authentication nor from= in every --allow"),

	OPT_HEADING("Where to"),
	OPT("allow", 0, STRS, rules, "RULE", "allow what RULE matches; the first match decides",
	    .value = SERVE_ALLOW, .words = rule_words),
	OPT("deny", 0, STRS, rules, "RULE", "deny what RULE matches; RULE is described above",
	    .value = SERVE_DENY, .words = rule_words),

	OPT_HEADING("How"),
	OPT("source", 0, STR, source, "ADDR", "connect from this local address"),
	OPT("prefer", 0, ENUM, prefer, NULL, "which address family to try first", .def = "auto",
	    .words = prefer_words),
	OPT("resolver", 0, STR, resolver, "ADDR[:PORT]", "ask this name server",
	    .def_say = "/etc/resolv.conf"),
	OPT("workers", 0, INT, workers, "N", "threads that serve",
	    .def_say = "one for each processor", .min = 1, .max = 256),

	OPT_HEADING("How much"),
	OPT("max-sessions", 0, INT, max_sessions, "N", "clients at once", .def_say = "no limit",
	    .min = 0, .max = INT_MAX),
	OPT("handshake-timeout", 0, MSEC, handshake_timeout, "DURATION",
	    "from a client's arrival to its request", .def = "10s"),
	OPT("connect-timeout", 0, MSEC, connect_timeout, "DURATION",
	    "to resolve and reach the target", .def = "15s"),
	OPT("idle-timeout", 0, MSEC, idle_timeout, "DURATION",
	    "end a session that carries nothing for so long", .def_say = "none"),

	OPT_HEADING("Running it"),
	OPT("log", 0, STR, log, "FILE|-", "one line for each session; - is stdout",
	    .want = "@file"),
	OPT("drain", 0, MSEC, drain, "DURATION",
	    "how long sessions may go on after SIGTERM; a second SIGTERM ends at once",
	    .def = "10s"),
	OPT_INCLUDE(out, out_opts),
	OPT_END,
};

static const char *const serve_examples[] = {
	"socks5 serve",
	"serve programs on this machine, on 127.0.0.1:1080",
	"socks5 serve -u joe:secret 0.0.0.0:1080",
	"serve the network, to one user who knows the password",
	"socks5 passwd joe >>users; socks5 serve --users users --log - 0.0.0.0:1080",
	"users from a file, a line on stdout for each session",
	"socks5 serve --allow 'from=10.0.0.0/8 to=.example.org:443' 10.0.0.1:1080",
	"one network may reach one domain, without passwords",
	NULL,
};

const struct command serve_command = {
	.name = "serve",
	.summary = "be a SOCKS5 server",
	.synopsis = "[OPTION]... [LISTEN]...",
	.about =
		"Listens on each LISTEN and serves SOCKS5 clients. LISTEN is [HOST:]PORT, "
		"unix:PATH, or what systemd passes; port 0 picks a free one. The default is "
		"127.0.0.1:1080.\n"
		"A RULE is words, all of which must match: from=CIDR user=NAME "
		"command=connect,bind,udp to=HOST|CIDR|.suffix|SET[:PORT,LO-HI]. A SET is any, "
		"loopback, private, link-local, multicast or metadata. Without rules a client on "
		"loopback may reach everything, any other client everything but loopback, private, "
		"link-local, multicast and metadata addresses.",
	.opts = serve_opts,
	.examples = serve_examples,
	.want = "@listen",
	.run = serve_run,
};

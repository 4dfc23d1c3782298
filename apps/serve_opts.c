#include "serve_opts.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "config.h"
#include "policy/bucket.h"
#include "proxy_opts.h"
#include "target.h"

static const struct opt_word prefer_words[] = {
	{ "4", SERVE_PREFER_IPV4, "IPv4 first" },
	{ "6", SERVE_PREFER_IPV6, "IPv6 first" },
	{ "auto", SERVE_PREFER_AUTO, "as the system sorts them" },
	{ NULL, 0, NULL },
};

static const struct opt_word udp_filter_words[] = {
	{ "none", S5_UDP_FILTER_NONE, "from anyone" },
	{ "address", S5_UDP_FILTER_ADDRESS, "from addresses sent to" },
	{ "port", S5_UDP_FILTER_PORT, "from addresses and ports sent to" },
	{ NULL, 0, NULL },
};

static const struct opt_word protect_words[] = {
	{ "none", S5_LEVEL_NONE, "who it is, and then all in clear" },
	{ "integrity", S5_LEVEL_INTEGRITY, "readable, but nobody can change it" },
	{ "confidentiality", S5_LEVEL_CONFIDENTIALITY, "encrypted" },
	{ NULL, 0, NULL },
};

static const struct opt_word log_words[] = {
	{ "text", false, "words, each field=value" },
	{ "json", true, "a JSON object" },
	{ NULL, 0, NULL },
};

static const struct opt_word sandbox_words[] = {
	{ "on", SERVE_SANDBOX_ON, "do not serve without it" },
	{ "off", SERVE_SANDBOX_OFF, "keep all rights" },
	{ NULL, 0, NULL },
};

const struct opt_word serve_rule_words[] = {
	{ "from=", 0, "the client's addresses" },
	{ "user=", 0, "the client's names" },
	{ "command=", 0, "connect, bind or udp" },
	{ "to=", 0, "the destination, with :PORTS if need be" },
	{ NULL, 0, NULL },
};

static int set_ports(void *field, const char *value, struct opt_error *err)
{
	struct s5_port_range *ports = field;

	return target_parse_ports(&ports->lo, &ports->hi, value, err);
}

static int set_mark(void *field, const char *value, struct opt_error *err)
{
	uint32_t *mark = field;
	char *end, shown[68];
	unsigned long number;

	errno = 0;
	number = strtoul(value, &end, 0);
	if (*value >= '0' && *value <= '9' && !*end && !errno && number && number <= UINT32_MAX) {
		*mark = (uint32_t)number;
		return 0;
	}
	out_escape(shown, sizeof(shown), value, strlen(value));
	return opt_fail(err, "'%s' is not a number from 1 to 4294967295, or 0x1 to 0xffffffff",
			shown);
}

static int set_advertise(void *field, const char *value, struct opt_error *err)
{
	struct serve_advertise *both = field;
	struct s5_addr a = { .port = 0 }, *kept;
	char shown[68];

	out_escape(shown, sizeof(shown), value, strlen(value));
	if (!s5_addr_set_ip(&a, value, strlen(value)))
		return opt_fail(err, "'%s' is not an IPv4 or IPv6 address", shown);
	s5_addr_unmap(&a);
	if (s5_addr_is_any(&a))
		return opt_fail(err, "'%s' is an address that nobody can connect to", shown);
	kept = a.atyp == S5_ATYP_IPV4 ? &both->v4 : &both->v6;
	if (kept->atyp)
		return opt_fail(err, "'%s' is a second %s address", shown,
				a.atyp == S5_ATYP_IPV4 ? "IPv4" : "IPv6");
	*kept = a;
	return 0;
}

/* A file acts where it stands: what is behind it on the line replaces what it says. */
static int set_config(void *field, const char *value, struct opt_error *err)
{
	struct serve_config *config = field;
	struct serve_options *options =
		(struct serve_options *)((char *)field - offsetof(struct serve_options, config));

	if (config->path)
		return opt_fail(err, "one is enough");
	config->path = strdup(value);
	return config_read(serve_opts, options, &config->listen, value, err);
}

static void fini_config(void *field)
{
	struct serve_config *config = field;

	free(config->path);
	for (size_t i = 0; i < config->listen.count; i++)
		free(config->listen.items[i].text);
	free(config->listen.items);
	*config = (struct serve_config){ .path = NULL };
}

#define OPT_TARGET struct serve_options
const struct opt serve_opts[] = {
	OPT_HEADING("Who may come"),
	OPT("auth", 0, LIST, auth, "METHOD[,METHOD]",
	    "accept these methods, the first that a client offers wins",
	    .def_say = "userpass if users are given, gssapi if a keytab is, else none",
	    .words = auth_words),
	OPT("user", 'u', STRS, users, "NAME:PASSWORD", "a user; give it again for more",
	    .secret = SECRET_USER),
	OPT("users", 0, STRS, users_files, "FILE",
	    "users, one name:hash a line (socks5 passwd), or principal:gssapi; limits may follow: "
	    ":rate=10M,sessions=20",
	    .want = "@file"),
	OPT("keytab", 0, STR, keytab, "FILE", "accept Kerberos tickets for the services in FILE",
	    .def_say = "with --auth gssapi KRB5_KTNAME, else /etc/krb5.keytab", .want = "@file"),
	OPT("gssapi-service", 0, STR, gssapi_service, "NAME",
	    "accept tickets for this service only: NAME, NAME@HOST or NAME/HOST",
	    .def_say = "any in the keytab", .advanced = true),
	OPT("gssapi-protect", 0, LIST, gssapi_protect, "LEVEL[,LEVEL]",
	    "grant these levels of protection; none alone answers every client with it",
	    .def_say = "integrity,confidentiality", .words = protect_words, .advanced = true),
	OPT("gssapi-nec", 0, FLAG, gssapi_nec, NULL,
	    "take the protection level bare too, as NEC's clients send it", .advanced = true),
	OPT("open", 0, FLAG, open, NULL,
	    "allow what is refused otherwise: listening beyond loopback with neither "
	    "authentication nor from= in every --allow"),

	OPT_HEADING("Where to"),
	OPT("allow", 0, STRS, rules, "RULE", "allow what RULE matches; the first match decides",
	    .value = SERVE_ALLOW, .words = serve_rule_words, .want = "@rule"),
	OPT("deny", 0, STRS, rules, "RULE", "deny what RULE matches; RULE is described above",
	    .value = SERVE_DENY, .words = serve_rule_words, .want = "@rule"),

	OPT("rules", 0, STRS, rules, "FILE",
	    "rules from a file, a line each: allow RULE or deny RULE", .value = SERVE_RULES,
	    .want = "@file"),

	OPT_HEADING("How"),
	OPT("proxy", 'x', STRS, upstream, "PROXY",
	    "pass all on to PROXY, user:password@host:port, host:port or unix:PATH, which looks up "
	    "names; give it again for each further hop of a chain",
	    .want = "@host", .secret = SECRET_PROXY),
	OPT("source", 0, STR, source, "ADDR", "connect from this local address", .advanced = true,
	    .def_say = "as the routes say"),
	OPT("interface", 0, STR, interface, "NAME", "connect and send through this interface",
	    .want = "@interface", .advanced = true, .def_say = "as the routes say"),
	OPT("mark", 0, CALL, mark, "N",
	    "mark what is sent to targets with N (SO_MARK), for routing rules; takes root",
	    .set = set_mark, .advanced = true, .def_say = "none"),
	OPT("prefer", 0, ENUM, prefer, NULL, "which address family to try first", .def = "auto",
	    .words = prefer_words, .advanced = true),
	OPT("bind-ports", 0, CALL, bind_ports, "PORT[-PORT]",
	    "wait for the peers of BIND on these ports", .def_say = "any that is free",
	    .set = set_ports, .advanced = true),
	OPT("udp-ports", 0, CALL, udp_ports, "PORT[-PORT]",
	    "take the datagrams of UDP ASSOCIATE on these ports", .def_say = "any that is free",
	    .set = set_ports, .advanced = true),
	OPT("advertise", 0, CALL, advertise, "ADDR",
	    "tell clients this address for BIND and UDP ASSOCIATE, as behind NAT; give it again "
	    "for the other family",
	    .def_say = "the local address", .set = set_advertise, .advanced = true),
	OPT("udp-filter", 0, ENUM, udp_filter, NULL, "whose datagrams come back to a client",
	    .def = "address", .words = udp_filter_words, .advanced = true),
	OPT("accept-proxy", 0, FLAG, accept_proxy, NULL,
	    "each connection begins with a PROXY header, version 1 or 2, of a balancer that says "
	    "whose it is",
	    .advanced = true),
	OPT("resolver", 0, STR, resolver, "ADDR[:PORT]", "ask this name server",
	    .def_say = "/etc/resolv.conf", .advanced = true),
	OPT("workers", 0, INT, workers, "N", "threads that serve",
	    .def_say = "one for each processor", .min = 1, .max = 256, .advanced = true),

	OPT_HEADING("How much"),
	OPT("max-sessions", 0, INT, max_sessions, "N", "clients at once", .def_say = "no limit",
	    .min = 0, .max = INT_MAX),
	OPT("max-per-client", 0, INT, max_per_client, "N",
	    "sessions at once of one address, or of one IPv6 /64", .def_say = "no limit", .min = 0,
	    .max = INT_MAX),
	OPT("rate", 0, SIZE, rate, "BYTES", "octets a second that a session carries, each way",
	    .def_say = "no limit", .max = S5_BUCKET_RATE_MAX),
	OPT("rate-user", 0, SIZE, rate_user, "BYTES",
	    "octets a second that all sessions of a user carry together, each way; without a name, "
	    "those of an address",
	    .def_say = "no limit", .max = S5_BUCKET_RATE_MAX),
	OPT("handshake-timeout", 0, MSEC, handshake_timeout, "DURATION",
	    "from a client's arrival to its request", .def = "10s", .advanced = true),
	OPT("connect-timeout", 0, MSEC, connect_timeout, "DURATION",
	    "to resolve and reach the target", .def = "15s", .advanced = true),
	OPT("idle-timeout", 0, MSEC, idle_timeout, "DURATION",
	    "end a session that carries nothing for so long", .def_say = "none"),
	OPT("bind-timeout", 0, MSEC, bind_timeout, "DURATION",
	    "wait so long for the peer of a BIND", .def = "2m", .advanced = true),
	OPT("udp-timeout", 0, MSEC, udp_timeout, "DURATION",
	    "end a UDP association without datagrams for so long", .def = "5m", .advanced = true),

	OPT_HEADING("Running it"),
	OPT("config", 'c', CALL, config, "FILE",
	    "take options from FILE, each line a long option and its value, or listen and a LISTEN",
	    .want = "@file", .set = set_config, .fini = fini_config),
	OPT("check", 0, FLAG, check, NULL,
	    "look at options and files, print the rules as they are understood, and end"),
	OPT("explain", 0, STR, explain, "QUESTION",
	    "with --check: say which rule decides and why, of 'from=ADDR user=NAME command=COMMAND "
	    "to=HOST:PORT'",
	    .words = serve_rule_words, .want = "@rule", .advanced = true),
	OPT("log", 0, STR, log, "FILE|-|syslog",
	    "one line for each session; - is stdout, syslog the system's log", .want = "@file",
	    .def_say = "none"),
	OPT("log-format", 0, ENUM, log_json, NULL, "how that line is written", .def = "text",
	    .words = log_words, .advanced = true),
	OPT("metrics", 0, STR, metrics, "[ADDR:]PORT",
	    "serve counters over HTTP: /metrics for Prometheus, and /healthz", .want = "@listen",
	    .advanced = true, .def_say = "none"),
	OPT("run-as", 0, STR, run_as, "USER",
	    "be USER once sockets and files are open; takes root to begin with", .advanced = true,
	    .def_say = "whoever starts it"),
	OPT("sandbox", 0, ENUM, sandbox, NULL,
	    "give up files and system calls that serving does not need",
	    .def_say = "as far as the kernel can", .words = sandbox_words, .advanced = true),
	OPT("drain", 0, MSEC, drain, "DURATION",
	    "how long sessions may go on after SIGTERM; a second SIGTERM ends at once",
	    .def = "10s", .advanced = true),
	OPT_INCLUDE(out, out_opts),
	OPT_END,
};

static const char *const serve_examples[] = {
	"socks5 serve",
	"serve programs on this machine, on 127.0.0.1:1080",
	"socks5 serve -u joe:secret 0.0.0.0:1080",
	"serve the network, to one user who knows the password",
	"(umask 077; socks5 passwd joe >>users)",
	"make a file of users that nobody else can read",
	"socks5 serve --users users --log - 0.0.0.0:1080",
	"users from a file, a line on stdout for each session",
	"socks5 serve --keytab /etc/krb5.keytab 0.0.0.0:1080",
	"whoever has a Kerberos ticket for rcmd@HOST, encrypted",
	"socks5 serve --check -c socks5.conf --explain 'from=10.0.0.9 to=10.0.0.1:22'",
	"what would this client be told, and by which rule?",
	"socks5 serve --allow 'from=10.0.0.0/8 to=.example.org:443' 10.0.0.1:1080",
	"one network may reach one domain, without passwords",
	NULL,
};

static const char port_hint[] = "the port is an argument: socks5 serve 1080";
static const struct opt_word mistaken[] = {
	{ "--port", 0, port_hint },
	{ "-p", 0, port_hint },
	{ "--listen", 0, "where to listen is an argument: socks5 serve 127.0.0.1:1080" },
	{ "-l", 0, port_hint },
	{ NULL, 0, NULL },
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
	.mistaken = mistaken,
	.run = serve_run,
};

#include "proxy_opts.h"

#include "base/names.h"
#include "opt_value.h"

const struct opt_word auth_words[] = {
	{ "none", S5_METHOD_NONE, "no authentication" },
	{ "userpass", S5_METHOD_USERPASS, "user name and password, RFC 1929" },
	{ "gssapi", S5_METHOD_GSSAPI, "a Kerberos ticket, RFC 1961" },
	{ NULL, 0, NULL },
};

static const struct opt_word dns_words[] = {
	{ "proxy", PROXY_DNS_PROXY, "the proxy resolves names" },
	{ "local", PROXY_DNS_LOCAL, "names are resolved here" },
	{ NULL, 0, NULL },
};

/* A limit of 0 is none, and differs from none given: see the field. */
static int set_timeout(void *field, const char *value, struct opt_error *err)
{
	int64_t *timeout = field;

	if (opt_parse_msec(value, 0, 0, timeout, err) < 0)
		return -1;
	*timeout = *timeout ? *timeout : -1;
	return 0;
}

#define OPT_TARGET struct proxy_options
const struct opt proxy_opts[] = {
	OPT_HEADING("Proxy"),
	OPT("proxy", 'x', STRS, chain, "PROXY",
	    "go through PROXY, [socks5://][user[:password]@]host[:port] or unix:PATH; "
	    "give it again for each further hop of a chain",
	    .def_say = "SOCKS5_SERVER, SOCKS_SERVER, ALL_PROXY or all_proxy from the environment, "
		       "else 127.0.0.1:1080",
	    .want = "@host", .secret = SECRET_PROXY),
	OPT("user", 'u', STR, user, "NAME[:PASSWORD]", "who we are to the proxy",
	    .secret = SECRET_USER, .def_say = "nobody"),
	OPT("password", 0, STR, password, "SOURCE",
	    "where the password comes from: pass:TEXT, env:VAR, file:PATH, fd:N or prompt",
	    .words = secret_sources, .secret = SECRET_SOURCE,
	    .def_say = "asked for where a user has none"),
	OPT("auth", 0, LIST, auth, "METHOD[,METHOD]", "offer exactly these methods",
	    .def_say = "userpass where a user is known, gssapi with an option for it, else none",
	    .words = auth_words),
	OPT_INCLUDE(gssapi, gssapi_opts),
	OPT("dns", 0, ENUM, dns, NULL, "who resolves the target's name", .def = "proxy",
	    .words = dns_words, .advanced = true),
	OPT("ipv4", '4', FLAG, ipv4, NULL,
	    "reach the proxy (without one, the target) over IPv4 only; so are names resolved here",
	    .advanced = true),
	OPT("ipv6", '6', FLAG, ipv6, NULL, "the same over IPv6", .advanced = true),
	OPT("timeout", 'w', CALL, timeout, "DURATION",
	    "give up when connecting, negotiating or the request takes longer, each by itself; "
	    "if given, also end a connection idle for so long; 0 waits for ever",
	    .def_say = "30s", .set = set_timeout),
	OPT_END,
};

const struct opt direct_opts[] = {
	OPT("direct", 0, FLAG, direct, NULL, "go to the target without any proxy"),
	OPT_END,
};

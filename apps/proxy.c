#include "proxy.h"

#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "command.h"
#include "proxy_who.h"

#define DEFAULT_PROXY "127.0.0.1:1080"
#define DEFAULT_TIMEOUT 30000 /* ms */
#define CHAIN_MAX 64 /* hops; far more than anybody can wait for */

const char *proxy_hop_name(const struct proxy *p, size_t hop, char *text, size_t size)
{
	const struct s5_hop *h = &p->hops[hop];
	char where[S5_ADDR_TEXT], path[200], number[40] = "";

	if (h->path)
		out_escape(path, sizeof(path), h->path, strlen(h->path));
	else
		s5_addr_format(&h->addr, where, sizeof(where));
	if (p->config.nhops > 1)
		snprintf(number, sizeof(number), " (hop %zu of %zu)", hop + 1, p->config.nhops);
	snprintf(text, size, "proxy %s%s%s", h->path ? "unix:" : "", h->path ? path : where,
		 number);
	return text;
}

const char *proxy_hop_origin(const struct proxy *p, size_t hop, char *text, size_t size)
{
	size_t len;

	proxy_hop_name(p, hop, text, size);
	len = strlen(text);
	if (p->origin)
		snprintf(text + len, size - len, " (%s)", p->origin);
	return text;
}

int64_t proxy_timeout(const struct proxy_options *options)
{
	int64_t timeout = options->timeout ? options->timeout : DEFAULT_TIMEOUT;

	return timeout > 0 ? timeout : 0;
}

int64_t proxy_idle(const struct proxy_options *options)
{
	return options->timeout > 0 ? options->timeout : 0;
}

/* Whether there is anybody whose password --password could be. */
static bool has_user(const struct proxy *p)
{
	for (size_t i = 0; i < p->config.nhops; i++) {
		if (p->hops[i].credentials.ulen)
			return true;
	}
	return p->user_unoffered;
}

/* the chain */

static int read_hop(struct proxy_reader *r, size_t i, const char *source, const char *text,
		    struct opt_error *err)
{
	struct s5_hop *hop = &r->p->hops[i];
	struct opt_error cause = { .unknown = "" };
	bool known;

	if (proxy_parse(hop, &known, text, &cause) < 0)
		return opt_fail(err, "%s: %.400s", source, cause.text);
	if (hop->path && i > 0)
		return opt_fail(err, "%s: only the first proxy of a chain can be a Unix socket",
				source);
	return proxy_take_who(r, hop, known, err);
}

static int read_environment(struct proxy_reader *r, struct opt_error *err)
{
	static const char *const origins[] = { "from SOCKS5_SERVER", "from SOCKS_SERVER",
					       "from ALL_PROXY", "from all_proxy" };
	char source[60];

	r->p->config.nhops = 1;
	for (size_t i = 0; i < sizeof(origins) / sizeof(*origins); i++) {
		const char *name = strchr(origins[i], ' ') + 1, *text = getenv(name);

		if (!text || !*text)
			continue;
		r->p->origin = origins[i];
		snprintf(source, sizeof(source), "environment variable %s", name);
		return read_hop(r, 0, source, text, err);
	}
	r->p->origin = "the default; -x names another";
	return read_hop(r, 0, "default proxy", DEFAULT_PROXY, err);
}

static int read_proxies(struct proxy_reader *r, struct opt_error *err)
{
	const struct proxy_options *o = r->p->options;
	const struct opt_strs *chain = &o->chain;
	int rc = 0;

	if (o->ipv4 && o->ipv6)
		return opt_fail(err, "options --ipv4 and --ipv6 exclude each other");
	if (o->direct && chain->count)
		return opt_fail(err, "options --direct and --proxy exclude each other");
	if (o->direct)
		return 0;
	if (o->user && o->password && strchr(o->user, ':'))
		return opt_fail(err, "options --user and --password both give a password");
	if (!chain->count)
		return read_environment(r, err);
	r->p->config.nhops = chain->count;
	for (size_t i = 0; i < chain->count && rc == 0; i++)
		rc = read_hop(r, i, "option --proxy", chain->items[i].text, err);
	return rc;
}

static int read_chain(struct proxy_reader *r, struct opt_error *err)
{
	const struct proxy_options *o = r->p->options;

	if (read_proxies(r, err) < 0)
		return -1;
	if (o->password && !o->direct && !has_user(r->p))
		return opt_fail(err, "option --password: it is for a user; add -u NAME");
	return 0;
}

static void say_origin(const struct proxy *p)
{
	char name[PROXY_HOP_TEXT];

	if (p->origin)
		out_verbose(p->out, 1, "%s", proxy_hop_origin(p, 0, name, sizeof(name)));
}

/* -4 and -6 are for the dial; with --dns local for the target, and a proxy's address stays. */
static enum s5_prefer family_of(const struct proxy *p)
{
	const struct proxy_options *o = p->options;

	if ((!o->ipv4 && !o->ipv6) ||
	    (o->dns == PROXY_DNS_LOCAL && p->config.nhops && s5_addr_is_ip(&p->hops[0].addr)))
		return S5_PREFER_AUTO;
	return o->ipv4 ? S5_ONLY_4 : S5_ONLY_6;
}

int proxy_init(struct proxy *p, const struct proxy_options *options, const struct out *out)
{
	size_t room = options->chain.count ? options->chain.count : 1;
	struct proxy_reader r = { .p = p };
	struct opt_error err;
	int rc;

	*p = (struct proxy){ .out = out, .options = options };
	p->hops = calloc(room, sizeof(*p->hops));
	p->config.hops = p->hops;
	p->config.timeout = p->config.dial.timeout = proxy_timeout(options);
	if (!p->hops || room > CHAIN_MAX)
		rc = opt_fail(&err, "more than %d proxies in a chain", CHAIN_MAX);
	else
		rc = read_chain(&r, &err);
	secret_wipe(&r.given);
	p->config.dial.prefer = family_of(p);
	if (rc < 0) {
		out_error(out, "%s", err.text);
		return EXIT_USAGE;
	}
	say_origin(p);
	if (p->user_unoffered && proxy_offers_gssapi(p))
		out_warn(out, "option --user: a ticket says who we are; --auth does not offer "
			      "userpass");
	return EXIT_OK;
}

int proxy_set_source(struct proxy *p, const char *text)
{
	struct s5_dial_options *dial = &p->config.dial;
	struct s5_addr a = { .atyp = 0 };
	enum s5_prefer only;

	if (!s5_addr_set_ip(&a, text, strlen(text))) {
		out_error(p->out, "option --source: '%.60s' is no address", text);
		return EXIT_USAGE;
	}
	only = a.atyp == S5_ATYP_IPV4 ? S5_ONLY_4 : S5_ONLY_6;
	if (dial->prefer != S5_PREFER_AUTO && dial->prefer != only) {
		out_error(p->out, "option --source: %s is of the other family than %s", text,
			  only == S5_ONLY_4 ? "-6" : "-4");
		return EXIT_USAGE;
	}
	dial->prefer = only;
	*(only == S5_ONLY_4 ? &dial->source4 : &dial->source6) = a;
	return EXIT_OK;
}

static bool suits(const struct s5_addr *addr, enum s5_prefer prefer)
{
	if (addr->atyp == S5_ATYP_IPV6)
		return prefer != S5_ONLY_4;
	return addr->atyp != S5_ATYP_IPV4 || prefer != S5_ONLY_6;
}

/* The target if that is a name, or the first proxy that has one, or NULL. */
static const struct s5_addr *find_name(const struct proxy *p, const struct s5_addr *target)
{
	if (target->atyp == S5_ATYP_NAME)
		return target;
	for (size_t i = 0; i < p->config.nhops; i++) {
		if (p->hops[i].addr.atyp == S5_ATYP_NAME)
			return &p->hops[i].addr;
	}
	return NULL;
}

static void say_unsuited(const struct proxy *p, const struct s5_addr *first)
{
	const struct proxy_options *o = p->options;
	char name[PROXY_HOP_TEXT];

	if (p->config.nhops)
		proxy_hop_name(p, 0, name, sizeof(name));
	else
		s5_addr_format(first, name, sizeof(name));
	out_error(p->out, "option %s: %s cannot be reached over %s",
		  o->ipv4   ? "-4"
		  : o->ipv6 ? "-6"
			    : "--source",
		  name, p->config.dial.prefer == S5_ONLY_4 ? "IPv4" : "IPv6");
}

int proxy_check(const struct proxy *p, const struct s5_addr *target, bool numeric)
{
	const struct s5_addr *first = p->config.nhops ? &p->hops[0].addr : target;
	const struct s5_addr *name = numeric ? find_name(p, target) : NULL;
	char text[S5_ADDR_TEXT];

	if (name) {
		s5_addr_host(name, text, sizeof(text));
		out_error(p->out, "option --numeric: '%s' is a name, and only addresses are taken",
			  text);
		return EXIT_USAGE;
	}
	if (suits(first, p->config.dial.prefer))
		return EXIT_OK;
	say_unsuited(p, first);
	return EXIT_USAGE;
}

void proxy_fini(struct proxy *p)
{
	if (!p->hops)
		return;
	for (size_t i = 0; i < p->config.nhops; i++) {
		free((void *)(uintptr_t)p->hops[i].path);
		free((void *)(uintptr_t)p->hops[i].gss.target);
	}
	explicit_bzero(p->hops, (p->config.nhops ? p->config.nhops : 1) * sizeof(*p->hops));
	free(p->hops);
	p->hops = NULL;
}

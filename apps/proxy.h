/*
 * The way to the target: the chain of proxies from the options and the environment, with who we
 * are to each. Made once, then only read, but for what was said already: any number of calls
 * (proxy_call.h) may use it.
 */
#ifndef APPS_PROXY_H
#define APPS_PROXY_H

#include "out.h"
#include "proxy_opts.h"
#include "roles/client.h"

struct proxy {
	const struct out *out; /* borrowed */
	const struct proxy_options *options; /* borrowed */
	struct s5_hop *hops; /* with passwords until proxy_fini() */
	const char *origin; /* why this proxy, "from ALL_PROXY"; NULL: it was asked for */
	struct s5_work *work; /* for calls with GSSAPI; borrowed; NULL: on the loop */
	bool user_unoffered; /* there is a user whom --auth keeps back */
	bool warned; /* of clear text, which is said once */
	struct s5_client_config config; /* may be refined before the first call */
};

/*
 * Reads the chain: -x, else SOCKS5_SERVER, SOCKS_SERVER, ALL_PROXY, all_proxy, else
 * 127.0.0.1:1080; asks for passwords that are missing. Returns EXIT_OK, or another exit status
 * after it has said why. proxy_fini() in either case, of a zeroed struct too.
 */
int proxy_init(struct proxy *p, const struct proxy_options *options, const struct out *out);
void proxy_fini(struct proxy *p);

/* Whether any hop is offered GSSAPI. */
bool proxy_offers_gssapi(const struct proxy *p);
/* How a hop is protected at least: with GSSAPI alone, the level asked for; else none. */
uint8_t proxy_protection(const struct proxy *p);

/* Takes --source: the address to reach the proxy, or the target, from. EXIT_OK or EXIT_USAGE, said. */
int proxy_set_source(struct proxy *p, const char *text);

/*
 * Whether every address that is dialled or resolved here suits -4, -6, the source address and
 * `numeric` (no names). Direct: `target` is such an address. EXIT_OK or EXIT_USAGE, said.
 */
int proxy_check(const struct proxy *p, const struct s5_addr *target, bool numeric);

/*
 * With --dns local: turns a name into an address, on the loop, within -w; else, and for what is an
 * address already, does nothing. EXIT_OK, or EXIT_NETWORK, said.
 */
int proxy_resolve(const struct proxy *p, struct s5_loop *loop, struct s5_resolver *resolver,
		  struct s5_addr *addr);

/* Turns a name into an address by itself, of `prefer`'s family; the same statuses. */
int proxy_lookup(const struct proxy *p, struct s5_loop *loop, struct s5_resolver *resolver,
		 struct s5_addr *addr, enum s5_prefer prefer);

/* How long -w lets a phase take, and a relay be idle (only if -w was given), in ms; 0: for ever. */
int64_t proxy_timeout(const struct proxy_options *options);
int64_t proxy_idle(const struct proxy_options *options);

/* "proxy 127.0.0.1:1080", in a chain with "(hop 2 of 3)". Returns text. */
#define PROXY_HOP_TEXT (S5_ADDR_TEXT + 80)
const char *proxy_hop_name(const struct proxy *p, size_t hop, char *text, size_t size);
/* The same, and why it is this one: "proxy 127.0.0.1:1080 (from ALL_PROXY)". */
const char *proxy_hop_origin(const struct proxy *p, size_t hop, char *text, size_t size);

/* R1929-13: says, once and when there is a connection, that a password leaves this machine. */
void proxy_warn_clear_text(struct proxy *p);
/* Says, if others than this machine reach `listen`, that what is forwarded from there uses ours. */
void proxy_warn_lent(const struct proxy *p, const struct s5_addr *listen);

/*
 * Takes one proxy as typed, [socks5://|socks5h://][user[:password]@]host[:port] or unix:PATH,
 * for a zeroed hop; hop->path is then malloc's. *known: it has a password. 0, or -1 with the
 * cause, which never shows the password.
 */
int proxy_parse(struct s5_hop *hop, bool *known, const char *text, struct opt_error *err);

#endif

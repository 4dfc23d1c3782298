/*
 * The options that say through which proxy, and as whom: shared by every command that goes
 * through one. The texts are as typed; proxy.c (or whoever dials) takes them apart.
 */
#ifndef APPS_PROXY_OPTS_H
#define APPS_PROXY_OPTS_H

#include "gssapi_opts.h"
#include "opt.h"

enum proxy_dns {
	PROXY_DNS_PROXY, /* names go to the proxy as they are */
	PROXY_DNS_LOCAL, /* names are resolved here, addresses go to the proxy */
};

struct proxy_options {
	struct opt_strs
		chain; /* -x, first hop first; none given: the environment, see connect(1) */
	bool direct; /* no proxy at all */
	char *user; /* NAME or NAME:PASSWORD, up to the first colon; or NULL */
	char *password; /* a source for secret_read(), or NULL */
	struct opt_list auth; /* enum s5_method, exactly these are offered; count 0: not given */
	enum proxy_dns dns;
	struct gssapi_options gssapi;
	bool ipv4, ipv6; /* only that family; not both */
	int64_t timeout; /* ms for each phase; 0: not given; below 0: no limit */
};

extern const struct opt proxy_opts[];
/* --direct, for the commands that know a way without a proxy; of the same struct. */
extern const struct opt direct_opts[];

/* The methods that --auth knows here and in serve: values are enum s5_method. */
extern const struct opt_word auth_words[];

#endif

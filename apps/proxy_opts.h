/*
 * The options that say through which proxy, and as whom: shared by every command that goes
 * through one. The texts are as typed; proxy.c (or whoever dials) takes them apart.
 */
#ifndef APPS_PROXY_OPTS_H
#define APPS_PROXY_OPTS_H

#include "opt.h"

enum proxy_dns {
	PROXY_DNS_PROXY, /* names go to the proxy as they are */
	PROXY_DNS_LOCAL, /* names are resolved here, addresses go to the proxy */
};

enum proxy_family {
	PROXY_FAMILY_ANY = 0,
	PROXY_FAMILY_IPV4 = 4,
	PROXY_FAMILY_IPV6 = 6,
};

struct proxy_options {
	struct opt_strs
		chain; /* -x, first hop first; none given: the environment, see connect(1) */
	bool direct; /* no proxy at all */
	char *user; /* NAME or NAME:PASSWORD, up to the first colon; or NULL */
	char *password; /* a source for secret_read(), or NULL */
	struct opt_list auth; /* enum s5_method, exactly these are offered; count 0: not given */
	enum proxy_dns dns;
	enum proxy_family family;
	int64_t timeout; /* ms for each phase, 0: no limit; below 0: not given */
};

extern const struct opt proxy_opts[];

/* The methods that --auth knows here and in serve: values are enum s5_method. */
extern const struct opt_word auth_words[];

#endif

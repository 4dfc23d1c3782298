/* Inside proxy.c: who we are to each hop of the chain. */
#ifndef APPS_PROXY_WHO_H
#define APPS_PROXY_WHO_H

#include "proxy.h"
#include "secret.h"

/* What is needed only while the chain is read; wiped after that. */
struct proxy_reader {
	struct proxy *p;
	struct secret given; /* from --password, read at most once */
	bool have_given;
};

/* Methods, credentials and GSSAPI of a hop whose address is set, and its user if the proxy was given
 * with one; known: so is the password. Asks for what is missing. 0, or -1 with the cause. */
int proxy_take_who(struct proxy_reader *r, struct s5_hop *hop, bool known, struct opt_error *err);

#endif

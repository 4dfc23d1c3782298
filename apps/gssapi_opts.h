/*
 * The options of who is a client by RFC 1961: shared by the commands that go through a proxy and by
 * the one that tries them.
 */
#ifndef APPS_GSSAPI_OPTS_H
#define APPS_GSSAPI_OPTS_H

#include "opt.h"
#include "session/gss.h"

struct gssapi_options {
	char *service; /* NAME, NAME@HOST or a whole principal with its slash; or NULL */
	int protect; /* enum s5_level + 1; 0: not given */
	bool nec, delegate;
};

extern const struct opt gssapi_opts[];
/* The values are one more than the level: 0 is not given. The first one is none. */
extern const struct opt_word gssapi_protect_words[];

/* The option that was given, or NULL: none of them was. */
const char *gssapi_given(const struct gssapi_options *o);
/* Whose context is asked for: a proxy's with that host, as it was typed. All but the level. 0, or -1 with
 * *err. gss->target is malloc'd. */
int gssapi_config(struct s5_gss_config *gss, const struct gssapi_options *o, const char *host,
		  struct opt_error *err);

#endif

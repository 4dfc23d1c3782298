#include "gssapi_opts.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"

const struct opt_word gssapi_protect_words[] = {
	{ "none", S5_LEVEL_NONE + 1, "who we are, and then all in clear" },
	{ "integrity", S5_LEVEL_INTEGRITY + 1, "readable, but nobody can change it" },
	{ "confidentiality", S5_LEVEL_CONFIDENTIALITY + 1, "encrypted" },
	{ NULL, 0, NULL },
};

#define OPT_TARGET struct gssapi_options
const struct opt gssapi_opts[] = {
	OPT("gssapi-service", 0, STR, service, "NAME",
	    "the proxy's Kerberos name: NAME at the proxy's host, NAME@HOST, or a whole "
	    "principal NAME/HOST",
	    .def_say = "rcmd", .advanced = true),
	OPT("gssapi-protect", 0, ENUM, protect, NULL,
	    "ask for this protection of all that goes to the proxy, and accept no less",
	    .def_say = "confidentiality", .words = gssapi_protect_words, .advanced = true),
	OPT("gssapi-nec", 0, FLAG, nec, NULL,
	    "send the protection level bare, as NEC's proxy wants it", .advanced = true),
	OPT("gssapi-delegate", 0, FLAG, delegate, NULL,
	    "hand our ticket to the proxy, which can then be us anywhere", .advanced = true),
	OPT_END,
};

const char *gssapi_given(const struct gssapi_options *o)
{
	if (o->service)
		return "--gssapi-service";
	if (o->protect)
		return "--gssapi-protect";
	if (o->nec)
		return "--gssapi-nec";
	return o->delegate ? "--gssapi-delegate" : NULL;
}

/* R1961-3.2, 3.3: SERVICE@HOST, the host as it was typed but in lower case. */
int gssapi_config(struct s5_gss_config *gss, const struct gssapi_options *o, const char *host,
		  struct opt_error *err)
{
	const char *service = o->service ? o->service : "rcmd";
	bool whole = strpbrk(service, "@/");
	char *target;

	if (!*service)
		return opt_fail(err, "option --gssapi-service: the name is empty");
	if (asprintf(&target, "%s%s%s", service, whole ? "" : "@", whole ? "" : host) < 0)
		return opt_fail(err, "%s", strerror(ENOMEM));
	for (char *at = target + strlen(service); *at && !whole; at++)
		*at = (char)tolower((unsigned char)*at);
	gss->target = target;
	gss->nec = o->nec;
	gss->delegate = o->delegate;
	return 0;
}

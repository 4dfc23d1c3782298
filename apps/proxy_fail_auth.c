/* Failures of getting in: the method, the credentials, the security context, the protection. */
#include "proxy_fail.h"

#include <string.h>

#include "base/names.h"

/* The methods that were offered, by name. */
static void put_offer(const struct s5_hop *hop, char *text, size_t size)
{
	size_t used = 0;

	for (unsigned i = 0; i < hop->nmethods && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "",
					 s5_method_name(hop->methods[i]));
}

static const char *method_hint(bool user, bool ticket, bool unoffered)
{
	bool library = s5_gss_library() != NULL;

	if (user)
		return ticket || !library ? "it may want --auth none"
					  : "it may want --auth none, or a ticket (--auth gssapi)";
	if (unoffered)
		return ticket ? "it may want --auth gssapi,userpass"
			      : "it may want --auth userpass";
	return ticket || !library ? "does it want a user (-u)?"
				  : "does it want a user (-u), or a ticket (--auth gssapi)?";
}

void proxy_put_no_method(const struct proxy_call *call, char *text, size_t size)
{
	const struct s5_hop *hop = &call->proxy->hops[call->client.failure.hop];
	bool user = memchr(hop->methods, S5_METHOD_USERPASS, hop->nmethods);
	bool ticket = memchr(hop->methods, S5_METHOD_GSSAPI, hop->nmethods);
	char offer[100];

	put_offer(hop, offer, sizeof(offer));
	snprintf(text, size, "proxy accepts no method (offered: %s); %s", offer,
		 method_hint(user, ticket, call->proxy->user_unoffered));
}

void proxy_put_unoffered(const struct proxy_call *call, char *text, size_t size)
{
	const struct s5_client_failure *f = &call->client.failure;
	char offer[100];

	put_offer(&call->proxy->hops[f->hop], offer, sizeof(offer));
	snprintf(text, size, "proxy chose %s (%02x), which was not offered (%s was)%s",
		 s5_method_name(f->session.code), f->session.code, offer,
		 f->session.code == S5_METHOD_NONE ? "; to go without a password: --auth none"
						   : "");
}

void proxy_put_credentials(const struct proxy_call *call, char *text, size_t size)
{
	const struct s5_client_failure *f = &call->client.failure;
	const struct s5_credentials *c = &call->proxy->hops[f->hop].credentials;
	char user[200];

	out_escape(user, sizeof(user), c->user, c->ulen);
	snprintf(text, size,
		 "proxy refused user '%s' or the password (status %02x); check -u and --password",
		 user, f->session.code);
}

/* What would have helped. */
static const char *context_hint(enum s5_gss_trouble trouble)
{
	switch (trouble) {
	case S5_GSS_NO_TICKET:
		return "; kinit gets a ticket, klist shows those there are";
	case S5_GSS_EXPIRED:
		return "; kinit gets a new ticket, klist shows how long it lasts";
	case S5_GSS_NO_SERVICE:
		return "; --gssapi-service names another service, and the proxy's host must be "
		       "written as Kerberos knows it";
	case S5_GSS_NO_KDC:
		return "; is the KDC up, and does krb5.conf name it? kinit would tell the same";
	case S5_GSS_CLOCK:
		return "; this clock and the other one must agree within five minutes";
	case S5_GSS_OTHER:
	case S5_GSS_REFUSED:
	case S5_GSS_ABSENT:
		break;
	}
	return "; klist -e shows the tickets";
}

void proxy_put_context(const struct proxy_call *call, char *text, size_t size)
{
	const struct s5_client_failure *f = &call->client.failure;
	const char *target = call->proxy->hops[f->hop].gss.target;

	if (f->why[0])
		snprintf(text, size, "%s: %s%s", target, f->why, context_hint(f->trouble));
	else
		snprintf(text, size, "%s: no agreement within %d tokens", target, S5_ROUNDS);
}

void proxy_put_aborted(const struct proxy_call *call, char *text, size_t size)
{
	const struct s5_client_failure *f = &call->client.failure;
	const struct s5_gss_config *gss = &call->proxy->hops[f->hop].gss;

	if (f->phase == S5_PHASE_LEVEL)
		snprintf(text, size, "proxy refused protection %s (level %02x); %s",
			 s5_level_name(gss->level), gss->level,
			 gss->nec ? "it may want the level without --gssapi-nec"
				  : "--gssapi-protect asks for another");
	else
		snprintf(
			text, size,
			"proxy refused our ticket for %s, or who we are; klist shows that, and the "
			"proxy's log may say why",
			gss->target);
}

void proxy_put_level(const struct proxy_call *call, char *text, size_t size)
{
	const struct s5_client_failure *f = &call->client.failure;
	uint8_t asked = call->proxy->hops[f->hop].gss.level, granted = f->session.code;

	snprintf(text, size, "proxy grants %s (level %02x) where %s was asked for%s%s",
		 s5_level_name(granted), granted, s5_level_name(asked),
		 granted < asked ? "; to accept that: --gssapi-protect " : "",
		 granted < asked ? s5_level_name(granted) : "");
}

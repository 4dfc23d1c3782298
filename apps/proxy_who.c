/* Who we are to a proxy: the methods that it is offered, the user and password, the ticket. */
#include "proxy_who.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"

static void set_octets(uint8_t octets[static 256], uint8_t *used, const void *from, size_t len)
{
	memcpy(octets, from, len);
	*used = (uint8_t)len;
}

/* -u NAME[:PASSWORD], for a proxy that is given without a user. */
static int take_user(struct s5_credentials *c, bool *known, const char *user, struct opt_error *err)
{
	size_t len = strcspn(user, ":"), rest = user[len] ? strlen(user + len + 1) : 0;

	if (len == 0 || len > 255 || rest > 255)
		return opt_fail(err, "option --user: the %s",
				len == 0    ? "name is empty"
				: len > 255 ? "name is longer than 255 octets"
					    : "password is longer than 255 octets");
	set_octets(c->user, &c->ulen, user, len);
	*known = user[len] != '\0';
	if (*known)
		set_octets(c->password, &c->plen, user + len + 1, rest);
	return 0;
}

static void take_secret(struct s5_credentials *c, const struct secret *secret)
{
	set_octets(c->password, &c->plen, secret->octets, secret->len);
}

/* What a prompt asks. Returns text. */
static const char *question(const struct proxy *p, const struct s5_hop *hop, char *text,
			    size_t size)
{
	char who[200], where[PROXY_HOP_TEXT];

	out_escape(who, sizeof(who), hop->credentials.user, hop->credentials.ulen);
	proxy_hop_name(p, (size_t)(hop - p->hops), where, sizeof(where));
	snprintf(text, size, "password for %s at %s: ", who, where);
	return text;
}

/* The password from --password, the same for every hop that has none. */
static int given_password(struct proxy_reader *r, struct s5_hop *hop, struct opt_error *err)
{
	char text[PROXY_HOP_TEXT + 240];

	question(r->p, hop, text, sizeof(text));
	if (!r->have_given &&
	    secret_read(&r->given, r->p->options->password, text, err->text, sizeof(err->text)) < 0)
		return -1;
	r->have_given = true;
	take_secret(&hop->credentials, &r->given);
	return 0;
}

static int ask_password(struct proxy_reader *r, struct s5_hop *hop, struct opt_error *err)
{
	struct secret secret = { .len = 0 };
	char text[PROXY_HOP_TEXT + 240], who[100], why[200];
	int rc;

	question(r->p, hop, text, sizeof(text));
	rc = secret_ask(&secret, text, why, sizeof(why));
	take_secret(&hop->credentials, &secret);
	secret_wipe(&secret);
	if (rc == 0)
		return 0;
	out_escape(who, sizeof(who), hop->credentials.user, hop->credentials.ulen);
	return opt_fail(err, "user %s has no password: %s; give one with --password", who, why);
}

static bool offers(const struct s5_hop *hop, uint8_t method)
{
	return memchr(hop->methods, method, hop->nmethods) != NULL;
}

/* Exactly the methods of --auth; else userpass for a user, gssapi where an option is about that, and
 * none for nobody (R1928-3.10). */
static int set_methods(struct s5_hop *hop, const struct proxy_options *o, struct opt_error *err)
{
	const char *gssapi = gssapi_given(&o->gssapi);

	hop->nmethods = (uint8_t)o->auth.count;
	for (int i = 0; i < o->auth.count; i++)
		hop->methods[i] = (uint8_t)o->auth.values[i];
	if (gssapi && o->auth.count && !offers(hop, S5_METHOD_GSSAPI))
		return opt_fail(err, "option %s: --auth does not offer gssapi", gssapi);
	if (o->auth.count)
		return 0;
	if (gssapi && hop->credentials.ulen)
		return opt_fail(err, "option %s: there is a user, too; --auth says what to offer",
				gssapi);
	hop->nmethods = 1;
	hop->methods[0] = hop->credentials.ulen ? S5_METHOD_USERPASS
			  : gssapi		? S5_METHOD_GSSAPI
						: S5_METHOD_NONE;
	return 0;
}

static int set_gssapi(struct s5_hop *hop, const struct proxy_options *o, struct opt_error *err)
{
	char host[S5_ADDR_TEXT] = "localhost";

	if (!offers(hop, S5_METHOD_GSSAPI))
		return 0;
	if (!s5_gss_library())
		return opt_fail(err, "option --auth: gssapi: this build has no GSSAPI");
	if (!hop->path)
		s5_addr_host(&hop->addr, host, sizeof(host));
	hop->gss.level = o->gssapi.protect ? (uint8_t)(o->gssapi.protect - 1)
					   : (uint8_t)S5_LEVEL_CONFIDENTIALITY;
	return gssapi_config(&hop->gss, &o->gssapi, host, err);
}

bool proxy_offers_gssapi(const struct proxy *p)
{
	for (size_t i = 0; i < p->config.nhops; i++)
		if (offers(&p->hops[i], S5_METHOD_GSSAPI))
			return true;
	return false;
}

uint8_t proxy_protection(const struct proxy *p)
{
	for (size_t i = 0; i < p->config.nhops; i++)
		if (p->hops[i].nmethods == 1 && offers(&p->hops[i], S5_METHOD_GSSAPI))
			return p->hops[i].gss.level;
	return S5_LEVEL_NONE;
}

/* A hop of a chain that is not given a user has the ticket alone. */
static void withhold_password(struct s5_hop *hop)
{
	uint8_t n = 0;

	for (uint8_t i = 0; i < hop->nmethods; i++)
		if (hop->methods[i] != S5_METHOD_USERPASS)
			hop->methods[n++] = hop->methods[i];
	hop->nmethods = n;
}

int proxy_take_who(struct proxy_reader *r, struct s5_hop *hop, bool known, struct opt_error *err)
{
	const struct proxy_options *o = r->p->options;
	struct s5_credentials *c = &hop->credentials;

	if (!c->ulen && o->user && take_user(c, &known, o->user, err) < 0)
		return -1;
	if (set_methods(hop, o, err) < 0 || set_gssapi(hop, o, err) < 0)
		return -1;
	if (!c->ulen && offers(hop, S5_METHOD_GSSAPI))
		withhold_password(hop);
	if (!offers(hop, S5_METHOD_USERPASS)) {
		r->p->user_unoffered |= c->ulen > 0;
		*c = (struct s5_credentials){ .ulen = 0 };
		return 0;
	}
	if (!c->ulen)
		return opt_fail(err, "option --auth: userpass needs a user; give one with -u");
	if (known)
		return 0;
	return o->password ? given_password(r, hop, err) : ask_password(r, hop, err);
}

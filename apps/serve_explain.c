/* What `socks5 serve` allows to whom, in plain words. */
#include "serve_setup.h"

#define RULES_SHOWN 10

static const char *who_may(const struct serve *s)
{
	if (s5_rules_has_allow(&s->policy.rules))
		return "whoever the rules allow";
	return serve_is_beyond(s) ? "anyone who can reach it" : "any program on this machine";
}

static void explain_passwords(const struct serve *s, const char *where)
{
	const struct out *out = &s->options.out;
	const char *others =
		serve_has_method(s, S5_METHOD_NONE) ? "; so may others, without one" : "";

	if (s->nusers == 1)
		out_say(out, "one user%s may use it, with a password%s", where, others);
	else
		out_say(out, "%zu users%s may use it, each with a password%s", s->nusers, where,
			others);
}

/* Level 0 detaches who it was from what follows. */
static const char *protection(const struct serve *s)
{
	unsigned levels = s->policy.session.gss.levels;

	if (levels == 1u << S5_LEVEL_NONE)
		return "and goes on in clear, unprotected";
	if (levels == 1u << S5_LEVEL_CONFIDENTIALITY)
		return "encrypted";
	if (levels & 1u << S5_LEVEL_NONE)
		return "protected only if it wants that";
	return levels & 1u << S5_LEVEL_CONFIDENTIALITY ? "encrypted or signed" : "signed";
}

static void explain_tickets(const struct serve *s, const char *where)
{
	const struct out *out = &s->options.out;

	if (!s->nprincipals)
		out_say(out, "whoever%s has a Kerberos ticket for it may use it, %s", where,
			protection(s));
	else
		out_say(out, "%zu principal%s%s may use it, with a Kerberos ticket, %s",
			s->nprincipals, s->nprincipals == 1 ? "" : "s", where, protection(s));
}

static void explain_who(const struct serve *s)
{
	const char *where = serve_is_beyond(s) ? "" : " on this machine";
	bool passwords = serve_has_method(s, S5_METHOD_USERPASS);
	bool tickets = serve_has_method(s, S5_METHOD_GSSAPI);

	if (passwords)
		explain_passwords(s, where);
	if (tickets)
		explain_tickets(s, where);
	if (!passwords && serve_has_method(s, S5_METHOD_NONE))
		out_say(&s->options.out, "%s may use it, without a %s", who_may(s),
			tickets ? "ticket" : "password");
}

/* Never with a password. */
static void explain_upstream(const struct serve *s)
{
	const struct s5_client_config *up = &s->policy.upstream;
	char text[S5_ADDR_TEXT];

	for (size_t i = 0; i < up->nhops; i++)
		out_say(&s->options.out, "%s proxy %s%s", i ? "and on to" : "all is passed on to",
			up->hops[i].path ? "unix:" : "",
			up->hops[i].path ? up->hops[i].path
					 : s5_addr_format(&up->hops[i].addr, text, sizeof(text)));
}

/* What is left when no rule matches, or there is none. */
static void explain_rest(const struct serve *s, const char *it)
{
	const struct out *out = &s->options.out;

	if (s5_rules_has_allow(&s->policy.rules)) {
		out_say(out, "everything else is denied");
	} else if (!serve_is_beyond(s)) {
		out_say(out, "%s connects to any address; BIND and UDP likewise", it);
	} else {
		out_say(out,
			"%s connects to any address but loopback, private, link-local, "
			"multicast and metadata ones; BIND and UDP likewise",
			it);
		out_say(out, "programs on this machine reach those too");
	}
}

/* to=any is a set like others, and names what is guarded: few mean that. */
static void warn_of_any(const struct serve *s)
{
	char opened[80];

	for (int i = 0; serve_is_beyond(s) && i < (int)s->policy.rules.n; i++)
		if (s5_rules_opens(&s->policy.rules, i, opened, sizeof(opened)))
			out_warn(
				&s->options.out,
				"rule %d: to=any opens addresses within (%s) to clients from "
				"elsewhere, too; deny those in a rule before it, unless that is meant",
				i + 1, opened);
}

void serve_explain_who(const struct serve *s)
{
	explain_who(s);
	warn_of_any(s);
}

void serve_explain(const struct serve *s)
{
	size_t shown = s->policy.rules.n < RULES_SHOWN ? s->policy.rules.n : RULES_SHOWN;

	explain_who(s);
	for (size_t i = 0; i < shown; i++)
		out_say(&s->options.out, "rule %zu: %s %s", i + 1,
			s5_rules_is_allow(&s->policy.rules, (int)i) ? "allow" : "deny",
			s5_rules_text(&s->policy.rules, (int)i));
	if (shown < s->policy.rules.n)
		out_say(&s->options.out, "and %zu more rules; the first that matches decides",
			s->policy.rules.n - shown);
	explain_rest(s, s->policy.rules.n ? "otherwise it" : "it");
	explain_upstream(s);
	warn_of_any(s);
}

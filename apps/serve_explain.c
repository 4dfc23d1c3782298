/* What `socks5 serve` allows to whom, in plain words. */
#include "serve_setup.h"

#define RULES_SHOWN 10

static const char *who_may(const struct serve *s)
{
	if (s5_rules_has_allow(&s->rules))
		return "whoever the rules allow";
	return s->beyond ? "anyone who can reach it" : "any program on this machine";
}

static void explain_who(const struct serve *s)
{
	const struct out *out = &s->options.out;
	const char *where = s->beyond ? "" : " on this machine";
	const char *others =
		serve_has_method(s, S5_METHOD_NONE) ? "; so may others, without one" : "";

	if (!serve_has_method(s, S5_METHOD_USERPASS))
		out_say(out, "%s may use it, without a password", who_may(s));
	else if (s->nusers == 1)
		out_say(out, "one user%s may use it, with a password%s", where, others);
	else
		out_say(out, "%zu users%s may use it, each with a password%s", s->nusers, where,
			others);
}

/* What is left when no rule matches, or there is none. */
static void explain_rest(const struct serve *s, const char *it)
{
	const struct out *out = &s->options.out;

	if (s5_rules_has_allow(&s->rules)) {
		out_say(out, "everything else is denied");
	} else if (!s->beyond) {
		out_say(out, "%s connects to any address; BIND and UDP likewise", it);
	} else {
		out_say(out,
			"%s connects to any address but loopback, private, link-local, "
			"multicast and metadata ones; BIND and UDP likewise",
			it);
		out_say(out, "programs on this machine reach those too");
	}
}

void serve_explain(const struct serve *s)
{
	size_t shown = s->rules.n < RULES_SHOWN ? s->rules.n : RULES_SHOWN;

	explain_who(s);
	for (size_t i = 0; i < shown; i++)
		out_say(&s->options.out, "rule %zu: %s %s", i + 1,
			s5_rules_is_allow(&s->rules, (int)i) ? "allow" : "deny",
			s5_rules_text(&s->rules, (int)i));
	if (shown < s->rules.n)
		out_say(&s->options.out, "and %zu more rules; the first that matches decides",
			s->rules.n - shown);
	explain_rest(s, s->rules.n ? "otherwise it" : "it");
}

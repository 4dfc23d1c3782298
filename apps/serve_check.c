/* --check: what is understood of the options, without serving; --explain: what a client would be
 * told. On standard output. */
#include <string.h>

#include "base/names.h"
#include "serve_setup.h"

#define RULE_TEXT 2000

static const char *kind(const struct serve *s, int i)
{
	return s5_rules_is_allow(&s->policy.rules, i) ? "allow" : "deny";
}

static void print_rules(const struct serve *s)
{
	const struct s5_rules *rules = &s->policy.rules;
	char text[RULE_TEXT];

	for (int i = 0; i < (int)rules->n; i++)
		printf("rule %d: %s %s\n", i + 1, kind(s, i),
		       s5_rules_render(rules, i, text, sizeof(text)));
	if (s5_rules_has_allow(rules))
		puts("otherwise: deny");
	else
		puts("otherwise: allow; but to clients from elsewhere than this machine not\n"
		     "           to=loopback to=private to=link-local to=multicast to=metadata");
}

static const char *reason_text(enum s5_reason reason)
{
	switch (reason) {
	case S5_REASON_MATCH:
		return "it matches, and decides";
	case S5_REASON_FROM:
		return "from= does not match";
	case S5_REASON_USER:
		return "user= does not match";
	case S5_REASON_COMMAND:
		return "command= does not match";
	case S5_REASON_TO:
		return "to= does not match";
	case S5_REASON_GUARD:
		return "it does not name the address, which is guarded";
	case S5_REASON_ADDRESS:
		return "it depends on the address, which is asked for when it is known";
	}
	return "";
}

/* Up to the rule that decides. */
static void print_reasons(const struct serve *s, const struct s5_query *q)
{
	char text[RULE_TEXT];

	for (int i = 0; i < (int)s->policy.rules.n; i++) {
		enum s5_reason reason = s5_rules_reason(&s->policy.rules, i, q);

		printf("rule %d: %s (%s %s)\n", i + 1, reason_text(reason), kind(s, i),
		       s5_rules_render(&s->policy.rules, i, text, sizeof(text)));
		if (reason == S5_REASON_MATCH)
			return;
	}
}

static void print_verdict(const struct serve *s, const struct s5_query *q)
{
	struct s5_verdict v = s5_rules_match(&s->policy.rules, q);
	const char *guard = s5_rules_guard(q);
	char text[RULE_TEXT];

	if (v.decision == S5_UNDECIDED)
		puts("undecided: each address of the name is asked for when it is known");
	else if (v.rule >= 0)
		printf("%s: rule %d, %s %s%s\n", v.decision == S5_ALLOW ? "allowed" : "denied",
		       v.rule + 1, kind(s, v.rule),
		       s5_rules_render(&s->policy.rules, v.rule, text, sizeof(text)),
		       v.decision == S5_ALLOW && !q->address ? "; each address, when it is known"
							     : "");
	else if (v.decision == S5_ALLOW)
		puts("allowed: no rule matches, and it is not guarded");
	else if (guard && *guard)
		printf("denied: %s addresses are guarded; a rule that allows names them, as to=%s "
		       "does\n",
		       guard, guard);
	else if (guard)
		puts("denied: the address is guarded, and no rule that allows names it");
	else
		puts("denied: no rule matches, and there are rules that allow");
}

/* What the answer does not take into account. */
static void warn_of_question(const struct serve *s, const struct s5_query *q)
{
	bool known = !q->user || s5_users_has(&s->policy.users, q->user, q->ulen);
	bool tickets = serve_has_method(s, S5_METHOD_GSSAPI) && !s->nprincipals;

	if (!strstr(s->options.explain, "from="))
		out_say(&s->options.out, "without from= the client is a program on this machine");
	if (!known && !(tickets && memchr(q->user, '@', q->ulen)))
		out_warn(&s->options.out, "there is no user %.*s: the client would not be let in",
			 (int)q->ulen, (const char *)q->user);
}

static int explain(const struct serve *s)
{
	struct s5_rule_question q;
	struct s5_rules_error err;

	if (!s5_rule_question_parse(&q, s->options.explain, &err))
		return serve_misuse(s, "--explain", s->options.explain, err.text);
	warn_of_question(s, &q.query);
	print_reasons(s, &q.query);
	print_verdict(s, &q.query);
	return EXIT_OK;
}

int serve_check(struct serve *s)
{
	if (s->options.explain)
		return explain(s);
	print_rules(s);
	serve_explain_who(s);
	out_say(&s->options.out, "the configuration is good");
	return EXIT_OK;
}

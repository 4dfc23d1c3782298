#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "probe.h"

/* A target of ours that the proxy perhaps cannot reach proves nothing against it. */
static bool is_on_this_machine(const struct probe_subject *s)
{
	return !s->addr.atyp || s5_addr_is_loopback(&s->addr);
}

static bool was_reached(const struct probe_subject *s)
{
	const struct s5_found *found = s->prober.found;

	return s5_found_holds(&found[S5_FACT_CONNECT4]) || s5_found_holds(&found[S5_FACT_CONNECT6]);
}

static bool needs_target(enum s5_fact fact)
{
	switch (fact) {
	case S5_FACT_SEALED:
	case S5_FACT_CONNECT4:
	case S5_FACT_CONNECT6:
	case S5_FACT_CONNECT_NAME:
	case S5_FACT_CONNECT_TEXT:
	case S5_FACT_UDP4:
	case S5_FACT_UDP6:
	case S5_FACT_UDP_NAME:
	case S5_FACT_REFUSED:
		return true;
	default:
		return false;
	}
}

/* Our targets could not take all who came; a positive errno, or 0. */
static int trouble_of_targets(const struct probe *p)
{
	const struct s5_echo *echoes[] = { &p->loop4, &p->loop6, &p->echo4, &p->echo6 };
	int error = 0;

	for (size_t i = 0; i < sizeof(echoes) / sizeof(echoes[0]) && !error; i++)
		error = echoes[i]->error;
	return error;
}

/* What it answered in the place of what it should. */
static void say_end(const struct s5_found *f, char why[static PROBE_WHY])
{
	if (f->has_reply && f->rep)
		snprintf(why, PROBE_WHY, "reply %02x, %s", f->rep, s5_rep_name(f->rep));
	else if (f->end == S5_EXCHANGE_OTHER && f->method == S5_METHOD_UNACCEPTABLE)
		snprintf(why, PROBE_WHY, "it answers ff, %s", s5_method_name(f->method));
	else if (f->end == S5_EXCHANGE_OTHER && f->why)
		snprintf(why, PROBE_WHY, "%s", f->why);
	else if (f->end == S5_EXCHANGE_OTHER && f->status)
		snprintf(why, PROBE_WHY, "status %02x, refused", f->status);
	else if (f->error)
		snprintf(why, PROBE_WHY, "%s: %s", s5_exchange_end_text(f->end),
			 strerrordesc_np(f->error));
	else
		snprintf(why, PROBE_WHY, "%s", s5_exchange_end_text(f->end));
}

void probe_no_context(enum s5_gss_trouble trouble, const char *untold, char why[static PROBE_WHY])
{
	static const char *const troubles[] = {
		[S5_GSS_OTHER] = "no security context",
		[S5_GSS_NO_TICKET] = "no ticket",
		[S5_GSS_EXPIRED] = "the ticket has expired",
		[S5_GSS_NO_SERVICE] = "no such service",
		[S5_GSS_NO_KDC] = "no KDC answers",
		[S5_GSS_CLOCK] = "the clocks differ",
		[S5_GSS_REFUSED] = "no security context",
	};

	if (trouble == S5_GSS_ABSENT)
		snprintf(why, PROBE_WHY, "%s", untold);
	else
		snprintf(why, PROBE_WHY, "%s: %s", troubles[trouble], untold);
}

static enum probe_answer untried(const struct s5_prober *p, const struct s5_found *f,
				 char why[static PROBE_WHY])
{
	if (f->lacks_context) {
		probe_no_context(p->trouble, p->untold, why);
		return PROBE_UNKNOWN;
	}
	if (f->part == S5_PART_LOGIN)
		snprintf(why, PROBE_WHY, "no credentials; -u gives them");
	else if (f->part != S5_PART_COUNT)
		snprintf(why, PROBE_WHY, "not without %s", s5_part_text(f->part));
	else if (f->lacks != S5_FACT_NONE)
		snprintf(why, PROBE_WHY, "not without: %s", s5_fact_name(f->lacks));
	else
		snprintf(why, PROBE_WHY, "not asked");
	return PROBE_UNKNOWN;
}

/* Which it takes, of all that we know. */
static enum probe_answer choice(const struct s5_found *f, char why[static PROBE_WHY])
{
	bool is_one = f->method != S5_METHOD_UNACCEPTABLE;

	if (is_one)
		snprintf(why, PROBE_WHY, "prefers %s", s5_method_name(f->method));
	else
		snprintf(why, PROBE_WHY, "it answers ff, %s", s5_method_name(f->method));
	return is_one ? PROBE_YES : PROBE_NO;
}

enum probe_answer probe_fact(const struct probe_subject *s, enum s5_fact fact,
			     char why[static PROBE_WHY])
{
	const struct s5_found *f = &s->prober.found[fact];
	int trouble = trouble_of_targets(s->probe);

	why[0] = '\0';
	if (s5_found_holds(f))
		return fact == S5_FACT_ALL ? choice(f, why) : PROBE_YES;
	if (!f->is_tried)
		return untried(&s->prober, f, why);
	say_end(f, why);
	/* Who guesses is often kept waiting. */
	if (f->end == S5_EXCHANGE_TROUBLE || f->connected < 0 ||
	    (fact == S5_FACT_BAD_LOGIN && f->end == S5_EXCHANGE_SILENT))
		return PROBE_UNKNOWN;
	/* Nobody connects to all at once (224.0.0.1); a rule may be ahead of the network. */
	if (fact == S5_FACT_UNREACHED && f->has_reply && f->rep == S5_REP_NOT_ALLOWED)
		return PROBE_UNKNOWN;
	if (needs_target(fact) && f->end == S5_EXCHANGE_SILENT && trouble) {
		snprintf(why, PROBE_WHY, "%s: %s", s5_exchange_end_text(S5_EXCHANGE_TROUBLE),
			 strerrordesc_np(trouble));
		return PROBE_UNKNOWN;
	}
	if (needs_target(fact) && !is_on_this_machine(s) && !was_reached(s)) {
		size_t n = strlen(why);

		snprintf(why + n, PROBE_WHY - n, "; it may not reach this machine");
		return PROBE_UNKNOWN;
	}
	return PROBE_NO;
}

/* With what decides whether it lets us in. */
static bool had_trouble(const struct s5_found *found)
{
	static const enum s5_fact facts[] = { S5_FACT_OPEN, S5_FACT_USERPASS, S5_FACT_LOGIN,
					      S5_FACT_ENTER };

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (found[facts[i]].is_tried && found[facts[i]].end == S5_EXCHANGE_TROUBLE)
			return true;
	return false;
}

/* Of one that does not let us in. */
static const char *wanted_text(const struct s5_found *found)
{
	if (s5_found_holds(&found[S5_FACT_LOGIN]))
		return "SOCKS5, it takes the credentials no more";
	if (found[S5_FACT_LOGIN].is_tried)
		return "SOCKS5, it wants other credentials";
	if (s5_found_holds(&found[S5_FACT_USERPASS]))
		return "SOCKS5, it wants credentials";
	if (found[S5_FACT_ALL].method == S5_METHOD_GSSAPI || s5_found_holds(&found[S5_FACT_GSSAPI]))
		return "SOCKS5, it wants GSSAPI";
	return "SOCKS5, with no method that we have";
}

/* It chose one among all, and does not take the same alone: this is no refusal. */
static bool breaks_its_word(const struct s5_found *found)
{
	static const enum s5_fact alone[] = { [S5_METHOD_NONE] = S5_FACT_OPEN,
					      [S5_METHOD_GSSAPI] = S5_FACT_GSSAPI,
					      [S5_METHOD_USERPASS] = S5_FACT_USERPASS };
	uint8_t method = found[S5_FACT_ALL].method;
	const struct s5_found *f =
		method < sizeof(alone) / sizeof(alone[0]) ? &found[alone[method]] : NULL;

	return f && f->is_tried && !s5_found_holds(f);
}

/* What is wrong with how it answers CONNECT to our target, so that nobody can use it; or NULL. */
static const char *nonsense(const struct probe_subject *s)
{
	const struct s5_found *connect = &s->prober.found[S5_FACT_CONNECT4];

	if (!connect->is_tried || connect->end == S5_EXCHANGE_TROUBLE)
		return NULL;
	if (s5_found_holds(connect))
		return probe_is_mirror(s) ? "no proxy: it gives back what it hears" : NULL;
	if (!connect->has_reply && connect->end == S5_EXCHANGE_OTHER)
		return "SOCKS5, but what it replies is no reply";
	/* From elsewhere our target may not be reached, and there are proxies that close for that. */
	if (!connect->has_reply && connect->connected >= 0 && is_on_this_machine(s))
		return "SOCKS5, but it answers no request";
	if (connect->end == S5_EXCHANGE_OTHER && connect->rep == S5_REP_SUCCEEDED && !connect->why)
		return "SOCKS5, but it connects to something else than the target";
	return NULL;
}

enum probe_worth probe_worth(const struct probe_subject *s, const char **text)
{
	const struct s5_found *found = s->prober.found;

	if (s->why || s->prober.answerer != S5_ANSWERER_SOCKS5) {
		*text = s->why ? s->why : s5_answerer_text(s->prober.answerer);
		return PROBE_UNUSABLE;
	}
	*text = nonsense(s);
	if (*text)
		return PROBE_UNUSABLE;
	if (s5_found_holds(&found[S5_FACT_ENTER])) {
		*text = s5_found_holds(&found[S5_FACT_OPEN])	? "SOCKS5, open to anyone"
			: s5_found_holds(&found[S5_FACT_LOGIN]) ? "SOCKS5, with credentials"
								: "SOCKS5, with a ticket";
		return PROBE_USABLE;
	}
	if (had_trouble(found)) {
		*text = "SOCKS5, but there is trouble on this machine";
		return PROBE_UNUSABLE;
	}
	if (breaks_its_word(found)) {
		*text = "SOCKS5 at first, but not again";
		return PROBE_UNUSABLE;
	}
	*text = wanted_text(found);
	return PROBE_LOCKED;
}

const char *probe_why(const struct probe_subject *s, char text[static PROBE_WHY])
{
	const char *worth;

	probe_worth(s, &worth);
	if (s->prober.error && s->prober.answerer >= S5_ANSWERER_UNREACHABLE)
		snprintf(text, PROBE_WHY, "%s: %s", worth, strerrordesc_np(s->prober.error));
	else
		snprintf(text, PROBE_WHY, "%s", worth);
	return text;
}

/* --conformance: the cases against one proxy, and what came of them. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "probe.h"
#include "probe/clients.h"
#include "probe_said.h"

/* What comes of a ticket. */
#define TICKET                                                                               \
	(S5_NEEDS_CONTEXT | S5_NEEDS_SEALS | S5_NEEDS_INTEGRITY | S5_NEEDS_CONFIDENTIALITY | \
	 S5_NEEDS_SELECTIVE)

/* What it has that cases need. What it does wrong it has; what it says that it does not do it lacks. */
static bool has_command(const struct s5_found *f)
{
	return s5_found_holds(f) || !f->has_reply ||
	       (f->rep != S5_REP_CMD_UNSUPPORTED && f->rep != S5_REP_NOT_ALLOWED);
}

/* A ticket for a proxy that takes tickets; what it makes of it is the cases' affair. */
static bool has_context(const struct s5_prober *p)
{
	return p->found[S5_FACT_CONTEXT].is_tried;
}

static bool has_seals(const struct s5_found *found)
{
	return s5_found_holds(&found[S5_FACT_INTEGRITY]) ||
	       s5_found_holds(&found[S5_FACT_CONFIDENTIALITY]) ||
	       s5_found_holds(&found[S5_FACT_SELECTIVE]) || s5_found_holds(&found[S5_FACT_SEALED]);
}

static unsigned needs_met(const struct s5_prober *p)
{
	const struct s5_found *found = p->found;
	const struct {
		unsigned need;
		bool is_met;
	} rows[] = {
		{ S5_NEEDS_LOGIN, s5_found_holds(&found[S5_FACT_LOGIN]) },
		{ S5_NEEDS_OPEN, s5_found_holds(&found[S5_FACT_OPEN]) },
		{ S5_NEEDS_GSSAPI, s5_found_holds(&found[S5_FACT_GSSAPI]) },
		{ S5_NEEDS_BIND, has_command(&found[S5_FACT_BIND]) },
		{ S5_NEEDS_UDP, has_command(&found[S5_FACT_UDP4]) },
		{ S5_NEEDS_FRAGMENTS, s5_found_holds(&found[S5_FACT_FRAGMENTS]) },
		{ S5_NEEDS_IPV6, s5_found_holds(&found[S5_FACT_CONNECT6]) },
		{ S5_NEEDS_NAMES, s5_found_holds(&found[S5_FACT_CONNECT_NAME]) },
		{ S5_NEEDS_CONTEXT, has_context(p) },
		{ S5_NEEDS_SEALS, has_seals(found) },
		{ S5_NEEDS_INTEGRITY, s5_found_holds(&found[S5_FACT_INTEGRITY]) },
		{ S5_NEEDS_CONFIDENTIALITY, s5_found_holds(&found[S5_FACT_CONFIDENTIALITY]) },
		{ S5_NEEDS_SELECTIVE, s5_found_holds(&found[S5_FACT_SELECTIVE]) },
		{ S5_NEEDS_WRAPPED, !p->gss.nec },
	};
	unsigned met = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].is_met)
			met |= rows[i].need;
	return met;
}

/* The id, or how it begins, up to a slash. */
static bool begins_so(const char *id, const char *text, size_t n)
{
	return n && !strncmp(text, id, n) && (!id[n] || id[n] == '/');
}

bool probe_wants_case(const struct probe_options *o, const char *id)
{
	const char *only = o->only;
	size_t n;

	if (!only)
		return true;
	for (; *only; only += n + (only[n] == ',')) {
		n = strcspn(only, ",");
		if (begins_so(id, only, n))
			return true;
	}
	return false;
}

static bool has_case(const struct s5_case *rows, size_t nrows, const char *id, size_t n)
{
	for (size_t i = 0; i < nrows; i++)
		if (begins_so(rows[i].id, id, n))
			return true;
	return false;
}

const char *probe_unknown_case(const struct probe_options *o, char why[static PROBE_WHY])
{
	size_t n;

	for (const char *only = o->only; only && *only; only += n + (only[n] == ',')) {
		bool server, client;

		n = strcspn(only, ",");
		server = has_case(s5_cases, s5_ncases, only, n);
		client = has_case(s5_client_cases, s5_nclient_cases, only, n);
		if (!n || (o->client ? client : server))
			continue;
		snprintf(why, PROBE_WHY, "'%.*s' is %s", (int)n, only,
			 server	  ? "no case of --client, but of --conformance"
			 : client ? "no case of --conformance, but of --client"
				  : "no case; --list lists them");
		return why;
	}
	return NULL;
}

static void told(struct s5_suite *suite, size_t i)
{
	struct probe_subject *s = S5_OUTER(suite, struct probe_subject, suite);
	struct progress *progress = &s->probe->progress;

	(void)i;
	if (progress_is_due(progress) && !s->probe->is_many)
		progress_say(progress, "case %zu of %zu", suite->over, suite->count);
}

bool probe_suite_start(struct probe_subject *s, void (*done)(struct s5_suite *suite))
{
	struct s5_suite *suite = &s->suite;
	const struct probe_options *o = &s->probe->options;

	suite->loop = &s->probe->engine.loop;
	suite->proxy = s->prober.proxy;
	suite->parts = s->prober.parts;
	suite->gss = s->prober.gss.target ? &s->prober.gss : NULL;
	suite->work = s->prober.work;
	suite->times = s->prober.times;
	suite->jobs = PROBE_CASES_AT_ONCE;
	suite->has = needs_met(&s->prober);
	suite->told = told;
	suite->done = done;
	if (!s5_suite_init(suite, s5_cases, s5_ncases))
		return false;
	for (size_t i = 0; i < s5_ncases; i++)
		suite->cases[i].wanted = probe_wants_case(o, s5_cases[i].id);
	s5_suite_start(suite);
	return true;
}

/* counting */

struct probe_score probe_score(const struct s5_suite *suite)
{
	struct probe_score score = { .passed = 0 };

	for (size_t i = 0; i < suite->nrows; i++) {
		const struct s5_suite_case *c = &suite->cases[i];

		score.passed += c->verdict == S5_CASE_PASS;
		score.skipped += c->verdict == S5_CASE_SKIP;
		score.troubled += c->exchange.end == S5_EXCHANGE_TROUBLE;
		score.failed += c->verdict == S5_CASE_FAIL;
		score.failed_must +=
			c->verdict == S5_CASE_FAIL && suite->rows[i].level == S5_CASE_MUST;
	}
	return score;
}

/* why */

static const char *need_text(unsigned need)
{
	static const struct {
		unsigned need;
		const char *text;
	} texts[] = {
		{ S5_NEEDS_LOGIN, "credentials" },
		{ S5_NEEDS_OPEN, "method none" },
		{ S5_NEEDS_GSSAPI, "method gssapi" },
		{ S5_NEEDS_BIND, "BIND" },
		{ S5_NEEDS_UDP, "UDP ASSOCIATE" },
		{ S5_NEEDS_FRAGMENTS, "fragments" },
		{ S5_NEEDS_IPV6, "IPv6" },
		{ S5_NEEDS_NAMES, "a name that it resolves" },
		{ S5_NEEDS_CONTEXT, "a security context" },
		{ S5_NEEDS_SEALS, "a level of protection" },
		{ S5_NEEDS_INTEGRITY, "integrity" },
		{ S5_NEEDS_CONFIDENTIALITY, "confidentiality" },
		{ S5_NEEDS_SELECTIVE, "selective protection" },
		{ S5_NEEDS_WRAPPED, "a level that is wrapped" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].need & need)
			return texts[i].text;
	return "";
}

/* Of a case that is skipped: is it for want of a ticket? */
static bool no_ticket(const struct s5_suite *suite, size_t i, char text[static PROBE_WHY])
{
	const struct s5_prober *p = &S5_OUTER(suite, struct probe_subject, suite)->prober;
	const struct s5_suite_case *c = &suite->cases[i];
	bool is_known = c->lacks && p->found[S5_FACT_CONTEXT].lacks_context;

	if (is_known && !(c->lacks & ~(unsigned)TICKET))
		probe_no_context(p->trouble, p->untold, text);
	else if (!c->lacks && c->exchange.lack == S5_PART_COUNT)
		probe_no_context(c->exchange.trouble, c->exchange.untold, text);
	else
		return false;
	return true;
}

static void put_end(const struct s5_exchange *x, char text[static PROBE_WHY])
{
	char came[PROBE_SAID] = "";

	if (x->end == S5_EXCHANGE_OTHER)
		probe_came(x, came);
	snprintf(text, PROBE_WHY, "%s%s%.200s", s5_exchange_end_text(x->end), *came ? ": " : "",
		 came);
}

const char *probe_case_why(const struct s5_suite *suite, size_t i, char text[static PROBE_WHY])
{
	const struct s5_suite_case *c = &suite->cases[i];
	const struct s5_exchange *x = &c->exchange;
	bool is_told = c->verdict == S5_CASE_FAIL || c->verdict == S5_CASE_SKIP;

	text[0] = '\0';
	if (c->note) {
		snprintf(text, PROBE_WHY, "%s", c->note);
		return text;
	}
	if (c->verdict == S5_CASE_SKIP && no_ticket(suite, i, text))
		return text;
	if (c->verdict == S5_CASE_SKIP && c->lacks)
		snprintf(text, PROBE_WHY, "not without %s", need_text(c->lacks));
	else if (c->verdict == S5_CASE_SKIP && x->end == S5_EXCHANGE_UNTRIED)
		snprintf(text, PROBE_WHY, "not without %s", s5_part_text(x->lack));
	else if (is_told && x->why)
		snprintf(text, PROBE_WHY, "%s", x->why);
	else if (is_told && x->error)
		snprintf(text, PROBE_WHY, "%s: %s", s5_exchange_end_text(x->end),
			 strerrordesc_np(x->error));
	else if (is_told)
		put_end(x, text);
	return text;
}

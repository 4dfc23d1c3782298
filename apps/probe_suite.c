/* --conformance: the cases against one proxy, and what came of them. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "probe.h"
#include "probe/clients.h"

#define JOBS 16

/* What it has that cases need. What it does wrong it has; what it says that it does not do it lacks. */
static bool has_command(const struct s5_found *f)
{
	return s5_found_holds(f) || !f->has_reply || f->rep != S5_REP_CMD_UNSUPPORTED;
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
	};
	unsigned met = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].is_met)
			met |= rows[i].need;
	return met;
}

bool probe_wants_case(const struct probe_options *o, const char *id)
{
	const char *only = o->only;
	size_t n;

	if (!only)
		return true;
	for (; *only; only += n + (only[n] == ',')) {
		n = strcspn(only, ",");
		if (!strncmp(only, id, n) && (!id[n] || id[n] == '/'))
			return true;
	}
	return false;
}

bool probe_has_cases(const struct probe_options *o)
{
	const struct s5_case *rows = o->client ? s5_client_cases : s5_cases;
	size_t n = o->client ? s5_nclient_cases : s5_ncases;

	for (size_t i = 0; i < n; i++)
		if (probe_wants_case(o, rows[i].id))
			return true;
	return false;
}

static void told(struct s5_suite *suite, size_t i)
{
	struct probe_subject *s = S5_OUTER(suite, struct probe_subject, suite);
	struct progress *progress = &s->probe->progress;

	(void)i;
	if (progress_is_due(progress))
		progress_say(progress, "%zu of %zu cases", suite->over, suite->count);
}

bool probe_suite_start(struct probe_subject *s, void (*done)(struct s5_suite *suite))
{
	struct s5_suite *suite = &s->suite;
	const struct probe_options *o = &s->probe->options;

	suite->loop = &s->probe->engine.loop;
	suite->proxy = s->prober.proxy;
	suite->parts = s->prober.parts;
	suite->times = s->prober.times;
	suite->jobs = JOBS;
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
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].need & need)
			return texts[i].text;
	return "";
}

const char *probe_case_why(const struct s5_suite *suite, size_t i, char text[static PROBE_WHY])
{
	const struct s5_suite_case *c = &suite->cases[i];
	const struct s5_exchange *x = &c->exchange;

	text[0] = '\0';
	if (c->note)
		snprintf(text, PROBE_WHY, "%s", c->note);
	else if (c->verdict == S5_CASE_SKIP && c->lacks)
		snprintf(text, PROBE_WHY, "not without %s", need_text(c->lacks));
	else if (c->verdict == S5_CASE_SKIP)
		snprintf(text, PROBE_WHY, "not without %s", s5_part_text(x->lack));
	else if (c->verdict == S5_CASE_FAIL && x->why)
		snprintf(text, PROBE_WHY, "%s", x->why);
	else if (c->verdict == S5_CASE_FAIL && x->error)
		snprintf(text, PROBE_WHY, "%s: %s", s5_exchange_end_text(x->end),
			 strerrordesc_np(x->error));
	else if (c->verdict == S5_CASE_FAIL)
		snprintf(text, PROBE_WHY, "%s", s5_exchange_end_text(x->end));
	return text;
}

/* A proxy's findings as a table. */
#include <inttypes.h>
#include <stdio.h>

#include "probe.h"

#define MOOT 4 /* facts; so many that cannot be known are listed, more are one row */
#define NAMES 35 /* columns: the longest, and two blanks */

static const char *answer_text(enum probe_answer answer)
{
	static const char *const texts[] = { "yes", "no", "unknown" };

	return texts[answer];
}

static void put_row(FILE *to, const char *name, const char *value, const char *why)
{
	char text[2 * PROBE_WHY];

	snprintf(text, sizeof(text), "%s%s%s%s", value, *why ? " (" : "", why, *why ? ")" : "");
	fprintf(to, "  %-*s", NAMES, name);
	probe_row(to, NAMES + 2, text);
}

static void put_milliseconds(FILE *to, const char *name, int64_t us)
{
	if (us >= 0)
		fprintf(to, "  %-*s%" PRId64 ".%03d ms\n", NAMES, name, us / 1000,
			(int)(us % 1000));
}

/* Of the connection that reached the target. */
static void put_times(FILE *to, const struct probe_subject *s)
{
	static const char *const names[][S5_ANSWERS] = {
		{ "then to the method", "then to the reply", "then to the first octet", NULL },
		{ "then to the method", "then to the status", "then to the reply",
		  "then to the first octet" },
		{ "then to the method", "then to the token", "then to the level",
		  "then to the reply", "then to the first octet" },
	};
	const struct s5_found *f = &s->prober.found[S5_FACT_CONNECT4];

	if (!f->is_tried)
		return;
	put_milliseconds(to, "time to connect", f->connected);
	for (unsigned i = 0; i < S5_ANSWERS; i++)
		if (names[s->prober.parts.entry][i])
			put_milliseconds(to, names[s->prober.parts.entry][i], f->answers[i]);
}

static void put_bound(FILE *to, const struct probe_subject *s)
{
	char why[PROBE_WHY];

	put_row(to, "bound address is true", answer_text(probe_bound(s, why)), why);
}

static void put_exits(FILE *to, const struct probe_subject *s)
{
	char exits[PROBE_EXITS][S5_ADDR_TEXT], why[PROBE_WHY];
	unsigned n = probe_exits(s, exits, why);

	if (!n)
		put_row(to, "exit address", answer_text(PROBE_UNKNOWN), why);
	for (unsigned i = 0; i < n; i++)
		put_row(to, i ? "" : "exit address", exits[i], "");
}

/* What is about a ticket tells nothing where none is taken. */
static bool is_idle(const struct s5_found *found, enum s5_fact fact)
{
	enum s5_fact lacks = found[fact].lacks;

	if (lacks == S5_FACT_CONTEXT)
		lacks = found[S5_FACT_CONTEXT].lacks;
	return lacks == S5_FACT_GSSAPI;
}

/* What was not tried, for want of something that stands above. */
static bool is_moot(const struct s5_found *found, enum s5_fact fact)
{
	return found[fact].lacks != S5_FACT_NONE && fact != S5_FACT_LOGIN;
}

static bool is_told(const struct probe_subject *s, enum s5_fact fact)
{
	return fact != S5_FACT_ENTER && s->prober.wanted[fact] && !is_idle(s->prober.found, fact);
}

static unsigned count_moot(const struct probe_subject *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < S5_FACT_COUNT; i++)
		n += is_told(s, (enum s5_fact)i) && is_moot(s->prober.found, (enum s5_fact)i);
	return n;
}

static void put_facts(FILE *to, const struct probe_subject *s, bool with_moot)
{
	char why[PROBE_WHY];

	for (unsigned i = 0; i < S5_FACT_COUNT; i++) {
		enum s5_fact fact = (enum s5_fact)i;
		enum probe_answer answer;

		if (!is_told(s, fact) || (!with_moot && is_moot(s->prober.found, fact)))
			continue;
		answer = probe_fact(s, fact, why);
		put_row(to, s5_fact_name(fact), answer_text(answer), why);
	}
}

void probe_text(FILE *to, const struct probe_subject *s)
{
	const char *worth;
	bool with_moot = s->probe->options.out.verbose || count_moot(s) <= MOOT;

	probe_worth(s, &worth);
	fprintf(to, "%s: %s\n", s->text, worth);
	if (s->why || s->prober.answerer >= S5_ANSWERER_UNREACHABLE) {
		if (s->prober.error)
			fprintf(to, "  %s\n", strerrordesc_np(s->prober.error));
		return;
	}
	put_facts(to, s, with_moot);
	if (!with_moot)
		put_row(to, "all else", answer_text(PROBE_UNKNOWN),
			"not without what is missing above; -v lists it");
	if (with_moot || !is_moot(s->prober.found, S5_FACT_CONNECT4)) {
		put_bound(to, s);
		put_exits(to, s);
	}
	put_times(to, s);
}

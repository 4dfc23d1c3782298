/* A proxy's findings as a table. */
#include <inttypes.h>
#include <stdio.h>

#include "probe.h"

#define NAMES 35 /* columns: the longest, and two blanks */

static const char *answer_text(enum probe_answer answer)
{
	static const char *const texts[] = { "yes", "no", "unknown" };

	return texts[answer];
}

static void put_row(const char *name, const char *value, const char *why)
{
	printf("  %-*s%s%s%s%s\n", NAMES, name, value, *why ? " (" : "", why, *why ? ")" : "");
}

static void put_milliseconds(const char *name, int64_t us)
{
	if (us >= 0)
		printf("  %-*s%" PRId64 ".%03d ms\n", NAMES, name, us / 1000, (int)(us % 1000));
}

/* Of the connection that reached the target. */
static void put_times(const struct probe_subject *s)
{
	static const char *const names[][S5_ANSWERS] = {
		{ "time to the method", "time to the reply", "time to the first octet", NULL },
		{ "time to the method", "time to the status", "time to the reply",
		  "time to the first octet" },
		{ "time to the method", "time to the token", "time to the level",
		  "time to the reply", "time to the first octet" },
	};
	const struct s5_found *f = &s->prober.found[S5_FACT_CONNECT4];

	if (!f->is_tried)
		return;
	put_milliseconds("time to connect", f->connected);
	for (unsigned i = 0; i < S5_ANSWERS; i++)
		if (names[s->prober.parts.entry][i])
			put_milliseconds(names[s->prober.parts.entry][i], f->answers[i]);
}

static void put_bound(const struct probe_subject *s)
{
	const struct s5_found *f = &s->prober.found[S5_FACT_CONNECT4];
	char text[S5_ADDR_TEXT];

	if (!s5_found_holds(f))
		return;
	put_row("bound address is true", s->bound_is_true ? "yes" : "no",
		s5_addr_format(&f->bound, text, sizeof(text)));
}

/* What is about a ticket tells nothing where none is taken. */
static bool is_idle(const struct s5_found *found, enum s5_fact fact)
{
	enum s5_fact lacks = found[fact].lacks;

	if (lacks == S5_FACT_CONTEXT)
		lacks = found[S5_FACT_CONTEXT].lacks;
	return lacks == S5_FACT_GSSAPI;
}

void probe_text(const struct probe_subject *s)
{
	char why[PROBE_WHY];
	const char *worth;

	probe_worth(s, &worth);
	printf("%s: %s\n", s->text, worth);
	if (s->why || s->prober.answerer == S5_ANSWERER_UNREACHABLE) {
		if (s->prober.error)
			printf("  %s\n", strerrordesc_np(s->prober.error));
		return;
	}
	for (unsigned i = 0; i < S5_FACT_COUNT; i++) {
		enum probe_answer answer;

		if (i == S5_FACT_ALL || i == S5_FACT_ENTER || !s->prober.wanted[i])
			continue;
		if (is_idle(s->prober.found, (enum s5_fact)i))
			continue;
		answer = probe_fact(s, (enum s5_fact)i, why);
		put_row(s5_fact_name((enum s5_fact)i), answer_text(answer), why);
	}
	put_bound(s);
	put_times(s);
}

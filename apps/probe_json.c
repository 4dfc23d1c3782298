/* A proxy's findings as an object on a line. */
#include <jansson.h>
#include <stdio.h>

#include "probe.h"

static json_t *fact_of(const struct probe_subject *s, enum s5_fact fact)
{
	char why[PROBE_WHY];
	enum probe_answer answer = probe_fact(s, fact, why);
	json_t *object = json_object();

	json_object_set_new(object, "is",
			    answer == PROBE_UNKNOWN ? json_null()
						    : json_boolean(answer == PROBE_YES));
	if (*why)
		json_object_set_new(object, "why", json_string(why));
	return object;
}

static json_t *times_of(const struct probe_subject *s)
{
	static const char *const names[][S5_ANSWERS] = {
		{ "method", "reply", "first_octet", NULL },
		{ "method", "status", "reply", "first_octet" },
		{ "method", "token", "level", "reply", "first_octet" },
	};
	const struct s5_found *f = &s->prober.found[S5_FACT_CONNECT4];
	json_t *times = json_object();

	if (f->connected >= 0 && f->is_tried)
		json_object_set_new(times, "connect", json_real((double)f->connected / 1000));
	for (unsigned i = 0; i < S5_ANSWERS; i++) {
		const char *name = names[s->prober.parts.entry][i];

		if (name && f->is_tried && f->answers[i] >= 0)
			json_object_set_new(times, name, json_real((double)f->answers[i] / 1000));
	}
	return times;
}

static json_t *bound_of(const struct probe_subject *s)
{
	char text[S5_ADDR_TEXT];

	return json_pack(
		"{sbss}", "is", s->bound_is_true, "why",
		s5_addr_format(&s->prober.found[S5_FACT_CONNECT4].bound, text, sizeof(text)));
}

void probe_json(const struct probe_subject *s)
{
	json_t *line = json_object(), *facts = json_object();
	const char *text;
	enum probe_worth worth = probe_worth(s, &text);

	json_object_set_new(line, "proxy", json_string(s->text));
	json_object_set_new(line, "usable", json_boolean(worth == PROBE_USABLE));
	json_object_set_new(line, "is", json_string(text));
	if (s->prober.error)
		json_object_set_new(line, "error", json_string(strerrordesc_np(s->prober.error)));
	for (unsigned i = 0; i < S5_FACT_COUNT; i++)
		if (s->prober.wanted[i] && i != S5_FACT_ALL)
			json_object_set_new(facts, s5_fact_name((enum s5_fact)i),
					    fact_of(s, (enum s5_fact)i));
	if (s5_found_holds(&s->prober.found[S5_FACT_CONNECT4]))
		json_object_set_new(facts, "bound address is true", bound_of(s));
	json_object_set_new(line, "facts", facts);
	json_object_set_new(line, "ms", times_of(s));
	json_dumpf(line, stdout, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(line);
}

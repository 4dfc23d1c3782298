/* A proxy's findings as an object on a line. */
#include <jansson.h>
#include <stdio.h>

#include "probe.h"

static json_t *answer_of(enum probe_answer answer, const char *why)
{
	json_t *object = json_object();

	json_object_set_new(object, "is",
			    answer == PROBE_UNKNOWN ? json_null()
						    : json_boolean(answer == PROBE_YES));
	if (*why)
		json_object_set_new(object, "why", json_string(why));
	return object;
}

static json_t *fact_of(const struct probe_subject *s, enum s5_fact fact)
{
	char why[PROBE_WHY];
	enum probe_answer answer = probe_fact(s, fact, why);

	return answer_of(answer, why);
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

static json_t *exits_of(const struct probe_subject *s)
{
	char exits[PROBE_EXITS][S5_ADDR_TEXT], why[PROBE_WHY];
	unsigned n = probe_exits(s, exits, why);
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, json_string(exits[i]));
	if (n)
		return json_pack("{s:o}", "is", list);
	json_decref(list);
	return json_pack("{s:n, s:s}", "is", "why", why);
}

void probe_json(FILE *to, const struct probe_subject *s)
{
	json_t *line = json_object(), *facts = json_object();
	char why[PROBE_WHY];
	const char *text;
	enum probe_worth worth = probe_worth(s, &text);

	json_object_set_new(line, "proxy", json_string(s->text));
	json_object_set_new(line, "usable", json_boolean(worth == PROBE_USABLE));
	json_object_set_new(line, "is", json_string(text));
	if (s->prober.error)
		json_object_set_new(line, "error", json_string(strerrordesc_np(s->prober.error)));
	for (unsigned i = 0; i < S5_FACT_COUNT; i++)
		if (s->prober.wanted[i])
			json_object_set_new(facts, s5_fact_name((enum s5_fact)i),
					    fact_of(s, (enum s5_fact)i));
	json_object_set_new(facts, "bound address is true", answer_of(probe_bound(s, why), why));
	json_object_set_new(facts, "exit address", exits_of(s));
	json_object_set_new(line, "facts", facts);
	json_object_set_new(line, "ms", times_of(s));
	json_dumpf(line, to, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));
	fputc('\n', to);
	json_decref(line);
}

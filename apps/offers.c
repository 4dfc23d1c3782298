#include "offers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "visible.h"

static int has(const struct offers *o, const char *word)
{
	for (size_t i = 0; i < o->count; i++)
		if (strcmp(o->rows[i].word, word) == 0)
			return 1;
	return 0;
}

/* What cannot be had for want of memory is not offered. */
void offers_add(struct offers *o, const struct complete_gap *gap, const char *word,
		const char *help)
{
	struct offer_row row = { .help = help && *help ? help : NULL };
	struct offer_row *rows;

	if (strncmp(word, gap->typed, strlen(gap->typed)) != 0 || !visible_is(word))
		return;
	row.shown = strdup(word);
	if (asprintf(&row.word, "%.*s%s", gap->before_len, gap->before, word) < 0)
		row.word = NULL;
	rows = row.shown && row.word && !has(o, row.word)
		       ? reallocarray(o->rows, o->count + 1, sizeof(*rows))
		       : NULL;
	if (!rows) {
		free(row.shown);
		free(row.word);
		return;
	}
	o->rows = rows;
	o->rows[o->count++] = row;
}

static void take_word(struct complete_sink *to, const struct complete_gap *gap, const char *word,
		      const char *help)
{
	offers_add((struct offers *)to, gap, word, help);
}

static void take_names(struct complete_sink *to, const struct complete_gap *gap, const char *marker)
{
	offers_names((struct offers *)to, gap, marker);
}

void offers_collect(struct offers *o, int count, char **words)
{
	struct complete_gap gap = { .to = &o->sink, .before = "", .typed = words[count - 1] };

	*o = (struct offers){ .sink = { .word = take_word, .names = take_names } };
	complete_words(&o->sink, count, words);
	if (count == 1)
		offers_add(o, &gap, "exit", "leave the prompt");
}

void offers_free(struct offers *o)
{
	for (size_t i = 0; i < o->count; i++) {
		free(o->rows[i].word);
		free(o->rows[i].shown);
	}
	free(o->rows);
	*o = (struct offers){ .count = 0 };
}

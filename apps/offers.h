/* The candidates for the word at the prompt's cursor, collected from what complete.h offers. */
#ifndef APPS_OFFERS_H
#define APPS_OFFERS_H

#include <stddef.h>

#include "complete.h"

struct offer_row {
	char *word; /* whole, as the program is to get it */
	char *shown; /* the part of it that was at stake */
	const char *help; /* of a table, or NULL */
};

struct offers {
	struct complete_sink sink;
	struct offer_row *rows;
	size_t count;
};

/* What may stand in the place of the last word; the caller ends it. */
void offers_collect(struct offers *o, int count, char **words);
void offers_free(struct offers *o);

/* For those that find names, in offers_names.c: one that may stand behind gap->before. */
void offers_add(struct offers *o, const struct complete_gap *gap, const char *word,
		const char *help);
void offers_names(struct offers *o, const struct complete_gap *gap, const char *marker);

#endif

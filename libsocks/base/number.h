/* Numbers as people write them: 5, 1.5k, 500ms. Pure. */
#ifndef S5_BASE_NUMBER_H
#define S5_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

struct s5_unit {
	const char *name; /* NULL ends a table */
	uint64_t factor;
};

/* Octets: none, k (or K), M, G, T, of 1024. */
extern const struct s5_unit s5_size_units[];

/* Takes the digits at *text, and moves it behind them. False: there is none, or the number does not
 * fit. */
bool s5_digits_take(const char **text, uint64_t *value);
/* A number and one of the units, to the end of text; there may be up to six digits behind its point, and
 * none before that. Rounded up, for a little is not nothing. False: it is no such number, or too large. */
bool s5_number_parse(const char *text, const struct s5_unit *units, uint64_t *value);

#endif

/*
 * What was said in an exchange, in words: each message of it as decode would have it, in a line. The
 * same parsers read it (dissect/). Passwords are not shown.
 */
#ifndef APPS_PROBE_SAID_H
#define APPS_PROBE_SAID_H

#include "probe/exchange.h"

#define PROBE_SAID 400 /* octets of a line at most; what is longer is cut */

struct probe_said {
	struct probe_said_line {
		size_t piece; /* of the exchange, which says it */
		char *text;
	} * lines; /* in the order in which it was said, piece by piece */
	size_t n, room;
};

/* As much as there is memory for. */
void probe_said_read(struct probe_said *said, const struct s5_exchange *x);
void probe_said_free(struct probe_said *said);

/* The last thing that came, in words, or ""; returns text. */
const char *probe_came(const struct s5_exchange *x, char text[static PROBE_SAID]);

/* What a script waits for at that word, in words: "a reply with 00 succeeded"; returns text. */
const char *probe_wanted(const struct s5_exchange *x, char text[static PROBE_SAID]);

/* "65,536"; returns text. */
#define PROBE_COUNT 32
const char *probe_count(char text[static PROBE_COUNT], size_t n);

#endif

/* A command line that is not run, but looked at: its options' values and its arguments. */
#ifndef APPS_LINE_H
#define APPS_LINE_H

#include <stdbool.h>

#include "words.h"

struct command;
struct opt;

struct line {
	struct words words; /* the first is the command's name, or `at` is at the end */
	const struct command *command; /* NULL: there is none of that name */
	int at;
	bool ended; /* "--" was there */
	bool unknown; /* an option so far was none of the command's */
	const struct opt *awaits; /* at the end: the option whose value is missing; or NULL */
};

/* A value or an argument. */
struct line_part {
	const struct opt *row; /* NULL: an argument */
	const char *text; /* good as long as the line is */
};

/* Takes a line apart; one that cannot be has no parts and no command. */
void line_open(struct line *line, const char *text);
/* Goes over words that stay the caller's, and are all behind the command; it is not closed. */
void line_over(struct line *line, const struct command *command, int count, char **words);
/* The next part; false after the last one. */
bool line_next(struct line *line, struct line_part *part);
void line_close(struct line *line);

/* Whether a password may stand in a line: it does not if every word's meaning is known, and none
 * is a place for one. */
bool line_is_private(const char *text);

#endif

/*
 * A command line taken apart into words, as a shell does it: blanks part words, '...' keeps all as
 * it is, "..." all but \ and $, \ the next character; $VAR and ${VAR} are the environment's, and ~
 * at a word's beginning is a home. There is nothing else: no pattern, no pipe, no list of commands.
 */
#ifndef APPS_WORDS_H
#define APPS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct words {
	int count;
	char **items; /* count of them, then NULL */
	bool is_open; /* a quote is, at the end of what is being typed */
};

/*
 * Of text[0] .. text[len - 1]. A word that begins with # and all behind it is a comment. Returns 0,
 * or -1 with the cause, a sentence for a person, in err; there are no words then. The caller ends them.
 */
int words_split(struct words *w, const char *text, size_t len, char *err, size_t size);

/*
 * Of a line that is being typed, up to the cursor: nothing is expanded and nothing is wrong. The
 * last word is the one that is not finished: empty behind a blank.
 */
int words_typed(struct words *w, const char *text, size_t len);

/* People paste whole lines: the program's own name, perhaps with its folder, before a command. */
bool words_is_program(const char *word);

/* Overwrites them, for there may be passwords among them. Of a zeroed one, too. */
void words_fini(struct words *w);

#endif

/*
 * The prompt's history: readline's list, and the file that it is kept in between runs,
 * $XDG_STATE_HOME/socks5/history. What cannot be kept is told once, and forgotten with the prompt.
 * Several prompts may write to the file at once.
 */
#ifndef APPS_PROMPT_HISTORY_H
#define APPS_PROMPT_HISTORY_H

#include <stdbool.h>

#include "out.h"

#define HISTORY_LINES 1000

struct prompt_history {
	const struct out *out; /* borrowed */
	char *path; /* NULL: nothing is kept */
};

/* Reads what is kept of earlier runs. */
void prompt_history_open(struct prompt_history *h, const struct out *out);
/* Adds a line; one that may hold a password, or begins with a blank, is not kept in the file. */
void prompt_history_add(struct prompt_history *h, const char *line);
void prompt_history_close(struct prompt_history *h);

#endif

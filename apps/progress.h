/*
 * Where a long work is, on a line of a terminal's stderr that is written over and over, and goes
 * when it ends. Nothing elsewhere, nor where stdout is a terminal and shows the work as it goes.
 */
#ifndef APPS_PROGRESS_H
#define APPS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "out.h"

struct progress {
	const char *command;
	bool is_on, is_shown;
	int64_t next; /* when it is worth saying again, in ms */
};

/* is_shown: stdout tells of the work as it goes. */
void progress_init(struct progress *p, const struct out *out, bool is_shown);
/* True, at most four times a second, when it is time for progress_say. Cheap. */
bool progress_is_due(struct progress *p);
void progress_say(struct progress *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Takes the line away. */
void progress_end(struct progress *p);

#endif

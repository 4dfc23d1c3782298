/*
 * The client of --client --exec: a shell with the user's command, on the loop. Its standard input is a pipe
 * that says nothing and stays open until child_no_more; what it writes is kept, as far as there is room.
 *
 * Embedded in what it serves. Zero it, start it; over() is called once, from the loop, when it has ended and
 * all it wrote was read. child_free at any time: kills what is left of it.
 */
#ifndef APPS_PROBE_CHILD_H
#define APPS_PROBE_CHILD_H

#include <sys/types.h>

#include "net/loop.h"

#define CHILD_KEPT (256 * 1024) /* octets of its standard output */
#define CHILD_WORDS 4096 /* octets of its standard error */

struct child_text {
	struct s5_watch watch; /* fd -1: closed */
	char *text; /* malloc */
	size_t n, room;
};

struct child {
	struct s5_loop *loop;
	void (*over)(struct child *c);
	pid_t pid; /* 0: there is none, or none any more */
	int status; /* once over: as a shell has it, 128 + signal if one ended it */
	struct child_text out, err;
	int in; /* -1: closed */
	struct s5_watch ended; /* a pidfd */
};

/* 0 or -errno. */
int child_start(struct child *c, const char *command);
/* Its standard input ends. */
void child_no_more(struct child *c);
/* It and all that it started; over() follows. */
void child_kill(struct child *c);
/* Also of one that was not started. */
void child_free(struct child *c);
/* The last line that it wrote on standard error, escaped; "" if there is none. Returns text. */
const char *child_last_words(const struct child *c, char *text, size_t size);
/* These octets are among what it wrote on standard output; or are all of it. */
bool child_wrote(const struct child *c, const void *octets, size_t n);
bool child_wrote_only(const struct child *c, const void *octets, size_t n);

#endif

/*
 * Standard input and output as a relay wants them: descriptors that never block, without a change
 * to flags that other processes share with us.
 *
 * Pipes and terminals are opened anew through /proc; files need nothing. What cannot be opened
 * anew (a socket), and what is not carried as it is (-C, -i), goes through a pipe and a thread of
 * plain blocking code.
 */
#ifndef APPS_INOUT_H
#define APPS_INOUT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* A thread that carries octets from one descriptor to another. */
struct feed {
	pthread_t thread;
	bool running;
	int from, to; /* it closes both at the end */
	int stop; /* an eventfd: once it is set nothing more is read; or -1 */
	bool shuts; /* `to` is a socket that stays open elsewhere: its end needs a shutdown */
	bool crlf; /* LF becomes CR LF, CR LF stays */
	int64_t interval; /* ms between lines */
	int error; /* atomically: a positive errno, of which its name below is */
};

struct inout {
	bool no_input, crlf; /* set before opening */
	bool again; /* closing brings descriptors 0 and 1 back */
	int64_t interval;

	int in, out; /* for the relay, which closes them */
	int kept[2];
	int held; /* keeps `in` from ending, with no_input; or -1 */
	struct feed input, output;
};

/* 0 or -errno. Descriptors 0 and 1 are then /dev/null wherever the relay alone has them. */
int inout_open(struct inout *s);
/* After the relay: waits until all output is written. What went wrong on the way and was not seen
 * by the relay: 0 or a positive errno, and *name says of what. */
int inout_close(struct inout *s, const char **name);

#endif

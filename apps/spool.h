/*
 * Lines on their way to a descriptor that may block: a pipe, a terminal, a socket. A thread of its
 * own writes them in their order; who adds a line never waits. When too much is waiting, lines are
 * dropped and counted until all of it is written, and then a line tells the count.
 */
#ifndef APPS_SPOOL_H
#define APPS_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPOOL_ROOM (1024 * 1024) /* octets that wait at most */
#define SPOOL_PATIENCE 500 /* ms that spool_free waits for the reader */
#define SPOOL_LOST 256 /* octets of the line that tells what was dropped */

struct spool;

struct spool_use {
	int fd; /* borrowed */
	/* Takes a line in the place of write(2): 0 or -errno. NULL: it goes to fd. */
	int (*write)(void *arg, const char *text, size_t len);
	/* The line that says that `count` lines were dropped; returns its length. */
	size_t (*lost)(char line[static SPOOL_LOST], uint64_t count);
	/* How each write went, 0 or -errno; NULL: nobody asks. All on the spool's thread. */
	void (*wrote)(void *arg, int rc);
	void *arg;
};

/* False for a regular file: it takes every line at once, so write to it directly. */
bool spool_is_needed(int fd);
/* NULL with errno. Its thread has all signals blocked. */
struct spool *spool_new(const struct spool_use *use);
/* A line with its newline. Any thread. */
void spool_add(struct spool *spool, const char *line, size_t len);
/* Gives what is left SPOOL_PATIENCE ms to be written; false: some of it was not, and the thread is
 * left behind in its write. NULL is fine. */
bool spool_free(struct spool *spool);
/* All of it in one write(2) where the kernel takes it; 0 or -errno. */
int spool_write(int fd, const char *text, size_t len);

#endif

/*
 * Where the proxies of a list come from: a file, or what somebody still writes into a pipe or types.
 * A line is taken only when it is whole, so nobody waits for the rest of it: what is not there yet
 * is watched for on the loop.
 *
 * Zeroed, opened, started, stopped. It belongs to one loop.
 */
#ifndef APPS_PROBE_SOURCE_H
#define APPS_PROBE_SOURCE_H

#include "net/loop.h"
#include "out.h"

#define PROBE_LINE 1024 /* octets of a line at most, with its end */

struct probe_source {
	const char *name; /* in what is said of it */
	size_t line; /* the last that was taken, from 1 */
	/* private */
	const struct out *out;
	struct s5_loop *loop;
	struct s5_watch watch; /* its descriptor, which is standard input or our own */
	void (*ready)(struct probe_source *from);
	bool is_open, is_plain, is_watched, is_waiting, is_at_end, is_too_long;
	bool is_faulty; /* something of it was said already */
	uint64_t size, seen; /* octets of it: 0 if that is not known, and those that were read */
	size_t at, n; /* what is left in text */
	char text[PROBE_LINE];
};

/* "-" is standard input. 0 or -errno. */
int probe_source_open(struct probe_source *from, const char *path, const struct out *out);
/* The next line that is more than a comment, without blanks around it; NULL: there is none now, and
 * ready() is called when there may be one; or none any more. Good until the next call. What is wrong
 * with a line is said. */
const char *probe_source_next(struct probe_source *from);
void probe_source_start(struct probe_source *from, struct s5_loop *loop,
			void (*ready)(struct probe_source *from));
/* How much of it was taken, from 0 to 1; below 0 if that is not known. */
double probe_source_share(const struct probe_source *from);
/* No line will come any more; also of one that was never opened. */
bool probe_source_is_over(const struct probe_source *from);
void probe_source_stop(struct probe_source *from);

#endif

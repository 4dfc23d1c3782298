/*
 * What a command says to a person: one line each on stderr, `socks5 COMMAND: text`. Results are
 * not said, they are written to stdout by the command itself.
 *
 * A struct out is the caller's, lives as long as the command runs and is never changed once the
 * command has begun, so every thread may use it. Each line leaves in one write(2): lines of
 * several threads do not mix. A line longer than OUT_LINE is cut and ends in "...". Where stderr
 * is a terminal a line too long for it is broken between words; everywhere else it is one line.
 */
#ifndef APPS_OUT_H
#define APPS_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "opt.h"

struct spool;

#define OUT_LINE 2048 /* octets in a line at most, newline included */

struct out {
	const char *command; /* "connect"; NULL where no command is known yet */
	int verbose; /* how often -v was given: 1 phases, 2 every message */
	bool quiet; /* errors only */
	bool colour; /* mark errors and warnings in colour */
	struct spool
		*spool; /* takes the lines where nobody may wait for stderr's reader, or NULL */
};

/* The rows --verbose/-v and --quiet/-q, a group for a command's option table (see opt.h). */
extern const struct opt out_opts[];

/*
 * Names the command and finds out whether stderr takes colour (out_has_colour). Keeps verbose and
 * quiet as the option table has set them.
 */
void out_init(struct out *out, const char *command);

/* Why the command fails: said always. */
void out_error(const struct out *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What the user should know though the command goes on: said unless quiet. */
void out_warn(const struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What a person expects to see: said unless quiet. */
void out_say(const struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Said when -v was given at least `level` times and not quiet. */
void out_verbose(const struct out *out, int level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Writes out standard output. False: it could not all be written, which is said, unless nobody reads it any
 * more (`| head` has seen enough); the failure is forgotten then.
 */
bool out_flush(const struct out *out);

/*
 * Writes octets from elsewhere so that a terminal or a log takes no harm: what is not in
 * 0x20..0x7e becomes \xHH, a backslash becomes \\. Always ends with NUL (size > 0); never splits
 * an escape; what does not fit is left out and the text ends in "..." (where size allows).
 * Returns the length of the text without its NUL.
 */
size_t out_escape(char *dst, size_t size, const void *octets, size_t len);

/* Text on `fd` is in colour: a terminal, TERM is not "dumb", NO_COLOR is not set or empty. */
bool out_has_colour(int fd);

/* How wide text may be on `fd`: the terminal's width within 60..100, else 80. */
int out_width(int fd);

#endif

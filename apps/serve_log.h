/*
 * The session log: one line a session, `key=value` words in a fixed order, or a JSON object, in one
 * write(2) so that lines of several threads do not mix. Octets from the network are escaped: one
 * event is one line. Any thread.
 */
#ifndef APPS_SERVE_LOG_H
#define APPS_SERVE_LOG_H

#include <stdbool.h>

#include "roles/server.h"
#include "spool.h"

/* A descriptor to log to: path, or "-" for stdout. -1 with errno. A FIFO needs no reader yet. *made:
 * the file was not there; may be NULL. */
int serve_log_open(const char *path, bool *made);
/* Could it be opened? Makes nothing. 0, or -1 with errno. */
int serve_log_check(const char *path);
/* The line for a record, with its newline; returns its length. */
#define SERVE_LOG_LINE 8192
size_t serve_log_format(char line[static SERVE_LOG_LINE], const struct s5_record *record,
			bool json);
/* The line that stands for `count` lines that nobody read in time; returns its length. */
size_t serve_log_lost(char line[static SPOOL_LOST], uint64_t count);
size_t serve_log_lost_json(char line[static SPOOL_LOST], uint64_t count);

/* The system's log takes lines too, from openlog(3) on: words without their time, which it knows,
 * objects as they are. 0 or -errno: nobody is there to take them. */
int serve_log_open_syslog(void);
int serve_log_syslog(void *arg, const char *line, size_t len);

#endif

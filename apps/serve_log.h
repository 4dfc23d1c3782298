/*
 * The session log: one line a session, `key=value` words in a fixed order, in one write(2) so
 * that lines of several threads do not mix. Octets from the network are escaped: one event is one
 * line. Any thread.
 */
#ifndef APPS_SERVE_LOG_H
#define APPS_SERVE_LOG_H

#include "roles/server.h"

/* A descriptor to log to: path, or "-" for stdout. -1 with errno. */
int serve_log_open(const char *path);
/* The line for a record, with its newline; returns its length. */
#define SERVE_LOG_LINE 4096
size_t serve_log_format(char line[static SERVE_LOG_LINE], const struct s5_record *record);
/* 0 or -errno. */
int serve_log_write(int fd, const struct s5_record *record);

#endif

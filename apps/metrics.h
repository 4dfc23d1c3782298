/*
 * What a server counts, for Prometheus: /metrics, and /healthz, which says ok while it works. By
 * libmicrohttpd, on a thread of its own.
 */
#ifndef APPS_METRICS_H
#define APPS_METRICS_H

#include "roles/server.h"

struct metrics;

/* Serves on fd, which listens and is its own from then on; the server is borrowed until metrics_free.
 * NULL with errno. */
struct metrics *metrics_new(int fd, struct s5_server *server);
/* NULL is fine. */
void metrics_free(struct metrics *m);
/* The text of /metrics; the caller frees it. NULL: no memory. */
char *metrics_text(const struct s5_stats *stats, size_t *len);
/* The library's version. */
const char *metrics_library(void);

#endif

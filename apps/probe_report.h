/*
 * What came of the cases, in a format that is one document for all proxies: it begins, has the cases
 * of a proxy or the error for which there are none, again and again, and ends. A row may be NULL.
 */
#ifndef APPS_PROBE_REPORT_H
#define APPS_PROBE_REPORT_H

#include "probe.h"

struct probe_reporter {
	void (*begin)(void);
	void (*cases)(const struct probe_subject *s);
	void (*error)(const struct probe_subject *s, const char *why);
	void (*end)(const struct probe *p, bool is_stopped);
};

extern const struct probe_reporter probe_reporter_tap, probe_reporter_junit;

/* What was said in a case, and what is wrong with it: lines, with that before each. */
void probe_details(FILE *to, const char *before, const struct s5_suite *suite, size_t i);
const char *probe_level(const struct s5_case *row);
/* "proxy", "client, as a datagram" */
const char *probe_speaker(const struct s5_exchange *x, const struct s5_piece *piece);
/* How many octets at that place of a piece are not to be shown. */
size_t probe_secret(const struct s5_exchange *x, const struct s5_piece *piece, size_t at);

#endif

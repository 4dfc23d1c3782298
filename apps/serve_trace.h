/*
 * What `socks5 serve` says of its sessions with -v (each phase with its time, and how it ended)
 * and with -vv (every message, field by field). Any thread.
 */
#ifndef APPS_SERVE_TRACE_H
#define APPS_SERVE_TRACE_H

#include "out.h"
#include "roles/server.h"

void serve_trace_event(const struct out *out, const struct s5_record *record,
		       const struct s5_session *session, enum s5_event event);
/* Datagrams of a session that go nowhere. */
void serve_trace_refused(const struct out *out, const struct s5_record *record,
			 const struct s5_addr *to, const char *why);
void serve_trace_end(const struct out *out, const struct s5_record *record);

#endif

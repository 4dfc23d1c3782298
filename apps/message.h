/*
 * A message of a dialogue as -vv shows it: a line for the message, one for each field, one for
 * each deviation from the RFCs.
 */
#ifndef APPS_MESSAGE_H
#define APPS_MESSAGE_H

#include "out.h"
#include "session/session.h"

/*
 * The message that the session's S5_EV_MESSAGE tells of: "BEFORE: WAY: method list, 3 octets", and
 * its fields, each line with MARK before it, which tells several sessions apart.
 */
void message_say(const struct out *out, const char *mark, const char *before, const char *way,
		 const struct s5_session *session);

/* The same of octets that belong to no dialogue: "HEAD, 3 octets", and what the trace has of them. */
void message_say_octets(const struct out *out, const char *mark, const char *head,
			const uint8_t *octets, size_t len, const struct s5_trace *trace);

#endif

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

#endif

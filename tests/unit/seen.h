/* What must hold of anything that is told of a conversation. The unit tests and the fuzzers ask it. */
#ifndef SEEN_H
#define SEEN_H

#include "dissect/talk.h"

/* No field is beyond its message. */
static inline bool seen_fits(const struct s5_seen *seen)
{
	for (unsigned i = 0; seen->trace && seen->octets && i < seen->trace->nspans; i++)
		if (seen->trace->span[i].off + seen->trace->span[i].len > seen->len)
			return false;
	return true;
}

#endif

/* How an exchange goes on, or is over. Private to it: exchange.c has these for the files beside it. */
#ifndef S5_PROBE_COURSE_H
#define S5_PROBE_COURSE_H

#include "probe/exchange.h"

void s5_exchange_finish(struct s5_exchange *x, enum s5_exchange_end end);
void s5_exchange_fail(struct s5_exchange *x, enum s5_exchange_end end, int error);
/* Perhaps for want of something here. */
void s5_exchange_unreachable(struct s5_exchange *x, int error);
/* Nothing can be said of the proxy. */
void s5_exchange_untried(struct s5_exchange *x, enum s5_gss_trouble trouble, const char *why);
/* The word has so many ms from now on, unless it has begun already. */
void s5_exchange_await(struct s5_exchange *x, int64_t limit);

#endif

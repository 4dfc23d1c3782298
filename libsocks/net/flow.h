/* Inside the relay: one flow moving octets, and what it asks of the relay around it.
 * Private to net/. */
#ifndef S5_NET_FLOW_H
#define S5_NET_FLOW_H

#include "net/relay.h"

/* What an end's descriptors are (s5_end.kind). SINGLE: one descriptor, our own. */
enum {
	S5_END_SOCKET = 1,
	S5_END_PIPE_IN = 2,
	S5_END_PIPE_OUT = 4,
	S5_END_SINGLE = 8,
	S5_END_TCP = 16,
};

/* flow.c: moves what can be moved now, at most a turn's budget. */
void s5_flow_pump(struct s5_relay *r, struct s5_flow *f);

/* relay.c. The owner hears of the end on a later turn: nobody up the stack stands on freed memory.
 * fail: `side` broke, and there is nothing more to be had of it. */
void s5_relay_finish(struct s5_relay *r, enum s5_relay_end how);
void s5_relay_fail(struct s5_relay *r, unsigned side, int error);
/* What the broken end sent is all sent on: ends the relay once it has arrived. */
void s5_relay_linger(struct s5_relay *r);
/* Has it merely ended? Then its end is passed on. */
bool s5_relay_has_parted(const struct s5_relay *r);
/* The descriptor that is written to. */
int s5_end_out(const struct s5_end *e);
/* Closes it where it is one of its own. */
void s5_end_close_out(struct s5_relay *r, struct s5_end *e);

#endif

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

/* Octets that were taken from the source, whatever they were. */
static inline uint64_t s5_flow_taken(const struct s5_flow *f)
{
	return f->octets + f->sealing;
}

/* How many octets may be read at once, of `size` that there is room for. */
static inline size_t s5_flow_most(const struct s5_relay *r, const struct s5_flow *f, size_t size)
{
	return r->shaper && f->most < size ? f->most : size;
}

/* Octets for the destination: sent, and what it does not take is kept. */
bool s5_flow_put(struct s5_relay *r, struct s5_flow *f, const uint8_t *octets, size_t n);
/* A read failed, with errno. */
bool s5_flow_read_failed(struct s5_relay *r, struct s5_flow *f);
/* n octets were taken from the source, where up to `most` were asked for; `payload` of them count. */
void s5_flow_came(struct s5_flow *f, size_t n, size_t most, size_t payload);

/* flow_seal.c: one read, wrapped or unwrapped. */
bool s5_flow_copy_sealed(struct s5_relay *r, struct s5_flow *f, int from);

/* relay.c. The owner hears of the end on a later turn: nobody up the stack stands on freed memory.
 * fail: `side` broke, and there is nothing more to be had of it. */
void s5_relay_finish(struct s5_relay *r, enum s5_relay_end how);
void s5_relay_fail(struct s5_relay *r, unsigned side, int error);
/* The seal has a fault, or does not work. */
void s5_relay_fail_seal(struct s5_relay *r);
/* What the broken end sent is all sent on: ends the relay once it has arrived. */
void s5_relay_linger(struct s5_relay *r);
/* Has it merely ended? Then its end is passed on. */
bool s5_relay_has_parted(const struct s5_relay *r);
/* The descriptor that is written to. */
int s5_end_out(const struct s5_end *e);
/* Closes it where it is one of its own. */
void s5_end_close_out(struct s5_relay *r, struct s5_end *e);

#endif

/* The TCP pump: two ends, a flow each way.
 *
 * Both descriptors are registered once, edge-triggered. A flow reads into the pool's one large
 * buffer and writes at once; only what the other side would not take is kept, by the flow, and
 * reading stops until it is gone. After several large reads in a row a flow is bulk: it borrows a
 * pipe from the pool and goes on with splice(2); when it falls idle the pipe goes back. So small
 * messages never pay for a pipe, bulk never pays for a copy, and an idle tunnel owns neither.
 *
 * Each flow ends by itself: end of file on one side becomes shutdown(SHUT_WR) on the other once
 * everything before it is delivered. An error ends both. What a side sent before it broke still
 * arrives at the other, and then a reset; what is sent to it is thrown away meanwhile. Whatever
 * ends a relay, a stream that was cut off never looks finished: it ends with a reset.
 *
 * With a shaper a flow that has had its part leaves what comes where it is, and goes on later.
 *
 * With a seal one end's octets are sealed messages (RFC 1961 5): what is read there is unwrapped on
 * the way, what is written there wrapped, in messages as large as the context allows. An end of
 * file in the middle of a message, and any message that is not good, ends both.
 *
 * A relay and its pool belong to one loop and its thread. The relay is embedded in what it serves;
 * it owns its descriptors from start to done(), and closes them.
 */
#ifndef S5_NET_RELAY_H
#define S5_NET_RELAY_H

#include <stddef.h>

#include "net/pool.h"
#include "net/shaper.h"
#include "session/seal.h"

enum s5_relay_end {
	S5_RELAY_CLOSED, /* both sides ended */
	S5_RELAY_ERROR, /* relay.error on relay.side */
	S5_RELAY_IDLE, /* nothing for idle ms */
	S5_RELAY_STOPPED, /* s5_relay_stop */
};

struct s5_flow {
	uint64_t octets; /* taken from the source; of a sealed one what was in its messages */
	uint64_t sealing; /* the rest of what was taken from a sealed one */
	uint8_t *held; /* what the destination would not take yet */
	uint32_t held_at, held_len;
	struct s5_pipe pipe; /* in -1: none borrowed */
	uint32_t piped; /* octets in the pipe */
	uint32_t most; /* octets that the shaper lets pass */
	uint8_t large; /* large reads in a row */
	uint8_t stuck; /* splices in a row that moved nothing */
	bool readable, writable;
	bool hangup; /* a short read does not mean that the source is empty: it says so itself */
	bool eof, ended;
	bool dropped; /* the destination is gone: what comes is thrown away */
	bool no_splice;
	bool untaken; /* what is held has not been taken from the shaper */
};

/* One side. With a socket in and out are the same descriptor and out.fd is -1. */
struct s5_end {
	struct s5_watch in, out;
	uint8_t kind; /* private */
};

struct s5_relay {
	struct s5_pool *pool;
	struct s5_end end[2];
	struct s5_flow flow[2]; /* flow[i] goes from end[i] to the other */
	int64_t idle; /* ms; 0: for ever */
	struct s5_seal *seal; /* of end `sealed`, the relay's from start on; NULL: none */
	uint8_t sealed;
	struct s5_shaper
		*shaper; /* what holds it to a rate, the owner's until done; NULL: nothing */
	bool program; /* end 0 is a program: one that goes and leaves something unread has just ended */
	/* Called with what flow `from` read, before it is sent; no splicing then. NULL: not. */
	void (*tap)(struct s5_relay *r, unsigned from, const uint8_t *octets, size_t n);
	/* Flow `from` has delivered everything: may its end of file be passed on? False: not yet, ask
	 * again after s5_relay_end_input. NULL: at once. */
	bool (*may_end)(struct s5_relay *r, unsigned from);
	/* Flow `from` has delivered everything and its end of file. NULL: not called. */
	void (*half)(struct s5_relay *r, unsigned from);
	/* On a later turn, once, when both descriptors are closed; the relay may be freed in it. */
	void (*done)(struct s5_relay *r, enum s5_relay_end end);
	int error; /* positive errno; EBADMSG with a fault */
	uint8_t side; /* the end it came from */
	uint8_t fault; /* enum s5_seal_fault */

	/* Private. */
	bool over;
	int broken; /* an errno: end `side` takes nothing more, and is read to its end */
	bool lingers; /* all that it sent is sent on: when it has arrived it is over */
	enum s5_relay_end how;
	uint64_t seen; /* progress at the last look */
	int64_t moved; /* ms: when it was another */
	struct s5_timer timer;
	struct s5_task turn;
};

/* Takes over the descriptors: a_in is read, a_out written (equal: one socket); likewise b. All
 * must be non-blocking, or regular files. `watched` says which of a_in, b_in the loop knows
 * already (bits 1, 2). Set idle, seal, shaper, tap, may_end, half and done before. Zeroes nothing else's memory.
 * What cannot be watched ends it as an error. */
void s5_relay_start(struct s5_relay *r, struct s5_pool *pool, const int fds[static 4],
		    unsigned watched);
/* Octets that go to the far end of flow `from`, as they are, before anything that is read; called
 * before or right after start. count: they are payload and count as octets. 0 or -ENOMEM. */
int s5_relay_preload(struct s5_relay *r, unsigned from, const void *octets, size_t n, bool count);
/* Nothing more will be read from end `from`, as if it had ended. */
void s5_relay_end_input(struct s5_relay *r, unsigned from);
/* Nothing can be sent to `side` any more (a positive errno says why): what it sent before is still
 * delivered, then it is over. */
void s5_relay_break(struct s5_relay *r, unsigned side, int error);
/* What is wrong, after S5_RELAY_ERROR. */
const char *s5_relay_error_text(const struct s5_relay *r);
/* Ends it now: what had not ended by itself is reset. */
void s5_relay_stop(struct s5_relay *r);

#endif

/* A TCP stream of a capture that is, or may be, SOCKS: held until that is known, then told as the
 * conversation it is, and once that is open with as little memory as can be. Private to capture.c, but
 * for what its sink may look at.
 */
#ifndef S5_DISSECT_FLOW_H
#define S5_DISSECT_FLOW_H

#include "base/budget.h"
#include "dissect/pickup.h"
#include "dissect/relayed.h"
#include "dissect/talk.h"
#include "dissect/tcp.h"

enum s5_flow_begin {
	S5_FLOW_WHOLE, /* with the first octets of both sides */
	S5_FLOW_PICKED_UP, /* in the middle, with the message f->picked says */
	S5_FLOW_LATE, /* in the middle, and not with a message that could be known */
};

struct s5_flow {
	/* For the owner: */
	unsigned long number; /* from 1, in the order in which they were known; 0: not yet */
	struct s5_addr peer[2]; /* S5_CLIENT, S5_SERVER */
	enum s5_flow_begin begin;
	struct s5_picked picked;
	int64_t first, last; /* of its frames and datagrams, in microseconds */
	void *user; /* the owner's, NULL at first */
	/* private */
	struct s5_capture *capture;
	struct s5_tcp_stream *stream;
	enum s5_tcp_begin tcp;
	struct s5_waiting *waiting; /* octets, until it is known what it is; or NULL */
	struct s5_talk *talk; /* NULL: not known yet, or nothing but octets follows */
	bool is_open; /* without a talk: what follows is data */
	bool is_swapped; /* side 0 of the stream is the server */
	uint64_t off[2]; /* without a talk: octets told of, by role */
	bool ended[2];
	uint64_t missed[2]; /* octets that the capture lost before the first, by role */
	size_t before[2]; /* octets put in front of what was captured, by role */
	struct s5_relay_seen *relay; /* of its UDP association; or NULL */
};

/* capture.c: zeroed memory within the budget; NULL: none, which is counted. And back, wiped, for there
 * may be a password in it; NULL is fine. */
void *s5_capture_take(struct s5_capture *c, size_t n);
void s5_capture_give(struct s5_capture *c, void *memory, size_t n);

/* flow.c. The stream of o is taken in. NULL: no memory, or the port says that it is none. */
struct s5_flow *s5_flow_new(struct s5_capture *c, const struct s5_tcp_opening *o);
void s5_flow_octets(struct s5_flow *f, unsigned side, const uint8_t *octets, size_t n,
		    int64_t when);
void s5_flow_gap(struct s5_flow *f, unsigned side, size_t n, int64_t when);
void s5_flow_closed(struct s5_flow *f, unsigned side, int64_t when);
/* It ends, and is freed. */
void s5_flow_end(struct s5_flow *f, enum s5_tcp_end how, int64_t when);

/* relays.c: the association that f's conversation opened, if it did. */
void s5_relays_open(struct s5_flow *f);
void s5_relays_close(struct s5_flow *f);
/* A datagram; of no association: nothing happens. */
void s5_relays_datagram(struct s5_capture *c, const struct s5_packet *p, int64_t when);

#endif

/* The datagrams of one UDP association (RFC 1928 section 7) between a client and its proxy, as somebody sees
 * them who only looks on: fragments are told as they come, and once more put together; where the connection
 * agreed on a protection level (RFC 1961 section 6), what can be read of the sealed ones.
 *
 * What is told is a struct s5_seen (dissect/talk.h): SEALED, DATAGRAM, WHOLE, or FAULT for what is no such
 * datagram, with all of its octets, and for fragments that were lost, without any. Its offset counts the
 * octets of all datagrams of that side.
 *
 * Pure. What is told is good during the call only. One thread at a time.
 */
#ifndef S5_DISSECT_RELAYED_H
#define S5_DISSECT_RELAYED_H

#include "dissect/talk.h"
#include "wire/frag.h"

struct s5_relayed {
	/* private */
	bool sealed;
	void (*seen)(void *arg, const struct s5_seen *seen);
	void *arg;
	struct s5_relayed_side {
		struct s5_frag frag;
		uint64_t off, plain;
	} side[2]; /* S5_CLIENT: what goes to the relay; S5_SERVER: what comes from it */
};

/* level: enum s5_level. The budget for fragments that wait is borrowed until fini. */
void s5_relayed_init(struct s5_relayed *r, uint8_t level, struct s5_budget *budget,
		     void (*seen)(void *arg, const struct s5_seen *seen), void *arg);
void s5_relayed_fini(struct s5_relayed *r);
/* A datagram of `from`, whole. when: in microseconds. */
void s5_relayed_recv(struct s5_relayed *r, enum s5_role from, const uint8_t *octets, size_t n,
		     int64_t when);
/* n octets at the end of the last datagram are not there. */
void s5_relayed_gap(struct s5_relayed *r, enum s5_role from, uint64_t n, int64_t when);

#endif

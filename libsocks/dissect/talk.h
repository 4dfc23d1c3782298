/* One TCP connection between a client and its SOCKS proxy, as somebody sees it who only looks on: the
 * octets of both directions go in, the messages and then the data that is carried come out, each told
 * of once and in order.
 *
 * SOCKS5 is followed by an observing session (session/session.h), SOCKS4 and 4a by their messages; the
 * client's first octet says which. Octets of one direction may come long before those of the other: up
 * to S5_TALK_HELD of them wait.
 *
 *   s5_talk_init(&t, seen, arg);
 *   s5_talk_recv(&t, from, octets, n, when) for what came, as it came
 *   s5_talk_gap(&t, from, n) for octets that are known to be missing
 *   s5_talk_end(&t, from, closed) for each direction, s5_talk_fini(&t);
 *
 * Pure. What is told is good during the call only. The owner embeds it, and it stays where it is until
 * fini. One thread at a time.
 */
#ifndef S5_DISSECT_TALK_H
#define S5_DISSECT_TALK_H

#include "base/budget.h"
#include "session/session.h"
#include "wire/socks4.h"

#define S5_TALK_HELD (256u << 10) /* octets */

enum s5_seen_kind {
	S5_SEEN_MESSAGE, /* a message, whole */
	S5_SEEN_SEALED, /* a message that is a seal (RFC 1961 5); what is in it is told next, if it can
			 * be read */
	S5_SEEN_DATA, /* what is carried once the proxy has opened the connection */
	S5_SEEN_GAP, /* len octets are missing */
	S5_SEEN_FAULT, /* octets that are no such message as has to come, or only a part of it */
	S5_SEEN_CLOSED, /* `from` closed where its message should have come; no octets */
	S5_SEEN_REST, /* octets behind a fault or a refusal: nothing says what they are */
	S5_SEEN_DATAGRAM, /* of a UDP association (dissect/relayed.h), with its header */
	S5_SEEN_WHOLE, /* the data of one that came in fragments; it was told in those already */
};

struct s5_seen {
	enum s5_seen_kind kind;
	enum s5_role from;
	enum s5_step_id step; /* MESSAGE: which; FAULT, CLOSED: which it should have been */
	/* Of the first octet in what `from` sent; of what was sealed: in all that was sealed. */
	uint64_t off;
	bool sealed; /* the octets are what was inside of a seal */
	bool datagram; /* they are one, or of one, and off counts those of datagrams */
	int64_t when; /* of the last octets that came from `from` */
	const uint8_t *octets; /* GAP: NULL */
	uint64_t len;
	const struct s5_trace *trace; /* MESSAGE, SEALED, FAULT: fields and deviations; else NULL */
	/* FAULT: static texts; and where a message is cut short, the field and how many octets it
	 * lacks at least, else 0. */
	const char *why;
	enum s5_field field;
	uint64_t need;
};

enum s5_talk_state {
	S5_TALK_UNKNOWN, /* no octet of the client has come */
	S5_TALK_DIALOGUE,
	S5_TALK_OPEN, /* what comes is data */
	S5_TALK_REFUSED, /* what comes means nothing any more */
	S5_TALK_LOST, /* behind a fault, or a gap in the dialogue */
};

struct s5_talk {
	enum s5_talk_state state;
	uint8_t version; /* 5, 4, or 0: not known yet */
	/* What waits is charged to it. Set by the owner after init, kept until fini; NULL: no limit
	 * but S5_TALK_HELD. */
	struct s5_budget *budget;
	struct s5_session session; /* SOCKS5: what passed so far */
	struct { /* SOCKS4 */
		enum s5_step_id step; /* REQUEST, REPLY, REPLY2 */
		struct s5_socks4_request request;
		struct s5_socks4_reply reply;
		struct s5_trace trace;
	} v4;
	/* private */
	struct s5_session_config config;
	void (*seen)(void *arg, const struct s5_seen *seen);
	void *arg;
	struct s5_talk_side {
		uint64_t off, plain; /* told so far; of it what was sealed */
		int64_t when;
		uint8_t *held; /* not yet taken by the dialogue */
		size_t nheld, room;
		struct s5_seal *seal; /* S5_TALK_OPEN: NULL: in clear, or lost */
		size_t part; /* octets that the seal holds of a message, as they are charged */
		bool lost; /* behind a fault in its seal */
		bool ended, closed;
	} side[2]; /* S5_CLIENT, S5_SERVER */
};

void s5_talk_init(struct s5_talk *t, void (*seen)(void *arg, const struct s5_seen *seen),
		  void *arg);
void s5_talk_fini(struct s5_talk *t);
/* `when` is on the caller's clock. */
void s5_talk_recv(struct s5_talk *t, enum s5_role from, const void *octets, size_t n, int64_t when);
void s5_talk_gap(struct s5_talk *t, enum s5_role from, uint64_t n);
/* No more comes from `from`: it closed, or else nobody looked on any longer. */
void s5_talk_end(struct s5_talk *t, enum s5_role from, bool closed);

#endif

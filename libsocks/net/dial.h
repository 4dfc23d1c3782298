/* Connecting: a name's families raced as RFC 8305 says, every address asked for first.
 *
 * A dial is embedded in what it serves. IPv6 and IPv4 lookups start together; connecting begins
 * with the first answer (an IPv4 answer waits S5_DIAL_WAIT ms for its IPv6 twin), the families
 * take turns, a next attempt starts S5_DIAL_STAGGER ms after the last one or as soon as one
 * fails, and the first connection wins. done() is called once, from the loop, never from within
 * s5_dial_start; the dial may be freed in it.
 */
#ifndef S5_NET_DIAL_H
#define S5_NET_DIAL_H

#include "net/resolve.h"
#include "net/sock.h"

#define S5_DIAL_STAGGER 250 /* ms */
#define S5_DIAL_WAIT 50 /* ms */
#define S5_DIAL_ATTEMPTS 4 /* connecting at the same time; a fifth ends the oldest */

enum s5_prefer { S5_PREFER_AUTO, S5_PREFER_4, S5_PREFER_6, S5_ONLY_4, S5_ONLY_6 };

enum s5_dial_end {
	S5_DIAL_CONNECTED,
	S5_DIAL_DENIED, /* permit() refused every address */
	S5_DIAL_UNRESOLVED, /* no address for the name: dial.resolved says why */
	S5_DIAL_FAILED, /* dial.error is the last attempt's errno */
	S5_DIAL_TIMEOUT, /* the time is over, and a target has not answered */
};

struct s5_dial;

struct s5_dial_options {
	enum s5_prefer prefer;
	int64_t timeout; /* ms for everything; 0: none */
	uint16_t source_port; /* 0: any */
	struct s5_addr source4, source6; /* to connect from; atyp 0: any */
	struct s5_egress egress;
	bool debug; /* SO_DEBUG */
};

struct s5_attempt {
	struct s5_watch watch; /* fd -1: free */
	struct s5_addr addr;
	struct s5_dial *dial;
	uint8_t number; /* counted by dial.started */
};

struct s5_dial {
	/* Set by the caller before start. */
	struct s5_loop *loop;
	struct s5_resolver *resolver; /* NULL: names end UNRESOLVED */
	const struct s5_dial_options *options; /* borrowed until done() */
	bool (*permit)(struct s5_dial *d, const struct s5_addr *a); /* NULL: every address may be */
	void (*done)(struct s5_dial *d, enum s5_dial_end end);

	/* The result, from done() on. */
	int fd; /* the caller's from done() on; -1 unless CONNECTED. It is still registered with
		 * the loop: take it over in done() with s5_loop_rewatch, or close it. */
	int error; /* a positive errno */
	enum s5_lookup_result resolved;
	struct s5_addr peer; /* the address connected to, or tried last */

	/* Private. */
	struct s5_addr target;
	struct s5_lookup lookup[2]; /* IPv6, IPv4 */
	uint8_t next[2]; /* addresses taken of each */
	uint8_t started; /* attempts so far */
	bool looking[2];
	bool waited; /* long enough for the IPv6 answer */
	bool turn; /* family to take next */
	bool denied, over;
	struct s5_attempt attempt[S5_DIAL_ATTEMPTS];
	struct s5_timer stagger, deadline;
	struct s5_task task;
	enum s5_dial_end end;
};

/* target: an IP address or a name. */
void s5_dial_start(struct s5_dial *d, const struct s5_addr *target);
/* Over a Unix socket. */
void s5_dial_start_unix(struct s5_dial *d, const char *path);
/* done() will not come; everything is given back. Harmless when over or never begun (zeroed). */
void s5_dial_cancel(struct s5_dial *d);

#endif

/* The UDP relay of one association: RFC 1928 section 7.
 *
 * Two sides. The client's socket takes datagrams from one client alone: its address is known from
 * the start, its port from the first valid datagram on (or from the start). Towards the
 * destinations there is one socket, with one port, for each address family, made when it is
 * needed. A name is resolved while other datagrams go on. Whatever cannot be delivered is dropped
 * in silence (section 7) and counted.
 *
 * With a seal each datagram between us and the client is one sealed message (RFC 1961 5), its header
 * and fragment inside; what comes otherwise is dropped.
 *
 * An association and its post belong to one loop and its thread. It is embedded in what it serves
 * and owns its sockets; the control connection is its owner's.
 */
#ifndef S5_NET_ASSOC_H
#define S5_NET_ASSOC_H

#include "net/batch.h"
#include "net/dial.h"
#include "net/peers.h"
#include "net/shaper.h"
#include "session/seal.h"
#include "wire/frag.h"

/* Whose datagrams reach the client (R1928-U.17). */
enum s5_udp_filter {
	S5_UDP_FILTER_NONE, /* anyone's */
	S5_UDP_FILTER_ADDRESS, /* those of an address that it has sent to */
	S5_UDP_FILTER_PORT, /* those of an address and port that it has sent to */
};

/* What the associations of one loop share. */
struct s5_post {
	struct s5_inbox in;
	struct s5_outbox out;
	uint8_t *sealed; /* datagrams that wait in the outbox, wrapped; NULL: none so far */
	size_t nsealed;
	struct s5_budget budget; /* of fragments and of datagrams that wait for a name */
	struct s5_traffic {
		uint64_t octets, datagrams;
	} traffic[2]; /* from the clients, to the clients, of payload (base/counter.h) */
};

struct s5_assoc_options {
	enum s5_udp_filter filter;
	int64_t idle; /* ms without a datagram; 0: for ever */
	enum s5_prefer prefer; /* of a name's addresses; AUTO is IPv4 first */
	struct s5_addr source4, source6; /* to send from; atyp 0: any */
	struct s5_egress egress;
};

struct s5_assoc {
	/* Set by the caller before start; the seal at once after it. */
	struct s5_loop *loop;
	struct s5_post *post;
	struct s5_resolver *resolver;
	const struct s5_assoc_options *options;
	struct s5_addr client; /* its IP address; port 0: not known yet */
	struct s5_seal *seal; /* of the client's datagrams, and the association's from now on */
	struct s5_shaper *shaper; /* the owner's: what is more than it passes is dropped; or NULL */
	/* Takes what is for a destination that is permitted, in the place of sockets of its own; what
	 * comes back is s5_assoc_give's. Names are not looked up then. NULL: sockets. */
	void (*forward)(struct s5_assoc *a, const struct s5_addr *to, const uint8_t *data,
			size_t len);
	/* May datagrams go there? address NULL: only the name is known, and false is final. */
	bool (*permit)(struct s5_assoc *a, const struct s5_addr *name,
		       const struct s5_addr *address);
	/* Datagrams to there are dropped, for a second at least: why, or NULL where permit said no;
	 * first: that was not told of this destination before. May be NULL. */
	void (*refused)(struct s5_assoc *a, const struct s5_addr *to, const char *why, bool first);
	/* Nothing came or went for options.idle. Once, from the loop; it may be stopped in it. */
	void (*idle)(struct s5_assoc *a);

	/* Counters, to look at any time: payload and datagrams from the client, and to it. */
	struct s5_traffic up, down;
	uint64_t dropped; /* datagrams, of both ways */

	/* Private. */
	struct s5_watch near, far[2]; /* fd -1: not there; far: IPv4, IPv6 */
	struct s5_route back; /* to the client; the socket is connected once its port is known */
	bool pinned;
	bool named; /* something was forwarded to a name: who answers for it is not known here */
	uint8_t batch; /* messages to receive at once */
	int64_t seen; /* when a datagram of use came last */
	struct s5_peers peers;
	struct s5_frag frag;
	struct s5_timer quiet, fragments;
};

/* 0 or -ENOMEM. */
int s5_post_init(struct s5_post *post);
void s5_post_fini(struct s5_post *post);

/* fd: the socket for the client, bound; the association's from now on. 0 or -errno (fd is not
 * taken). */
int s5_assoc_start(struct s5_assoc *a, int fd);
/* A datagram for the client from elsewhere than a socket of its own. */
void s5_assoc_give(struct s5_assoc *a, const struct s5_addr *from, const uint8_t *data, size_t len);
/* Ends it and closes the sockets. Harmless when never begun (zeroed) or stopped. */
void s5_assoc_stop(struct s5_assoc *a);

#endif

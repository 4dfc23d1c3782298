/* The client side of UDP ASSOCIATE (RFC 1928 6, 7): datagrams by way of a chain's relays.
 *
 * Each hop has a control connection, made by a client (roles/client.h) that asked for
 * S5_CMD_UDP with 0.0.0.0:0; s5_udp_client_join takes it over, first hop first. A
 * datagram goes to the first hop's relay with one header for each hop: they say the next hop's
 * relay, the last one the destination. Answers come with the same headers, and say senders.
 * Without hops datagrams go to `peer` as they are, and only its answers come.
 *
 * With GSSAPI what goes to a hop's relay and comes from there, header and all, is one sealed message.
 *
 * What is not from the relay is dropped: the kernel sees to the first one, the headers tell of the
 * others. Fragments are put together again, a queue for each hop. A UDP client belongs to one loop.
 * Zero it, set the upper part, join, start; s5_udp_client_fini at any time gives everything back,
 * in a callback too, but the memory itself may go in lost() only.
 */
#ifndef S5_ROLES_UDP_CLIENT_H
#define S5_ROLES_UDP_CLIENT_H

#include "roles/client.h"
#include "wire/frag.h"
#include "wire/udp.h"

struct s5_udp_client;

struct s5_udp_hop {
	struct s5_addr relay;
	struct s5_watch control;
	struct s5_seal *seal; /* NULL: in clear */
	struct s5_frag frag; /* of what comes from the relay */
	struct s5_udp_client *client;
};

struct s5_udp_client {
	/* Set by the caller before the first join. */
	struct s5_loop *loop;
	struct s5_udp_hop *hops; /* zeroed room for each hop, borrowed until fini */
	struct s5_addr peer; /* without hops: where datagrams go */
	struct s5_addr source; /* to send from; atyp 0: as the kernel chooses, with this port */
	struct s5_egress egress;
	struct s5_budget *budget; /* for fragments, which many may share; NULL: they are dropped */
	bool proxy_address; /* the relay has the proxy's address, whatever the reply says */
	/* A datagram; from is an IP address mostly, the octets are good until it returns. */
	void (*received)(struct s5_udp_client *u, const struct s5_addr *from, const uint8_t *data,
			 size_t len);
	/* The control connection with this hop is over, so is the association: error is 0 when it
	 * was closed, else a positive errno. Told once. */
	void (*lost)(struct s5_udp_client *u, size_t hop, int error);
	/* ICMP told something of the first relay, or of peer: a positive errno. It goes on. */
	void (*trouble)(struct s5_udp_client *u, int error);
	/* A datagram that is none of the association's, or fragments that are no datagram, were
	 * dropped. NULL: not told. */
	void (*dropped)(struct s5_udp_client *u, size_t hop, const char *why);
	/* After a send that ended with -EAGAIN. NULL: not told. */
	void (*writable)(struct s5_udp_client *u);
	/* A datagram as it passes to or from the relay of a hop. NULL: not told. */
	void (*watch)(struct s5_udp_client *u, size_t hop, enum s5_role sender,
		      const uint8_t *octets, size_t len, const struct s5_trace *trace);

	size_t nhops; /* joined so far */

	/* Private. */
	struct s5_watch socket;
	struct s5_timer fragments;
	bool running, waiting;
};

/* Takes over the connection of c, which is done and was asked through the hops up to this one; its
 * config must still be there. 0, or -EPROTO: the reply names no port. */
int s5_udp_client_join(struct s5_udp_client *u, struct s5_client *c);
/* Opens the socket. 0 or -errno; with an error, too, fini closes what was joined. */
int s5_udp_client_start(struct s5_udp_client *u);
/* Harmless when never begun (zeroed). */
void s5_udp_client_fini(struct s5_udp_client *u);

/* Octets of the largest payload that goes to this destination (R1928-U.21); 0: none does. */
size_t s5_udp_client_limit(const struct s5_udp_client *u, const struct s5_addr *to);
/* Sends one datagram; `to` is not looked at without hops. 0 or -errno: -EMSGSIZE, too large here or
 * on the way; -EAGAIN, try again when writable; else of this destination, and the next may go. */
int s5_udp_client_send(struct s5_udp_client *u, const struct s5_addr *to, const void *data,
		       size_t len);
/* The same in fragments of at most `size` octets of payload, where it does not fit in one; -E2BIG:
 * more than 127 of them. The RFC's clients do not fragment on their own, so it is to be asked for. */
int s5_udp_client_send_pieces(struct s5_udp_client *u, const struct s5_addr *to, const void *data,
			      size_t len, size_t size);

#endif

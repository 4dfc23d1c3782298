/* Whom an association talks to: each destination as it stood in a header, with where that leads,
 * and what waits until its name is resolved.
 *
 * A table belongs to one association. It holds at most S5_PEERS entries; the one used longest ago
 * makes room for another.
 */
#ifndef S5_NET_PEERS_H
#define S5_NET_PEERS_H

#include <sys/queue.h>

#include "base/budget.h"
#include "net/batch.h"
#include "net/contacts.h"
#include "net/resolve.h"

#define S5_PEERS 1024
#define S5_PEER_BUCKETS 64
#define S5_HELD_OCTETS (512u << 10) /* that wait in one association, of the budget of all */

/* A datagram waiting for its destination's address. */
struct s5_held {
	STAILQ_ENTRY(s5_held) link;
	size_t len;
	uint8_t data[];
};

/* The lookup of a peer's name. */
struct s5_question {
	struct s5_peer *peer;
	bool denied; /* the rules refused an address of the family asked first */
	struct s5_lookup lookup;
};

enum s5_peer_state {
	S5_PEER_NEW,
	S5_PEER_READY, /* route is good */
	S5_PEER_RESOLVING,
	S5_PEER_DENIED, /* by the rules, or there is no such name; until `until` */
};

struct s5_peer {
	LIST_ENTRY(s5_peer) link; /* of its bucket */
	TAILQ_ENTRY(s5_peer) age;
	enum s5_peer_state state;
	int64_t used, until; /* ms */
	int fd; /* to send from */
	struct s5_route route;
	struct s5_question *question; /* while RESOLVING */
	struct s5_contact *contact; /* whose answers it lets in; NULL: none */
	void *owner; /* whoever asks it */
	STAILQ_HEAD(, s5_held) held;
	size_t nheld;
	uint16_t port;
	uint8_t atyp, len;
	bool refused; /* once at least, and that was told */
	uint8_t octets[]; /* len of them: the address or the name */
};

struct s5_peers {
	struct s5_budget *budget; /* of what is held by all */
	struct s5_budget own; /* and of what is held here */
	LIST_HEAD(, s5_peer) bucket[S5_PEER_BUCKETS];
	TAILQ_HEAD(s5_peer_ages, s5_peer) ages; /* the one used last is first */
	struct s5_contacts contacts;
	unsigned n, questions;
	uint64_t lost; /* datagrams that went with the peer they waited for */
};

void s5_peers_init(struct s5_peers *p, struct s5_budget *budget);
void s5_peers_fini(struct s5_peers *p);
/* NULL: not there. */
struct s5_peer *s5_peers_find(const struct s5_peers *p, const struct s5_addr *a);
/* A new one, or NULL without memory. Another one may go for it: no datagram to it may wait in the
 * outbox. */
struct s5_peer *s5_peers_add(struct s5_peers *p, const struct s5_addr *a);
/* It was used now. */
void s5_peers_touch(struct s5_peers *p, struct s5_peer *peer, int64_t now);
struct s5_addr s5_peer_addr(const struct s5_peer *peer);

/* The peer's answers come from there (an address with its port, or port 0) and are let in as long
 * as the peer is there; NULL: not any more. */
void s5_peer_meet(struct s5_peers *p, struct s5_peer *peer, const struct s5_addr *from);
/* Its question, to be asked; NULL without memory. */
struct s5_question *s5_peer_ask(struct s5_peers *p, struct s5_peer *peer);
/* The question is over. */
void s5_peer_answered(struct s5_peers *p, struct s5_peer *peer);

/* Keeps a copy of a datagram. False: too much waits already. */
bool s5_peer_hold(struct s5_peers *p, struct s5_peer *peer, const void *data, size_t len);
/* Drops what is held; returns how many there were. */
size_t s5_peer_drop_held(struct s5_peers *p, struct s5_peer *peer);

#endif

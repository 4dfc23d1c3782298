/* A target of our own: what comes over TCP goes back, and so does each datagram. A connection ends when
 * its client has nothing more to send.
 *
 * It is embedded in what it serves and belongs to one loop. Zero it, start it, stop it.
 */
#ifndef S5_PROBE_ECHO_H
#define S5_PROBE_ECHO_H

#include <sys/queue.h>

#include "net/loop.h"
#include "net/sock.h"

#define S5_ECHO_PEERS 1024u
#define S5_ECHO_MOST 4096 /* connections at a time; further ones are closed */

struct s5_echo {
	struct s5_loop *loop; /* set by start */
	struct s5_addr tcp, udp; /* where it listens; atyp 0: it does not */
	uint64_t accepted; /* connections so far */
	struct s5_addr peers[S5_ECHO_PEERS]; /* of the last of them, by accepted modulo that */
	struct s5_watch listening, datagrams; /* private, like all below */
	LIST_HEAD(, s5_echo_conn) conns;
	size_t nconns;
};

/* On this address (any port): 0 or -errno. */
int s5_echo_start(struct s5_echo *e, struct s5_loop *loop, const struct s5_addr *at);
/* Also of one that was not started. */
void s5_echo_stop(struct s5_echo *e);
/* One of the last connections came from there. */
bool s5_echo_saw(const struct s5_echo *e, const struct s5_addr *peer);

#endif

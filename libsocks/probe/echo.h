/* A target of our own: what comes over TCP goes back, and so does each datagram. A connection ends when
 * its client has nothing more to send. One that begins with a certain question is answered by the address
 * from which it came, as ATYP, ADDR and PORT.
 *
 * It is embedded in what it serves and belongs to one loop. Zero it, start it, stop it.
 */
#ifndef S5_PROBE_ECHO_H
#define S5_PROBE_ECHO_H

#include <sys/queue.h>

#include "net/loop.h"
#include "net/sock.h"

#define S5_ECHO_FIRST 8 /* octets of a connection that are kept, by which it is known */
#define S5_ECHO_WHO "who am I" /* the question, and nothing behind it */
#define S5_ECHO_PAST 1024u /* connections that ended and are known still */
#define S5_ECHO_MOST 4096 /* connections at a time; further ones are closed */

struct s5_echo {
	struct s5_loop *loop; /* set by start */
	struct s5_addr tcp, udp; /* where it listens; atyp 0: it does not */
	uint64_t accepted; /* connections so far */
	int error; /* for which one could not be taken, a positive errno; 0: none */
	struct s5_watch listening, datagrams; /* private, like all below */
	LIST_HEAD(, s5_echo_conn) conns;
	size_t nconns;
	bool is_paused; /* nobody is accepted until a connection ends */
	struct s5_echo_peer {
		struct s5_addr addr;
		uint8_t first[S5_ECHO_FIRST];
	} past[S5_ECHO_PAST];
	uint64_t ended; /* the last one is at that, less one, modulo S5_ECHO_PAST */
};

/* On this address (any port): 0 or -errno. */
int s5_echo_start(struct s5_echo *e, struct s5_loop *loop, const struct s5_addr *at);
/* Also of one that was not started. */
void s5_echo_stop(struct s5_echo *e);
/* From where the connection came that began with these octets, if it is open or one of those that
 * ended last; else NULL. Good until the loop goes on. */
const struct s5_addr *s5_echo_who(const struct s5_echo *e, const uint8_t first[S5_ECHO_FIRST]);

#endif

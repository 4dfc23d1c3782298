/* The fragments of IPv4 (RFC 791) and IPv6 (RFC 8200 section 4.5) datagrams in a capture, put
 * together.
 *
 * Where fragments overlap, the octets that came first stay, and so does the first end that was told;
 * a fragment that goes beyond it is dropped. A datagram waits for 30 seconds of the capture's clock
 * from its first fragment on. What waits is bounded in number and in octets; the datagram that has
 * waited longest makes room for a new one.
 *
 * The owner embeds one s5_defrag for a capture. No I/O and no clock: `now` is the capture's time in
 * microseconds. One thread at a time.
 */
#ifndef S5_DISSECT_DEFRAG_H
#define S5_DISSECT_DEFRAG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/budget.h"
#include "dissect/packet.h"

#define S5_DEFRAG_TIMEOUT 30000000 /* microseconds */
#define S5_DEFRAG_DATAGRAMS 256 /* a good number of datagrams that wait, at most */
#define S5_DEFRAG_OCTETS ((size_t)4 << 20) /* and of octets that they hold */

struct s5_partial;

struct s5_defrag {
	struct s5_budget budget; /* octets held, those of the datagram given last counted */
	size_t most, count; /* datagrams that wait */
	uint64_t lost; /* datagrams that were given up, for lack of time or of room */
	struct s5_partial *given; /* whose octets the packet put together last is a view of */
	TAILQ_HEAD(, s5_partial) partials; /* the oldest first */
};

void s5_defrag_init(struct s5_defrag *d, size_t datagrams, size_t octets);
/* Takes what s5_packet_get made of the next frame. Anything but a fragment stays as it is. A fragment
 * is copied, and *p stays S5_PACKET_FRAGMENT; the one that makes its datagram whole becomes what that
 * carries, with p->payload a view into d, good until the next call with d. A fragment that cannot
 * be, or for which there is no memory, gets the state that says so. Returns p->state. */
enum s5_packet_state s5_defrag_add(struct s5_defrag *d, struct s5_packet *p, int64_t now);
void s5_defrag_fini(struct s5_defrag *d);

#endif

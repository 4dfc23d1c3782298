/* The half of an association that goes to destinations: where a datagram leads, what the rules say
 * to that, names. Private to the association. */
#ifndef S5_NET_ASSOC_SEND_H
#define S5_NET_ASSOC_SEND_H

#include "base/counter.h"
#include "net/assoc.h"

/* d->data must be good until the association is settled. */
void s5_assoc_deliver(struct s5_assoc *a, const struct s5_datagram *d);
/* What waits in the outbox leaves, and what was lost is counted. */
void s5_assoc_settle(struct s5_assoc *a);

/* A datagram with n octets of payload from the client (way 0) or to it (way 1). */
static inline void s5_assoc_count(struct s5_assoc *a, unsigned way, size_t n)
{
	struct s5_traffic *own = way ? &a->down : &a->up, *all = &a->post->traffic[way];

	own->octets += n;
	own->datagrams++;
	s5_counter_add(&all->octets, n);
	s5_counter_add(&all->datagrams, 1);
}

#endif

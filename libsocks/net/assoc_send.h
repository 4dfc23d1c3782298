/* The half of an association that goes to destinations: where a datagram leads, what the rules say
 * to that, names. Private to the association. */
#ifndef S5_NET_ASSOC_SEND_H
#define S5_NET_ASSOC_SEND_H

#include "net/assoc.h"

/* d->data must be good until the association is settled. */
void s5_assoc_deliver(struct s5_assoc *a, const struct s5_datagram *d);
/* What waits in the outbox leaves, and what was lost is counted. */
void s5_assoc_settle(struct s5_assoc *a);

#endif

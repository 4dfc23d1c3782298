/* Whose datagrams an association lets in: addresses, or addresses and ports, that its client has
 * reached. A contact is there as long as someone keeps it. */
#ifndef S5_NET_CONTACTS_H
#define S5_NET_CONTACTS_H

#include <sys/queue.h>

#include "base/addr.h"

#define S5_CONTACT_BUCKETS 64

struct s5_contact {
	LIST_ENTRY(s5_contact) link; /* of its bucket */
	unsigned keepers;
	uint16_t port;
	uint8_t len; /* of octets: 4 or 16 */
	uint8_t octets[16];
};

/* Zeroed: none. */
struct s5_contacts {
	LIST_HEAD(, s5_contact) bucket[S5_CONTACT_BUCKETS];
};

/* address is an IP address. NULL: it is no contact. */
struct s5_contact *s5_contacts_find(const struct s5_contacts *all, const struct s5_addr *address);
/* It is a contact now, and kept once more; NULL without memory. */
struct s5_contact *s5_contacts_keep(struct s5_contacts *all, const struct s5_addr *address);
/* Kept once less; gone when nobody keeps it. Harmless with NULL. */
void s5_contact_leave(struct s5_contact *contact);

#endif

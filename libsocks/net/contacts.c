#include "net/contacts.h"

#include <stdlib.h>
#include <string.h>

static bool is(const struct s5_contact *c, const struct s5_addr *a)
{
	return c->port == a->port && c->len == a->len && !memcmp(c->octets, a->octets, a->len);
}

struct s5_contact *s5_contacts_find(const struct s5_contacts *all, const struct s5_addr *address)
{
	struct s5_contact *c = LIST_FIRST(&all->bucket[s5_addr_hash(address) % S5_CONTACT_BUCKETS]);

	while (c && !is(c, address))
		c = LIST_NEXT(c, link);
	return c;
}

struct s5_contact *s5_contacts_keep(struct s5_contacts *all, const struct s5_addr *address)
{
	struct s5_contact *c = s5_contacts_find(all, address);

	if (!c) {
		c = calloc(1, sizeof *c);
		if (!c)
			return NULL;
		c->port = address->port;
		c->len = address->len;
		memcpy(c->octets, address->octets, address->len);
		LIST_INSERT_HEAD(&all->bucket[s5_addr_hash(address) % S5_CONTACT_BUCKETS], c, link);
	}
	c->keepers++;
	return c;
}

void s5_contact_leave(struct s5_contact *contact)
{
	if (!contact || --contact->keepers)
		return;
	LIST_REMOVE(contact, link);
	free(contact);
}

#include "net/contacts.h"

#include <stdlib.h>
#include <string.h>

static unsigned hash(const struct s5_addr *a)
{
	uint32_t h = 2166136261u ^ a->port;

	for (unsigned i = 0; i < a->len; i++)
		h = (h ^ a->octets[i]) * 16777619u;
	return (h ^ h >> 16) % S5_CONTACT_BUCKETS;
}

static bool is(const struct s5_contact *c, const struct s5_addr *a)
{
	return c->port == a->port && c->len == a->len && !memcmp(c->octets, a->octets, a->len);
}

struct s5_contact *s5_contacts_find(const struct s5_contacts *all, const struct s5_addr *address)
{
	struct s5_contact *c = LIST_FIRST(&all->bucket[hash(address)]);

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
		LIST_INSERT_HEAD(&all->bucket[hash(address)], c, link);
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

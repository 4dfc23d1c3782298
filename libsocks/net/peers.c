#include "net/peers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HELD_MAX 64 /* datagrams that wait for one name */

void s5_peers_init(struct s5_peers *p, struct s5_budget *budget)
{
	memset(p, 0, sizeof *p);
	p->budget = budget;
	p->own.limit = S5_HELD_OCTETS;
	TAILQ_INIT(&p->ages);
}

static void drop(struct s5_peers *p, struct s5_peer *peer)
{
	if (peer->question) {
		s5_lookup_cancel(&peer->question->lookup);
		s5_peer_answered(p, peer);
	}
	s5_contact_leave(peer->contact);
	p->lost += s5_peer_drop_held(p, peer);
	LIST_REMOVE(peer, link);
	TAILQ_REMOVE(&p->ages, peer, age);
	p->n--;
	free(peer);
}

void s5_peers_fini(struct s5_peers *p)
{
	while (p->n)
		drop(p, TAILQ_FIRST(&p->ages));
}

static bool is(const struct s5_peer *peer, const struct s5_addr *a)
{
	if (peer->port != a->port || peer->atyp != a->atyp || peer->len != a->len)
		return false;
	if (a->atyp == S5_ATYP_NAME)
		return !strncasecmp((const char *)peer->octets, (const char *)a->octets, a->len);
	return !memcmp(peer->octets, a->octets, a->len);
}

struct s5_peer *s5_peers_find(const struct s5_peers *p, const struct s5_addr *a)
{
	struct s5_peer *peer = TAILQ_FIRST(&p->ages);

	if (peer && is(peer, a))
		return peer;
	LIST_FOREACH(peer, &p->bucket[s5_addr_hash(a) % S5_PEER_BUCKETS], link)
	if (is(peer, a))
		break;
	return peer;
}

struct s5_peer *s5_peers_add(struct s5_peers *p, const struct s5_addr *a)
{
	struct s5_peer *peer = calloc(1, sizeof *peer + a->len);

	if (!peer)
		return NULL;
	if (p->n >= S5_PEERS)
		drop(p, TAILQ_LAST(&p->ages, s5_peer_ages));
	peer->fd = -1;
	peer->port = a->port;
	peer->atyp = a->atyp;
	peer->len = a->len;
	memcpy(peer->octets, a->octets, a->len);
	STAILQ_INIT(&peer->held);
	LIST_INSERT_HEAD(&p->bucket[s5_addr_hash(a) % S5_PEER_BUCKETS], peer, link);
	TAILQ_INSERT_HEAD(&p->ages, peer, age);
	p->n++;
	return peer;
}

void s5_peers_touch(struct s5_peers *p, struct s5_peer *peer, int64_t now)
{
	peer->used = now;
	if (TAILQ_FIRST(&p->ages) == peer)
		return;
	TAILQ_REMOVE(&p->ages, peer, age);
	TAILQ_INSERT_HEAD(&p->ages, peer, age);
}

struct s5_addr s5_peer_addr(const struct s5_peer *peer)
{
	struct s5_addr a = { .atyp = peer->atyp, .len = peer->len, .port = peer->port };

	memcpy(a.octets, peer->octets, peer->len);
	return a;
}

void s5_peer_meet(struct s5_peers *p, struct s5_peer *peer, const struct s5_addr *from)
{
	struct s5_contact *before = peer->contact;

	peer->contact = from ? s5_contacts_keep(&p->contacts, from) : NULL;
	s5_contact_leave(before);
}

struct s5_question *s5_peer_ask(struct s5_peers *p, struct s5_peer *peer)
{
	peer->question = calloc(1, sizeof *peer->question);
	if (!peer->question)
		return NULL;
	peer->question->peer = peer;
	p->questions++;
	return peer->question;
}

void s5_peer_answered(struct s5_peers *p, struct s5_peer *peer)
{
	free(peer->question);
	peer->question = NULL;
	p->questions--;
}

static void give_back(struct s5_peers *p, size_t size)
{
	s5_budget_give(p->budget, size);
	s5_budget_give(&p->own, size);
}

/* Room for one, or NULL. */
static struct s5_held *make_held(struct s5_peers *p, size_t len)
{
	struct s5_held *held;
	size_t size = sizeof *held + len;

	if (!s5_budget_take(&p->own, size))
		return NULL;
	if (!s5_budget_take(p->budget, size)) {
		s5_budget_give(&p->own, size);
		return NULL;
	}
	held = malloc(size);
	if (!held)
		give_back(p, size);
	return held;
}

bool s5_peer_hold(struct s5_peers *p, struct s5_peer *peer, const void *data, size_t len)
{
	struct s5_held *held = peer->nheld < HELD_MAX ? make_held(p, len) : NULL;

	if (!held)
		return false;
	held->len = len;
	memcpy(held->data, data, len);
	STAILQ_INSERT_TAIL(&peer->held, held, link);
	peer->nheld++;
	return true;
}

size_t s5_peer_drop_held(struct s5_peers *p, struct s5_peer *peer)
{
	size_t n = peer->nheld;
	struct s5_held *held;

	while ((held = STAILQ_FIRST(&peer->held))) {
		STAILQ_REMOVE_HEAD(&peer->held, link);
		give_back(p, sizeof *held + held->len);
		free(held);
	}
	peer->nheld = 0;
	return n;
}

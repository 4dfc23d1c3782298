#include <string.h>

#include "dissect/capture.h"

/* The relay of an association, as its reply named it, and who may send to it. */
struct s5_relay_seen {
	struct s5_flow *flow;
	LIST_ENTRY(s5_relay_seen) link; /* of the same bucket */
	struct s5_addr bound, asked; /* BND and DST of the dialogue */
	uint16_t client; /* the port of its datagrams; 0: none was seen yet */
	struct s5_relayed relayed;
};

/* Those that share a relay are parted by their client, and by its port (0: not known yet). */
static struct s5_relay_list *bucket_of(struct s5_capture *c, uint16_t relay,
				       const struct s5_addr *client, uint16_t port)
{
	struct s5_addr key = *client;

	key.port = port;
	return &c->relays[(s5_addr_hash(&key) ^ relay * 0x9e37u) % S5_CAPTURE_BUCKETS];
}

/* What the request says of it is often wrong: it may be the target. */
static const struct s5_addr *client_of(const struct s5_flow *f)
{
	return &f->peer[S5_CLIENT];
}

static struct s5_relay_list *bucket_of_flow(const struct s5_flow *f)
{
	return bucket_of(f->capture, f->relay->bound.port, client_of(f), f->relay->client);
}

static void put_in(struct s5_flow *f)
{
	LIST_INSERT_HEAD(bucket_of_flow(f), f->relay, link);
}

static void on_seen(void *arg, const struct s5_seen *seen)
{
	struct s5_flow *f = arg;

	f->capture->sink.seen(f->capture->sink.owner, f, seen);
}

void s5_relays_open(struct s5_flow *f)
{
	const struct s5_talk *t = f->talk;
	struct s5_capture *c = f->capture;
	struct s5_relay_seen *r;

	if (f->relay || t->version != 5 || t->session.request.cmd != S5_CMD_UDP ||
	    !t->session.reply.bnd.port)
		return;
	f->relay = r = s5_capture_take(c, sizeof *r);
	if (!r)
		return;
	r->flow = f;
	r->bound = t->session.reply.bnd;
	r->asked = t->session.request.dst;
	s5_addr_unmap(&r->bound);
	put_in(f);
	s5_relayed_init(&r->relayed, t->session.level, &c->budget, on_seen, f);
}

void s5_relays_close(struct s5_flow *f)
{
	struct s5_relay_seen *r = f->relay;

	if (!r)
		return;
	LIST_REMOVE(r, link);
	s5_relayed_fini(&r->relayed);
	s5_capture_give(f->capture, r, sizeof *r);
	f->relay = NULL;
}

static bool same_host(const struct s5_addr *a, const struct s5_addr *b)
{
	return a->atyp == b->atyp && a->len == b->len && !memcmp(a->octets, b->octets, a->len);
}

/* Many a proxy is behind an address that it does not know itself. */
static bool is_relay(const struct s5_flow *f, const struct s5_addr *a)
{
	return a->port == f->relay->bound.port &&
	       (same_host(a, &f->relay->bound) || same_host(a, &f->peer[S5_SERVER]));
}

/* The client's port need not be the one that was asked for. */
static bool fits(const struct s5_flow *f, const struct s5_addr *relay, const struct s5_addr *client,
		 uint16_t port)
{
	return f->relay->client == port && is_relay(f, relay) && same_host(client_of(f), client);
}

/* Of those whose client's port is not known yet the one that asked for this port comes first. */
static struct s5_flow *find(struct s5_capture *c, const struct s5_addr *relay,
			    const struct s5_addr *client)
{
	const struct s5_relay_seen *r;
	struct s5_flow *best = NULL;

	LIST_FOREACH(r, bucket_of(c, relay->port, client, client->port), link)
	if (fits(r->flow, relay, client, client->port))
		return r->flow;
	LIST_FOREACH(r, bucket_of(c, relay->port, client, 0), link)
	{
		if (!fits(r->flow, relay, client, 0))
			continue;
		if (!best || r->asked.port == client->port)
			best = r->flow;
		if (r->asked.port == client->port)
			break;
	}
	return best;
}

static void know_port(struct s5_flow *f, uint16_t port)
{
	if (f->relay->client == port)
		return;
	LIST_REMOVE(f->relay, link);
	f->relay->client = port;
	put_in(f);
}

void s5_relays_datagram(struct s5_capture *c, const struct s5_packet *p, int64_t when)
{
	struct s5_flow *f = find(c, &p->to, &p->from);
	enum s5_role from = f ? S5_CLIENT : S5_SERVER;

	if (!f)
		f = find(c, &p->from, &p->to);
	if (!f)
		return;
	know_port(f, from == S5_CLIENT ? p->from.port : p->to.port);
	f->last = when;
	s5_relayed_recv(&f->relay->relayed, from, p->payload, p->len, when);
	if (p->missing)
		s5_relayed_gap(&f->relay->relayed, from, p->missing, when);
}

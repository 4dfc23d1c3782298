#include <string.h>

#include "dissect/capture.h"

/* The relay of an association, as its reply named it, and who may send to it. */
struct s5_relay_seen {
	struct s5_flow *flow, *next; /* with a relay of the same bucket */
	struct s5_addr bound, asked; /* BND and DST of the dialogue */
	uint16_t client; /* the port of its datagrams; 0: none was seen yet */
	struct s5_relayed relayed;
};

static struct s5_flow **bucket_of(struct s5_capture *c, uint16_t port)
{
	return &c->relays[port % S5_CAPTURE_BUCKETS];
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
	struct s5_flow **bucket;
	struct s5_relay_seen *r;

	if (f->relay || t->version != 5 || t->session.request.cmd != S5_CMD_UDP ||
	    !t->session.reply.bnd.port)
		return;
	f->relay = r = s5_capture_take(c, sizeof *r);
	if (!r)
		return;
	bucket = bucket_of(c, t->session.reply.bnd.port);
	r->flow = f;
	r->next = *bucket;
	*bucket = f;
	r->bound = t->session.reply.bnd;
	r->asked = t->session.request.dst;
	s5_addr_literal(&r->asked);
	s5_addr_unmap(&r->bound);
	s5_addr_unmap(&r->asked);
	s5_relayed_init(&r->relayed, t->session.level, &c->budget, on_seen, f);
}

void s5_relays_close(struct s5_flow *f)
{
	struct s5_relay_seen *r = f->relay;
	struct s5_flow **link;

	if (!r)
		return;
	for (link = bucket_of(f->capture, r->bound.port); *link != f; link = &(*link)->relay->next)
		;
	*link = r->next;
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

/* Several associations may share a relay: the client's port decides. It need not be the one that was
 * asked for. */
static unsigned fits_client(const struct s5_flow *f, const struct s5_addr *a)
{
	if (!same_host(a, &f->peer[S5_CLIENT]) && !same_host(a, &f->relay->asked))
		return 0;
	if (f->relay->client)
		return f->relay->client == a->port ? 3 : 0;
	return f->relay->asked.port == a->port ? 2 : 1;
}

static struct s5_flow *find(struct s5_capture *c, const struct s5_addr *relay,
			    const struct s5_addr *client)
{
	struct s5_flow *best = NULL;
	unsigned most = 0;

	for (struct s5_flow *f = *bucket_of(c, relay->port); f; f = f->relay->next) {
		unsigned fits = is_relay(f, relay) ? fits_client(f, client) : 0;

		if (fits <= most)
			continue;
		best = f;
		most = fits;
	}
	return best;
}

void s5_relays_datagram(struct s5_capture *c, const struct s5_packet *p, int64_t when)
{
	struct s5_flow *f = find(c, &p->to, &p->from);
	enum s5_role from = f ? S5_CLIENT : S5_SERVER;

	if (!f)
		f = find(c, &p->from, &p->to);
	if (!f)
		return;
	f->relay->client = from == S5_CLIENT ? p->from.port : p->to.port;
	f->last = when;
	s5_relayed_recv(&f->relay->relayed, from, p->payload, p->len, when);
	if (p->missing)
		s5_relayed_gap(&f->relay->relayed, from, p->missing, when);
}

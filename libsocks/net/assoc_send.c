#include "net/assoc_send.h"

#include <string.h>
#include <unistd.h>

#define LOOKUPS 16 /* names that one association resolves at a time */
#define NAME_MS 60000 /* a name that nothing was sent to for so long is looked up again */
#define AGAIN_MS 1000 /* and one that could not be resolved after so long */

/* sockets */

/* Bound to the port of the other family's socket where it is free. */
static int far_open(const struct s5_assoc *a, int family)
{
	static const uint8_t any[16];
	const struct s5_addr *source = family ? &a->options->source6 : &a->options->source4;
	struct s5_addr from = family ? s5_addr_ip6(any, 0) : s5_addr_ip4(any, 0);
	struct s5_port_range ports = { 0, 0 };
	int fd;

	if (source->atyp)
		from = *source;
	if (a->far[!family].fd >= 0)
		ports.lo = ports.hi = s5_sock_local(a->far[!family].fd).port;
	fd = s5_sock_bind_range(SOCK_DGRAM, &from, 0, ports);
	if (fd < 0 && ports.lo)
		fd = s5_sock_bind_range(SOCK_DGRAM, &from, 0, (struct s5_port_range){ 0, 0 });
	return fd;
}

/* The socket towards addresses of that kind, or -1. */
static int far_socket(struct s5_assoc *a, uint8_t atyp)
{
	int family = atyp == S5_ATYP_IPV6;
	struct s5_watch *w = &a->far[family];
	int fd = w->fd >= 0 ? w->fd : far_open(a, family);

	if (fd < 0 || fd == w->fd)
		return fd;
	if (s5_sock_set_egress(fd, &a->options->egress) < 0) {
		close(fd);
		return -1;
	}
	s5_udp_tune(fd);
	w->fd = fd;
	if (s5_loop_watch(a->loop, w, EPOLLIN) == 0)
		return fd;
	close(fd);
	w->fd = -1;
	return -1;
}

void s5_assoc_settle(struct s5_assoc *a)
{
	s5_outbox_flush(&a->post->out);
	a->dropped += a->post->out.lost + a->peers.lost;
	a->post->out.lost = 0;
	a->post->nsealed = 0;
	a->peers.lost = 0;
}

/* to a destination */

/* The destination is known, and allowed: what comes from there is let in (s5_udp_filter). */
static void mark_contact(struct s5_assoc *a, struct s5_peer *peer, const struct s5_addr *address)
{
	struct s5_addr contact = *address;

	if (a->options->filter == S5_UDP_FILTER_NONE)
		return;
	if (a->options->filter == S5_UDP_FILTER_ADDRESS)
		contact.port = 0;
	s5_peer_meet(&a->peers, peer, &contact);
}

/* why NULL: the rules deny it. */
static void refuse_peer(struct s5_assoc *a, struct s5_peer *peer, const char *why)
{
	struct s5_addr to = s5_peer_addr(peer);

	if (a->refused)
		a->refused(a, &to, why, !peer->refused);
	peer->refused = true;
	peer->state = S5_PEER_DENIED;
	peer->until = a->loop->now + AGAIN_MS;
	s5_peer_meet(&a->peers, peer, NULL);
	a->dropped += s5_peer_drop_held(&a->peers, peer);
}

/* What it leads to from now on; false: it cannot be reached from here. */
static bool direct_peer(struct s5_assoc *a, struct s5_peer *peer, const struct s5_addr *address)
{
	peer->fd = far_socket(a, address->atyp);
	if (peer->fd < 0 || !s5_route_to(&peer->route, address)) {
		refuse_peer(a, peer, "cannot be reached from here");
		return false;
	}
	peer->state = S5_PEER_READY;
	mark_contact(a, peer, address);
	return true;
}

static void send_up(struct s5_assoc *a, struct s5_peer *peer, const uint8_t *data, size_t len)
{
	struct s5_addr to;

	s5_assoc_count(a, 0, len);
	if (a->forward) {
		to = s5_peer_addr(peer);
		a->forward(a, &to, data, len);
		return;
	}
	s5_outbox_put(&a->post->out, peer->fd, &peer->route, NULL, 0, data, len);
}

static void release_held(struct s5_assoc *a, struct s5_peer *peer)
{
	struct s5_held *held;

	STAILQ_FOREACH(held, &peer->held, link)
	send_up(a, peer, held->data, held->len);
	s5_assoc_settle(a);
	s5_peer_drop_held(&a->peers, peer);
}

/* names */

static void lookup_done(struct s5_lookup *l);

static bool wants_ipv6_first(const struct s5_assoc *a)
{
	return a->options->prefer == S5_PREFER_6 || a->options->prefer == S5_ONLY_6;
}

static void look_up(struct s5_assoc *a, struct s5_peer *peer, enum s5_atyp atyp)
{
	struct s5_addr name = s5_peer_addr(peer);

	s5_lookup_start(&peer->question->lookup, a->resolver, &name, atyp, lookup_done);
}

/* The first address of the answer that the rules allow; false: there is none. */
static bool pick_address(struct s5_assoc *a, struct s5_peer *peer, struct s5_addr *address)
{
	const struct s5_lookup *l = &peer->question->lookup;
	struct s5_addr name = s5_peer_addr(peer);

	for (unsigned i = 0; l->result == S5_LOOKUP_FOUND && i < l->answer.n; i++) {
		const uint8_t *ip = l->answer.ip[i];

		*address = l->atyp == S5_ATYP_IPV4 ? s5_addr_ip4(ip, peer->port)
						   : s5_addr_ip6(ip, peer->port);
		s5_addr_unmap(address);
		if (a->permit(a, &name, address))
			return true;
	}
	return false;
}

/* The other family is asked when the first one has nothing that is allowed. */
static void lookup_done(struct s5_lookup *l)
{
	struct s5_peer *peer = S5_OUTER(l, struct s5_question, lookup)->peer;
	struct s5_assoc *a = peer->owner;
	bool first = (l->atyp == S5_ATYP_IPV6) == wants_ipv6_first(a);
	bool only = a->options->prefer == S5_ONLY_4 || a->options->prefer == S5_ONLY_6;
	bool denied = peer->question->denied || l->result == S5_LOOKUP_FOUND;
	struct s5_addr address;

	if (pick_address(a, peer, &address)) {
		s5_peer_answered(&a->peers, peer);
		if (direct_peer(a, peer, &address))
			release_held(a, peer);
	} else if (first && !only) {
		peer->question->denied = denied;
		look_up(a, peer, l->atyp == S5_ATYP_IPV6 ? S5_ATYP_IPV4 : S5_ATYP_IPV6);
	} else {
		const char *why = denied ? NULL : s5_lookup_text(l->result);

		s5_peer_answered(&a->peers, peer);
		refuse_peer(a, peer, why);
	}
}

static void resolve_peer(struct s5_assoc *a, struct s5_peer *peer)
{
	if (a->peers.questions >= LOOKUPS || !s5_peer_ask(&a->peers, peer))
		return;
	peer->owner = a;
	peer->state = S5_PEER_RESOLVING;
	look_up(a, peer, wants_ipv6_first(a) ? S5_ATYP_IPV6 : S5_ATYP_IPV4);
}

/* Who forwards looks names up: what address one has is not known here, and anybody may answer. */
static void forward_peer(struct s5_assoc *a, struct s5_peer *peer, const struct s5_addr *to)
{
	if (s5_addr_is_numeric_name(to)) {
		refuse_peer(a, peer, s5_lookup_text(S5_LOOKUP_NO_NAME));
		return;
	}
	peer->state = S5_PEER_READY;
	if (s5_addr_is_ip(to))
		mark_contact(a, peer, to);
	else
		a->named = true;
}

/* Where datagrams to this address or name go, now. */
static void judge_peer(struct s5_assoc *a, struct s5_peer *peer, const struct s5_addr *to)
{
	bool name = to->atyp == S5_ATYP_NAME;

	if (!a->permit(a, name ? to : NULL, name ? NULL : to))
		refuse_peer(a, peer, NULL);
	else if (a->forward)
		forward_peer(a, peer, to);
	else if (name)
		resolve_peer(a, peer);
	else
		direct_peer(a, peer, to);
}

static struct s5_peer *peer_for(struct s5_assoc *a, const struct s5_addr *to)
{
	struct s5_peer *peer = s5_peers_find(&a->peers, to);
	int64_t now = a->loop->now;

	if (!peer) {
		/* Another may go for the new one: no run may be on its way there. */
		s5_assoc_settle(a);
		peer = s5_peers_add(&a->peers, to);
	}
	if (!peer)
		return NULL;
	if (peer->state == S5_PEER_NEW || (peer->state == S5_PEER_DENIED && now >= peer->until) ||
	    (peer->atyp == S5_ATYP_NAME && peer->state == S5_PEER_READY &&
	     now - peer->used >= NAME_MS))
		judge_peer(a, peer, to);
	s5_peers_touch(&a->peers, peer, now);
	return peer;
}

void s5_assoc_deliver(struct s5_assoc *a, const struct s5_datagram *d)
{
	struct s5_addr to = d->addr;
	struct s5_peer *peer;

	s5_addr_literal(&to);
	s5_addr_unmap(&to);
	peer = peer_for(a, &to);
	if (!peer || (peer->state != S5_PEER_READY && peer->state != S5_PEER_RESOLVING) ||
	    (a->shaper && !s5_shaper_pass(a->shaper, 0, d->len, a->loop->now)))
		a->dropped++;
	else if (peer->state == S5_PEER_READY)
		send_up(a, peer, d->data, d->len);
	else
		a->dropped += !s5_peer_hold(&a->peers, peer, d->data, d->len);
}

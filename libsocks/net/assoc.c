#include "net/assoc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/message.h"

#define TURN 4 /* batches a socket may take before others have their turn */
#define LOOKUPS 16 /* names that one association resolves at a time */
#define NAME_MS 60000 /* a name that nothing was sent to for so long is looked up again */
#define AGAIN_MS 1000 /* and one that could not be resolved after so long */
#define SHARED_OCTETS (8u << 20) /* held by all associations of a loop */

int s5_post_init(struct s5_post *post)
{
	s5_outbox_init(&post->out);
	post->budget = (struct s5_budget){ .limit = SHARED_OCTETS };
	return s5_inbox_init(&post->in);
}

void s5_post_fini(struct s5_post *post)
{
	s5_inbox_fini(&post->in);
}

/* sockets */

static void far4_ready(struct s5_watch *w, uint32_t events);
static void far6_ready(struct s5_watch *w, uint32_t events);

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
	fd = s5_sock_bind_range(SOCK_DGRAM, &from, ports);
	if (fd < 0 && ports.lo)
		fd = s5_sock_bind_range(SOCK_DGRAM, &from, (struct s5_port_range){ 0, 0 });
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
	s5_udp_tune(fd);
	*w = (struct s5_watch){ .fd = fd, .ready = family ? far6_ready : far4_ready };
	if (s5_loop_watch(a->loop, w, EPOLLIN) == 0)
		return fd;
	close(fd);
	w->fd = -1;
	return -1;
}

static void socket_close(struct s5_assoc *a, struct s5_watch *w)
{
	if (w->fd < 0)
		return;
	s5_loop_unwatch(a->loop, w);
	close(w->fd);
	w->fd = -1;
}

static void settle(struct s5_assoc *a)
{
	s5_outbox_flush(&a->post->out);
	a->dropped += a->post->out.lost;
	a->post->out.lost = 0;
}

/* to a destination */

/* The destination is known, and allowed: what comes from there is let in (s5_udp_filter). */
static void mark_contact(struct s5_assoc *a, const struct s5_addr *address)
{
	struct s5_addr contact = *address;
	struct s5_peer *peer;

	if (a->options->filter == S5_UDP_FILTER_NONE)
		return;
	if (a->options->filter == S5_UDP_FILTER_ADDRESS)
		contact.port = 0; /* no destination has port 0 */
	peer = s5_peers_find(&a->peers, &contact);
	if (!peer)
		peer = s5_peers_add(&a->peers, &contact);
	if (peer)
		s5_peers_touch(&a->peers, peer, a->loop->now);
}

static void refuse_peer(struct s5_assoc *a, struct s5_peer *peer)
{
	peer->state = S5_PEER_DENIED;
	peer->until = a->loop->now + AGAIN_MS;
	a->dropped += s5_peer_drop_held(&a->peers, peer);
}

/* What it leads to from now on; false: it cannot be reached from here. */
static bool direct_peer(struct s5_assoc *a, struct s5_peer *peer, const struct s5_addr *address)
{
	peer->fd = far_socket(a, address->atyp);
	if (peer->fd < 0 || !s5_route_to(&peer->route, address)) {
		refuse_peer(a, peer);
		return false;
	}
	peer->state = S5_PEER_READY;
	mark_contact(a, address);
	return true;
}

static void send_up(struct s5_assoc *a, struct s5_peer *peer, const uint8_t *data, size_t len)
{
	a->up.octets += len;
	a->up.datagrams++;
	s5_outbox_put(&a->post->out, peer->fd, &peer->route, NULL, 0, data, len);
}

static void release_held(struct s5_assoc *a, struct s5_peer *peer)
{
	struct s5_held *held;

	STAILQ_FOREACH(held, &peer->held, link)
	send_up(a, peer, held->data, held->len);
	settle(a);
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

static void end_lookup(struct s5_assoc *a, struct s5_peer *peer)
{
	free(peer->question);
	peer->question = NULL;
	a->lookups--;
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
	struct s5_addr address;

	if (pick_address(a, peer, &address)) {
		end_lookup(a, peer);
		if (direct_peer(a, peer, &address))
			release_held(a, peer);
	} else if (first && !only) {
		look_up(a, peer, l->atyp == S5_ATYP_IPV6 ? S5_ATYP_IPV4 : S5_ATYP_IPV6);
	} else {
		end_lookup(a, peer);
		refuse_peer(a, peer);
	}
}

static void resolve_peer(struct s5_assoc *a, struct s5_peer *peer)
{
	if (a->lookups < LOOKUPS)
		peer->question = calloc(1, sizeof *peer->question);
	if (!peer->question)
		return;
	peer->question->peer = peer;
	peer->owner = a;
	peer->state = S5_PEER_RESOLVING;
	a->lookups++;
	look_up(a, peer, wants_ipv6_first(a) ? S5_ATYP_IPV6 : S5_ATYP_IPV4);
}

/* Where datagrams to this address or name go, now. */
static void judge_peer(struct s5_assoc *a, struct s5_peer *peer, const struct s5_addr *to)
{
	bool name = to->atyp == S5_ATYP_NAME;

	if (!a->permit(a, name ? to : NULL, name ? NULL : to))
		refuse_peer(a, peer);
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
		settle(a); /* another may go for the new one, while a run is on its way there */
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

/* data must be good until the batch is settled. */
static void deliver(struct s5_assoc *a, const struct s5_datagram *d)
{
	struct s5_addr to = d->addr;
	struct s5_peer *peer;

	s5_addr_literal(&to);
	s5_addr_unmap(&to);
	peer = peer_for(a, &to);
	if (peer && peer->state == S5_PEER_READY)
		send_up(a, peer, d->data, d->len);
	else if (!peer || peer->state != S5_PEER_RESOLVING ||
		 !s5_peer_hold(&a->peers, peer, d->data, d->len))
		a->dropped++;
}

/* from the client */

/* R1928-U.4 to U.7: nobody but the client, and from its first valid datagram on only that port. */
static bool is_client(const struct s5_assoc *a, const struct s5_addr *from)
{
	return from->atyp == a->client.atyp && !memcmp(from->octets, a->client.octets, from->len) &&
	       (!a->client.port || from->port == a->client.port);
}

/* From here on the kernel keeps strangers away. */
static void pin(struct s5_assoc *a, const struct s5_sockaddr *from, uint16_t port)
{
	a->client.port = port;
	a->pinned = connect(a->near.fd, &from->sa, from->len) == 0;
	memset(&a->back, 0, sizeof a->back);
	if (a->pinned)
		return;
	memcpy(&a->back.in6, &from->in6, from->len);
	a->back.len = (uint8_t)from->len;
}

/* R1928-U.12: what makes no sense is dropped in silence. */
static bool read_header(const struct s5_parcel *parcel, struct s5_datagram *d)
{
	struct s5_reader in = s5_reader_over(parcel->data, parcel->len);

	return s5_datagram_get(&in, d) == S5_OK && !d->rsv && d->addr.port &&
	       s5_name_fault(&d->addr) == S5_NOTE_NONE;
}

static void arm_fragments(struct s5_assoc *a)
{
	if (a->frag.deadline)
		s5_timer_set(a->loop, &a->fragments, a->frag.deadline);
	else
		s5_timer_stop(a->loop, &a->fragments);
}

/* What was put together is good until the next fragment only: it leaves at once. */
static void reassemble(struct s5_assoc *a, struct s5_datagram *d)
{
	enum s5_frag_result r = s5_frag_add(&a->frag, d, a->loop->now);

	if (r == S5_FRAG_WHOLE) {
		deliver(a, d);
		settle(a);
	}
	if (r == S5_FRAG_DROPPED)
		a->dropped++;
	arm_fragments(a);
}

static void take_up(struct s5_assoc *a, const struct s5_parcel *parcel)
{
	struct s5_addr from = s5_sockaddr_to(parcel->from);
	struct s5_datagram d;

	if (!is_client(a, &from) || !read_header(parcel, &d)) {
		a->dropped++;
		return;
	}
	if (!a->pinned)
		pin(a, parcel->from, from.port);
	if (d.frag || a->frag.deadline)
		reassemble(a, &d);
	else
		deliver(a, &d);
}

/* What take makes of each datagram that has come. */
static void pump(struct s5_assoc *a, int fd,
		 void (*take)(struct s5_assoc *a, const struct s5_parcel *parcel))
{
	struct s5_inbox *in = &a->post->in;
	struct s5_parcel parcel;
	int n = S5_BATCH;

	a->seen = a->loop->now;
	for (int i = 0; i < TURN && n == S5_BATCH; i++) {
		n = s5_inbox_receive(in, fd);
		while (s5_inbox_next(in, &parcel))
			take(a, &parcel);
		settle(a);
	}
}

static void near_ready(struct s5_watch *w, uint32_t events)
{
	(void)events;
	pump(S5_OUTER(w, struct s5_assoc, near), w->fd, take_up);
}

/* to the client */

static bool is_welcome(struct s5_assoc *a, const struct s5_addr *from)
{
	struct s5_addr contact = *from;

	if (a->options->filter == S5_UDP_FILTER_ADDRESS)
		contact.port = 0;
	return a->options->filter == S5_UDP_FILTER_NONE || s5_peers_find(&a->peers, &contact);
}

static void take_down(struct s5_assoc *a, const struct s5_parcel *parcel)
{
	struct s5_datagram d = { .addr = s5_sockaddr_to(parcel->from) };
	uint8_t head[S5_BATCH_HEAD];
	struct s5_writer out = s5_writer_over(head, sizeof head);

	if (!a->client.port || !is_welcome(a, &d.addr)) {
		a->dropped++;
		return;
	}
	s5_datagram_put(&out, &d);
	a->down.octets += parcel->len;
	a->down.datagrams++;
	s5_outbox_put(&a->post->out, a->near.fd, &a->back, head, out.len, parcel->data,
		      parcel->len);
}

static void far4_ready(struct s5_watch *w, uint32_t events)
{
	(void)events;
	pump(S5_OUTER(w, struct s5_assoc, far[0]), w->fd, take_down);
}

static void far6_ready(struct s5_watch *w, uint32_t events)
{
	(void)events;
	pump(S5_OUTER(w, struct s5_assoc, far[1]), w->fd, take_down);
}

/* life */

static void quiet_fire(struct s5_timer *t)
{
	struct s5_assoc *a = S5_OUTER(t, struct s5_assoc, quiet);
	int64_t end = a->seen + a->options->idle;

	if (a->loop->now >= end)
		a->idle(a);
	else
		s5_timer_set(a->loop, t, end);
}

static void fragments_fire(struct s5_timer *t)
{
	struct s5_assoc *a = S5_OUTER(t, struct s5_assoc, fragments);

	s5_frag_expire(&a->frag, a->loop->now);
	arm_fragments(a);
}

int s5_assoc_start(struct s5_assoc *a, int fd)
{
	int rc;

	a->near = (struct s5_watch){ .fd = fd, .ready = near_ready };
	a->far[0].fd = a->far[1].fd = -1;
	a->quiet.fire = quiet_fire;
	a->fragments.fire = fragments_fire;
	a->seen = a->loop->now;
	s5_peers_init(&a->peers, &a->post->budget);
	s5_frag_init(&a->frag, &a->post->budget, S5_FRAG_TIMEOUT);
	rc = s5_loop_watch(a->loop, &a->near, EPOLLIN);
	if (rc == 0 && a->options->idle)
		rc = s5_timer_set(a->loop, &a->quiet, a->seen + a->options->idle);
	if (rc == 0)
		return 0;
	s5_loop_unwatch(a->loop, &a->near);
	s5_timer_stop(a->loop, &a->quiet);
	a->loop = NULL;
	return rc;
}

void s5_assoc_stop(struct s5_assoc *a)
{
	if (!a->loop)
		return;
	socket_close(a, &a->near);
	socket_close(a, &a->far[0]);
	socket_close(a, &a->far[1]);
	s5_timer_stop(a->loop, &a->quiet);
	s5_timer_stop(a->loop, &a->fragments);
	s5_frag_fini(&a->frag);
	s5_peers_fini(&a->peers);
	a->loop = NULL;
}

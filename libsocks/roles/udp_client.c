#include "roles/udp_client.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define ROOM 65536 /* octets of the largest datagram there is */
#define BATCH 32 /* datagrams received in a turn */
#define LAST_BATCH 4096 /* and when there will be no other */

/* the control connections */

static void drop_control(struct s5_udp_client *u, struct s5_udp_hop *hop)
{
	if (!hop->client)
		return;
	s5_loop_unwatch(u->loop, &hop->control);
	close(hop->control.fd);
	s5_seal_free(hop->seal);
	hop->seal = NULL;
	hop->client = NULL;
}

static void receive(struct s5_udp_client *u, int most);

/* Octets on it mean nothing, its end means the end. What came before it is taken first, and the owner
 * may then have had enough. */
static void control_ready(struct s5_watch *w, uint32_t events)
{
	struct s5_udp_hop *hop = S5_OUTER(w, struct s5_udp_hop, control);
	struct s5_udp_client *u = hop->client;
	uint8_t octets[512];
	ssize_t n = recv(w->fd, octets, sizeof octets, 0);
	int error = n < 0 ? errno : 0;
	bool running = u->running;

	(void)events;
	if (n > 0 || error == EAGAIN || error == EINTR)
		return;
	receive(u, LAST_BATCH);
	if (running && !u->running)
		return;
	drop_control(u, hop);
	u->lost(u, (size_t)(hop - u->hops), error);
}

/* Where this hop's relay is: as the reply says, unless that is no address one could send to. */
static struct s5_addr relay_of(const struct s5_udp_client *u, const struct s5_client *c)
{
	struct s5_addr relay = s5_client_bound(c);
	uint16_t port = relay.port;

	if (!s5_addr_is_ip(&relay) || u->proxy_address)
		relay = s5_client_proxy(c, relay.atyp);
	relay.port = port;
	return relay;
}

int s5_udp_client_join(struct s5_udp_client *u, struct s5_client *c)
{
	struct s5_udp_hop *hop = &u->hops[u->nhops];

	hop->relay = relay_of(u, c);
	hop->control = (struct s5_watch){ .fd = c->fd, .ready = control_ready };
	hop->client = u;
	s5_frag_init(&hop->frag, u->budget, S5_FRAG_TIMEOUT);
	hop->seal = c->seal;
	c->fd = -1;
	c->seal = NULL;
	u->nhops++;
	s5_loop_rewatch(u->loop, &hop->control, EPOLLIN);
	return hop->relay.port ? 0 : -EPROTO;
}

/* headers */

/* A message inside the seal of that hop; or as it is. What `w` holds is replaced, by way of
 * `other`. */
static bool seal(const struct s5_udp_hop *hop, struct s5_writer *w, struct s5_writer *other)
{
	struct s5_writer whole = *w;

	if (!hop->seal)
		return true;
	other->len = 0;
	if (s5_seal_wrap_datagram(hop->seal, w->data, w->len, other) != S5_OK)
		return false;
	*w = *other;
	*other = whole;
	return true;
}

/* The header of hop i and what is behind it, which *w holds so far; likewise. */
static bool put_header(const struct s5_udp_client *u, size_t i, const struct s5_addr *to,
		       uint8_t frag, struct s5_writer *w, struct s5_writer *other)
{
	bool last = i + 1 == u->nhops;
	struct s5_datagram d = { .frag = last ? frag : 0,
				 .addr = last ? *to : u->hops[i + 1].relay };
	struct s5_writer whole = *w;

	other->len = 0;
	s5_datagram_put(other, &d);
	s5_put_octets(other, w->data, w->len);
	*w = *other;
	*other = whole;
	return w->rc == S5_OK;
}

size_t s5_udp_client_limit(const struct s5_udp_client *u, const struct s5_addr *to)
{
	size_t room = S5_UDP_PAYLOAD_MAX;

	for (size_t i = 0; i < u->nhops; i++) {
		size_t n = s5_datagram_header_size(i + 1 < u->nhops ? &u->hops[i + 1].relay : to);

		if (u->hops[i].seal)
			room = s5_seal_datagram_limit(u->hops[i].seal, room);
		room -= n < room ? n : room;
	}
	return room;
}

/* Reads the header of hop i in front of *d, which becomes what is behind it; or *why not. */
static enum s5_rc get_header(struct s5_udp_client *u, size_t i, enum s5_role sender,
			     struct s5_datagram *d, const char **why)
{
	struct s5_trace trace = { .nspans = 0 };
	struct s5_reader in = s5_reader_over(d->data, d->len);
	const struct s5_datagram outer = *d;

	in.trace = u->watch ? &trace : NULL;
	if (s5_datagram_get(&in, d) != S5_OK) {
		*why = in.rc == S5_MORE ? "it is shorter than its header" : s5_note_text(in.why);
		return S5_BAD;
	}
	if (u->watch)
		u->watch(u, i, sender, outer.data, outer.len, &trace);
	return S5_OK;
}

/* Before it is sealed. */
static void show_sent(struct s5_udp_client *u, size_t i, const struct s5_writer *w)
{
	struct s5_datagram d = { .data = w->data, .len = w->len };
	const char *why;

	if (u->watch)
		get_header(u, i, S5_CLIENT, &d, &why);
}

/* sending */

static int wait_writable(struct s5_udp_client *u)
{
	u->waiting = u->writable != NULL;
	if (u->waiting)
		s5_loop_rewatch(u->loop, &u->socket, EPOLLIN | EPOLLOUT);
	return -EAGAIN;
}

/* What ICMP told of an earlier datagram comes instead of this one's sending, once. */
static int send_octets(struct s5_udp_client *u, const struct s5_writer *w)
{
	int error = 0;

	for (int try = 0; try < 2; try++) {
		if (send(u->socket.fd, w->data, w->len, MSG_NOSIGNAL) >= 0) {
			if (error)
				u->trouble(u, error);
			return 0;
		}
		error = errno;
		if (error == EAGAIN)
			return wait_writable(u);
		if (error == EMSGSIZE)
			break;
	}
	return -error;
}

/* From the inside out: the last hop's header goes next to the data. */
static int send_one(struct s5_udp_client *u, const struct s5_addr *to, uint8_t frag,
		    const void *data, size_t len)
{
	uint8_t octets[2][ROOM];
	struct s5_writer w = s5_writer_over(octets[0], ROOM),
			 other = s5_writer_over(octets[1], ROOM);

	s5_put_octets(&w, data, len);
	if (w.rc != S5_OK)
		return -EMSGSIZE;
	for (size_t i = u->nhops; i-- > 0;) {
		if (!put_header(u, i, to, frag, &w, &other))
			return -EMSGSIZE;
		show_sent(u, i, &w);
		if (!seal(&u->hops[i], &w, &other))
			return -EMSGSIZE;
	}
	return send_octets(u, &w);
}

int s5_udp_client_send(struct s5_udp_client *u, const struct s5_addr *to, const void *data,
		       size_t len)
{
	if (len > s5_udp_client_limit(u, to))
		return -EMSGSIZE;
	return send_one(u, to, 0, data, len);
}

int s5_udp_client_send_pieces(struct s5_udp_client *u, const struct s5_addr *to, const void *data,
			      size_t len, size_t size)
{
	unsigned count = s5_frag_count(len, size);
	int rc = 0;

	if (size > s5_udp_client_limit(u, to))
		return -EMSGSIZE;
	if (!count)
		return -E2BIG;
	for (unsigned i = 0; i < count && rc == 0; i++) {
		struct s5_slice piece = s5_frag_slice(len, size, i);

		rc = send_one(u, to, piece.frag, (const uint8_t *)data + piece.off, piece.len);
	}
	return rc;
}

/* receiving */

/* Whether what hop i - 1 says it got from `from` is hop i's. Of a relay that is known by its
 * proxy's name the address is not: its port has to do. */
static bool is_relay(const struct s5_addr *relay, const struct s5_addr *from)
{
	return relay->atyp == S5_ATYP_NAME ? relay->port == from->port : s5_addr_equal(relay, from);
}

static void tell_dropped(struct s5_udp_client *u, size_t hop, const char *why)
{
	if (u->dropped)
		u->dropped(u, hop, why);
}

/* One timer for the queues of all hops: the first that is due sets it. */
static void arm_fragments(struct s5_udp_client *u)
{
	int64_t first = 0;

	for (size_t i = 0; i < u->nhops; i++) {
		int64_t at = u->hops[i].frag.deadline;

		if (at && (!first || at < first))
			first = at;
	}
	if (first)
		s5_timer_set(u->loop, &u->fragments, first);
	else
		s5_timer_stop(u->loop, &u->fragments);
}

static void fragments_fire(struct s5_timer *t)
{
	struct s5_udp_client *u = S5_OUTER(t, struct s5_udp_client, fragments);

	for (size_t i = 0; i < u->nhops; i++)
		if (s5_frag_expire(&u->hops[i].frag, u->loop->now))
			tell_dropped(u, i, s5_loss_text(S5_LOSS_TIMER));
	arm_fragments(u);
}

/* True when *d is a whole datagram. */
static bool reassemble(struct s5_udp_client *u, size_t i, struct s5_datagram *d)
{
	struct s5_frag *f = &u->hops[i].frag;
	enum s5_frag_result result = s5_frag_add(f, d, u->loop->now);

	if (f->loss != S5_LOSS_NONE)
		tell_dropped(u, i, s5_loss_text(f->loss));
	arm_fragments(u);
	return result == S5_FRAG_WHOLE;
}

/* *d becomes what is inside the seal of hop i, if there is one. */
static bool unseal(const struct s5_udp_client *u, size_t i, struct s5_datagram *d, const char **why)
{
	enum s5_seal_fault fault;

	if (!u->hops[i].seal)
		return true;
	/* The view leads into the buffer of receive(), or into a reassembler's. */
	fault = s5_seal_unwrap_datagram(u->hops[i].seal, (uint8_t *)(uintptr_t)d->data, d->len,
					&d->data, &d->len);
	*why = fault == S5_SEAL_GOOD ? NULL : s5_seal_text(fault);
	return fault == S5_SEAL_GOOD;
}

/* Takes what hop i added off *d; false when that was all, or it was dropped. */
static bool unwrap(struct s5_udp_client *u, size_t i, struct s5_datagram *d)
{
	const char *why = NULL;

	if (i > 0 && !is_relay(&u->hops[i].relay, &d->addr))
		why = "it is from another sender than the relay";
	else if (!unseal(u, i, d, &why))
		;
	else if (get_header(u, i, S5_SERVER, d, &why) == S5_OK && d->rsv)
		why = s5_note_text(S5_NOTE_RSV);
	if (why) {
		tell_dropped(u, i, why);
		return false;
	}
	if ((d->frag || u->hops[i].frag.deadline) && !reassemble(u, i, d))
		return false;
	s5_addr_unmap(&d->addr);
	return true;
}

static void take(struct s5_udp_client *u, const uint8_t *octets, size_t len)
{
	struct s5_datagram d = { .addr = u->peer, .data = octets, .len = len };

	for (size_t i = 0; i < u->nhops; i++)
		if (!unwrap(u, i, &d))
			return;
	u->received(u, &d.addr, d.data, d.len);
}

static void receive(struct s5_udp_client *u, int most)
{
	uint8_t octets[ROOM];

	for (int i = 0; i < most && u->running; i++) {
		ssize_t n = recv(u->socket.fd, octets, sizeof octets, 0);

		if (n >= 0)
			take(u, octets, (size_t)n);
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			u->trouble(u, errno);
	}
}

static void socket_ready(struct s5_watch *w, uint32_t events)
{
	struct s5_udp_client *u = S5_OUTER(w, struct s5_udp_client, socket);

	if ((events & EPOLLOUT) && u->waiting) {
		u->waiting = false;
		s5_loop_rewatch(u->loop, w, EPOLLIN);
		u->writable(u);
	}
	receive(u, BATCH);
}

/* A connected socket or -errno. */
static int open_socket(const struct s5_udp_client *u, const struct s5_addr *peer)
{
	static const uint8_t any[16];
	struct s5_addr from = u->source;
	struct s5_sockaddr sa;
	int fd, rc;

	if (!from.atyp)
		from = peer->atyp == S5_ATYP_IPV6 ? s5_addr_ip6(any, from.port)
						  : s5_addr_ip4(any, from.port);
	fd = s5_sock_udp(&from);
	if (fd < 0)
		return fd;
	rc = s5_sock_set_egress(fd, &u->egress);
	if (rc == 0 && !s5_sockaddr_from(&sa, peer))
		rc = -EDESTADDRREQ;
	if (rc == 0 && connect(fd, &sa.sa, sa.len) < 0)
		rc = -errno;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

int s5_udp_client_start(struct s5_udp_client *u)
{
	const struct s5_addr *peer = u->nhops ? &u->hops[0].relay : &u->peer;
	int fd = open_socket(u, peer);

	if (fd < 0)
		return fd;
	u->socket = (struct s5_watch){ .fd = fd, .ready = socket_ready };
	u->fragments.fire = fragments_fire;
	u->running = true;
	return s5_loop_watch(u->loop, &u->socket, EPOLLIN);
}

void s5_udp_client_fini(struct s5_udp_client *u)
{
	for (size_t i = 0; i < u->nhops; i++) {
		drop_control(u, &u->hops[i]);
		s5_frag_fini(&u->hops[i].frag);
	}
	if (!u->running)
		return;
	s5_timer_stop(u->loop, &u->fragments);
	s5_loop_unwatch(u->loop, &u->socket);
	close(u->socket.fd);
	u->running = false;
}

#include "net/assoc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/assoc_send.h"
#include "wire/message.h"

#define TURN 256 /* datagrams a socket may take before others have their turn, about */
#define BATCH_FIRST 8 /* messages; more once they turn out to be single datagrams */
#define SEALED_ROOM (4 * S5_DATAGRAM_ROOM)
#define SHARED_OCTETS (8u << 20) /* held by all associations of a loop */

int s5_post_init(struct s5_post *post)
{
	s5_outbox_init(&post->out);
	post->budget = (struct s5_budget){ .limit = SHARED_OCTETS };
	return s5_inbox_init(&post->in);
}

void s5_post_fini(struct s5_post *post)
{
	free(post->sealed);
	s5_inbox_fini(&post->in);
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

/* R1928-U.12, R1961-5.12: what makes no sense is dropped in silence. */
static bool read_header(struct s5_assoc *a, const struct s5_parcel *parcel, struct s5_datagram *d)
{
	const uint8_t *plain = parcel->data;
	size_t n = parcel->len;
	struct s5_reader in;

	if (a->seal &&
	    s5_seal_unwrap_datagram(a->seal, parcel->data, parcel->len, &plain, &n) != S5_SEAL_GOOD)
		return false;
	in = s5_reader_over(plain, n);
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
		s5_assoc_deliver(a, d);
		s5_assoc_settle(a);
	}
	if (r == S5_FRAG_DROPPED || a->frag.loss != S5_LOSS_NONE)
		a->dropped++;
	arm_fragments(a);
}

static void take_up(struct s5_assoc *a, const struct s5_parcel *parcel)
{
	struct s5_addr from = s5_sockaddr_to(parcel->from);
	struct s5_datagram d;

	if (!is_client(a, &from) || !read_header(a, parcel, &d)) {
		a->dropped++;
		return;
	}
	a->seen = a->loop->now;
	if (!a->pinned)
		pin(a, parcel->from, from.port);
	if (d.frag || a->frag.deadline)
		reassemble(a, &d);
	else
		s5_assoc_deliver(a, &d);
}

/* One receive; returns how many datagrams it brought, 0 when no more are there. */
static unsigned pump_batch(struct s5_assoc *a, int fd,
			   void (*take)(struct s5_assoc *a, const struct s5_parcel *parcel))
{
	struct s5_inbox *in = &a->post->in;
	struct s5_parcel parcel;
	unsigned n = 0, most = a->batch;
	bool more = s5_inbox_receive(in, fd, most) == (int)most;

	for (; s5_inbox_next(in, &parcel); n++)
		take(a, &parcel);
	s5_assoc_settle(a);
	if (n > TURN && a->batch > 1)
		a->batch /= 2;
	else if (n < TURN / 4 && more && a->batch < S5_BATCH)
		a->batch = (uint8_t)(a->batch * 2);
	return more ? n : 0;
}

/* What take makes of each datagram that has come. One message can bring many (UDP_GRO): whoever
 * sends so gets fewer messages a turn. */
static void pump(struct s5_assoc *a, int fd,
		 void (*take)(struct s5_assoc *a, const struct s5_parcel *parcel))
{
	unsigned n, taken = 0;

	do {
		n = pump_batch(a, fd, take);
		taken += n;
	} while (n && taken < TURN);
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
	return a->options->filter == S5_UDP_FILTER_NONE ||
	       s5_contacts_find(&a->peers.contacts, &contact);
}

/* Behind the sealed datagrams that wait there is room to put one together in clear. */
static bool get_sealed_room(struct s5_post *post)
{
	if (!post->sealed)
		post->sealed = malloc(SEALED_ROOM + S5_BATCH_HEAD + S5_DATAGRAM_ROOM);
	return post->sealed;
}

/* R1961-5.11. What waits leaves when there is no room for another. */
static void put_sealed(struct s5_assoc *a, const uint8_t *head, size_t nhead, const uint8_t *data,
		       size_t len)
{
	struct s5_post *post = a->post;
	uint8_t *plain;
	struct s5_writer out;

	if (!get_sealed_room(post)) {
		a->dropped++;
		return;
	}
	if (post->nsealed + S5_DATAGRAM_ROOM > SEALED_ROOM)
		s5_assoc_settle(a);
	plain = post->sealed + SEALED_ROOM;
	memcpy(plain, head, nhead);
	memcpy(plain + nhead, data, len);
	out = s5_writer_over(post->sealed + post->nsealed, S5_DATAGRAM_ROOM);
	if (s5_seal_wrap_datagram(a->seal, plain, nhead + len, &out) != S5_OK) {
		a->dropped++;
		return;
	}
	post->nsealed += out.len;
	s5_outbox_put(&post->out, a->near.fd, &a->back, NULL, 0, out.data, out.len);
}

static void send_down(struct s5_assoc *a, const struct s5_addr *from, const uint8_t *data,
		      size_t len)
{
	struct s5_datagram d = { .addr = *from };
	uint8_t head[S5_BATCH_HEAD];
	struct s5_writer out = s5_writer_over(head, sizeof head);

	s5_datagram_put(&out, &d);
	if (out.rc != S5_OK || !a->client.port ||
	    (a->shaper && !s5_shaper_pass(a->shaper, 1, len, a->loop->now))) {
		a->dropped++;
		return;
	}
	a->seen = a->loop->now;
	s5_assoc_count(a, 1, len);
	if (a->seal)
		put_sealed(a, head, out.len, data, len);
	else
		s5_outbox_put(&a->post->out, a->near.fd, &a->back, head, out.len, data, len);
}

static void take_down(struct s5_assoc *a, const struct s5_parcel *parcel)
{
	struct s5_addr from = s5_sockaddr_to(parcel->from);

	if (is_welcome(a, &from))
		send_down(a, &from, parcel->data, parcel->len);
	else
		a->dropped++;
}

void s5_assoc_give(struct s5_assoc *a, const struct s5_addr *from, const uint8_t *data, size_t len)
{
	if (s5_addr_is_ip(from) && (a->named || is_welcome(a, from)))
		send_down(a, from, data, len);
	else
		a->dropped++;
	s5_assoc_settle(a);
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

	a->dropped += s5_frag_expire(&a->frag, a->loop->now);
	arm_fragments(a);
}

int s5_assoc_start(struct s5_assoc *a, int fd)
{
	int rc;

	a->near = (struct s5_watch){ .fd = fd, .ready = near_ready };
	a->far[0] = (struct s5_watch){ .fd = -1, .ready = far4_ready };
	a->far[1] = (struct s5_watch){ .fd = -1, .ready = far6_ready };
	a->quiet.fire = quiet_fire;
	a->fragments.fire = fragments_fire;
	a->seen = a->loop->now;
	a->batch = BATCH_FIRST;
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

static void socket_close(struct s5_assoc *a, struct s5_watch *w)
{
	if (w->fd < 0)
		return;
	s5_loop_unwatch(a->loop, w);
	close(w->fd);
	w->fd = -1;
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
	s5_seal_free(a->seal);
	a->seal = NULL;
	a->loop = NULL;
}

#include "speed_datagrams.h"

#include <string.h>

#include "speed.h"
#include "wire/udp.h"

#define BURST 64 /* datagrams in a call */
#define SHORTEST 20000000 /* ns: what has not come back for so long may be lost */
#define LONGEST 1000000000 /* and for so long is */

bool speed_datagrams_set_head(struct speed_association *a)
{
	const struct s5_udp_client *u = &a->client;
	struct s5_writer head = s5_writer_over(a->head, sizeof(a->head));

	for (size_t i = 0; i < u->nhops; i++) {
		struct s5_datagram d = { .addr = i + 1 < u->nhops ? u->hops[i + 1].relay
								  : u->peer };

		if (u->hops[i].seal)
			return false;
		s5_datagram_put(&head, &d);
	}
	a->nhead = head.len;
	a->clear = head.rc == S5_OK;
	return a->clear;
}

/* sending */

static uint32_t burst_send(struct speed_association *a, uint32_t n)
{
	size_t rest = a->stream->measure->bytes - SPEED_NUMBER;
	uint32_t numbers[BURST];
	struct iovec iov[BURST][3];
	struct mmsghdr msg[BURST];
	int sent;

	for (uint32_t i = 0; i < n; i++) {
		numbers[i] = a->sent + i;
		iov[i][0] = (struct iovec){ a->head, a->nhead };
		iov[i][1] = (struct iovec){ &numbers[i], SPEED_NUMBER };
		iov[i][2] = (struct iovec){ a->payload, rest };
		msg[i].msg_hdr = (struct msghdr){ .msg_iov = iov[i], .msg_iovlen = 3 };
	}
	sent = sendmmsg(a->client.socket.fd, msg, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	return sent < 0 ? 0 : (uint32_t)sent;
}

static uint32_t sealed_send(struct speed_association *a)
{
	memcpy(a->payload, &a->sent, SPEED_NUMBER);
	return s5_udp_client_send(&a->client, &a->client.peer, a->payload,
				  a->stream->measure->bytes) == 0;
}

void speed_datagrams_fill(struct speed_association *a)
{
	const struct speed_measure *m = a->stream->measure;
	uint32_t window =
		m->kind->unit == SPEED_UNIT_STREAMS ? !a->sent : (uint32_t)m->speed->options.window;

	while (a->sent - a->past < window) {
		uint32_t room = window - (a->sent - a->past);
		int64_t now = speed_clock();
		uint32_t n = a->clear ? burst_send(a, room < BURST ? room : BURST) : sealed_send(a);

		if (!n)
			break;
		for (; n > 0; n--)
			a->times[a->sent++ & (a->ring - 1)] = now;
	}
}

/* receiving */

/* Those before `number` that are not back are lost, unless they come late. */
static void advance(struct speed_association *a, uint32_t to)
{
	struct speed_measure *m = a->stream->measure;

	m->sent += to - a->past;
	m->lost += to - a->past;
	a->past = to;
}

void speed_datagram_take(struct speed_association *a, const uint8_t *data, size_t n, size_t len,
			 int64_t now)
{
	struct speed_measure *m = a->stream->measure;
	uint32_t number, slot;
	int64_t took;

	if (n < SPEED_NUMBER || len != m->bytes)
		return;
	memcpy(&number, data, SPEED_NUMBER);
	slot = number & (a->ring - 1);
	if (a->sent - 1 - number >= a->ring || !a->times[slot])
		return; /* never sent, too late, or back already */
	if (number - a->past < a->sent - a->past)
		advance(a, number + 1);
	m->lost -= m->lost > 0;
	m->done++;
	took = now - a->times[slot];
	a->times[slot] = 0;
	a->slowest = took > a->slowest ? took : a->slowest;
	a->came = now;
	a->stream->talks = m->talked = true;
	speed_measure_add(m, SPEED_TRIP, took);
}

/* Behind the headers of the relays. */
static void take(struct speed_association *a, const uint8_t *octets, size_t n, size_t len,
		 int64_t now)
{
	struct s5_datagram d = { .data = octets, .len = n };

	for (size_t i = 0; i < a->client.nhops; i++) {
		struct s5_reader in = s5_reader_over(d.data, d.len);

		if (s5_datagram_get(&in, &d) != S5_OK || d.frag)
			return;
	}
	speed_datagram_take(a, d.data, d.len, len - (size_t)(d.data - octets), now);
}

void speed_datagrams_receive(struct speed_association *a)
{
	static uint8_t heads[BURST][SPEED_HEAD];
	struct mmsghdr msg[BURST];
	struct iovec iov[BURST];
	int64_t now;
	int n;

	for (unsigned i = 0; i < BURST; i++) {
		iov[i] = (struct iovec){ heads[i], a->nhead + SPEED_NUMBER + S5_UDP_HEADER_MAX };
		iov[i].iov_len = iov[i].iov_len < SPEED_HEAD ? iov[i].iov_len : SPEED_HEAD;
		msg[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	/* MSG_TRUNC: the rest is dropped in the kernel, its size told. */
	n = recvmmsg(a->client.socket.fd, msg, BURST, MSG_DONTWAIT | MSG_TRUNC, NULL);
	now = speed_clock();
	for (int i = 0; i < n; i++) {
		size_t len = msg[i].msg_len, there = len < iov[i].iov_len ? len : iov[i].iov_len;

		take(a, heads[i], there, len, now);
	}
}

void speed_udp_tick(struct speed_stream *s, int64_t now)
{
	struct speed_association *a = s->association;
	int64_t patience = a->slowest ? 4 * a->slowest : LONGEST;

	if (!s->is_open)
		return;
	if (a->sent == a->past) { /* nothing is under way: what could not be sent is tried again */
		speed_datagrams_fill(a);
		return;
	}
	patience = patience < SHORTEST ? SHORTEST : patience > LONGEST ? LONGEST : patience;
	if (now - a->came < patience || now - a->times[(a->sent - 1) & (a->ring - 1)] < patience)
		return;
	advance(a, a->sent);
	speed_datagrams_fill(a);
}

int speed_udp_begin(struct speed_stream *s)
{
	s->association->came = s->mark = speed_clock();
	speed_datagrams_fill(s->association);
	return 0;
}

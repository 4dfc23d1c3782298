#include "net/batch.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

/* Not a power of two: datagrams of a batch would fall into the same few lines of the cache. */
#define STRIDE (S5_DATAGRAM_ROOM + 4160)
#define SEGMENTS 64 /* a send is cut into so many at most (UDP_MAX_SEGMENTS) */
#define RUN_MAX 65000 /* octets in a run; with headers it fits an IP packet */
#define SOCKET_BUFFER (4 << 20) /* octets wanted; the system may grant less */

/* receiving */

int s5_inbox_init(struct s5_inbox *in)
{
	memset(in, 0, sizeof *in);
	in->memory = malloc((size_t)STRIDE * S5_BATCH);
	if (!in->memory)
		return -ENOMEM;
	for (unsigned i = 0; i < S5_BATCH; i++) {
		in->iov[i] = (struct iovec){ in->memory + (size_t)STRIDE * i, S5_DATAGRAM_ROOM };
		in->msg[i].msg_hdr = (struct msghdr){
			.msg_name = &in->from[i].sa,
			.msg_iov = &in->iov[i],
			.msg_iovlen = 1,
			.msg_control = &in->control[i],
		};
	}
	return 0;
}

void s5_inbox_fini(struct s5_inbox *in)
{
	free(in->memory);
	in->memory = NULL;
}

int s5_inbox_receive(struct s5_inbox *in, int fd, unsigned most)
{
	int n;

	for (unsigned i = 0; i < most; i++) {
		in->msg[i].msg_hdr.msg_namelen = sizeof in->from[i].in6;
		in->msg[i].msg_hdr.msg_controllen = sizeof in->control[i];
	}
	n = recvmmsg(fd, in->msg, most, MSG_DONTWAIT, NULL);
	in->n = n > 0 ? (unsigned)n : 0;
	in->at = 0;
	in->off = 0;
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

/* The size of the datagrams in it; 0: it is one. */
static size_t segment_of(struct msghdr *m)
{
	struct cmsghdr *c = m->msg_controllen ? CMSG_FIRSTHDR(m) : NULL;
	int size = 0;

	if (c && c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO)
		memcpy(&size, CMSG_DATA(c), sizeof size);
	return size > 0 ? (size_t)size : 0;
}

bool s5_inbox_next(struct s5_inbox *in, struct s5_parcel *parcel)
{
	struct mmsghdr *m;
	size_t segment, left;

	while (in->at < in->n && in->msg[in->at].msg_hdr.msg_flags & MSG_TRUNC)
		in->at++;
	if (in->at >= in->n)
		return false;
	m = &in->msg[in->at];
	in->from[in->at].len = m->msg_hdr.msg_namelen;
	segment = segment_of(&m->msg_hdr);
	left = m->msg_len - in->off;
	parcel->data = (uint8_t *)in->iov[in->at].iov_base + in->off;
	parcel->from = &in->from[in->at];
	parcel->len = segment && segment < left ? segment : left;
	in->off += parcel->len;
	if (in->off < m->msg_len)
		return true;
	in->at++;
	in->off = 0;
	return true;
}

/* sending */

void s5_outbox_init(struct s5_outbox *out)
{
	memset(out, 0, sizeof *out);
	out->fd = -1;
}

/* May a datagram of len octets be a further one of this run? */
static bool run_takes(const struct s5_outbox *out, const struct s5_run *run,
		      const struct s5_route *route, size_t len, unsigned parts)
{
	return run->route == route && !route->plain && !run->closed && run->parts == parts &&
	       len > 0 && len <= run->size && run->count < SEGMENTS &&
	       (size_t)run->size * run->count + len <= RUN_MAX && out->n > 0;
}

static void run_begin(struct s5_outbox *out, struct s5_route *route, size_t len, unsigned parts)
{
	struct msghdr *m = &out->msg[out->n].msg_hdr;

	*m = (struct msghdr){
		.msg_name = route->len ? &route->sa : NULL,
		.msg_namelen = route->len,
		.msg_iov = &out->iov[out->niov],
	};
	out->run[out->n++] = (struct s5_run){
		.route = route, .size = (uint16_t)len, .parts = (uint8_t)parts, .closed = !len
	};
}

void s5_outbox_put(struct s5_outbox *out, int fd, struct s5_route *route, const uint8_t *head,
		   size_t nhead, const void *data, size_t len)
{
	unsigned parts = nhead ? 2 : 1;
	size_t total = nhead + len;
	struct s5_run *run;

	if (out->n && (out->fd != fd || out->n == S5_BATCH ||
		       out->niov + 2 > sizeof out->iov / sizeof *out->iov))
		s5_outbox_flush(out);
	out->fd = fd;
	if (total > UINT16_MAX) {
		out->lost++;
		return;
	}
	if (!out->n || !run_takes(out, &out->run[out->n - 1], route, total, parts))
		run_begin(out, route, total, parts);
	run = &out->run[out->n - 1];
	run->count++;
	run->closed |= total < run->size;
	if (nhead) {
		memcpy(out->head[out->niov / 2], head, nhead);
		out->iov[out->niov] = (struct iovec){ out->head[out->niov / 2], nhead };
		out->niov++;
	}
	out->iov[out->niov++] = (struct iovec){ (void *)(uintptr_t)data, len };
	out->msg[out->n - 1].msg_hdr.msg_iovlen += parts;
}

/* Tells the kernel where to cut. */
static void run_mark(struct msghdr *m, union s5_control *control, const struct s5_run *run)
{
	if (run->count < 2)
		return;
	control->head = (struct cmsghdr){
		.cmsg_level = IPPROTO_UDP,
		.cmsg_type = UDP_SEGMENT,
		.cmsg_len = CMSG_LEN(sizeof run->size),
	};
	memcpy(CMSG_DATA(&control->head), &run->size, sizeof run->size);
	m->msg_control = control;
	m->msg_controllen = CMSG_SPACE(sizeof run->size);
}

/* Each datagram of a run by itself. */
static void run_send_plain(struct s5_outbox *out, const struct msghdr *whole,
			   const struct s5_run *run)
{
	struct msghdr one = *whole;

	one.msg_control = NULL;
	one.msg_controllen = 0;
	one.msg_iovlen = run->parts;
	for (unsigned i = 0; i < run->count; i++, one.msg_iov += run->parts)
		if (sendmsg(out->fd, &one, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			out->lost++;
}

/* The error is about this message, or about one that was sent before (ICMP). */
static void run_failed(struct s5_outbox *out, unsigned i, int error)
{
	struct s5_run *run = &out->run[i];

	if (run->count > 1 && (error == EIO || error == EINVAL || error == EMSGSIZE))
		run->route->plain = true;
	if (error == EAGAIN || error == ENOBUFS)
		out->lost += run->count;
	else
		run_send_plain(out, &out->msg[i].msg_hdr, run);
}

void s5_outbox_flush(struct s5_outbox *out)
{
	unsigned at = 0;
	int n;

	for (unsigned i = 0; i < out->n; i++)
		run_mark(&out->msg[i].msg_hdr, &out->control[i], &out->run[i]);
	while (at < out->n) {
		n = sendmmsg(out->fd, out->msg + at, out->n - at, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			run_failed(out, at, errno);
		at += n > 0 ? (unsigned)n : 1;
	}
	out->n = out->niov = 0;
}

/* places and sockets */

bool s5_route_to(struct s5_route *route, const struct s5_addr *a)
{
	struct s5_sockaddr sa;

	memset(route, 0, sizeof *route);
	if (!s5_sockaddr_from(&sa, a))
		return false;
	memcpy(&route->in6, &sa.in6, sa.len);
	route->len = (uint8_t)sa.len;
	return true;
}

void s5_udp_tune(int fd)
{
	static const int on = 1, size = SOCKET_BUFFER;

	setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

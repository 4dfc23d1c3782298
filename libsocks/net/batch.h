/* Datagrams by the batch: many in one recvmmsg(2), many in one sendmmsg(2).
 *
 * What the kernel coalesced on receipt (UDP_GRO) is handed out one datagram at a time. Datagrams of
 * equal size to one place, put one after the other, leave as one send that the kernel cuts
 * (UDP_SEGMENT); where it refuses once (EIO, EINVAL: no checksum offload, larger than the path) that
 * place gets plain sends from then on. The order of what was put is kept.
 *
 * One inbox and one outbox serve all associations of a loop, and belong to its thread. What an
 * inbox handed out is good until the next receive; what an outbox was given is borrowed until the
 * next flush.
 */
#ifndef S5_NET_BATCH_H
#define S5_NET_BATCH_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "net/sock.h"

#define S5_BATCH 64 /* datagrams in a batch */
#define S5_BATCH_HEAD 24 /* octets of room for a header of an IP address */
#define S5_DATAGRAM_ROOM 65536 /* octets of the largest datagram, or of a coalesced run */

union s5_control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

struct s5_inbox {
	unsigned n; /* taken by the last receive */
	unsigned at; /* the one to hand out next */
	size_t off; /* octets of it handed out already */
	uint8_t *memory;
	struct mmsghdr msg[S5_BATCH];
	struct iovec iov[S5_BATCH];
	struct s5_sockaddr from[S5_BATCH];
	union s5_control control[S5_BATCH];
};

struct s5_parcel {
	uint8_t *data; /* may be overwritten */
	size_t len;
	const struct s5_sockaddr *from;
};

/* Where datagrams go, and what is known of the way. */
struct s5_route {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
	uint8_t len; /* octets of the address; 0: the socket is connected */
	bool plain; /* the kernel does not cut what goes there */
};

/* One message of a batch: `count` datagrams of `size` octets to one route, the last perhaps
 * shorter. */
struct s5_run {
	struct s5_route *route;
	uint16_t size;
	uint8_t count;
	uint8_t parts; /* iovecs a datagram */
	bool closed;
};

struct s5_outbox {
	int fd; /* of what is waiting */
	unsigned n, niov; /* messages, and their iovecs */
	unsigned lost; /* datagrams that could not be sent, since it was looked at last */
	struct mmsghdr msg[S5_BATCH];
	struct s5_run run[S5_BATCH];
	union s5_control control[S5_BATCH];
	struct iovec iov[2 * S5_BATCH];
	uint8_t head[S5_BATCH][S5_BATCH_HEAD]; /* of each two iovecs */
};

/* 0 or -ENOMEM. */
int s5_inbox_init(struct s5_inbox *in);
void s5_inbox_fini(struct s5_inbox *in);
/* Takes what has arrived, at most `most` messages (up to S5_BATCH): how many, 0 for none, or -errno (an ICMP error: go on). */
int s5_inbox_receive(struct s5_inbox *in, int fd, unsigned most);
/* The next datagram of the last receive; false: that was all. Truncated ones are left out. */
bool s5_inbox_next(struct s5_inbox *in, struct s5_parcel *parcel);

void s5_outbox_init(struct s5_outbox *out);
/* A datagram of a header, which is copied (nhead up to S5_BATCH_HEAD; 0: none), and data. What
 * waits for another descriptor, or fills the batch, is sent before. */
void s5_outbox_put(struct s5_outbox *out, int fd, struct s5_route *route, const uint8_t *head,
		   size_t nhead, const void *data, size_t len);
/* Sends what waits. What the kernel would not take is lost, and counted. */
void s5_outbox_flush(struct s5_outbox *out);

/* False for what is no IP address. */
bool s5_route_to(struct s5_route *route, const struct s5_addr *a);
/* A UDP socket coalesces from now on, and has large buffers. */
void s5_udp_tune(int fd);

#endif

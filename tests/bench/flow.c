/* Datagrams of one size to the target, through the relay of an association. */
#include "load.h"

#include <err.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define BURST 64 /* datagrams in a call */
#define BUFFER (4 << 20)

struct head {
	uint8_t socks[10];
	uint8_t number[FLOW_LEAST]; /* the payload begins */
};

int flow_open(const struct flow *f)
{
	static const int size = BUFFER;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&f->relay, sizeof f->relay) < 0)
		err(1, "connect to the relay");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	return fd;
}

static void head_write(struct head *h, const struct load *l, uint32_t number)
{
	*h = (struct head){ .socks = { 0, 0, 0, 1 } };
	memcpy(h->socks + 4, &l->target.sin_addr, 4);
	memcpy(h->socks + 8, &l->target.sin_port, 2);
	memcpy(h->number, &number, sizeof number);
}

static uint32_t burst_send(struct flow *f, int fd, const struct load *l, uint32_t n)
{
	static uint8_t rest[FLOW_MOST];
	struct mmsghdr msg[BURST];
	struct iovec iov[BURST][2];
	struct head head[BURST];
	int sent;

	for (uint32_t i = 0; i < n; i++) {
		head_write(&head[i], l, f->sent + i);
		iov[i][0] = (struct iovec){ &head[i], sizeof head[i] };
		iov[i][1] = (struct iovec){ rest, l->octets - sizeof head[i].number };
		msg[i].msg_hdr = (struct msghdr){ .msg_iov = iov[i], .msg_iovlen = 2 };
	}
	sent = sendmmsg(fd, msg, n, MSG_DONTWAIT);
	if (sent < 0 && errno != EAGAIN)
		err(1, "send to the relay");
	return sent < 0 ? 0 : (uint32_t)sent;
}

void flow_send(struct flow *f, int fd, const struct load *l, uint32_t n)
{
	uint32_t sent = 1;

	while (n > 0 && sent > 0) {
		sent = burst_send(f, fd, l, n < BURST ? n : BURST);
		f->sent += sent;
		n -= sent;
	}
}

static void take(struct flow *f, const struct load *l, const struct head *head, size_t octets)
{
	struct head want;
	uint32_t number;

	memcpy(&number, head->number, sizeof number);
	head_write(&want, l, number);
	if (octets != sizeof want.socks + l->octets || memcmp(head, &want, sizeof want) != 0)
		errx(1, "another datagram came back");
	f->back++;
	if (number - f->past < f->sent - f->past)
		f->past = number + 1;
}

uint32_t flow_receive(struct flow *f, int fd, const struct load *l)
{
	struct mmsghdr msg[BURST];
	struct iovec iov[BURST];
	struct head head[BURST];
	int n;

	for (unsigned i = 0; i < BURST; i++) {
		iov[i] = (struct iovec){ &head[i], sizeof head[i] };
		msg[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	/* MSG_TRUNC: the rest is dropped in the kernel, its size told. */
	n = recvmmsg(fd, msg, BURST, MSG_DONTWAIT | MSG_TRUNC, NULL);
	if (n < 0 && errno != EAGAIN)
		err(1, "receive from the relay");
	for (int i = 0; i < n; i++)
		take(f, l, &head[i], msg[i].msg_len);
	return n < 0 ? 0 : (uint32_t)n;
}

/* The target: one process, one loop, level-triggered, as little work as can be. */
#include "load.h"

#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK (1 << 20)
#define BATCH 256
#define BURST 64 /* datagrams taken at a time */
#define ROOM 65536 /* octets for each */

struct target {
	int epoll, source; /* source: a file of CHUNK octets in memory */
	uint64_t limit;
	char octets[BURST * ROOM];
};

/* What the loop waits for: the listener, a connection. False: it is over. */
struct watch {
	int fd;
	bool (*ready)(struct target *t, struct watch *w);
	uint64_t left;
};

static void watch_set(struct target *t, struct watch *w, int operation, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	if (epoll_ctl(t->epoll, operation, w->fd, &ev) < 0)
		err(1, "target: epoll");
}

static void watch_add(struct target *t, int fd, bool (*ready)(struct target *, struct watch *))
{
	struct watch *w = malloc(sizeof *w);

	if (!w)
		err(1, "target");
	*w = (struct watch){ .fd = fd, .ready = ready, .left = t->limit ? t->limit : UINT64_MAX };
	watch_set(t, w, EPOLL_CTL_ADD, EPOLLIN);
}

/* True: there is more to come. n is what a call moved. */
static bool count(struct watch *w, ssize_t n)
{
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	w->left -= (uint64_t)n < w->left ? (uint64_t)n : w->left;
	return n > 0 && w->left;
}

static bool source_ready(struct target *t, struct watch *w)
{
	off_t at = 0;

	return count(w, sendfile(w->fd, t->source, &at, w->left < CHUNK ? w->left : CHUNK));
}

static bool sink_ready(struct target *t, struct watch *w)
{
	/* MSG_TRUNC: the octets are dropped in the kernel. */
	return count(w, recv(w->fd, t->octets, CHUNK, MSG_TRUNC));
}

static bool echo_ready(struct target *t, struct watch *w)
{
	ssize_t n = recv(w->fd, t->octets, CHUNK, 0);

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	return send(w->fd, t->octets, (size_t)n, MSG_NOSIGNAL) == n;
}

static bool first_ready(struct target *t, struct watch *w)
{
	char work;

	if (recv(w->fd, &work, 1, 0) != 1)
		return false;
	switch ((enum work)work) {
	case WORK_SOURCE:
		w->ready = source_ready;
		watch_set(t, w, EPOLL_CTL_MOD, EPOLLOUT);
		return true;
	case WORK_SINK:
		w->ready = sink_ready;
		return true;
	case WORK_ECHO:
		w->ready = echo_ready;
		return send(w->fd, &work, 1, MSG_NOSIGNAL) == 1;
	case WORK_DATAGRAMS:
		break;
	}
	return false;
}

static bool listener_ready(struct target *t, struct watch *w)
{
	int one = 1, fd;

	while ((fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		watch_add(t, fd, first_ready);
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		err(1, "target: accept");
	return true;
}

static bool datagrams_ready(struct target *t, struct watch *w)
{
	struct mmsghdr msg[BURST];
	struct sockaddr_in from[BURST];
	struct iovec iov[BURST];
	int n;

	for (unsigned i = 0; i < BURST; i++) {
		iov[i] = (struct iovec){ t->octets + (size_t)i * ROOM, ROOM };
		msg[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
						  .msg_namelen = sizeof from[i],
						  .msg_iov = &iov[i],
						  .msg_iovlen = 1 };
	}
	n = recvmmsg(w->fd, msg, BURST, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		iov[i].iov_len = msg[i].msg_len;
	if (n > 0)
		sendmmsg(w->fd, msg, (unsigned)n, 0);
	return true;
}

static void turn(struct target *t)
{
	struct epoll_event events[BATCH];
	int n = epoll_wait(t->epoll, events, BATCH, -1);

	for (int i = 0; i < n; i++) {
		struct watch *w = events[i].data.ptr;

		if (!w->ready(t, w)) {
			close(w->fd);
			free(w);
		}
	}
}

static void serve(int fd, enum work work, uint64_t limit)
{
	struct target *t = calloc(1, sizeof *t);

	if (!t)
		err(1, "target");
	t->limit = limit;
	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	t->source = memfd_create("source", MFD_CLOEXEC);
	if (t->epoll < 0 || t->source < 0 || write(t->source, t->octets, CHUNK) != CHUNK)
		err(1, "target");
	watch_add(t, fd, work == WORK_DATAGRAMS ? datagrams_ready : listener_ready);
	for (;;)
		turn(t);
}

struct sockaddr_in target_start(enum work work, uint64_t limit)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	static const int size = BURST * ROOM;
	int type = work == WORK_DATAGRAMS ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	pid_t parent = getpid(), pid;

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) < 0 ||
	    (type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0) ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		err(1, "target: listen");
	if (type == SOCK_DGRAM)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	pid = fork();
	if (pid < 0)
		err(1, "target: fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			serve(fd, work, limit);
		_exit(1);
	}
	close(fd);
	return at;
}

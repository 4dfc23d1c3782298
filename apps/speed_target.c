#include "speed_target.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/loop.h"
#include "net/sock.h"

#define CHUNK (1 << 20)
#define BURST 64 /* datagrams taken at a time */
#define ROOM 65536 /* octets for each */
#define REST 100 /* ms */

struct target {
	struct s5_loop loop;
	struct s5_watch listener, datagrams;
	struct s5_timer rest; /* of the listener, when no file is to be had */
	int source; /* a file of CHUNK octets in memory */
	uint8_t *octets; /* BURST * ROOM of them, at least CHUNK */
};

struct conn {
	struct s5_watch watch;
	struct target *target;
	uint8_t *held; /* of an echo, what the other end did not take yet; or NULL */
	size_t nheld;
};

static void conn_end(struct conn *c)
{
	s5_loop_forget(&c->target->loop, &c->watch);
	close(c->watch.fd);
	free(c->held);
	free(c);
}

/* n is what a call moved. */
static void go_on(struct conn *c, ssize_t n)
{
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		conn_end(c);
}

static void source_ready(struct s5_watch *w, uint32_t events)
{
	struct conn *c = S5_OUTER(w, struct conn, watch);
	off_t at = 0;

	(void)events;
	go_on(c, sendfile(w->fd, c->target->source, &at, CHUNK));
}

static void sink_ready(struct s5_watch *w, uint32_t events)
{
	struct conn *c = S5_OUTER(w, struct conn, watch);

	(void)events;
	/* MSG_TRUNC: the octets are dropped in the kernel. */
	go_on(c, recv(w->fd, c->target->octets, CHUNK, MSG_TRUNC));
}

/* Sends; what is not taken is kept, and nothing more is read until it is gone. False: it broke. */
static bool send_back(struct conn *c, const uint8_t *octets, size_t n)
{
	ssize_t sent = send(c->watch.fd, octets, n, MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	sent = sent < 0 ? 0 : sent;
	if ((size_t)sent == n)
		return true;
	c->nheld = n - (size_t)sent;
	c->held = malloc(c->nheld);
	if (!c->held)
		return false;
	memcpy(c->held, octets + sent, c->nheld);
	return s5_loop_rewatch(&c->target->loop, &c->watch, EPOLLOUT) == 0;
}

static bool send_held(struct conn *c)
{
	uint8_t *held = c->held;
	bool went;

	c->held = NULL;
	went = send_back(c, held, c->nheld);
	free(held);
	return went && (c->held || s5_loop_rewatch(&c->target->loop, &c->watch, EPOLLIN) == 0);
}

static void echo_ready(struct s5_watch *w, uint32_t events)
{
	struct conn *c = S5_OUTER(w, struct conn, watch);
	ssize_t n;

	(void)events;
	if (c->held) {
		n = send_held(c);
	} else {
		n = recv(w->fd, c->target->octets, CHUNK, 0);
		if (n > 0)
			n = send_back(c, c->target->octets, (size_t)n);
	}
	go_on(c, n);
}

static void first_ready(struct s5_watch *w, uint32_t events)
{
	struct conn *c = S5_OUTER(w, struct conn, watch);
	uint8_t work = 0;
	ssize_t n = recv(w->fd, &work, 1, 0);

	(void)events;
	switch ((enum speed_work)work) {
	case SPEED_SOURCE:
		w->ready = source_ready;
		s5_loop_rewatch(&c->target->loop, w, EPOLLOUT);
		break;
	case SPEED_SINK:
		w->ready = sink_ready;
		break;
	case SPEED_ECHO:
		w->ready = echo_ready;
		n = send_back(c, &work, 1);
		break;
	default:
		n = n < 0 ? n : 0;
	}
	go_on(c, n);
}

static void conn_begin(struct target *t, int fd)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return;
	}
	*c = (struct conn){ .watch = { .fd = fd, .ready = first_ready }, .target = t };
	if (s5_loop_watch(&t->loop, &c->watch, EPOLLIN) < 0)
		conn_end(c);
}

static void rested(struct s5_timer *timer)
{
	struct target *t = S5_OUTER(timer, struct target, rest);

	s5_loop_watch(&t->loop, &t->listener, EPOLLIN);
}

static void listener_ready(struct s5_watch *w, uint32_t events)
{
	struct target *t = S5_OUTER(w, struct target, listener);
	int fd;

	(void)events;
	while ((fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		conn_begin(t, fd);
	if (errno != EMFILE && errno != ENFILE)
		return;
	/* Who waits would be told again and again, and take the processor from the proxy. */
	s5_loop_unwatch(&t->loop, w);
	t->rest.fire = rested;
	s5_timer_set(&t->loop, &t->rest, t->loop.now + REST);
}

/* What could not be sent yet waits for room: it is not the proxy that lost it. */
static void send_all(int fd, struct mmsghdr *msg, unsigned n)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	for (unsigned sent = 0; sent < n;) {
		int rc = sendmmsg(fd, msg + sent, n - sent, 0);

		if (rc < 0 && errno == EAGAIN)
			poll(&room, 1, REST);
		else
			sent += rc > 0 ? (unsigned)rc : 1;
	}
}

static void datagrams_ready(struct s5_watch *w, uint32_t events)
{
	struct target *t = S5_OUTER(w, struct target, datagrams);
	struct mmsghdr msg[BURST];
	struct s5_sockaddr from[BURST];
	struct iovec iov[BURST];
	int n;

	(void)events;
	for (unsigned i = 0; i < BURST; i++) {
		iov[i] = (struct iovec){ t->octets + (size_t)i * ROOM, ROOM };
		msg[i].msg_hdr = (struct msghdr){ .msg_name = &from[i].sa,
						  .msg_namelen = sizeof(from[i].in6),
						  .msg_iov = &iov[i],
						  .msg_iovlen = 1 };
	}
	n = recvmmsg(w->fd, msg, BURST, 0, NULL);
	for (int i = 0; i < n; i++)
		iov[i].iov_len = msg[i].msg_len;
	if (n > 0)
		send_all(w->fd, msg, (unsigned)n);
}

/* A terminal's keys and the like are for the process that started it, with which it ends. */
static void stay_until_killed(pid_t parent)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		signal(signals[i], SIG_IGN);
	if (getppid() != parent)
		_exit(1);
}

/* 0 or -errno. */
static int prepare(struct target *t, int listener, int datagrams)
{
	int rc;

	t->octets = calloc(BURST, ROOM);
	t->source = memfd_create("source", MFD_CLOEXEC);
	t->listener = (struct s5_watch){ .fd = listener, .ready = listener_ready };
	t->datagrams = (struct s5_watch){ .fd = datagrams, .ready = datagrams_ready };
	if (!t->octets || t->source < 0 || ftruncate(t->source, CHUNK) < 0)
		return -errno;
	rc = s5_loop_init(&t->loop);
	if (rc == 0)
		rc = s5_loop_watch(&t->loop, &t->listener, EPOLLIN);
	return rc < 0 ? rc : s5_loop_watch(&t->loop, &t->datagrams, EPOLLIN);
}

/* Tells by `said` whether it can, and does. */
static void serve(int listener, int datagrams, int said)
{
	static struct target t;
	int rc = prepare(&t, listener, datagrams);

	if (write(said, &rc, sizeof(rc)) == sizeof(rc) && rc == 0) {
		close(said);
		s5_loop_run(&t.loop);
	}
	_exit(1);
}

/* The process, or -errno. */
static pid_t start(int listener, int datagrams)
{
	int said[2], rc = -ECHILD;
	pid_t parent = getpid(), pid;

	if (pipe2(said, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		stay_until_killed(parent);
		serve(listener, datagrams, said[1]);
	}
	if (pid < 0)
		rc = -errno;
	close(said[1]);
	if (pid > 0 && read(said[0], &rc, sizeof(rc)) != sizeof(rc))
		rc = -ECHILD; /* it was killed */
	close(said[0]);
	if (pid > 0 && rc < 0)
		waitpid(pid, NULL, 0);
	return rc < 0 ? rc : pid;
}

int speed_target_start(struct speed_target *t, const struct s5_addr *host)
{
	static const int size = BURST * ROOM;
	struct s5_addr at = *host;
	int listener, datagrams, rc;

	at.port = 0;
	listener = s5_listen_tcp(&at, false);
	datagrams = s5_sock_udp(&at);
	rc = listener < 0 ? listener : datagrams < 0 ? datagrams : 0;
	if (rc == 0) {
		/* What is accepted inherits that: who closes first has the port in TIME_WAIT, of which
		 * there would soon be no more. */
		s5_sock_reset_on_close(listener);
		s5_sock_tune(listener);
		setsockopt(datagrams, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		t->stream = s5_sock_local(listener);
		t->datagrams = s5_sock_local(datagrams);
		rc = start(listener, datagrams);
	}
	if (listener >= 0)
		close(listener);
	if (datagrams >= 0)
		close(datagrams);
	t->pid = rc < 0 ? 0 : rc;
	return rc < 0 ? rc : 0;
}

void speed_target_stop(struct speed_target *t)
{
	if (!t->pid)
		return;
	kill(t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
	t->pid = 0;
}

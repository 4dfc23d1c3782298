#include "probe/echo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/message.h"

#define ROOM 16384 /* octets on their way back */

struct s5_echo_conn {
	struct s5_watch watch;
	struct s5_echo *echo;
	LIST_ENTRY(s5_echo_conn) link;
	struct s5_echo_peer peer;
	size_t nfirst; /* of peer.first */
	uint8_t room[ROOM];
	size_t at, n;
	bool eof;
};

static void drop(struct s5_echo_conn *c)
{
	struct s5_echo *e = c->echo;

	s5_loop_unwatch(c->echo->loop, &c->watch);
	close(c->watch.fd);
	LIST_REMOVE(c, link);
	c->echo->nconns--;
	c->echo->past[c->echo->ended++ % S5_ECHO_PAST] = c->peer;
	free(c);
	if (e->is_paused)
		e->is_paused = s5_loop_watch(e->loop, &e->listening, EPOLLIN) < 0;
}

static void keep_first(struct s5_echo_conn *c)
{
	size_t room = S5_ECHO_FIRST - c->nfirst, n = c->n < room ? c->n : room;

	memcpy(c->peer.first + c->nfirst, c->room, n);
	c->nfirst += n;
}

/* Behind the last octets of the question what is written is the answer. */
static void answer(struct s5_echo_conn *c, size_t before)
{
	struct s5_writer out = s5_writer_over(c->room, ROOM);

	if (before == S5_ECHO_FIRST || before + c->n != S5_ECHO_FIRST ||
	    memcmp(c->peer.first, S5_ECHO_WHO, S5_ECHO_FIRST) != 0)
		return;
	s5_put_addr(&out, &c->peer.addr);
	c->n = out.len;
}

/* 1: go on; 0: wait; -1: it is over. */
static int read_some(struct s5_echo_conn *c)
{
	ssize_t n = read(c->watch.fd, c->room, ROOM);
	size_t before = c->nfirst;

	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	c->eof = n == 0;
	c->at = 0;
	c->n = (size_t)n;
	keep_first(c);
	answer(c, before);
	return n > 0 ? 1 : -1;
}

static int write_some(struct s5_echo_conn *c)
{
	ssize_t n = send(c->watch.fd, c->room + c->at, c->n, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	c->at += (size_t)n;
	c->n -= (size_t)n;
	return 1;
}

static void conn_ready(struct s5_watch *w, uint32_t events)
{
	struct s5_echo_conn *c = S5_OUTER(w, struct s5_echo_conn, watch);
	int rc;

	(void)events;
	do {
		rc = c->n ? write_some(c) : read_some(c);
	} while (rc > 0);
	if (rc < 0)
		drop(c);
}

static void take_conn(struct s5_echo *e, int fd, const struct s5_sockaddr *peer)
{
	struct s5_echo_conn *c = e->nconns < S5_ECHO_MOST ? calloc(1, sizeof *c) : NULL;

	if (!c) {
		close(fd);
		return;
	}
	c->echo = e;
	c->peer.addr = s5_sockaddr_to(peer);
	c->watch = (struct s5_watch){ .fd = fd, .ready = conn_ready };
	if (s5_loop_watch(e->loop, &c->watch, EPOLLIN | EPOLLOUT | EPOLLET) < 0) {
		close(fd);
		free(c);
		return;
	}
	e->accepted++;
	e->nconns++;
	LIST_INSERT_HEAD(&e->conns, c, link);
}

static void pause_listening(struct s5_echo *e, int error)
{
	e->error = error;
	s5_loop_unwatch(e->loop, &e->listening);
	e->is_paused = true;
}

static void listening_ready(struct s5_watch *w, uint32_t events)
{
	struct s5_echo *e = S5_OUTER(w, struct s5_echo, listening);
	struct s5_sockaddr peer = { .len = sizeof peer.in6 };
	int fd;

	(void)events;
	while ((fd = accept4(w->fd, &peer.sa, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		take_conn(e, fd, &peer);
		peer.len = sizeof peer.in6;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		pause_listening(e, errno);
}

static void datagrams_ready(struct s5_watch *w, uint32_t events)
{
	static uint8_t octets[65536];
	struct sockaddr_storage from;
	socklen_t len;
	ssize_t n;

	(void)events;
	for (;;) {
		len = sizeof from;
		n = recvfrom(w->fd, octets, sizeof octets, 0, (struct sockaddr *)&from, &len);
		if (n < 0 && errno != EINTR && errno != ECONNREFUSED)
			return;
		if (n >= 0)
			sendto(w->fd, octets, (size_t)n, 0, (struct sockaddr *)&from, len);
	}
}

int s5_echo_start(struct s5_echo *e, struct s5_loop *loop, const struct s5_addr *at)
{
	int rc;

	e->loop = loop;
	e->listening =
		(struct s5_watch){ .fd = s5_listen_tcp(at, false), .ready = listening_ready };
	e->datagrams = (struct s5_watch){ .fd = s5_sock_udp(at), .ready = datagrams_ready };
	LIST_INIT(&e->conns);
	rc = e->listening.fd < 0 ? e->listening.fd : e->datagrams.fd < 0 ? e->datagrams.fd : 0;
	if (rc == 0)
		rc = s5_loop_watch(loop, &e->listening, EPOLLIN);
	if (rc == 0)
		rc = s5_loop_watch(loop, &e->datagrams, EPOLLIN);
	if (rc < 0) {
		s5_echo_stop(e);
		return rc;
	}
	e->tcp = s5_sock_local(e->listening.fd);
	e->udp = s5_sock_local(e->datagrams.fd);
	return 0;
}

static void stop(struct s5_echo *e, struct s5_watch *w)
{
	if (w->fd < 0)
		return;
	if (!e->is_paused || w != &e->listening)
		s5_loop_unwatch(e->loop, w);
	close(w->fd);
	w->fd = -1;
}

void s5_echo_stop(struct s5_echo *e)
{
	struct s5_echo_conn *c;

	if (!e->loop)
		return;
	while ((c = LIST_FIRST(&e->conns)))
		drop(c);
	stop(e, &e->listening);
	stop(e, &e->datagrams);
	memset(e, 0, sizeof *e);
}

static bool began_so(const struct s5_echo_peer *peer, const uint8_t *first)
{
	return peer->addr.atyp && memcmp(peer->first, first, S5_ECHO_FIRST) == 0;
}

const struct s5_addr *s5_echo_who(const struct s5_echo *e, const uint8_t first[S5_ECHO_FIRST])
{
	const struct s5_echo_conn *c;

	LIST_FOREACH(c, &e->conns, link)
	if (began_so(&c->peer, first))
		return &c->peer.addr;
	for (unsigned i = 0; i < S5_ECHO_PAST; i++)
		if (began_so(&e->past[i], first))
			return &e->past[i].addr;
	return NULL;
}

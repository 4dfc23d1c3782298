/* A man in the middle: before a server that does as it should stands one that passes everything on,
 * both ways, but on the connection where a client says exactly what a case says (follower.h) and waits
 * for the word under test. There it contradicts that word (violation.h).
 *
 * What the server says is held back until it is clear whether this is that connection: until the client
 * has been quiet for QUIET ms and TURNS turns of the loop, in which everybody else on it had theirs.
 * The bound address of a reply becomes one of our own, so that nobody gets past.
 *
 * Belongs to one loop, which it shares with the prober. Zero it, set the upper part, start it.
 */
#ifndef MIDST_H
#define MIDST_H

#include "link.h"

/* the way there */

static void near_said(struct duct *d, const uint8_t *octets, size_t n)
{
	link_said(d->link, d->speaker, octets, n);
	pile_add(&d->far.out, octets, n);
}

static void near_ended(struct duct *d)
{
	d->near_ended = true;
	link_did(d->link, S5_WORD_FIN, d->speaker);
	d->far.finishes = true;
}

/* 1: go on; 0: wait; -1: it is broken. */
static int plug_read(struct plug *p)
{
	static uint8_t octets[65536];
	struct duct *d = p->duct;
	bool is_near = p == &d->near;
	ssize_t n = recv(p->watch.fd, octets, sizeof octets, 0);

	if (n < 0)
		return errno == EAGAIN ? 0 : errno == EINTR ? 1 : -1;
	if (n == 0 && is_near)
		near_ended(d);
	else if (n == 0)
		d->far_ended = true;
	else if (is_near)
		near_said(d, octets, (size_t)n);
	else
		pile_add(&d->held, octets, (size_t)n);
	return n > 0;
}

static void plug_ready(struct s5_watch *w, uint32_t events)
{
	struct plug *p = S5_OUTER(w, struct plug, watch);
	struct duct *d = p->duct;
	bool is_near = p == &d->near, has_ended = is_near ? d->near_ended : d->far_ended;
	int rc = has_ended || events == EPOLLOUT ? 0 : 1;

	while (rc > 0)
		rc = plug_read(p);
	if (rc < 0 && is_near) {
		link_drop(d->link);
		return;
	}
	d->far_ended |= rc < 0;
	if (d->far.watch.fd >= 0 && !plug_flush(&d->far))
		pile_free(&d->far.out);
	link_go(d->link);
}

static void duct_open(struct duct *d, int near, const struct s5_sockaddr *server)
{
	const uint32_t events = EPOLLIN | EPOLLOUT | EPOLLET;
	struct s5_loop *loop = d->link->midst->loop;

	d->near.duct = d->far.duct = d;
	watch_open(loop, &d->near.watch, near, events, plug_ready);
	watch_open(loop, &d->far.watch, connected_to(server, SOCK_STREAM), events, plug_ready);
}

/* Somebody comes to the bound address. */
static void peer_ready(struct s5_watch *w, uint32_t events)
{
	struct link *l = S5_OUTER(w, struct link, listening);
	struct s5_sockaddr to;
	int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd < 0)
		return;
	link_did(l, S5_WORD_CONNECT, S5_SPEAKER_PEER);
	assert_true(s5_sockaddr_from(&to, &l->bound));
	duct_open(&l->ducts[S5_SPEAKER_PEER], fd, &to);
	watch_close(l->midst->loop, w);
	link_go(l);
}

/* datagrams */

static void port_ready(struct s5_watch *w, uint32_t events)
{
	static uint8_t octets[DATAGRAM_MOST];
	struct port *p = S5_OUTER(w, struct port, watch);
	ssize_t n = recv(w->fd, octets, sizeof octets, 0);
	struct datagram *g;

	(void)events;
	if (n < 0)
		return;
	g = malloc(sizeof *g + (size_t)n);
	assert_non_null(g);
	g->n = (size_t)n;
	memcpy(g->octets, octets, g->n);
	STAILQ_INSERT_TAIL(&p->held, g, next);
	link_go(p->link);
}

/* The one with that address; or it is the address of the next. NULL: there are enough. */
static struct port *port_of(struct link *l, const struct s5_sockaddr *from)
{
	struct s5_sockaddr to;

	for (size_t i = 0; i < PORTS; i++) {
		struct port *p = &l->ports[i];

		if (p->watch.fd >= 0 && p->prober.in.sin_port == from->in.sin_port)
			return p;
		if (p->watch.fd >= 0)
			continue;
		p->prober = *from;
		assert_true(s5_sockaddr_from(&to, &l->bound));
		watch_open(l->midst->loop, &p->watch, connected_to(&to, SOCK_DGRAM), EPOLLIN,
			   port_ready);
		return p;
	}
	return NULL;
}

static void relay_ready(struct s5_watch *w, uint32_t events)
{
	static uint8_t octets[DATAGRAM_MOST];
	struct link *l = S5_OUTER(w, struct link, relay);
	struct s5_sockaddr from = { .len = sizeof from.in6 };
	ssize_t n = recvfrom(w->fd, octets, sizeof octets, 0, &from.sa, &from.len);
	struct port *p = n < 0 ? NULL : port_of(l, &from);

	(void)events;
	if (!p)
		return;
	link_said(l, (enum s5_speaker)(S5_SPEAKER_DATAGRAMS + (p - l->ports)), octets, (size_t)n);
	send(p->watch.fd, octets, (size_t)n, 0);
	link_go(l);
}

/* beginning and end */

static void link_new(struct midst *m, int fd)
{
	struct link *l = calloc(1, sizeof *l);

	assert_non_null(l);
	l->midst = m;
	l->follower = (struct follower){ .words = m->words, .parts = m->parts, .goal = m->goal };
	l->listening.fd = l->relay.fd = -1;
	l->timer.fire = link_fire;
	for (size_t i = 0; i < LENGTH(l->ducts); i++)
		l->ducts[i] = (struct duct){ .link = l,
					     .speaker = (enum s5_speaker)i,
					     .near.watch.fd = -1,
					     .far.watch.fd = -1 };
	for (size_t i = 0; i < PORTS; i++) {
		l->ports[i] = (struct port){ .link = l, .watch.fd = -1 };
		STAILQ_INIT(&l->ports[i].held);
	}
	LIST_INSERT_HEAD(&m->links, l, link);
	duct_open(&l->ducts[S5_SPEAKER_CLIENT], fd, &m->server);
	plug_ready(&l->ducts[S5_SPEAKER_CLIENT].near.watch, EPOLLIN); /* before more is said */
}

static void midst_ready(struct s5_watch *w, uint32_t events)
{
	struct midst *m = S5_OUTER(w, struct midst, listening);
	int fd;

	(void)events;
	while ((fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		link_new(m, fd);
}

static void midst_start(struct midst *m)
{
	LIST_INIT(&m->links);
	watch_open(m->loop, &m->listening, s5_listen_tcp(&m->here, false), EPOLLIN, midst_ready);
	m->address = s5_sock_local(m->listening.fd);
}

static void midst_stop(struct midst *m)
{
	while (LIST_FIRST(&m->links))
		link_drop(LIST_FIRST(&m->links));
	watch_close(m->loop, &m->listening);
}

#endif

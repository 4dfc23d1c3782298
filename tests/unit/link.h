/* One connection through a man in the middle (midst.h): its streams and datagrams, and what of the
 * server's is held back of them. Each link follows the case under test for as long as it can.
 */
#ifndef LINK_H
#define LINK_H

#include <sys/queue.h>

#include "follower.h"
#include "plumbing.h"

#define QUIET 25 /* ms */
#define TURNS 10 /* of the loop */
#define DATAGRAM_MOST 65536
#define PORTS 2 /* from which a prober sends datagrams */

enum manner {
	SAYS, /* something else than it should */
	ENDS, /* instead of saying it; by a reset where it should end in order */
	STAYS, /* silent, and does not end */
};

struct link;

/* One end of a stream: the prober's, or the server's. */
struct plug {
	struct s5_watch watch; /* fd -1: it is not there */
	struct duct *duct;
	struct pile out;
	bool finishes; /* a half-close is to go out behind it */
	bool finished;
};

/* A stream through us. */
struct duct {
	struct link *link;
	enum s5_speaker speaker;
	struct plug near, far; /* to the prober, to the server */
	struct pile held; /* of what the server said */
	bool near_ended, far_ended; /* nothing more comes from there */
};

struct datagram {
	STAILQ_ENTRY(datagram) next;
	size_t n;
	uint8_t octets[];
};

/* Whence a prober sends datagrams, and our socket to the server for it. */
struct port {
	struct s5_watch watch; /* fd -1: not there */
	struct link *link;
	struct s5_sockaddr prober;
	STAILQ_HEAD(, datagram) held;
};

struct link {
	LIST_ENTRY(link) link;
	struct midst *midst;
	struct follower follower;
	struct duct ducts[S5_SPEAKER_PEER + 1];
	struct s5_addr bound; /* the server's; atyp 0: none was told */
	struct s5_watch listening, relay; /* ours in its place; fd -1: not there */
	struct port ports[PORTS];
	struct s5_timer timer;
	unsigned turns; /* of the loop in which the client was quiet, after QUIET */
	bool is_violated; /* and nothing more comes from the server */
};

struct midst {
	/* Set by the caller before start. */
	struct s5_loop *loop;
	struct s5_sockaddr server;
	struct s5_addr here; /* port 0: our own address */
	const struct s5_words *words; /* of the case under test */
	const struct s5_parts *parts;
	unsigned needs; /* of the case */
	size_t goal; /* the word that is contradicted */
	enum manner manner;

	struct s5_addr address; /* set by start: where it listens */
	unsigned violations; /* so far */
	struct s5_watch listening; /* private, like the next */
	LIST_HEAD(, link) links;
};

/* violation.h: contradicts the word at which the follower stands. False: the link is gone. */
static bool link_violate(struct link *l);

/* links */

static void duct_close(struct duct *d)
{
	struct s5_loop *loop = d->link->midst->loop;

	watch_close(loop, &d->near.watch);
	watch_close(loop, &d->far.watch);
	pile_free(&d->near.out);
	pile_free(&d->far.out);
	pile_free(&d->held);
}

static void port_close(struct port *p)
{
	struct datagram *g;

	watch_close(p->link->midst->loop, &p->watch);
	while ((g = STAILQ_FIRST(&p->held))) {
		STAILQ_REMOVE_HEAD(&p->held, next);
		free(g);
	}
}

static void link_drop(struct link *l)
{
	struct s5_loop *loop = l->midst->loop;

	s5_timer_stop(loop, &l->timer);
	for (size_t i = 0; i < LENGTH(l->ducts); i++)
		duct_close(&l->ducts[i]);
	for (size_t i = 0; i < PORTS; i++)
		port_close(&l->ports[i]);
	watch_close(loop, &l->listening);
	watch_close(loop, &l->relay);
	LIST_REMOVE(l, link);
	free(l);
}

/* A port for datagrams is kept: what is sent there later must not come to another of us. */
static void link_leave(struct link *l)
{
	if (l->relay.fd < 0) {
		link_drop(l);
		return;
	}
	for (size_t i = 0; i < LENGTH(l->ducts); i++)
		duct_close(&l->ducts[i]);
}

/* The prober did something: it is not quiet. */
static void link_stir(struct link *l)
{
	s5_timer_stop(l->midst->loop, &l->timer);
	l->turns = 0;
}

static void link_said(struct link *l, enum s5_speaker speaker, const uint8_t *octets, size_t n)
{
	link_stir(l);
	if (!l->is_violated)
		follower_said(&l->follower, speaker, octets, n);
}

static void link_did(struct link *l, enum s5_word_kind kind, enum s5_speaker speaker)
{
	link_stir(l);
	if (!l->is_violated)
		follower_did(&l->follower, kind, speaker);
}

static bool duct_is_over(const struct duct *d)
{
	return d->near.watch.fd < 0 || (d->near_ended && d->near.finished);
}

static bool link_is_over(const struct link *l)
{
	return l->follower.is_lost && duct_is_over(&l->ducts[S5_SPEAKER_CLIENT]) &&
	       duct_is_over(&l->ducts[S5_SPEAKER_PEER]);
}

/* False: the other side does not want it any more. */
static bool plug_flush(struct plug *p)
{
	ssize_t n;

	while (p->out.n) {
		n = send(p->watch.fd, p->out.octets, p->out.n, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		pile_take(&p->out, (size_t)n);
	}
	if (p->finishes && !p->finished)
		p->finished = shutdown(p->watch.fd, SHUT_WR) == 0;
	return true;
}

/* the way back */

static void relay_ready(struct s5_watch *w, uint32_t events);
static void peer_ready(struct s5_watch *w, uint32_t events);

/* The server's bound address becomes ours. */
static void link_interpose(struct link *l, struct s5_reply *reply)
{
	bool is_udp = l->midst->needs & S5_NEEDS_UDP;
	struct s5_watch *own = is_udp ? &l->relay : &l->listening;

	l->bound = reply->bnd;
	if (is_udp)
		watch_open(l->midst->loop, own, s5_sock_udp(&l->midst->here), EPOLLIN, relay_ready);
	else
		watch_open(l->midst->loop, own, s5_listen_tcp(&l->midst->here, false), EPOLLIN,
			   peer_ready);
	reply->bnd = s5_sock_local(own->fd);
}

/* Octets that are for the word before the follower's go out. */
static void duct_pass(struct duct *d, size_t n, const struct s5_word *w)
{
	struct link *l = d->link;
	struct s5_reader in = s5_reader_over(d->held.octets, n);
	uint8_t octets[300];
	struct s5_writer out = s5_writer_over(octets, sizeof octets);
	struct s5_reply reply;
	bool binds = l->midst->needs & (S5_NEEDS_UDP | S5_NEEDS_BIND) && !l->bound.atyp;

	if (w->kind == S5_WORD_REPLY && binds && s5_reply_get(&in, &reply) == S5_OK &&
	    reply.rep == 0) {
		link_interpose(l, &reply);
		s5_reply_put(&out, &reply);
		pile_add(&d->near.out, octets, out.len);
	} else {
		pile_add(&d->near.out, d->held.octets, n);
	}
	pile_take(&d->held, n);
	if (w->kind == S5_WORD_EOF)
		d->near.finishes = true;
}

/* True: something fitted, there may be more. */
static bool duct_hear(struct duct *d)
{
	struct follower *f = &d->link->follower;
	const struct s5_word *w = follower_word(f);
	size_t taken;

	if (d->near.watch.fd < 0 ||
	    follower_heard(f, d->held.octets, d->held.n, d->far_ended, &taken) != FIT_YES)
		return false;
	duct_pass(d, taken, w);
	return true;
}

static void port_pass(struct port *p)
{
	struct datagram *g = STAILQ_FIRST(&p->held);

	sendto(p->link->relay.fd, g->octets, g->n, 0, &p->prober.sa, p->prober.len);
	STAILQ_REMOVE_HEAD(&p->held, next);
	free(g);
}

static bool port_hear(struct port *p)
{
	struct datagram *g = STAILQ_FIRST(&p->held);
	size_t taken;

	if (!g || follower_heard(&p->link->follower, g->octets, g->n, false, &taken) != FIT_YES)
		return false;
	port_pass(p);
	return true;
}

static bool link_hear(struct link *l)
{
	struct follower *f = &l->follower;
	const struct s5_word *w = follower_word(f);

	if (f->is_lost || f->word == f->goal || !word_waits(w))
		return false;
	return w->speaker < S5_SPEAKER_DATAGRAMS
		       ? duct_hear(&l->ducts[w->speaker])
		       : port_hear(&l->ports[w->speaker - S5_SPEAKER_DATAGRAMS]);
}

/* It is another connection: what was held goes on. */
static void link_release(struct link *l)
{
	for (size_t i = 0; i < LENGTH(l->ducts); i++) {
		struct duct *d = &l->ducts[i];

		pile_add(&d->near.out, d->held.octets, d->held.n);
		d->held.n = 0;
		d->near.finishes |= d->far_ended;
	}
	for (size_t i = 0; i < PORTS; i++)
		while (STAILQ_FIRST(&l->ports[i].held))
			port_pass(&l->ports[i]);
}

/* Silence at the goal that the server breaks itself, rightly: it is another connection. */
static bool link_is_broken(const struct link *l)
{
	const struct follower *f = &l->follower;
	const struct s5_word *w = follower_word(f);

	if (w->kind != S5_WORD_SILENCE || group_end(f->words, f->word) > f->word + 1)
		return false;
	if (w->speaker >= S5_SPEAKER_DATAGRAMS)
		return !STAILQ_EMPTY(&l->ports[w->speaker - S5_SPEAKER_DATAGRAMS].held);
	return l->ducts[w->speaker].held.n || l->ducts[w->speaker].far_ended;
}

static bool link_holds(const struct link *l)
{
	const struct duct *client = &l->ducts[S5_SPEAKER_CLIENT],
			  *peer = &l->ducts[S5_SPEAKER_PEER];

	return client->held.n || client->far_ended || peer->held.n || peer->far_ended ||
	       !STAILQ_EMPTY(&l->ports[0].held) || !STAILQ_EMPTY(&l->ports[1].held);
}

/* How long the prober may be quiet before that tells something; -1: for ever. */
static int64_t link_patience(const struct link *l)
{
	const struct follower *f = &l->follower;

	if (f->word == f->goal)
		return QUIET;
	if (word_waits(follower_word(f)) || !link_holds(l))
		return -1;
	return f->word && f->words->words[f->word - 1].kind == S5_WORD_WAIT
		       ? QUIET + f->words->words[f->word - 1].ms
		       : QUIET;
}

static void link_wait(struct link *l)
{
	int64_t patience = l->follower.is_lost ? -1 : link_patience(l);

	if (patience >= 0 && !l->timer.slot)
		s5_timer_set(l->midst->loop, &l->timer, s5_clock_ms() + patience);
}

/* Passes on what may be. The link may be gone then. */
static void link_go(struct link *l)
{
	while (link_hear(l))
		;
	if (follower_is_there(&l->follower) && link_is_broken(l))
		follower_lose(&l->follower);
	if (l->follower.is_lost)
		link_release(l);
	for (size_t i = 0; i < LENGTH(l->ducts); i++)
		if (l->ducts[i].near.watch.fd >= 0 && !plug_flush(&l->ducts[i].near)) {
			link_drop(l);
			return;
		}
	if (link_is_over(l))
		link_leave(l);
	else if (!l->is_violated)
		link_wait(l);
}

static void link_fire(struct s5_timer *t)
{
	struct link *l = S5_OUTER(t, struct link, timer);

	if (++l->turns < TURNS) {
		s5_timer_set(l->midst->loop, t, s5_clock_ms() + 1);
		return;
	}
	l->turns = 0;
	if (!follower_is_there(&l->follower)) {
		follower_lose(&l->follower);
	} else {
		l->midst->violations++;
		l->is_violated = true;
		if (!link_violate(l))
			return;
	}
	link_go(l);
}

#endif

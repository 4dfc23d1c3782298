/* -L: datagrams that come here are forwarded through the proxy, with an association for each sender,
 * and its answers go back to it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "command.h"
#include "udp.h"

#define ROOM 65536 /* octets of the largest datagram there is */
#define BATCH 32 /* datagrams received in a turn */
#define IDLE 60000 /* ms, where --idle does not say */
#define MAX_SENDERS 256
#define WAITING_MAX 32 /* datagrams of a sender whose association is being made */

struct waiting {
	STAILQ_ENTRY(waiting) entry;
	size_t len;
	uint8_t data[];
};

struct forward {
	struct udp *u;
	struct s5_watch watch;
	LIST_HEAD(, sender) senders;
	int count;
	bool full; /* which was said */
};

struct sender {
	LIST_ENTRY(sender) entry;
	struct forward *forward;
	struct s5_sockaddr address;
	char name[S5_ADDR_TEXT];
	struct proxy_udp way;
	struct s5_timer idle;
	bool open;
	STAILQ_HEAD(, waiting) waiting;
	int nwaiting;
	unsigned long long answered;
};

/* a sender's end */

static void drop_waiting(struct sender *s)
{
	struct waiting *w;

	while ((w = STAILQ_FIRST(&s->waiting))) {
		STAILQ_REMOVE_HEAD(&s->waiting, entry);
		free(w);
	}
}

static void forget(struct sender *s)
{
	struct forward *f = s->forward;

	out_verbose(&f->u->options.out, 1, "%s: ended, %llu datagrams sent, %llu received", s->name,
		    s->way.sent, s->answered);
	LIST_REMOVE(s, entry);
	f->count--;
	f->full = false;
	s5_timer_stop(&f->u->engine.loop, &s->idle);
	proxy_udp_fini(&s->way);
	drop_waiting(s);
	free(s);
}

static void touch(struct sender *s)
{
	struct udp *u = s->forward->u;

	s5_timer_set(&u->engine.loop, &s->idle, u->engine.loop.now + u->options.idle);
}

static void idle_fire(struct s5_timer *t)
{
	forget(S5_OUTER(t, struct sender, idle));
}

/* its association */

static void send_on(struct sender *s, const uint8_t *data, size_t len)
{
	proxy_udp_send(&s->way, data, len);
	touch(s);
}

static void opened(struct proxy_udp *way, bool ok)
{
	struct sender *s = S5_OUTER(way, struct sender, way);
	struct waiting *w;

	if (!ok) {
		forget(s);
		return;
	}
	s->open = true;
	STAILQ_FOREACH(w, &s->waiting, entry)
	{
		send_on(s, w->data, w->len);
	}
	drop_waiting(s);
	touch(s);
}

static void received(struct proxy_udp *way, const struct s5_addr *from, const uint8_t *data,
		     size_t len)
{
	struct sender *s = S5_OUTER(way, struct sender, way);
	struct forward *f = s->forward;

	(void)from;
	s->answered++;
	touch(s);
	if (sendto(f->watch.fd, data, len, MSG_NOSIGNAL, &s->address.sa, s->address.len) < 0)
		out_verbose(&f->u->options.out, 1, "%s: an answer is lost: %s", s->name,
			    strerror(errno));
}

static void ended(struct proxy_udp *way)
{
	forget(S5_OUTER(way, struct sender, way));
}

/* what comes */

static struct sender *find(struct forward *f, const struct s5_sockaddr *address)
{
	struct sender *s;

	LIST_FOREACH(s, &f->senders, entry)
	{
		if (s->address.len == address->len &&
		    memcmp(&s->address.sa, &address->sa, address->len) == 0)
			break;
	}
	return s;
}

static struct sender *take_sender(struct forward *f, const struct s5_sockaddr *address)
{
	struct s5_addr from = s5_sockaddr_to(address);
	struct sender *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->forward = f;
	s->address = *address;
	s5_addr_format(&from, s->name, sizeof(s->name));
	STAILQ_INIT(&s->waiting);
	LIST_INSERT_HEAD(&f->senders, s, entry);
	f->count++;
	out_verbose(&f->u->options.out, 1, "%s: a new sender", s->name);
	s->idle.fire = idle_fire;
	s->way = udp_way(f->u);
	s->way.opened = opened;
	s->way.received = received;
	s->way.ended = ended;
	proxy_udp_start(&s->way);
	return s;
}

static void say_full(struct forward *f, const struct s5_sockaddr *address)
{
	struct s5_addr from = s5_sockaddr_to(address);
	char text[S5_ADDR_TEXT];

	if (!f->full)
		out_warn(&f->u->options.out,
			 "%s: not forwarded, for there are %d senders already; --max-senders",
			 s5_addr_format(&from, text, sizeof(text)), f->count);
	f->full = true;
}

static void keep(struct sender *s, const uint8_t *data, size_t len)
{
	struct waiting *w = NULL;

	if (s->nwaiting < WAITING_MAX)
		w = malloc(sizeof(*w) + len);
	if (!w) {
		out_verbose(&s->forward->u->options.out, 1,
			    "%s: a datagram is lost: there is no association yet", s->name);
		return;
	}
	w->len = len;
	memcpy(w->data, data, len);
	STAILQ_INSERT_TAIL(&s->waiting, w, entry);
	s->nwaiting++;
}

static void take(struct forward *f, const struct s5_sockaddr *from, const uint8_t *data, size_t len)
{
	struct sender *s = find(f, from);

	if (!s && f->count >= f->u->options.max_senders) {
		say_full(f, from);
		return;
	}
	s = s ? s : take_sender(f, from);
	if (!s)
		return;
	if (s->open)
		send_on(s, data, len);
	else
		keep(s, data, len);
}

static void ready(struct s5_watch *w, uint32_t events)
{
	struct forward *f = S5_OUTER(w, struct forward, watch);
	struct s5_sockaddr from;
	uint8_t octets[ROOM];

	(void)events;
	for (int i = 0; i < BATCH; i++) {
		ssize_t n;

		memset(&from, 0, sizeof(from));
		from.len = sizeof(from.un);
		n = recvfrom(w->fd, octets, sizeof(octets), 0, &from.sa, &from.len);
		if (n >= 0)
			take(f, &from, octets, (size_t)n);
		else if (errno == EAGAIN)
			break;
	}
}

static int open_port(struct forward *f)
{
	const struct udp_options *o = &f->u->options;
	char where[S5_ADDR_TEXT];
	struct opt_error err;
	struct s5_addr a;

	if (target_parse_listen(&a, o->listen, &err) < 0) {
		out_error(&o->out, "option --listen: %s", err.text);
		return EXIT_USAGE;
	}
	f->watch = (struct s5_watch){ .fd = s5_sock_udp(&a), .ready = ready };
	if (f->watch.fd < 0) {
		out_error(&o->out, "cannot listen on %s: %s%s",
			  s5_addr_format(&a, where, sizeof(where)), strerror(-f->watch.fd),
			  target_listen_hint(-f->watch.fd));
		return EXIT_NETWORK;
	}
	s5_loop_watch(&f->u->engine.loop, &f->watch, EPOLLIN);
	a = s5_sock_local(f->watch.fd);
	out_say(&o->out, "listening on %s", s5_addr_format(&a, where, sizeof(where)));
	proxy_warn_lent(&f->u->proxy, &a);
	return EXIT_OK;
}

int udp_forward(struct udp *u)
{
	struct forward f = { .u = u };
	int status;

	u->options.idle = u->options.idle ? u->options.idle : IDLE;
	u->options.max_senders = u->options.max_senders ? u->options.max_senders : MAX_SENDERS;
	status = open_port(&f);
	LIST_INIT(&f.senders);
	if (status == EXIT_OK)
		s5_loop_run(&u->engine.loop);
	return status;
}

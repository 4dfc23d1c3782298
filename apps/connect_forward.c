/* -L: what connects here is forwarded through the proxy, the first one or with -k all of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "connect.h"

#define RETRY_MS 100 /* when descriptors or memory ran out */

struct listener {
	struct connect *c;
	struct s5_watch watch;
	struct s5_timer retry;
	bool over;
	int status; /* of the last forward */
};

struct forward {
	struct listener *listener;
	struct proxy_call call;
	struct s5_relay relay;
	int fd; /* the local connection, until the relay has it */
	char from[S5_ADDR_TEXT];
};

static void forward_end(struct forward *f, int status)
{
	struct listener *l = f->listener;

	proxy_call_fini(&f->call);
	free(f);
	l->status = status;
	l->over = !l->c->options.keep_open;
}

static void relay_done(struct s5_relay *r, enum s5_relay_end end)
{
	struct forward *f = S5_OUTER(r, struct forward, relay);
	struct connect *c = f->listener->c;

	out_verbose(&c->options.out, 1, "%s: ended, %llu octets sent, %llu received", f->from,
		    (unsigned long long)r->flow[0].octets, (unsigned long long)r->flow[1].octets);
	forward_end(f, carry_ended(&c->options.out, r, end, f->from, &c->target.addr));
}

/* Whoever connected here must see that it failed, not an empty answer. */
static void call_done(struct proxy_call *call, bool ok)
{
	struct forward *f = S5_OUTER(call, struct forward, call);
	struct connect *c = f->listener->c;

	if (!ok) {
		s5_sock_reset_on_close(f->fd);
		close(f->fd);
		forward_end(f, proxy_call_failed(call));
		return;
	}
	f->relay = (struct s5_relay){ .idle = proxy_idle(&c->options.proxy), .done = relay_done };
	if (carry_start(&c->engine, &f->relay, call, (const int[]){ f->fd, f->fd }, 0) == 0)
		proxy_call_fini(call);
}

static void forward_start(struct listener *l, int fd, const struct s5_addr *from)
{
	struct forward *f = calloc(1, sizeof(*f));

	if (!f) {
		close(fd);
		return;
	}
	f->listener = l;
	f->fd = fd;
	s5_addr_format(from, f->from, sizeof(f->from));
	out_verbose(&l->c->options.out, 1, "%s: connected", f->from);
	connect_call(l->c, &f->call, l->c->target.addr.port, call_done);
}

static void stop_listening(struct listener *l)
{
	s5_loop_unwatch(&l->c->engine.loop, &l->watch);
	close(l->watch.fd);
}

/* accept */

static void listener_ready(struct s5_watch *w, uint32_t events)
{
	struct listener *l = S5_OUTER(w, struct listener, watch);
	struct s5_sockaddr sa = { .len = sizeof(sa.un) };
	int fd = accept4(w->fd, &sa.sa, &sa.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct s5_addr from;

	(void)events;
	if (fd >= 0) {
		from = s5_sockaddr_to(&sa);
		forward_start(l, fd, &from);
		if (!l->c->options.keep_open)
			stop_listening(l);
		return;
	}
	if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
		return;
	s5_loop_unwatch(&l->c->engine.loop, w);
	s5_timer_set(&l->c->engine.loop, &l->retry, l->c->engine.loop.now + RETRY_MS);
}

static void retry_fire(struct s5_timer *t)
{
	struct listener *l = S5_OUTER(t, struct listener, retry);

	s5_loop_watch(&l->c->engine.loop, &l->watch, EPOLLIN);
}

static int open_listener(struct listener *l, const char *text)
{
	const struct out *out = &l->c->options.out;
	char where[S5_ADDR_TEXT];
	struct opt_error err;
	struct s5_addr a;

	if (target_parse_listen(&a, text, &err) < 0) {
		out_error(out, "option --listen: %s", err.text);
		return EXIT_USAGE;
	}
	l->retry.fire = retry_fire;
	l->watch = (struct s5_watch){ .fd = s5_listen_tcp(&a, false), .ready = listener_ready };
	if (l->watch.fd < 0) {
		out_error(out, "cannot listen on %s: %s%s",
			  s5_addr_format(&a, where, sizeof(where)), strerror(-l->watch.fd),
			  target_listen_hint(-l->watch.fd));
		return EXIT_NETWORK;
	}
	s5_loop_watch(&l->c->engine.loop, &l->watch, EPOLLIN);
	a = s5_sock_local(l->watch.fd);
	out_say(out, "listening on %s", s5_addr_format(&a, where, sizeof(where)));
	proxy_warn_lent(&l->c->proxy, &a);
	return EXIT_OK;
}

int connect_forward(struct connect *c)
{
	struct listener l = { .c = c };
	int status = open_listener(&l, c->options.listen);

	if (status != EXIT_OK)
		return status;
	while (!l.over)
		s5_loop_turn(&c->engine.loop);
	return l.status;
}

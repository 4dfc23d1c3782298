/* --to: each peer is handed to a service, the first one or with -k all of them, side by side. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bind.h"
#include "command.h"

struct forwarder {
	struct bind *bind;
	struct s5_dial_options dial;
	unsigned forwards;
	struct forward *waiting; /* for its peer; or NULL */
	int status; /* of what ended last, or of why no further peer is asked for */
	bool closed; /* the latter */
};

struct forward {
	struct forwarder *all;
	struct bind_call asked;
	struct s5_dial dial;
	struct s5_watch peer; /* what the loop knows it by while the service is dialled */
	struct s5_relay relay;
	char from[S5_ADDR_TEXT];
};

static void forward_end(struct forward *f, int status)
{
	struct forwarder *all = f->all;

	proxy_call_fini(&f->asked.call);
	free(f);
	if (!all->closed)
		all->status = status;
	all->forwards--;
}

/* The peer must see that it failed, not an empty answer. */
static void turn_away(struct forward *f)
{
	s5_loop_unwatch(&f->all->bind->engine.loop, &f->peer);
	s5_sock_reset_on_close(f->peer.fd);
	close(f->peer.fd);
	forward_end(f, EXIT_NETWORK);
}

static void relay_done(struct s5_relay *r, enum s5_relay_end end)
{
	struct forward *f = S5_OUTER(r, struct forward, relay);
	const struct bind *b = f->all->bind;
	const struct out *out = &b->options.out;
	char service[S5_ADDR_TEXT];

	out_verbose(out, 1, "%s: ended, %llu octets sent, %llu received", f->from,
		    (unsigned long long)r->flow[0].octets, (unsigned long long)r->flow[1].octets);
	s5_addr_format(&b->to, service, sizeof(service));
	forward_end(f, carry_ended(out, r, end, service, &f->asked.call.client.session.reply.bnd));
}

static void say_undialled(const struct forward *f, enum s5_dial_end end)
{
	const struct bind *b = f->all->bind;
	const struct s5_dial *d = &f->dial;
	char service[S5_ADDR_TEXT];

	out_error(&b->options.out, "--to %s: %s%s",
		  s5_addr_format(&b->to, service, sizeof(service)),
		  end == S5_DIAL_UNRESOLVED ? s5_lookup_text(d->resolved)
		  : end == S5_DIAL_TIMEOUT  ? "no answer in time"
					    : strerror(d->error),
		  end == S5_DIAL_FAILED ? proxy_connect_hint(d->error, true) : "");
}

static void dialled(struct s5_dial *d, enum s5_dial_end end)
{
	struct forward *f = S5_OUTER(d, struct forward, dial);
	struct bind *b = f->all->bind;

	if (end != S5_DIAL_CONNECTED) {
		say_undialled(f, end);
		turn_away(f);
		return;
	}
	f->relay = (struct s5_relay){ .idle = proxy_idle(&b->options.proxy), .done = relay_done };
	s5_loop_forget(&b->engine.loop, &f->peer);
	(void)carry_start(&b->engine, &f->relay, &f->asked.call, (const int[]){ d->fd, d->fd }, 1);
}

/* Only a connection that broke is told while nothing is asked for. */
static void peer_broke(struct s5_watch *w, uint32_t events)
{
	struct forward *f = S5_OUTER(w, struct forward, peer);

	(void)events;
	s5_dial_cancel(&f->dial);
	out_error(&f->all->bind->options.out, "%s: the connection broke", f->from);
	turn_away(f);
}

static void forward_start(struct forwarder *all);

static void asked(struct proxy_call *call, bool ok)
{
	struct forward *f = S5_OUTER(call, struct forward, asked.call);
	struct forwarder *all = f->all;
	struct bind *b = all->bind;

	bool retry = ok || bind_may_retry(&f->asked);

	all->waiting = NULL;
	if (b->options.keep_open && !b->deaf && retry)
		forward_start(all);
	if (!ok) {
		forward_end(f, proxy_call_failed(call));
		all->closed = !retry;
		return;
	}
	s5_addr_format(&call->client.session.reply.bnd, f->from, sizeof(f->from));
	f->peer = (struct s5_watch){ .fd = call->client.fd, .ready = peer_broke };
	s5_loop_rewatch(&b->engine.loop, &f->peer, 0);
	f->dial.loop = &b->engine.loop;
	f->dial.resolver = b->engine.resolver;
	f->dial.options = &all->dial;
	f->dial.done = dialled;
	s5_dial_start(&f->dial, &b->to);
}

static void forward_start(struct forwarder *all)
{
	struct forward *f = calloc(1, sizeof(*f));

	if (!f) {
		out_error(&all->bind->options.out, "%s", strerror(ENOMEM));
		all->status = EXIT_NETWORK;
		all->closed = true;
		return;
	}
	f->all = all;
	all->forwards++;
	all->waiting = f;
	bind_ask(all->bind, &f->asked, asked);
}

int bind_forward(struct bind *b)
{
	struct forwarder all = { .bind = b, .dial.timeout = proxy_timeout(&b->options.proxy) };

	forward_start(&all);
	while (all.forwards) {
		s5_loop_turn(&b->engine.loop);
		if (b->deaf && all.waiting) /* nobody will ever learn where to come */
			forward_end(all.waiting, EXIT_NETWORK);
		if (b->deaf)
			all.waiting = NULL;
	}
	return b->deaf ? EXIT_NETWORK : all.status;
}

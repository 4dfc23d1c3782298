/* --dns local: the target's name is resolved here, and an address goes to the proxy. */
#include "command.h"
#include "proxy_call.h"

struct question {
	struct s5_lookup lookup;
	struct s5_timer deadline;
	bool over, late;
};

static void answered(struct s5_lookup *l)
{
	S5_OUTER(l, struct question, lookup)->over = true;
}

static void expired(struct s5_timer *t)
{
	struct question *q = S5_OUTER(t, struct question, deadline);

	q->over = q->late = true;
}

/* Waits for the answer; true when there is an address, which is then in *addr. */
static bool ask(struct question *q, const struct proxy *p, struct s5_loop *loop,
		struct s5_resolver *resolver, struct s5_addr *addr, enum s5_atyp atyp)
{
	const uint8_t *ip;

	*q = (struct question){ .deadline.fire = expired };
	loop->now = s5_clock_ms();
	if (p->config.dial.timeout)
		s5_timer_set(loop, &q->deadline, loop->now + p->config.dial.timeout);
	s5_lookup_start(&q->lookup, resolver, addr, atyp, answered);
	while (!q->over)
		s5_loop_turn(loop);
	s5_lookup_cancel(&q->lookup);
	s5_timer_stop(loop, &q->deadline);
	if (q->late || q->lookup.result != S5_LOOKUP_FOUND)
		return false;
	ip = q->lookup.answer.ip[0];
	*addr = atyp == S5_ATYP_IPV4 ? s5_addr_ip4(ip, addr->port) : s5_addr_ip6(ip, addr->port);
	return true;
}

/* IPv4 goes before IPv6: more proxies reach it. */
int proxy_lookup(const struct proxy *p, struct s5_loop *loop, struct s5_resolver *resolver,
		 struct s5_addr *addr, enum s5_prefer prefer)
{
	char text[S5_ADDR_TEXT];
	struct question q;
	bool found = false;

	if (s5_addr_is_ip(addr))
		return EXIT_OK;
	if (prefer != S5_ONLY_6)
		found = ask(&q, p, loop, resolver, addr, S5_ATYP_IPV4);
	if (!found && prefer != S5_ONLY_4)
		found = ask(&q, p, loop, resolver, addr, S5_ATYP_IPV6);
	if (found) {
		out_verbose(p->out, 1, "resolved to %s", s5_addr_format(addr, text, sizeof(text)));
		return EXIT_OK;
	}
	out_error(p->out, "%s: resolve: %s", s5_addr_format(addr, text, sizeof(text)),
		  q.late ? "no answer in time; -w waits longer" : s5_lookup_text(q.lookup.result));
	return EXIT_NETWORK;
}

int proxy_resolve(const struct proxy *p, struct s5_loop *loop, struct s5_resolver *resolver,
		  struct s5_addr *addr)
{
	const struct proxy_options *o = p->options;

	if (o->dns != PROXY_DNS_LOCAL || !p->config.nhops)
		return EXIT_OK;
	return proxy_lookup(p, loop, resolver, addr,
			    o->ipv4   ? S5_ONLY_4
			    : o->ipv6 ? S5_ONLY_6
				      : S5_PREFER_AUTO);
}

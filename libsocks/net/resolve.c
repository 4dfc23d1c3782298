#include "net/resolve.h"

#include <ares.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "net/nameserver.h"

#define CACHE_SLOTS 512
#define TRY_MS 2000 /* of the first try at each server; c-ares lengthens it */
#define TRIES 3
#define SERVERS_MAX 8

struct s5_query_dns {
	struct s5_resolver *resolver;
	struct s5_lookup *lookup; /* NULL: nobody waits any more */
	uint8_t atyp;
	char name[S5_NAME_MAX + 1];
};

struct cached {
	int64_t expires;
	uint8_t atyp;
	char name[S5_NAME_MAX + 1];
	struct s5_answer answer;
};

/* A socket of c-ares. */
struct dns_socket {
	struct s5_watch watch;
	struct dns_socket *next;
	struct s5_resolver *resolver;
};

struct s5_resolver {
	struct s5_loop *loop;
	ares_channel channel;
	struct s5_timer timer;
	struct dns_socket *sockets;
	struct cached *cache[CACHE_SLOTS];
};

/* cache */

static struct cached **cache_slot(struct s5_resolver *r, const char *name, uint8_t atyp)
{
	uint32_t hash = 2166136261u ^ atyp;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return &r->cache[(hash ^ hash >> 16) % CACHE_SLOTS];
}

static bool cache_get(struct s5_resolver *r, const char *name, struct s5_lookup *l)
{
	struct cached *c = *cache_slot(r, name, l->atyp);

	if (!c || c->expires <= r->loop->now || c->atyp != l->atyp || strcmp(c->name, name) != 0)
		return false;
	l->answer = c->answer;
	return true;
}

static void cache_put(struct s5_resolver *r, const struct s5_query_dns *q,
		      const struct s5_answer *answer, int ttl)
{
	struct cached **slot = cache_slot(r, q->name, q->atyp);

	if (ttl <= 0)
		return;
	if (!*slot)
		*slot = malloc(sizeof **slot);
	if (!*slot)
		return;
	(*slot)->atyp = q->atyp;
	(*slot)->answer = *answer;
	(*slot)->expires = r->loop->now + 1000 * (ttl < S5_CACHE_TTL ? ttl : S5_CACHE_TTL);
	memcpy((*slot)->name, q->name, sizeof q->name);
}

/* c-ares on the loop */

static void rearm(struct s5_resolver *r)
{
	struct timeval tv, *left = ares_timeout(r->channel, NULL, &tv);

	if (left)
		s5_timer_set(r->loop, &r->timer,
			     r->loop->now + left->tv_sec * 1000 + left->tv_usec / 1000 + 1);
	else
		s5_timer_stop(r->loop, &r->timer);
}

static void timer_fire(struct s5_timer *t)
{
	struct s5_resolver *r = S5_OUTER(t, struct s5_resolver, timer);

	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	rearm(r);
}

static void socket_ready(struct s5_watch *w, uint32_t events)
{
	struct s5_resolver *r = ((struct dns_socket *)w)->resolver;
	int fd = w->fd;

	ares_process_fd(r->channel, events & ~(uint32_t)EPOLLOUT ? fd : ARES_SOCKET_BAD,
			events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
	rearm(r);
}

static void socket_drop(struct s5_resolver *r, struct dns_socket **p)
{
	struct dns_socket *s = *p;

	*p = s->next;
	s5_loop_unwatch(r->loop, &s->watch);
	free(s);
}

/* c-ares tells which of its sockets wait for what. */
static void socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct s5_resolver *r = arg;
	uint32_t events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u);
	struct dns_socket **p, *s;

	for (p = &r->sockets; *p && (*p)->watch.fd != fd; p = &(*p)->next)
		;
	if (*p && events)
		s5_loop_rewatch(r->loop, &(*p)->watch, events);
	else if (*p)
		socket_drop(r, p);
	if (*p || !events)
		return;
	s = malloc(sizeof *s);
	if (!s)
		return; /* the query times out */
	*s = (struct dns_socket){ .watch = { .fd = fd, .ready = socket_ready },
				  .next = r->sockets,
				  .resolver = r };
	r->sockets = s;
	s5_loop_watch(r->loop, &s->watch, events);
}

/* lookups */

static void lookup_told(struct s5_task *t)
{
	struct s5_lookup *l = S5_OUTER(t, struct s5_lookup, task);

	l->done(l);
}

static void finish(struct s5_lookup *l, enum s5_lookup_result result)
{
	l->result = result;
	l->request = NULL;
	l->task.run = lookup_told;
	s5_loop_later(l->resolver->loop, &l->task);
}

static enum s5_lookup_result result_of(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return S5_LOOKUP_FOUND;
	case ARES_ENODATA:
		return S5_LOOKUP_NO_DATA;
	case ARES_ENOTFOUND:
	case ARES_EBADNAME:
		return S5_LOOKUP_NO_NAME;
	case ARES_ETIMEOUT:
		return S5_LOOKUP_TIMEOUT;
	default:
		return S5_LOOKUP_FAILED;
	}
}

static int collect(struct s5_answer *answer, const struct ares_addrinfo *info, uint8_t atyp)
{
	int family = atyp == S5_ATYP_IPV4 ? AF_INET : AF_INET6;
	int ttl = S5_CACHE_TTL;

	answer->n = 0;
	for (const struct ares_addrinfo_node *node = info->nodes; node; node = node->ai_next) {
		const void *ip =
			family == AF_INET
				? (const void *)&((struct sockaddr_in *)(void *)node->ai_addr)
					  ->sin_addr
				: &((struct sockaddr_in6 *)(void *)node->ai_addr)->sin6_addr;

		if (node->ai_family != family || answer->n == S5_LOOKUP_MAX)
			continue;
		memcpy(answer->ip[answer->n++], ip, family == AF_INET ? 4 : 16);
		if (node->ai_ttl < ttl)
			ttl = node->ai_ttl;
	}
	return ttl;
}

static void answered(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct s5_query_dns *q = arg;
	struct s5_answer answer = { .n = 0 };
	enum s5_lookup_result result = result_of(status);

	(void)timeouts;
	if (result == S5_LOOKUP_FOUND && info) {
		int ttl = collect(&answer, info, q->atyp);

		cache_put(q->resolver, q, &answer, answer.n ? ttl : 0);
		if (!answer.n)
			result = S5_LOOKUP_NO_DATA;
	}
	if (info)
		ares_freeaddrinfo(info);
	if (q->lookup && status != ARES_EDESTRUCTION) {
		q->lookup->answer = answer;
		finish(q->lookup, result);
	}
	free(q);
}

/* RFC 6761 6.3: that is this machine, and nobody needs to be asked. (c-ares 1.18 would know, and
 * leak a string each time.) */
static bool is_localhost(const char *name, struct s5_lookup *l)
{
	static const uint8_t ip4[4] = { 127, 0, 0, 1 }, ip6[16] = { [15] = 1 };

	if (strcmp(name, "localhost") != 0 && strcmp(name, "localhost.") != 0)
		return false;
	l->answer.n = 1;
	if (l->atyp == S5_ATYP_IPV4)
		memcpy(l->answer.ip[0], ip4, sizeof ip4);
	else
		memcpy(l->answer.ip[0], ip6, sizeof ip6);
	return true;
}

static void ask(struct s5_lookup *l, const char *name)
{
	struct ares_addrinfo_hints hints = {
		.ai_family = l->atyp == S5_ATYP_IPV4 ? AF_INET : AF_INET6,
		.ai_flags = ARES_AI_NOSORT,
		.ai_socktype = SOCK_STREAM,
	};
	struct s5_query_dns *q = calloc(1, sizeof *q);

	if (!q) {
		finish(l, S5_LOOKUP_FAILED);
		return;
	}
	q->resolver = l->resolver;
	q->lookup = l;
	q->atyp = l->atyp;
	memcpy(q->name, name, strlen(name) + 1);
	l->request = q;
	ares_getaddrinfo(l->resolver->channel, name, NULL, &hints, answered, q);
	rearm(l->resolver);
}

void s5_lookup_start(struct s5_lookup *l, struct s5_resolver *resolver, const struct s5_addr *name,
		     enum s5_atyp atyp, void (*done)(struct s5_lookup *l))
{
	char text[S5_NAME_MAX + 1];

	*l = (struct s5_lookup){ .atyp = (uint8_t)atyp, .done = done, .resolver = resolver };
	for (unsigned i = 0; i < name->len; i++)
		text[i] = (char)tolower(name->octets[i]);
	text[name->len] = 0;
	if (strlen(text) != name->len)
		finish(l, S5_LOOKUP_NO_NAME);
	else if (is_localhost(text, l) || cache_get(resolver, text, l))
		finish(l, S5_LOOKUP_FOUND);
	else
		ask(l, text);
}

void s5_lookup_cancel(struct s5_lookup *l)
{
	if (!l->resolver)
		return;
	if (l->request)
		l->request->lookup = NULL;
	l->request = NULL;
	s5_loop_not_later(l->resolver->loop, &l->task);
}

const char *s5_lookup_text(enum s5_lookup_result result)
{
	static const char *const texts[] = {
		[S5_LOOKUP_FOUND] = "found",
		[S5_LOOKUP_NO_NAME] = "name does not exist",
		[S5_LOOKUP_NO_DATA] = "name has no address",
		[S5_LOOKUP_FAILED] = "name server failed",
		[S5_LOOKUP_TIMEOUT] = "name server did not answer",
	};

	return texts[result];
}

/* life */

static struct ares_addr_port_node server_node(const struct s5_addr *a)
{
	struct ares_addr_port_node node = { .udp_port = a->port, .tcp_port = a->port };

	node.family = a->atyp == S5_ATYP_IPV4 ? AF_INET : AF_INET6;
	memcpy(&node.addr, a->octets, a->len);
	return node;
}

static int set_servers(struct s5_resolver *r, const char *text)
{
	struct ares_addr_port_node nodes[SERVERS_MAX];
	struct s5_addr a;
	size_t n = 0, len;

	do {
		len = strcspn(text, ",");
		if (n == SERVERS_MAX || !s5_nameserver_parse(&a, text, len))
			return -EINVAL;
		nodes[n] = server_node(&a);
		if (n++)
			nodes[n - 2].next = &nodes[n - 1];
		text += len;
	} while (*text++);
	return ares_set_servers_ports(r->channel, nodes) == ARES_SUCCESS ? 0 : -ENOMEM;
}

int s5_resolver_new(struct s5_resolver **resolver, struct s5_loop *loop, const char *servers)
{
	struct s5_resolver *r = calloc(1, sizeof *r);
	struct ares_options options = { .flags = ARES_FLAG_NOSEARCH, /* the name the rules saw */
					.timeout = TRY_MS,
					.tries = TRIES,
					.sock_state_cb = socket_state,
					.sock_state_cb_data = r };
	int rc;

	if (!r)
		return -ENOMEM;
	r->loop = loop;
	r->timer.fire = timer_fire;
	if (ares_init_options(&r->channel, &options,
			      ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
				      ARES_OPT_SOCK_STATE_CB)) {
		free(r);
		return -ENOMEM;
	}
	rc = servers ? set_servers(r, servers) : 0;
	if (rc < 0)
		s5_resolver_free(r);
	else
		*resolver = r;
	return rc;
}

void s5_resolver_free(struct s5_resolver *resolver)
{
	if (!resolver)
		return;
	ares_destroy(resolver->channel);
	s5_timer_stop(resolver->loop, &resolver->timer);
	while (resolver->sockets)
		socket_drop(resolver, &resolver->sockets);
	for (size_t i = 0; i < CACHE_SLOTS; i++)
		free(resolver->cache[i]);
	free(resolver);
}

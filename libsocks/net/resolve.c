#include "net/resolve.h"

#include <ares.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "net/nameserver.h"

#define QUERY_SLOTS 512
#define TICK_MS 100 /* how late a question may be put again */
#define TRY_MS 2000 /* of the first try at each server; c-ares lengthens it */
#define TRIES 3
#define SERVERS_MAX 8

/* A question to the name servers. c-ares cannot take a single one back. */
struct s5_query_dns {
	struct s5_resolver *resolver;
	LIST_ENTRY(s5_query_dns) link;
	LIST_HEAD(, s5_lookup) lookups; /* who waits for it; nobody: given up */
	uint8_t atyp;
	char name[S5_NAME_MAX + 1];
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
	struct s5_hash_key key;
	LIST_HEAD(, s5_query_dns) queries[QUERY_SLOTS];
	unsigned nqueries, given_up; /* given_up: how many of them */
	struct s5_cache cache;
};

static uint64_t hash_of(const struct s5_resolver *r, const char *name, uint8_t atyp)
{
	return s5_hash(&r->key, name, strlen(name)) + atyp;
}

/* c-ares on the loop */

/* Asking c-ares when its next question is due would walk all of them each time. */
static void tick(struct s5_resolver *r)
{
	if (!r->nqueries)
		s5_timer_stop(r->loop, &r->timer);
	else if (!r->timer.slot)
		s5_timer_set(r->loop, &r->timer, r->loop->now + TICK_MS);
}

static void timer_fire(struct s5_timer *t)
{
	struct s5_resolver *r = S5_OUTER(t, struct s5_resolver, timer);

	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	tick(r);
}

static void socket_ready(struct s5_watch *w, uint32_t events)
{
	struct s5_resolver *r = ((struct dns_socket *)w)->resolver;
	int fd = w->fd;

	ares_process_fd(r->channel, events & ~(uint32_t)EPOLLOUT ? fd : ARES_SOCKET_BAD,
			events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
	tick(r);
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

static void ask(struct s5_query_dns *q);

static void query_end(struct s5_query_dns *q, enum s5_lookup_result result,
		      const struct s5_answer *answer)
{
	struct s5_resolver *r = q->resolver;
	struct s5_lookup *l;

	r->nqueries--;
	r->given_up -= LIST_EMPTY(&q->lookups);
	while ((l = LIST_FIRST(&q->lookups))) {
		LIST_REMOVE(l, link);
		l->answer = *answer;
		finish(l, result);
	}
	LIST_REMOVE(q, link);
	free(q);
}

static void answered(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct s5_query_dns *q = arg;
	struct s5_resolver *r = q->resolver;
	struct s5_answer answer = { .n = 0 };
	enum s5_lookup_result result = result_of(status);
	int ttl;

	(void)timeouts;
	if (status == ARES_ECANCELLED && !LIST_EMPTY(&q->lookups)) {
		ask(q); /* it was cancelled for the sake of others */
		return;
	}
	if (result == S5_LOOKUP_FOUND && info) {
		ttl = collect(&answer, info, q->atyp);
		if (!answer.n)
			result = S5_LOOKUP_NO_DATA;
		else if (ttl > 0)
			s5_cache_put(&r->cache, hash_of(r, q->name, q->atyp), q->name, q->atyp,
				     &answer, r->loop->now + 1000 * ttl);
	}
	if (info)
		ares_freeaddrinfo(info);
	if (status == ARES_EDESTRUCTION)
		LIST_INIT(&q->lookups);
	query_end(q, result, &answer);
}

/* RFC 6761 6.3: that is this machine, and nobody needs to be asked. (c-ares 1.18 would know, and
 * leak a string each time.) */
static bool is_localhost(const char *name, struct s5_lookup *l)
{
	const struct s5_addr home = s5_addr_loopback(l->atyp, 0);

	if (strcmp(name, "localhost") != 0 && strcmp(name, "localhost.") != 0)
		return false;
	l->answer.n = 1;
	memcpy(l->answer.ip[0], home.octets, home.len);
	return true;
}

static void ask(struct s5_query_dns *q)
{
	struct ares_addrinfo_hints hints = {
		.ai_family = q->atyp == S5_ATYP_IPV4 ? AF_INET : AF_INET6,
		.ai_flags = ARES_AI_NOSORT,
		.ai_socktype = SOCK_STREAM,
	};

	ares_getaddrinfo(q->resolver->channel, q->name, NULL, &hints, answered, q);
}

/* When half of all questions are given up, a full house is cleared, and those that somebody waits
 * for are put anew. */
static bool make_room(struct s5_resolver *r)
{
	if (r->nqueries < S5_LOOKUPS_MAX)
		return true;
	if (r->given_up < S5_LOOKUPS_MAX / 2)
		return false;
	ares_cancel(r->channel);
	return true;
}

static void join(struct s5_query_dns *q, struct s5_lookup *l)
{
	l->request = q;
	LIST_INSERT_HEAD(&q->lookups, l, link);
}

static void query_start(struct s5_lookup *l, const char *name, uint64_t hash)
{
	struct s5_resolver *r = l->resolver;
	struct s5_query_dns *q = make_room(r) ? calloc(1, sizeof *q) : NULL;

	if (!q) {
		finish(l, r->nqueries < S5_LOOKUPS_MAX ? S5_LOOKUP_FAILED : S5_LOOKUP_BUSY);
		return;
	}
	q->resolver = r;
	q->atyp = l->atyp;
	strcpy(q->name, name);
	join(q, l);
	LIST_INSERT_HEAD(&r->queries[hash % QUERY_SLOTS], q, link);
	r->nqueries++;
	ask(q);
	tick(r);
}

/* Is the same asked for already? Then l waits for that. */
static bool query_join(struct s5_lookup *l, const char *name, uint64_t hash)
{
	struct s5_resolver *r = l->resolver;
	struct s5_query_dns *q;

	LIST_FOREACH(q, &r->queries[hash % QUERY_SLOTS], link)
	if (q->atyp == l->atyp && strcmp(q->name, name) == 0)
		break;
	if (!q)
		return false;
	r->given_up -= LIST_EMPTY(&q->lookups);
	join(q, l);
	return true;
}

static bool is_cached(struct s5_lookup *l, const char *name, uint64_t hash)
{
	struct s5_resolver *r = l->resolver;
	const struct s5_answer *answer = s5_cache_get(&r->cache, hash, name, l->atyp, r->loop->now);

	if (answer)
		l->answer = *answer;
	return answer;
}

void s5_lookup_start(struct s5_lookup *l, struct s5_resolver *resolver, const struct s5_addr *name,
		     enum s5_atyp atyp, void (*done)(struct s5_lookup *l))
{
	char text[S5_NAME_MAX + 1];
	uint64_t hash;

	*l = (struct s5_lookup){ .atyp = (uint8_t)atyp, .done = done, .resolver = resolver };
	for (unsigned i = 0; i < name->len; i++)
		text[i] = (char)tolower(name->octets[i]);
	text[name->len] = 0;
	hash = hash_of(resolver, text, l->atyp);
	if (strlen(text) != name->len)
		finish(l, S5_LOOKUP_NO_NAME);
	else if (is_localhost(text, l) || is_cached(l, text, hash))
		finish(l, S5_LOOKUP_FOUND);
	else if (!query_join(l, text, hash))
		query_start(l, text, hash);
}

void s5_lookup_cancel(struct s5_lookup *l)
{
	struct s5_query_dns *q;

	if (!l->resolver)
		return;
	q = l->request;
	if (q) {
		LIST_REMOVE(l, link);
		q->resolver->given_up += LIST_EMPTY(&q->lookups);
	}
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
		[S5_LOOKUP_BUSY] = "too many names are being looked up",
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
	/* The name that the rules saw: no aliases, and no search domains. (c-ares 1.18 does not heed
	 * ARES_FLAG_NOSEARCH; that there are none it believes.) */
	struct ares_options options = { .flags = ARES_FLAG_NOALIASES,
					.domains = NULL,
					.ndomains = 0,
					.timeout = TRY_MS,
					.tries = TRIES,
					.sock_state_cb = socket_state,
					.sock_state_cb_data = r };
	int rc;

	if (!r)
		return -ENOMEM;
	r->loop = loop;
	r->timer.fire = timer_fire;
	if (getentropy(&r->key, sizeof r->key) < 0 ||
	    ares_init_options(&r->channel, &options,
			      ARES_OPT_FLAGS | ARES_OPT_DOMAINS | ARES_OPT_TIMEOUTMS |
				      ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB)) {
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
	s5_cache_fini(&resolver->cache);
	free(resolver);
}

/* A UDP client, the relay that it sends to (a socket of the test) and its control connections (socket
 * pairs): what the tests of s5_udp_client share. */
#ifndef ASSOCIATING_H
#define ASSOCIATING_H

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "roles/udp_client.h"
#include "testlib.h"
#include "turns.h"

#define HOPS 3

struct scene {
	struct s5_loop loop;
	struct s5_udp_client client;
	struct s5_udp_hop hops[HOPS];
	struct s5_hop proxies[HOPS];
	struct s5_client_config config;
	int relay, far[HOPS]; /* the proxies' ends */
	struct s5_sockaddr from; /* who sent to the relay last */
	struct s5_budget budget;
	unsigned received, lost, troubles, dropped, seen;
	struct s5_addr sender;
	uint8_t data[65536];
	size_t len, lost_hop;
	int error;
	const char *why;
};

static inline struct s5_addr ip4(uint8_t last, uint16_t port)
{
	return s5_addr_ip4((const uint8_t[]){ 127, 0, 0, last }, port);
}

static inline struct scene *scene_of(struct s5_udp_client *u)
{
	return S5_OUTER(u, struct scene, client);
}

static inline void received(struct s5_udp_client *u, const struct s5_addr *from,
			    const uint8_t *data, size_t len)
{
	struct scene *s = scene_of(u);

	s->received++;
	s->sender = *from;
	s->len = len;
	memcpy(s->data, data, len);
}

static inline void lost(struct s5_udp_client *u, size_t hop, int error)
{
	struct scene *s = scene_of(u);

	s->lost++;
	s->lost_hop = hop;
	s->error = error;
	s5_udp_client_fini(u);
}

static inline void trouble(struct s5_udp_client *u, int error)
{
	scene_of(u)->troubles++;
	scene_of(u)->error = error;
}

static inline void dropped(struct s5_udp_client *u, size_t hop, const char *why)
{
	(void)hop;
	scene_of(u)->dropped++;
	scene_of(u)->why = why;
}

static inline void watch(struct s5_udp_client *u, size_t hop, enum s5_role sender,
			 const uint8_t *octets, size_t len, const struct s5_trace *trace)
{
	(void)octets;
	assert_true(hop < u->nhops && len > 0 && sender != S5_OBSERVER && trace->nspans > 4);
	scene_of(u)->seen++;
}

static inline int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	struct s5_addr here = ip4(1, 0);

	assert_non_null(s);
	assert_int_equal(s5_loop_init(&s->loop), 0);
	s->relay = s5_sock_udp(&here);
	assert_true(s->relay >= 0);
	s->config.hops = s->proxies;
	s->client = (struct s5_udp_client){ .loop = &s->loop, .hops = s->hops };
	s->budget.limit = 1 << 20;
	s->client.budget = &s->budget;
	s->client.received = received;
	s->client.lost = lost;
	s->client.trouble = trouble;
	s->client.dropped = dropped;
	for (int i = 0; i < HOPS; i++)
		s->far[i] = -1;
	*state = s;
	return 0;
}

static inline int tear_down(void **state)
{
	struct scene *s = *state;

	s5_udp_client_fini(&s->client);
	s5_udp_client_fini(&s->client);
	s5_loop_fini(&s->loop);
	close(s->relay);
	for (int i = 0; i < HOPS; i++)
		if (s->far[i] >= 0)
			close(s->far[i]);
	free(s);
	return 0;
}

/* A control connection with the next hop, whose reply was `bound`; `peer` is the proxy. */
static inline int join(struct scene *s, struct s5_addr bound, struct s5_addr peer)
{
	static struct s5_client c; /* large */
	struct s5_watch watching = { .fd = -1 };
	size_t hop = s->client.nhops;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
			 0);
	watching.fd = fds[0];
	assert_int_equal(s5_loop_watch(&s->loop, &watching, EPOLLIN), 0);
	s->far[hop] = fds[1];
	s->proxies[hop].addr = peer;
	c = (struct s5_client){ .fd = fds[0], .config = &s->config };
	c.session.reply.bnd = bound;
	c.dial.peer = peer;
	return s5_udp_client_join(&s->client, &c);
}

static inline struct s5_addr relay_address(const struct scene *s)
{
	return s5_sock_local(s->relay);
}

static inline void start(struct scene *s)
{
	assert_int_equal(s5_udp_client_start(&s->client), 0);
}

static inline void start_one(struct scene *s)
{
	assert_int_equal(join(s, relay_address(s), ip4(1, 1080)), 0);
	start(s);
}

static inline void send_to(struct scene *s, struct s5_addr to, const char *text)
{
	assert_int_equal(s5_udp_client_send(&s->client, &to, text, strlen(text)), 0);
}

/* What the relay got next. */
static inline void relay_got(struct scene *s, const char *want)
{
	uint8_t octets[2048];
	ssize_t n;

	s->from.len = sizeof s->from.un;
	n = recvfrom(s->relay, octets, sizeof octets, 0, &s->from.sa, &s->from.len);
	assert_true(n >= 0);
	assert_octets(octets, (size_t)n, want);
}

/* The relay, or a stranger, sends to the client. */
static inline void sends(struct scene *s, int fd, const char *text)
{
	uint8_t octets[2048];
	size_t n = hex(octets, sizeof octets, text);

	assert_int_equal(sendto(fd, octets, n, 0, &s->from.sa, s->from.len), n);
}

/* The client has one more of these. */
#define AFTER(count)                                      \
	do {                                              \
		unsigned before_ = s->count;              \
                                                          \
		TURN_UNTIL(&s->loop, s->count > before_); \
		assert_int_equal(s->count, before_ + 1);  \
	} while (0)

static inline struct s5_addr name_of(const char *text, uint16_t port)
{
	struct s5_addr a;

	assert_true(s5_addr_set_name(&a, text, strlen(text), port));
	return a;
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif

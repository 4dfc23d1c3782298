/* roles/udp_client: which relay it sends to, headers there and back, what it drops, what ends it. The
 * relay is a socket of the test, the control connections are socket pairs. */
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
	unsigned received, lost, troubles, dropped, seen;
	struct s5_addr sender;
	uint8_t data[65536];
	size_t len, lost_hop;
	int error;
	const char *why;
};

static struct s5_addr ip4(uint8_t last, uint16_t port)
{
	return s5_addr_ip4((const uint8_t[]){ 127, 0, 0, last }, port);
}

static struct scene *scene_of(struct s5_udp_client *u)
{
	return S5_OUTER(u, struct scene, client);
}

static void received(struct s5_udp_client *u, const struct s5_addr *from, const uint8_t *data,
		     size_t len)
{
	struct scene *s = scene_of(u);

	s->received++;
	s->sender = *from;
	s->len = len;
	memcpy(s->data, data, len);
}

static void lost(struct s5_udp_client *u, size_t hop, int error)
{
	struct scene *s = scene_of(u);

	s->lost++;
	s->lost_hop = hop;
	s->error = error;
	s5_udp_client_fini(u);
}

static void trouble(struct s5_udp_client *u, int error)
{
	scene_of(u)->troubles++;
	scene_of(u)->error = error;
}

static void dropped(struct s5_udp_client *u, size_t hop, const char *why)
{
	(void)hop;
	scene_of(u)->dropped++;
	scene_of(u)->why = why;
}

static void watch(struct s5_udp_client *u, size_t hop, enum s5_role sender, const uint8_t *octets,
		  size_t len, const struct s5_trace *trace)
{
	(void)octets;
	assert_true(hop < u->nhops && len > 0 && sender != S5_OBSERVER && trace->nspans > 4);
	scene_of(u)->seen++;
}

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	struct s5_addr here = ip4(1, 0);

	assert_non_null(s);
	assert_int_equal(s5_loop_init(&s->loop), 0);
	s->relay = s5_sock_udp(&here);
	assert_true(s->relay >= 0);
	s->config.hops = s->proxies;
	s->client = (struct s5_udp_client){ .loop = &s->loop, .hops = s->hops };
	s->client.received = received;
	s->client.lost = lost;
	s->client.trouble = trouble;
	s->client.dropped = dropped;
	for (int i = 0; i < HOPS; i++)
		s->far[i] = -1;
	*state = s;
	return 0;
}

static int tear_down(void **state)
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
static int join(struct scene *s, struct s5_addr bound, struct s5_addr peer)
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

static struct s5_addr relay_address(const struct scene *s)
{
	return s5_sock_local(s->relay);
}

static void start(struct scene *s)
{
	assert_int_equal(s5_udp_client_start(&s->client), 0);
}

static void start_one(struct scene *s)
{
	assert_int_equal(join(s, relay_address(s), ip4(1, 1080)), 0);
	start(s);
}

static void send_to(struct scene *s, struct s5_addr to, const char *text)
{
	assert_int_equal(s5_udp_client_send(&s->client, &to, text, strlen(text)), 0);
}

/* What the relay got next. */
static void relay_got(struct scene *s, const char *want)
{
	uint8_t octets[2048];
	ssize_t n;

	s->from.len = sizeof s->from.un;
	n = recvfrom(s->relay, octets, sizeof octets, 0, &s->from.sa, &s->from.len);
	assert_true(n >= 0);
	assert_octets(octets, (size_t)n, want);
}

/* The relay, or a stranger, sends to the client. */
static void sends(struct scene *s, int fd, const char *text)
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

static struct s5_addr name_of(const char *text, uint16_t port)
{
	struct s5_addr a;

	assert_true(s5_addr_set_name(&a, text, strlen(text), port));
	return a;
}

TEST(R1928_U_11_one_header_for_one_hop)
{
	struct scene *s = *state;

	start_one(s);
	send_to(s, ip4(9, 53), "abc");
	relay_got(s, "0000 00 01 7f000009 0035 616263");
	send_to(s, name_of("ex.test", 53), "abc");
	relay_got(s, "0000 00 03 07 65782e74657374 0035 616263");
	sends(s, s->relay, "0000 00 01 7f000008 0036 6465");
	AFTER(received);
	assert_octets(s->data, s->len, "6465");
	assert_true(s5_addr_equal(&s->sender, &(struct s5_addr[]){ ip4(8, 54) }[0]));
}

TEST(R1928_U_15_an_empty_payload_goes_and_comes)
{
	struct scene *s = *state;

	start_one(s);
	send_to(s, ip4(9, 53), "");
	relay_got(s, "0000 00 01 7f000009 0035");
	sends(s, s->relay, "0000 00 01 7f000009 0035");
	AFTER(received);
	assert_int_equal(s->len, 0);
}

/* The relay that is found: `bound` as the reply says, `peer` the proxy. */
static void relay_is(struct scene *s, struct s5_addr bound, struct s5_addr peer, const char *want)
{
	char text[S5_ADDR_TEXT];

	assert_int_equal(join(s, bound, peer), 0);
	assert_string_equal(s5_addr_format(&s->hops[s->client.nhops - 1].relay, text, sizeof text),
			    want);
}

TEST(R1928_U_2_the_reply_says_the_relay)
{
	struct scene *s = *state;
	struct s5_addr mapped = { .atyp = S5_ATYP_IPV6, .len = 16, .port = 7 };

	memcpy(mapped.octets + 10, "\xff\xff\x7f\0\0\x03", 6);
	relay_is(s, ip4(5, 7), ip4(1, 1080), "127.0.0.5:7");
	relay_is(s, mapped, ip4(1, 1080), "127.0.0.3:7");
}

TEST(R1928_U_2_an_unspecified_address_is_the_proxys)
{
	static const uint8_t any[16];
	struct scene *s = *state;

	relay_is(s, s5_addr_ip4(any, 7), ip4(4, 1080), "127.0.0.4:7");
	relay_is(s, s5_addr_ip6(any, 8), ip4(5, 1080), "127.0.0.5:8");
	relay_is(s, s5_addr_ip4(any, 9), name_of("hop.test", 1080), "hop.test:9");
}

TEST(R1928_U_2_the_proxys_address_always_where_that_is_wanted)
{
	struct scene *s = *state;

	s->client.proxy_address = true;
	relay_is(s, ip4(5, 7), ip4(1, 1080), "127.0.0.1:7");
	relay_is(s, ip4(5, 8), ip4(2, 1080), "127.0.0.2:8");
}

TEST(R1928_U_2_behind_a_unix_socket_it_is_this_machine)
{
	static const uint8_t any[16];
	struct scene *s = *state;

	relay_is(s, s5_addr_ip4(any, 7), (struct s5_addr){ .atyp = 0 }, "127.0.0.1:7");
}

TEST(R1928_U_2_a_reply_without_a_port_is_no_reply)
{
	struct scene *s = *state;

	assert_int_equal(join(s, ip4(1, 0), ip4(1, 1080)), -EPROTO);
}

TEST(R1928_U_20_only_the_relay_is_heard)
{
	struct scene *s = *state;
	struct s5_addr here = ip4(1, 0);
	int stranger = s5_sock_udp(&here);

	start_one(s);
	send_to(s, ip4(9, 53), "abc");
	relay_got(s, "0000 00 01 7f000009 0035 616263");
	sends(s, stranger, "0000 00 01 7f000009 0035 21");
	sends(s, s->relay, "0000 00 01 7f000009 0035 22");
	AFTER(received);
	assert_octets(s->data, s->len, "22");
	close(stranger);
}

TEST(R1928_U_11_what_is_no_datagram_of_the_relay_is_dropped)
{
	static const char *const wrong[] = {
		"",
		"0000 00 01 7f00",
		"0000 00 09 7f000009 0035 21",
		"0100 00 01 7f000009 0035 21",
	};
	struct scene *s = *state;

	start_one(s);
	send_to(s, ip4(9, 53), "");
	relay_got(s, "0000 00 01 7f000009 0035");
	for (unsigned i = 0; i < LENGTH(wrong); i++) {
		sends(s, s->relay, wrong[i]);
		AFTER(dropped);
		assert_non_null(s->why);
	}
	sends(s, s->relay, "0000 00 01 7f000009 0035 22");
	AFTER(received);
	assert_int_equal(s->received, 1);
}

TEST(a_chain_has_a_header_for_each_hop)
{
	struct scene *s = *state;

	assert_int_equal(join(s, relay_address(s), ip4(1, 1080)), 0);
	assert_int_equal(join(s, ip4(2, 0x7531), ip4(2, 1080)), 0);
	assert_int_equal(join(s, ip4(3, 0x7532), ip4(3, 1080)), 0);
	s->client.watch = watch;
	start(s);
	send_to(s, ip4(9, 53), "a");
	relay_got(s,
		  "0000 00 01 7f000002 7531 0000 00 01 7f000003 7532 0000 00 01 7f000009 0035 61");
	assert_int_equal(s->seen, 3);
	sends(s, s->relay,
	      "0000 00 01 7f000002 7531 0000 00 01 7f000003 7532 0000 00 01 7f000009 0035 62");
	AFTER(received);
	assert_octets(s->data, s->len, "62");
	assert_int_equal(s->seen, 6);
}

TEST(R1928_U_20_in_a_chain_only_the_next_relay_is_heard)
{
	struct scene *s = *state;

	assert_int_equal(join(s, relay_address(s), ip4(1, 1080)), 0);
	assert_int_equal(join(s, ip4(2, 0x7531), ip4(2, 1080)), 0);
	start(s);
	send_to(s, ip4(9, 53), "");
	relay_got(s, "0000 00 01 7f000002 7531 0000 00 01 7f000009 0035");
	sends(s, s->relay, "0000 00 01 7f000002 7532 0000 00 01 7f000009 0035 62");
	AFTER(dropped);
	sends(s, s->relay, "0000 00 01 7f000002 7531 0000 00 01 7f000009 0035 63");
	AFTER(received);
	assert_octets(s->data, s->len, "63");
}

TEST(a_relay_known_by_name_is_known_by_its_port)
{
	struct scene *s = *state;

	assert_int_equal(join(s, relay_address(s), ip4(1, 1080)), 0);
	assert_int_equal(join(s, s5_addr_ip4((uint8_t[4]){ 0 }, 0x7531), name_of("hop", 1080)), 0);
	start(s);
	send_to(s, ip4(9, 53), "");
	relay_got(s, "0000 00 03 03 686f70 7531 0000 00 01 7f000009 0035");
	sends(s, s->relay, "0000 00 01 7f000002 7532 0000 00 01 7f000009 0035 62");
	AFTER(dropped);
	sends(s, s->relay, "0000 00 01 7f000002 7531 0000 00 01 7f000009 0035 63");
	AFTER(received);
}

TEST(R1928_U_21_the_limit_is_65507_less_the_headers)
{
	static const uint8_t any[16];
	struct scene *s = *state;
	struct s5_addr to[] = { ip4(9, 1), s5_addr_ip6(any, 1), name_of("ex.test", 1) };
	const size_t header[] = { 10, 22, 14 };

	for (unsigned i = 0; i < LENGTH(to); i++)
		assert_int_equal(s5_udp_client_limit(&s->client, &to[i]), 65507);
	for (size_t hops = 1; hops <= 2; hops++) {
		assert_int_equal(join(s, ip4(2, 7), ip4(2, 1080)), 0);
		for (unsigned i = 0; i < LENGTH(to); i++)
			assert_int_equal(s5_udp_client_limit(&s->client, &to[i]),
					 65507 - header[i] - (hops - 1) * 10);
	}
}

TEST(R1928_U_22_the_largest_payload_goes_and_one_octet_more_does_not)
{
	static uint8_t octets[65536];
	struct scene *s = *state;
	struct s5_addr to = ip4(9, 53);

	start_one(s);
	assert_int_equal(s5_udp_client_send(&s->client, &to, octets, 65498), -EMSGSIZE);
	assert_int_equal(s5_udp_client_send(&s->client, &to, octets, 65497), 0);
	assert_int_equal(recv(s->relay, octets, sizeof octets, MSG_DONTWAIT), 65507);
}

TEST(R1928_F_2_pieces_are_numbered_and_the_last_is_marked)
{
	struct scene *s = *state;
	struct s5_addr to = ip4(9, 53);

	start_one(s);
	assert_int_equal(s5_udp_client_send_pieces(&s->client, &to, "abcde", 5, 2), 0);
	relay_got(s, "0000 01 01 7f000009 0035 6162");
	relay_got(s, "0000 02 01 7f000009 0035 6364");
	relay_got(s, "0000 83 01 7f000009 0035 65");
	assert_int_equal(s5_udp_client_send_pieces(&s->client, &to, "", 0, 2), 0);
	relay_got(s, "0000 81 01 7f000009 0035");
	assert_int_equal(s5_udp_client_send_pieces(&s->client, &to, s->data, 127, 1), 0);
	assert_int_equal(s5_udp_client_send_pieces(&s->client, &to, s->data, 128, 1), -E2BIG);
}

TEST(R1928_U_23_the_end_of_any_control_connection_is_told_once)
{
	struct scene *s = *state;

	assert_int_equal(join(s, relay_address(s), ip4(1, 1080)), 0);
	assert_int_equal(join(s, ip4(2, 0x7531), ip4(2, 1080)), 0);
	start(s);
	close(s->far[1]);
	s->far[1] = -1;
	AFTER(lost);
	assert_int_equal(s->lost_hop, 1);
	assert_int_equal(s->error, 0);
}

TEST(R1928_U_10_octets_on_the_control_connection_mean_nothing)
{
	struct scene *s = *state;

	start_one(s);
	assert_int_equal(write(s->far[0], "noise", 5), 5);
	turn_now(&s->loop);
	turn_now(&s->loop);
	assert_int_equal(s->lost, 0);
	send_to(s, ip4(9, 53), "abc");
	relay_got(s, "0000 00 01 7f000009 0035 616263");
}

TEST(R1928_U_18_an_icmp_error_is_told_and_ends_nothing)
{
	struct scene *s = *state;
	struct s5_addr relay = relay_address(s);

	start_one(s);
	close(s->relay);
	send_to(s, ip4(9, 53), "a");
	AFTER(troubles);
	assert_int_equal(s->error, ECONNREFUSED);
	s->relay = s5_sock_udp(&relay);
	assert_true(s->relay >= 0);
	send_to(s, ip4(9, 53), "b");
	relay_got(s, "0000 00 01 7f000009 0035 62");
	assert_int_equal(s->lost, 0);
}

TEST(an_icmp_error_costs_no_later_datagram)
{
	struct scene *s = *state;
	struct s5_addr relay = relay_address(s);

	start_one(s);
	close(s->relay);
	send_to(s, ip4(9, 53), "a");
	s->relay = s5_sock_udp(&relay);
	send_to(s, ip4(9, 53), "b");
	assert_int_equal(s->troubles, 1);
	relay_got(s, "0000 00 01 7f000009 0035 62");
}

TEST(without_hops_datagrams_go_as_they_are)
{
	struct scene *s = *state;

	s->client.peer = relay_address(s);
	start(s);
	send_to(s, s->client.peer, "abc");
	relay_got(s, "616263");
	sends(s, s->relay, "6465");
	AFTER(received);
	assert_octets(s->data, s->len, "6465");
	assert_true(s5_addr_equal(&s->sender, &s->client.peer));
}

TEST(it_sends_from_where_it_is_told)
{
	struct scene *s = *state;
	struct s5_addr from = ip4(7, 0), used;

	s->client.source = from;
	start_one(s);
	send_to(s, ip4(9, 53), "");
	relay_got(s, "0000 00 01 7f000009 0035");
	used = s5_sockaddr_to(&s->from);
	used.port = 0;
	assert_true(s5_addr_equal(&used, &from));
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(R1928_U_11_one_header_for_one_hop),
		SCENE(R1928_U_15_an_empty_payload_goes_and_comes),
		SCENE(R1928_U_2_the_reply_says_the_relay),
		SCENE(R1928_U_2_an_unspecified_address_is_the_proxys),
		SCENE(R1928_U_2_the_proxys_address_always_where_that_is_wanted),
		SCENE(R1928_U_2_behind_a_unix_socket_it_is_this_machine),
		SCENE(R1928_U_2_a_reply_without_a_port_is_no_reply),
		SCENE(R1928_U_20_only_the_relay_is_heard),
		SCENE(R1928_U_11_what_is_no_datagram_of_the_relay_is_dropped),
		SCENE(a_chain_has_a_header_for_each_hop),
		SCENE(R1928_U_20_in_a_chain_only_the_next_relay_is_heard),
		SCENE(a_relay_known_by_name_is_known_by_its_port),
		SCENE(R1928_U_21_the_limit_is_65507_less_the_headers),
		SCENE(R1928_U_22_the_largest_payload_goes_and_one_octet_more_does_not),
		SCENE(R1928_F_2_pieces_are_numbered_and_the_last_is_marked),
		SCENE(R1928_U_23_the_end_of_any_control_connection_is_told_once),
		SCENE(R1928_U_10_octets_on_the_control_connection_mean_nothing),
		SCENE(R1928_U_18_an_icmp_error_is_told_and_ends_nothing),
		SCENE(an_icmp_error_costs_no_later_datagram),
		SCENE(without_hops_datagrams_go_as_they_are),
		SCENE(it_sends_from_where_it_is_told),
	};

	return RUN(tests);
}

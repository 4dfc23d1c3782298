/* roles/udp_client: which relay it sends to, headers there and back, what it drops, what ends it. */
#include "associating.h"

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

TEST(R1928_U_23_what_came_before_the_end_is_not_lost_with_it)
{
	struct scene *s = *state;

	start_one(s);
	send_to(s, ip4(9, 53), "");
	relay_got(s, "0000 00 01 7f000009 0035");
	shutdown(s->far[0], SHUT_RDWR); /* first, so that it is seen first */
	sends(s, s->relay, "0000 00 01 7f000009 0035 62");
	AFTER(lost);
	assert_int_equal(s->received, 1);
	assert_octets(s->data, s->len, "62");
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
		SCENE(R1928_U_23_the_end_of_any_control_connection_is_told_once),
		SCENE(R1928_U_23_what_came_before_the_end_is_not_lost_with_it),
		SCENE(R1928_U_10_octets_on_the_control_connection_mean_nothing),
		SCENE(R1928_U_18_an_icmp_error_is_told_and_ends_nothing),
		SCENE(an_icmp_error_costs_no_later_datagram),
		SCENE(without_hops_datagrams_go_as_they_are),
		SCENE(it_sends_from_where_it_is_told),
	};

	return RUN(tests);
}

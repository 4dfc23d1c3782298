/* What captured frames carry. */
#include "testlib.h"

#include "frames.h"

#define TCP "0438 c000 01020304 05060708 5018 ffff 0000 0000" /* 1080 to 49152 */
#define IP4 "0a000001 0a000002"
#define IP6 "20010db8000000000000000000000001 20010db8000000000000000000000002"
#define TCP4 "4500 002b 0000 4000 4006 0000" IP4 TCP "050100"
#define TCP6 "60000000 0017 0640" IP6 TCP "050100"

/* All of them carry the same. */
static const struct {
	enum s5_link link;
	const char *octets;
} same[] = {
	{ S5_LINK_ETHERNET, ETHERNET4 TCP4 },
	{ S5_LINK_ETHERNET, ETHERNET6 TCP6 },
	/* what Ethernet pads with, and a check sequence */
	{ S5_LINK_ETHERNET, ETHERNET4 TCP4 "000000" },
	{ S5_LINK_ETHERNET, ETHERNET6 TCP6 "deadbeef" },
	/* tags: 802.1Q, 802.1ad with 802.1Q in it, three of all kinds */
	{ S5_LINK_ETHERNET, "020000000002 020000000001 8100 0064 0800" TCP4 },
	{ S5_LINK_ETHERNET, "020000000002 020000000001 88a8 0064 8100 0065 0800" TCP4 },
	{ S5_LINK_ETHERNET, "020000000002 020000000001 9100 0064 88a8 0064 8100 0065 86dd" TCP6 },
	{ S5_LINK_COOKED, "0000 0001 0006 0200000000010000 0800" TCP4 },
	{ S5_LINK_COOKED, "0000 0001 0006 0200000000010000 8100 0064 86dd" TCP6 },
	{ S5_LINK_COOKED2, "0800 0000 00000002 0001 00 06 0200000000010000" TCP4 },
	{ S5_LINK_COOKED2, "8100 0000 00000002 0001 00 06 0200000000010000 0064 86dd" TCP6 },
	{ S5_LINK_RAW, TCP4 },
	{ S5_LINK_RAW, TCP6 },
	{ S5_LINK_NULL, "00000002" TCP4 },
	{ S5_LINK_NULL, "02000000" TCP4 },
	{ S5_LINK_NULL, "0000001e" TCP6 },
	{ S5_LINK_NULL, "18000000" TCP6 },
	{ S5_LINK_NULL, "1c000000" TCP6 },
	{ S5_LINK_NULL, "0a000000" TCP6 },
	{ S5_LINK_LOOP, "00000002" TCP4 },
	{ S5_LINK_LOOP, "00000018" TCP6 },
	/* options of IPv4, and of TCP */
	{ S5_LINK_RAW, "4700 0033 0000 4000 4006 0000" IP4 "0101010101010100" TCP "050100" },
	{ S5_LINK_RAW, "4500 002f 0000 4000 4006 0000" IP4
		       "0438 c000 01020304 05060708 6018 ffff 0000 0000 01010100 050100" },
	/* a total length of 0 */
	{ S5_LINK_RAW, "4500 0000 0000 4000 4006 0000" IP4 TCP "050100" },
	{ S5_LINK_RAW, "60000000 0000 0640" IP6 TCP "050100" },
	/* AH, in IPv4 and IPv6 */
	{ S5_LINK_RAW, "4500 0043 0000 4000 4033 0000" IP4
		       "06040000 00000001 00000001 000000000000000000000000" TCP "050100" },
	{ S5_LINK_RAW, "60000000 002f 3340" IP6
		       "06040000 00000001 00000001 000000000000000000000000" TCP "050100" },
	/* hop-by-hop, routing, destination options, a fragment that is none, twice as long a header */
	{ S5_LINK_RAW, "60000000 001f 0040" IP6 "0600010400000000" TCP "050100" },
	{ S5_LINK_RAW, "60000000 003f 0040" IP6
		       "2b00010400000000 3c00000000000000 2c01010c000000000000000000000000"
		       "06000000 00000007" TCP "050100" },
	/* a jumbogram: RFC 2675 */
	{ S5_LINK_RAW, "60000000 0000 0040" IP6 "0600c20400000017" TCP "050100" },
};

static void assert_same(const struct s5_packet *p)
{
	bool is_ip4 = p->from.atyp == S5_ATYP_IPV4;

	assert_int_equal(p->state, S5_PACKET_GOOD);
	assert_int_equal(p->transport, S5_TRANSPORT_TCP);
	assert_address(&p->from, is_ip4 ? "10.0.0.1:1080" : "[2001:db8::1]:1080");
	assert_address(&p->to, is_ip4 ? "10.0.0.2:49152" : "[2001:db8::2]:49152");
	assert_int_equal(p->seq, 0x01020304);
	assert_int_equal(p->ack, 0x05060708);
	assert_int_equal(p->flags, 0x18);
}

TEST(every_link_and_header)
{
	struct s5_packet p;
	struct frame f;

	for (size_t i = 0; i < LENGTH(same); i++) {
		f.len = 0;
		frame_hex(&f, same[i].octets);
		if (frame_get(&p, same[i].link, f.octets, f.len, f.len) != S5_PACKET_GOOD)
			fail_msg("%s: %s", same[i].octets, s5_packet_text(p.state));
		assert_same(&p);
		assert_octets(p.payload, p.len, "050100");
		assert_int_equal(p.missing, 0);
	}
}

/* The headers are there or they are not; of the payload it is told how much is missing. */
TEST(options_of_tcp_may_be_cut_off)
{
	static struct frame f;
	struct s5_packet p;

	f.len = 0;
	frame_ip4(&f, S5_TRANSPORT_TCP, 1, 0, 40 + 5);
	frame_hex(&f, "03e8 0050 00000007 00000000 a002 ffff 0000 0000");
	frame_hex(&f, "020405b4 0402080a 0000000000000000 01030307 68656c6c6f");
	for (size_t cut = 40; cut <= f.len; cut++) {
		assert_int_equal(frame_get(&p, S5_LINK_RAW, f.octets, cut, f.len), S5_PACKET_GOOD);
		assert_int_equal(p.flags, S5_TCP_SYN);
		assert_int_equal(p.len, cut > 60 ? cut - 60 : 0);
		assert_int_equal(p.missing, 5 - p.len);
	}
	assert_int_equal(frame_get(&p, S5_LINK_RAW, f.octets, 39, f.len), S5_PACKET_CUT);
}

TEST(cut_everywhere)
{
	struct s5_packet p;
	struct frame f;

	for (size_t i = 0; i < LENGTH(same); i++) {
		f.len = 0;
		frame_hex(&f, same[i].octets);
		for (size_t n = 0; n < f.len; n++) {
			uint8_t *copy = exact_copy(f.octets, n);

			if (frame_get(&p, same[i].link, copy, n, f.len) == S5_PACKET_GOOD) {
				assert_same(&p);
				assert_true(p.len + p.missing == 3 || p.len + p.missing == 0);
			} else if (p.state != S5_PACKET_CUT) {
				fail_msg("%zu of %s: %s", n, same[i].octets,
					 s5_packet_text(p.state));
			}
			frame_get(&p, same[i].link, copy, n, n);
			assert_true(p.state == S5_PACKET_SHORT || p.state == S5_PACKET_CUT ||
				    p.state == S5_PACKET_GOOD);
			free(copy);
		}
	}
}

TEST(other_octets_do_no_harm)
{
	struct s5_packet p;
	struct frame f;

	for (size_t i = 0; i < LENGTH(same); i++) {
		uint8_t *copy;

		f.len = 0;
		frame_hex(&f, same[i].octets);
		copy = exact_copy(f.octets, f.len);
		for (size_t at = 0; at < f.len; at++) {
			for (unsigned value = 0; value < 256; value++) {
				copy[at] = (uint8_t)value;
				frame_get(&p, same[i].link, copy, f.len, f.len);
				frame_get(&p, same[i].link, copy, f.len, f.len + 100);
			}
			copy[at] = f.octets[at];
		}
		free(copy);
	}
}

static const struct {
	enum s5_link link;
	const char *octets;
	enum s5_packet_state state;
} others[] = {
	{ S5_LINK_ETHERNET, "", S5_PACKET_SHORT },
	{ S5_LINK_ETHERNET, ETHERNET4, S5_PACKET_SHORT },
	{ S5_LINK_ETHERNET, "020000000002 020000000001 0806 0001", S5_PACKET_NOT_IP },
	{ S5_LINK_ETHERNET, "020000000002 020000000001 0026 424203", S5_PACKET_NOT_IP },
	{ S5_LINK_ETHERNET, ETHERNET4 TCP6, S5_PACKET_VERSION },
	{ S5_LINK_ETHERNET,
	  ETHERNET6 "4"
		    "0000000 0017 0640" IP6 TCP,
	  S5_PACKET_VERSION },
	{ S5_LINK_RAW, "5500", S5_PACKET_NOT_IP },
	{ S5_LINK_NULL, "00000007 4500", S5_PACKET_NOT_IP },
	{ S5_LINK_LOOP, "02000000 4500", S5_PACKET_NOT_IP },
	/* a header of 16 octets, and a total length that has no room for it */
	{ S5_LINK_RAW, "4400 002b 0000 4000 4006 0000" IP4 TCP, S5_PACKET_LENGTH },
	{ S5_LINK_RAW, "4500 0013 0000 4000 4006 0000" IP4 TCP, S5_PACKET_LENGTH },
	/* a TCP header of 16 octets, and of more than there are */
	{ S5_LINK_RAW,
	  "4500 0028 0000 4000 4006 0000" IP4 "0438 c000 01020304 05060708 4018 ffff 0000 0000",
	  S5_PACKET_LENGTH },
	{ S5_LINK_RAW,
	  "4500 0028 0000 4000 4006 0000" IP4 "0438 c000 01020304 05060708 6018 ffff 0000 0000",
	  S5_PACKET_SHORT },
	{ S5_LINK_RAW, "4500 001a 0000 4000 4006 0000" IP4 TCP, S5_PACKET_SHORT },
	/* ICMP, and no next header */
	{ S5_LINK_RAW, "4500 001c 0000 4000 4001 0000" IP4 "0800000000000000",
	  S5_PACKET_NOT_TRANSPORT },
	{ S5_LINK_RAW, "60000000 0008 3b40" IP6 "0800000000000000", S5_PACKET_NOT_TRANSPORT },
	/* in IPv4 these are no extensions */
	{ S5_LINK_RAW, "4500 001c 0000 4000 4000 0000" IP4 "0600010400000000",
	  S5_PACKET_NOT_TRANSPORT },
	{ S5_LINK_RAW,
	  "60000000 0088 0040" IP6
	  "0000000000000000 0000000000000000 0000000000000000 0000000000000000"
	  "0000000000000000 0000000000000000 0000000000000000 0000000000000000"
	  "0000000000000000 0000000000000000 0000000000000000 0000000000000000"
	  "0000000000000000 0000000000000000 0000000000000000 0000000000000000"
	  "0600000000000000",
	  S5_PACKET_EXTENSIONS },
	/* UDP: shorter than its header, longer than its datagram */
	{ S5_LINK_RAW, "4500 001e 0000 4000 4011 0000" IP4 "1388 0035 0007 0000 6869",
	  S5_PACKET_LENGTH },
	{ S5_LINK_RAW, "4500 001e 0000 4000 4011 0000" IP4 "1388 0035 000b 0000 6869",
	  S5_PACKET_LENGTH },
	{ S5_LINK_RAW, "4500 001e 0000 2000 4011 0000" IP4 "1388 0035 000b 0000 6869",
	  S5_PACKET_FRAGMENT },
};

TEST(what_is_neither_says_why)
{
	struct s5_packet p;
	struct frame f;

	for (size_t i = 0; i < LENGTH(others); i++) {
		f.len = 0;
		frame_hex(&f, others[i].octets);
		frame_get(&p, others[i].link, f.octets, f.len, f.len);
		if (p.state != others[i].state)
			fail_msg("%s: %s", others[i].octets, s5_packet_text(p.state));
		assert_true(*s5_packet_text(p.state));
	}
}

TEST(udp_is_as_long_as_it_says)
{
	static const struct {
		const char *udp, *payload;
		size_t cut, missing;
	} rows[] = {
		{ "1388 0035 000a 0000 6869", "6869", 0, 0 },
		{ "1388 0035 0009 0000 6869", "68", 0, 0 },
		{ "1388 0035 0008 0000 6869", "", 0, 0 },
		{ "1388 0035 0000 0000 6869", "6869", 0, 0 }, /* as much as there is */
		{ "1388 0035 000a 0000 6869", "68", 1, 1 },
		{ "1388 0035 0009 0000 6869", "", 2, 1 },
	};
	struct s5_packet p;
	struct frame f;

	for (size_t i = 0; i < LENGTH(rows); i++) {
		f.len = 0;
		frame_hex(&f, ETHERNET4);
		frame_ip4(&f, S5_TRANSPORT_UDP, 0, 0, 10);
		frame_hex(&f, rows[i].udp);
		frame_get(&p, S5_LINK_ETHERNET, f.octets, f.len - rows[i].cut, f.len);
		assert_int_equal(p.state, S5_PACKET_GOOD);
		assert_int_equal(p.transport, S5_TRANSPORT_UDP);
		assert_address(&p.from, "10.0.0.1:5000");
		assert_address(&p.to, "10.0.0.2:53");
		assert_octets(p.payload, p.len, rows[i].payload);
		assert_int_equal(p.missing, rows[i].missing);
	}
}

/* A large segment that the card cuts up later, of which the capture has the first octets. */
TEST(missing_octets_of_a_total_length_of_0)
{
	struct s5_packet p;
	struct frame f = { .len = 0 };

	frame_hex(&f, "4500 0000 0000 4000 4006 0000" IP4 TCP "0501");
	assert_int_equal(frame_get(&p, S5_LINK_RAW, f.octets, f.len, 100040), S5_PACKET_GOOD);
	assert_octets(p.payload, p.len, "0501");
	assert_int_equal(p.missing, 99998);
	assert_int_equal(frame_get(&p, S5_LINK_RAW, f.octets, f.len, SIZE_MAX), S5_PACKET_LENGTH);
}

TEST(fragments_are_told)
{
	struct s5_packet p;
	struct frame f = { .len = 0 };

	frame_ip4(&f, S5_TRANSPORT_UDP, 0x1234, 0x2000 | 3, 8);
	frame_hex(&f, "0001020304050607 ff");
	assert_int_equal(frame_get(&p, S5_LINK_RAW, f.octets, f.len, f.len), S5_PACKET_FRAGMENT);
	assert_address(&p.from, "10.0.0.1:0");
	assert_octets(p.payload, p.len, "0001020304050607");
	assert_int_equal(p.fragment.id, 0x1234);
	assert_int_equal(p.fragment.off, 24);
	assert_int_equal(p.fragment.next, S5_TRANSPORT_UDP);
	assert_true(p.fragment.more);
	assert_int_equal(frame_get(&p, S5_LINK_RAW, f.octets, 27, 28), S5_PACKET_CUT);
	f.len = 0;
	frame_ip6(&f, 0, 24);
	frame_hex(&f, "2c00010400000000 11 00 0018 12345678 0001020304050607");
	assert_int_equal(frame_get(&p, S5_LINK_RAW, f.octets, f.len, f.len), S5_PACKET_FRAGMENT);
	assert_octets(p.payload, p.len, "0001020304050607");
	assert_int_equal(p.fragment.id, 0x12345678);
	assert_int_equal(p.fragment.off, 24);
	assert_int_equal(p.fragment.next, S5_TRANSPORT_UDP);
	assert_false(p.fragment.more);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_link_and_header),
		cmocka_unit_test(options_of_tcp_may_be_cut_off),
		cmocka_unit_test(cut_everywhere),
		cmocka_unit_test(other_octets_do_no_harm),
		cmocka_unit_test(what_is_neither_says_why),
		cmocka_unit_test(udp_is_as_long_as_it_says),
		cmocka_unit_test(missing_octets_of_a_total_length_of_0),
		cmocka_unit_test(fragments_are_told),
	};

	return RUN(tests);
}

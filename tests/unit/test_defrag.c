/* Fragments of datagrams, put together. */
#include "testlib.h"

#include "dissect/defrag.h"
#include "frames.h"

#define SECOND 1000000

struct part {
	unsigned id, off;
	bool more;
	const void *octets;
	size_t len;
};

static struct s5_defrag defrag;
static struct s5_packet packet;
static struct frame frame; /* what `packet` may be a view of */
static uint8_t datagram[65535]; /* UDP, as it was before it was cut */
static size_t datagram_len;

static int set_up(void **state)
{
	(void)state;
	s5_defrag_init(&defrag, 4, 300000);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	s5_defrag_fini(&defrag);
	assert_int_equal(defrag.budget.used, 0);
	assert_int_equal(defrag.count, 0);
	return 0;
}

static enum s5_packet_state add4(const struct part *part, int64_t now)
{
	frame.len = 0;
	frame_ip4(&frame, S5_TRANSPORT_UDP, part->id, (part->more ? 0x2000 : 0) | part->off / 8,
		  part->len);
	frame_put(&frame, part->octets, part->len);
	frame_get(&packet, S5_LINK_RAW, frame.octets, frame.len, frame.len);
	return s5_defrag_add(&defrag, &packet, now);
}

static enum s5_packet_state add6(const struct part *part, unsigned next, int64_t now)
{
	frame.len = 0;
	frame_ip6(&frame, 44, part->len + 8);
	frame_u16(&frame, next << 8);
	frame_u16(&frame, part->off | part->more);
	frame_u32(&frame, part->id);
	frame_put(&frame, part->octets, part->len);
	frame_get(&packet, S5_LINK_RAW, frame.octets, frame.len, frame.len);
	return s5_defrag_add(&defrag, &packet, now);
}

static void make_datagram(size_t payload)
{
	static struct frame f;
	static uint8_t text[65535];

	for (size_t i = 0; i < payload; i++)
		text[i] = (uint8_t)(i * 7 + i / 256);
	f.len = 0;
	frame_udp(&f, text, payload);
	datagram_len = f.len;
	memcpy(datagram, f.octets, f.len);
}

/* A part of the datagram. */
static struct part part_of(unsigned id, size_t off, size_t len)
{
	return (struct part){ .id = id,
			      .off = (unsigned)off,
			      .octets = datagram + off,
			      .len = len,
			      .more = off + len < datagram_len };
}

static enum s5_packet_state add_part(unsigned id, size_t off, size_t len, int64_t now)
{
	struct part part = part_of(id, off, len);

	return add4(&part, now);
}

static void assert_whole(void)
{
	assert_int_equal(packet.state, S5_PACKET_GOOD);
	assert_int_equal(packet.transport, S5_TRANSPORT_UDP);
	assert_int_equal(packet.from.port, 5000);
	assert_int_equal(packet.to.port, 53);
	assert_int_equal(packet.len, datagram_len - 8);
	assert_memory_equal(packet.payload, datagram + 8, packet.len);
	assert_int_equal(packet.missing, 0);
}

TEST(any_order_gives_the_same)
{
	static const unsigned orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};

	make_datagram(100 - 8);
	for (unsigned i = 0; i < LENGTH(orders); i++)
		for (unsigned k = 0; k < 3; k++) {
			size_t off = orders[i][k] * 40;

			add_part(i, off, off == 80 ? 20 : 40, 0);
			if (k < 2)
				assert_int_equal(packet.state, S5_PACKET_FRAGMENT);
			else
				assert_whole();
		}
	assert_int_equal(defrag.lost, 0);
}

TEST(ipv6_too)
{
	struct part part;

	make_datagram(100 - 8);
	part = part_of(7, 48, 52);
	assert_int_equal(add6(&part, 99, 0), S5_PACKET_FRAGMENT);
	part = part_of(7, 0, 48);
	add6(&part, S5_TRANSPORT_UDP, 0); /* the first one says what it is */
	assert_whole();
	assert_address(&packet.from, "[2001:db8::1]:5000");
	part = part_of(8, 0, 48);
	add6(&part, S5_TRANSPORT_UDP, 0);
	add6(&part, 99, 0); /* and the first of those */
	part = part_of(8, 48, 52);
	add6(&part, 99, 0);
	assert_whole();
}

/* Extension headers may be among what was cut; fragments may not. */
TEST(ipv6_headers_in_fragments)
{
	struct part part;

	make_datagram(100);
	memmove(datagram + 8, datagram, datagram_len);
	memcpy(datagram, (const uint8_t[8]){ S5_TRANSPORT_UDP }, 8);
	datagram_len += 8;
	part = part_of(7, 0, 48);
	add6(&part, 60, 0);
	part = part_of(7, 48, datagram_len - 48);
	assert_int_equal(add6(&part, 60, 0), S5_PACKET_GOOD);
	assert_int_equal(packet.len, 100);
	datagram[3] = 1; /* more of them */
	part = part_of(8, 0, 48);
	add6(&part, 44, 0);
	part = part_of(8, 48, datagram_len - 48);
	assert_int_equal(add6(&part, 44, 0), S5_PACKET_EXTENSIONS);
}

TEST(the_largest_one)
{
	make_datagram(65507);
	for (size_t off = 0; off < datagram_len; off += 1480)
		add_part(1, off, datagram_len - off < 1480 ? datagram_len - off : 1480, 0);
	assert_whole();
	make_datagram(65527);
	add_part(2, 0, 65528, 0);
	assert_int_equal(packet.state, S5_PACKET_LENGTH); /* not a multiple of 8 that fits IPv4 */
}

TEST(what_came_first_stays)
{
	static const uint8_t other[64];
	struct part evil = { .id = 1, .off = 16, .more = true, .octets = other, .len = 40 };

	make_datagram(100 - 8);
	add_part(1, 0, 40, 0);
	add_part(1, 80, 20, 0);
	add_part(1, 40, 40, 0);
	assert_whole();
	add_part(1, 0, 56, 0);
	add4(&evil, 0);
	add_part(1, 0, 40, 0); /* again */
	add_part(1, 56, 44, 0);
	assert_whole();
	/* another end, beyond the end, before what is there */
	evil.more = false;
	evil.off = 80;
	add_part(1, 80, 20, 0);
	assert_int_equal(add4(&evil, 0), S5_PACKET_LENGTH);
	evil.more = true;
	assert_int_equal(add4(&evil, 0), S5_PACKET_LENGTH);
	add_part(1, 0, 40, 0);
	add_part(1, 40, 40, 0);
	assert_whole();
	add_part(1, 40, 40, 0);
	evil = (struct part){ .id = 1, .off = 8, .octets = other, .len = 9 };
	assert_int_equal(add4(&evil, 0), S5_PACKET_LENGTH);
}

TEST(fragments_that_cannot_be)
{
	static const uint8_t zero[64];
	struct part odd = { .id = 1, .more = true, .octets = zero, .len = 12 };
	struct part none = { .id = 1, .more = true, .octets = zero };
	struct part far = { .id = 1, .off = 65528, .octets = zero, .len = 8 };

	assert_int_equal(add4(&odd, 0), S5_PACKET_LENGTH);
	assert_int_equal(add4(&none, 0), S5_PACKET_LENGTH);
	assert_int_equal(add4(&far, 0), S5_PACKET_LENGTH);
	assert_int_equal(defrag.count, 0);
}

TEST(others_are_not_mixed_in)
{
	make_datagram(100 - 8);
	add_part(1, 0, 40, 0);
	add_part(2, 40, 60, 0);
	assert_int_equal(packet.state, S5_PACKET_FRAGMENT);
	assert_int_equal(defrag.count, 2);
	add_part(1, 40, 60, 0);
	assert_whole();
	assert_int_equal(defrag.count, 1);
}

TEST(time_runs_out)
{
	make_datagram(100 - 8);
	add_part(1, 0, 40, 5 * SECOND);
	add_part(1, 40, 40, 20 * SECOND);
	add_part(1, 80, 20, 35 * SECOND);
	assert_whole();
	add_part(1, 0, 40, 5 * SECOND);
	add_part(1, 40, 40, 20 * SECOND);
	add_part(1, 80, 20, 35 * SECOND + 1);
	assert_int_equal(packet.state, S5_PACKET_FRAGMENT);
	assert_int_equal(defrag.lost, 1);
	add_part(2, 0, 40, 0); /* a clock that goes back */
	assert_int_equal(defrag.lost, 1);
}

TEST(the_oldest_makes_room)
{
	make_datagram(100 - 8);
	for (unsigned id = 0; id < 5; id++)
		add_part(id, 0, 40, id);
	assert_int_equal(defrag.count, 4);
	assert_int_equal(defrag.lost, 1);
	add_part(1, 40, 60, 9);
	assert_whole();
	add_part(0, 40, 60, 9);
	assert_int_equal(packet.state, S5_PACKET_FRAGMENT);
	make_datagram(64992);
	for (unsigned id = 10; id < 100; id++) {
		add_part(id, 64000, 1000, id);
		assert_true(defrag.budget.used <= 300000 && defrag.count <= 4);
	}
	add_part(99, 0, 64000, 100);
	assert_whole();
}

TEST(nothing_without_room)
{
	make_datagram(100 - 8);
	s5_defrag_init(&defrag, 4, 0);
	assert_int_equal(add_part(1, 0, 40, 0), S5_PACKET_MEMORY);
	s5_defrag_init(&defrag, 0, 1 << 20);
	assert_int_equal(add_part(1, 0, 40, 0), S5_PACKET_MEMORY);
	s5_defrag_init(&defrag, 4, 20000);
	add_part(1, 0, 40, 0);
	make_datagram(64992);
	assert_int_equal(add_part(2, 64000, 1000, 0), S5_PACKET_MEMORY);
}

/* Any fragments of a datagram, as often as they like, come out as it was. */
TEST(any_fragments)
{
	uint32_t seed = 1;

	make_datagram(1000);
	for (unsigned id = 0; id < 200; id++)
		do {
			size_t off, len;

			seed = seed * 1664525 + 1013904223;
			off = (seed >> 8) % ((datagram_len + 7) / 8) * 8;
			len = ((seed >> 20) % 20 + 1) * 8;
			if (len > datagram_len - off)
				len = datagram_len - off;
			add_part(id, off, len, 0);
			if (packet.state == S5_PACKET_GOOD)
				assert_whole();
		} while (packet.state != S5_PACKET_GOOD);
	assert_int_equal(defrag.lost, 0);
}

#define DEFRAG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DEFRAG(any_order_gives_the_same),
		DEFRAG(ipv6_too),
		DEFRAG(ipv6_headers_in_fragments),
		DEFRAG(the_largest_one),
		DEFRAG(what_came_first_stays),
		DEFRAG(fragments_that_cannot_be),
		DEFRAG(others_are_not_mixed_in),
		DEFRAG(time_runs_out),
		DEFRAG(the_oldest_makes_room),
		DEFRAG(nothing_without_room),
		DEFRAG(any_fragments),
	};

	return RUN(tests);
}

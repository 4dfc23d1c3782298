/* Frames as a capture has them, written header by header: what the tests of packets, fragments and
 * streams share. */
#ifndef FRAMES_H
#define FRAMES_H

#include "base/bytes.h"
#include "dissect/packet.h"
#include "testlib.h"

#define FRAME_ROOM 70000
#define ETHERNET4 "0200000000020200000000010800"
#define ETHERNET6 "02000000000202000000000186dd"

struct frame {
	uint8_t octets[FRAME_ROOM];
	size_t len;
};

struct segment {
	uint16_t from, to; /* ports */
	uint32_t seq, ack;
	uint8_t flags;
	const void *text;
	size_t len;
};

static inline void frame_put(struct frame *f, const void *octets, size_t n)
{
	assert_true(n <= sizeof f->octets - f->len);
	if (n)
		memcpy(f->octets + f->len, octets, n);
	f->len += n;
}

static inline void frame_hex(struct frame *f, const char *text)
{
	f->len += hex(f->octets + f->len, sizeof f->octets - f->len, text);
}

static inline void frame_u16(struct frame *f, unsigned value)
{
	frame_put(f, (const uint8_t[]){ (uint8_t)(value >> 8), (uint8_t)value }, 2);
}

static inline void frame_u32(struct frame *f, uint32_t value)
{
	frame_u16(f, value >> 16);
	frame_u16(f, value & 0xffff);
}

/* From 10.0.0.1 to 10.0.0.2; `len` octets follow. */
static inline void frame_ip4(struct frame *f, unsigned protocol, unsigned id, unsigned offset,
			     size_t len)
{
	frame_hex(f, "4500");
	frame_u16(f, (unsigned)len + 20);
	frame_u16(f, id);
	frame_u16(f, offset);
	frame_u16(f, 0x4000 | protocol);
	frame_hex(f, "0000 0a000001 0a000002");
}

/* From 2001:db8::1 to 2001:db8::2. */
static inline void frame_ip6(struct frame *f, unsigned next, size_t len)
{
	frame_hex(f, "60000000");
	frame_u16(f, (unsigned)len);
	frame_u16(f, next << 8 | 0x40);
	frame_hex(f, "20010db8000000000000000000000001 20010db8000000000000000000000002");
}

static inline void frame_tcp(struct frame *f, const struct segment *s)
{
	frame_u16(f, s->from);
	frame_u16(f, s->to);
	frame_u32(f, s->seq);
	frame_u32(f, s->ack);
	frame_u16(f, 0x5000u | s->flags);
	frame_hex(f, "ffff 0000 0000");
	frame_put(f, s->text, s->len);
}

static inline void frame_udp(struct frame *f, const void *text, size_t len)
{
	frame_u16(f, 5000);
	frame_u16(f, 53);
	frame_u16(f, (unsigned)len + 8);
	frame_u16(f, 0);
	frame_put(f, text, len);
}

/* Must hold of any octets at all. The frame ends where its memory ends. */
static inline enum s5_packet_state frame_get(struct s5_packet *p, enum s5_link link,
					     const uint8_t *octets, size_t len, size_t original)
{
	enum s5_packet_state state = s5_packet_get(p, link, octets, len, original);

	assert_true(state == p->state && state < S5_PACKET_COUNT);
	if (state != S5_PACKET_GOOD && state != S5_PACKET_FRAGMENT)
		return state;
	assert_true(p->payload >= octets && p->len <= len &&
		    (size_t)(p->payload - octets) <= len - p->len);
	assert_true(p->missing <= S5_PACKET_MOST);
	assert_true(s5_addr_is_ip(&p->from) && p->from.atyp == p->to.atyp);
	assert_true(state == S5_PACKET_GOOD || !p->missing);
	return state;
}

static inline void assert_address(const struct s5_addr *a, const char *want)
{
	char text[S5_ADDR_TEXT];

	assert_string_equal(s5_addr_format(a, text, sizeof text), want);
}

#endif

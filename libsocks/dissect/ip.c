#include "dissect/ip.h"

#include <string.h>

#define IP4_HEADER 20 /* octets without options */
#define IP4_MORE 0x2000u
#define IP4_OFFSET 0x1fffu /* in units of 8 octets */
#define IP6_MORE 0x0001u
#define IP6_OFFSET 0xfff8u /* octets */
#define IP6_HEADER 40
#define TCP_HEADER 20 /* octets without options */
#define UDP_HEADER 8
#define EXTENSIONS_MOST 16

/* IP's numbers of extension headers; those of TCP and UDP are s5_transport's. */
enum next_header {
	HOP_BY_HOP = 0,
	ROUTING = 43,
	FRAGMENT = 44,
	AUTHENTICATION = 51,
	DESTINATION = 60,
	MOBILITY = 135,
};

uint32_t s5_get_u32(struct s5_reader *r)
{
	uint32_t high = s5_get_u16(r, S5_F_DATA);

	return high << 16 | s5_get_u16(r, S5_F_DATA);
}

/* What stands at a place of a header that was read as a whole: a capture has many. */
static unsigned u16_at(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static uint32_t u32_at(const uint8_t *at)
{
	return (uint32_t)u16_at(at) << 16 | u16_at(at + 2);
}

static size_t left(const struct s5_reader *r)
{
	return r->len - r->off;
}

static enum s5_packet_state too_short(size_t missing)
{
	return missing ? S5_PACKET_CUT : S5_PACKET_SHORT;
}

/* All that is left; never NULL. */
static void take_payload(struct s5_packet *p, struct s5_reader *r, size_t missing)
{
	p->len = left(r);
	p->payload = s5_get_octets(r, S5_F_DATA, p->len);
	p->missing = missing;
}

static enum s5_packet_state get_tcp(struct s5_packet *p, struct s5_reader *r, size_t missing)
{
	const uint8_t *octets = s5_get_octets(r, S5_F_DATA, TCP_HEADER);
	size_t header, there;

	if (!octets)
		return too_short(missing);
	p->transport = S5_TRANSPORT_TCP;
	p->from.port = (uint16_t)u16_at(octets);
	p->to.port = (uint16_t)u16_at(octets + 2);
	p->seq = u32_at(octets + 4);
	p->ack = u32_at(octets + 8);
	header = (size_t)(octets[12] >> 4) * 4;
	p->flags = octets[13];
	if (header < TCP_HEADER)
		return S5_PACKET_LENGTH;
	/* Options may be cut off: nobody needs them. */
	header -= TCP_HEADER;
	there = left(r) < header ? left(r) : header;
	if (header - there > missing)
		return too_short(missing);
	s5_get_octets(r, S5_F_DATA, there);
	take_payload(p, r, missing - (header - there));
	return S5_PACKET_GOOD;
}

/* A length of 0 stands for all the rest (RFC 2675, and as in packet.h). */
static enum s5_packet_state get_udp(struct s5_packet *p, struct s5_reader *r, size_t missing)
{
	const uint8_t *octets = s5_get_octets(r, S5_F_DATA, UDP_HEADER);
	size_t len;

	if (!octets)
		return too_short(missing);
	p->transport = S5_TRANSPORT_UDP;
	p->from.port = (uint16_t)u16_at(octets);
	p->to.port = (uint16_t)u16_at(octets + 2);
	len = u16_at(octets + 4);
	take_payload(p, r, missing);
	if (!len)
		return S5_PACKET_GOOD;
	if (len < UDP_HEADER || len - UDP_HEADER > p->len + missing)
		return S5_PACKET_LENGTH;
	len -= UDP_HEADER;
	p->len = len < p->len ? len : p->len;
	p->missing = len - p->len;
	return S5_PACKET_GOOD;
}

enum fragmented { WHOLE, PART };

/* A fragment header may stand before a datagram that is whole (RFC 6946). */
static enum fragmented get_fragment(struct s5_packet *p, struct s5_reader *r, unsigned *next)
{
	unsigned off;

	*next = s5_get_u8(r, S5_F_DATA);
	s5_get_u8(r, S5_F_DATA); /* reserved */
	off = s5_get_u16(r, S5_F_DATA);
	p->fragment.id = s5_get_u32(r);
	p->fragment.off = (uint16_t)(off & IP6_OFFSET);
	p->fragment.more = off & IP6_MORE;
	p->fragment.next = (uint8_t)*next;
	return p->fragment.off || p->fragment.more ? PART : WHOLE;
}

static enum s5_packet_state take_fragment(struct s5_packet *p, struct s5_reader *r, size_t missing)
{
	p->from.port = p->to.port = 0;
	take_payload(p, r, missing);
	return missing ? S5_PACKET_CUT : S5_PACKET_FRAGMENT;
}

/* Its length is in units of 4 or 8 octets. */
static unsigned skip_extension(struct s5_reader *r, unsigned header)
{
	unsigned next = s5_get_u8(r, S5_F_DATA);
	size_t len = s5_get_u8(r, S5_F_DATA);

	len = header == AUTHENTICATION ? (len + 2) * 4 : (len + 1) * 8;
	s5_get_octets(r, S5_F_DATA, len - 2);
	return next;
}

static bool is_extension(const struct s5_packet *p, unsigned header)
{
	if (header == AUTHENTICATION)
		return true;
	return p->from.atyp == S5_ATYP_IPV6 &&
	       (header == HOP_BY_HOP || header == ROUTING || header == FRAGMENT ||
		header == DESTINATION || header == MOBILITY);
}

enum s5_packet_state s5_ip_get_transport(struct s5_packet *p, struct s5_reader *r, unsigned next,
					 size_t missing)
{
	for (unsigned i = 0; is_extension(p, next); i++) {
		if (i == EXTENSIONS_MOST)
			return S5_PACKET_EXTENSIONS;
		if (next != FRAGMENT) {
			next = skip_extension(r, next);
		} else if (get_fragment(p, r, &next) == PART) {
			if (r->rc != S5_OK)
				return too_short(missing);
			return take_fragment(p, r, missing);
		}
		if (r->rc != S5_OK)
			return too_short(missing);
	}
	if (next == S5_TRANSPORT_TCP)
		return get_tcp(p, r, missing);
	return next == S5_TRANSPORT_UDP ? get_udp(p, r, missing) : S5_PACKET_NOT_TRANSPORT;
}

/* Makes the reader end where the datagram does that has n octets left, so that padding is none of
 * it; *missing is how many of those are not there. A datagram that does not say how long it is has
 * all that the frame has. */
static bool bound(struct s5_reader *r, bool says, size_t n, size_t *missing)
{
	size_t there = left(r);

	if (says) {
		*missing = n > there ? n - there : 0;
		there = n < there ? n : there;
	}
	r->len = r->off + there;
	return there <= S5_PACKET_MOST && *missing <= S5_PACKET_MOST - there;
}

/* In place, and without the many octets that an address does not use. */
static void set_host(struct s5_addr *a, enum s5_atyp atyp, const uint8_t *octets, size_t len)
{
	a->atyp = (uint8_t)atyp;
	a->len = (uint8_t)len;
	memcpy(a->octets, octets, len);
	a->octets[len] = 0;
}

static enum s5_packet_state get_ip4(struct s5_packet *p, struct s5_reader *r, size_t missing)
{
	const uint8_t *octets = s5_get_octets(r, S5_F_DATA, IP4_HEADER);
	size_t header, total;
	unsigned off, next;

	if (!octets)
		return too_short(missing);
	if (octets[0] >> 4 != 4)
		return S5_PACKET_VERSION;
	header = (size_t)(octets[0] & 0x0f) * 4;
	total = u16_at(octets + 2);
	off = u16_at(octets + 6);
	next = octets[9];
	if (header < IP4_HEADER || (total && total < header))
		return S5_PACKET_LENGTH;
	s5_get_octets(r, S5_F_DATA, header - IP4_HEADER); /* options */
	if (r->rc != S5_OK)
		return too_short(missing);
	if (!bound(r, total, total - header, &missing))
		return S5_PACKET_LENGTH;
	set_host(&p->from, S5_ATYP_IPV4, octets + 12, 4);
	set_host(&p->to, S5_ATYP_IPV4, octets + 16, 4);
	if (!(off & (IP4_MORE | IP4_OFFSET)))
		return s5_ip_get_transport(p, r, next, missing);
	p->fragment.id = u16_at(octets + 4);
	p->fragment.off = (uint16_t)((off & IP4_OFFSET) * 8);
	p->fragment.more = off & IP4_MORE;
	p->fragment.next = (uint8_t)next;
	return take_fragment(p, r, missing);
}

static enum s5_packet_state get_ip6(struct s5_packet *p, struct s5_reader *r, size_t missing)
{
	const uint8_t *octets = s5_get_octets(r, S5_F_DATA, IP6_HEADER);
	size_t len;

	if (!octets)
		return too_short(missing);
	if (octets[0] >> 4 != 6)
		return S5_PACKET_VERSION;
	len = u16_at(octets + 4);
	if (!bound(r, len, len, &missing))
		return S5_PACKET_LENGTH;
	set_host(&p->from, S5_ATYP_IPV6, octets + 8, 16);
	set_host(&p->to, S5_ATYP_IPV6, octets + 24, 16);
	return s5_ip_get_transport(p, r, octets[6], missing);
}

enum s5_packet_state s5_ip_get(struct s5_packet *p, struct s5_reader *r, unsigned version,
			       size_t missing)
{
	return version == 4 ? get_ip4(p, r, missing) : get_ip6(p, r, missing);
}

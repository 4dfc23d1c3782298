#include "dissect/packet.h"

#include "dissect/ip.h"

#define MAC_LEN 6
#define COOKED_ADDRESS 8

/* IEEE 802 numbers. */
enum { TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd };
enum { TYPE_VLAN = 0x8100, TYPE_SERVICE_VLAN = 0x88a8, TYPE_OLD_QINQ = 0x9100 };

/* Address families: AF_INET is the same everywhere, AF_INET6 is not. */
enum { FAMILY_IPV4 = 2, FAMILY_IPV6_LINUX = 10, FAMILY_IPV6_NETBSD = 24 };
enum { FAMILY_IPV6_FREEBSD = 28, FAMILY_IPV6_DARWIN = 30 };

static const char *const texts[] = {
#define S5_PACKET(id, text) [S5_PACKET_##id] = text,
#include "dissect/packets.def"
#undef S5_PACKET
};

const char *s5_packet_text(enum s5_packet_state state)
{
	return state < S5_PACKET_COUNT ? texts[state] : "";
}

/* The IP version that an Ethernet type stands for, behind any number of tags; 0: none. */
static unsigned version_of_type(struct s5_reader *r, unsigned type)
{
	while (type == TYPE_VLAN || type == TYPE_SERVICE_VLAN || type == TYPE_OLD_QINQ) {
		s5_get_u16(r, S5_F_DATA); /* priority and VLAN */
		type = s5_get_u16(r, S5_F_DATA);
	}
	if (type == TYPE_IPV4)
		return 4;
	return type == TYPE_IPV6 ? 6 : 0;
}

static unsigned get_ethernet(struct s5_reader *r)
{
	s5_get_octets(r, S5_F_DATA, MAC_LEN + MAC_LEN); /* to and from */
	return version_of_type(r, s5_get_u16(r, S5_F_DATA));
}

static unsigned get_cooked(struct s5_reader *r)
{
	s5_get_u16(r, S5_F_DATA); /* direction */
	s5_get_u16(r, S5_F_DATA); /* kind of device */
	s5_get_u16(r, S5_F_DATA); /* octets used of the address */
	s5_get_octets(r, S5_F_DATA, COOKED_ADDRESS);
	return version_of_type(r, s5_get_u16(r, S5_F_DATA));
}

static unsigned get_cooked2(struct s5_reader *r)
{
	unsigned type = s5_get_u16(r, S5_F_DATA);

	s5_get_u16(r, S5_F_DATA); /* reserved */
	s5_get_u32(r); /* device */
	s5_get_u16(r, S5_F_DATA); /* kind of device */
	s5_get_u8(r, S5_F_DATA); /* direction */
	s5_get_u8(r, S5_F_DATA); /* octets used of the address */
	s5_get_octets(r, S5_F_DATA, COOKED_ADDRESS);
	return version_of_type(r, type);
}

static unsigned version_of_family(uint32_t family)
{
	switch (family) {
	case FAMILY_IPV4:
		return 4;
	case FAMILY_IPV6_LINUX:
	case FAMILY_IPV6_NETBSD:
	case FAMILY_IPV6_FREEBSD:
	case FAMILY_IPV6_DARWIN:
		return 6;
	}
	return 0;
}

/* Families are small numbers: one that is large is in the other order. */
static unsigned get_null(struct s5_reader *r)
{
	uint32_t family = s5_get_u32(r);

	return version_of_family(family > 0xffff ? __builtin_bswap32(family) : family);
}

static unsigned get_raw(const struct s5_reader *r)
{
	struct s5_reader ahead = *r;
	unsigned version = s5_get_u8(&ahead, S5_F_DATA) >> 4;

	return version == 4 || version == 6 ? version : 0;
}

/* Reads the header of the link; returns the IP version of what follows, 0: no IP. */
static unsigned get_link(struct s5_reader *r, enum s5_link link)
{
	switch (link) {
	case S5_LINK_ETHERNET:
		return get_ethernet(r);
	case S5_LINK_COOKED:
		return get_cooked(r);
	case S5_LINK_COOKED2:
		return get_cooked2(r);
	case S5_LINK_RAW:
		return get_raw(r);
	case S5_LINK_NULL:
		return get_null(r);
	case S5_LINK_LOOP:
		return version_of_family(s5_get_u32(r));
	}
	return 0;
}

enum s5_packet_state s5_packet_get(struct s5_packet *p, enum s5_link link, const uint8_t *octets,
				   size_t len, size_t original)
{
	struct s5_reader r = s5_reader_over(octets, len);
	unsigned version = get_link(&r, link);
	size_t missing = original > len ? original - len : 0;

	if (r.rc != S5_OK || r.off == r.len)
		return p->state = missing ? S5_PACKET_CUT : S5_PACKET_SHORT;
	if (!version)
		return p->state = S5_PACKET_NOT_IP;
	return p->state = s5_ip_get(p, &r, version, missing);
}

/* From a captured frame to what it carries of TCP or UDP: Ethernet and what stands in its place,
 * IPv4 (RFC 791) and IPv6 (RFC 8200), TCP (RFC 9293) and UDP (RFC 768).
 *
 * VLAN tags are skipped, and so are IPv4 options, IPv6 extension headers and AH (RFC 4302). What a
 * link pads a frame with is no payload. Checksums are not looked at: a capture on the sending host
 * sees them before the card has written them. For the same reason an IPv4 total length or an IPv6
 * payload length of 0 stands for all the rest of the frame: the card cuts such datagrams up later.
 *
 * Pure; any octets may come. One thread at a time for each struct.
 */
#ifndef S5_DISSECT_PACKET_H
#define S5_DISSECT_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define S5_PACKET_MOST (1u << 20) /* octets of a datagram, those that are missing counted */

/* What a frame begins with. */
enum s5_link {
	S5_LINK_ETHERNET,
	S5_LINK_COOKED, /* Linux "cooked" capture, version 1 */
	S5_LINK_COOKED2, /* and version 2 */
	S5_LINK_RAW, /* IPv4 or IPv6, as its first four bits say */
	S5_LINK_NULL, /* BSD loopback: the address family, in the order of the host that captured */
	S5_LINK_LOOP, /* OpenBSD loopback: the same, big endian */
};

enum s5_packet_state {
#define S5_PACKET(id, text) S5_PACKET_##id,
#include "dissect/packets.def"
#undef S5_PACKET
	S5_PACKET_COUNT
};

/* As IP numbers them. */
enum s5_transport { S5_TRANSPORT_TCP = 6, S5_TRANSPORT_UDP = 17 };

#define S5_TCP_FIN 0x01u
#define S5_TCP_SYN 0x02u
#define S5_TCP_RST 0x04u
#define S5_TCP_ACK 0x10u

struct s5_packet {
	enum s5_packet_state state;
	enum s5_transport transport; /* with S5_PACKET_GOOD */
	/* With S5_PACKET_GOOD and S5_PACKET_FRAGMENT; the ports of a fragment are 0. */
	struct s5_addr from, to;
	uint32_t seq, ack; /* of TCP */
	uint8_t flags; /* of TCP: S5_TCP_FIN and so on */
	/* Of TCP or UDP; of a fragment all that follows its IP headers. A view into the frame. */
	const uint8_t *payload;
	size_t len; /* octets of it that are there */
	size_t missing; /* octets behind them that the capture cut off */
	/* Of a fragment: */
	struct {
		uint32_t id;
		uint16_t off; /* octets of the datagram before it */
		uint8_t next; /* what the datagram begins with: its protocol or next header */
		bool more; /* it is not the last one */
	} fragment;
};

/* Reads a frame of which `len` octets were captured and `original` (at least len) were on the link.
 * Whatever is wrong with it is p->state, which is returned as well; everything else in *p is then
 * meaningless. A fragment of which octets are missing is S5_PACKET_CUT. */
enum s5_packet_state s5_packet_get(struct s5_packet *p, enum s5_link link, const uint8_t *octets,
				   size_t len, size_t original);
const char *s5_packet_text(enum s5_packet_state state);

#endif

/* The header of a relayed datagram: RFC 1928 section 7.
 *
 * By its own layout the header is 10 octets with IPv4, 22 with IPv6 (the RFC's 20 is a slip) and
 * 7+n with a name of n octets. A datagram is whole or it is nothing: there is no S5_MORE here.
 */
#ifndef S5_WIRE_UDP_H
#define S5_WIRE_UDP_H

#include "base/addr.h"
#include "base/bytes.h"

#define S5_UDP_HEADER_MAX (7 + S5_NAME_MAX)
#define S5_UDP_PAYLOAD_MAX 65507 /* octets of the largest UDP payload over IPv4 */
#define S5_FRAG_LAST 0x80
#define S5_FRAG_POSITION 0x7f

struct s5_datagram {
	uint16_t rsv;
	uint8_t frag; /* 0: standalone; position 1..127, with S5_FRAG_LAST on the last */
	struct s5_addr addr; /* destination on the way out, sender on the way back */
	const uint8_t *data; /* a view into what was read */
	size_t len;
};

/* S5_OK, and everything behind the header is data; or S5_BAD: in->why says why, or for a header
 * cut short (in->rc is S5_MORE) in->field and in->need say what is missing. */
enum s5_rc s5_datagram_get(struct s5_reader *in, struct s5_datagram *d);
/* Writes the header only; the data follows it. */
void s5_datagram_put(struct s5_writer *out, const struct s5_datagram *d);
/* Octets of the header that an address needs. */
size_t s5_datagram_header_size(const struct s5_addr *a);

#endif

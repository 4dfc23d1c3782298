/* The IP and transport headers of a captured datagram: the part of s5_packet_get behind the link,
 * and what is done again with a datagram whose fragments were put together. Private to packet.c and
 * defrag.c. */
#ifndef S5_DISSECT_IP_H
#define S5_DISSECT_IP_H

#include "base/bytes.h"
#include "dissect/packet.h"

/* Big endian, like s5_get_u16. */
uint32_t s5_get_u32(struct s5_reader *r);
/* Reads a datagram of IP version 4 or 6 and fills in p, but for its state, which is returned.
 * `missing`: octets of the frame behind those of r. */
enum s5_packet_state s5_ip_get(struct s5_packet *p, struct s5_reader *r, unsigned version,
			       size_t missing);
/* The same with what follows the IP headers; `next` is the header that comes first. The addresses
 * in p are set already, and get their ports. */
enum s5_packet_state s5_ip_get_transport(struct s5_packet *p, struct s5_reader *r, unsigned next,
					 size_t missing);

#endif

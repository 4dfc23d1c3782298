/* The header that a balancer puts before a connection that it passes on, to tell whose it is: the PROXY
 * protocol (HAProxy's proxy-protocol.txt), version 1, a line of text, and version 2. Pure. */
#ifndef S5_WIRE_ORIGIN_H
#define S5_WIRE_ORIGIN_H

#include "base/addr.h"
#include "base/bytes.h"

#define S5_ORIGIN_MAX 2048 /* octets of the longest header that is taken */

struct s5_origin {
	/* Whose connection it is; atyp 0: the balancer's own, or it does not say. */
	struct s5_addr from;
};

/* S5_OK moves in behind the header. */
enum s5_rc s5_origin_get(struct s5_reader *in, struct s5_origin *o);

#endif

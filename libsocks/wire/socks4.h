/* SOCKS4 and 4a: read to be recognised, and refused politely. get and put as in wire/message.h.
 *
 * Request: 04 CD PORT(2) IP(4) USERID 00, with 4a (IP 0.0.0.x, x not 0) HOST 00 behind it.
 * Reply: 00 CD PORT(2) IP(4); its version octet is 00.
 */
#ifndef S5_WIRE_SOCKS4_H
#define S5_WIRE_SOCKS4_H

#include "base/addr.h"
#include "base/bytes.h"

struct s5_socks4_request {
	uint8_t cd; /* enum s5_cd */
	uint8_t ulen;
	uint8_t userid[256];
	struct s5_addr dst; /* a name with 4a */
};

struct s5_socks4_reply {
	uint8_t cd;
	struct s5_addr dst;
};

/* Does it begin as a request of SOCKS4? */
bool s5_socks4_is(const struct s5_reader *in);
/* S5_MORE: a command that is none is a note in the trace already. */
enum s5_rc s5_socks4_request_get(struct s5_reader *in, struct s5_socks4_request *m);
enum s5_rc s5_socks4_reply_get(struct s5_reader *in, struct s5_socks4_reply *m);
void s5_socks4_reply_put(struct s5_writer *out, const struct s5_socks4_reply *m);

#endif

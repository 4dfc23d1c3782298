/* Is this TCP stream SOCKS? Told by what both sides say first, not by the port.
 *
 * SOCKS5: a method list that offers something, and an answer of version 05. SOCKS4 and 4a: a request that
 * asks for CONNECT, BIND or Tor's RESOLVE, and an answer of version 00 with a code of SOCKS4. Pure.
 */
#ifndef S5_DISSECT_SPOT_H
#define S5_DISSECT_SPOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets of each side that are enough to say yes or no. */
#define S5_SPOT_ENOUGH 1024

enum s5_spot {
	S5_SPOT_NO,
	S5_SPOT_PERHAPS, /* so far it can be; more octets will tell */
	S5_SPOT_YES,
};

/* The first octets that each side sent, as far as they came; client: the one that opened the stream. */
enum s5_spot s5_spot(const uint8_t *client, size_t nclient, const uint8_t *server, size_t nserver);
/* The client has said what begins a conversation, whatever the answer will be. */
bool s5_spot_is_client(const uint8_t *client, size_t n);

#endif

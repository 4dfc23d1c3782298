/* The wrap token of Kerberos (RFC 4121 4.2.6.2) as far as it can be read without a key: its head,
 * and the plaintext where that is signed and not encrypted. Pure; nothing is checked. */
#ifndef S5_WIRE_GSSTOKEN_H
#define S5_WIRE_GSSTOKEN_H

#include "base/bytes.h"

#define S5_WRAP_FROM_ACCEPTOR 0x01
#define S5_WRAP_SEALED 0x02
#define S5_WRAP_SUBKEY 0x04

struct s5_wrap_token {
	uint8_t flags;
	uint16_t ec, rrc;
	uint64_t seq;
	/* A view into what was read; NULL where it cannot be read, or is rotated into two pieces. */
	const uint8_t *plain;
	size_t nplain;
};

/* The token is all that is left of `in`. S5_OK, or S5_BAD: no such token. */
enum s5_rc s5_wrap_token_get(struct s5_reader *in, struct s5_wrap_token *t);

#endif

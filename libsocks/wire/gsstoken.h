/* Tokens of GSSAPI as far as they can be read without a key. Pure; no checksum is checked.
 *
 * The initial token (RFC 2743 3.1): which mechanism it is of, and with Kerberos which of its messages.
 * The wrap token of Kerberos (RFC 4121 4.2.6.2): its head, and the plaintext where that is signed and
 * not encrypted. The token is all that is left of `in`. S5_OK, or S5_BAD: no such token.
 */
#ifndef S5_WIRE_GSSTOKEN_H
#define S5_WIRE_GSSTOKEN_H

#include "base/bytes.h"

struct s5_initial_token {
	const uint8_t *mech; /* the octets of its OID; a view into what was read */
	uint8_t nmech;
	uint16_t id; /* Kerberos: 0100 AP-REQ, 0200 AP-REP, 0300 KRB-ERROR; else 0 */
};

enum s5_rc s5_initial_token_get(struct s5_reader *in, struct s5_initial_token *t);
/* NULL: not one of those that are known. */
const char *s5_mech_name(const uint8_t *oid, size_t n);

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

/* Does it begin as one? */
bool s5_wrap_token_is(const struct s5_reader *in);
enum s5_rc s5_wrap_token_get(struct s5_reader *in, struct s5_wrap_token *t);

#endif

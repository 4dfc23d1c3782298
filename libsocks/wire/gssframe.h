/* The frames of RFC 1961: VER MTYP LEN TOKEN, and the abort, which is two octets and no more.
 * What stands inside a token is not read here. get and put as in wire/message.h. */
#ifndef S5_WIRE_GSSFRAME_H
#define S5_WIRE_GSSFRAME_H

#include "base/bytes.h"

#define S5_TOKEN_MAX 65535
#define S5_FRAME_HEADER 4

struct s5_gssframe {
	uint8_t mtyp; /* enum s5_mtyp */
	uint16_t len; /* octets of the token; 0 for the abort */
	const uint8_t *token; /* a view into what was read; borrowed by put */
};

/* S5_MORE: what is there of the head is in *f already; the rest is 0. */
enum s5_rc s5_gssframe_get(struct s5_reader *in, struct s5_gssframe *f);
void s5_gssframe_put(struct s5_writer *out, const struct s5_gssframe *f);
/* All but the token, which follows. Not for the abort. */
void s5_gssframe_put_head(struct s5_writer *out, uint8_t mtyp, uint16_t len);

#endif

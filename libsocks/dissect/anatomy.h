/* What a message of RFC 1961 holds inside its token, as far as that can be read without a key: its fields
 * are added to those of the message. Pure. */
#ifndef S5_DISSECT_ANATOMY_H
#define S5_DISSECT_ANATOMY_H

#include "base/bytes.h"

/* octets: the whole message, its head and all. level: the token agrees on the protection level. Of what
 * is no token that is known nothing is added. */
void s5_anatomy(const uint8_t *octets, size_t n, bool level, struct s5_trace *trace);

#endif

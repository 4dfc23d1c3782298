/* Which REP a failed connection is answered with: one table for the whole server.
 * RFC 1928 6 names the codes; which errno belongs to which is our choice. */
#ifndef S5_ROLES_REP_H
#define S5_ROLES_REP_H

#include <stdint.h>

#include "net/dial.h"

/* error: a positive errno. */
uint8_t s5_rep_of_errno(int error);
uint8_t s5_rep_of_dial(enum s5_dial_end end, int error);

#endif

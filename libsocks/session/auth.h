/* A method behind its vtable: the sub-negotiation as steps of its own.
 * Methods are constant and shared; any thread. */
#ifndef S5_SESSION_AUTH_H
#define S5_SESSION_AUTH_H

#include <stdint.h>

struct s5_step;

struct s5_auth {
	uint8_t method;
	const struct s5_step *first; /* NULL: nothing is negotiated */
};

extern const struct s5_auth s5_auth_none; /* RFC 1928 */
extern const struct s5_auth s5_auth_userpass; /* RFC 1929 */

/* NULL when this build does not have the method. */
const struct s5_auth *s5_auth_find(uint8_t method);

#endif

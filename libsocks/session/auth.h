/* A method behind its vtable: the sub-negotiation as steps of its own.
 * Methods are constant and shared; any thread. */
#ifndef S5_SESSION_AUTH_H
#define S5_SESSION_AUTH_H

#include <stdbool.h>
#include <stdint.h>

struct s5_step;
struct s5_session;

struct s5_auth {
	uint8_t method;
	const struct s5_step *first; /* NULL: nothing is negotiated */
	/* When it is chosen; it may fail the session. NULL: there is nothing to do. */
	void (*begin)(struct s5_session *s);
};

extern const struct s5_auth s5_auth_none; /* RFC 1928 */
extern const struct s5_auth s5_auth_userpass; /* RFC 1929 */
extern const struct s5_auth s5_auth_gssapi; /* RFC 1961 */

/* NULL: no such method is known here. An observer follows also one that is not built in. */
const struct s5_auth *s5_auth_find(uint8_t method);
/* Can this build carry the method out? */
bool s5_auth_is_built(uint8_t method);

#endif

/* Where in a SOCKS5 conversation octets begin that were seen from the middle on, and who speaks.
 *
 * Octets of both sides are read behind each message after which they could begin. They do begin there
 * if a request, or a reply that grants one, comes of it and nothing deviates, and if besides there is a
 * message of the other side; a granting reply of ten octets and more is enough by itself. Pure.
 */
#ifndef S5_DISSECT_PICKUP_H
#define S5_DISSECT_PICKUP_H

#include "dissect/spot.h"
#include "session/session.h"

/* What was said before, as it could have been: to be read first, and told to nobody. */
struct s5_prelude {
	const char *name; /* of the message that comes first */
	struct s5_said {
		const uint8_t *octets;
		size_t n;
	} before[2]; /* S5_CLIENT, S5_SERVER */
};

struct s5_picked {
	const struct s5_prelude *prelude; /* static */
	enum s5_role role; /* of the first side: S5_CLIENT or S5_SERVER */
};

/* What is known of both sides so far, of neither more than is S5_SPOT_ENOUGH. With S5_SPOT_YES *picked
 * is set. */
enum s5_spot s5_pickup(const struct s5_said side[static 2], struct s5_picked *picked);

#endif

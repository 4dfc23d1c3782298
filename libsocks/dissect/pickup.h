/* Where in a SOCKS5 conversation octets begin that were seen from the middle on, and who speaks.
 *
 * Octets of both sides are read behind each message after which they could begin. They do begin there
 * if a request comes of it and the other side has a message, too, and nothing else deviates; or if the
 * first that is said is a reply that grants one, and nothing more with it. Pure.
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
	enum s5_role role; /* of side 0: S5_CLIENT or S5_SERVER */
};

struct s5_seen_so_far {
	struct s5_said side[2]; /* of neither more than S5_SPOT_ENOUGH */
	unsigned first; /* the side that spoke first, */
	size_t nfirst; /* and its octets before the other did */
	bool is_over; /* nothing more comes: less will do, if all of it are messages */
};

/* With S5_SPOT_YES *picked is set. */
enum s5_spot s5_pickup(const struct s5_seen_so_far *so_far, struct s5_picked *picked);
/* What a client said from the beginning on, to a server that was not heard, is a whole dialogue. */
bool s5_pickup_is_client(const uint8_t *client, size_t n);

#endif

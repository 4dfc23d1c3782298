/* Octets of one side of a conversation, from its beginning or from a later message on: what the other side
 * must have said is put in its place. Of all places where the octets could begin the one is taken where
 * most of them are messages; or they are a datagram of an association (dissect/relayed.h), in clear:
 * then it is the client's, unless it is said to be the server's.
 *
 * Told as in dissect/talk.h, but only what was given: the octets that were put in are not. Pure.
 */
#ifndef S5_DISSECT_LONE_H
#define S5_DISSECT_LONE_H

#include "dissect/talk.h"

/* What octets are taken to be. */
struct s5_lone {
	enum s5_role from;
	bool is_cut; /* they end within a message */
	const struct s5_lone_place *place; /* private */
};

/* from S5_OBSERVER: it finds out whose they are. */
void s5_lone_find(struct s5_lone *l, const uint8_t *octets, size_t n, enum s5_role from);
/* Tells the same octets. */
void s5_lone_tell(const struct s5_lone *l, const uint8_t *octets, size_t n,
		  void (*seen)(void *arg, const struct s5_seen *seen), void *arg);
/* Both. Returns whose they are taken to be. */
enum s5_role s5_lone_read(const uint8_t *octets, size_t n, enum s5_role from,
			  void (*seen)(void *arg, const struct s5_seen *seen), void *arg);

#endif

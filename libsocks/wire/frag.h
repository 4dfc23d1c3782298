/* Fragments of datagrams, put together and cut: RFC 1928 section 7.
 *
 * FRAG is 00 for a standalone datagram, else a position from 1 to 127, with S5_FRAG_LAST on the
 * last one of a sequence. Where the RFC is silent: positions are compared, so 80 is position 0 and
 * lower than any. The position seen last is a duplicate and ignored. Anything else that does not
 * go on with the sequence ends it: a lower position, a gap (seen at once), a standalone datagram,
 * another address than the first fragment's, too many octets. What ended it is then looked at as
 * if nothing had been queued: a standalone datagram is whole, position 1 begins a new sequence.
 *
 * The owner embeds one s5_frag for each association and direction. It does no I/O and reads no
 * clock: `now` is the owner's, in ms and above 0. What it holds grows with what came, and is
 * counted in a budget that many share. One thread at a time.
 */
#ifndef S5_WIRE_FRAG_H
#define S5_WIRE_FRAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/budget.h"
#include "wire/udp.h"

#define S5_FRAG_TIMEOUT 5000 /* ms: the least that the RFC allows, and a good default */

enum s5_frag_result { S5_FRAG_WHOLE, S5_FRAG_KEPT, S5_FRAG_DROPPED };

enum s5_loss {
#define S5_LOSS(id, text) S5_LOSS_##id,
#include "wire/losses.def"
#undef S5_LOSS
	S5_LOSS_COUNT
};

struct s5_frag_queue;

struct s5_frag {
	struct s5_budget *budget;
	struct s5_frag_queue *queue; /* NULL: holds no memory */
	int64_t timeout; /* ms from the first fragment, not extended by later ones */
	int64_t deadline; /* when to call s5_frag_expire; 0: holds nothing */
	uint8_t highest; /* position taken last; 0: no sequence is under way */
	enum s5_loss loss; /* what the last s5_frag_add threw away, whatever its result */
};

/* Without a budget (NULL) there is no fragment support: every FRAG but 00 is dropped. A timeout
 * below S5_FRAG_TIMEOUT is taken for that. */
void s5_frag_init(struct s5_frag *f, struct s5_budget *budget, int64_t timeout);
/* Takes the next datagram that came.
 *
 * S5_FRAG_WHOLE    *d is a whole datagram, its FRAG 0: either as it was given, or put together;
 *                  then d->data is a view into f, good until the next call with f
 * S5_FRAG_KEPT     its octets were copied; the sequence is not complete yet
 * S5_FRAG_DROPPED  it is of no use; f->loss says why
 *
 * A sequence that it broke is told by f->loss too, with WHOLE and KEPT. Memory behind a view is
 * held, and counted, until the next call: f->deadline is then `now`, so that an owner who arms
 * its timer by f->deadline after each call gives it back in the next turn. */
enum s5_frag_result s5_frag_add(struct s5_frag *f, struct s5_datagram *d, int64_t now);
/* Gives back the memory of a datagram that was delivered, or of a sequence whose time is over.
 * True when a sequence was lost so. */
bool s5_frag_expire(struct s5_frag *f, int64_t now);
void s5_frag_fini(struct s5_frag *f);
const char *s5_loss_text(enum s5_loss loss);

struct s5_slice {
	uint8_t frag;
	size_t off, len; /* of the payload */
};

/* In how many pieces of at most `size` octets a payload of len octets goes: 1 where it fits (FRAG
 * 00) or size is 0 (never cut); 0 where it would be more than 127, which cannot be sent. */
unsigned s5_frag_count(size_t len, size_t size);
/* The i-th piece, i from 0 and below the count. */
struct s5_slice s5_frag_slice(size_t len, size_t size, unsigned i);

#endif

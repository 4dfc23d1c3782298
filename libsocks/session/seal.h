/* The sealed stream of RFC 1961 section 5: messages 01 03 LEN TOKEN, each token wrapped octets.
 *
 * A seal owns a context that is complete, and the level that was agreed. On TCP it is two streams:
 * octets go in and messages come out, and the other way round, whatever way the messages are cut.
 * Messages have no other meaning there. Anything but a good message in its order ends it, for
 * good, and the fault says why. A datagram is one message, and one that is no good is dropped:
 * those that are missing or late are fine (R1961-5.12).
 *
 * Seals stack: what a seal wraps goes into the outer one's stream, as where one proxy is reached
 * through another. Datagrams do not stack.
 *
 * Belongs to one thread at a time. Does no I/O. Allocates while a message is there in part.
 */
#ifndef S5_SESSION_SEAL_H
#define S5_SESSION_SEAL_H

#include "base/bytes.h"
#include "session/gss.h"

struct s5_seal;

/* Takes over the context, unless it returns NULL (no memory, or a context that wraps nothing).
 * level: at least S5_LEVEL_INTEGRITY. */
struct s5_seal *s5_seal_new(struct s5_gss *gss, uint8_t level);
/* How an observer looks at a sealed stream. */
struct s5_seal_peek {
	/* Shown each message, frame and all, and what is inside; plain is NULL if that cannot be read.
	 * NULL: nobody looks. */
	void (*saw)(void *arg, const uint8_t *octets, size_t n, const uint8_t *plain,
		    size_t nplain);
	void *arg;
	bool skips; /* goes on behind a message that cannot be read, which else is the end */
};

/* For an observer: reads what is signed and not encrypted, and checks nothing. */
struct s5_seal *s5_seal_new_peek(const struct s5_seal_peek *peek);
/* Frees the outer ones too. NULL is fine. */
void s5_seal_free(struct s5_seal *s);
/* s goes inside outer, which belongs to it from now on; outer NULL: nothing changes. */
void s5_seal_put_inside(struct s5_seal *s, struct s5_seal *outer);

uint8_t s5_seal_level(const struct s5_seal *s);
/* Good, or what ended the incoming stream; of the outermost that has a fault. */
enum s5_seal_fault s5_seal_fault(const struct s5_seal *s);
const char *s5_seal_text(enum s5_seal_fault fault);

/* The most octets, up to `most`, that are whole messages: as many of the stream make full ones, or
 * when `wrapped` come out of full ones. At least one message. */
size_t s5_seal_whole(const struct s5_seal *s, bool wrapped, size_t most);
/* Room that n octets need at most, wrapped. */
size_t s5_seal_wrapped_size(const struct s5_seal *s, size_t n);
/* Wraps n octets into as many messages as it takes, and appends those. S5_BAD: the context does
 * not work any more, or there was no room. */
enum s5_rc s5_seal_wrap(struct s5_seal *s, const void *octets, size_t n, struct s5_writer *out);
/* Room that what is unwrapped of the next n octets needs at most. */
size_t s5_seal_unwrapped_size(const struct s5_seal *s, size_t n);
/* Takes n octets of the stream, which it overwrites, and appends what is whole of it. S5_BAD: see
 * the fault; what was good before it has been appended. */
enum s5_rc s5_seal_unwrap(struct s5_seal *s, uint8_t *octets, size_t n, struct s5_writer *out);
/* The stream ended here: S5_BAD in the middle of a message (R1961-5.9). */
enum s5_rc s5_seal_end(struct s5_seal *s);

/* An observer's: octets of the stream that were shown to nobody, for they are no whole message. */
const uint8_t *s5_seal_rest(const struct s5_seal *s, size_t *n);

/* Octets of the largest datagram that, wrapped, is one of at most `size` octets; 0: none. */
size_t s5_seal_datagram_limit(const struct s5_seal *s, size_t size);
/* Appends the datagram as one message. */
enum s5_rc s5_seal_wrap_datagram(struct s5_seal *s, const void *octets, size_t n,
				 struct s5_writer *out);
/* The datagram in it: a view into its octets, which are overwritten. Not S5_SEAL_GOOD: drop it. */
enum s5_seal_fault s5_seal_unwrap_datagram(struct s5_seal *s, uint8_t *octets, size_t n,
					   const uint8_t **plain, size_t *nplain);

#endif

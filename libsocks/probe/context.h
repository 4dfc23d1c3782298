/* The security context of an exchange (RFC 1961), and what is sealed with it. Private to exchange.c and
 * judge.c.
 *
 * A step to a context may ask a key distribution centre: it is done by a thread of x->work, if there is
 * one, on memory of its own, so that an exchange can end at any moment.
 */
#ifndef S5_PROBE_CONTEXT_H
#define S5_PROBE_CONTEXT_H

#include "probe/exchange.h"

enum s5_context_state {
	S5_CONTEXT_BUSY, /* s5_exchange_stepped() follows */
	S5_CONTEXT_TOKEN, /* there is a token to be sent */
	S5_CONTEXT_WAITS, /* for a token */
	S5_CONTEXT_IS, /* it is there */
	S5_CONTEXT_NOT, /* nothing comes of it */
};

/* Takes the first step to one for this exchange. NULL: no memory. */
struct s5_context *s5_context_new(struct s5_exchange *x);
void s5_context_free(struct s5_context *c);

/* Of none it is NOT. */
enum s5_context_state s5_context_state(const struct s5_context *c);
/* NOT: why not; borrowed. */
const char *s5_context_why(const struct s5_context *c, enum s5_gss_trouble *trouble);
/* TOKEN: appends it, as a message. */
void s5_context_put_token(struct s5_context *c, struct s5_writer *out);
/* WAITS: one has come. */
void s5_context_take_token(struct s5_context *c, const uint8_t *token, size_t n);

/* IS: appends what the word seals, whose octets these are. False: it cannot be done. */
bool s5_context_seal(struct s5_exchange *x, const struct s5_word *w, const uint8_t *octets,
		     size_t n, struct s5_writer *out);
/* Appends the message that was kept, if any was. */
void s5_context_put_kept(const struct s5_context *c, struct s5_writer *out);

/* IS: what the speaker's side heard, as far as it is sealed messages, unsealed: s5_side_take takes from it.
 * *why, static: why it goes on no further; or NULL. */
struct s5_side *s5_context_open(struct s5_exchange *x, enum s5_speaker speaker, const char **why);
/* The octet in a level message, which counts from here on; -1: *why, static, says what is wrong. */
int s5_context_take_level(struct s5_exchange *x, const uint8_t *token, size_t n, const char **why);

/* exchange.c: a step is over. */
void s5_exchange_stepped(struct s5_exchange *x);

#endif

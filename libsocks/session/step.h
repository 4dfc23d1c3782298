/* A row of the step table: one message, who sends it, how it is written and read, what follows.
 * Private to session/. */
#ifndef S5_SESSION_STEP_H
#define S5_SESSION_STEP_H

#include "session/session.h"

struct s5_step {
	enum s5_step_id id;
	enum s5_role sender;
	/* May it be encoded yet? NULL: always. */
	bool (*ready)(const struct s5_session *s);
	/* Room that encode needs; NULL: S5_SESSION_ROOM will do. */
	size_t (*size)(const struct s5_session *s);
	void (*encode)(const struct s5_session *s, struct s5_writer *out);
	enum s5_rc (*decode)(struct s5_session *s, struct s5_reader *in);
	/* What follows, asked in every role once the message passed. It may tell events and fail the
	 * session. NULL: the sub-negotiation is over. */
	const struct s5_step *(*next)(struct s5_session *s);
	/* Server: the answer to octets that are no such message. NULL: none, just close. */
	void (*refuse)(enum s5_note why, struct s5_writer *out);
};

/* Where every dialogue starts, and where it goes on after the sub-negotiation. */
extern const struct s5_step s5_step_hello, s5_step_request;
/* No message any more: what follows is the application's. */
extern const struct s5_step s5_step_stream;

void s5_session_tell(struct s5_session *s, enum s5_event event);
void s5_session_fail(struct s5_session *s, enum s5_cause cause, uint8_t code, enum s5_note note);

/* room.c: where octets are queued that the session's own memory has no room for, and what is inside
 * of a seal. */

/* Sees to it that n more octets fit. False: no memory. */
bool s5_session_make_room(struct s5_session *s, struct s5_buf *b, size_t n);
/* How many octets of `from` may be queued at most. */
size_t s5_session_most(const struct s5_session *s);
/* Where its messages stand in clear. */
struct s5_buf *s5_session_stream(struct s5_session *s, enum s5_role from);
/* Unwraps what `from` sent. True: there is more to look at, or the session failed. */
bool s5_session_unseal(struct s5_session *s, enum s5_role from);
/* Queues octets for the peer, sealed if need be. False: it cannot be done. */
bool s5_session_emit(struct s5_session *s, const uint8_t *octets, size_t n);
void s5_session_free_room(struct s5_session *s);

#endif

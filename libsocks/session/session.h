/* The dialogue of RFC 1928 without I/O: octets in, octets and events out, time passed in.
 *
 * One step table (dialogue.c) says who sends which message after which; a method's
 * sub-negotiation is a table of its own (auth.h). A session walks them in one of three roles:
 *
 *   client    encodes what clients send, decodes what servers send
 *   server    the other way round; the caller judges credentials and answers the request
 *   observer  decodes both directions; what is encrypted (RFC 1961) it passes over unread, and what
 *             is not sealed though it should be it reads in clear, with a note
 *
 * How to drive it:
 *
 *   s5_session_init_*(&s, &config, deadline);
 *   loop:
 *     while ((ev = s5_session_next(&s)) != S5_EV_NONE) act on ev;
 *     write s5_session_out() to the peer, then s5_session_sent()
 *     read from the peer, hand to s5_session_recv(); on end of file s5_session_eof();
 *     when the clock reaches s.deadline: s5_session_expire()
 *
 * Never more is taken than the dialogue needs: after S5_EV_OPEN what was received beyond it is
 * s5_session_early(), and belongs to the stream. After S5_EV_FAILED s.failure says why; a server
 * may still have octets to send (the refusal), then it closes.
 *
 * With GSSAPI (RFC 1961) establishing the context may block, so it is left to the caller: after
 * S5_EV_WORK call s5_gss_step(s.gss), on any thread, and then s5_session_worked. Until then only
 * recv, eof and expire may be called besides. Behind the sub-negotiation messages are sealed: what
 * the caller sends and receives is then what the seal makes of it, and after S5_EV_OPEN the stream
 * goes on with the seal, which is to be taken (s5_session_take_seal).
 *
 * The caller owns the struct; s5_session_fini wipes it. Nothing is allocated but with GSSAPI, whose
 * tokens are long: as much as came, within a budget that many may share. Not locked: one thread at
 * a time. The config is borrowed until fini.
 */
#ifndef S5_SESSION_SESSION_H
#define S5_SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/shares.h"
#include "session/gss.h"
#include "session/seal.h"
#include "wire/gssframe.h"
#include "wire/message.h"

enum s5_role { S5_CLIENT, S5_SERVER, S5_OBSERVER };

enum s5_event {
	S5_EV_NONE, /* nothing until more octets or an answer come */
	S5_EV_MESSAGE, /* a message passed: s.message, s.trace (only with config.watch) */
	S5_EV_METHOD, /* the method is chosen: s.method */
	S5_EV_WORK, /* s5_gss_step(s.gss) is to be called, then s5_session_worked */
	S5_EV_CREDENTIALS, /* server: s.credentials wait for s5_session_judge; with GSSAPI the user
			    * is the client's principal, which is proved, and there is no password */
	S5_EV_REQUEST, /* server: s.request waits for s5_session_answer */
	S5_EV_REPLY, /* client: s.reply, a success; BIND has two */
	S5_EV_OPEN, /* the stream begins; with UDP ASSOCIATE the association */
	S5_EV_FAILED, /* it ended: s.failure */
};

enum s5_cause {
#define S5_CAUSE(id, text) S5_CAUSE_##id,
#include "session/causes.def"
#undef S5_CAUSE
	S5_CAUSE_COUNT
};

enum s5_step_id {
	S5_STEP_HELLO,
	S5_STEP_CHOICE,
	S5_STEP_CREDENTIALS,
	S5_STEP_STATUS,
	S5_STEP_TOKEN, /* either side's */
	S5_STEP_LEVEL, /* asked for, and granted */
	S5_STEP_REQUEST,
	S5_STEP_REPLY,
	S5_STEP_REPLY2, /* BIND */
	S5_STEP_STREAM,
	S5_STEP_COUNT
};

struct s5_failure {
	enum s5_cause cause;
	enum s5_step_id step; /* where it happened, and whose turn it was */
	enum s5_role from;
	enum s5_note note; /* MALFORMED, REQUEST: the deviation */
	/* REFUSED, REQUEST: the REP; CREDENTIALS: the status; UNOFFERED: the method; LEVEL: the
	 * level, granted or (server) asked for; SEAL: enum s5_seal_fault; MALFORMED: what a server
	 * answered, a REP or status by its step, 0 for no answer */
	uint8_t code;
	bool partial; /* EOF, TIMEOUT: in the middle of a message */
	/* EOF in the middle: the field that is not whole, and how many octets it lacks at least */
	enum s5_field field;
	size_t need;
};

/* Octets a direction can hold: the longest message (513) and what is glued behind it. */
#define S5_SESSION_ROOM 1024

struct s5_session_config {
	uint8_t nmethods;
	uint8_t methods[8]; /* those offered, or enabled; in order of preference */
	bool watch; /* give S5_EV_MESSAGE for every message, of both directions */
	struct s5_credentials credentials; /* client, with userpass */
	struct s5_gss_config gss; /* with GSSAPI */
	struct s5_request request; /* client */
	struct s5_seal_peek peek[2]; /* observer: at what S5_CLIENT, S5_SERVER sends */
};

#define S5_ROUNDS 16 /* tokens of a client, at most (R1961-3.14) */

struct s5_step;
struct s5_auth;

struct s5_session {
	enum s5_role role;
	const struct s5_session_config *config;
	int64_t deadline; /* as given to init: the caller's clock, the caller's unit */
	/* For long messages. Set by the caller after init, kept until fini; NULL: no limit. */
	struct s5_shares *budget;
	uint64_t source; /* whose share it is */

	/* What passed so far; each is good from its event on. */
	struct s5_hello hello;
	uint8_t method;
	struct s5_credentials credentials;
	struct s5_request request;
	struct s5_reply reply;
	struct s5_failure failure;
	struct s5_gss *gss; /* the context, as long as no seal has it; NULL: another method */
	uint8_t level; /* enum s5_level: with GSSAPI what was agreed */

	/* The message that S5_EV_MESSAGE tells of. Its octets are good until the next call. */
	struct {
		enum s5_step_id step;
		enum s5_role sender;
		const uint8_t *octets;
		size_t len;
	} message;
	struct s5_trace trace;

	/* Private. */
	const struct s5_step *step;
	const struct s5_auth *auth;
	struct s5_status status;
	unsigned pending; /* events not yet told, a bit each */
	bool judged, answered, ended;
	bool working; /* between S5_EV_WORK and s5_session_worked */
	bool bare; /* the level stands bare in its message */
	uint8_t rounds;
	enum s5_cause refusal; /* a server's next frame is the abort, for this */
	struct s5_gssframe frame; /* the last that came; its token is good in next only */
	struct s5_seal *seals[2]; /* of what S5_CLIENT, S5_SERVER sends; both are one, but for an
				   * observer; NULL: it goes in clear */
	struct s5_buf plain[2]; /* what is inside those seals, and was not taken yet */
	bool eof[2]; /* S5_CLIENT, S5_SERVER will send no more */
	struct s5_buf queue[2]; /* octets sent by S5_CLIENT, by S5_SERVER */
	struct s5_buf *passed_in; /* where the told message is still at the head */
	size_t passed; /* its octets */
	uint8_t room[2][S5_SESSION_ROOM];
};

/* A client needs config.request and, with userpass among its methods, config.credentials. */
void s5_session_init_client(struct s5_session *s, const struct s5_session_config *config,
			    int64_t deadline);
void s5_session_init_server(struct s5_session *s, const struct s5_session_config *config,
			    int64_t deadline);
void s5_session_init_observer(struct s5_session *s, const struct s5_session_config *config);
void s5_session_fini(struct s5_session *s);

/* How many octets s5_session_recv would take now; 0 once the dialogue is over. */
size_t s5_session_room(const struct s5_session *s, enum s5_role from);
/* Takes octets that `from` sent and returns how many: the rest is to be handed in again later. */
size_t s5_session_recv(struct s5_session *s, enum s5_role from, const void *octets, size_t n);
/* `from` will send no more. It fails the session only once a message of `from` is missing. */
void s5_session_eof(struct s5_session *s, enum s5_role from);
/* The deadline has passed. */
void s5_session_expire(struct s5_session *s);
/* Goes on as far as it can up to the next event. */
enum s5_event s5_session_next(struct s5_session *s);

/* s5_gss_step(s->gss) was called, as S5_EV_WORK asked for. */
void s5_session_worked(struct s5_session *s);

/* What is to be sent to the peer: *len octets, good until the next call. */
const uint8_t *s5_session_out(const struct s5_session *s, size_t *len);
void s5_session_sent(struct s5_session *s, size_t n);
/* After S5_EV_OPEN: what `from` sent beyond the dialogue; out of its seal, if there is one, as far
 * as it was unwrapped yet. */
const uint8_t *s5_session_early(const struct s5_session *s, enum s5_role from, size_t *len);
/* After S5_EV_OPEN: the seal of what `from` sends, the caller's from now on, which has seen all
 * octets that were received; or NULL, if it goes on in clear. A client's and a server's seal is for
 * both directions, an observer has two. Look for early octets after that. */
struct s5_seal *s5_session_take_seal(struct s5_session *s, enum s5_role from);

/* Server: the verdict on S5_EV_CREDENTIALS; wipes the password. A principal that is refused is sent
 * the abort. */
void s5_session_judge(struct s5_session *s, bool accepted);
/* Server: the reply to S5_EV_REQUEST, and with BIND once more. bnd NULL, or no IP address:
 * 0.0.0.0:0, for a reply never holds a name (R1928-6.2). */
void s5_session_answer(struct s5_session *s, uint8_t rep, const struct s5_addr *bnd);

/* What has to pass next. */
enum s5_step_id s5_session_step(const struct s5_session *s);

const char *s5_cause_text(enum s5_cause cause);
const char *s5_step_name(enum s5_step_id step);

#endif

/* RFC 1961: tokens to and fro until both sides have a context, then the level of protection that is
 * asked for and granted. Each message of the client is answered by one of the server, or by the
 * abort, two octets, which is all that a refusal says (R1961-3.7, 3.9). */
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "session/auth.h"
#include "session/level.h"
#include "session/step.h"
#include "wire/gsstoken.h"

#define LEVEL_TOKEN_MOST 512 /* octets of a wrapped level: far more than any mechanism needs */

static const struct s5_step step_token, step_token_back, step_level, step_level_back;

/* frames */

/* Reads one, which must be of that type; where a server may refuse, also the abort. */
static enum s5_rc get_frame(struct s5_session *s, struct s5_reader *in, enum s5_mtyp mtyp)
{
	bool may_abort = s->step->sender == S5_SERVER;
	size_t start = in->off;
	enum s5_rc rc = s5_gssframe_get(in, &s->frame);
	uint8_t got = s->frame.mtyp;

	if (rc == S5_BAD || !got || got == mtyp || (may_abort && got == S5_MTYP_ABORT))
		return rc;
	in->off = start;
	in->rc = S5_OK; /* perhaps it was S5_MORE, but it is known already what is wrong */
	s5_reader_fail(in, S5_NOTE_MTYP_ORDER);
	return S5_BAD;
}

static void put_frame(struct s5_writer *out, enum s5_mtyp mtyp, const uint8_t *token, size_t n)
{
	struct s5_gssframe f = { (uint8_t)mtyp, (uint16_t)n, token };

	s5_gssframe_put(out, &f);
}

static void put_abort(struct s5_writer *out)
{
	put_frame(out, S5_MTYP_ABORT, NULL, 0);
}

static void refuse_frame(enum s5_note why, struct s5_writer *out)
{
	(void)why;
	put_abort(out);
}

/* After a message of the server: was it the abort? */
static bool is_aborted(struct s5_session *s)
{
	if (s->role == S5_SERVER && s->refusal != S5_CAUSE_NONE)
		s5_session_fail(s, s->refusal, s->level, S5_NOTE_NONE);
	else if (s->role != S5_SERVER && s->frame.mtyp == S5_MTYP_ABORT)
		s5_session_fail(s, S5_CAUSE_ABORTED, 0, S5_NOTE_NONE);
	return s->ended;
}

/* the context */

static void ask_for_work(struct s5_session *s)
{
	s->working = true;
	s5_session_tell(s, S5_EV_WORK);
}

static void begin(struct s5_session *s)
{
	const struct s5_session_config *c = s->config;

	if (s->role == S5_OBSERVER)
		return;
	/* R1961-3.4: datagrams may be lost and late. */
	s->gss = s5_gss_new(&c->gss, s->role == S5_SERVER, c->request.cmd != S5_CMD_UDP);
	if (!s->gss)
		s5_session_fail(s, S5_CAUSE_MEMORY, 0, S5_NOTE_NONE);
	else if (s->role == S5_CLIENT)
		ask_for_work(s);
}

/* False: it is longer than any user's name may be. */
static bool show_principal(struct s5_session *s)
{
	size_t len = strlen(s->gss->principal);

	if (len > sizeof s->credentials.user - 1)
		return false;
	memcpy(s->credentials.user, s->gss->principal, len);
	s->credentials.ulen = (uint8_t)len;
	return true;
}

static void server_worked(struct s5_session *s)
{
	s->judged = s->gss->state == S5_GSS_CONTINUE;
	if (s->gss->state == S5_GSS_FAILED)
		s->refusal = S5_CAUSE_CONTEXT;
	else if (s->gss->state == S5_GSS_COMPLETE && !show_principal(s))
		s->refusal = S5_CAUSE_CREDENTIALS;
	else if (s->gss->state == S5_GSS_COMPLETE)
		s5_session_tell(s, S5_EV_CREDENTIALS);
}

/* R1961-3.8, 3.11 */
static void client_worked(struct s5_session *s)
{
	const struct s5_gss *g = s->gss;

	if (g->state == S5_GSS_COMPLETE)
		show_principal(s);
	if (g->state == S5_GSS_FAILED || (g->state == S5_GSS_CONTINUE && !g->ntoken))
		s5_session_fail(s, S5_CAUSE_CONTEXT, 0, S5_NOTE_NONE);
	else if (g->state == S5_GSS_COMPLETE && !g->ntoken)
		s->step = &step_level;
}

void s5_session_worked(struct s5_session *s)
{
	s->working = false;
	if (s->ended)
		return;
	if (s->role == S5_SERVER)
		server_worked(s);
	else
		client_worked(s);
}

/* A server, or a client, takes the other's token. */
static void take_token(struct s5_session *s)
{
	if (s5_gss_give(s->gss, s->frame.token, s->frame.len))
		ask_for_work(s);
	else if (s->role == S5_SERVER)
		s->refusal = S5_CAUSE_MEMORY;
	else
		s5_session_fail(s, S5_CAUSE_MEMORY, 0, S5_NOTE_NONE);
}

/* tokens */

static bool token_ready(const struct s5_session *s)
{
	return !s->working;
}

static size_t token_size(const struct s5_session *s)
{
	return S5_FRAME_HEADER + s->gss->ntoken;
}

static void token_encode(const struct s5_session *s, struct s5_writer *out)
{
	put_frame(out, S5_MTYP_AUTH, s->gss->token, s->gss->ntoken);
}

/* Only the next message tells an observer that the context is complete. */
static enum s5_rc token_decode(struct s5_session *s, struct s5_reader *in)
{
	struct s5_reader ahead = { .data = in->data, .len = in->len, .off = in->off };

	if (s->role == S5_OBSERVER && s->rounds && s5_get_u8(&ahead, S5_F_SUBVER) == S5_SUBVER &&
	    s5_get_u8(&ahead, S5_F_MTYP) == S5_MTYP_LEVEL) {
		s->step = &step_level;
		return s->step->decode(s, in);
	}
	return get_frame(s, in, S5_MTYP_AUTH);
}

static const struct s5_step *token_next(struct s5_session *s)
{
	s->rounds++;
	if (s->role == S5_SERVER && s->rounds > S5_ROUNDS)
		s->refusal = S5_CAUSE_CONTEXT;
	else if (s->role == S5_SERVER)
		take_token(s);
	return &step_token_back;
}

static bool token_back_ready(const struct s5_session *s)
{
	return !s->working && (s->judged || s->refusal != S5_CAUSE_NONE);
}

static void token_back_encode(const struct s5_session *s, struct s5_writer *out)
{
	if (s->refusal != S5_CAUSE_NONE)
		put_abort(out);
	else
		token_encode(s, out);
}

static enum s5_rc token_back_decode(struct s5_session *s, struct s5_reader *in)
{
	return get_frame(s, in, S5_MTYP_AUTH);
}

/* A client whose context was complete before has only waited for the server's word. */
static const struct s5_step *client_next(struct s5_session *s)
{
	if (s->gss->state == S5_GSS_COMPLETE)
		return &step_level;
	if (!s->frame.len)
		s5_session_fail(s, S5_CAUSE_MALFORMED, 0, S5_NOTE_TOKEN_EMPTY);
	else if (s->rounds == S5_ROUNDS)
		s5_session_fail(s, S5_CAUSE_CONTEXT, 0, S5_NOTE_NONE);
	else
		take_token(s);
	return &step_token;
}

static const struct s5_step *token_back_next(struct s5_session *s)
{
	if (is_aborted(s))
		return NULL;
	s->judged = false;
	if (s->role == S5_CLIENT)
		return client_next(s);
	if (s->role == S5_SERVER && s->gss->state == S5_GSS_COMPLETE)
		return &step_level;
	return &step_token;
}

/* the level */

/* The octet in a level message; -1: it is not one, or it is not authentic, and *fault says why. */
static int read_level(struct s5_session *s, enum s5_seal_fault *fault)
{
	uint8_t token[LEVEL_TOKEN_MOST]; /* a copy: unwrapping spoils it */
	const uint8_t *plain;
	size_t n;
	bool conf;

	s->bare = s->frame.len == 1;
	*fault = s->bare ? S5_SEAL_CLEAR : S5_SEAL_DEFECTIVE;
	if (s->bare)
		return s->config->gss.nec ? s->frame.token[0] : -1;
	if (!s->frame.len || s->frame.len > sizeof token)
		return -1;
	memcpy(token, s->frame.token, s->frame.len);
	*fault = s5_gss_unwrap(s->gss, true, token, s->frame.len, &plain, &n, &conf);
	if (*fault != S5_SEAL_GOOD)
		return -1;
	*fault = S5_SEAL_DEFECTIVE;
	return n == 1 ? plain[0] : -1;
}

static void write_level(const struct s5_session *s, uint8_t level, bool bare, struct s5_writer *out)
{
	uint8_t token[LEVEL_TOKEN_MOST];
	size_t n = bare ? 1 : s5_gss_wrap(s->gss, false, &level, 1, token, sizeof token);

	if (n)
		put_frame(out, S5_MTYP_LEVEL, bare ? &level : token, n);
	else
		out->rc = S5_BAD;
}

static size_t level_size(const struct s5_session *s)
{
	(void)s;
	return S5_FRAME_HEADER + LEVEL_TOKEN_MOST;
}

static void level_encode(const struct s5_session *s, struct s5_writer *out)
{
	write_level(s, s->config->gss.level, s->config->gss.nec, out);
}

static enum s5_rc level_decode(struct s5_session *s, struct s5_reader *in)
{
	return get_frame(s, in, S5_MTYP_LEVEL);
}

/* The policy, less what the context cannot do (R1961-4.11). */
static unsigned grantable(const struct s5_session *s)
{
	unsigned levels = s->config->gss.levels;

	if (!s->gss->confidentiality)
		levels &= ~(1u << S5_LEVEL_CONFIDENTIALITY);
	return s->gss->integrity ? levels : levels & 1u << S5_LEVEL_NONE;
}

static const struct s5_step *level_next(struct s5_session *s)
{
	enum s5_seal_fault fault;
	int asked, granted;

	if (s->role != S5_SERVER)
		return &step_level_back;
	asked = read_level(s, &fault);
	granted = s5_level_grant(grantable(s), asked);
	s->level = (uint8_t)(granted < 0 ? asked : granted);
	if (granted < 0)
		s->refusal = S5_CAUSE_LEVEL;
	return &step_level_back;
}

static void level_back_encode(const struct s5_session *s, struct s5_writer *out)
{
	if (s->refusal != S5_CAUSE_NONE)
		put_abort(out);
	else
		write_level(s, s->level, s->bare, out);
}

/* Everything behind this is sealed, in both directions. */
static void seal_up(struct s5_session *s)
{
	struct s5_seal *seal = s5_seal_new(s->gss, s->level);

	if (!seal) {
		s5_session_fail(s, S5_CAUSE_MEMORY, 0, S5_NOTE_NONE);
		return;
	}
	s->gss = NULL;
	s->seals[S5_CLIENT] = s->seals[S5_SERVER] = seal;
}

static struct s5_seal *new_peek(const struct s5_session *s, enum s5_role from)
{
	struct s5_seal_peek peek = s->config->peek[from];

	peek.skips = s->level != S5_LEVEL_INTEGRITY; /* what is only signed can be read on */
	return s5_seal_new_peek(&peek);
}

static const struct s5_step *observe_level(struct s5_session *s)
{
	struct s5_reader in = s5_reader_over(s->frame.token, s->frame.len);
	struct s5_wrap_token wrap;

	s->level = s->frame.len == 1 ? s->frame.token[0] : (uint8_t)S5_LEVEL_CONFIDENTIALITY;
	if (s5_wrap_token_get(&in, &wrap) == S5_OK && wrap.nplain == 1)
		s->level = wrap.plain[0];
	if (s->level == S5_LEVEL_NONE)
		return NULL;
	s->seals[S5_CLIENT] = new_peek(s, S5_CLIENT);
	s->seals[S5_SERVER] = new_peek(s, S5_SERVER);
	if (!s->seals[S5_CLIENT] || !s->seals[S5_SERVER])
		s5_session_fail(s, S5_CAUSE_MEMORY, 0, S5_NOTE_NONE);
	return NULL;
}

static const struct s5_step *level_back_next(struct s5_session *s)
{
	enum s5_seal_fault fault;
	int granted;

	if (is_aborted(s))
		return NULL;
	if (s->role == S5_OBSERVER)
		return observe_level(s);
	if (s->role == S5_CLIENT) {
		granted = read_level(s, &fault);
		s->level = (uint8_t)granted;
		if (granted < 0)
			s5_session_fail(s, S5_CAUSE_SEAL, (uint8_t)fault, S5_NOTE_NONE);
		else if (!s5_level_will_do(s->config->gss.level, granted))
			s5_session_fail(s, S5_CAUSE_LEVEL, s->level, S5_NOTE_NONE);
	}
	if (!s->ended && s->level != S5_LEVEL_NONE)
		seal_up(s);
	return NULL;
}

/* the table */

static const struct s5_step step_token = {
	.id = S5_STEP_TOKEN,
	.sender = S5_CLIENT,
	.ready = token_ready,
	.size = token_size,
	.encode = token_encode,
	.decode = token_decode,
	.next = token_next,
	.refuse = refuse_frame,
};

static const struct s5_step step_token_back = {
	.id = S5_STEP_TOKEN,
	.sender = S5_SERVER,
	.ready = token_back_ready,
	.size = token_size,
	.encode = token_back_encode,
	.decode = token_back_decode,
	.next = token_back_next,
	.refuse = refuse_frame,
};

static const struct s5_step step_level = {
	.id = S5_STEP_LEVEL,
	.sender = S5_CLIENT,
	.size = level_size,
	.encode = level_encode,
	.decode = level_decode,
	.next = level_next,
	.refuse = refuse_frame,
};

static const struct s5_step step_level_back = {
	.id = S5_STEP_LEVEL,
	.sender = S5_SERVER,
	.size = level_size,
	.encode = level_back_encode,
	.decode = level_decode,
	.next = level_back_next,
	.refuse = refuse_frame,
};

const struct s5_auth s5_auth_gssapi = {
	.method = S5_METHOD_GSSAPI,
	.first = &step_token,
	.begin = begin,
};

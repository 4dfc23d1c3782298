#include "probe/context.h"

#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "net/gss_job.h"
#include "probe/side.h"
#include "session/seal.h"
#include "wire/gssframe.h"

#define ROOM 140000 /* octets: a word's, and those of a message that goes beyond them */
#define LEVEL_TOKEN_MOST 512 /* octets of a wrapped level */

struct s5_context {
	struct s5_exchange *exchange;
	struct s5_gss *gss;
	struct s5_gss_job *gss_job; /* that is under way; or NULL */
	enum s5_context_state state;
	uint8_t level; /* asked for, then granted; before, none */
	bool is_bare; /* asked for so, and so it is to be granted */
	/* What sealed messages held and no word took yet; why there is nothing more to be had. */
	struct s5_side plain[S5_SPEAKER_COUNT];
	const char *why[S5_SPEAKER_COUNT];
	uint8_t *kept;
	size_t nkept;
};

/* steps */

static void stepped(struct s5_context *c)
{
	const struct s5_gss *g = c->gss;

	if (g->state != S5_GSS_FAILED && g->ntoken)
		c->state = S5_CONTEXT_TOKEN;
	else
		c->state = g->state == S5_GSS_COMPLETE ? S5_CONTEXT_IS : S5_CONTEXT_NOT;
}

static void step_done(void *arg)
{
	struct s5_context *c = arg;

	stepped(c);
	s5_exchange_stepped(c->exchange);
}

static void begin_step(struct s5_context *c)
{
	struct s5_exchange *x = c->exchange;

	c->state = S5_CONTEXT_NOT;
	if (!x->work) {
		s5_gss_step(c->gss);
		stepped(c);
	} else if (s5_gss_job_begin(&c->gss_job, c->gss, x->work, x->loop, step_done, c) == 0) {
		c->state = S5_CONTEXT_BUSY;
	}
}

/* R1961-3.4: datagrams may be lost and late. */
static bool has_datagrams(const struct s5_words *words)
{
	for (size_t i = 0; i < words->n; i++)
		if (words->words[i].kind == S5_WORD_ASSOCIATE)
			return true;
	return false;
}

struct s5_context *s5_context_new(struct s5_exchange *x)
{
	struct s5_context *c = calloc(1, sizeof *c);
	struct s5_gss_config config = *x->gss;

	if (!c)
		return NULL;
	config.level = S5_LEVEL_CONFIDENTIALITY; /* words ask for any */
	c->exchange = x;
	c->gss = s5_gss_new(&config, false, !has_datagrams(x->words));
	if (!c->gss) {
		free(c);
		return NULL;
	}
	for (unsigned i = 0; i < S5_SPEAKER_COUNT; i++)
		c->plain[i].watch.fd = -1;
	begin_step(c);
	return c;
}

void s5_context_free(struct s5_context *c)
{
	if (!c)
		return;
	if (s5_gss_job_abandon(&c->gss_job))
		c->gss = NULL;
	s5_gss_free(c->gss);
	for (unsigned i = 0; i < S5_SPEAKER_COUNT; i++)
		s5_side_close(&c->plain[i]);
	free(c->kept);
	free(c);
}

enum s5_context_state s5_context_state(const struct s5_context *c)
{
	return c ? c->state : S5_CONTEXT_NOT;
}

const char *s5_context_why(const struct s5_context *c, enum s5_gss_trouble *trouble)
{
	*trouble = c->gss->trouble;
	if (c->gss->state == S5_GSS_FAILED)
		return c->gss->why;
	return "too much is to be done at a time";
}

/* tokens */

static void put_frame(struct s5_writer *out, uint8_t mtyp, const uint8_t *token, size_t n)
{
	struct s5_gssframe f = { mtyp, (uint16_t)n, token };

	s5_gssframe_put(out, &f);
}

void s5_context_put_token(struct s5_context *c, struct s5_writer *out)
{
	put_frame(out, S5_MTYP_AUTH, c->gss->token, c->gss->ntoken);
	c->state = S5_CONTEXT_WAITS;
}

/* R1961-3.8: with a context that was complete before, it is only the other's word. */
void s5_context_take_token(struct s5_context *c, const uint8_t *token, size_t n)
{
	if (c->gss->state == S5_GSS_COMPLETE)
		c->state = S5_CONTEXT_IS;
	else if (s5_gss_give(c->gss, token, n))
		begin_step(c);
	else
		c->state = S5_CONTEXT_NOT;
}

/* sealing */

static bool is_encrypted(const struct s5_context *c, const struct s5_word *w)
{
	if (w->manner == S5_MANNER_SIGNED || w->manner == S5_MANNER_ENCRYPTED)
		return w->manner == S5_MANNER_ENCRYPTED;
	if (w->what == S5_WHAT_LEVEL)
		return false;
	return c->level == S5_LEVEL_CONFIDENTIALITY ||
	       (c->level == S5_LEVEL_SELECTIVE && c->gss->confidentiality);
}

/* Appends one message. The head of a type that has none is made all the same. */
static bool seal_message(struct s5_context *c, const struct s5_word *w, const uint8_t *octets,
			 size_t n, struct s5_writer *out)
{
	size_t room = out->cap - out->len, len = 0;
	uint8_t *token = out->data + out->len + S5_FRAME_HEADER;

	if (room > S5_FRAME_HEADER + S5_TOKEN_MAX)
		room = S5_FRAME_HEADER + S5_TOKEN_MAX;
	if (room > S5_FRAME_HEADER)
		len = s5_gss_wrap(c->gss, is_encrypted(c, w), octets, n, token,
				  room - S5_FRAME_HEADER);
	if (!len)
		return false;
	s5_gssframe_put_head(out, w->mtyp, (uint16_t)len);
	out->len += len;
	return true;
}

static bool seal_octets(struct s5_context *c, const struct s5_word *w, const uint8_t *octets,
			size_t n, struct s5_writer *out)
{
	size_t most = s5_gss_limit(c->gss, is_encrypted(c, w), S5_TOKEN_MAX), piece;
	bool good = most > 0;

	do {
		piece = n < most ? n : most;
		good = good && seal_message(c, w, octets, piece, out);
		octets += piece;
		n -= piece;
	} while (good && n);
	return good;
}

/* R1961-4.2; or bare, as NEC's programs have it. */
static bool put_level(struct s5_exchange *x, const struct s5_word *w, const uint8_t *octets,
		      size_t n, struct s5_writer *out)
{
	uint8_t level = n ? octets[0] : x->gss->level;

	if (!n) {
		octets = &level;
		n = 1;
	}
	s5_side_write_plain(&x->side[S5_SPEAKER_CLIENT], true, octets, n);
	x->context->level = level;
	x->context->is_bare = x->gss->nec && w->manner == S5_MANNER_AGREED;
	if (!x->context->is_bare)
		return seal_octets(x->context, w, octets, n, out);
	put_frame(out, S5_MTYP_LEVEL, octets, n);
	return out->rc == S5_OK;
}

static bool keep(struct s5_context *c, struct s5_writer *out, size_t start)
{
	free(c->kept);
	c->nkept = out->len - start;
	c->kept = malloc(c->nkept);
	if (c->kept)
		memcpy(c->kept, out->data + start, c->nkept);
	out->len = start;
	return c->kept != NULL;
}

bool s5_context_seal(struct s5_exchange *x, const struct s5_word *w, const uint8_t *octets,
		     size_t n, struct s5_writer *out)
{
	struct s5_context *c = x->context;
	size_t start = out->len;

	if (w->what != S5_WHAT_LEVEL)
		s5_side_write_plain(&x->side[w->speaker], true, octets, n);
	if (w->what == S5_WHAT_LEVEL ? !put_level(x, w, octets, n, out)
				     : !seal_octets(c, w, octets, n, out))
		return false;
	if (w->manner == S5_MANNER_DAMAGED)
		out->data[out->len - 1] ^= 1;
	if (w->manner == S5_MANNER_CUT)
		out->len--;
	return w->manner != S5_MANNER_KEPT || keep(c, out, start);
}

void s5_context_put_kept(const struct s5_context *c, struct s5_writer *out)
{
	s5_put_octets(out, c->kept, c->nkept);
}

/* opening */

/* R1961-5.2: as was agreed, neither less nor more. */
static const char *protection_fault(const struct s5_context *c, bool conf)
{
	if (c->level == S5_LEVEL_CONFIDENTIALITY && !conf)
		return s5_seal_text(S5_SEAL_READABLE);
	if (c->level == S5_LEVEL_INTEGRITY && conf)
		return "a message came encrypted where only signed ones were agreed";
	return NULL;
}

/* Good but for its order, which does not matter to a datagram. */
static bool is_late_at_worst(enum s5_seal_fault fault)
{
	return fault == S5_SEAL_GOOD || fault == S5_SEAL_GAP || fault == S5_SEAL_UNORDERED;
}

/* Appends what is in the token, which is overwritten. False: there is no room for it yet. */
static bool open_token(struct s5_context *c, enum s5_speaker speaker, uint8_t *token, size_t n)
{
	bool ordered = speaker == S5_SPEAKER_CLIENT, conf;
	struct s5_side *plain = &c->plain[speaker];
	enum s5_seal_fault fault;
	const uint8_t *octets;
	size_t len;

	if (n > plain->room - plain->nin)
		return false;
	fault = n ? s5_gss_unwrap(c->gss, ordered, token, n, &octets, &len, &conf) : S5_SEAL_EMPTY;
	if (fault != S5_SEAL_GOOD && (ordered || !is_late_at_worst(fault)))
		c->why[speaker] = s5_seal_text(fault);
	else
		c->why[speaker] = protection_fault(c, conf);
	if (c->why[speaker])
		return true;
	memcpy(plain->in + plain->nin, octets, len);
	s5_side_write_plain(&c->exchange->side[speaker], false, octets, len);
	plain->nin += len;
	return true;
}

/* False: there is no further message, or no room for it. */
static bool open_message(struct s5_context *c, enum s5_speaker speaker)
{
	struct s5_side *raw = &c->exchange->side[speaker], *plain = &c->plain[speaker];
	bool is_datagram = speaker >= S5_SPEAKER_DATAGRAMS;
	struct s5_reader in = s5_reader_over(raw->nin ? raw->in : (uint8_t *)"", raw->nin);
	struct s5_gssframe frame;
	enum s5_rc rc;

	if (is_datagram ? !raw->heard || plain->heard : !raw->nin)
		return false;
	rc = s5_gssframe_get(&in, &frame);
	if (rc == S5_MORE && frame.mtyp && frame.mtyp != S5_MTYP_DATA)
		rc = S5_BAD;
	if (rc == S5_MORE && !is_datagram && !raw->eof)
		return false;
	if (rc == S5_MORE && !is_datagram)
		c->why[speaker] = s5_seal_text(S5_SEAL_CUT);
	else if (rc != S5_OK || frame.mtyp != S5_MTYP_DATA || (is_datagram && in.off != raw->nin))
		c->why[speaker] = s5_seal_text(S5_SEAL_CLEAR);
	if (c->why[speaker])
		return false;
	if (!open_token(c, speaker, raw->in + S5_FRAME_HEADER, frame.len))
		return false;
	plain->heard = is_datagram && !c->why[speaker];
	s5_side_take(raw, in.off);
	return !c->why[speaker];
}

struct s5_side *s5_context_open(struct s5_exchange *x, enum s5_speaker speaker, const char **why)
{
	struct s5_context *c = x->context;
	struct s5_side *raw = &x->side[speaker], *plain = &c->plain[speaker];

	if (!plain->in) {
		plain->in = malloc(ROOM);
		plain->room = plain->in ? ROOM : 0;
	}
	while (!c->why[speaker] && open_message(c, speaker))
		;
	plain->eof = raw->eof && !raw->nin;
	plain->reset = raw->reset;
	*why = c->why[speaker];
	return plain;
}

int s5_context_take_level(struct s5_exchange *x, const uint8_t *token, size_t n, const char **why)
{
	struct s5_context *c = x->context;
	uint8_t copy[LEVEL_TOKEN_MOST]; /* unwrapping spoils it */
	const uint8_t *plain = token;
	size_t len = n;
	bool conf = false, is_bare = n == 1;
	enum s5_seal_fault fault = S5_SEAL_GOOD;

	*why = NULL;
	if (!n || n > sizeof copy)
		*why = "the level comes in a token that is too long, or empty";
	else if (is_bare != c->is_bare)
		*why = is_bare ? "the level came bare" : "the level came wrapped";
	if (*why)
		return -1;
	memcpy(copy, token, n);
	if (!is_bare)
		fault = s5_gss_unwrap(c->gss, true, copy, n, &plain, &len, &conf);
	if (fault != S5_SEAL_GOOD)
		*why = s5_seal_text(fault);
	else if (conf)
		*why = "the level came encrypted, not signed";
	else if (len != 1)
		*why = "the level is not one octet";
	if (*why)
		return -1;
	s5_side_write_plain(&x->side[S5_SPEAKER_CLIENT], false, plain, len);
	c->level = plain[0];
	return c->level;
}

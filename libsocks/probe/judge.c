#include "probe/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "probe/context.h"
#include "probe/side.h"
#include "wire/udp.h"
#include "wire/gssframe.h"

#define READ_AWAY 512 /* times as much as there is room for */

static struct s5_judgement yes(void)
{
	return (struct s5_judgement){ .fits = S5_FITS_YES };
}

static struct s5_judgement no(enum s5_exchange_end end, const char *why)
{
	return (struct s5_judgement){ S5_FITS_NO, end, why };
}

/* More is needed, which may still come. */
static struct s5_judgement wants_more(const struct s5_side *side)
{
	if (side->reset)
		return no(S5_EXCHANGE_RESET, NULL);
	if (side->eof)
		return no(S5_EXCHANGE_CLOSED, NULL);
	return (struct s5_judgement){ .fits = S5_FITS_PERHAPS };
}

/* octets */

static bool begins_so(const uint8_t *in, const uint8_t *want, const bool *any, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!any[i] && in[i] != want[i])
			return false;
	return true;
}

static struct s5_judgement judge_datagram(struct s5_side *side, const uint8_t *want,
					  const bool *any, size_t n)
{
	if (!side->heard)
		return wants_more(side);
	if (side->nin != n || !begins_so(side->in, want, any, n))
		return no(S5_EXCHANGE_OTHER, NULL);
	s5_side_take(side, n);
	return yes();
}

static struct s5_judgement judge_stream(struct s5_side *side, const uint8_t *want, const bool *any,
					size_t n)
{
	if (!begins_so(side->in, want, any, side->nin < n ? side->nin : n))
		return no(S5_EXCHANGE_OTHER, NULL);
	if (side->nin < n)
		return wants_more(side);
	s5_side_take(side, n);
	return yes();
}

static struct s5_judgement judge_octets(struct s5_exchange *x, struct s5_side *side,
					const struct s5_word *w)
{
	uint8_t *want = malloc(S5_OCTETS_MOST);
	bool *any = malloc(S5_OCTETS_MOST * sizeof *any);
	struct s5_judgement own = no(S5_EXCHANGE_TROUBLE, NULL);
	size_t n;

	if (want && any) {
		n = s5_word_octets(w, x->parts, want, any);
		own = w->speaker >= S5_SPEAKER_DATAGRAMS ? judge_datagram(side, want, any, n)
							 : judge_stream(side, want, any, n);
	}
	free(want);
	free(any);
	return own;
}

/* Of the last reply. */
static struct s5_judgement judge_bound(struct s5_exchange *x, struct s5_side *side)
{
	uint8_t want[S5_NAME_MAX + 4];
	static const bool any[sizeof want];
	struct s5_writer out = s5_writer_over(want, sizeof want);

	s5_put_addr(&out, &x->reply.bnd);
	return judge_stream(side, want, any, out.len);
}

/* messages */

static enum s5_rc get(struct s5_exchange *x, const struct s5_word *w, struct s5_reader *in,
		      uint8_t *code)
{
	struct s5_credentials credentials;
	enum s5_rc rc;

	switch (w->kind) {
	case S5_WORD_CHOICE:
		rc = s5_choice_get(in, &x->choice);
		*code = x->choice.method;
		return rc;
	case S5_WORD_STATUS:
		rc = s5_status_get(in, &x->status);
		*code = x->status.status;
		return rc;
	case S5_WORD_HELLO:
		return s5_hello_get(in, &x->hello);
	case S5_WORD_LOGIN:
		rc = s5_credentials_get(in, &credentials);
		explicit_bzero(&credentials, sizeof credentials);
		return rc;
	case S5_WORD_REQUEST:
		rc = s5_request_get(in, &x->request);
		*code = x->request.cmd;
		return rc;
	default:
		rc = s5_reply_get(in, &x->reply);
		*code = x->reply.rep;
		return rc;
	}
}

/* What is heard becomes a part of what is said. */

static void hear_address(struct s5_exchange *x, const struct s5_addr *a)
{
	struct s5_part_octets *asked = &x->heard->part[S5_PART_ASKED];
	struct s5_writer out = s5_writer_over(asked->octets, sizeof asked->octets);

	s5_put_addr(&out, a);
	asked->n = out.rc == S5_OK ? out.len : 0;
}

static void hear_login(struct s5_exchange *x, const uint8_t *octets, size_t n)
{
	struct s5_part_octets *login = &x->heard->part[S5_PART_LOGIN];

	login->n = n < sizeof login->octets ? n : sizeof login->octets;
	memcpy(login->octets, octets, login->n);
}

static void hear_hello(struct s5_exchange *x)
{
	struct s5_part_octets *pick = &x->heard->part[S5_PART_PICK];

	pick->n = 1;
	pick->octets[0] = memchr(x->hello.methods, S5_METHOD_NONE, x->hello.n) ? S5_METHOD_NONE
			  : memchr(x->hello.methods, S5_METHOD_USERPASS, x->hello.n)
				  ? S5_METHOD_USERPASS
				  : S5_METHOD_UNACCEPTABLE;
}

static void hear_message(struct s5_exchange *x, enum s5_word_kind kind, const uint8_t *octets,
			 size_t n)
{
	if (!x->heard)
		return;
	if (kind == S5_WORD_REQUEST)
		hear_address(x, &x->request.dst);
	else if (kind == S5_WORD_HELLO)
		hear_hello(x);
	else if (kind == S5_WORD_LOGIN)
		hear_login(x, octets, n);
}

/* A name as the bound address is strange, but RFC 1928 section 6 has it. */
static struct s5_judgement judge_message(struct s5_exchange *x, struct s5_side *side,
					 const struct s5_word *w)
{
	struct s5_trace trace = { .nspans = 0 };
	struct s5_reader in = s5_reader_over(side->nin ? side->in : (uint8_t *)"", side->nin);
	uint8_t code = 0;
	enum s5_rc rc;

	in.trace = &trace;
	rc = get(x, w, &in, &code);
	if (rc == S5_MORE)
		return wants_more(side);
	if (rc == S5_BAD)
		return no(S5_EXCHANGE_OTHER, s5_note_text(in.why));
	for (unsigned i = 0; i < trace.nmarks && w->is_strict; i++)
		if (trace.mark[i].note != S5_NOTE_BND_NAME)
			return no(S5_EXCHANGE_OTHER,
				  s5_note_text((enum s5_note)trace.mark[i].note));
	if (w->kind <= S5_WORD_REQUEST && !s5_word_takes(w, code))
		return no(S5_EXCHANGE_OTHER, NULL);
	hear_message(x, w->kind, side->in, in.off);
	s5_side_take(side, in.off);
	return yes();
}

static struct s5_judgement judge_relayed(struct s5_exchange *x, struct s5_side *side,
					 const struct s5_word *w)
{
	struct s5_trace trace = { .nspans = 0 };
	struct s5_reader in = s5_reader_over(side->nin ? side->in : (uint8_t *)"", side->nin);
	struct s5_datagram datagram;

	if (!side->heard)
		return wants_more(side);
	in.trace = &trace;
	if (s5_datagram_get(&in, &datagram) != S5_OK)
		return no(S5_EXCHANGE_OTHER, s5_note_text(in.why));
	if (trace.nmarks && w->is_strict)
		return no(S5_EXCHANGE_OTHER, s5_note_text((enum s5_note)trace.mark[0].note));
	if (x->heard)
		hear_address(x, &datagram.addr);
	s5_side_take(side, side->nin);
	return yes();
}

static struct s5_judgement judge_any(struct s5_side *side, bool is_late)
{
	if (!side->nin && !is_late)
		return wants_more(side);
	s5_side_take(side, side->nin);
	return yes();
}

/* ends */

static struct s5_judgement judge_eof(struct s5_side *side)
{
	if (side->nin)
		return no(S5_EXCHANGE_OTHER, NULL);
	if (side->eof && !side->reset)
		return yes();
	return wants_more(side);
}

static struct s5_judgement judge_end(struct s5_side *side)
{
	/* Until then it is for another word, unless there is no room for more: then it is read away,
	 * for a while. */
	for (unsigned i = 0; i < READ_AWAY && side->nin && side->nin == side->room; i++)
		s5_side_take(side, side->nin);
	if (side->eof || side->reset)
		s5_side_take(side, side->nin);
	return side->eof || side->reset ? yes() : wants_more(side);
}

static struct s5_judgement judge_gone(struct s5_side *side)
{
	if (side->nin)
		return no(S5_EXCHANGE_OTHER, NULL);
	return side->eof || side->reset ? yes() : wants_more(side);
}

static struct s5_judgement judge_silence(struct s5_side *side, bool is_late)
{
	if (side->nin || side->heard)
		return no(S5_EXCHANGE_OTHER, NULL);
	return is_late ? yes() : wants_more(side);
}

/* security context */

/* The message at the front, which is to be of that type; YES: *f is in what came, up to *len. */
static struct s5_judgement judge_frame(const struct s5_side *side, enum s5_mtyp mtyp,
				       struct s5_gssframe *f, size_t *len)
{
	struct s5_reader in = s5_reader_over(side->nin ? side->in : (uint8_t *)"", side->nin);
	enum s5_rc rc = s5_gssframe_get(&in, f);

	*len = in.off;
	if (rc == S5_BAD)
		return no(S5_EXCHANGE_OTHER, s5_note_text(in.why));
	if (f->mtyp == S5_MTYP_ABORT)
		return no(S5_EXCHANGE_OTHER, "it refuses, by the abort");
	if (f->mtyp && f->mtyp != (uint8_t)mtyp)
		return no(S5_EXCHANGE_OTHER, s5_note_text(S5_NOTE_MTYP_ORDER));
	return rc == S5_OK ? yes() : wants_more(side);
}

static struct s5_judgement judge_token(struct s5_exchange *x, struct s5_side *side)
{
	struct s5_gssframe f;
	size_t len;
	struct s5_judgement own = judge_frame(side, S5_MTYP_AUTH, &f, &len);

	if (own.fits != S5_FITS_YES)
		return own;
	s5_context_take_token(x->context, f.token, f.len);
	s5_side_take(side, len);
	return own;
}

static struct s5_judgement judge_level(struct s5_exchange *x, struct s5_side *side,
				       const struct s5_word *w)
{
	struct s5_gssframe f;
	const char *why;
	size_t len;
	int level;
	struct s5_judgement own = judge_frame(side, S5_MTYP_LEVEL, &f, &len);

	if (own.fits != S5_FITS_YES)
		return own;
	level = s5_context_take_level(x, f.token, f.len, &why);
	if (level < 0 || !s5_word_takes(w, (uint8_t)level))
		return no(S5_EXCHANGE_OTHER, why ? why : "it grants another level");
	s5_side_take(side, len);
	return own;
}

static struct s5_judgement judge_on(struct s5_exchange *x, struct s5_side *side,
				    const struct s5_word *w, bool is_late)
{
	switch (w->kind) {
	case S5_WORD_OCTETS:
		return judge_octets(x, side, w);
	case S5_WORD_LEVEL:
		return judge_level(x, side, w);
	case S5_WORD_EOF:
		return judge_eof(side);
	case S5_WORD_END:
		return judge_end(side);
	case S5_WORD_GONE:
		return judge_gone(side);
	case S5_WORD_BOUND:
		return judge_bound(x, side);
	case S5_WORD_ANY:
		return judge_any(side, is_late);
	case S5_WORD_DATAGRAM:
		return judge_relayed(x, side, w);
	case S5_WORD_SILENCE:
		return judge_silence(side, is_late);
	case S5_WORD_CONTEXT:
		return judge_token(x, side);
	default:
		return judge_message(x, side, w);
	}
}

/* What sealed messages hold; what can be opened no more fits nothing. */
static struct s5_judgement judge_sealed(struct s5_exchange *x, const struct s5_word *w,
					bool is_late)
{
	const char *why;
	struct s5_side *plain = s5_context_open(x, w->speaker, &why);
	struct s5_judgement own = judge_on(x, plain, w, is_late);

	if (why && own.fits != S5_FITS_YES)
		return no(S5_EXCHANGE_OTHER, why);
	if (w->kind == S5_WORD_SILENCE && (why || x->side[w->speaker].nin))
		return no(S5_EXCHANGE_OTHER, why);
	return own;
}

struct s5_judgement s5_judge(struct s5_exchange *x, const struct s5_word *w, bool is_late)
{
	bool is_sealed = w->is_sealed && w->kind != S5_WORD_LEVEL && w->kind != S5_WORD_END;

	if (is_sealed)
		return judge_sealed(x, w, is_late);
	return judge_on(x, &x->side[w->speaker], w, is_late);
}

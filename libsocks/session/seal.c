#include "session/seal.h"

#include <stdlib.h>
#include <string.h>

#include "wire/gssframe.h"
#include "wire/gsstoken.h"

#define SLACK 64 /* octets that a wrapped token may have beyond what the limit lets expect */

struct s5_seal {
	struct s5_gss *gss; /* NULL: an observer's */
	uint8_t level;
	bool conf; /* encrypt what we send */
	bool insists; /* on what comes being encrypted */
	struct s5_seal_peek peek; /* an observer's */
	enum s5_seal_fault fault;
	size_t limit; /* octets of plaintext in a token */
	uint8_t *part; /* of a message that has begun */
	size_t npart;
	struct s5_seal *outer;
};

struct s5_seal *s5_seal_new(struct s5_gss *gss, uint8_t level)
{
	struct s5_seal *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->level = level;
	s->conf = level == S5_LEVEL_CONFIDENTIALITY ||
		  (level == S5_LEVEL_SELECTIVE && gss->confidentiality);
	s->insists = level == S5_LEVEL_CONFIDENTIALITY;
	s->limit = s5_gss_limit(gss, s->conf, S5_TOKEN_MAX);
	if (!s->limit) {
		free(s);
		return NULL;
	}
	s->gss = gss;
	return s;
}

struct s5_seal *s5_seal_new_peek(const struct s5_seal_peek *peek)
{
	struct s5_seal *s = calloc(1, sizeof *s);

	if (s)
		s->peek = *peek;
	return s;
}

void s5_seal_free(struct s5_seal *s)
{
	if (!s)
		return;
	s5_seal_free(s->outer);
	s5_gss_free(s->gss);
	free(s->part);
	free(s);
}

void s5_seal_put_inside(struct s5_seal *s, struct s5_seal *outer)
{
	s->outer = outer;
}

uint8_t s5_seal_level(const struct s5_seal *s)
{
	return s->level;
}

enum s5_seal_fault s5_seal_fault(const struct s5_seal *s)
{
	enum s5_seal_fault outer = s->outer ? s5_seal_fault(s->outer) : S5_SEAL_GOOD;

	return outer != S5_SEAL_GOOD ? outer : s->fault;
}

const char *s5_seal_text(enum s5_seal_fault fault)
{
	static const char *const texts[] = {
#define S5_SEAL(id, text) [S5_SEAL_##id] = text,
#include "session/seals.def"
#undef S5_SEAL
	};

	return fault < S5_SEAL_COUNT ? texts[fault] : "";
}

static enum s5_rc fail(struct s5_seal *s, enum s5_seal_fault fault)
{
	if (s->fault == S5_SEAL_GOOD)
		s->fault = fault;
	return S5_BAD;
}

/* wrapping */

/* Appends one message. */
static enum s5_rc wrap_message(struct s5_seal *s, const uint8_t *octets, size_t n,
			       struct s5_writer *out)
{
	uint8_t *token = out->data + out->len + S5_FRAME_HEADER;
	size_t room = out->cap - out->len, len = 0;

	if (room > S5_FRAME_HEADER + S5_TOKEN_MAX)
		room = S5_FRAME_HEADER + S5_TOKEN_MAX;
	if (out->rc == S5_OK && s->gss && room > S5_FRAME_HEADER)
		len = s5_gss_wrap(s->gss, s->conf, octets, n, token, room - S5_FRAME_HEADER);
	if (!len)
		return out->rc = S5_BAD;
	s5_gssframe_put_head(out, S5_MTYP_DATA, (uint16_t)len);
	out->len += len;
	return S5_OK;
}

static size_t own_wrapped_size(const struct s5_seal *s, size_t n)
{
	size_t each = S5_FRAME_HEADER + S5_TOKEN_MAX - s->limit + SLACK;

	return n + (n / s->limit + 1) * each;
}

size_t s5_seal_wrapped_size(const struct s5_seal *s, size_t n)
{
	n = own_wrapped_size(s, n);
	return s->outer ? s5_seal_wrapped_size(s->outer, n) : n;
}

size_t s5_seal_whole(const struct s5_seal *s, bool wrapped, size_t most)
{
	size_t message = wrapped ? S5_FRAME_HEADER + S5_TOKEN_MAX : s->limit;

	return most < message ? most : most - most % message;
}

static enum s5_rc wrap_own(struct s5_seal *s, const uint8_t *octets, size_t n,
			   struct s5_writer *out)
{
	enum s5_rc rc = S5_OK;

	for (size_t at = 0, piece; at < n && rc == S5_OK; at += piece) {
		piece = n - at < s->limit ? n - at : s->limit;
		rc = wrap_message(s, octets + at, piece, out);
	}
	return rc;
}

enum s5_rc s5_seal_wrap(struct s5_seal *s, const void *octets, size_t n, struct s5_writer *out)
{
	struct s5_writer inner;
	enum s5_rc rc;

	if (!s->outer)
		return wrap_own(s, octets, n, out);
	inner = s5_writer_over(NULL, own_wrapped_size(s, n));
	inner.data = malloc(inner.cap);
	rc = inner.data ? wrap_own(s, octets, n, &inner) : S5_BAD;
	if (rc == S5_OK)
		rc = s5_seal_wrap(s->outer, inner.data, inner.len, out);
	free(inner.data);
	return rc;
}

/* unwrapping */

static enum s5_seal_fault peek_token(const uint8_t *token, size_t ntoken, const uint8_t **plain,
				     size_t *n)
{
	struct s5_reader in = s5_reader_over(token, ntoken);
	struct s5_wrap_token wrap;

	if (s5_wrap_token_get(&in, &wrap) != S5_OK || !wrap.plain)
		return S5_SEAL_DEFECTIVE;
	*plain = wrap.plain;
	*n = wrap.nplain;
	return S5_SEAL_GOOD;
}

/* Good but for its order, which does not matter to a datagram. */
static bool is_late_at_worst(enum s5_seal_fault fault)
{
	return fault == S5_SEAL_GOOD || fault == S5_SEAL_GAP || fault == S5_SEAL_UNORDERED;
}

/* R1961-5.3 */
static enum s5_seal_fault open_token(struct s5_seal *s, bool ordered, uint8_t *token, size_t ntoken,
				     const uint8_t **plain, size_t *n)
{
	bool conf = false;
	enum s5_seal_fault fault;

	if (!ntoken)
		return S5_SEAL_EMPTY;
	if (!s->gss)
		return peek_token(token, ntoken, plain, n);
	fault = s5_gss_unwrap(s->gss, ordered, token, ntoken, plain, n, &conf);
	return is_late_at_worst(fault) && s->insists && !conf ? S5_SEAL_READABLE : fault;
}

/* One whole message in its place, of which token is a part. R1961-5.4, 5.8. */
static enum s5_rc take_message(struct s5_seal *s, uint8_t *token, size_t ntoken,
			       struct s5_writer *out)
{
	const uint8_t *plain = NULL;
	size_t n = 0;
	enum s5_seal_fault fault = open_token(s, true, token, ntoken, &plain, &n);

	if (s->peek.saw)
		s->peek.saw(s->peek.arg, token - S5_FRAME_HEADER, S5_FRAME_HEADER + ntoken, plain,
			    n);
	if (fault != S5_SEAL_GOOD && s->peek.skips)
		return S5_OK;
	if (fault != S5_SEAL_GOOD)
		return fail(s, fault);
	s5_put_octets(out, plain, n);
	return out->rc == S5_OK ? S5_OK : fail(s, S5_SEAL_MEMORY);
}

/* The message at the front of n octets: S5_OK and *frame, S5_MORE, or S5_BAD. */
static enum s5_rc read_frame(struct s5_seal *s, const uint8_t *octets, size_t n,
			     struct s5_gssframe *frame)
{
	struct s5_reader in = s5_reader_over(octets, n);
	enum s5_rc rc = s5_gssframe_get(&in, frame);

	if (rc == S5_BAD || (frame->mtyp && frame->mtyp != S5_MTYP_DATA))
		return fail(s, S5_SEAL_CLEAR); /* R1961-3.13, 5.1 */
	return rc;
}

/* Takes from octets what is missing from the message that has begun; how much that was. */
static size_t fill_part(struct s5_seal *s, const uint8_t *octets, size_t n)
{
	struct s5_reader in = s5_reader_over(s->part, s->npart);
	struct s5_gssframe frame;
	size_t want;
	uint8_t *part;

	s5_gssframe_get(&in, &frame);
	want = S5_FRAME_HEADER + (size_t)frame.len;
	n = n < want - s->npart ? n : want - s->npart;
	part = realloc(s->part, s->npart + n);
	if (!part) {
		fail(s, S5_SEAL_MEMORY);
		return 0;
	}
	memcpy(part + s->npart, octets, n);
	s->part = part;
	s->npart += n;
	return n;
}

static enum s5_rc take_part(struct s5_seal *s, struct s5_writer *out)
{
	struct s5_gssframe frame;
	enum s5_rc rc = read_frame(s, s->part, s->npart, &frame);

	if (rc != S5_OK)
		return rc == S5_MORE ? S5_OK : S5_BAD;
	rc = take_message(s, s->part + S5_FRAME_HEADER, frame.len, out);
	free(s->part);
	s->part = NULL;
	s->npart = 0;
	return rc;
}

/* An observer may want to see what is behind the end. */
static void keep_rest(struct s5_seal *s, const uint8_t *octets, size_t n)
{
	uint8_t *part = n ? realloc(s->part, s->npart + n) : NULL;

	if (!part)
		return;
	memcpy(part + s->npart, octets, n);
	s->part = part;
	s->npart += n;
}

const uint8_t *s5_seal_rest(const struct s5_seal *s, size_t *n)
{
	*n = s->npart;
	return s->part;
}

static enum s5_rc unwrap_own(struct s5_seal *s, uint8_t *octets, size_t n, struct s5_writer *out)
{
	enum s5_rc rc = s->fault == S5_SEAL_GOOD ? S5_OK : S5_BAD;
	struct s5_gssframe frame;
	size_t at = 0, took;

	while (at < n && rc == S5_OK) {
		rc = s->npart ? S5_MORE : read_frame(s, octets + at, n - at, &frame);
		if (rc == S5_OK) {
			rc = take_message(s, octets + at + S5_FRAME_HEADER, frame.len, out);
			at += S5_FRAME_HEADER + (size_t)frame.len;
		} else if (rc == S5_MORE) {
			took = fill_part(s, octets + at, n - at);
			at += took;
			rc = took ? take_part(s, out) : S5_BAD;
		}
	}
	if (rc == S5_BAD && s->peek.saw)
		keep_rest(s, octets + at, n - at);
	return rc;
}

size_t s5_seal_unwrapped_size(const struct s5_seal *s, size_t n)
{
	if (s->outer)
		n = s5_seal_unwrapped_size(s->outer, n);
	return n + s->npart;
}

enum s5_rc s5_seal_unwrap(struct s5_seal *s, uint8_t *octets, size_t n, struct s5_writer *out)
{
	struct s5_writer inner;
	enum s5_rc rc, own;

	if (!s->outer)
		return unwrap_own(s, octets, n, out);
	inner = s5_writer_over(NULL, s5_seal_unwrapped_size(s->outer, n));
	inner.data = malloc(inner.cap + 1);
	if (!inner.data)
		return fail(s, S5_SEAL_MEMORY);
	rc = s5_seal_unwrap(s->outer, octets, n, &inner);
	own = unwrap_own(s, inner.data, inner.len, out);
	free(inner.data);
	return rc == S5_OK ? own : rc;
}

enum s5_rc s5_seal_end(struct s5_seal *s)
{
	enum s5_rc rc = s->outer ? s5_seal_end(s->outer) : S5_OK;

	return s->npart ? fail(s, S5_SEAL_CUT) : rc;
}

/* datagrams */

size_t s5_seal_datagram_limit(const struct s5_seal *s, size_t size)
{
	if (size <= S5_FRAME_HEADER)
		return 0;
	size -= S5_FRAME_HEADER;
	return s5_gss_limit(s->gss, s->conf, size < S5_TOKEN_MAX ? size : S5_TOKEN_MAX);
}

enum s5_rc s5_seal_wrap_datagram(struct s5_seal *s, const void *octets, size_t n,
				 struct s5_writer *out)
{
	return n <= s->limit ? wrap_message(s, octets, n, out) : S5_BAD;
}

/* R1961-5.11 to 5.13 */
enum s5_seal_fault s5_seal_unwrap_datagram(struct s5_seal *s, uint8_t *octets, size_t n,
					   const uint8_t **plain, size_t *nplain)
{
	struct s5_reader in = s5_reader_over(octets, n);
	struct s5_gssframe frame;
	enum s5_seal_fault fault;

	if (s5_gssframe_get(&in, &frame) != S5_OK || frame.mtyp != S5_MTYP_DATA || in.off != n)
		return S5_SEAL_CLEAR;
	fault = open_token(s, false, octets + S5_FRAME_HEADER, frame.len, plain, nplain);
	return is_late_at_worst(fault) ? S5_SEAL_GOOD : fault;
}

/* Every stream message with its get and put behind one signature, and what must hold for any of
 * them over any octets. The unit tests and the fuzzer ask the same questions. */
#ifndef CODEC_H
#define CODEC_H

#include <stdlib.h>
#include <string.h>

#include "wire/gssframe.h"
#include "wire/message.h"
#include "wire/socks4.h"

union message {
	struct s5_hello hello;
	struct s5_choice choice;
	struct s5_credentials credentials;
	struct s5_status status;
	struct s5_request request;
	struct s5_reply reply;
	struct s5_gssframe gssframe;
	struct s5_socks4_request socks4_request;
	struct s5_socks4_reply socks4_reply;
};

struct codec {
	const char *name;
	enum s5_rc (*get)(struct s5_reader *in, union message *m);
	void (*put)(struct s5_writer *out, const union message *m); /* NULL: never written */
};

/* The longest message that every prefix of is tried; of longer ones the ends are. */
#define CODEC_PREFIXES 600
#define CODEC_ROOM (S5_FRAME_HEADER + S5_TOKEN_MAX)

#define CODEC_GET(noun)                                                                     \
	static inline enum s5_rc codec_##noun##_get(struct s5_reader *in, union message *m) \
	{                                                                                   \
		return s5_##noun##_get(in, &m->noun);                                       \
	}
#define CODEC_PUT(noun)                                                                      \
	static inline void codec_##noun##_put(struct s5_writer *out, const union message *m) \
	{                                                                                    \
		s5_##noun##_put(out, &m->noun);                                              \
	}

CODEC_GET(hello)
CODEC_PUT(hello)
CODEC_GET(choice)
CODEC_PUT(choice)
CODEC_GET(credentials)
CODEC_PUT(credentials)
CODEC_GET(status)
CODEC_PUT(status)
CODEC_GET(request)
CODEC_PUT(request)
CODEC_GET(reply)
CODEC_PUT(reply)
CODEC_GET(gssframe)
CODEC_PUT(gssframe)
CODEC_GET(socks4_request)
CODEC_GET(socks4_reply)
CODEC_PUT(socks4_reply)

enum codec_id {
	HELLO,
	CHOICE,
	CREDENTIALS,
	STATUS,
	REQUEST,
	REPLY,
	GSSFRAME,
	SOCKS4_REQUEST,
	SOCKS4_REPLY,
	CODEC_COUNT
};

static const struct codec codecs[CODEC_COUNT] = {
	[HELLO] = { "hello", codec_hello_get, codec_hello_put },
	[CHOICE] = { "choice", codec_choice_get, codec_choice_put },
	[CREDENTIALS] = { "credentials", codec_credentials_get, codec_credentials_put },
	[STATUS] = { "status", codec_status_get, codec_status_put },
	[REQUEST] = { "request", codec_request_get, codec_request_put },
	[REPLY] = { "reply", codec_reply_get, codec_reply_put },
	[GSSFRAME] = { "gssframe", codec_gssframe_get, codec_gssframe_put },
	[SOCKS4_REQUEST] = { "socks4 request", codec_socks4_request_get, NULL },
	[SOCKS4_REPLY] = { "socks4 reply", codec_socks4_reply_get, codec_socks4_reply_put },
};

struct parse {
	enum s5_rc rc;
	struct s5_reader r;
	struct s5_trace trace;
	union message m;
};

/* Reads the first n octets, from a copy that ends where its memory ends. The views in the
 * message are good no longer than the copy, which the caller frees. */
static inline uint8_t *codec_parse(const struct codec *c, const uint8_t *octets, size_t n,
				   struct parse *p)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	memcpy(copy, octets, n);
	memset(p, 0, sizeof *p);
	p->r = s5_reader_over(copy, n);
	p->r.trace = &p->trace;
	p->rc = c->get(&p->r, &p->m);
	return copy;
}

/* Every octet of a message belongs to one field, in order. */
static inline const char *spans_fault(const struct parse *p)
{
	size_t at = 0;

	for (unsigned i = 0; i < p->trace.nspans; i++) {
		if (p->trace.span[i].off != at)
			return "a span does not begin where the one before it ended";
		at += p->trace.span[i].len;
	}
	return at == p->r.off ? NULL : "the spans do not cover the message";
}

/* Every note stands at an octet that was read. */
static inline const char *marks_fault(const struct parse *p)
{
	size_t end = p->rc == S5_OK ? p->r.off : p->r.len;

	for (unsigned i = 0; i < p->trace.nmarks; i++)
		if (p->trace.mark[i].off >= end || p->trace.mark[i].note == S5_NOTE_NONE)
			return "a note stands outside the octets, or says nothing";
	return NULL;
}

/* What was read is what is written, but for a reserved octet and names that nobody may send. */
static inline const char *put_fault(const struct codec *c, const struct parse *p)
{
	static uint8_t room[CODEC_ROOM];
	struct s5_writer w = s5_writer_over(room, sizeof room);
	bool named = s5_trace_has(&p->trace, S5_NOTE_NAME_EMPTY) ||
		     s5_trace_has(&p->trace, S5_NOTE_NAME_CONTROL);

	if (!c->put)
		return NULL;
	c->put(&w, &p->m);
	if (w.rc != S5_OK)
		return named ? NULL : "a message that was read cannot be written";
	if (s5_trace_has(&p->trace, S5_NOTE_RSV))
		return NULL;
	if (w.len != p->r.off || memcmp(room, p->r.data, w.len) != 0)
		return "what is written is not what was read";
	w = s5_writer_over(room, p->r.off - 1);
	c->put(&w, &p->m);
	return w.rc == S5_BAD && w.len < p->r.off ? NULL : "it was written where it did not fit";
}

/* A beginning of a message that needs `whole` octets (at least, when it is not all there). */
static inline const char *more_fault(const struct parse *p, size_t whole)
{
	if (p->rc != S5_MORE || p->r.rc != S5_MORE)
		return "a beginning of a message is not S5_MORE";
	if (p->r.off != 0)
		return "S5_MORE moved the reader";
	if (p->r.need == 0 || p->r.len + p->r.need > whole)
		return "need is wrong";
	return NULL;
}

static inline bool codec_skips(size_t k, size_t n)
{
	return n > CODEC_PREFIXES && k > CODEC_PREFIXES / 2 && k < n - CODEC_PREFIXES / 2;
}

static inline const char *prefix_fault(const struct codec *c, const uint8_t *octets, size_t k,
				       const struct parse *all)
{
	size_t whole = all->rc == S5_OK ? all->r.off : all->r.len + all->r.need;
	const char *fault = NULL;
	struct parse p;
	uint8_t *copy = codec_parse(c, octets, k, &p);

	if (all->rc != S5_BAD || p.rc != S5_BAD)
		fault = more_fault(&p, all->rc == S5_BAD ? SIZE_MAX : whole);
	else if (p.r.why != all->r.why)
		fault = "more octets change the cause";
	free(copy);
	return fault;
}

/* Asks each beginning of the octets: it is S5_MORE until the message is whole, or until it is
 * bad; then it stays bad. */
static inline const char *prefixes_fault(const struct codec *c, const uint8_t *octets,
					 const struct parse *all)
{
	size_t n = all->rc == S5_OK ? all->r.off : all->r.len;
	const char *fault = NULL;

	for (size_t k = 0; k < n && !fault; k++)
		if (!codec_skips(k, n))
			fault = prefix_fault(c, octets, k, all);
	return fault;
}

/* What stands behind a message changes nothing. */
static inline const char *glue_fault(const struct codec *c, const uint8_t *octets,
				     const struct parse *all)
{
	struct parse p;
	uint8_t *copy = codec_parse(c, octets, all->r.off, &p);
	bool same = p.rc == S5_OK && p.r.off == all->r.off && p.r.need == 0 &&
		    !memcmp(&p.trace, &all->trace, sizeof p.trace);

	free(copy);
	return same ? NULL : "what stands behind a message changes it";
}

/* NULL, or what is wrong with the way c reads these octets. */
static inline const char *codec_fault(const struct codec *c, const uint8_t *octets, size_t n)
{
	struct parse p;
	uint8_t *copy = codec_parse(c, octets, n, &p);
	const char *fault = p.rc == p.r.rc ? marks_fault(&p) : "the reader's rc is another";

	if (!fault && p.rc == S5_OK)
		fault = spans_fault(&p);
	if (!fault && p.rc == S5_OK)
		fault = put_fault(c, &p);
	if (!fault && p.rc == S5_OK)
		fault = glue_fault(c, octets, &p);
	if (!fault && p.rc != S5_OK && p.r.off != 0)
		fault = "a failed parse moved the reader";
	if (!fault && p.rc == S5_MORE)
		fault = more_fault(&p, SIZE_MAX);
	if (!fault && p.rc == S5_BAD && p.r.why == S5_NOTE_NONE)
		fault = "S5_BAD without a cause";
	if (!fault)
		fault = prefixes_fault(c, octets, &p);
	free(copy);
	return fault;
}

#endif

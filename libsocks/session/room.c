/* Where a session's octets are queued: in its own memory, or, with GSSAPI, in memory that grows with
 * what came; and what is inside of its seals. */
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "session/auth.h"
#include "session/step.h"

#define FRAME_MOST (S5_FRAME_HEADER + S5_TOKEN_MAX)

static bool is_own(const struct s5_session *s, const struct s5_buf *b)
{
	return b->mem == s->room[S5_CLIENT] || b->mem == s->room[S5_SERVER];
}

static void drop(const struct s5_session *s, struct s5_buf *b)
{
	if (!b->mem)
		return;
	explicit_bzero(b->mem, b->cap);
	if (is_own(s, b))
		return;
	free(b->mem);
	if (s->budget)
		s5_shares_give(s->budget, s->source, b->cap);
}

static uint8_t *get_memory(const struct s5_session *s, size_t n)
{
	uint8_t *mem;

	if (s->budget && !s5_shares_take(s->budget, s->source, n))
		return NULL;
	mem = malloc(n);
	if (!mem && s->budget)
		s5_shares_give(s->budget, s->source, n);
	return mem;
}

bool s5_session_make_room(struct s5_session *s, struct s5_buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : S5_SESSION_ROOM;
	uint8_t *mem;

	if (n <= b->cap - b->len)
		return true;
	while (cap - b->len < n)
		cap *= 2;
	mem = get_memory(s, cap);
	if (!mem)
		return false;
	if (b->len)
		memcpy(mem, s5_buf_head(b), b->len);
	drop(s, b);
	*b = (struct s5_buf){ .mem = mem, .cap = cap, .len = b->len };
	return true;
}

/* Without GSSAPI no message is longer than the session's own memory. */
size_t s5_session_most(const struct s5_session *s)
{
	bool long_ones = s->auth && s->auth->method == S5_METHOD_GSSAPI;

	return long_ones ? FRAME_MOST + S5_SESSION_ROOM : S5_SESSION_ROOM;
}

struct s5_buf *s5_session_stream(struct s5_session *s, enum s5_role from)
{
	return s->seals[from] ? &s->plain[from] : &s->queue[from];
}

/* What was good before a fault is looked at first, however the octets were cut. */
bool s5_session_unseal(struct s5_session *s, enum s5_role from)
{
	struct s5_buf *wire = &s->queue[from], *plain = &s->plain[from];
	struct s5_seal *seal = s->seals[from];
	struct s5_writer out;

	if (!seal)
		return false;
	if (s5_seal_fault(seal) != S5_SEAL_GOOD) {
		s5_session_fail(s, S5_CAUSE_SEAL, (uint8_t)s5_seal_fault(seal), S5_NOTE_NONE);
		return true;
	}
	if (!wire->len)
		return false;
	if (!s5_session_make_room(s, plain, s5_seal_unwrapped_size(seal, wire->len))) {
		s5_session_fail(s, S5_CAUSE_MEMORY, 0, S5_NOTE_NONE);
		return true;
	}
	out = s5_buf_writer(plain);
	s5_seal_unwrap(seal, wire->mem + wire->head, wire->len, &out);
	plain->len += out.len;
	s5_buf_pop(wire, wire->len);
	return out.len || s5_session_unseal(s, from);
}

bool s5_session_emit(struct s5_session *s, const uint8_t *octets, size_t n)
{
	struct s5_buf *queue = &s->queue[s->role];
	struct s5_seal *seal = s->seals[s->role];
	struct s5_writer out;

	if (!s5_session_make_room(s, queue, seal ? s5_seal_wrapped_size(seal, n) : n))
		return false;
	if (!seal)
		return s5_buf_push(queue, octets, n) == n;
	out = s5_buf_writer(queue);
	if (s5_seal_wrap(seal, octets, n, &out) != S5_OK)
		return false;
	queue->len += out.len;
	return true;
}

struct s5_seal *s5_session_take_seal(struct s5_session *s, enum s5_role from)
{
	struct s5_seal *seal = s->seals[from];

	/* A fault is found again by whoever goes on with the stream. */
	s5_session_unseal(s, from);
	if (s->seals[!from] == seal)
		s->seals[!from] = NULL;
	s->seals[from] = NULL;
	return seal;
}

void s5_session_free_room(struct s5_session *s)
{
	for (unsigned i = 0; i < 2; i++) {
		drop(s, &s->queue[i]);
		drop(s, &s->plain[i]);
	}
	if (s->seals[S5_CLIENT] != s->seals[S5_SERVER])
		s5_seal_free(s->seals[S5_CLIENT]);
	s5_seal_free(s->seals[S5_SERVER]);
	s5_gss_free(s->gss);
}

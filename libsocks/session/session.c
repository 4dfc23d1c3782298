#include "session/session.h"

#include <string.h>

#include "base/names.h"
#include "session/auth.h"
#include "session/step.h"

static void init(struct s5_session *s, enum s5_role role, const struct s5_session_config *config,
		 int64_t deadline)
{
	memset(s, 0, offsetof(struct s5_session, room));
	s->role = role;
	s->config = config;
	s->deadline = deadline;
	s->step = &s5_step_hello;
	s5_buf_init(&s->queue[S5_CLIENT], s->room[S5_CLIENT], S5_SESSION_ROOM);
	s5_buf_init(&s->queue[S5_SERVER], s->room[S5_SERVER], S5_SESSION_ROOM);
}

void s5_session_init_client(struct s5_session *s, const struct s5_session_config *config,
			    int64_t deadline)
{
	init(s, S5_CLIENT, config, deadline);
}

void s5_session_init_server(struct s5_session *s, const struct s5_session_config *config,
			    int64_t deadline)
{
	init(s, S5_SERVER, config, deadline);
}

void s5_session_init_observer(struct s5_session *s, const struct s5_session_config *config)
{
	init(s, S5_OBSERVER, config, 0);
}

void s5_session_fini(struct s5_session *s)
{
	s5_session_free_room(s);
	explicit_bzero(s, sizeof *s);
}

void s5_session_tell(struct s5_session *s, enum s5_event event)
{
	s->pending |= 1u << event;
}

void s5_session_fail(struct s5_session *s, enum s5_cause cause, uint8_t code, enum s5_note note)
{
	if (s->ended)
		return;
	s->failure = (struct s5_failure){ .cause = cause,
					  .step = s->step->id,
					  .from = s->step->sender,
					  .note = note,
					  .code = code };
	s->ended = true;
	s5_session_tell(s, S5_EV_FAILED);
}

size_t s5_session_room(const struct s5_session *s, enum s5_role from)
{
	size_t most, len = s->queue[from].len;

	if (s->ended || s->step->id == S5_STEP_STREAM || from == s->role)
		return 0;
	most = s5_session_most(s);
	if (len >= most)
		return 0;
	return most - len < S5_SESSION_ROOM ? most - len : S5_SESSION_ROOM;
}

size_t s5_session_recv(struct s5_session *s, enum s5_role from, const void *octets, size_t n)
{
	size_t room = s5_session_room(s, from);

	n = n < room ? n : room;
	if (s5_session_make_room(s, &s->queue[from], n))
		return s5_buf_push(&s->queue[from], octets, n);
	s5_session_fail(s, S5_CAUSE_MEMORY, 0, S5_NOTE_NONE);
	return n; /* nobody will miss them */
}

void s5_session_eof(struct s5_session *s, enum s5_role from)
{
	s->eof[from] = true;
}

void s5_session_expire(struct s5_session *s)
{
	bool partial = s->step->id != S5_STEP_STREAM && s->step->sender != s->role &&
		       s5_session_stream(s, s->step->sender)->len > s->passed;

	if (s->ended || s->step->id == S5_STEP_STREAM)
		return;
	s5_session_fail(s, S5_CAUSE_TIMEOUT, 0, S5_NOTE_NONE);
	s->failure.partial = partial;
}

/* A message of n octets at `octets` passed: tell of it, and take the next step. */
static void pass(struct s5_session *s, const uint8_t *octets, size_t n)
{
	const struct s5_step *next;

	s->message.step = s->step->id;
	s->message.sender = s->step->sender;
	s->message.octets = octets;
	s->message.len = n;
	if (s->config->watch)
		s5_session_tell(s, S5_EV_MESSAGE);
	next = s->step->next(s);
	if (!s->ended)
		s->step = next ? next : &s5_step_request;
}

/* The spans and notes of a message that was written here: it is read back by the same reader. */
static void trace_own(struct s5_session *s, const uint8_t *octets, size_t n)
{
	struct s5_reader in = s5_reader_over(octets, n);

	in.trace = &s->trace;
	s->step->decode(s, &in);
}

/* Writes the message where it goes as it is, or where what is to be sealed stands in clear.
 * S5_CAUSE_LOCAL: it cannot be expressed. */
static enum s5_cause write_message(struct s5_session *s, struct s5_writer *out)
{
	struct s5_buf *to = s5_session_stream(s, s->role);
	size_t size = s->step->size ? s->step->size(s) : 0;

	/* Nothing is there yet for what goes into a seal. */
	if (!size && !to->cap)
		size = S5_SESSION_ROOM;
	if (size && !s5_session_make_room(s, to, size))
		return S5_CAUSE_MEMORY;
	*out = s5_buf_writer(to);
	s->step->encode(s, out);
	if (out->rc != S5_OK)
		return S5_CAUSE_LOCAL;
	to->len += out->len;
	if (!s->seals[s->role])
		return S5_CAUSE_NONE;
	s->passed_in = to;
	s->passed = out->len;
	return s5_session_emit(s, out->data, out->len) ? S5_CAUSE_NONE : S5_CAUSE_MEMORY;
}

/* What the client is told at last, where there is something to tell. Its second octet, or 0. */
static uint8_t put_refusal(struct s5_session *s, enum s5_note why)
{
	uint8_t octets[16];
	struct s5_writer out = s5_writer_over(octets, sizeof octets);

	if (s->role == S5_SERVER && s->step->refuse) {
		s->step->refuse(why, &out);
		s5_session_emit(s, octets, out.len);
	}
	return out.len > 1 ? octets[1] : 0;
}

static bool encode(struct s5_session *s)
{
	struct s5_writer out;
	enum s5_cause trouble;

	if (s->step->ready && !s->step->ready(s))
		return false;
	trouble = write_message(s, &out);
	if (trouble != S5_CAUSE_NONE) {
		put_refusal(s, S5_NOTE_NONE);
		s5_session_fail(s, trouble, 0, S5_NOTE_NONE);
		return true;
	}
	if (s->config->watch)
		trace_own(s, out.data, out.len);
	pass(s, out.data, out.len);
	return true;
}

static void refuse(struct s5_session *s, enum s5_note why)
{
	uint8_t code = put_refusal(s, why);

	s5_session_fail(s, S5_CAUSE_MALFORMED, code, why);
}

/* Octets of a message are missing, as `in` says, and its sender has closed. */
static void end(struct s5_session *s, const struct s5_reader *in)
{
	enum s5_role from = s->step->sender;
	struct s5_seal *seal = s->seals[from];

	if (seal && s5_seal_end(seal) != S5_OK)
		s5_session_fail(s, S5_CAUSE_SEAL, (uint8_t)s5_seal_fault(seal), S5_NOTE_NONE);
	s5_session_fail(s, S5_CAUSE_EOF, 0, S5_NOTE_NONE);
	s->failure.partial = s5_session_stream(s, from)->len > 0;
	if (s->failure.partial) {
		s->failure.field = in->field;
		s->failure.need = in->need;
	}
}

/* What `from` sends has to be sealed, and nothing of it was unwrapped yet. */
static bool is_unopened(const struct s5_session *s, enum s5_role from)
{
	return s->seals[from] && !s->plain[from].cap && s->queue[from].len;
}

/* There are clients that agree to seal, and then do not (curl): an observer reads on in clear. */
static void observe_clear(struct s5_session *s, enum s5_role from)
{
	if (!is_unopened(s, from) || *s5_buf_head(&s->queue[from]) != S5_VER)
		return;
	s5_seal_free(s->seals[from]);
	s->seals[from] = NULL;
}

/* Passes over a message that nobody without the keys can read. After the reply the stream begins,
 * for no sealed one says that there is a second. */
static bool observe_encrypted(struct s5_session *s)
{
	if (!is_unopened(s, s->step->sender) || s->level <= S5_LEVEL_INTEGRITY)
		return false;
	if (s->step->id == S5_STEP_REQUEST) {
		s->step = s->step->next(s);
		return true;
	}
	s5_session_tell(s, S5_EV_OPEN);
	s->step = &s5_step_stream;
	return true;
}

static bool observe(struct s5_session *s)
{
	if (s->role != S5_OBSERVER)
		return false;
	observe_clear(s, s->step->sender);
	return observe_encrypted(s);
}

static bool decode(struct s5_session *s)
{
	struct s5_buf *queue = s5_session_stream(s, s->step->sender);
	const uint8_t *head = queue->len ? s5_buf_head(queue) : (const uint8_t *)"";
	struct s5_reader in = s5_reader_over(head, queue->len);

	in.trace = s->config->watch ? &s->trace : NULL;
	if (s->level != S5_LEVEL_NONE && !s->seals[s->step->sender])
		s5_reader_note(&in, S5_NOTE_SEAL_MISSING);
	switch (s->step->decode(s, &in)) {
	case S5_OK:
		s->passed_in = queue;
		s->passed = in.off;
		pass(s, head, in.off);
		return true;
	case S5_BAD:
		refuse(s, in.why);
		return true;
	case S5_MORE:
		break;
	}
	if (s5_session_unseal(s, s->step->sender))
		return true;
	if (!s->eof[s->step->sender])
		return false;
	end(s, &in);
	return true;
}

/* Drops the message told of last; it stood at the head so that the caller could look at it. */
static void drop_passed(struct s5_session *s)
{
	if (!s->passed)
		return;
	s5_buf_pop(s->passed_in, s->passed);
	s->passed = 0;
}

static bool advance(struct s5_session *s)
{
	if (s->ended || s->step->id == S5_STEP_STREAM)
		return false;
	s->trace.nspans = s->trace.nmarks = 0;
	if (observe(s))
		return true;
	return s->step->sender == s->role ? encode(s) : decode(s);
}

enum s5_event s5_session_next(struct s5_session *s)
{
	enum s5_event event;

	do {
		if (s->pending) {
			event = (enum s5_event)__builtin_ctz(s->pending);
			s->pending &= s->pending - 1;
			return event;
		}
		drop_passed(s);
	} while (advance(s));
	return S5_EV_NONE;
}

const uint8_t *s5_session_out(const struct s5_session *s, size_t *len)
{
	if (s->role == S5_OBSERVER) {
		*len = 0;
		return NULL;
	}
	*len = s->queue[s->role].len;
	return s5_buf_head(&s->queue[s->role]);
}

void s5_session_sent(struct s5_session *s, size_t n)
{
	if (s->role != S5_OBSERVER)
		s5_buf_pop(&s->queue[s->role], n);
}

const uint8_t *s5_session_early(const struct s5_session *s, enum s5_role from, size_t *len)
{
	/* What was sealed is in s->plain, also once the seal is taken. */
	const struct s5_buf *queue = s->plain[from].cap ? &s->plain[from] : &s->queue[from];
	size_t skip = s->passed_in == queue ? s->passed : 0;

	*len = queue->len - skip;
	return queue->cap ? s5_buf_head(queue) + skip : NULL;
}

void s5_session_judge(struct s5_session *s, bool accepted)
{
	explicit_bzero(s->credentials.password, sizeof s->credentials.password);
	s->credentials.plen = 0;
	s->status = (struct s5_status){ .ver = S5_SUBVER, .status = accepted ? 0 : 1 };
	s->judged = true;
	if (!accepted && s->gss)
		s->refusal = S5_CAUSE_CREDENTIALS;
}

void s5_session_answer(struct s5_session *s, uint8_t rep, const struct s5_addr *bnd)
{
	static const uint8_t zeros[4];
	bool ip = bnd && s5_addr_is_ip(bnd);

	s->reply = (struct s5_reply){ .rep = rep, .bnd = ip ? *bnd : s5_addr_ip4(zeros, 0) };
	s->answered = true;
}

enum s5_step_id s5_session_step(const struct s5_session *s)
{
	return s->step->id;
}

const char *s5_cause_text(enum s5_cause cause)
{
	static const char *const texts[] = {
#define S5_CAUSE(id, text) [S5_CAUSE_##id] = text,
#include "session/causes.def"
#undef S5_CAUSE
	};

	return cause < S5_CAUSE_COUNT ? texts[cause] : "";
}

const char *s5_step_name(enum s5_step_id step)
{
	static const char *const names[S5_STEP_COUNT] = {
		[S5_STEP_HELLO] = "method list",       [S5_STEP_CHOICE] = "method choice",
		[S5_STEP_CREDENTIALS] = "credentials", [S5_STEP_STATUS] = "status",
		[S5_STEP_TOKEN] = "security token",    [S5_STEP_LEVEL] = "protection level",
		[S5_STEP_REQUEST] = "request",	       [S5_STEP_REPLY] = "reply",
		[S5_STEP_REPLY2] = "second reply",     [S5_STEP_STREAM] = "stream",
	};

	return step < S5_STEP_COUNT ? names[step] : "";
}

/* The step table of RFC 1928: hello, choice, [sub-negotiation], request, reply, [second reply]. */
#include <string.h>

#include "base/names.h"
#include "session/auth.h"
#include "session/step.h"
#include "wire/socks4.h"

static const struct s5_step step_choice, step_reply, step_reply2;

/* hello */

static void hello_encode(const struct s5_session *s, struct s5_writer *out)
{
	struct s5_hello m = { .n = s->config->nmethods };

	memcpy(m.methods, s->config->methods, m.n);
	s5_hello_put(out, &m);
}

static enum s5_rc hello_decode(struct s5_session *s, struct s5_reader *in)
{
	return s5_hello_get(in, &s->hello);
}

static bool offered(const struct s5_hello *m, uint8_t method)
{
	return memchr(m->methods, method, m->n) != NULL;
}

/* The first of the server's methods that this build has and the client offers: R1928-3.11. */
static uint8_t choose(const struct s5_session *s)
{
	for (unsigned i = 0; i < s->config->nmethods; i++) {
		uint8_t method = s->config->methods[i];

		if (s5_auth_is_built(method) && offered(&s->hello, method))
			return method;
	}
	return S5_METHOD_UNACCEPTABLE;
}

static const struct s5_step *hello_next(struct s5_session *s)
{
	if (s->role == S5_SERVER)
		s->method = choose(s);
	if (s->role == S5_CLIENT) {
		s->hello.n = s->config->nmethods;
		memcpy(s->hello.methods, s->config->methods, s->hello.n);
	}
	return &step_choice;
}

static void hello_refuse(enum s5_note why, struct s5_writer *out)
{
	struct s5_socks4_reply m = { .cd = S5_CD_REJECTED };

	if (why == S5_NOTE_VERSION_SOCKS4)
		s5_socks4_reply_put(out, &m);
}

/* choice */

static void choice_encode(const struct s5_session *s, struct s5_writer *out)
{
	s5_choice_put(out, &(struct s5_choice){ .method = s->method });
}

static enum s5_rc choice_decode(struct s5_session *s, struct s5_reader *in)
{
	struct s5_choice m;
	enum s5_rc rc = s5_choice_get(in, &m);

	if (rc != S5_OK)
		return rc;
	s->method = m.method;
	if (m.method != S5_METHOD_UNACCEPTABLE && !offered(&s->hello, m.method))
		s5_reader_note(in, S5_NOTE_METHOD_UNOFFERED);
	return S5_OK;
}

static const struct s5_step *choice_next(struct s5_session *s)
{
	if (s->method == S5_METHOD_UNACCEPTABLE) {
		s5_session_fail(s, S5_CAUSE_NO_METHOD, s->method, S5_NOTE_NONE);
		return NULL;
	}
	s->auth = s5_auth_find(s->method);
	/* An observer looks on: there are clients that go along (curl). */
	if (s->role != S5_OBSERVER && !offered(&s->hello, s->method))
		s5_session_fail(s, S5_CAUSE_UNOFFERED, s->method, S5_NOTE_NONE);
	else if (!s->auth)
		s5_session_fail(s, S5_CAUSE_UNKNOWN_METHOD, s->method, S5_NOTE_NONE);
	if (s->ended)
		return NULL;
	s5_session_tell(s, S5_EV_METHOD);
	if (s->auth->begin)
		s->auth->begin(s);
	return s->auth->first;
}

/* request */

static void request_encode(const struct s5_session *s, struct s5_writer *out)
{
	s5_request_put(out, &s->config->request);
}

static enum s5_rc request_decode(struct s5_session *s, struct s5_reader *in)
{
	return s5_request_get(in, &s->request);
}

/* What no server could do, found before anybody is asked: R1928-4.8, 4.10, 4.11, 4.16. */
static enum s5_note request_fault(const struct s5_request *m)
{
	if (m->cmd < S5_CMD_CONNECT || m->cmd > S5_CMD_UDP)
		return S5_NOTE_CMD_UNKNOWN;
	if (m->cmd ==
	    S5_CMD_UDP) /* here DST is where the client sends from, if it says so at all */
		return S5_NOTE_NONE;
	if (s5_name_fault(&m->dst) != S5_NOTE_NONE)
		return s5_name_fault(&m->dst);
	return m->cmd == S5_CMD_CONNECT && !m->dst.port ? S5_NOTE_PORT_ZERO : S5_NOTE_NONE;
}

static uint8_t fault_rep(enum s5_note fault)
{
	if (fault == S5_NOTE_CMD_UNKNOWN)
		return S5_REP_CMD_UNSUPPORTED;
	return fault == S5_NOTE_ATYP_UNKNOWN ? S5_REP_ATYP_UNSUPPORTED : S5_REP_FAILURE;
}

static const struct s5_step *request_next(struct s5_session *s)
{
	enum s5_note fault;

	if (s->role == S5_CLIENT)
		s->request = s->config->request;
	if (s->role != S5_SERVER)
		return &step_reply;
	fault = request_fault(&s->request);
	s->failure.note = fault;
	if (fault != S5_NOTE_NONE) {
		s5_session_answer(s, fault_rep(fault), NULL);
		return &step_reply;
	}
	s5_addr_literal(&s->request.dst);
	s5_session_tell(s, S5_EV_REQUEST);
	return &step_reply;
}

static void request_refuse(enum s5_note why, struct s5_writer *out)
{
	static const uint8_t zeros[4];

	s5_reply_put(out,
		     &(struct s5_reply){ .rep = fault_rep(why), .bnd = s5_addr_ip4(zeros, 0) });
}

/* reply */

static bool reply_ready(const struct s5_session *s)
{
	return s->answered;
}

static void reply_encode(const struct s5_session *s, struct s5_writer *out)
{
	s5_reply_put(out, &s->reply);
}

/* R1928-6.15: two octets tell a failure, even when the rest never comes or makes no sense. */
static enum s5_rc reply_decode(struct s5_session *s, struct s5_reader *in)
{
	size_t start = in->off;
	enum s5_rc rc = s5_reply_get(in, &s->reply);

	if (s->role != S5_CLIENT || rc == S5_OK || in->len - start < 2 ||
	    in->data[start] != S5_VER || s->reply.rep == S5_REP_SUCCEEDED)
		return rc;
	s->reply.bnd.atyp = 0; /* perhaps the first reply's */
	in->off = in->len;
	return S5_OK;
}

static const struct s5_step *reply_over(struct s5_session *s)
{
	enum s5_note fault = s->role == S5_SERVER ? s->failure.note : S5_NOTE_NONE;

	if (s->reply.rep == S5_REP_SUCCEEDED) {
		if (s->role != S5_SERVER)
			s5_session_tell(s, S5_EV_REPLY);
		return &s5_step_stream;
	}
	s5_session_fail(s, fault != S5_NOTE_NONE ? S5_CAUSE_REQUEST : S5_CAUSE_REFUSED,
			s->reply.rep, fault);
	return NULL;
}

static const struct s5_step *reply_next(struct s5_session *s)
{
	const struct s5_step *next = reply_over(s);

	s->answered = false;
	if (next && s->request.cmd == S5_CMD_BIND)
		return &step_reply2;
	if (next)
		s5_session_tell(s, S5_EV_OPEN);
	return next;
}

static const struct s5_step *reply2_next(struct s5_session *s)
{
	const struct s5_step *next = reply_over(s);

	if (next)
		s5_session_tell(s, S5_EV_OPEN);
	return next;
}

/* the table */

const struct s5_step s5_step_hello = {
	.id = S5_STEP_HELLO,
	.sender = S5_CLIENT,
	.encode = hello_encode,
	.decode = hello_decode,
	.next = hello_next,
	.refuse = hello_refuse,
};

static const struct s5_step step_choice = {
	.id = S5_STEP_CHOICE,
	.sender = S5_SERVER,
	.encode = choice_encode,
	.decode = choice_decode,
	.next = choice_next,
};

const struct s5_step s5_step_request = {
	.id = S5_STEP_REQUEST,
	.sender = S5_CLIENT,
	.encode = request_encode,
	.decode = request_decode,
	.next = request_next,
	.refuse = request_refuse,
};

static const struct s5_step step_reply = {
	.id = S5_STEP_REPLY,
	.sender = S5_SERVER,
	.ready = reply_ready,
	.encode = reply_encode,
	.decode = reply_decode,
	.next = reply_next,
};

static const struct s5_step step_reply2 = {
	.id = S5_STEP_REPLY2,
	.sender = S5_SERVER,
	.ready = reply_ready,
	.encode = reply_encode,
	.decode = reply_decode,
	.next = reply2_next,
};

const struct s5_step s5_step_stream = { .id = S5_STEP_STREAM, .sender = S5_OBSERVER };

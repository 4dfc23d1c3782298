#include "roles/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/names.h"
#include "roles/client_octets.h"

static bool is_last(const struct s5_client *c)
{
	return c->hop + 1 >= c->config->nhops;
}

/* ending */

static void tell(struct s5_task *t)
{
	struct s5_client *c = S5_OUTER(t, struct s5_client, task);
	bool ok = c->fd >= 0;

	c->over = true;
	c->done(c, ok);
}

/* The owner hears of it at the end of this turn. */
static void finish(struct s5_client *c)
{
	s5_timer_stop(c->loop, &c->deadline);
	if (c->fd >= 0)
		s5_loop_forget(c->loop, &c->watching);
	c->task.run = tell;
	s5_loop_later(c->loop, &c->task);
}

void s5_client_drop(struct s5_client *c)
{
	if (c->fd < 0)
		return;
	s5_loop_unwatch(c->loop, &c->watching);
	close(c->fd);
	c->fd = -1;
}

void s5_client_fail(struct s5_client *c, enum s5_phase phase, int error)
{
	c->failure.hop = c->config->nhops ? (int)c->hop : -1;
	c->failure.phase = phase;
	c->failure.error = error;
	s5_client_drop(c);
	finish(c);
}

static enum s5_phase phase_of(enum s5_step_id step)
{
	switch (step) {
	case S5_STEP_HELLO:
	case S5_STEP_CHOICE:
		return S5_PHASE_METHOD;
	case S5_STEP_CREDENTIALS:
	case S5_STEP_STATUS:
		return S5_PHASE_CREDENTIALS;
	case S5_STEP_TOKEN:
		return S5_PHASE_CONTEXT;
	case S5_STEP_LEVEL:
		return S5_PHASE_LEVEL;
	case S5_STEP_REQUEST:
		return S5_PHASE_REQUEST;
	case S5_STEP_REPLY:
	case S5_STEP_REPLY2:
	case S5_STEP_STREAM:
	case S5_STEP_COUNT:
		break;
	}
	return S5_PHASE_REPLY;
}

static void fail_session(struct s5_client *c)
{
	struct s5_client_failure *f = &c->failure;
	size_t len;
	const uint8_t *octets = s5_session_early(&c->session, S5_SERVER, &len);

	f->session = c->session.failure;
	if (f->session.cause == S5_CAUSE_CONTEXT) {
		f->trouble = c->session.gss->trouble;
		memcpy(f->why, c->session.gss->why, sizeof f->why);
	}
	if (f->session.cause == S5_CAUSE_MALFORMED) {
		f->ngot = len < sizeof f->got ? len : sizeof f->got;
		memcpy(f->got, octets, f->ngot);
	}
	s5_client_fail(c, phase_of(f->session.step), 0);
}

static void fail_dial(struct s5_client *c, enum s5_dial_end end)
{
	bool tried = end != S5_DIAL_UNRESOLVED && (c->dial.peer.atyp || end != S5_DIAL_TIMEOUT);

	c->failure.end = end;
	c->failure.resolved = c->dial.resolved;
	s5_client_fail(c, tried ? S5_PHASE_CONNECT : S5_PHASE_RESOLVE,
		       end == S5_DIAL_FAILED ? c->dial.error : 0);
}

/* the dialogue with one hop */

/* In so many ms; 0: never. */
static void set_deadline(struct s5_client *c, int64_t timeout)
{
	if (timeout)
		s5_timer_set(c->loop, &c->deadline, c->loop->now + timeout);
	else
		s5_timer_stop(c->loop, &c->deadline);
}

static void begin_hop(struct s5_client *c)
{
	const struct s5_hop *hop = &c->config->hops[c->hop];

	c->talk.nmethods = hop->nmethods;
	memcpy(c->talk.methods, hop->methods, sizeof c->talk.methods);
	c->talk.watch = true;
	c->talk.credentials = hop->credentials;
	c->talk.gss = hop->gss;
	c->talk.request = c->request;
	if (!is_last(c))
		c->talk.request = (struct s5_request){ .cmd = S5_CMD_CONNECT, .dst = hop[1].addr };
	s5_session_init_client(&c->session, &c->talk, 0);
	c->phase = S5_PHASE_METHOD;
	set_deadline(c, c->config->timeout);
}

/* Out of memory, or a seal that is no good: noted. */
static bool keep_early(struct s5_client *c)
{
	bool kept = s5_client_keep_early(c);

	if (!kept)
		s5_client_fail(c, S5_PHASE_REPLY, c->failure.session.cause ? 0 : ENOMEM);
	return kept;
}

/* What came with the reply of this hop is from the next one. */
static void next_hop(struct s5_client *c)
{
	if (!keep_early(c))
		return;
	s5_session_fini(&c->session);
	c->hop++;
	begin_hop(c);
	s5_client_feed(c);
}

static void open_stream(struct s5_client *c)
{
	if (!is_last(c)) {
		next_hop(c);
		return;
	}
	if (!keep_early(c))
		return;
	c->early = c->in.len ? s5_buf_head(&c->in) : NULL;
	c->nearly = c->in.len;
	finish(c);
}

static void take_event(struct s5_client *c, enum s5_event event)
{
	if (c->watch)
		c->watch(c, event);
	switch (event) {
	case S5_EV_MESSAGE:
		if (c->session.message.step != S5_STEP_REQUEST)
			break;
		c->phase = S5_PHASE_REPLY;
		set_deadline(c, c->config->timeout);
		break;
	case S5_EV_METHOD:
		if (c->session.method != S5_METHOD_NONE)
			c->phase = c->session.method == S5_METHOD_GSSAPI ? S5_PHASE_CONTEXT
									 : S5_PHASE_CREDENTIALS;
		break;
	case S5_EV_WORK:
		s5_client_work(c);
		break;
	case S5_EV_REPLY: /* but for BIND the stream opens now */
		set_deadline(c, c->config->await);
		break;
	case S5_EV_OPEN:
		open_stream(c);
		break;
	case S5_EV_FAILED:
		fail_session(c);
		break;
	case S5_EV_NONE:
	case S5_EV_CREDENTIALS: /* a server's */
	case S5_EV_REQUEST:
		break;
	}
}

/* Each message is sent before the next one is looked for, whatever a peer answers beforehand. */
void s5_client_go_on(struct s5_client *c)
{
	enum s5_event event;

	while (!c->task.queued && s5_client_send(c)) {
		event = s5_session_next(&c->session);
		if (event != S5_EV_NONE)
			take_event(c, event);
		else if (!s5_client_feed(c))
			break;
	}
}

static void io_ready(struct s5_watch *w, uint32_t events)
{
	struct s5_client *c = S5_OUTER(w, struct s5_client, watching);

	if (c->task.queued) /* over, and the descriptor is not the owner's yet */
		return;
	if (!(events & ~(uint32_t)EPOLLOUT) || s5_client_receive(c))
		s5_client_go_on(c);
}

static void deadline_fire(struct s5_timer *t)
{
	struct s5_client *c = S5_OUTER(t, struct s5_client, deadline);

	s5_session_expire(&c->session);
	while (!c->task.queued)
		take_event(c, s5_session_next(&c->session));
}

/* starting */

static void dialled(struct s5_dial *d, enum s5_dial_end end)
{
	struct s5_client *c = S5_OUTER(d, struct s5_client, dial);

	if (end != S5_DIAL_CONNECTED) {
		fail_dial(c, end);
		return;
	}
	c->fd = c->watching.fd = d->fd;
	s5_loop_rewatch(c->loop, &c->watching, c->config->nhops ? EPOLLIN : 0u);
	if (c->connected)
		c->connected(c);
	if (!c->config->nhops) {
		finish(c);
		return;
	}
	begin_hop(c);
	s5_client_go_on(c);
}

static enum s5_note address_fault(const struct s5_addr *a)
{
	if (a->atyp != S5_ATYP_NAME && !s5_addr_is_ip(a))
		return S5_NOTE_ATYP_UNKNOWN;
	return s5_name_fault(a);
}

static enum s5_note hop_fault(const struct s5_client *c, const struct s5_hop *hop, bool last)
{
	if (memchr(hop->methods, S5_METHOD_USERPASS, hop->nmethods) && !hop->credentials.ulen)
		return S5_NOTE_ULEN_ZERO;
	return address_fault(last ? &c->request.dst : &hop[1].addr);
}

/* What can never be asked for, found before a single octet is sent: R1928-4.4, R1929-2. */
static enum s5_note find_fault(struct s5_client *c)
{
	size_t last = c->config->nhops - 1;

	if (!c->config->nhops)
		return address_fault(&c->request.dst);
	for (size_t i = 0; i <= last; i++) {
		enum s5_note fault = hop_fault(c, &c->config->hops[i], i == last);

		c->hop = i;
		if (fault != S5_NOTE_NONE)
			return fault;
	}
	c->hop = 0;
	return S5_NOTE_NONE;
}

void s5_client_start(struct s5_client *c)
{
	const struct s5_hop *first = c->config->nhops ? c->config->hops : NULL;
	enum s5_note fault = find_fault(c);

	c->fd = -1;
	c->watching = (struct s5_watch){ .fd = -1, .ready = io_ready };
	c->deadline.fire = deadline_fire;
	if (fault != S5_NOTE_NONE) {
		c->failure.session = (struct s5_failure){ .cause = S5_CAUSE_LOCAL, .note = fault };
		s5_client_fail(c, S5_PHASE_REQUEST, 0);
		return;
	}
	c->dial.loop = c->loop;
	c->dial.resolver = c->resolver;
	c->dial.options = &c->config->dial;
	c->dial.done = dialled;
	if (first && first->path)
		s5_dial_start_unix(&c->dial, first->path);
	else
		s5_dial_start(&c->dial, first ? &first->addr : &c->request.dst);
}

void s5_client_fini(struct s5_client *c)
{
	if (!c->loop)
		return;
	s5_dial_cancel(&c->dial);
	s5_timer_stop(c->loop, &c->deadline);
	s5_loop_not_later(c->loop, &c->task);
	if (!c->over)
		s5_client_drop(c);
	s5_client_abandon_work(c);
	s5_session_fini(&c->session);
	s5_seal_free(c->seal);
	s5_client_free_octets(c);
	explicit_bzero(&c->talk, sizeof c->talk);
	c->loop = NULL;
}

struct s5_addr s5_client_proxy(const struct s5_client *c, uint8_t atyp)
{
	size_t n = c->config->nhops;
	struct s5_addr at = n > 1 ? c->config->hops[n - 1].addr : c->dial.peer;

	if (!at.atyp)
		at = s5_addr_loopback(atyp, 0);
	at.port = 0;
	return at;
}

struct s5_addr s5_client_bound(const struct s5_client *c)
{
	struct s5_addr bound = c->session.reply.bnd, at = s5_client_proxy(c, bound.atyp);

	s5_addr_unmap(&bound);
	if (!s5_addr_is_any(&bound))
		return bound;
	at.port = bound.port;
	return at;
}

const char *s5_phase_name(enum s5_phase phase)
{
	static const char *const names[] = {
		[S5_PHASE_RESOLVE] = "resolve",
		[S5_PHASE_CONNECT] = "connect",
		[S5_PHASE_METHOD] = "method",
		[S5_PHASE_CREDENTIALS] = "credentials",
		[S5_PHASE_CONTEXT] = "security context",
		[S5_PHASE_LEVEL] = "protection level",
		[S5_PHASE_REQUEST] = "request",
		[S5_PHASE_REPLY] = "reply",
	};

	return names[phase];
}

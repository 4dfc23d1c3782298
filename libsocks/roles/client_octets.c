#include "roles/client_octets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Sees to it that n octets more fit. */
static bool make_room(struct s5_buf *b, size_t n)
{
	uint8_t *mem;

	if (n <= b->cap - b->len)
		return true;
	mem = malloc(b->len + n);
	if (!mem)
		return false;
	if (b->len)
		memcpy(mem, s5_buf_head(b), b->len);
	free(b->mem);
	*b = (struct s5_buf){ .mem = mem, .cap = b->len + n, .len = b->len };
	return true;
}

static bool keep(struct s5_buf *b, const uint8_t *octets, size_t n)
{
	return make_room(b, n) && s5_buf_push(b, octets, n) == n;
}

void s5_client_free_octets(struct s5_client *c)
{
	free(c->in.mem);
	free(c->out.mem);
	c->in = c->out = (struct s5_buf){ .mem = NULL };
	c->seal = NULL;
}

static bool fail_seal(struct s5_client *c, const struct s5_seal *seal)
{
	c->failure.session =
		(struct s5_failure){ .cause = S5_CAUSE_SEAL, .code = (uint8_t)s5_seal_fault(seal) };
	return false;
}

/* sending */

/* What the session has to say goes into the seal of the hops before. */
static bool wrap(struct s5_client *c)
{
	size_t len;
	const uint8_t *octets = s5_session_out(&c->session, &len);
	struct s5_writer out;

	if (!len || !make_room(&c->out, s5_seal_wrapped_size(c->seal, len)))
		return !len;
	out = s5_buf_writer(&c->out);
	if (s5_seal_wrap(c->seal, octets, len, &out) != S5_OK)
		return false;
	c->out.len += out.len;
	s5_session_sent(&c->session, len);
	return true;
}

static const uint8_t *get_out(struct s5_client *c, size_t *len)
{
	if (!c->seal)
		return s5_session_out(&c->session, len);
	*len = c->out.len;
	return c->out.len ? s5_buf_head(&c->out) : NULL;
}

static void sent(struct s5_client *c, size_t n)
{
	if (c->seal)
		s5_buf_pop(&c->out, n);
	else
		s5_session_sent(&c->session, n);
}

/* A peer that takes no more may have said why: that is read before it counts as broken. */
bool s5_client_send(struct s5_client *c)
{
	size_t len;
	const uint8_t *octets;
	bool again, writing;
	ssize_t n;

	if (c->seal && !wrap(c)) {
		s5_client_fail(c, c->phase, ENOMEM);
		return false;
	}
	octets = get_out(c, &len);
	n = len ? send(c->fd, octets, len, MSG_NOSIGNAL) : 0;
	again = n < 0 && (errno == EAGAIN || errno == EINTR);
	writing = again || (n >= 0 && (size_t)n < len);
	if (!again)
		sent(c, n < 0 ? len : (size_t)n);
	if (writing != c->writing)
		s5_loop_rewatch(c->loop, &c->watching, EPOLLIN | (writing ? EPOLLOUT : 0u));
	c->writing = writing;
	return !writing;
}

/* receiving */

bool s5_client_feed(struct s5_client *c)
{
	size_t took = 0;

	if (c->in.len)
		took = s5_session_recv(&c->session, S5_SERVER, s5_buf_head(&c->in), c->in.len);
	s5_buf_pop(&c->in, took);
	return took;
}

/* Octets of the outermost seal become those of the session, or of the stream. */
static bool unwrap(struct s5_client *c, struct s5_seal *seal, uint8_t *octets, size_t n)
{
	struct s5_writer out;
	enum s5_rc rc;

	if (!make_room(&c->in, s5_seal_unwrapped_size(seal, n)))
		return false;
	out = s5_buf_writer(&c->in);
	rc = s5_seal_unwrap(seal, octets, n, &out);
	c->in.len += out.len;
	return rc == S5_OK || fail_seal(c, seal);
}

static bool take(struct s5_client *c, uint8_t *octets, size_t n)
{
	if (!c->seal) {
		s5_session_recv(&c->session, S5_SERVER, octets, n);
		return true;
	}
	if (unwrap(c, c->seal, octets, n)) {
		s5_client_feed(c);
		return true;
	}
	s5_client_fail(c, c->phase, c->failure.session.cause ? 0 : ENOMEM);
	return false;
}

bool s5_client_receive(struct s5_client *c)
{
	uint8_t octets[S5_SESSION_ROOM];
	size_t room = s5_session_room(&c->session, S5_SERVER);
	ssize_t n = recv(c->fd, octets, c->config->exact ? 1 : room, 0);

	if (n > 0)
		return take(c, octets, (size_t)n);
	if (n == 0)
		s5_session_eof(&c->session, S5_SERVER);
	if (n == 0 || errno == EAGAIN || errno == EINTR)
		return true;
	s5_client_fail(c, c->phase, errno);
	return false;
}

/* the stream */

/* What stands in c->in is of the stream, or it is still in this hop's own seal. */
static bool open_rest(struct s5_client *c, struct s5_seal *seal, struct s5_buf *rest)
{
	return seal ? unwrap(c, seal, rest->mem + rest->head, rest->len)
		    : keep(&c->in, s5_buf_head(rest), rest->len);
}

bool s5_client_keep_early(struct s5_client *c)
{
	struct s5_seal *seal = s5_session_take_seal(&c->session, S5_SERVER);
	struct s5_buf rest = c->in;
	const uint8_t *early;
	size_t n;
	bool kept;

	early = s5_session_early(&c->session, S5_SERVER, &n);
	c->in = (struct s5_buf){ .mem = NULL };
	kept = keep(&c->in, early, n) && (!rest.len || open_rest(c, seal, &rest));
	free(rest.mem);
	if (!seal)
		return kept;
	if (kept && s5_seal_fault(seal) != S5_SEAL_GOOD)
		kept = fail_seal(c, seal);
	s5_seal_put_inside(seal, c->seal);
	c->seal = seal;
	return kept;
}

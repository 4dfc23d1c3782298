/* A flow to or from a sealed end: what it reads is wrapped or unwrapped before it is sent on. */
#include "net/flow.h"

#include <errno.h>
#include <unistd.h>

/* R1961-5.9: between two messages an end of file is one, nowhere else. */
static bool end_of_file(struct s5_relay *r, struct s5_flow *f, bool unwraps)
{
	f->eof = true;
	if (!unwraps || s5_seal_end(r->seal) == S5_OK)
		return true;
	s5_relay_fail_seal(r);
	return false;
}

static bool unwrap(struct s5_relay *r, struct s5_flow *f, size_t n, size_t asked,
		   struct s5_writer *out)
{
	enum s5_rc rc = s5_seal_unwrap(r->seal, r->pool->buffer, n, out);

	bool went;

	/* What was good before a fault goes on, however the octets were cut. */
	s5_flow_came(f, n, asked, out->len);
	if (r->tap && out->len)
		r->tap(r, (unsigned)(f - r->flow), out->data, out->len);
	went = !out->len || s5_flow_put(r, f, out->data, out->len);
	if (rc == S5_OK)
		return went;
	s5_relay_fail_seal(r);
	return false;
}

static bool wrap(struct s5_relay *r, struct s5_flow *f, size_t n, size_t asked,
		 struct s5_writer *out)
{
	if (r->tap)
		r->tap(r, (unsigned)(f - r->flow), r->pool->buffer, n);
	s5_flow_came(f, n, asked, n);
	if (s5_seal_wrap(r->seal, r->pool->buffer, n, out) == S5_OK)
		return s5_flow_put(r, f, out->data, out->len);
	s5_relay_fail_seal(r);
	return false;
}

bool s5_flow_copy_sealed(struct s5_relay *r, struct s5_flow *f, int from)
{
	bool unwraps = f == &r->flow[r->sealed];
	size_t asked = s5_flow_most(r, f, s5_seal_whole(r->seal, unwraps, S5_RELAY_SEALED));
	ssize_t n = read(from, r->pool->buffer, asked);
	struct s5_writer out;
	size_t room;

	if (n < 0)
		return s5_flow_read_failed(r, f);
	if (n == 0)
		return end_of_file(r, f, unwraps);
	room = unwraps ? s5_seal_unwrapped_size(r->seal, (size_t)n)
		       : s5_seal_wrapped_size(r->seal, (size_t)n);
	out = s5_writer_over(s5_pool_scratch(r->pool, room), room);
	if (!out.data) {
		s5_relay_fail(r, (unsigned)(f - r->flow), ENOMEM);
		return false;
	}
	return unwraps ? unwrap(r, f, (size_t)n, asked, &out) : wrap(r, f, (size_t)n, asked, &out);
}

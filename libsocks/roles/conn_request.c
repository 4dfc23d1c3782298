/* The request: asked of the rules, for the name and for each address, and dialed. */
#include <errno.h>
#include <stdio.h>

#include "roles/conn.h"
#include "roles/rep.h"

static struct s5_verdict ask(const struct s5_conn *c, const struct s5_addr *address)
{
	const struct s5_request *m = &c->session.request;
	bool name = m->dst.atyp == S5_ATYP_NAME && m->cmd != S5_CMD_UDP;
	struct s5_query q = {
		.from = &c->record.client,
		.user = c->record.user,
		.ulen = c->record.ulen,
		.cmd = m->cmd,
		.name = name ? &m->dst : NULL,
		.address = address,
		.elsewhere = !address && c->policy->upstream.nhops,
	};

	return s5_rules_match(&c->policy->rules, &q);
}

bool s5_conn_permits(struct s5_conn *c, const struct s5_addr *address)
{
	struct s5_verdict v = ask(c, address);

	if (v.decision != S5_DENY)
		return true;
	s5_verdict_text(v, c->record.why);
	return false;
}

/* SEC-2; noted. */
static bool is_self(struct s5_conn *c, const struct s5_addr *a)
{
	if (!s5_worker_listens_at(c->worker, a))
		return false;
	snprintf(c->record.why, sizeof c->record.why, "denied: the proxy itself");
	return true;
}

static bool permit(struct s5_dial *d, const struct s5_addr *a)
{
	struct s5_conn *c = S5_OUTER(d, struct s5_conn, dial);

	return !is_self(c, a) && s5_conn_permits(c, a);
}

void s5_conn_answer(struct s5_conn *c, uint8_t rep, const struct s5_addr *bnd, const char *why)
{
	if (why)
		snprintf(c->record.why, sizeof c->record.why, "%s", why);
	c->record.replied = true;
	c->record.rep = rep;
	s5_session_answer(&c->session, rep, bnd);
	c->state = S5_CONN_TALKING;
}

static const char *dial_text(const struct s5_dial *d, enum s5_dial_end end)
{
	switch (end) {
	case S5_DIAL_CONNECTED:
	case S5_DIAL_DENIED: /* noted with the rule already */
		return NULL;
	case S5_DIAL_UNRESOLVED:
		return s5_lookup_text(d->resolved);
	case S5_DIAL_TIMEOUT:
		return "target: connecting took too long";
	case S5_DIAL_FAILED:
		break;
	}
	return strerrordesc_np(d->error);
}

static void dial_done(struct s5_dial *d, enum s5_dial_end end)
{
	struct s5_conn *c = S5_OUTER(d, struct s5_conn, dial);
	struct s5_addr bnd;

	c->record.actual = d->peer;
	c->target = d->fd;
	if (end == S5_DIAL_CONNECTED) {
		bnd = s5_sock_local(d->fd);
		s5_conn_answer(c, S5_REP_SUCCEEDED, &bnd, "");
	} else {
		s5_conn_answer(c, s5_rep_of_dial(end, d->error), NULL, dial_text(d, end));
	}
	s5_conn_go(c);
}

void s5_conn_note_request(struct s5_conn *c)
{
	c->record.requested = true;
	c->record.cmd = c->session.request.cmd;
	c->record.target = c->session.request.dst;
}

static void dial(struct s5_conn *c)
{
	struct s5_worker *w = c->worker;

	c->state = S5_CONN_DIALING;
	c->dial.loop = &w->loop;
	c->dial.resolver = w->resolver;
	c->dial.options = &c->policy->dial;
	c->dial.permit = permit;
	c->dial.done = dial_done;
	s5_dial_start(&c->dial, &c->session.request.dst);
}

/* Of a BIND for whoever comes there is no address yet, of an association no destination. */
static bool permits_request(struct s5_conn *c)
{
	const struct s5_request *m = &c->session.request;
	struct s5_addr nobody = { .port = m->dst.port };

	if (m->cmd == S5_CMD_UDP)
		nobody.port = 0;
	if (m->cmd == S5_CMD_UDP || (m->cmd == S5_CMD_BIND && s5_addr_is_any(&m->dst)))
		return s5_conn_permits(c, &nobody);
	return s5_conn_permits(c, s5_addr_is_ip(&m->dst) ? &m->dst : NULL);
}

/* False: it is answered. */
static bool take_hold(struct s5_conn *c)
{
	int rc = s5_hold_begin(c->worker, c->policy, &c->record, &c->hold);

	if (rc == -EDQUOT)
		s5_conn_answer(c, S5_REP_NOT_ALLOWED, NULL,
			       "denied: the user has as many sessions as one may");
	else if (rc < 0)
		s5_conn_answer(c, S5_REP_FAILURE, NULL, "no memory");
	return rc == 0;
}

static void pass_on(struct s5_conn *c)
{
	const struct s5_addr *dst = &c->session.request.dst;

	if (c->session.request.cmd == S5_CMD_CONNECT && is_self(c, dst))
		s5_conn_answer(c, S5_REP_NOT_ALLOWED, NULL, NULL);
	else if (c->session.request.cmd != S5_CMD_UDP && s5_addr_is_numeric_name(dst))
		s5_conn_answer(c, S5_REP_HOST_UNREACHABLE, NULL, s5_lookup_text(S5_LOOKUP_NO_NAME));
	else
		s5_conn_upstream(c);
}

void s5_conn_request(struct s5_conn *c)
{
	s5_conn_note_request(c);
	s5_timer_stop(&c->worker->loop, &c->timer);
	if (!permits_request(c))
		s5_conn_answer(c, S5_REP_NOT_ALLOWED, NULL, NULL);
	else if (!take_hold(c))
		return;
	else if (c->policy->upstream.nhops)
		pass_on(c);
	else if (c->session.request.cmd == S5_CMD_UDP)
		s5_conn_associate(c);
	else if (c->session.request.cmd == S5_CMD_BIND)
		s5_conn_bind(c);
	else
		dial(c);
}

/* Credentials: checked here, or by the checkers' threads where that takes long. */
#include <stdio.h>

#include "roles/conn.h"

void s5_conn_judge(struct s5_conn *c, bool accepted)
{
	s5_session_judge(&c->session, accepted);
	c->state = S5_CONN_TALKING;
}

/* R1929-10: the more failures, the longer the answer takes; but within the handshake's time. */
static void verdict(struct s5_conn *c, bool accepted)
{
	struct s5_worker *w = c->worker;
	int64_t wait = accepted ? 0 : s5_server_penalty(w->server, &c->record.client, w->loop.now);
	int64_t until;

	if (!wait) {
		s5_conn_judge(c, accepted);
		return;
	}
	until = w->loop.now + wait;
	if (w->config->handshake_timeout && until > c->session.deadline)
		until = c->session.deadline;
	c->state = S5_CONN_HOLDING;
	s5_timer_set(&w->loop, &c->timer, until);
}

static void check_run(struct s5_job *job)
{
	struct s5_conn *c = S5_OUTER(job, struct s5_conn, job);

	c->accepted = s5_users_check(&c->roster->users, &c->session.credentials);
}

static void check_done(struct s5_job *job)
{
	struct s5_conn *c = S5_OUTER(job, struct s5_conn, job);

	if (c->state == S5_CONN_GONE) {
		s5_conn_release(c);
		return;
	}
	verdict(c, c->accepted);
	if (c->state == S5_CONN_TALKING)
		s5_conn_go(c);
}

bool s5_conn_check(struct s5_conn *c)
{
	struct s5_worker *w = c->worker;

	c->record.user = c->session.credentials.user;
	c->record.ulen = c->session.credentials.ulen;
	c->roster = s5_server_roster(w->server);
	if (!s5_users_needs_hash(&c->roster->users)) {
		verdict(c, s5_users_check(&c->roster->users, &c->session.credentials));
		return true;
	}
	c->job = (struct s5_job){ .loop = &w->loop,
				  .source = s5_addr_source(&c->record.client),
				  .run = check_run,
				  .done = check_done };
	if (s5_work_submit(s5_server_work(w->server), &c->job) < 0) {
		snprintf(c->record.why, sizeof c->record.why,
			 "credentials: too many password checks pending");
		return false;
	}
	c->state = S5_CONN_CHECKING;
	return true;
}

/* Credentials and security tokens: looked at here, or by the checkers' threads where that may take
 * long. */
#include <stdio.h>

#include "base/names.h"

#include "roles/conn.h"

void s5_conn_judge(struct s5_conn *c, bool accepted)
{
	s5_session_judge(&c->session, accepted);
	c->state = S5_CONN_TALKING;
}

/* R1929-10: the more failures, the longer the answer takes; but within the handshake's time. */
static void hold_back(struct s5_conn *c)
{
	struct s5_worker *w = c->worker;
	int64_t until = w->loop.now + c->wait;

	if (!c->wait) {
		s5_conn_judge(c, c->accepted);
		return;
	}
	if (c->policy->handshake_timeout && until > c->session.deadline)
		until = c->session.deadline;
	c->state = S5_CONN_HOLDING;
	s5_timer_set(&w->loop, &c->timer, until);
}

/* From any thread. A failure counts at once; what came together with too many of them is not believed
 * any more, right or wrong. */
static void look_at(struct s5_conn *c)
{
	struct s5_server *server = c->worker->server;
	const struct s5_addr *from = &c->record.client;

	c->barred = s5_server_bars(server, from, s5_clock_ms());
	c->accepted = !c->barred && s5_users_check(&c->policy->users, &c->session.credentials);
	if (c->accepted)
		c->barred = s5_server_bars(server, from, s5_clock_ms());
	else if (!c->barred)
		c->wait = s5_server_penalty(server, from, s5_clock_ms());
	c->accepted &= !c->barred;
	s5_count(&s5_server_counters(server)->credentials_refused, !c->accepted);
}

static void check_run(struct s5_job *job)
{
	look_at(S5_OUTER(job, struct s5_conn, job));
}

static void check_done(struct s5_job *job)
{
	struct s5_conn *c = S5_OUTER(job, struct s5_conn, job);

	if (c->state == S5_CONN_GONE) {
		if (!c->accepted)
			snprintf(c->record.why, sizeof c->record.why, S5_CONN_FLED);
		s5_conn_end(c);
		return;
	}
	hold_back(c);
	if (c->state == S5_CONN_TALKING)
		s5_conn_go(c);
}

/* False: too many wait already. */
static bool submit(struct s5_conn *c, void (*run)(struct s5_job *), void (*done)(struct s5_job *))
{
	struct s5_worker *w = c->worker;

	c->job = (struct s5_job){ .loop = &w->loop,
				  .source = s5_addr_source(&c->record.client),
				  .run = run,
				  .done = done };
	if (s5_work_submit(s5_server_work(w->server), &c->job) < 0)
		return false;
	c->state = S5_CONN_CHECKING;
	return true;
}

/* R1961-3.16: who a principal is has been proved; whether it may come is ours to say. At once where
 * the rules have nothing for it, whatever it will ask for. */
static void judge_principal(struct s5_conn *c)
{
	const struct s5_users *users = &c->policy->users;
	struct s5_query q = { .from = &c->record.client,
			      .user = c->record.user,
			      .ulen = c->record.ulen };

	s5_conn_judge(c, s5_users_admit(users, q.user, q.ulen) &&
				 s5_rules_may_come(&c->policy->rules, &q));
}

static bool submit_password(struct s5_conn *c)
{
	if (submit(c, check_run, check_done))
		return true;
	snprintf(c->record.why, sizeof c->record.why,
		 "credentials: too many password checks pending");
	return false;
}

bool s5_conn_check(struct s5_conn *c)
{
	c->record.user = c->session.credentials.user;
	c->record.ulen = c->session.credentials.ulen;
	if (c->session.method == S5_METHOD_GSSAPI) {
		judge_principal(c);
		return true;
	}
	if (s5_users_needs_hash(&c->policy->users) &&
	    !s5_server_bars(c->worker->server, &c->record.client, s5_clock_ms()))
		return submit_password(c);
	look_at(c);
	hold_back(c);
	return true;
}

static void work_run(struct s5_job *job)
{
	s5_gss_step(S5_OUTER(job, struct s5_conn, job)->session.gss);
}

static void work_done(struct s5_job *job)
{
	struct s5_conn *c = S5_OUTER(job, struct s5_conn, job);

	if (c->state == S5_CONN_GONE) {
		s5_conn_release(c);
		return;
	}
	c->state = S5_CONN_TALKING;
	s5_session_worked(&c->session);
	s5_conn_go(c);
}

void s5_conn_work(struct s5_conn *c)
{
	struct s5_gss *g = c->session.gss;

	if (submit(c, work_run, work_done))
		return;
	g->state = S5_GSS_FAILED;
	snprintf(g->why, sizeof g->why, "too many tokens pending");
	s5_session_worked(&c->session);
}

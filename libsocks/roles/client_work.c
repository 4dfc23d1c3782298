/* A step to a context is taken by another thread, so that a client can give up at any moment. */
#include <errno.h>

#include "roles/client_octets.h"

static void stepped(void *arg)
{
	struct s5_client *c = arg;

	if (c->task.queued || c->over)
		return;
	s5_loop_watch(c->loop, &c->watching, EPOLLIN);
	s5_session_worked(&c->session);
	s5_client_go_on(c);
}

void s5_client_work(struct s5_client *c)
{
	int rc;

	if (!c->work) {
		s5_gss_step(c->session.gss);
		s5_session_worked(&c->session);
		return;
	}
	/* An end that nobody takes would be told again and again. */
	s5_loop_unwatch(c->loop, &c->watching);
	rc = s5_gss_job_begin(&c->gss_job, c->session.gss, c->work, c->loop, stepped, c);
	if (rc < 0)
		s5_client_fail(c, S5_PHASE_CONTEXT, -rc);
}

void s5_client_abandon_work(struct s5_client *c)
{
	if (s5_gss_job_abandon(&c->gss_job))
		c->session.gss = NULL;
}

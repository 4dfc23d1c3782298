/* A step to a context asks a key distribution centre, which may take its time: it is done by another
 * thread, on memory of its own, so that a client can give up at any moment. */
#include <errno.h>
#include <stdlib.h>

#include "roles/client_octets.h"

struct s5_client_work {
	struct s5_job job;
	struct s5_gss *gss; /* the session's */
	struct s5_client *client; /* NULL: gone, and the context is ours */
};

static void work_run(struct s5_job *job)
{
	s5_gss_step(S5_OUTER(job, struct s5_client_work, job)->gss);
}

static void work_done(struct s5_job *job)
{
	struct s5_client_work *w = S5_OUTER(job, struct s5_client_work, job);
	struct s5_client *c = w->client;

	if (!c)
		s5_gss_free(w->gss);
	free(w);
	if (!c)
		return;
	c->in_hand = NULL;
	if (c->task.queued || c->over)
		return;
	s5_loop_watch(c->loop, &c->watching, EPOLLIN);
	s5_session_worked(&c->session);
	s5_client_go_on(c);
}

void s5_client_work(struct s5_client *c)
{
	struct s5_client_work *w;

	if (!c->work) {
		s5_gss_step(c->session.gss);
		s5_session_worked(&c->session);
		return;
	}
	w = calloc(1, sizeof *w);
	if (!w) {
		s5_client_fail(c, S5_PHASE_CONTEXT, ENOMEM);
		return;
	}
	w->job = (struct s5_job){ .loop = c->loop, .run = work_run, .done = work_done };
	w->gss = c->session.gss;
	w->client = c;
	c->in_hand = w;
	/* An end that nobody takes would be told again and again. */
	s5_loop_unwatch(c->loop, &c->watching);
	if (s5_work_submit(c->work, &w->job) == 0)
		return;
	c->in_hand = NULL;
	free(w);
	s5_client_fail(c, S5_PHASE_CONTEXT, EAGAIN);
}

void s5_client_abandon_work(struct s5_client *c)
{
	struct s5_client_work *w = c->in_hand;

	if (!w)
		return;
	c->in_hand = NULL;
	if (s5_work_cancel(c->work, &w->job)) {
		free(w);
		return;
	}
	w->client = NULL;
	c->session.gss = NULL;
}

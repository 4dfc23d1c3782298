#include "net/gss_job.h"

#include <errno.h>
#include <stdlib.h>

struct s5_gss_job {
	struct s5_job job;
	struct s5_gss *gss;
	struct s5_work *work;
	struct s5_gss_job **handle; /* NULL: nobody waits, and gss is ours */
	void (*done)(void *arg);
	void *arg;
};

static void run(struct s5_job *job)
{
	s5_gss_step(S5_OUTER(job, struct s5_gss_job, job)->gss);
}

static void taken(struct s5_job *job)
{
	struct s5_gss_job step = *S5_OUTER(job, struct s5_gss_job, job);

	free(S5_OUTER(job, struct s5_gss_job, job));
	if (!step.handle) {
		s5_gss_free(step.gss);
		return;
	}
	*step.handle = NULL;
	step.done(step.arg);
}

int s5_gss_job_begin(struct s5_gss_job **handle, struct s5_gss *gss, struct s5_work *work,
		     struct s5_loop *loop, void (*done)(void *arg), void *arg)
{
	struct s5_gss_job *step = malloc(sizeof *step);
	int rc;

	*handle = NULL;
	if (!step)
		return -ENOMEM;
	*step = (struct s5_gss_job){ .job = { .loop = loop, .run = run, .done = taken },
				     .gss = gss,
				     .work = work,
				     .handle = handle,
				     .done = done,
				     .arg = arg };
	rc = s5_work_submit(work, &step->job);
	if (rc < 0)
		free(step);
	else
		*handle = step;
	return rc;
}

bool s5_gss_job_abandon(struct s5_gss_job **handle)
{
	struct s5_gss_job *step = *handle;

	if (!step)
		return false;
	*handle = NULL;
	if (s5_work_cancel(step->work, &step->job)) {
		free(step);
		return false;
	}
	step->handle = NULL;
	return true;
}

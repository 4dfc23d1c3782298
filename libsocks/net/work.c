#include "net/work.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

static void unqueue(struct s5_work *work, struct s5_job *job)
{
	TAILQ_REMOVE(&work->queue, job, link);
	job->waiting = false;
	work->waiting--;
}

static struct s5_job *take(struct s5_work *work)
{
	struct s5_job *job;

	pthread_mutex_lock(&work->lock);
	while (TAILQ_EMPTY(&work->queue) && !work->stopped)
		pthread_cond_wait(&work->more, &work->lock);
	job = work->stopped ? NULL : TAILQ_FIRST(&work->queue);
	if (job) {
		unqueue(work, job);
		work->busy++;
	}
	pthread_mutex_unlock(&work->lock);
	return job;
}

static void job_done(struct s5_task *t)
{
	struct s5_job *job = S5_OUTER(t, struct s5_job, task);

	job->done(job);
}

/* Once stopped nobody is there to take it. */
static void hand_back(struct s5_work *work, struct s5_job *job)
{
	pthread_mutex_lock(&work->lock);
	work->busy--;
	job->task = (struct s5_task){ .run = job_done };
	if (!work->stopped)
		s5_loop_post(job->loop, &job->task);
	pthread_mutex_unlock(&work->lock);
}

static void *serve(void *arg)
{
	struct s5_work *work = arg;
	struct s5_job *job;

	while ((job = take(work))) {
		job->run(job);
		hand_back(work, job);
	}
	return NULL;
}

int s5_work_init(struct s5_work *work, unsigned nthreads, unsigned limit)
{
	sigset_t all, old;
	int rc = 0;

	*work = (struct s5_work){ .limit = limit };
	TAILQ_INIT(&work->queue);
	pthread_mutex_init(&work->lock, NULL);
	pthread_cond_init(&work->more, NULL);
	work->threads = calloc(nthreads, sizeof *work->threads);
	if (!work->threads)
		return -ENOMEM;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (!rc && work->nthreads < nthreads) {
		rc = -pthread_create(&work->threads[work->nthreads], NULL, serve, work);
		work->nthreads += rc == 0;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc)
		s5_work_fini(work);
	return rc;
}

void s5_work_fini(struct s5_work *work)
{
	pthread_mutex_lock(&work->lock);
	work->stopped = true;
	pthread_cond_broadcast(&work->more);
	pthread_mutex_unlock(&work->lock);
	for (unsigned i = 0; i < work->nthreads; i++)
		pthread_join(work->threads[i], NULL);
	free(work->threads);
	pthread_cond_destroy(&work->more);
	pthread_mutex_destroy(&work->lock);
}

static bool left;

bool s5_work_left(void)
{
	return __atomic_load_n(&left, __ATOMIC_RELAXED);
}

bool s5_work_quit(struct s5_work *work)
{
	bool idle;

	pthread_mutex_lock(&work->lock);
	idle = !work->busy;
	work->stopped = true;
	pthread_mutex_unlock(&work->lock);
	if (idle)
		s5_work_fini(work);
	else
		__atomic_store_n(&left, true, __ATOMIC_RELAXED);
	return idle;
}

static bool has_room(const struct s5_work *work, uint64_t source)
{
	const struct s5_job *job;
	unsigned same = 0;

	if (work->waiting >= work->limit)
		return false;
	TAILQ_FOREACH(job, &work->queue, link)
	same += job->source == source;
	return !source || same < work->limit / S5_WORK_SHARES;
}

int s5_work_submit(struct s5_work *work, struct s5_job *job)
{
	int rc = -EAGAIN;

	pthread_mutex_lock(&work->lock);
	if (has_room(work, job->source)) {
		TAILQ_INSERT_TAIL(&work->queue, job, link);
		job->waiting = true;
		work->waiting++;
		pthread_cond_signal(&work->more);
		rc = 0;
	}
	pthread_mutex_unlock(&work->lock);
	return rc;
}

bool s5_work_cancel(struct s5_work *work, struct s5_job *job)
{
	bool waiting;

	pthread_mutex_lock(&work->lock);
	waiting = job->waiting;
	if (waiting)
		unqueue(work, job);
	pthread_mutex_unlock(&work->lock);
	return waiting;
}

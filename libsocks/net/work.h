/* A small pool of threads for work that would hold a loop up, such as password hashes.
 *
 * A job is embedded in what it serves and owned by it until done() ran. run() is called on a
 * thread of the pool, done() on the loop's thread. The queue is bounded: a full one refuses.
 */
#ifndef S5_NET_WORK_H
#define S5_NET_WORK_H

#include <pthread.h>

#include "net/loop.h"

struct s5_job {
	struct s5_task task; /* private */
	struct s5_job *next; /* private */
	struct s5_loop *loop;
	void (*run)(struct s5_job *job);
	void (*done)(struct s5_job *job);
};

struct s5_work {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct s5_job *first, **last;
	unsigned waiting, limit, nthreads;
	bool stopped;
	pthread_t *threads;
};

/* 0 or -errno. Threads start with all signals blocked. */
int s5_work_init(struct s5_work *work, unsigned nthreads, unsigned limit);
/* Ends the threads after the job each has in hand; the others are dropped without done(). */
void s5_work_fini(struct s5_work *work);
/* 0, or -EAGAIN when the queue is full. */
int s5_work_submit(struct s5_work *work, struct s5_job *job);

#endif

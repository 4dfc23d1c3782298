/* A small pool of threads for work that would hold a loop up, such as password hashes.
 *
 * A job is embedded in what it serves and owned by it until done() ran. run() is called on a
 * thread of the pool, done() on the loop's thread. The queue is bounded, and so is what one source
 * may have in it: who would have more is refused, and leaves room for others.
 */
#ifndef S5_NET_WORK_H
#define S5_NET_WORK_H

#include <pthread.h>
#include <sys/queue.h>

#include "net/loop.h"

#define S5_WORK_SHARES 4 /* a source has at most one in four of the queue's places */

struct s5_job {
	struct s5_task task; /* private */
	TAILQ_ENTRY(s5_job) link; /* private */
	bool waiting; /* private */
	struct s5_loop *loop;
	uint64_t source; /* whose it is; 0: nobody's, and bounded by the queue alone */
	void (*run)(struct s5_job *job);
	void (*done)(struct s5_job *job);
};

struct s5_work {
	pthread_mutex_t lock;
	pthread_cond_t more;
	TAILQ_HEAD(, s5_job) queue;
	unsigned waiting, limit, nthreads;
	unsigned busy; /* jobs in hand */
	bool stopped;
	pthread_t *threads;
};

/* 0 or -errno. Threads start with all signals blocked. */
int s5_work_init(struct s5_work *work, unsigned nthreads, unsigned limit);
/* Ends the threads after the job each has in hand; the others are dropped without done(). */
void s5_work_fini(struct s5_work *work);
/* For a program that ends: as fini where no job is in hand, and false otherwise. That job's thread
 * then ends some time by itself, and touches nothing but the pool and the job, which stay. */
bool s5_work_quit(struct s5_work *work);
/* Has any been left so? Then the program ends with _exit(): what libraries do at exit is not for a
 * process where one of them is still at work. */
bool s5_work_left(void);
/* 0, or -EAGAIN when the queue, or the source's share of it, is full. */
int s5_work_submit(struct s5_work *work, struct s5_job *job);
/* Takes a job back. False: too late, a thread has it or had it, and done() comes as ever. */
bool s5_work_cancel(struct s5_work *work, struct s5_job *job);

#endif

/* A step to a security context by a thread of a pool. It may ask a key distribution centre, which takes
 * its time, so whoever waits for it can go away at any moment: the context is then the thread's.
 *
 * All of it is for the loop's thread.
 */
#ifndef S5_NET_GSS_JOB_H
#define S5_NET_GSS_JOB_H

#include "net/work.h"
#include "session/gss.h"

struct s5_gss_job;

/* Begins s5_gss_step(gss); done(arg) is called on the loop when it was taken, and *job is NULL again.
 * Nobody touches gss until then. 0, -ENOMEM, or -EAGAIN when the pool's queue is full. */
int s5_gss_job_begin(struct s5_gss_job **job, struct s5_gss *gss, struct s5_work *work,
		     struct s5_loop *loop, void (*done)(void *arg), void *arg);
/* Whoever waited goes away; *job becomes NULL. True: gss is the thread's, which frees it. */
bool s5_gss_job_abandon(struct s5_gss_job **job);

#endif

/* An event loop: epoll, timers, tasks. One loop belongs to one thread; only s5_loop_post and
 * s5_loop_stop may be called from others.
 *
 * Watches, timers and tasks are embedded in what they serve and owned by it; they must be
 * stopped before their memory goes. No function allocates but s5_timer_set (the heap's growth).
 *
 * Times are milliseconds of the monotonic clock; loop->now is read once a turn.
 */
#ifndef S5_NET_LOOP_H
#define S5_NET_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#define S5_LOOP_BATCH 256

/* What a watch, timer or task is embedded in. */
#define S5_OUTER(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

/* A descriptor and what to do when something happens to it. */
struct s5_watch {
	int fd;
	void (*ready)(struct s5_watch *w, uint32_t events);
};

struct s5_timer {
	int64_t at;
	size_t slot; /* place in the heap, counted from 1; 0: not set */
	void (*fire)(struct s5_timer *t);
};

struct s5_task {
	struct s5_task *next;
	bool queued;
	void (*run)(struct s5_task *t);
};

struct s5_task_list {
	struct s5_task *first, **last;
};

struct s5_loop {
	int epfd;
	bool stopped; /* atomically */
	int64_t now;
	struct s5_timer **heap;
	size_t ntimers, heap_size;
	struct s5_task_list later;
	struct s5_watch wake; /* an eventfd */
	pthread_mutex_t lock; /* guards posted */
	struct s5_task_list posted;
	int nevents, current;
	struct epoll_event events[S5_LOOP_BATCH];
};

/* 0 or -errno. */
int s5_loop_init(struct s5_loop *loop);
void s5_loop_fini(struct s5_loop *loop);
/* Serves until stopped. */
void s5_loop_run(struct s5_loop *loop);
/* Serves one turn, waiting at most until something happens. */
void s5_loop_turn(struct s5_loop *loop);
void s5_loop_stop(struct s5_loop *loop);

/* 0 or -errno; events are epoll's. */
int s5_loop_watch(struct s5_loop *loop, struct s5_watch *w, uint32_t events);
/* Puts w in the place of another watch of the same descriptor, or changes its events. What is
 * ready already is told again, also with EPOLLET. */
int s5_loop_rewatch(struct s5_loop *loop, struct s5_watch *w, uint32_t events);
/* Also forgets events of this turn. Before the descriptor is closed. */
void s5_loop_unwatch(struct s5_loop *loop, struct s5_watch *w);
/* Forgets events of this turn without telling the kernel: the descriptor goes elsewhere. */
void s5_loop_forget(struct s5_loop *loop, struct s5_watch *w);

/* Sets or moves a timer; a moment that has passed fires on the next turn. 0 or -ENOMEM. */
int s5_timer_set(struct s5_loop *loop, struct s5_timer *t, int64_t at);
void s5_timer_stop(struct s5_loop *loop, struct s5_timer *t);

/* Runs t at the end of this turn, once however often it is asked for. */
void s5_loop_later(struct s5_loop *loop, struct s5_task *t);
void s5_loop_not_later(struct s5_loop *loop, struct s5_task *t);
/* Runs t on the loop's thread; from any thread. */
void s5_loop_post(struct s5_loop *loop, struct s5_task *t);

/* The monotonic clock, in milliseconds and in microseconds. */
int64_t s5_clock_ms(void);
int64_t s5_clock_us(void);

#endif

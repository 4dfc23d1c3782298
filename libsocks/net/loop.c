#include "net/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

int64_t s5_clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t s5_clock_ms(void)
{
	return s5_clock_us() / 1000;
}

/* tasks */

static void list_init(struct s5_task_list *list)
{
	list->first = NULL;
	list->last = &list->first;
}

static void list_add(struct s5_task_list *list, struct s5_task *t)
{
	if (t->queued)
		return;
	t->queued = true;
	t->next = NULL;
	*list->last = t;
	list->last = &t->next;
}

static struct s5_task *list_take(struct s5_task_list *list)
{
	struct s5_task *t = list->first;

	if (!t)
		return NULL;
	list->first = t->next;
	if (!list->first)
		list->last = &list->first;
	t->queued = false;
	return t;
}

static void list_drop(struct s5_task_list *list, struct s5_task *t)
{
	struct s5_task **p;

	for (p = &list->first; *p && *p != t; p = &(*p)->next)
		;
	if (*p) {
		*p = t->next;
		if (!*p)
			list->last = p;
	}
	t->queued = false;
}

void s5_loop_later(struct s5_loop *loop, struct s5_task *t)
{
	list_add(&loop->later, t);
}

void s5_loop_not_later(struct s5_loop *loop, struct s5_task *t)
{
	if (t->queued)
		list_drop(&loop->later, t);
}

void s5_loop_post(struct s5_loop *loop, struct s5_task *t)
{
	static const uint64_t one = 1;

	pthread_mutex_lock(&loop->lock);
	list_add(&loop->posted, t);
	pthread_mutex_unlock(&loop->lock);
	while (write(loop->wake.fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

static struct s5_task *posted_take(struct s5_loop *loop)
{
	struct s5_task *t;

	pthread_mutex_lock(&loop->lock);
	t = list_take(&loop->posted);
	pthread_mutex_unlock(&loop->lock);
	return t;
}

static void wake_ready(struct s5_watch *w, uint32_t events)
{
	struct s5_loop *loop = S5_OUTER(w, struct s5_loop, wake);
	struct s5_task *t;
	uint64_t count;

	(void)events;
	while (read(w->fd, &count, sizeof count) < 0 && errno == EINTR)
		;
	while ((t = posted_take(loop)))
		t->run(t);
}

/* Runs what stands in the list now; what a task adds comes on the next turn. */
static void run_later(struct s5_loop *loop)
{
	struct s5_task end = { .run = NULL }, *t;

	if (!loop->later.first)
		return;
	list_add(&loop->later, &end);
	while ((t = list_take(&loop->later)) != &end)
		t->run(t);
}

/* timers: a binary heap, slots counted from 1 */

static void put(struct s5_loop *loop, struct s5_timer *t, size_t slot)
{
	loop->heap[slot - 1] = t;
	t->slot = slot;
}

static void sift_up(struct s5_loop *loop, struct s5_timer *t, size_t slot)
{
	while (slot > 1 && loop->heap[slot / 2 - 1]->at > t->at) {
		put(loop, loop->heap[slot / 2 - 1], slot);
		slot /= 2;
	}
	put(loop, t, slot);
}

static void sift_down(struct s5_loop *loop, struct s5_timer *t, size_t slot)
{
	size_t child;

	while ((child = slot * 2) <= loop->ntimers) {
		if (child < loop->ntimers && loop->heap[child]->at < loop->heap[child - 1]->at)
			child++;
		if (loop->heap[child - 1]->at >= t->at)
			break;
		put(loop, loop->heap[child - 1], slot);
		slot = child;
	}
	put(loop, t, slot);
}

static int heap_grow(struct s5_loop *loop)
{
	size_t size = loop->heap_size ? loop->heap_size * 2 : 64;
	struct s5_timer **heap = reallocarray(loop->heap, size, sizeof *heap);

	if (!heap)
		return -ENOMEM;
	loop->heap = heap;
	loop->heap_size = size;
	return 0;
}

int s5_timer_set(struct s5_loop *loop, struct s5_timer *t, int64_t at)
{
	s5_timer_stop(loop, t);
	if (loop->ntimers == loop->heap_size && heap_grow(loop) < 0)
		return -ENOMEM;
	t->at = at;
	sift_up(loop, t, ++loop->ntimers);
	return 0;
}

void s5_timer_stop(struct s5_loop *loop, struct s5_timer *t)
{
	struct s5_timer *last;
	size_t slot = t->slot;

	if (!slot)
		return;
	t->slot = 0;
	last = loop->heap[--loop->ntimers];
	if (last == t)
		return;
	if (slot > 1 && loop->heap[slot / 2 - 1]->at > last->at)
		sift_up(loop, last, slot);
	else
		sift_down(loop, last, slot);
}

static void run_timers(struct s5_loop *loop)
{
	while (loop->ntimers && loop->heap[0]->at <= loop->now) {
		struct s5_timer *t = loop->heap[0];

		s5_timer_stop(loop, t);
		t->fire(t);
	}
}

/* watches */

int s5_loop_watch(struct s5_loop *loop, struct s5_watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	return epoll_ctl(loop->epfd, EPOLL_CTL_ADD, w->fd, &ev) < 0 ? -errno : 0;
}

int s5_loop_rewatch(struct s5_loop *loop, struct s5_watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	return epoll_ctl(loop->epfd, EPOLL_CTL_MOD, w->fd, &ev) < 0 ? -errno : 0;
}

void s5_loop_forget(struct s5_loop *loop, struct s5_watch *w)
{
	for (int i = loop->current; i < loop->nevents; i++)
		if (loop->events[i].data.ptr == w)
			loop->events[i].data.ptr = NULL;
}

void s5_loop_unwatch(struct s5_loop *loop, struct s5_watch *w)
{
	epoll_ctl(loop->epfd, EPOLL_CTL_DEL, w->fd, NULL);
	s5_loop_forget(loop, w);
}

/* the loop */

int s5_loop_init(struct s5_loop *loop)
{
	int rc;

	memset(loop, 0, sizeof *loop);
	list_init(&loop->later);
	list_init(&loop->posted);
	pthread_mutex_init(&loop->lock, NULL);
	loop->now = s5_clock_ms();
	loop->wake.ready = wake_ready;
	loop->epfd = epoll_create1(EPOLL_CLOEXEC);
	loop->wake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = loop->epfd < 0 || loop->wake.fd < 0 ? -errno
						 : s5_loop_watch(loop, &loop->wake, EPOLLIN);
	if (rc < 0)
		s5_loop_fini(loop);
	return rc;
}

void s5_loop_fini(struct s5_loop *loop)
{
	if (loop->epfd >= 0)
		close(loop->epfd);
	if (loop->wake.fd >= 0)
		close(loop->wake.fd);
	pthread_mutex_destroy(&loop->lock);
	free(loop->heap);
}

static int wait_ms(const struct s5_loop *loop)
{
	int64_t left;

	if (loop->later.first)
		return 0;
	if (!loop->ntimers)
		return -1;
	left = loop->heap[0]->at - s5_clock_ms();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

void s5_loop_turn(struct s5_loop *loop)
{
	int n = epoll_wait(loop->epfd, loop->events, S5_LOOP_BATCH, wait_ms(loop));

	loop->now = s5_clock_ms();
	loop->nevents = n < 0 ? 0 : n;
	for (loop->current = 0; loop->current < loop->nevents;) {
		struct epoll_event *ev = &loop->events[loop->current++];
		struct s5_watch *w = ev->data.ptr;

		if (w)
			w->ready(w, ev->events);
	}
	loop->nevents = loop->current = 0;
	run_timers(loop);
	run_later(loop);
}

void s5_loop_run(struct s5_loop *loop)
{
	while (!__atomic_load_n(&loop->stopped, __ATOMIC_ACQUIRE))
		s5_loop_turn(loop);
}

void s5_loop_stop(struct s5_loop *loop)
{
	static const uint64_t one = 1;

	__atomic_store_n(&loop->stopped, true, __ATOMIC_RELEASE);
	while (write(loop->wake.fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

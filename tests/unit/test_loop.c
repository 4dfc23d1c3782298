#include "turns.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static struct s5_loop loop;

static int set_up(void **state)
{
	(void)state;
	return s5_loop_init(&loop);
}

static int tear_down(void **state)
{
	(void)state;
	s5_loop_fini(&loop);
	return 0;
}

/* timers */

struct alarm {
	struct s5_timer timer;
	int64_t fired_at; /* loop.now; 0: not yet */
	unsigned order, again;
};

static unsigned fired;

static void alarm_fire(struct s5_timer *t)
{
	struct alarm *a = S5_OUTER(t, struct alarm, timer);

	a->fired_at = loop.now;
	a->order = ++fired;
	if (a->again && a->again--)
		s5_timer_set(&loop, t, loop.now + 5);
}

static void alarm_init(struct alarm *a)
{
	*a = (struct alarm){ .timer = { .fire = alarm_fire } };
}

TEST(timers_fire_in_order_and_never_early)
{
	struct alarm alarms[200];
	int64_t base = s5_clock_ms();

	srand(5);
	fired = 0;
	for (size_t i = 0; i < LENGTH(alarms); i++) {
		alarm_init(&alarms[i]);
		assert_int_equal(s5_timer_set(&loop, &alarms[i].timer, base + rand() % 60), 0);
	}
	TURN_UNTIL(&loop, fired == LENGTH(alarms));
	for (size_t i = 0; i < LENGTH(alarms); i++) {
		assert_true(alarms[i].fired_at >= alarms[i].timer.at);
		assert_int_equal(alarms[i].timer.slot, 0);
		for (size_t k = 0; k < LENGTH(alarms); k++)
			if (alarms[k].timer.at < alarms[i].timer.at)
				assert_true(alarms[k].order < alarms[i].order);
	}
}

TEST(timers_moved_and_stopped_keep_the_heap)
{
	static struct alarm alarms[500];
	int64_t base = s5_clock_ms();
	unsigned left = 0;

	fired = 0;
	srand(7);
	for (size_t i = 0; i < LENGTH(alarms); i++) {
		alarm_init(&alarms[i]);
		s5_timer_set(&loop, &alarms[i].timer, base + 10000 + rand() % 1000);
	}
	for (int i = 0; i < 5000; i++) {
		struct alarm *a = &alarms[(size_t)rand() % LENGTH(alarms)];

		if (rand() % 3)
			s5_timer_set(&loop, &a->timer, base + rand() % 30);
		else
			s5_timer_stop(&loop, &a->timer);
	}
	for (size_t i = 0; i < LENGTH(alarms); i++)
		left += alarms[i].timer.slot && alarms[i].timer.at < base + 5000;
	TURN_UNTIL(&loop, fired == left);
	for (size_t i = 0; i < LENGTH(alarms); i++)
		s5_timer_stop(&loop, &alarms[i].timer);
	assert_int_equal(loop.ntimers, 0);
	turn_for(&loop, 5);
	assert_int_equal(fired, left);
}

TEST(a_timer_of_the_past_fires_on_the_next_turn_and_may_set_itself_again)
{
	struct alarm a;

	alarm_init(&a);
	a.again = 3;
	fired = 0;
	s5_timer_set(&loop, &a.timer, 1);
	s5_loop_turn(&loop);
	assert_int_equal(fired, 1);
	TURN_UNTIL(&loop, fired == 4);
	assert_int_equal(a.timer.slot, 0);
}

static struct alarm victim;

static void kill_fire(struct s5_timer *t)
{
	(void)t;
	s5_timer_stop(&loop, &victim.timer);
	fired++;
}

TEST(a_timer_may_stop_another_that_is_due)
{
	struct s5_timer killer = { .fire = kill_fire };

	fired = 0;
	alarm_init(&victim);
	s5_timer_set(&loop, &victim.timer, 2);
	s5_timer_set(&loop, &killer, 1);
	turn_for(&loop, 5);
	assert_int_equal(fired, 1);
	assert_int_equal(victim.fired_at, 0);
}

/* tasks */

struct chore {
	struct s5_task task;
	unsigned runs, again;
};

static void chore_run(struct s5_task *t)
{
	struct chore *c = S5_OUTER(t, struct chore, task);

	c->runs++;
	if (c->again && c->again--)
		s5_loop_later(&loop, t);
}

TEST(a_task_runs_once_however_often_it_was_asked_for)
{
	struct chore c = { .task = { .run = chore_run } };

	s5_loop_later(&loop, &c.task);
	s5_loop_later(&loop, &c.task);
	s5_loop_turn(&loop);
	assert_int_equal(c.runs, 1);
	s5_loop_later(&loop, &c.task);
	s5_loop_turn(&loop);
	assert_int_equal(c.runs, 2);
}

TEST(a_task_that_comes_again_comes_on_the_next_turn)
{
	struct chore c = { .task = { .run = chore_run }, .again = 2 };

	s5_loop_later(&loop, &c.task);
	for (unsigned i = 1; i <= 3; i++) {
		s5_loop_turn(&loop);
		assert_int_equal(c.runs, i);
	}
	assert_false(c.task.queued);
}

TEST(a_task_taken_back_does_not_run_and_its_neighbours_do)
{
	struct chore c[4] = { 0 };

	for (size_t gone = 0; gone < LENGTH(c); gone++) {
		for (size_t i = 0; i < LENGTH(c); i++) {
			c[i] = (struct chore){ .task = { .run = chore_run } };
			s5_loop_later(&loop, &c[i].task);
		}
		s5_loop_not_later(&loop, &c[gone].task);
		s5_loop_not_later(&loop, &c[gone].task);
		s5_loop_turn(&loop);
		for (size_t i = 0; i < LENGTH(c); i++)
			assert_int_equal(c[i].runs, i != gone);
	}
}

/* other threads */

static struct chore posted[300];

static void *post_all(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < LENGTH(posted); i++)
		s5_loop_post(&loop, &posted[i].task);
	return NULL;
}

static bool all_posted(void)
{
	for (size_t i = 0; i < LENGTH(posted); i++)
		if (posted[i].runs != 1)
			return false;
	return true;
}

TEST(tasks_posted_by_another_thread_all_run_here)
{
	pthread_t thread;

	for (size_t i = 0; i < LENGTH(posted); i++)
		posted[i] = (struct chore){ .task = { .run = chore_run } };
	assert_int_equal(pthread_create(&thread, NULL, post_all, NULL), 0);
	TURN_UNTIL(&loop, all_posted());
	pthread_join(thread, NULL);
}

static void *stop_soon(void *arg)
{
	(void)arg;
	usleep(20000);
	s5_loop_stop(&loop);
	return NULL;
}

TEST(a_loop_that_waits_is_stopped_by_another_thread)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, stop_soon, NULL), 0);
	s5_loop_run(&loop);
	pthread_join(thread, NULL);
}

/* watches */

struct ear {
	struct s5_watch watch;
	struct ear *other; /* to stop when this one hears; NULL: none */
	unsigned heard;
	uint32_t events;
};

static void ear_ready(struct s5_watch *w, uint32_t events)
{
	struct ear *e = S5_OUTER(w, struct ear, watch);

	e->heard++;
	e->events = events;
	if (e->other)
		s5_loop_unwatch(&loop, &e->other->watch);
}

static void ear_on(struct ear *e, int fd, uint32_t events)
{
	*e = (struct ear){ .watch = { .fd = fd, .ready = ear_ready } };
	assert_int_equal(s5_loop_watch(&loop, &e->watch, events), 0);
}

TEST(a_watch_taken_off_hears_nothing_even_of_this_turn)
{
	struct ear ears[2];
	int a[2], b[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	ear_on(&ears[0], a[0], EPOLLIN);
	ear_on(&ears[1], b[0], EPOLLIN);
	ears[0].other = &ears[1];
	ears[1].other = &ears[0];
	assert_int_equal(write(a[1], "x", 1), 1);
	assert_int_equal(write(b[1], "x", 1), 1);
	s5_loop_turn(&loop);
	assert_int_equal(ears[0].heard + ears[1].heard, 1);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}

TEST(a_rewatch_tells_again_what_is_ready_also_edge_triggered)
{
	struct ear first, second;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ear_on(&first, fds[0], EPOLLIN | EPOLLET);
	assert_int_equal(write(fds[1], "x", 1), 1);
	s5_loop_turn(&loop);
	turn_for(&loop, 5);
	assert_int_equal(first.heard, 1);
	second = (struct ear){ .watch = first.watch };
	assert_int_equal(s5_loop_rewatch(&loop, &second.watch, EPOLLIN | EPOLLET), 0);
	s5_loop_turn(&loop);
	assert_int_equal(first.heard, 1);
	assert_int_equal(second.heard, 1);
	assert_true(second.events & EPOLLIN);
	close(fds[0]);
	close(fds[1]);
}

TEST(what_cannot_be_watched_is_said)
{
	struct s5_watch none = { .fd = -1, .ready = ear_ready };

	assert_int_equal(s5_loop_watch(&loop, &none, EPOLLIN), -EBADF);
	assert_int_equal(s5_loop_rewatch(&loop, &none, EPOLLIN), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(timers_fire_in_order_and_never_early, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(timers_moved_and_stopped_keep_the_heap, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_timer_of_the_past_fires_on_the_next_turn_and_may_set_itself_again, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(a_timer_may_stop_another_that_is_due, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_task_runs_once_however_often_it_was_asked_for,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_task_that_comes_again_comes_on_the_next_turn,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_task_taken_back_does_not_run_and_its_neighbours_do, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tasks_posted_by_another_thread_all_run_here, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_loop_that_waits_is_stopped_by_another_thread,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_watch_taken_off_hears_nothing_even_of_this_turn,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_rewatch_tells_again_what_is_ready_also_edge_triggered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_watched_is_said, set_up, tear_down),
	};

	return RUN(tests);
}

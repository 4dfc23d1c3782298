#include "turns.h"

#include <errno.h>
#include <semaphore.h>

#include "net/work.h"

#define LIMIT 8
#define SHARE (LIMIT / S5_WORK_SHARES)

static struct s5_loop loop;
static struct s5_work work;
static sem_t begun, go_on;
static struct s5_job held, jobs[LIMIT + 1];
static unsigned run, done;

static void count_run(struct s5_job *job)
{
	(void)job;
	__atomic_add_fetch(&run, 1, __ATOMIC_RELAXED);
}

static void count_done(struct s5_job *job)
{
	(void)job;
	done++;
}

static void hold(struct s5_job *job)
{
	(void)job;
	sem_post(&begun);
	sem_wait(&go_on);
}

static int submit(struct s5_job *job, uint64_t source)
{
	*job = (struct s5_job){
		.loop = &loop, .source = source, .run = count_run, .done = count_done
	};
	return s5_work_submit(&work, job);
}

/* The only thread is kept busy until let_go. */
static int set_up(void **state)
{
	(void)state;
	run = done = 0;
	sem_init(&begun, 0, 0);
	sem_init(&go_on, 0, 0);
	assert_int_equal(s5_loop_init(&loop), 0);
	assert_int_equal(s5_work_init(&work, 1, LIMIT), 0);
	held = (struct s5_job){ .loop = &loop, .run = hold, .done = count_done };
	assert_int_equal(s5_work_submit(&work, &held), 0);
	sem_wait(&begun);
	return 0;
}

static void let_go(unsigned jobs_left)
{
	sem_post(&go_on);
	TURN_UNTIL(&loop, done == 1 + jobs_left);
	assert_int_equal(__atomic_load_n(&run, __ATOMIC_RELAXED), jobs_left);
}

static int tear_down(void **state)
{
	(void)state;
	sem_post(&go_on);
	s5_work_fini(&work);
	s5_loop_fini(&loop);
	sem_destroy(&begun);
	sem_destroy(&go_on);
	return 0;
}

TEST(a_full_queue_refuses)
{
	for (unsigned i = 0; i < LIMIT; i++)
		assert_int_equal(submit(&jobs[i], 0), 0);
	assert_int_equal(submit(&jobs[LIMIT], 0), -EAGAIN);
	let_go(LIMIT);
	assert_int_equal(submit(&jobs[LIMIT], 0), 0);
	TURN_UNTIL(&loop, done == LIMIT + 2);
}

TEST(one_source_has_its_share_of_the_queue_and_no_more)
{
	for (unsigned i = 0; i < SHARE; i++)
		assert_int_equal(submit(&jobs[i], 7), 0);
	assert_int_equal(submit(&jobs[LIMIT], 7), -EAGAIN);
	for (unsigned i = SHARE; i < LIMIT; i++)
		assert_int_equal(submit(&jobs[i], i < 2 * SHARE ? 8 : 0), 0);
	let_go(LIMIT);
	assert_int_equal(submit(&jobs[LIMIT], 7), 0);
	TURN_UNTIL(&loop, done == LIMIT + 2);
}

TEST(a_job_taken_back_is_not_run_and_leaves_its_place)
{
	for (unsigned i = 0; i < LIMIT; i++)
		assert_int_equal(submit(&jobs[i], 0), 0);
	assert_true(s5_work_cancel(&work, &jobs[0]));
	assert_true(s5_work_cancel(&work, &jobs[LIMIT - 1]));
	assert_false(s5_work_cancel(&work, &jobs[0]));
	memset(&jobs[0], 0xa5, sizeof jobs[0]);
	assert_int_equal(submit(&jobs[LIMIT], 0), 0);
	let_go(LIMIT - 1);
}

TEST(a_job_in_hand_cannot_be_taken_back)
{
	assert_false(s5_work_cancel(&work, &held));
	let_go(0);
	assert_false(s5_work_cancel(&work, &held));
}

#define WORK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORK(a_full_queue_refuses),
		WORK(one_source_has_its_share_of_the_queue_and_no_more),
		WORK(a_job_taken_back_is_not_run_and_leaves_its_place),
		WORK(a_job_in_hand_cannot_be_taken_back),
	};

	return RUN(tests);
}

/* net/gss_job: a step that nobody takes away is told once; who goes away keeps the context or leaves it. */
#include "turns.h"

#include <errno.h>
#include <semaphore.h>

#include "net/gss_job.h"

#define LIMIT 2

static struct s5_loop loop;
static struct s5_work work;
static struct s5_gss_job *job;
static struct s5_gss *gss;
static sem_t begun, go_on;
static struct s5_job held;
static unsigned told, over;

static void hold(struct s5_job *j)
{
	(void)j;
	sem_post(&begun);
	sem_wait(&go_on);
}

static void count(struct s5_job *j)
{
	(void)j;
	over++;
}

static void tell(void *arg)
{
	assert_ptr_equal(arg, &told);
	assert_null(job);
	told++;
}

/* The only thread is kept busy until go_on. There is no ticket: a step fails without asking anybody. */
static int set_up(void **state)
{
	const struct s5_gss_config config = { .target = "rcmd@nowhere.example",
					      .level = S5_LEVEL_INTEGRITY };

	(void)state;
	setenv("KRB5CCNAME", "FILE:/nonexistent/ticket", 1);
	setenv("KRB5_CONFIG", "/dev/null", 1);
	told = over = 0;
	sem_init(&begun, 0, 0);
	sem_init(&go_on, 0, 0);
	assert_int_equal(s5_loop_init(&loop), 0);
	assert_int_equal(s5_work_init(&work, 1, LIMIT), 0);
	gss = s5_gss_new(&config, false, true);
	assert_non_null(gss);
	held = (struct s5_job){ .loop = &loop, .run = hold, .done = count };
	assert_int_equal(s5_work_submit(&work, &held), 0);
	sem_wait(&begun);
	return 0;
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

static void begin(void)
{
	assert_int_equal(s5_gss_job_begin(&job, gss, &work, &loop, tell, &told), 0);
	assert_non_null(job);
}

TEST(it_is_told_once_on_the_loop)
{
	begin();
	assert_int_equal(told, 0);
	sem_post(&go_on);
	TURN_UNTIL(&loop, told == 1);
	assert_null(job);
	assert_int_equal(gss->state, S5_GSS_FAILED);
	assert_false(s5_gss_job_abandon(&job));
	s5_gss_free(gss);
}

TEST(before_a_thread_has_it_the_context_stays_with_who_goes)
{
	begin();
	assert_false(s5_gss_job_abandon(&job));
	assert_null(job);
	s5_gss_free(gss);
	assert_int_equal(told, 0);
}

/* The thread has taken the step, and the loop was not told yet: the context is the thread's, which frees it. */
TEST(once_a_thread_has_it_the_context_is_its_own)
{
	struct s5_job last = { .loop = &loop, .run = hold, .done = count };

	begin();
	assert_int_equal(s5_work_submit(&work, &last), 0);
	sem_post(&go_on);
	sem_wait(&begun); /* the job behind it has begun: the step is taken */
	assert_true(s5_gss_job_abandon(&job));
	assert_null(job);
	sem_post(&go_on);
	TURN_UNTIL(&loop, over == 2);
	assert_int_equal(told, 0);
}

TEST(a_full_queue_leaves_the_context)
{
	struct s5_job others[LIMIT];

	for (int i = 0; i < LIMIT; i++) {
		others[i] = (struct s5_job){ .loop = &loop, .run = count, .done = count };
		assert_int_equal(s5_work_submit(&work, &others[i]), 0);
	}
	assert_int_equal(s5_gss_job_begin(&job, gss, &work, &loop, tell, &told), -EAGAIN);
	assert_null(job);
	for (int i = 0; i < LIMIT; i++)
		assert_true(s5_work_cancel(&work, &others[i]));
	s5_gss_free(gss);
}

#define JOB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		JOB(it_is_told_once_on_the_loop),
		JOB(before_a_thread_has_it_the_context_stays_with_who_goes),
		JOB(once_a_thread_has_it_the_context_is_its_own),
		JOB(a_full_queue_leaves_the_context),
	};

	return RUN(tests);
}

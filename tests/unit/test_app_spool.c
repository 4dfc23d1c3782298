#include "testlib.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "spool.h"

#define MANY 200000 /* lines: more than the pipe and the spool hold */

static size_t lost(char line[static SPOOL_LOST], uint64_t count)
{
	return (size_t)snprintf(line, SPOOL_LOST, "lost %" PRIu64 "\n", count);
}

static void wrote(void *arg, int rc)
{
	int *last = arg;

	__atomic_store_n(last, rc, __ATOMIC_RELAXED);
}

static struct spool *make(int fd, int *last)
{
	struct spool_use use = {
		.fd = fd, .lost = lost, .wrote = last ? wrote : NULL, .arg = last
	};
	struct spool *spool = spool_new(&use);

	assert_non_null(spool);
	return spool;
}

static void add(struct spool *spool, int number)
{
	char line[32];
	int len = snprintf(line, sizeof line, "line %d\n", number);

	spool_add(spool, line, (size_t)len);
}

TEST(a_few_lines_arrive_in_order_before_the_end)
{
	char got[64] = "";
	int ends[2], last = 1;
	struct spool *spool;

	assert_int_equal(pipe(ends), 0);
	spool = make(ends[1], &last);
	for (int i = 0; i < 3; i++)
		add(spool, i);
	spool_free(spool);
	assert_int_equal(last, 0);
	assert_true(read(ends[0], got, sizeof got - 1) > 0);
	assert_string_equal(got, "line 0\nline 1\nline 2\n");
	close(ends[0]);
	close(ends[1]);
}

/* Reads to the end: numbers come in order, and each gap is as long as was told. */
static int read_all(int fd)
{
	FILE *file = fdopen(fd, "r");
	char line[64], word[16];
	int next = 0, gaps = 0, number;

	while (next < MANY && fgets(line, sizeof line, file)) {
		assert_int_equal(sscanf(line, "%15s %d", word, &number), 2);
		if (strcmp(word, "lost") == 0) {
			next += number;
			gaps++;
		} else {
			assert_int_equal(number, next++);
		}
	}
	assert_int_equal(next, MANY);
	fclose(file);
	return gaps;
}

/* flags: others may have made the descriptor non-blocking. */
static void nobody_reads_then_somebody(int flags)
{
	int ends[2];
	struct spool *spool;

	assert_int_equal(pipe2(ends, flags), 0);
	fcntl(ends[0], F_SETFL, 0);
	spool = make(ends[1], NULL);
	for (int i = 0; i < MANY; i++)
		add(spool, i);
	assert_int_equal(read_all(ends[0]), 1);
	spool_free(spool);
	close(ends[1]);
}

TEST(nobody_reads_lines_are_dropped_counted_and_that_is_told)
{
	nobody_reads_then_somebody(0);
}

TEST(nobody_reads_a_descriptor_that_does_not_block)
{
	nobody_reads_then_somebody(O_NONBLOCK);
}

TEST(nobody_ever_reads_and_it_ends)
{
	int ends[2];
	struct spool *spool;

	assert_int_equal(pipe(ends), 0);
	spool = make(ends[1], NULL);
	for (int i = 0; i < MANY; i++)
		add(spool, i);
	spool_free(spool);
	close(ends[0]);
	close(ends[1]);
}

TEST(a_reader_that_left_is_told)
{
	int ends[2], last = 1;
	struct spool *spool;

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	spool = make(ends[1], &last);
	add(spool, 0);
	spool_free(spool);
	assert_int_equal(last, -EPIPE);
	close(ends[1]);
}

TEST(only_a_regular_file_needs_none)
{
	char path[] = "/tmp/s5-spool-XXXXXX";
	int ends[2], fd = mkstemp(path);

	assert_int_equal(pipe(ends), 0);
	assert_false(spool_is_needed(fd));
	assert_true(spool_is_needed(ends[1]));
	unlink(path);
	close(fd);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_few_lines_arrive_in_order_before_the_end),
		cmocka_unit_test(nobody_reads_lines_are_dropped_counted_and_that_is_told),
		cmocka_unit_test(nobody_reads_a_descriptor_that_does_not_block),
		cmocka_unit_test(nobody_ever_reads_and_it_ends),
		cmocka_unit_test(a_reader_that_left_is_told),
		cmocka_unit_test(only_a_regular_file_needs_none),
	};

	return RUN(tests);
}

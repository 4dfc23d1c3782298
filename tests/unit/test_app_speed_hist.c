/* apps/speed_hist: percentiles of what is known, and the rows of a drawing. */
#include "speed_hist.h"
#include "testlib.h"

static struct speed_hist h;

static void near(uint64_t got, uint64_t want)
{
	uint64_t off = got > want ? got - want : want - got;

	if (off * 100 > want * 4)
		fail_msg("%llu is not near %llu", (unsigned long long)got,
			 (unsigned long long)want);
}

static int empty(void **state)
{
	(void)state;
	h = (struct speed_hist){ .count = 0 };
	return 0;
}

TEST(none)
{
	struct speed_hist_row rows[4];

	assert_int_equal(speed_hist_at(&h, 0.5), 0);
	assert_int_equal(speed_hist_rows(&h, rows, 4), 0);
}

TEST(one)
{
	speed_hist_add(&h, 12345);
	for (double share = 0; share <= 1; share += 0.25)
		assert_int_equal(speed_hist_at(&h, share), 12345);
}

TEST(small_values_are_exact)
{
	for (uint64_t ns = 0; ns < 64; ns++)
		speed_hist_add(&h, ns);
	assert_int_equal(h.least, 0);
	assert_int_equal(h.most, 63);
	assert_int_equal(speed_hist_at(&h, 0.5), 31);
	assert_int_equal(speed_hist_at(&h, 1), 63);
}

TEST(percentiles_of_a_thousand)
{
	for (uint64_t i = 1; i <= 1000; i++)
		speed_hist_add(&h, i * 1000);
	near(speed_hist_at(&h, 0.5), 500000);
	near(speed_hist_at(&h, 0.9), 900000);
	near(speed_hist_at(&h, 0.99), 990000);
	near(speed_hist_at(&h, 0.999), 999000);
	assert_int_equal(speed_hist_at(&h, 1), 1000000);
	assert_int_equal(h.sum, 500500000);
}

TEST(one_slow_among_many)
{
	for (int i = 0; i < 999; i++)
		speed_hist_add(&h, 20000);
	speed_hist_add(&h, 5000000000);
	near(speed_hist_at(&h, 0.99), 20000);
	near(speed_hist_at(&h, 0.999), 20000);
	assert_int_equal(speed_hist_at(&h, 1), 5000000000);
}

/* Each power of two, what is below and above it, up to what no bucket is for. */
TEST(every_size)
{
	for (int bit = 1; bit < 64; bit++)
		for (int off = -1; off <= 1; off++) {
			uint64_t ns = ((uint64_t)1 << bit) + (uint64_t)(int64_t)off;

			h = (struct speed_hist){ .count = 0 };
			speed_hist_add(&h, 0);
			speed_hist_add(&h, ns);
			speed_hist_add(&h, UINT64_MAX);
			if (bit < SPEED_HIST_TOP)
				near(speed_hist_at(&h, 0.5), ns);
			assert_int_equal(speed_hist_at(&h, 1), UINT64_MAX);
		}
}

TEST(rows_have_all_of_it_side_by_side)
{
	struct speed_hist_row rows[8];
	uint64_t sum = 0;
	size_t n;

	for (uint64_t i = 1; i < 100000; i++)
		speed_hist_add(&h, i * i);
	n = speed_hist_rows(&h, rows, LENGTH(rows));
	assert_in_range(n, 2, LENGTH(rows));
	for (size_t i = 0; i < n; i++) {
		assert_true(rows[i].low < rows[i].high);
		if (i)
			assert_int_equal(rows[i].low, rows[i - 1].high);
		sum += rows[i].count;
	}
	assert_int_equal(sum, h.count);
}

TEST(a_drawing_fits_its_width)
{
	char text[4000] = "", *line = text;
	FILE *to = fmemopen(text, sizeof text, "w");

	for (uint64_t i = 1; i < 5000; i++)
		speed_hist_add(&h, i * 700);
	speed_hist_draw(&h, to, 60);
	fclose(to);
	assert_non_null(strchr(text, '#'));
	for (char *end; (end = strchr(line, '\n')); line = end + 1)
		assert_true(end - line <= 60);
	assert_int_equal(*line, 0);
}

TEST(a_drawing_shows_what_is_rare)
{
	char text[4000] = "", *row, *end;
	FILE *to = fmemopen(text, sizeof text, "w");

	for (int i = 0; i < 1002; i++)
		speed_hist_add(&h, i < 1000 ? 1000 : 50000000);
	speed_hist_draw(&h, to, 80);
	fclose(to);
	assert_null(strstr(text, " \n"));
	end = text + strlen(text) - 1;
	assert_int_equal(*end, '\n');
	*end = 0;
	row = strrchr(text, '\n');
	assert_non_null(row);
	if (!strstr(row, "0.2 %  #"))
		fail_msg("%s", text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(none, empty),
		cmocka_unit_test_setup(one, empty),
		cmocka_unit_test_setup(small_values_are_exact, empty),
		cmocka_unit_test_setup(percentiles_of_a_thousand, empty),
		cmocka_unit_test_setup(one_slow_among_many, empty),
		cmocka_unit_test_setup(every_size, empty),
		cmocka_unit_test_setup(rows_have_all_of_it_side_by_side, empty),
		cmocka_unit_test_setup(a_drawing_fits_its_width, empty),
		cmocka_unit_test_setup(a_drawing_shows_what_is_rare, empty),
	};

	return RUN(tests);
}

#include "testlib.h"

#include "base/buf.h"

TEST(octets_come_out_as_they_went_in)
{
	uint8_t mem[8];
	struct s5_buf b;

	s5_buf_init(&b, mem, sizeof mem);
	assert_int_equal(b.len, 0);
	assert_int_equal(s5_buf_push(&b, "abc", 3), 3);
	assert_int_equal(s5_buf_push(&b, "de", 2), 2);
	s5_buf_pop(&b, 2);
	assert_int_equal(b.len, 3);
	assert_memory_equal(s5_buf_head(&b), "cde", 3);
}

TEST(takes_only_what_fits)
{
	uint8_t mem[4];
	struct s5_buf b;

	s5_buf_init(&b, mem, sizeof mem);
	assert_int_equal(s5_buf_push(&b, "abcdef", 6), 4);
	assert_int_equal(s5_buf_push(&b, "x", 1), 0);
	s5_buf_pop(&b, 1);
	assert_int_equal(s5_buf_push(&b, "xy", 2), 1);
	assert_memory_equal(s5_buf_head(&b), "bcdx", 4);
}

TEST(popping_more_than_there_is_empties_it)
{
	uint8_t mem[4];
	struct s5_buf b;

	s5_buf_init(&b, mem, sizeof mem);
	s5_buf_push(&b, "abc", 3);
	s5_buf_pop(&b, 99);
	assert_int_equal(b.len, 0);
	assert_int_equal(s5_buf_push(&b, "abcd", 4), 4);
}

TEST(popped_octets_are_wiped)
{
	uint8_t mem[8] = { 0 };
	struct s5_buf b;

	s5_buf_init(&b, mem, sizeof mem);
	s5_buf_push(&b, "abSECRET", 8);
	s5_buf_pop(&b, 8);
	assert_octets(mem, 8, "0000000000000000");
}

/* The queue moves what it holds to the front of its memory: no second copy may stay behind. */
TEST(moved_octets_leave_no_copy)
{
	uint8_t mem[8] = { 0 };
	struct s5_buf b;

	s5_buf_init(&b, mem, sizeof mem);
	s5_buf_push(&b, "......pw", 8);
	s5_buf_pop(&b, 6);
	assert_int_equal(s5_buf_push(&b, "x", 1), 1);
	assert_memory_equal(s5_buf_head(&b), "pwx", 3);
	s5_buf_pop(&b, 3);
	assert_octets(mem, 8, "0000000000000000");
}

/* Pushes and pops of all sizes against a plain array that is shifted by hand. */
TEST(behaves_as_a_queue_whatever_the_sizes)
{
	uint8_t mem[13] = { 0 }, model[13], next = 0, octets[20];
	size_t len = 0, n, took;
	struct s5_buf b;

	s5_buf_init(&b, mem, sizeof mem);
	for (unsigned i = 0; i < 20000; i++) {
		n = (i * 7 + i / 13) % 20;
		for (size_t k = 0; k < n; k++)
			octets[k] = (uint8_t)(next + k);
		took = s5_buf_push(&b, octets, n);
		assert_int_equal(took, n < sizeof mem - len ? n : sizeof mem - len);
		memcpy(model + len, octets, took);
		len += took;
		next = (uint8_t)(next + took);
		assert_int_equal(b.len, len);
		assert_memory_equal(s5_buf_head(&b), model, len);
		n = (i * 5 + i / 11) % 14;
		n = n < len ? n : len;
		s5_buf_pop(&b, n);
		memmove(model, model + n, len - n);
		len -= n;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_come_out_as_they_went_in),
		cmocka_unit_test(takes_only_what_fits),
		cmocka_unit_test(popping_more_than_there_is_empties_it),
		cmocka_unit_test(popped_octets_are_wiped),
		cmocka_unit_test(moved_octets_leave_no_copy),
		cmocka_unit_test(behaves_as_a_queue_whatever_the_sizes),
	};

	return RUN(tests);
}

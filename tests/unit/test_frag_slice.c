#include "testlib.h"

#include "fragside.h"

TEST(R1928_F_8_nothing_is_cut_on_its_own)
{
	struct s5_slice whole;

	for (size_t len = 0; len <= S5_UDP_PAYLOAD_MAX; len += len < 3000 ? 1 : 997) {
		assert_int_equal(s5_frag_count(len, 0), 1);
		assert_int_equal(s5_frag_count(len, len), 1);
		assert_int_equal(s5_frag_count(len, SIZE_MAX), 1);
		whole = s5_frag_slice(len, len % 2 ? len : 0, 0);
		assert_int_equal(whole.frag, 0);
		assert_int_equal(whole.off, 0);
		assert_int_equal(whole.len, len);
	}
}

TEST(what_is_cut_comes_in_pieces_of_the_size_at_most_127)
{
	struct s5_slice last;

	assert_int_equal(s5_frag_count(127, 1), 127);
	assert_int_equal(s5_frag_count(128, 1), 0);
	assert_int_equal(s5_frag_count(1270, 10), 127);
	assert_int_equal(s5_frag_count(1271, 10), 0);
	assert_int_equal(s5_frag_count(SIZE_MAX, 1), 0);
	last = s5_frag_slice(11, 5, 2);
	assert_int_equal(last.frag, 0x83);
	assert_int_equal(last.off, 10);
	assert_int_equal(last.len, 1);
	assert_int_equal(s5_frag_slice(127, 1, 126).frag, 0xff);
	assert_int_equal(s5_frag_slice(10, 5, 0).frag, 0x01);
	assert_int_equal(s5_frag_slice(10, 5, 1).frag, 0x82);
}

/* Cuts len octets and puts them together again. */
static void cut_and_join(const uint8_t *octets, size_t len, size_t size)
{
	struct s5_addr to = s5_addr_ip4((const uint8_t[4]){ 127, 0, 0, 1 }, 18001);
	unsigned count = s5_frag_count(len, size);
	struct fragside s;

	fragside_init(&s, NULL);
	for (unsigned i = 0; i < count; i++) {
		struct s5_slice piece = s5_frag_slice(len, size, i);

		assert_in_range(piece.len, len ? 1 : 0, size);
		assert_in_range(piece.off, 0, len - piece.len);
		assert_int_equal(fragside_add(&s, piece.frag, &to, octets + piece.off, piece.len),
				 i + 1 < count ? S5_FRAG_KEPT : S5_FRAG_WHOLE);
	}
	assert_int_equal(s.d.len, len);
	assert_memory_equal(s.d.data, octets, len);
	fragside_fini(&s);
}

TEST(R1928_F_2_what_was_cut_is_put_together_again)
{
	static uint8_t octets[S5_UDP_PAYLOAD_MAX];

	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)(i * 7 + i / 251);
	for (size_t len = 1; len <= 127; len++)
		for (size_t size = 1; size <= len + 1; size++)
			cut_and_join(octets, len, size);
	for (size_t size = 516; size < 70000; size += size / 9)
		cut_and_join(octets, sizeof octets, size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R1928_F_8_nothing_is_cut_on_its_own),
		cmocka_unit_test(what_is_cut_comes_in_pieces_of_the_size_at_most_127),
		cmocka_unit_test(R1928_F_2_what_was_cut_is_put_together_again),
	};

	return RUN(tests);
}

#include "testlib.h"

#include "fragside.h"
#include "heap.h"

/* What a queue costs beside its octets. */
#define OVERHEAD 320

static enum s5_frag_result fill(struct fragside *s, uint8_t frag, size_t len)
{
	enum s5_frag_result result = fragside_fill(s, frag, 'x', len);

	assert_int_equal(s->own.used, heap.held);
	assert_true(s->own.used <= s->own.limit);
	return result;
}

TEST(what_is_held_is_counted_and_grows_with_what_came)
{
	struct fragside s;

	fragside_init(&s, NULL);
	for (unsigned i = 1; i < 127; i++) {
		assert_int_equal(fill(&s, (uint8_t)i, 10), S5_FRAG_KEPT);
		assert_in_range(heap.held, i * 10, OVERHEAD + 2 * i * 10);
	}
	assert_int_equal(fill(&s, 0xff, 10), S5_FRAG_WHOLE);
	assert_true(heap.held <= OVERHEAD + 2 * 1270);
	fragside_fini(&s);
	assert_int_equal(heap.held, 0);
}

TEST(never_more_is_held_than_the_largest_payload)
{
	struct fragside s;

	fragside_init(&s, NULL);
	for (unsigned i = 1; i < 127; i++) {
		assert_int_equal(fill(&s, (uint8_t)i, 515), S5_FRAG_KEPT);
		assert_true(heap.held <= OVERHEAD + S5_UDP_PAYLOAD_MAX);
	}
	fragside_fini(&s);
	assert_int_equal(heap.held, 0);
}

TEST(many_small_fragments_are_few_allocations)
{
	struct fragside s;
	unsigned before = heap.calls;

	fragside_init(&s, NULL);
	for (unsigned i = 1; i < 127; i++)
		fill(&s, (uint8_t)i, 515);
	assert_in_range(heap.calls - before, 1, 9);
	fragside_fini(&s);
}

/* Each way a sequence can end, by FRAG and length of the datagram that ends it. */
TEST(what_ends_a_sequence_gives_its_memory_back)
{
	static const struct {
		uint8_t frag;
		size_t len;
		enum s5_loss loss;
	} ends[] = {
		{ 0x00, 9, S5_LOSS_STANDALONE }, { 0x01, 9, S5_LOSS_LOWER },
		{ 0x80, 9, S5_LOSS_LOWER },	 { 0x84, 9, S5_LOSS_GAP },
		{ 0x83, 65000, S5_LOSS_SIZE },
	};
	struct fragside s;

	for (size_t i = 0; i < LENGTH(ends); i++) {
		fragside_init(&s, NULL);
		fill(&s, 0x01, 1000);
		fill(&s, 0x02, 1000);
		fill(&s, ends[i].frag, ends[i].len);
		assert_int_equal(s.frag.loss, ends[i].loss);
		/* Position 1 has begun a new one. */
		assert_true(heap.held <= (ends[i].frag == 0x01 ? OVERHEAD + 9 : 0));
		fragside_fini(&s);
		assert_int_equal(heap.held, 0);
	}
}

TEST(memory_behind_a_delivered_view_is_due_at_once)
{
	struct fragside s;

	fragside_init(&s, NULL);
	fill(&s, 0x01, 1000);
	s.now += 10;
	assert_int_equal(fill(&s, 0x82, 1000), S5_FRAG_WHOLE);
	assert_true(heap.held >= 2000);
	assert_int_equal(s.frag.deadline, s.now);
	assert_false(s5_frag_expire(&s.frag, s.now));
	assert_int_equal(heap.held, 0);
	assert_int_equal(s.frag.deadline, 0);
	fill(&s, 0x81, 1000);
	assert_int_equal(fill(&s, 0x83, 1), S5_FRAG_DROPPED);
	assert_int_equal(heap.held, 0);
	fragside_fini(&s);
}

TEST(an_exhausted_budget_drops_the_sequence_and_no_more)
{
	struct s5_budget budget = { .limit = 3000 };
	struct fragside greedy, other;

	fragside_init(&greedy, &budget);
	fragside_init(&other, &budget);
	assert_int_equal(fragside_fill(&greedy, 0x01, 'x', 2000), S5_FRAG_KEPT);
	assert_int_equal(fragside_fill(&other, 0x01, 'y', 1000), S5_FRAG_DROPPED);
	assert_int_equal(other.frag.loss, S5_LOSS_MEMORY);
	assert_int_equal(fragside_fill(&other, 0x00, 'y', 1000), S5_FRAG_WHOLE);
	assert_int_equal(fragside_fill(&greedy, 0x02, 'x', 2000), S5_FRAG_DROPPED);
	assert_int_equal(greedy.frag.loss, S5_LOSS_MEMORY);
	assert_int_equal(budget.used, 0);
	assert_int_equal(fragside_fill(&greedy, 0x83, 'x', 1), S5_FRAG_DROPPED);
	assert_int_equal(fragside_fill(&other, 0x01, 'y', 1000), S5_FRAG_KEPT);
	assert_int_equal(budget.used, heap.held);
	fragside_fini(&greedy);
	fragside_fini(&other);
	assert_int_equal(budget.used, 0);
}

/* A reload may set the limit below what is held. */
TEST(a_lowered_limit_lets_nothing_grow)
{
	struct fragside s;

	fragside_init(&s, NULL);
	fill(&s, 0x01, 1000);
	s.own.limit = 10;
	assert_int_equal(fragside_fill(&s, 0x02, 'x', 1000), S5_FRAG_DROPPED);
	assert_int_equal(s.frag.loss, S5_LOSS_MEMORY);
	assert_int_equal(s.own.used, 0);
	fragside_fini(&s);
}

TEST(an_allocation_that_fails_drops_the_sequence)
{
	struct fragside s;

	for (unsigned nth = 1; nth <= 3; nth++) {
		fragside_init(&s, NULL);
		heap.fail_in = nth;
		for (unsigned i = 1; i <= nth; i++)
			assert_int_equal(fill(&s, (uint8_t)i, 1000u << i),
					 i == nth ? S5_FRAG_DROPPED : S5_FRAG_KEPT);
		assert_int_equal(heap.fail_in, 0);
		assert_int_equal(s.frag.loss, S5_LOSS_MEMORY);
		assert_int_equal(s.frag.deadline, 0);
		assert_int_equal(heap.held, 0);
		assert_int_equal(fill(&s, 0x81, 1000), S5_FRAG_WHOLE);
		fragside_holds(&s, 'x', 1000, 1000);
		fragside_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_held_is_counted_and_grows_with_what_came),
		cmocka_unit_test(never_more_is_held_than_the_largest_payload),
		cmocka_unit_test(many_small_fragments_are_few_allocations),
		cmocka_unit_test(what_ends_a_sequence_gives_its_memory_back),
		cmocka_unit_test(memory_behind_a_delivered_view_is_due_at_once),
		cmocka_unit_test(an_exhausted_budget_drops_the_sequence_and_no_more),
		cmocka_unit_test(a_lowered_limit_lets_nothing_grow),
		cmocka_unit_test(an_allocation_that_fails_drops_the_sequence),
	};

	return RUN(tests);
}

#include "testlib.h"

#include "fragmodel.h"
#include "fragside.h"

static const char *const loss_letters[] = { "", "U", "D", "G", "L", "S", "A", "Z", "M", "T" };

/* What came of a datagram: `.` kept, `-` dropped, `[octets]` whole; then what it lost. */
static size_t outcome(char *text, size_t size, enum s5_frag_result result, const struct fragside *s)
{
	const char *loss = loss_letters[s->frag.loss];

	if (result != S5_FRAG_WHOLE)
		return (size_t)snprintf(text, size, "%c%s ", result == S5_FRAG_KEPT ? '.' : '-',
					loss);
	assert_int_equal(s->d.frag, 0);
	return (size_t)snprintf(text, size, "[%.*s]%s ", (int)s->d.len, (const char *)s->d.data,
				loss);
}

/* Plays words to s: `01` is a datagram with this FRAG, `@01` one from another address, `+4000` a
 * wait in ms. The data of the n-th datagram is the n-th letter. */
static void play_to(struct fragside *s, const char *words, const char *want)
{
	struct s5_addr from = s5_addr_ip4((const uint8_t[4]){ 127, 0, 0, 1 }, 18001);
	char got[256] = "", letter = 'a';
	size_t n = 0;

	for (; *words; words += strcspn(words, " "), words += strspn(words, " ")) {
		enum s5_frag_result result;

		if (*words == '+') {
			s->now += strtol(words + 1, NULL, 10);
			continue;
		}
		from.port = *words == '@' ? 18002 : 18001;
		result = fragside_add(s, (uint8_t)strtoul(words + (*words == '@'), NULL, 16), &from,
				      &letter, 1);
		n += outcome(got + n, sizeof got - n, result, s);
		letter++;
	}
	got[n ? n - 1 : 0] = 0;
	assert_string_equal(got, want);
}

static void play(const char *words, const char *want)
{
	struct fragside s;

	fragside_init(&s, NULL);
	play_to(&s, words, want);
	fragside_fini(&s);
}

TEST(R1928_F_1_without_support_every_fragment_is_dropped)
{
	struct fragside s;

	fragside_init(&s, NULL);
	s5_frag_init(&s.frag, NULL, S5_FRAG_TIMEOUT);
	for (unsigned frag = 1; frag < 256; frag++) {
		assert_int_equal(fragside_fill(&s, (uint8_t)frag, 'x', 3), S5_FRAG_DROPPED);
		assert_int_equal(s.frag.loss, S5_LOSS_UNSUPPORTED);
		assert_int_equal(s.frag.deadline, 0);
	}
	assert_int_equal(fragside_fill(&s, 0, 'x', 3), S5_FRAG_WHOLE);
	assert_int_equal(s.frag.loss, S5_LOSS_NONE);
	assert_ptr_equal(s.d.data, s.given);
	fragside_fini(&s);
}

TEST(R1928_F_2_fragments_in_order_become_one_datagram)
{
	play("01 82", ". [ab]");
	play("01 02 83", ". . [abc]");
	play("81", "[a]");
	play("01 82 01 02 83 81 00", ". [ab] . . [cde] [f] [g]");
}

TEST(R1928_F_2_as_many_as_127_fragments_become_one_datagram)
{
	struct fragside s;

	fragside_init(&s, NULL);
	for (unsigned i = 1; i < 127; i++)
		assert_int_equal(fragside_fill(&s, (uint8_t)i, (uint8_t)i, 500), S5_FRAG_KEPT);
	assert_int_equal(fragside_fill(&s, 0xff, 127, 500), S5_FRAG_WHOLE);
	fragside_holds(&s, 1, 500, 127 * 500);
	fragside_fini(&s);
}

TEST(R1928_F_2_fragments_without_data_count_as_well)
{
	struct fragside s;

	fragside_init(&s, NULL);
	assert_int_equal(fragside_fill(&s, 0x01, 0, 0), S5_FRAG_KEPT);
	assert_int_equal(fragside_fill(&s, 0x02, 'b', 1), S5_FRAG_KEPT);
	assert_int_equal(fragside_fill(&s, 0x83, 0, 0), S5_FRAG_WHOLE);
	fragside_holds(&s, 'b', 1, 1);
	assert_int_equal(fragside_fill(&s, 0x81, 0, 0), S5_FRAG_WHOLE);
	fragside_holds(&s, 0, 1, 0);
	fragside_fini(&s);
}

TEST(R1928_F_3_a_lower_position_resets_the_queue)
{
	play("01 02 01 82", ". . .L [cd]");
	play("01 02 03 02 03 84", ". . . -L -G -G");
	play("01 02 81", ". . [c]L");
	play("01 02 03 82 01 82", ". . . -L . [ef]");
}

TEST(R1928_F_4_a_standalone_datagram_resets_the_queue_and_is_delivered)
{
	play("01 00 82", ". [b]S -G");
	play("01 02 00 01 82", ". . [c]S . [de]");
	play("00 00", "[a] [b]");
	play("01 @00 82", ". [b]S -G");
}

TEST(R1928_F_5_a_gap_drops_the_sequence_at_once)
{
	play("01 83", ". -G");
	play("01 03 02 83", ". -G -G -G");
	play("02 83 82", "-G -G -G");
	play("01 03 01 82", ". -G . [cd]");
	play("7f ff", "-G -G");
}

TEST(R1928_F_5_position_0_is_dropped)
{
	play("80", "-G");
	play("80 81", "-G [b]");
	play("01 80 82", ". -L -G");
}

TEST(R1928_F_5_a_repeated_position_is_ignored)
{
	play("01 01 82", ". -D [ac]");
	play("01 02 02 82 83", ". . -D -D [abe]");
	play("01 81 82", ". -D [ac]");
	play("01 82 82", ". [ab] -G");
}

TEST(R1928_F_6_a_sequence_has_5_seconds)
{
	play("01 +4000 82", ". [ab]");
	play("01 +4999 82", ". [ab]");
	play("01 +5000 82", ". -T");
	play("01 +60000 01 82", ". .T [bc]");
	play("01 +5000 00 82", ". [b]T -G");
}

TEST(R1928_F_6_later_fragments_do_not_extend_the_timer)
{
	play("01 +4000 02 +999 83", ". . [abc]");
	play("01 +4000 02 +1000 83", ". . -T");
	play("01 +4000 01 +1000 82", ". -D -T");
	play("01 02 +4000 01 +4000 82", ". . .L [cd]");
}

TEST(R1928_F_6_the_timer_can_be_longer_but_not_shorter)
{
	struct fragside s;

	fragside_init(&s, NULL);
	s5_frag_init(&s.frag, s.budget, 60000);
	play_to(&s, "01 +59999 82 01 +60000 82", ". [ab] . -T");
	s5_frag_init(&s.frag, s.budget, 4999);
	play_to(&s, "01 +4999 82 01 +5000 82", ". [ab] . -T");
	fragside_fini(&s);
}

TEST(R1928_F_6_the_owner_is_told_when_to_expire_it)
{
	struct fragside s;

	fragside_init(&s, NULL);
	assert_int_equal(s.frag.deadline, 0);
	assert_false(s5_frag_expire(&s.frag, s.now));
	play_to(&s, "01 +100 02", ". .");
	assert_int_equal(s.frag.deadline, 6000);
	assert_false(s5_frag_expire(&s.frag, 5999));
	assert_true(s.own.used > 0);
	assert_true(s5_frag_expire(&s.frag, 6000));
	assert_int_equal(s.own.used, 0);
	assert_int_equal(s.frag.deadline, 0);
	play_to(&s, "83", "-G");
	fragside_fini(&s);
}

TEST(R1928_F_7_another_address_resets)
{
	play("01 @82 82", ". -A -G");
	play("01 @01 @82", ". .A [bc]");
	play("01 @01 82 @82", ". .A -A -G");
	play("01 02 @81 03", ". . [c]A -G");
	play("01 @80 82", ". -A -G");
}

/* Host and port make the address, and a name is the same in any case. */
TEST(R1928_F_7_the_first_fragment_says_the_address)
{
	struct s5_addr upper, lower, literal;
	struct fragside s;

	fragside_init(&s, NULL);
	assert_true(s5_addr_set_name(&upper, "EXAMPLE", 7, 53));
	assert_true(s5_addr_set_name(&lower, "example", 7, 53));
	assert_true(s5_addr_set_name(&literal, "127.0.0.1", 9, 53));
	assert_int_equal(fragside_add(&s, 0x01, &upper, "a", 1), S5_FRAG_KEPT);
	assert_int_equal(fragside_add(&s, 0x82, &lower, "b", 1), S5_FRAG_WHOLE);
	assert_memory_equal(s.d.addr.octets, "EXAMPLE", 7);
	assert_int_equal(fragside_add(&s, 0x01, &literal, "a", 1), S5_FRAG_KEPT);
	s5_addr_literal(&literal);
	assert_int_equal(fragside_add(&s, 0x82, &literal, "b", 1), S5_FRAG_DROPPED);
	assert_int_equal(s.frag.loss, S5_LOSS_ADDRESS);
	fragside_fini(&s);
}

TEST(R1928_F_7_more_than_65507_octets_reset)
{
	struct fragside s;

	fragside_init(&s, NULL);
	assert_int_equal(fragside_fill(&s, 0x01, 1, 40000), S5_FRAG_KEPT);
	assert_int_equal(fragside_fill(&s, 0x82, 1, 25507), S5_FRAG_WHOLE);
	fragside_holds(&s, 1, 65507, 65507);
	assert_int_equal(fragside_fill(&s, 0x01, 1, 40000), S5_FRAG_KEPT);
	assert_int_equal(fragside_fill(&s, 0x82, 1, 25508), S5_FRAG_DROPPED);
	assert_int_equal(s.frag.loss, S5_LOSS_SIZE);
	assert_int_equal(s.own.used, 0);
	assert_int_equal(fragside_fill(&s, 0x82, 1, 1), S5_FRAG_DROPPED);
	assert_int_equal(s.frag.loss, S5_LOSS_GAP);
	assert_int_equal(fragside_fill(&s, 0x81, 1, 65508), S5_FRAG_DROPPED);
	assert_int_equal(s.frag.loss, S5_LOSS_SIZE);
	assert_int_equal(fragside_fill(&s, 0x81, 1, 65507), S5_FRAG_WHOLE);
	fragside_fini(&s);
}

TEST(R1928_F_7_each_association_and_direction_has_its_own_queue)
{
	struct s5_budget budget = { .limit = 1 << 20 };
	struct fragside up, down;

	fragside_init(&up, &budget);
	fragside_init(&down, &budget);
	play_to(&up, "01", ".");
	play_to(&down, "01 02", ". .");
	play_to(&up, "82", "[aa]");
	play_to(&down, "83", "[aba]");
	fragside_fini(&up);
	fragside_fini(&down);
	assert_int_equal(budget.used, 0);
}

/* The next word of all that are tried, by its number: datagrams, from two addresses, and waits. */
#define WORDS 13
#define DEPTH 5

static bool is_step(struct fragside *s, struct fragmodel *m, unsigned word, uint8_t letter)
{
	static const uint8_t frags[WORDS - 2] = { 0,	0x01, 0x02, 0x03, 0x80, 0x81,
						  0x82, 0x83, 0x01, 0x02, 0x82 };
	struct s5_addr from = s5_addr_ip4((const uint8_t[4]){ 10, 0, 0, 1 }, word < 8 ? 1 : 2);
	struct s5_datagram want;
	enum s5_frag_result result;

	if (word >= WORDS - 2) {
		s->now += word == WORDS - 1 ? 4999 : 1;
		return true;
	}
	want = (struct s5_datagram){ .frag = frags[word], .addr = from, .data = &letter, .len = 1 };
	result = fragside_add(s, frags[word], &from, &letter, 1);
	if (fragmodel_add(m, &want, s->now) != result || s->frag.highest != m->filled)
		return false;
	return result != S5_FRAG_WHOLE ||
	       (s->d.len == want.len && s5_addr_equal(&s->d.addr, &want.addr) &&
		!memcmp(s->d.data, want.data, want.len));
}

TEST(R1928_F_2_any_order_gives_what_the_model_says)
{
	static struct fragmodel m;
	struct fragside s;
	unsigned all = 1;

	for (unsigned i = 0; i < DEPTH; i++)
		all *= WORDS;
	for (unsigned order = 0; order < all; order++) {
		fragside_init(&s, NULL);
		m.timeout = S5_FRAG_TIMEOUT;
		for (unsigned i = 0, rest = order; i < DEPTH; i++, rest /= WORDS)
			if (!is_step(&s, &m, rest % WORDS, (uint8_t)('a' + i)))
				fail_msg("order %u differs at word %u", order, i);
		fragmodel_clear(&m);
		fragside_fini(&s);
	}
}

TEST(every_loss_has_a_text)
{
	assert_int_equal(LENGTH(loss_letters), S5_LOSS_COUNT);
	assert_string_equal(s5_loss_text(S5_LOSS_NONE), "");
	for (unsigned i = 1; i < S5_LOSS_COUNT; i++)
		assert_true(strlen(s5_loss_text((enum s5_loss)i)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R1928_F_1_without_support_every_fragment_is_dropped),
		cmocka_unit_test(R1928_F_2_fragments_in_order_become_one_datagram),
		cmocka_unit_test(R1928_F_2_as_many_as_127_fragments_become_one_datagram),
		cmocka_unit_test(R1928_F_2_fragments_without_data_count_as_well),
		cmocka_unit_test(R1928_F_3_a_lower_position_resets_the_queue),
		cmocka_unit_test(R1928_F_4_a_standalone_datagram_resets_the_queue_and_is_delivered),
		cmocka_unit_test(R1928_F_5_a_gap_drops_the_sequence_at_once),
		cmocka_unit_test(R1928_F_5_position_0_is_dropped),
		cmocka_unit_test(R1928_F_5_a_repeated_position_is_ignored),
		cmocka_unit_test(R1928_F_6_a_sequence_has_5_seconds),
		cmocka_unit_test(R1928_F_6_later_fragments_do_not_extend_the_timer),
		cmocka_unit_test(R1928_F_6_the_timer_can_be_longer_but_not_shorter),
		cmocka_unit_test(R1928_F_6_the_owner_is_told_when_to_expire_it),
		cmocka_unit_test(R1928_F_7_another_address_resets),
		cmocka_unit_test(R1928_F_7_the_first_fragment_says_the_address),
		cmocka_unit_test(R1928_F_7_more_than_65507_octets_reset),
		cmocka_unit_test(R1928_F_7_each_association_and_direction_has_its_own_queue),
		cmocka_unit_test(R1928_F_2_any_order_gives_what_the_model_says),
		cmocka_unit_test(every_loss_has_a_text),
	};

	return RUN(tests);
}

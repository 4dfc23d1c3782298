/* The sealed stream and the sealed datagram: PROTOCOL 7.9, RFC 1961 5. */
#include "sealing.h"

#include "wire/gssframe.h"

#define MOST (S5_TOKEN_MAX - FAKE_OVERHEAD)

static struct s5_seal *near, *far;

static int set_up(void **state)
{
	(void)state;
	fake.live = 0;
	near = seal_end(false, S5_LEVEL_CONFIDENTIALITY);
	far = seal_end(true, S5_LEVEL_CONFIDENTIALITY);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	s5_seal_free(near);
	s5_seal_free(far);
	assert_int_equal(fake.live, 0);
	return 0;
}

static uint8_t octet_at(size_t i)
{
	return (uint8_t)(i * 2654435761u >> 24);
}

/* n octets, wrapped; the caller's to free. */
static uint8_t *wrapped(size_t n, size_t *len)
{
	size_t room = s5_seal_wrapped_size(near, n);
	uint8_t *plain = malloc(n + 1), *octets = malloc(room);
	struct s5_writer out = s5_writer_over(octets, room);

	for (size_t i = 0; i < n; i++)
		plain[i] = octet_at(i);
	assert_int_equal(s5_seal_wrap(near, plain, n, &out), S5_OK);
	free(plain);
	*len = out.len;
	return octets;
}

/* Unwraps them in pieces of `width`: all n octets must come out. */
static void unwrap_all(uint8_t *octets, size_t len, size_t width, size_t n)
{
	uint8_t *plain = malloc(n + 1);
	struct s5_writer out = s5_writer_over(plain, n);

	for (size_t at = 0; at < len; at += width) {
		size_t piece = width < len - at ? width : len - at, before = out.len;
		size_t room = s5_seal_unwrapped_size(far, piece);

		assert_int_equal(s5_seal_unwrap(far, octets + at, piece, &out), S5_OK);
		assert_true(out.len - before <= room);
	}
	assert_int_equal(s5_seal_end(far), S5_OK);
	assert_int_equal(out.len, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(plain[i], octet_at(i));
	free(plain);
}

TEST(R1961_5_5_any_number_of_octets_in_any_pieces)
{
	static const size_t sizes[] = { 1, 100, MOST - 1, MOST, MOST + 1, 2 * MOST, 300000 };
	static const size_t widths[] = { 1, 3, 4, 5, 1000, 65535, 131072, 1 << 30 };

	for (size_t i = 0; i < LENGTH(sizes); i++)
		for (size_t k = 0; k < LENGTH(widths); k++) {
			size_t len;
			uint8_t *octets;

			assert_int_equal(tear_down(NULL), 0);
			set_up(NULL);
			octets = wrapped(sizes[i], &len);
			assert_true(len <= s5_seal_wrapped_size(near, sizes[i]));
			unwrap_all(octets, len, widths[k], sizes[i]);
			free(octets);
		}
}

TEST(R1961_5_5_messages_are_as_large_as_they_can_be)
{
	size_t len;
	uint8_t *octets = wrapped(MOST + 1, &len);

	assert_int_equal(octets[2] << 8 | octets[3], S5_TOKEN_MAX);
	assert_int_equal(len, 2 * (S5_FRAME_HEADER + FAKE_OVERHEAD) + MOST + 1);
	free(octets);
}

TEST(nothing_is_wrapped_into_nothing)
{
	size_t len;

	free(wrapped(0, &len));
	assert_int_equal(len, 0);
}

TEST(R1961_5_9_an_end_is_one_between_messages_only)
{
	size_t len;
	uint8_t *octets = wrapped(10, &len), plain[64];

	for (size_t at = 1; at < len; at++) {
		struct s5_writer out = s5_writer_over(plain, sizeof plain);
		struct s5_seal *end = seal_end(true, S5_LEVEL_CONFIDENTIALITY);
		uint8_t copy[64];

		memcpy(copy, octets, len);
		assert_int_equal(s5_seal_end(end), S5_OK);
		assert_int_equal(s5_seal_unwrap(end, copy, at, &out), S5_OK);
		assert_int_equal(out.len, 0);
		assert_int_equal(s5_seal_end(end), S5_BAD);
		assert_int_equal(s5_seal_fault(end), S5_SEAL_CUT);
		s5_seal_free(end);
	}
	free(octets);
}

TEST(R1961_5_4_a_fault_is_for_good)
{
	uint8_t octets[64], plain[64];
	struct s5_writer w = s5_writer_over(octets, sizeof octets);
	struct s5_writer out = s5_writer_over(plain, sizeof plain);
	size_t first;

	s5_seal_wrap(near, "abc", 3, &w);
	first = w.len;
	s5_seal_wrap(near, "def", 3, &w);
	octets[first - 1] ^= 1;
	assert_int_equal(s5_seal_unwrap(far, octets, first, &out), S5_BAD);
	assert_int_equal(s5_seal_fault(far), S5_SEAL_TAMPERED);
	assert_int_equal(s5_seal_unwrap(far, octets + first, w.len - first, &out), S5_BAD);
	assert_int_equal(out.len, 0);
	assert_string_equal(s5_seal_text(s5_seal_fault(far)), "a sealed message was tampered with");
}

TEST(what_was_good_before_a_fault_has_come)
{
	uint8_t octets[64], plain[64];
	struct s5_writer w = s5_writer_over(octets, sizeof octets);
	struct s5_writer out = s5_writer_over(plain, sizeof plain);

	s5_seal_wrap(near, "abc", 3, &w);
	s5_put_octets(&w, "\x05\x01", 2);
	assert_int_equal(s5_seal_unwrap(far, octets, w.len, &out), S5_BAD);
	assert_int_equal(s5_seal_fault(far), S5_SEAL_CLEAR);
	assert_int_equal(out.len, 3);
}

TEST(R1961_5_2_levels_encrypt_or_sign)
{
	static const struct {
		uint8_t level;
		bool plain;
		uint8_t first;
	} rows[] = {
		{ S5_LEVEL_INTEGRITY, false, 0xc0 },
		{ S5_LEVEL_CONFIDENTIALITY, false, 0xc1 },
		{ S5_LEVEL_SELECTIVE, false, 0xc1 },
		{ S5_LEVEL_SELECTIVE, true, 0xc0 },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint8_t octets[64];
		struct s5_writer w = s5_writer_over(octets, sizeof octets);
		struct s5_seal *end;

		fake.plain = rows[i].plain;
		end = seal_end(false, rows[i].level);
		assert_int_equal(s5_seal_wrap(end, "a", 1, &w), S5_OK);
		assert_int_equal(octets[4], rows[i].first);
		assert_int_equal(s5_seal_level(end), rows[i].level);
		s5_seal_free(end);
	}
	fake.plain = false;
}

TEST(seals_inside_seals)
{
	struct s5_seal *outer_near = seal_end(false, S5_LEVEL_INTEGRITY);
	struct s5_seal *outer_far = seal_end(true, S5_LEVEL_INTEGRITY);
	static const size_t widths[] = { 1, 7, 1000, 1 << 30 };
	size_t len;
	uint8_t *octets;

	s5_seal_put_inside(near, outer_near);
	s5_seal_put_inside(far, outer_far);
	for (size_t i = 0; i < LENGTH(widths); i++) {
		octets = wrapped(100000, &len);
		assert_int_equal(octets[4], 0xc0); /* the outer one is seen */
		unwrap_all(octets, len, widths[i], 100000);
		free(octets);
	}
	octets = wrapped(10, &len);
	octets[len - 1] ^= 1;
	assert_int_equal(s5_seal_unwrap(far, octets, len, &(struct s5_writer){ .cap = 0 }), S5_BAD);
	assert_int_equal(s5_seal_fault(far), S5_SEAL_TAMPERED);
	free(octets);
}

/* datagrams */

static enum s5_seal_fault open_datagram(const struct s5_writer *w, const char *want)
{
	static uint8_t copy[S5_FRAME_HEADER + S5_TOKEN_MAX];
	const uint8_t *plain;
	size_t n;
	enum s5_seal_fault fault;

	memcpy(copy, w->data, w->len);
	fault = s5_seal_unwrap_datagram(far, copy, w->len, &plain, &n);
	if (fault == S5_SEAL_GOOD) {
		assert_int_equal(n, strlen(want));
		assert_memory_equal(plain, want, n);
	}
	return fault;
}

TEST(R1961_5_12_datagrams_may_be_missing_and_no_more_than_that)
{
	uint8_t octets[5][64];
	struct s5_writer w[5];

	for (int i = 0; i < 5; i++) {
		w[i] = s5_writer_over(octets[i], sizeof octets[i]);
		assert_int_equal(s5_seal_wrap_datagram(near, &"abcde"[i], 1, &w[i]), S5_OK);
	}
	assert_int_equal(open_datagram(&w[0], "a"), S5_SEAL_GOOD);
	assert_int_equal(open_datagram(&w[2], "c"), S5_SEAL_GOOD);
	assert_int_equal(open_datagram(&w[2], "c"), S5_SEAL_DUPLICATE);
	octets[3][8] ^= 1;
	assert_int_equal(open_datagram(&w[3], "d"), S5_SEAL_TAMPERED);
	assert_int_equal(open_datagram(&w[4], "e"), S5_SEAL_GOOD);
}

TEST(R1961_5_11_and_5_13_a_datagram_is_one_frame)
{
	uint8_t octets[64];
	struct s5_writer w = s5_writer_over(octets, sizeof octets);

	s5_seal_wrap_datagram(near, "abc", 3, &w);
	for (size_t cut = 0; cut < w.len; cut++)
		assert_int_equal(
			open_datagram(&(struct s5_writer){ .data = octets, .len = cut }, ""),
			S5_SEAL_CLEAR);
	octets[w.len++] = 0;
	assert_int_equal(open_datagram(&w, ""), S5_SEAL_CLEAR);
	w.len--;
	octets[1] = S5_MTYP_AUTH;
	assert_int_equal(open_datagram(&w, ""), S5_SEAL_CLEAR);
	octets[1] = S5_MTYP_DATA;
	assert_int_equal(open_datagram(&w, "abc"), S5_SEAL_GOOD);
	w = s5_writer_over(octets, sizeof octets);
	s5_put_octets(&w, "\0\0\0\1\x7f\0\0\1\0\x50hello", 15);
	assert_int_equal(open_datagram(&w, ""), S5_SEAL_CLEAR);
	w = s5_writer_over(octets, sizeof octets);
	s5_put_octets(&w, "\1\3\0\0", 4);
	assert_int_equal(open_datagram(&w, ""), S5_SEAL_EMPTY);
}

TEST(R1961_5_3_a_datagram_that_is_only_signed_is_dropped_at_level_2)
{
	struct s5_seal *signing = seal_end(false, S5_LEVEL_INTEGRITY);
	uint8_t octets[3][64];
	struct s5_writer w[3];

	for (int i = 0; i < 3; i++) {
		w[i] = s5_writer_over(octets[i], sizeof octets[i]);
		s5_seal_wrap_datagram(signing, "abc", 3, &w[i]);
	}
	assert_int_equal(open_datagram(&w[0], ""), S5_SEAL_READABLE);
	assert_int_equal(open_datagram(&w[2], ""), S5_SEAL_READABLE); /* also with one missing */
	s5_seal_free(signing);
}

TEST(R1928_U_21_the_largest_datagram_that_fits)
{
	static uint8_t plain[S5_TOKEN_MAX + 1], octets[S5_FRAME_HEADER + S5_TOKEN_MAX];
	struct s5_writer w = s5_writer_over(octets, sizeof octets);
	size_t limit = s5_seal_datagram_limit(near, 65507);

	assert_int_equal(limit, 65507 - S5_FRAME_HEADER - FAKE_OVERHEAD);
	assert_int_equal(s5_seal_wrap_datagram(near, plain, limit, &w), S5_OK);
	assert_int_equal(w.len, 65507);
	w = s5_writer_over(octets, sizeof octets);
	assert_int_equal(s5_seal_wrap_datagram(near, plain, sizeof plain, &w), S5_BAD);
	assert_int_equal(s5_seal_datagram_limit(near, 4), 0);
}

#define SEALED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEALED(R1961_5_5_any_number_of_octets_in_any_pieces),
		SEALED(R1961_5_5_messages_are_as_large_as_they_can_be),
		SEALED(nothing_is_wrapped_into_nothing),
		SEALED(R1961_5_9_an_end_is_one_between_messages_only),
		SEALED(R1961_5_4_a_fault_is_for_good),
		SEALED(what_was_good_before_a_fault_has_come),
		SEALED(R1961_5_2_levels_encrypt_or_sign),
		SEALED(seals_inside_seals),
		SEALED(R1961_5_12_datagrams_may_be_missing_and_no_more_than_that),
		SEALED(R1961_5_11_and_5_13_a_datagram_is_one_frame),
		SEALED(R1961_5_3_a_datagram_that_is_only_signed_is_dropped_at_level_2),
		SEALED(R1928_U_21_the_largest_datagram_that_fits),
	};

	return RUN(tests);
}

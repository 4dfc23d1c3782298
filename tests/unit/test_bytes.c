#include "testlib.h"

#include "base/bytes.h"

TEST(reads_big_endian_in_order)
{
	struct s5_reader r = s5_reader_over("\x05\x46\x50xyz", 6);
	const uint8_t *view;

	assert_int_equal(s5_get_u8(&r, S5_F_VER), 5);
	assert_int_equal(s5_get_u16(&r, S5_F_DST_PORT), 18000);
	view = s5_get_octets(&r, S5_F_DATA, 3);
	assert_memory_equal(view, "xyz", 3);
	assert_ptr_equal(view, r.data + 3);
	assert_int_equal(r.off, 6);
	assert_int_equal(r.rc, S5_OK);
}

TEST(short_read_says_what_is_missing_and_moves_nothing)
{
	struct s5_reader r = s5_reader_over("\x05\x46", 2);

	s5_get_u8(&r, S5_F_VER);
	assert_int_equal(s5_get_u16(&r, S5_F_LEN), 0);
	assert_int_equal(r.rc, S5_MORE);
	assert_int_equal(r.need, 1);
	assert_int_equal(r.field, S5_F_LEN);
	assert_int_equal(r.off, 1);
}

TEST(nothing_at_all_is_a_short_read)
{
	struct s5_reader r = s5_reader_over(NULL, 0);
	size_t len = 77;

	assert_null(s5_get_until_nul(&r, S5_F_USERID, 256, S5_NOTE_SOCKS4_LONG, &len));
	assert_int_equal(r.rc, S5_MORE);
	r = s5_reader_over(NULL, 0);
	assert_null(s5_get_octets(&r, S5_F_TOKEN, SIZE_MAX));
	assert_int_equal(r.rc, S5_MORE);
	assert_true(r.need == SIZE_MAX);
}

TEST(first_failure_sticks)
{
	struct s5_reader r = s5_reader_over("\1\2\3\0", 4);
	size_t len = 77;

	assert_null(s5_get_octets(&r, S5_F_TOKEN, 5));
	assert_int_equal(s5_get_u8(&r, S5_F_VER), 0);
	assert_int_equal(s5_get_u16(&r, S5_F_LEN), 0);
	assert_null(s5_get_octets(&r, S5_F_DATA, 0));
	assert_null(s5_get_until_nul(&r, S5_F_USERID, 9, S5_NOTE_SOCKS4_LONG, &len));
	s5_reader_fail(&r, S5_NOTE_RSV);
	assert_int_equal(r.rc, S5_MORE);
	assert_int_equal(r.need, 1);
	assert_int_equal(r.field, S5_F_TOKEN);
	assert_int_equal(r.off, 0);
	assert_int_equal(r.why, S5_NOTE_NONE);
}

TEST(first_cause_sticks)
{
	struct s5_reader r = s5_reader_over("\1\2", 2);

	s5_reader_fail(&r, S5_NOTE_SUBVER);
	s5_reader_fail(&r, S5_NOTE_RSV);
	assert_null(s5_get_octets(&r, S5_F_TOKEN, 3));
	assert_int_equal(r.rc, S5_BAD);
	assert_int_equal(r.why, S5_NOTE_SUBVER);
	assert_int_equal(r.need, 0);
}

TEST(octets_until_nul)
{
	struct s5_reader r = s5_reader_over("me\0host\0x", 9);
	size_t len;

	assert_memory_equal(s5_get_until_nul(&r, S5_F_USERID, 3, S5_NOTE_SOCKS4_LONG, &len), "me",
			    3);
	assert_int_equal(len, 3);
	assert_memory_equal(s5_get_until_nul(&r, S5_F_HOSTNAME, 9, S5_NOTE_SOCKS4_LONG, &len),
			    "host", 5);
	assert_int_equal(len, 5);
	assert_null(s5_get_until_nul(&r, S5_F_HOSTNAME, 9, S5_NOTE_SOCKS4_LONG, &len));
	assert_int_equal(r.rc, S5_MORE);
	assert_int_equal(r.need, 1);
	assert_int_equal(r.off, 8);
}

TEST(too_many_octets_before_nul_are_bad)
{
	struct s5_trace trace = { .nspans = 0 };
	struct s5_reader r = s5_reader_over("\4mexx", 5);
	size_t len;

	r.trace = &trace;
	s5_get_u8(&r, S5_F_VER);
	assert_null(s5_get_until_nul(&r, S5_F_USERID, 4, S5_NOTE_SOCKS4_LONG, &len));
	assert_int_equal(r.rc, S5_BAD);
	assert_int_equal(r.why, S5_NOTE_SOCKS4_LONG);
	assert_int_equal(r.field, S5_F_USERID);
	assert_int_equal(trace.nmarks, 1);
	assert_int_equal(trace.mark[0].off, 1);
}

TEST(nul_is_sought_in_max_octets_only)
{
	struct s5_reader r = s5_reader_over("abcd\0", 5);
	size_t len;

	assert_null(s5_get_until_nul(&r, S5_F_USERID, 4, S5_NOTE_SOCKS4_LONG, &len));
	assert_int_equal(r.rc, S5_BAD);
	r = s5_reader_over("abc", 3);
	assert_null(s5_get_until_nul(&r, S5_F_USERID, 4, S5_NOTE_SOCKS4_LONG, &len));
	assert_int_equal(r.rc, S5_MORE);
}

TEST(spans_and_notes_are_recorded)
{
	struct s5_trace trace = { .nspans = 0 };
	struct s5_reader r = s5_reader_over("\5\1\2\3\4", 5);

	r.trace = &trace;
	s5_get_u8(&r, S5_F_VER);
	s5_get_octets(&r, S5_F_DST_ADDR, 3);
	s5_reader_note(&r, S5_NOTE_RSV);
	assert_null(s5_get_octets(&r, S5_F_DST_PORT, 2));
	assert_int_equal(trace.nspans, 2);
	assert_int_equal(trace.span[1].off, 1);
	assert_int_equal(trace.span[1].len, 3);
	assert_int_equal(trace.span[1].field, S5_F_DST_ADDR);
	assert_int_equal(trace.nmarks, 1);
	assert_int_equal(trace.mark[0].off, 1);
	assert_true(s5_trace_has(&trace, S5_NOTE_RSV));
	assert_false(s5_trace_has(&trace, S5_NOTE_VERSION));
	trace.nmarks = 0;
	assert_false(s5_trace_has(&trace, S5_NOTE_RSV));
}

TEST(note_on_an_empty_field_stands_at_its_length)
{
	struct s5_trace trace = { .nspans = 0 };
	struct s5_reader r = s5_reader_over("\5\0", 2);

	r.trace = &trace;
	s5_get_u8(&r, S5_F_VER);
	s5_get_octets(&r, S5_F_METHODS, s5_get_u8(&r, S5_F_NMETHODS));
	s5_reader_note(&r, S5_NOTE_NMETHODS_ZERO);
	assert_int_equal(trace.nspans, 3);
	assert_int_equal(trace.mark[0].off, 1);
	assert_int_equal(r.off, 2);
}

TEST(notes_after_a_failure_are_not_recorded)
{
	struct s5_trace trace = { .nspans = 0 };
	struct s5_reader r = s5_reader_over("\5", 1);

	r.trace = &trace;
	s5_get_u16(&r, S5_F_LEN);
	s5_reader_note(&r, S5_NOTE_RSV);
	assert_int_equal(trace.nmarks, 0);
	r.rc = S5_OK;
	s5_reader_fail(&r, S5_NOTE_VERSION);
	s5_reader_note(&r, S5_NOTE_RSV);
	assert_int_equal(trace.nmarks, 1);
	assert_int_equal(trace.mark[0].note, S5_NOTE_VERSION);
}

TEST(full_trace_takes_no_more)
{
	uint8_t octets[100] = { 0 };
	struct s5_trace *trace = calloc(1, sizeof *trace);
	struct s5_reader r = s5_reader_over(octets, sizeof octets);

	r.trace = trace;
	for (unsigned i = 0; i < 100; i++) {
		s5_get_u8(&r, S5_F_RSV);
		s5_reader_note(&r, S5_NOTE_RSV);
	}
	assert_int_equal(trace->nspans, S5_TRACE_SPANS);
	assert_int_equal(trace->nmarks, S5_TRACE_NOTES);
	assert_int_equal(r.off, 100);
	free(trace);
}

TEST(commit_moves_only_on_ok)
{
	struct s5_reader in = s5_reader_over("\1\2\3", 3), r;

	s5_get_u8(&in, S5_F_VER);
	r = in;
	s5_get_u8(&r, S5_F_CMD);
	assert_int_equal(s5_reader_commit(&in, &r), S5_OK);
	assert_int_equal(in.off, 2);
	s5_get_u8(&r, S5_F_RSV);
	s5_get_u8(&r, S5_F_ATYP);
	assert_int_equal(s5_reader_commit(&in, &r), S5_MORE);
	assert_int_equal(in.off, 2);
	assert_int_equal(in.field, S5_F_ATYP);
	assert_int_equal(in.need, 1);
}

TEST(writes_big_endian_in_order)
{
	uint8_t octets[8];
	struct s5_writer w = s5_writer_over(octets, sizeof octets);

	s5_put_u8(&w, 5);
	s5_put_u16(&w, 18000);
	s5_put_octets(&w, "xyz", 3);
	s5_put_octets(&w, NULL, 0);
	assert_int_equal(w.rc, S5_OK);
	assert_octets(octets, w.len, "05 4650 78797a");
}

TEST(overflow_sticks_and_writes_nothing)
{
	uint8_t octets[4] = { 9, 9, 9, 9 };
	struct s5_writer w = s5_writer_over(octets, 3);

	s5_put_u16(&w, 1);
	s5_put_u16(&w, 2);
	assert_int_equal(w.rc, S5_BAD);
	s5_put_u8(&w, 3);
	s5_put_octets(&w, "x", SIZE_MAX);
	assert_int_equal(w.rc, S5_BAD);
	assert_octets(octets, w.len, "0001");
	assert_octets(octets, 4, "00010909");
}

TEST(every_field_and_note_has_its_text)
{
	for (unsigned i = 0; i < S5_F_COUNT; i++)
		assert_true(s5_field_name((enum s5_field)i)[0]);
	for (unsigned i = S5_NOTE_NONE + 1; i < S5_NOTE_COUNT; i++) {
		assert_true(s5_note_text((enum s5_note)i)[0]);
		assert_true(s5_note_section((enum s5_note)i)[0]);
	}
	assert_string_equal(s5_field_name(S5_F_COUNT), "");
	assert_string_equal(s5_note_text(S5_NOTE_COUNT), "");
	assert_string_equal(s5_note_section(S5_NOTE_COUNT), "");
	assert_string_equal(s5_field_name(S5_F_ULEN), "user name length");
}

/* s5_get_addr and the credentials count on it: a value's field follows its length's field. */
TEST(fields_that_belong_together_are_neighbours)
{
	assert_int_equal(S5_F_DST_PORT, S5_F_DST_ADDR + 1);
	assert_int_equal(S5_F_BND_PORT, S5_F_BND_ADDR + 1);
	assert_int_equal(S5_F_UNAME, S5_F_ULEN + 1);
	assert_int_equal(S5_F_PASSWD, S5_F_PLEN + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_big_endian_in_order),
		cmocka_unit_test(short_read_says_what_is_missing_and_moves_nothing),
		cmocka_unit_test(nothing_at_all_is_a_short_read),
		cmocka_unit_test(first_failure_sticks),
		cmocka_unit_test(first_cause_sticks),
		cmocka_unit_test(octets_until_nul),
		cmocka_unit_test(too_many_octets_before_nul_are_bad),
		cmocka_unit_test(nul_is_sought_in_max_octets_only),
		cmocka_unit_test(spans_and_notes_are_recorded),
		cmocka_unit_test(note_on_an_empty_field_stands_at_its_length),
		cmocka_unit_test(notes_after_a_failure_are_not_recorded),
		cmocka_unit_test(full_trace_takes_no_more),
		cmocka_unit_test(commit_moves_only_on_ok),
		cmocka_unit_test(writes_big_endian_in_order),
		cmocka_unit_test(overflow_sticks_and_writes_nothing),
		cmocka_unit_test(every_field_and_note_has_its_text),
		cmocka_unit_test(fields_that_belong_together_are_neighbours),
	};

	return RUN(tests);
}

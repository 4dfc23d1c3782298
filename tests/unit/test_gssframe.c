#include "testlib.h"

#include "codec.h"

static const char *const samples[] = {
	"01 01 0004 60020100", "01 01 0000",	"01 ff",
	"01 02 0001 02",       "01 03 0001 aa", "01 03 0003 010203",
};

TEST(R1961_3_1_every_frame_at_every_split_of_its_octets)
{
	uint8_t octets[64];
	const char *fault;

	for (size_t i = 0; i < LENGTH(samples); i++) {
		fault = codec_fault(&codecs[GSSFRAME], octets,
				    hex(octets, sizeof octets, samples[i]));
		if (fault)
			fail_msg("%s: %s", samples[i], fault);
	}
}

TEST(R1961_3_1_each_length_octet_at_00_01_fe_ff)
{
	static const uint8_t extremes[] = { 0x00, 0x01, 0xfe, 0xff };
	static uint8_t octets[CODEC_ROOM] = { 0x01, 0x03 };
	struct s5_gssframe f;
	const char *fault;

	for (size_t i = 0; i < 16; i++) {
		size_t len = (size_t)extremes[i / 4] << 8 | extremes[i % 4];
		struct s5_reader in = s5_reader_over(octets, S5_FRAME_HEADER + len);

		octets[2] = extremes[i / 4];
		octets[3] = extremes[i % 4];
		fault = codec_fault(&codecs[GSSFRAME], octets, S5_FRAME_HEADER + len);
		if (fault)
			fail_msg("length %zu: %s", len, fault);
		assert_int_equal(s5_gssframe_get(&in, &f), S5_OK);
		assert_int_equal(f.len, len);
		assert_ptr_equal(f.token, octets + S5_FRAME_HEADER);
		assert_int_equal(in.off, S5_FRAME_HEADER + len);
	}
}

TEST(R1961_3_10_abort_is_two_octets_and_no_more)
{
	struct s5_reader in = s5_reader_over("\x01\xff\x01\x01\x00\x00", 6);
	struct s5_gssframe f;

	assert_int_equal(s5_gssframe_get(&in, &f), S5_OK);
	assert_int_equal(f.mtyp, S5_MTYP_ABORT);
	assert_int_equal(in.off, 2);
	assert_int_equal(s5_gssframe_get(&in, &f), S5_OK);
	assert_int_equal(f.mtyp, S5_MTYP_AUTH);
	assert_int_equal(in.off, 6);
}

TEST(R1961_3_13_wrong_version_and_unknown_type_are_bad)
{
	static const struct {
		const char *hex;
		enum s5_note why;
	} cases[] = {
		{ "02", S5_NOTE_SUBVER },	   { "05 01 0000", S5_NOTE_SUBVER },
		{ "01 00", S5_NOTE_MTYP_UNKNOWN }, { "01 04 0001 aa", S5_NOTE_MTYP_UNKNOWN },
		{ "01 fe", S5_NOTE_MTYP_UNKNOWN },
	};
	uint8_t octets[16];
	struct s5_gssframe f;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		size_t n = hex(octets, sizeof octets, cases[i].hex);
		struct s5_reader in = s5_reader_over(octets, n);

		assert_null(codec_fault(&codecs[GSSFRAME], octets, n));
		assert_int_equal(s5_gssframe_get(&in, &f), S5_BAD);
		assert_int_equal(in.why, cases[i].why);
	}
}

TEST(R1961_5_8_empty_tokens_are_noted_but_for_the_first_phase)
{
	static const char *const texts[] = { "01 01 0000", "01 02 0000", "01 03 0000" };
	uint8_t octets[16];
	struct s5_gssframe f;

	for (size_t i = 0; i < LENGTH(texts); i++) {
		struct s5_trace trace = { .nspans = 0 };
		struct s5_reader in = s5_reader_over(octets, hex(octets, sizeof octets, texts[i]));

		in.trace = &trace;
		assert_int_equal(s5_gssframe_get(&in, &f), S5_OK);
		assert_int_equal(s5_trace_has(&trace, S5_NOTE_TOKEN_EMPTY), i != 0);
	}
}

TEST(frames_are_written)
{
	uint8_t octets[16];
	struct s5_writer w = s5_writer_over(octets, sizeof octets);

	s5_gssframe_put(&w, &(struct s5_gssframe){ S5_MTYP_DATA, 3, (const uint8_t *)"abc" });
	s5_gssframe_put(&w, &(struct s5_gssframe){ S5_MTYP_ABORT, 0, NULL });
	s5_gssframe_put(&w, &(struct s5_gssframe){ S5_MTYP_AUTH, 0, NULL });
	assert_int_equal(w.rc, S5_OK);
	assert_octets(octets, w.len, "01030003616263 01ff 01010000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R1961_3_1_every_frame_at_every_split_of_its_octets),
		cmocka_unit_test(R1961_3_1_each_length_octet_at_00_01_fe_ff),
		cmocka_unit_test(R1961_3_10_abort_is_two_octets_and_no_more),
		cmocka_unit_test(R1961_3_13_wrong_version_and_unknown_type_are_bad),
		cmocka_unit_test(R1961_5_8_empty_tokens_are_noted_but_for_the_first_phase),
		cmocka_unit_test(frames_are_written),
	};

	return RUN(tests);
}

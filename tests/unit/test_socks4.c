#include "testlib.h"

#include "codec.h"

struct sample {
	enum codec_id codec;
	const char *hex;
};

static const struct sample samples[] = {
	{ SOCKS4_REQUEST, "04 01 4650 7f000001 00" },
	{ SOCKS4_REQUEST, "04 02 4650 7f000001 616c69636500" },
	{ SOCKS4_REQUEST, "04 01 4650 00000001 00 6c6f63616c686f737400" },
	{ SOCKS4_REQUEST, "04 01 4650 000000ff 6d6500 6100" },
	{ SOCKS4_REQUEST, "04 01 4650 00000000 00" },
	{ SOCKS4_REQUEST, "04 f0 0000 00000001 00 00" },
	{ SOCKS4_REPLY, "00 5a e7e5 7f000001" },
	{ SOCKS4_REPLY, "00 5b 0000 00000000" },
};

TEST(every_message_at_every_split_of_its_octets)
{
	uint8_t octets[64];
	const char *fault;

	for (size_t i = 0; i < LENGTH(samples); i++) {
		fault = codec_fault(&codecs[samples[i].codec], octets,
				    hex(octets, sizeof octets, samples[i].hex));
		if (fault)
			fail_msg("%s: %s", samples[i].hex, fault);
	}
}

static enum s5_rc get(const char *text, struct s5_socks4_request *m, struct s5_trace *trace)
{
	uint8_t octets[64];
	struct s5_reader in = s5_reader_over(octets, hex(octets, sizeof octets, text));

	*trace = (struct s5_trace){ .nspans = 0 };
	in.trace = trace;
	return s5_socks4_request_get(&in, m);
}

TEST(request_names_its_target_and_user)
{
	struct s5_socks4_request m;
	struct s5_trace trace;

	assert_int_equal(get("04 02 4650 7f000001 616c69636500", &m, &trace), S5_OK);
	assert_int_equal(m.cd, S5_CD_BIND);
	assert_int_equal(m.dst.atyp, S5_ATYP_IPV4);
	assert_int_equal(m.dst.port, 18000);
	assert_octets(m.dst.octets, m.dst.len, "7f000001");
	assert_int_equal(m.ulen, 5);
	assert_string_equal((const char *)m.userid, "alice");
	assert_int_equal(trace.nmarks, 0);
}

TEST(request_4a_names_a_host)
{
	struct s5_socks4_request m;
	struct s5_trace trace;

	assert_int_equal(get("04 01 4650 00000001 00 6c6f63616c686f737400", &m, &trace), S5_OK);
	assert_int_equal(m.dst.atyp, S5_ATYP_NAME);
	assert_string_equal((const char *)m.dst.octets, "localhost");
	assert_int_equal(m.dst.port, 18000);
	assert_int_equal(get("04 01 4650 00000001 00 00", &m, &trace), S5_OK);
	assert_true(s5_trace_has(&trace, S5_NOTE_NAME_EMPTY));
	assert_int_equal(get("04 01 4650 00000100 00", &m, &trace), S5_OK);
	assert_int_equal(m.dst.atyp, S5_ATYP_IPV4);
	assert_int_equal(get("04 01 4650 00000000 00", &m, &trace), S5_OK);
	assert_int_equal(m.dst.atyp, S5_ATYP_IPV4);
}

TEST(deviations)
{
	struct s5_socks4_request m;
	struct s5_trace trace;

	assert_int_equal(get("05", &m, &trace), S5_BAD);
	assert_int_equal(get("04 03 4650 7f000001 00", &m, &trace), S5_OK);
	assert_true(s5_trace_has(&trace, S5_NOTE_SOCKS4_CMD));
}

/* 255 octets and their NUL are taken, 256 octets without one never become a request. */
TEST(longest_user_id_and_host)
{
	uint8_t octets[600];
	size_t n = hex(octets, sizeof octets, "04 01 4650 00000001");
	struct s5_reader in;
	struct s5_socks4_request m;

	memset(octets + n, 'u', 255);
	octets[n + 255] = 0;
	memset(octets + n + 256, 'h', 256);
	octets[n + 511] = 0;
	in = s5_reader_over(octets, n + 512);
	assert_int_equal(s5_socks4_request_get(&in, &m), S5_OK);
	assert_int_equal(m.ulen, 255);
	assert_int_equal(m.dst.len, 255);
	assert_null(codec_fault(&codecs[SOCKS4_REQUEST], octets, n + 512));
	octets[n + 511] = 'h';
	in = s5_reader_over(octets, n + 512);
	assert_int_equal(s5_socks4_request_get(&in, &m), S5_BAD);
	assert_int_equal(in.why, S5_NOTE_SOCKS4_LONG);
	octets[n + 255] = 'u';
	in = s5_reader_over(octets, n + 256);
	assert_int_equal(s5_socks4_request_get(&in, &m), S5_BAD);
	assert_null(codec_fault(&codecs[SOCKS4_REQUEST], octets, n + 512));
}

TEST(R1928_3_3_refusal_is_written)
{
	uint8_t octets[8];
	struct s5_writer w = s5_writer_over(octets, sizeof octets);

	s5_socks4_reply_put(&w, &(struct s5_socks4_reply){ .cd = S5_CD_REJECTED });
	assert_int_equal(w.rc, S5_OK);
	assert_octets(octets, w.len, "00 5b 0000 00000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_at_every_split_of_its_octets),
		cmocka_unit_test(request_names_its_target_and_user),
		cmocka_unit_test(request_4a_names_a_host),
		cmocka_unit_test(deviations),
		cmocka_unit_test(longest_user_id_and_host),
		cmocka_unit_test(R1928_3_3_refusal_is_written),
	};

	return RUN(tests);
}

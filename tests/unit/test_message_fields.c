/* What each message says: its fields as read and as written, and the notes on deviations. */
#include "testlib.h"

#include "codec.h"

/* Reads all of the text as the message; returns its rc, and the trace if one is wanted. */
static enum s5_rc get(enum codec_id codec, const char *text, union message *m,
		      struct s5_trace *trace)
{
	static uint8_t octets[600];
	size_t n = hex(octets, sizeof octets, text);
	struct s5_reader in = s5_reader_over(octets, n);
	enum s5_rc rc;

	*trace = (struct s5_trace){ .nspans = 0 };
	in.trace = trace;
	rc = codecs[codec].get(&in, m);
	if (rc == S5_OK)
		assert_int_equal(in.off, n);
	return rc;
}

static enum s5_note cause(enum codec_id codec, const char *text)
{
	uint8_t octets[64];
	struct s5_reader in = s5_reader_over(octets, hex(octets, sizeof octets, text));
	union message m;

	assert_int_equal(codecs[codec].get(&in, &m), S5_BAD);
	assert_int_equal(in.off, 0);
	return in.why;
}

TEST(R1928_3_14_all_255_methods_are_read_repeated_or_not)
{
	uint8_t octets[257] = { 5, 255 };
	struct s5_reader in = s5_reader_over(octets, sizeof octets);
	struct s5_trace trace = { .nspans = 0 };
	struct s5_hello m;

	for (unsigned i = 0; i < 255; i++)
		octets[2 + i] = i < 254 ? 0x80 : 0x02;
	assert_int_equal(s5_hello_get(&in, &m), S5_OK);
	assert_int_equal(m.n, 255);
	assert_memory_equal(m.methods, octets + 2, 255);
	octets[256] = 0xff;
	in = s5_reader_over(octets, sizeof octets);
	in.trace = &trace;
	assert_int_equal(s5_hello_get(&in, &m), S5_OK);
	assert_true(s5_trace_has(&trace, S5_NOTE_METHOD_REPEATED));
	assert_true(s5_trace_has(&trace, S5_NOTE_METHOD_FF));
}

TEST(hello_is_noted_where_it_deviates)
{
	struct s5_trace trace;
	union message m;

	assert_int_equal(get(HELLO, "05 02 00 02", &m, &trace), S5_OK);
	assert_int_equal(trace.nmarks, 0);
	assert_octets(m.hello.methods, m.hello.n, "0002");
	assert_int_equal(get(HELLO, "05 00", &m, &trace), S5_OK);
	assert_int_equal(m.hello.n, 0);
	assert_true(s5_trace_has(&trace, S5_NOTE_NMETHODS_ZERO));
	assert_int_equal(get(HELLO, "05 02 00 00", &m, &trace), S5_OK);
	assert_true(s5_trace_has(&trace, S5_NOTE_METHOD_REPEATED));
	assert_false(s5_trace_has(&trace, S5_NOTE_METHOD_FF));
}

TEST(R1928_3_3_wrong_version_is_bad_at_its_first_octet)
{
	assert_int_equal(cause(HELLO, "47"), S5_NOTE_VERSION);
	assert_int_equal(cause(HELLO, "04"), S5_NOTE_VERSION_SOCKS4);
	assert_int_equal(cause(HELLO, "00 01 00"), S5_NOTE_VERSION);
	assert_int_equal(cause(CHOICE, "01"), S5_NOTE_VERSION);
	assert_int_equal(cause(REQUEST, "01"), S5_NOTE_VERSION);
	assert_int_equal(cause(REPLY, "00 5a"), S5_NOTE_VERSION);
	assert_int_equal(cause(CREDENTIALS, "05"), S5_NOTE_SUBVER);
}

TEST(R1928_4_9_unknown_address_type_is_bad_at_once)
{
	assert_int_equal(cause(REQUEST, "05 01 00 02"), S5_NOTE_ATYP_UNKNOWN);
	assert_int_equal(cause(REQUEST, "05 01 00 00"), S5_NOTE_ATYP_UNKNOWN);
	assert_int_equal(cause(REQUEST, "05 01 00 05 7f"), S5_NOTE_ATYP_UNKNOWN);
	assert_int_equal(cause(REPLY, "05 00 00 ff"), S5_NOTE_ATYP_UNKNOWN);
}

TEST(R1928_4_2_ports_are_big_endian)
{
	struct s5_trace trace;
	union message m;

	assert_int_equal(get(REQUEST, "05 01 00 01 7f000001 4650", &m, &trace), S5_OK);
	assert_int_equal(m.request.dst.port, 18000);
	assert_int_equal(m.request.cmd, S5_CMD_CONNECT);
	assert_int_equal(m.request.dst.atyp, S5_ATYP_IPV4);
	assert_octets(m.request.dst.octets, m.request.dst.len, "7f000001");
	assert_int_equal(trace.nmarks, 0);
	assert_int_equal(get(REPLY, "05 00 00 01 7f000001 0100", &m, &trace), S5_OK);
	assert_int_equal(m.reply.bnd.port, 256);
}

TEST(request_is_noted_where_it_deviates)
{
	static const struct {
		const char *hex;
		enum s5_note note;
	} cases[] = {
		{ "05 01 00 03 00 4650", S5_NOTE_NAME_EMPTY },
		{ "05 01 00 03 03 61 00 62 4650", S5_NOTE_NAME_CONTROL },
		{ "05 01 00 03 03 61 20 62 4650", S5_NOTE_NAME_CONTROL },
		{ "05 01 00 03 03 61 62 7f 4650", S5_NOTE_NAME_CONTROL },
		{ "05 01 01 01 7f000001 4650", S5_NOTE_RSV },
		{ "05 09 00 01 7f000001 4650", S5_NOTE_CMD_UNKNOWN },
		{ "05 00 00 01 7f000001 4650", S5_NOTE_CMD_UNKNOWN },
		{ "05 01 00 01 7f000001 0000", S5_NOTE_PORT_ZERO },
	};
	struct s5_trace trace;
	union message m;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_int_equal(get(REQUEST, cases[i].hex, &m, &trace), S5_OK);
		assert_int_equal(trace.nmarks, 1);
		assert_int_equal(trace.mark[0].note, cases[i].note);
	}
	assert_int_equal(get(REQUEST, "05 03 00 01 00000000 0000", &m, &trace), S5_OK);
	assert_int_equal(trace.nmarks, 0);
}

TEST(R1928_4_11_name_faults)
{
	static const uint8_t plain[] = { '!', '~', 0x80, 0xff, '.', 'A' };
	struct s5_addr a = { .atyp = S5_ATYP_NAME, .len = 3, .octets = "abc" };

	for (unsigned octet = 0; octet < 256; octet++) {
		bool bad = octet <= 0x20 || octet == 0x7f || octet == '\\';

		a.octets[octet % 3] = (uint8_t)octet;
		assert_int_equal(s5_name_fault(&a), bad ? S5_NOTE_NAME_CONTROL : S5_NOTE_NONE);
		a.octets[octet % 3] = plain[octet % LENGTH(plain)];
		assert_int_equal(s5_name_fault(&a), S5_NOTE_NONE);
	}
	a.len = 0;
	assert_int_equal(s5_name_fault(&a), S5_NOTE_NAME_EMPTY);
	memset(a.octets, 'a', 255);
	a.len = 253;
	assert_int_equal(s5_name_fault(&a), S5_NOTE_NONE);
	a.len = 254;
	assert_int_equal(s5_name_fault(&a), S5_NOTE_NAME_LONG);
	a = s5_addr_ip4((const uint8_t[]){ 0, 0, 0, 0 }, 0);
	assert_int_equal(s5_name_fault(&a), S5_NOTE_NONE);
}

/* R1928-4.12: the codec keeps what came; who acts on it calls s5_addr_literal. */
TEST(literal_in_a_name_stays_a_name)
{
	struct s5_trace trace;
	union message m;

	assert_int_equal(get(REQUEST, "05 01 00 03 09 3132372e302e302e31 4650", &m, &trace), S5_OK);
	assert_int_equal(m.request.dst.atyp, S5_ATYP_NAME);
	assert_string_equal((const char *)m.request.dst.octets, "127.0.0.1");
}

TEST(R1928_6_12_reply_with_a_name_is_read_and_noted)
{
	struct s5_trace trace;
	union message m;

	assert_int_equal(get(REPLY, "05 04 00 03 04 6e616d65 0050", &m, &trace), S5_OK);
	assert_int_equal(m.reply.rep, S5_REP_HOST_UNREACHABLE);
	assert_int_equal(m.reply.bnd.len, 4);
	assert_int_equal(m.reply.bnd.port, 80);
	assert_int_equal(trace.nmarks, 1);
	assert_int_equal(trace.mark[0].note, S5_NOTE_BND_NAME);
	assert_int_equal(get(REPLY, "05 08 00 01 00000000 0000", &m, &trace), S5_OK);
	assert_int_equal(trace.nmarks, 0);
	assert_int_equal(get(REPLY, "05 09 00 01 00000000 0000", &m, &trace), S5_OK);
	assert_int_equal(trace.mark[0].note, S5_NOTE_REP_UNKNOWN);
	assert_int_equal(trace.mark[0].off, 1);
}

/* The fields of a message as the diagrams of the RFCs have them. */
static void fields(enum codec_id codec, const char *text, const enum s5_field *want, size_t n)
{
	struct s5_trace trace;
	union message m;

	assert_int_equal(get(codec, text, &m, &trace), S5_OK);
	assert_int_equal(trace.nspans, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(trace.span[i].field, want[i]);
}

#define FIELDS(codec, text, ...)                                    \
	fields(codec, text, (const enum s5_field[]){ __VA_ARGS__ }, \
	       LENGTH(((const enum s5_field[]){ __VA_ARGS__ })))

TEST(each_field_is_called_what_it_is)
{
	FIELDS(HELLO, "05 01 00", S5_F_VER, S5_F_NMETHODS, S5_F_METHODS);
	FIELDS(CHOICE, "05 00", S5_F_VER, S5_F_METHOD);
	FIELDS(CREDENTIALS, "01 01 61 01 62", S5_F_SUBVER, S5_F_ULEN, S5_F_UNAME, S5_F_PLEN,
	       S5_F_PASSWD);
	FIELDS(STATUS, "01 00", S5_F_SUBVER, S5_F_STATUS);
	FIELDS(REQUEST, "05 01 00 01 7f000001 4650", S5_F_VER, S5_F_CMD, S5_F_RSV, S5_F_ATYP,
	       S5_F_DST_ADDR, S5_F_DST_PORT);
	FIELDS(REQUEST, "05 01 00 03 01 61 4650", S5_F_VER, S5_F_CMD, S5_F_RSV, S5_F_ATYP,
	       S5_F_NAME_LEN, S5_F_DST_ADDR, S5_F_DST_PORT);
	FIELDS(REPLY, "05 00 00 01 7f000001 4650", S5_F_VER, S5_F_REP, S5_F_RSV, S5_F_ATYP,
	       S5_F_BND_ADDR, S5_F_BND_PORT);
}

TEST(R1928_6_15_reply_code_is_there_from_the_second_octet)
{
	struct s5_trace trace;
	union message m = { .reply = { .rep = 0 } };

	assert_int_equal(get(REPLY, "05 05", &m, &trace), S5_MORE);
	assert_int_equal(m.reply.rep, 5);
	m.reply.rep = 0;
	assert_int_equal(get(REPLY, "05 06 00 77", &m, &trace), S5_BAD);
	assert_int_equal(m.reply.rep, 6);
}

TEST(R1929_6_credentials_are_octets_with_a_length)
{
	struct s5_trace trace;
	union message m;

	memset(&m, 0xff, sizeof m);
	assert_int_equal(get(CREDENTIALS, "01 04 75730078 03 700077", &m, &trace), S5_OK);
	assert_octets(m.credentials.user, m.credentials.ulen, "75730078");
	assert_octets(m.credentials.password, m.credentials.plen, "700077");
	assert_int_equal(m.credentials.user[4] | m.credentials.password[3], 0);
	assert_int_equal(trace.nmarks, 0);
	assert_int_equal(get(CREDENTIALS, "01 00 00", &m, &trace), S5_OK);
	assert_true(s5_trace_has(&trace, S5_NOTE_ULEN_ZERO));
	assert_true(s5_trace_has(&trace, S5_NOTE_PLEN_ZERO));
	assert_int_equal(m.credentials.ulen + m.credentials.plen, 0);
}

TEST(R1929_8_status_version_is_noted_not_judged)
{
	struct s5_trace trace;
	union message m;

	assert_int_equal(get(STATUS, "05 00", &m, &trace), S5_OK);
	assert_true(s5_trace_has(&trace, S5_NOTE_SUBVER));
	assert_int_equal(m.status.ver, 5);
	assert_int_equal(m.status.status, 0);
	assert_int_equal(get(STATUS, "01 02", &m, &trace), S5_OK);
	assert_int_equal(trace.nmarks, 0);
	assert_int_equal(m.status.status, 2);
}

/* Writes it where there is room for exactly n octets, and then for one less. */
static void put(enum codec_id codec, const union message *m, const char *want)
{
	uint8_t octets[600];
	struct s5_writer w = s5_writer_over(octets, sizeof octets);

	codecs[codec].put(&w, m);
	assert_int_equal(w.rc, S5_OK);
	assert_octets(octets, w.len, want);
	w = s5_writer_over(octets, w.len - 1);
	codecs[codec].put(&w, m);
	assert_int_equal(w.rc, S5_BAD);
}

static union message request_to(uint8_t cmd, const char *host, uint16_t port)
{
	union message m = { .request = { .cmd = cmd } };

	assert_true(s5_addr_set_host(&m.request.dst, host, strlen(host), port));
	return m;
}

TEST(R1928_3_1_hello_is_written)
{
	put(HELLO, &(union message){ .hello = { .n = 2, .methods = { 2, 0 } } }, "05 02 02 00");
	put(CHOICE, &(union message){ .choice = { .method = 0xff } }, "05 ff");
}

TEST(R1928_4_1_request_is_10_or_22_or_7_n_octets)
{
	union message m = request_to(S5_CMD_CONNECT, "127.0.0.1", 18000);

	put(REQUEST, &m, "05 01 00 01 7f000001 4650");
	m = request_to(S5_CMD_BIND, "::1", 18000);
	put(REQUEST, &m, "05 02 00 04 00000000000000000000000000000001 4650");
	m = request_to(S5_CMD_UDP, "localhost", 80);
	put(REQUEST, &m, "05 03 00 03 09 6c6f63616c686f7374 0050");
	m.request.rsv = 7;
	put(REQUEST, &m, "05 03 00 03 09 6c6f63616c686f7374 0050");
}

TEST(R1928_4_4_names_that_cannot_be_sent_are_not_written)
{
	union message m = request_to(S5_CMD_CONNECT, "a", 80);
	uint8_t octets[600];
	struct s5_writer w = s5_writer_over(octets, sizeof octets);

	m.request.dst.len = 0;
	s5_request_put(&w, &m.request);
	assert_int_equal(w.rc, S5_BAD);
	assert_true(s5_addr_set_name(&m.request.dst, "a\0b", 3, 80));
	w = s5_writer_over(octets, sizeof octets);
	s5_request_put(&w, &m.request);
	assert_int_equal(w.rc, S5_BAD);
	m.request.dst = (struct s5_addr){ .atyp = 0 };
	w = s5_writer_over(octets, sizeof octets);
	s5_request_put(&w, &m.request);
	assert_int_equal(w.rc, S5_BAD);
}

TEST(R1928_6_1_reply_is_written_with_rsv_00)
{
	union message m = { .reply = { .rep = 5, .rsv = 9 } };

	m.reply.bnd = s5_addr_ip4((const uint8_t[]){ 127, 0, 0, 1 }, 47361);
	put(REPLY, &m, "05 05 00 01 7f000001 b901");
}

TEST(R1929_1_credentials_are_written)
{
	union message m = { .credentials = { 2, 2, "us", "pw" } };

	put(CREDENTIALS, &m, "01 02 7573 02 7077");
	m.credentials.plen = 0;
	put(CREDENTIALS, &m, "01 02 7573 00");
	put(STATUS, &(union message){ .status = { .ver = 1, .status = 0 } }, "01 00");
	put(STATUS, &(union message){ .status = { .ver = 1, .status = 1 } }, "01 01");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R1928_3_14_all_255_methods_are_read_repeated_or_not),
		cmocka_unit_test(hello_is_noted_where_it_deviates),
		cmocka_unit_test(R1928_3_3_wrong_version_is_bad_at_its_first_octet),
		cmocka_unit_test(R1928_4_9_unknown_address_type_is_bad_at_once),
		cmocka_unit_test(R1928_4_2_ports_are_big_endian),
		cmocka_unit_test(request_is_noted_where_it_deviates),
		cmocka_unit_test(R1928_4_11_name_faults),
		cmocka_unit_test(literal_in_a_name_stays_a_name),
		cmocka_unit_test(R1928_6_12_reply_with_a_name_is_read_and_noted),
		cmocka_unit_test(each_field_is_called_what_it_is),
		cmocka_unit_test(R1928_6_15_reply_code_is_there_from_the_second_octet),
		cmocka_unit_test(R1929_6_credentials_are_octets_with_a_length),
		cmocka_unit_test(R1929_8_status_version_is_noted_not_judged),
		cmocka_unit_test(R1928_3_1_hello_is_written),
		cmocka_unit_test(R1928_4_1_request_is_10_or_22_or_7_n_octets),
		cmocka_unit_test(R1928_4_4_names_that_cannot_be_sent_are_not_written),
		cmocka_unit_test(R1928_6_1_reply_is_written_with_rsv_00),
		cmocka_unit_test(R1929_1_credentials_are_written),
	};

	return RUN(tests);
}

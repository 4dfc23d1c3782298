#include "testlib.h"

#include "wire/udp.h"

/* Reads a datagram from a copy that ends where its memory ends; the caller frees it. */
static uint8_t *get(const uint8_t *octets, size_t n, struct s5_reader *in, struct s5_trace *trace,
		    struct s5_datagram *d, enum s5_rc *rc)
{
	uint8_t *copy = exact_copy(octets, n);

	*trace = (struct s5_trace){ .nspans = 0 };
	*in = s5_reader_over(copy, n);
	in->trace = trace;
	*rc = s5_datagram_get(in, d);
	return copy;
}

/* A whole datagram: its header is `header` octets, and what is written is what was read. */
static void is_datagram(const char *text, size_t header)
{
	uint8_t octets[600], room[S5_UDP_HEADER_MAX], *copy;
	size_t n = hex(octets, sizeof octets, text);
	struct s5_writer w = s5_writer_over(room, sizeof room);
	struct s5_reader in;
	struct s5_trace trace;
	struct s5_datagram d;
	enum s5_rc rc;

	copy = get(octets, n, &in, &trace, &d, &rc);
	assert_int_equal(rc, S5_OK);
	assert_int_equal(in.off, n);
	assert_int_equal(d.len, n - header);
	assert_ptr_equal(d.data, copy + header);
	assert_int_equal(s5_datagram_header_size(&d.addr), header);
	s5_datagram_put(&w, &d);
	assert_int_equal(w.rc, S5_OK);
	assert_int_equal(w.len, header);
	if (!d.rsv)
		assert_memory_equal(room, octets, header);
	free(copy);
}

TEST(R1928_U_11_datagram_header_is_10_or_22_or_7_n_octets)
{
	is_datagram("0000 00 01 7f000001 4651 70696e67", 10);
	is_datagram("0000 00 04 00000000000000000000000000000001 4651 70696e67", 22);
	is_datagram("0000 00 03 09 6c6f63616c686f7374 4651 70696e67", 16);
	is_datagram("0000 83 03 01 61 4651 70", 8);
}

TEST(R1928_U_15_empty_data_is_a_datagram)
{
	is_datagram("0000 00 01 7f000001 4651", 10);
	is_datagram("0000 00 03 01 61 4651", 8);
}

TEST(R1928_U_12_header_cut_anywhere_is_bad)
{
	static const char *const texts[] = {
		"0000 00 01 7f000001 4651",
		"0000 00 04 00000000000000000000000000000001 4651",
		"0000 00 03 09 6c6f63616c686f7374 4651",
	};
	uint8_t octets[64], *copy;
	struct s5_reader in;
	struct s5_trace trace;
	struct s5_datagram d;
	enum s5_rc rc;

	for (size_t i = 0; i < LENGTH(texts); i++) {
		size_t n = hex(octets, sizeof octets, texts[i]);

		for (size_t k = 0; k < n; k++) {
			copy = get(octets, k, &in, &trace, &d, &rc);
			assert_int_equal(rc, S5_BAD);
			assert_null(d.data);
			assert_int_equal(d.len, 0);
			assert_int_equal(in.rc, S5_MORE);
			assert_in_range(in.need, 1, n - k);
			free(copy);
		}
	}
}

TEST(R1928_U_12_each_deviation_is_noted)
{
	static const struct {
		const char *hex;
		enum s5_note note;
	} cases[] = {
		{ "0001 00 01 7f000001 4651 78", S5_NOTE_RSV },
		{ "0100 00 01 7f000001 4651 78", S5_NOTE_RSV },
		{ "0000 80 01 7f000001 4651 78", S5_NOTE_FRAG_ZERO_END },
		{ "0000 00 01 7f000001 0000 78", S5_NOTE_PORT_ZERO },
		{ "0000 00 03 00 4651 78", S5_NOTE_NAME_EMPTY },
		{ "0000 00 03 02 6100 4651 78", S5_NOTE_NAME_CONTROL },
	};
	uint8_t octets[64], *copy;
	struct s5_reader in;
	struct s5_trace trace;
	struct s5_datagram d;
	enum s5_rc rc;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		copy = get(octets, hex(octets, sizeof octets, cases[i].hex), &in, &trace, &d, &rc);
		assert_int_equal(rc, S5_OK);
		assert_int_equal(trace.nmarks, 1);
		assert_int_equal(trace.mark[0].note, cases[i].note);
		assert_int_equal(d.len, 1);
		free(copy);
	}
}

TEST(R1928_U_12_unknown_address_type_is_bad)
{
	uint8_t octets[16], *copy;
	size_t n = hex(octets, sizeof octets, "0000 00 05 7f000001 4651");
	struct s5_reader in;
	struct s5_trace trace;
	struct s5_datagram d;
	enum s5_rc rc;

	copy = get(octets, n, &in, &trace, &d, &rc);
	assert_int_equal(rc, S5_BAD);
	assert_int_equal(in.why, S5_NOTE_ATYP_UNKNOWN);
	free(copy);
}

/* The name's length octet at its extremes, true and lying: a lie too long is bad, a lie too short
 * leaves the rest as port and data. */
TEST(SEC_10_name_length_at_00_01_fe_ff)
{
	static const uint8_t extremes[] = { 0x00, 0x01, 0xfe, 0xff };
	uint8_t octets[600], *copy;
	struct s5_reader in;
	struct s5_trace trace;
	struct s5_datagram d;
	enum s5_rc rc;

	memset(octets, 'a', sizeof octets);
	hex(octets, sizeof octets, "0000 00 03");
	for (size_t i = 0; i < LENGTH(extremes); i++) {
		size_t header = 7u + extremes[i];

		octets[4] = extremes[i];
		for (size_t n = 5; n < 300; n++) {
			copy = get(octets, n, &in, &trace, &d, &rc);
			assert_int_equal(rc, n < header ? S5_BAD : S5_OK);
			assert_int_equal(d.len, n < header ? 0 : n - header);
			free(copy);
		}
	}
}

TEST(R1928_U_21_header_sizes_leave_the_payload_that_is_said)
{
	uint8_t name[255];
	struct s5_addr a = s5_addr_ip4((const uint8_t[4]){ 0 }, 0);

	assert_int_equal(S5_UDP_PAYLOAD_MAX - s5_datagram_header_size(&a), 65497);
	a = s5_addr_ip6((const uint8_t[16]){ 0 }, 0);
	assert_int_equal(S5_UDP_PAYLOAD_MAX - s5_datagram_header_size(&a), 65485);
	memset(name, 'a', sizeof name);
	assert_true(s5_addr_set_name(&a, name, sizeof name, 0));
	assert_int_equal(s5_datagram_header_size(&a), S5_UDP_HEADER_MAX);
}

TEST(header_is_not_written_where_it_does_not_fit)
{
	uint8_t room[10];
	struct s5_datagram d = { .addr = s5_addr_ip4((const uint8_t[4]){ 127, 0, 0, 1 }, 18001) };
	struct s5_writer w = s5_writer_over(room, 9);

	s5_datagram_put(&w, &d);
	assert_int_equal(w.rc, S5_BAD);
	w = s5_writer_over(room, 10);
	d.rsv = 7;
	d.frag = 0x82;
	s5_datagram_put(&w, &d);
	assert_int_equal(w.rc, S5_OK);
	assert_octets(room, w.len, "0000 82 01 7f000001 4651");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R1928_U_11_datagram_header_is_10_or_22_or_7_n_octets),
		cmocka_unit_test(R1928_U_15_empty_data_is_a_datagram),
		cmocka_unit_test(R1928_U_12_header_cut_anywhere_is_bad),
		cmocka_unit_test(R1928_U_12_each_deviation_is_noted),
		cmocka_unit_test(R1928_U_12_unknown_address_type_is_bad),
		cmocka_unit_test(SEC_10_name_length_at_00_01_fe_ff),
		cmocka_unit_test(R1928_U_21_header_sizes_leave_the_payload_that_is_said),
		cmocka_unit_test(header_is_not_written_where_it_does_not_fit),
	};

	return RUN(tests);
}

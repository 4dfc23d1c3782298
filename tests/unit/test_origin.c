/* The PROXY protocol's header, both versions, at every cut. */
#include "testlib.h"

#include "wire/origin.h"

#define SIGNATURE "0d0a0d0a000d0a515549540a"

struct row {
	const char *octets; /* hex; or text, which begins with P */
	enum s5_rc rc;
	const char *from; /* with its port; "" none */
	const char *rest; /* what stands behind it, text */
};

static const struct row rows[] = {
	{ "PROXY TCP4 192.0.2.1 198.51.100.2 1234 1080\r\n\5\1", S5_OK, "192.0.2.1:1234", "\5\1" },
	{ "PROXY TCP6 2001:db8::1 ::2 65535 0\r\n", S5_OK, "[2001:db8::1]:65535", "" },
	{ "PROXY UNKNOWN\r\nx", S5_OK, "", "x" },
	{ "PROXY UNKNOWN what ever 1\r\n", S5_OK, "", "" },
	{ "PROXY TCP6 ffff:f...f:ffff", S5_MORE, "", "" },
	{ "PROXY", S5_MORE, "", "" },
	{ "", S5_MORE, "", "" },
	{ "PROXY TCP4 192.0.2.1 198.51.100.2 1234 1080\n", S5_BAD, "", "" },
	{ "PROXY TCP4 192.0.2.1 198.51.100.2 1234\r\n", S5_BAD, "", "" },
	{ "PROXY TCP4 192.0.2.1 198.51.100.2 1234 1080 \r\n", S5_BAD, "", "" },
	{ "PROXY TCP4  192.0.2.1 198.51.100.2 1234 1080\r\n", S5_BAD, "", "" },
	{ "PROXY TCP4 192.0.2.1 198.51.100.2 65536 1080\r\n", S5_BAD, "", "" },
	{ "PROXY TCP4 192.0.2.1 198.51.100.2 -1 1080\r\n", S5_BAD, "", "" },
	{ "PROXY TCP4 192.0.2.1 198.51.100.2 1a 1080\r\n", S5_BAD, "", "" },
	{ "PROXY TCP4 2001:db8::1 198.51.100.2 1 2\r\n", S5_BAD, "", "" },
	{ "PROXY TCP6 192.0.2.1 ::2 1 2\r\n", S5_BAD, "", "" },
	{ "PROXY TCP4 192.0.2.1 198.51.100.300 1 2\r\n", S5_BAD, "", "" },
	{ "PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n", S5_BAD, "", "" },
	{ "PROXY\r\n", S5_BAD, "", "" },
	{ "PROXX TCP4 192.0.2.1 198.51.100.2 1 2\r\n", S5_BAD, "", "" },
	{ "PROXY UNKNOWN aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaa\r\n",
	  S5_BAD, "", "" },
	{ "050100", S5_BAD, "", "" },
	{ "474554202f", S5_BAD, "", "" },
	{ SIGNATURE "2111000cc0000201c633640204d20438"
		    "7878",
	  S5_OK, "192.0.2.1:1234", "xx" },
	{ SIGNATURE "21110010c0000201c633640204d20438"
		    "03000100"
		    "78",
	  S5_OK, "192.0.2.1:1234", "x" },
	{ SIGNATURE "2121002420010db8000000000000000000000001"
		    "20010db800000000000000000000000204d20438",
	  S5_OK, "[2001:db8::1]:1234", "" },
	{ SIGNATURE "20000000", S5_OK, "", "" }, /* a health check of the balancer's own */
	{ SIGNATURE "2011000cc0000201c633640204d20438", S5_OK, "", "" },
	{ SIGNATURE "21000000", S5_OK, "", "" }, /* UNSPEC */
	{ SIGNATURE "2112000cc0000201c633640204d20438", S5_OK, "", "" }, /* datagrams */
	{ SIGNATURE "2111000bc0000201c633640204d204", S5_BAD, "", "" }, /* less than addresses */
	{ SIGNATURE "21210014c0000201c633640204d20438"
		    "0102030405060708",
	  S5_BAD, "", "" },
	{ SIGNATURE "22110000", S5_BAD, "", "" }, /* no such command */
	{ SIGNATURE "11110000", S5_BAD, "", "" }, /* nor version */
	{ SIGNATURE "2111ffff", S5_BAD, "", "" }, /* too long to wait for */
	{ "0d0a0d0a000d0a515549540b", S5_BAD, "", "" },
	{ "0d0a0d0a00", S5_MORE, "", "" },
	{ SIGNATURE "2111000c", S5_MORE, "", "" },
};

static size_t octets_of(const struct row *row, uint8_t *octets, size_t cap)
{
	if (*row->octets != 'P')
		return hex(octets, cap, row->octets);
	memcpy(octets, row->octets, strlen(row->octets));
	return strlen(row->octets);
}

/* n octets of it, from memory that ends there. */
static enum s5_rc get(const uint8_t *octets, size_t n, struct s5_origin *o, size_t *used)
{
	uint8_t *copy = exact_copy(octets, n);
	struct s5_reader in = s5_reader_over(copy, n);
	enum s5_rc rc = s5_origin_get(&in, o);

	*used = in.off;
	if (rc == S5_BAD)
		assert_true(in.why == S5_NOTE_ORIGIN_BAD || in.why == S5_NOTE_ORIGIN_NONE);
	free(copy);
	return rc;
}

TEST(headers)
{
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct row *row = &rows[i];
		char text[S5_ADDR_TEXT] = "";
		uint8_t octets[512];
		size_t n = octets_of(row, octets, sizeof octets), used, cut;
		size_t rest = strlen(row->rest);
		struct s5_origin o;

		if (get(octets, n, &o, &used) != row->rc)
			fail_msg("%s", row->octets);
		if (o.from.atyp)
			s5_addr_format(&o.from, text, sizeof text);
		assert_string_equal(text, row->from);
		assert_int_equal(used, row->rc == S5_OK ? n - rest : 0);
		/* Cut short it is not there yet, or was wrong from the beginning. */
		for (cut = 0; cut < n - rest; cut++) {
			enum s5_rc rc = get(octets, cut, &o, &used);

			assert_true(rc == S5_MORE || (rc == S5_BAD && row->rc == S5_BAD));
			assert_int_equal(o.from.atyp, 0);
			assert_int_equal(used, 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),
	};

	return RUN(tests);
}

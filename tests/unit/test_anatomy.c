/* What is read of a token without its key. */
#include "dissect/anatomy.h"
#include "testlib.h"
#include "wire/gsstoken.h"

#define KRB5 "06092a864886f712010202"

struct sample {
	const char *hex;
	bool level;
	const char *fields; /* name=octets, and the deviations behind "!" */
};

/* Octets in memory of their own, so that a step beyond them is found. */
static const char *read_fields(const uint8_t *octets, size_t n, bool level)
{
	static char text[1024];
	struct s5_trace trace = { .nspans = 0 };
	uint8_t *copy = exact_copy(octets, n);
	size_t len = 0;

	s5_anatomy(copy, n, level, &trace);
	text[0] = 0;
	for (unsigned i = 0; i < trace.nspans; i++) {
		const struct s5_span *span = &trace.span[i];

		assert_true(span->off + span->len <= n);
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s=", i ? ", " : "",
					s5_field_name((enum s5_field)span->field));
		for (unsigned k = 0; k < span->len; k++)
			len += (size_t)snprintf(text + len, sizeof text - len, "%02x",
						copy[span->off + k]);
	}
	for (unsigned i = 0; i < trace.nmarks; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "! %s",
					s5_note_text((enum s5_note)trace.mark[i].note));
	free(copy);
	return text;
}

static const struct sample samples[] = {
	{ "0101000f 600d" KRB5 "0100", false,
	  "mechanism=2a864886f712010202, token id=0100, data=" },
	{ "01010011 600f" KRB5 "0200 abcd", false,
	  "mechanism=2a864886f712010202, token id=0200, data=abcd" },
	{ "0101000e 60810b 06062b0601050502a0 0102", false, "mechanism=2b0601050502, data=a00102" },
	{ "01010006 6004 06022a03", false, "mechanism=2a03, data=" },
	{ "01010006 6005 06022a03", false, "! head of the token is malformed" },
	{ "01010006 6004 05022a03", false, "! head of the token is malformed" },
	{ "01010006 6084 06022a03", false, "! head of the token is malformed" },
	{ "01010002 a100", false, "" },
	{ "0102001d 050404ff000c0000000000002c974b80 01 e28092d04fa7f7bd28dbe74b", true,
	  "token id=0504, token flags=04, filler=ff, extra count=000c, right rotation count=0000, "
	  "sequence number=000000002c974b80, data=01e28092d04fa7f7bd28dbe74b, protection level=01" },
	{ "0103001d 050404ff000c0000000000002c974b80 01 e28092d04fa7f7bd28dbe74b", false,
	  "token id=0504, token flags=04, filler=ff, extra count=000c, right rotation count=0000, "
	  "sequence number=000000002c974b80, data=01e28092d04fa7f7bd28dbe74b" },
	{ "01020001 02", true, "protection level=02" },
	{ "01030001 02", false, "" },
	{ "01030000", false, "" },
	{ "01ff", false, "" },
	{ "0103000a 0504", false, "" }, /* a message is whole */
};

TEST(DEC_4_fields_inside_of_tokens)
{
	uint8_t octets[128];

	for (size_t i = 0; i < LENGTH(samples); i++) {
		size_t n = hex(octets, sizeof octets, samples[i].hex);

		assert_string_equal(read_fields(octets, n, samples[i].level), samples[i].fields);
	}
}

TEST(tokens_cut_at_every_octet_and_with_every_octet_flipped)
{
	uint8_t octets[128];

	for (size_t i = 0; i < LENGTH(samples); i++) {
		size_t n = hex(octets, sizeof octets, samples[i].hex);

		for (size_t cut = 0; cut < n; cut++)
			read_fields(octets, cut, samples[i].level);
		for (size_t at = 0; at < n; at++)
			for (unsigned value = 0; value < 256; value++) {
				uint8_t good = octets[at];

				octets[at] = (uint8_t)value;
				read_fields(octets, n, samples[i].level);
				octets[at] = good;
			}
	}
}

TEST(mechanisms_have_names)
{
	uint8_t oid[16];

	assert_string_equal(s5_mech_name(oid, hex(oid, sizeof oid, "2a864886f712010202")),
			    "Kerberos 5");
	assert_string_equal(s5_mech_name(oid, hex(oid, sizeof oid, "2b0601050502")), "SPNEGO");
	assert_null(s5_mech_name(oid, hex(oid, sizeof oid, "2b06010505")));
	assert_null(s5_mech_name(oid, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(DEC_4_fields_inside_of_tokens),
		cmocka_unit_test(tokens_cut_at_every_octet_and_with_every_octet_flipped),
		cmocka_unit_test(mechanisms_have_names),
	};

	return RUN(tests);
}

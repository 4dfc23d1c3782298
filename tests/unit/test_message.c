#include "testlib.h"

#include "codec.h"

#define IP6 "00000000000000000000000000000001"

struct sample {
	enum codec_id codec;
	const char *hex;
};

static const struct sample samples[] = {
	{ HELLO, "05 01 00" },
	{ HELLO, "05 02 00 01" },
	{ HELLO, "05 03 00 01 02" },
	{ HELLO, "05 00" },
	{ HELLO, "05 04 02 02 ff 80" },
	{ CHOICE, "05 00" },
	{ CHOICE, "05 ff" },
	{ CREDENTIALS, "01 02 7573 02 7077" },
	{ CREDENTIALS, "01 02 7573 00" },
	{ CREDENTIALS, "01 00 02 7077" },
	{ CREDENTIALS, "01 00 00" },
	{ STATUS, "01 00" },
	{ STATUS, "01 ff" },
	{ STATUS, "05 00" },
	{ REQUEST, "05 01 00 01 7f000001 4650" },
	{ REQUEST, "05 02 00 04 " IP6 " 4650" },
	{ REQUEST, "05 03 00 03 09 6c6f63616c686f7374 4650" },
	{ REQUEST, "05 01 00 03 01 61 0050" },
	{ REQUEST, "05 01 07 01 7f000001 4650" },
	{ REQUEST, "05 09 00 01 7f000001 4650" },
	{ REQUEST, "05 01 00 03 00 4650" },
	{ REQUEST, "05 01 00 03 0a 6c6f63616c0a686f7374 4650" },
	{ REQUEST, "05 01 00 03 04 61006261 0000" },
	{ REPLY, "05 00 00 01 7f000001 b901" },
	{ REPLY, "05 00 00 04 " IP6 " b901" },
	{ REPLY, "05 04 00 03 0c 6e616d652e696e76616c6964 0050" },
	{ REPLY, "05 00 00 03 00 0000" },
	{ REPLY, "05 f0 ff 01 00000000 0000" },
};

/* Every split, truncation and glueing of every sample: see codec.h. */
TEST(R1928_4_17_every_message_at_every_split_of_its_octets)
{
	uint8_t octets[128];
	const char *fault;

	for (size_t i = 0; i < LENGTH(samples); i++) {
		size_t n = hex(octets, sizeof octets, samples[i].hex);

		fault = codec_fault(&codecs[samples[i].codec], octets, n);
		if (fault)
			fail_msg("%s: %s", samples[i].hex, fault);
	}
}

TEST(every_message_glued_to_every_other)
{
	uint8_t octets[256];
	union message m;
	size_t first, all;

	for (size_t i = 0; i < LENGTH(samples) * LENGTH(samples); i++) {
		const struct sample *one = &samples[i % LENGTH(samples)];
		const struct sample *two = &samples[i / LENGTH(samples)];
		struct s5_reader in;

		first = hex(octets, sizeof octets, one->hex);
		all = first + hex(octets + first, sizeof octets - first, two->hex);
		in = s5_reader_over(octets, all);
		assert_int_equal(codecs[one->codec].get(&in, &m), S5_OK);
		assert_int_equal(in.off, first);
		assert_int_equal(codecs[two->codec].get(&in, &m), S5_OK);
		assert_int_equal(in.off, all);
	}
}

/* A message around one of its length octets: prefix, the length, that many octets, suffix. */
struct counted {
	enum codec_id codec;
	const char *prefix, *suffix;
};

static const struct counted counted[] = {
	{ HELLO, "05", "" },
	{ CREDENTIALS, "01", "02 7077" },
	{ CREDENTIALS, "01", "00" },
	{ CREDENTIALS, "01 02 7573", "" },
	{ CREDENTIALS, "01 00", "" },
	{ REQUEST, "05 01 00 03", "4650" },
	{ REQUEST, "05 03 00 03", "0000" },
	{ REPLY, "05 00 00 03", "4650" },
	{ REPLY, "05 04 00 03", "0000" },
};

static const uint8_t extremes[] = { 0x00, 0x01, 0xfe, 0xff };

static size_t counted_octets(const struct counted *c, uint8_t len, uint8_t octets[static 600])
{
	size_t n = hex(octets, 600, c->prefix);

	octets[n++] = len;
	for (unsigned i = 0; i < len; i++)
		octets[n++] = (uint8_t)(i + 'a');
	return n + hex(octets + n, 600 - n, c->suffix);
}

TEST(SEC_10_each_length_octet_at_00_01_fe_ff)
{
	uint8_t octets[600];
	const char *fault;
	union message m;

	for (size_t i = 0; i < LENGTH(counted) * LENGTH(extremes); i++) {
		const struct counted *c = &counted[i / LENGTH(extremes)];
		size_t n = counted_octets(c, extremes[i % LENGTH(extremes)], octets);
		struct s5_reader in = s5_reader_over(octets, n);

		fault = codec_fault(&codecs[c->codec], octets, n);
		if (fault)
			fail_msg("%s %02x: %s", c->prefix, extremes[i % LENGTH(extremes)], fault);
		assert_int_equal(codecs[c->codec].get(&in, &m), S5_OK);
		assert_int_equal(in.off, n);
	}
}

/* The length octet lies about what follows it. */
TEST(SEC_10_length_octets_that_lie)
{
	uint8_t octets[600];
	const char *fault;

	for (size_t i = 0; i < LENGTH(counted) * LENGTH(extremes); i++) {
		const struct counted *c = &counted[i / LENGTH(extremes)];
		size_t at = hex(octets, sizeof octets, c->prefix);

		for (unsigned truth = 0; truth < 256; truth += 5) {
			size_t n = counted_octets(c, (uint8_t)truth, octets);

			octets[at] = extremes[i % LENGTH(extremes)];
			fault = codec_fault(&codecs[c->codec], octets, n);
			if (fault)
				fail_msg("%s %02x, %u there: %s", c->prefix, octets[at], truth,
					 fault);
		}
	}
}

/* Every octet of every sample at every value: whatever it becomes, it is read soundly. */
TEST(every_octet_of_every_message_at_every_value)
{
	uint8_t octets[128], was;
	const char *fault;
	size_t n;

	for (size_t i = 0; i < LENGTH(samples); i++) {
		n = hex(octets, sizeof octets, samples[i].hex);
		for (size_t k = 0; k < n * 256; k++) {
			was = octets[k / 256];
			octets[k / 256] = (uint8_t)k;
			fault = codec_fault(&codecs[samples[i].codec], octets, n);
			if (fault)
				fail_msg("%s, octet %zu = %02x: %s", samples[i].hex, k / 256,
					 octets[k / 256], fault);
			octets[k / 256] = was;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R1928_4_17_every_message_at_every_split_of_its_octets),
		cmocka_unit_test(every_message_glued_to_every_other),
		cmocka_unit_test(SEC_10_each_length_octet_at_00_01_fe_ff),
		cmocka_unit_test(SEC_10_length_octets_that_lie),
		cmocka_unit_test(every_octet_of_every_message_at_every_value),
	};

	return RUN(tests);
}

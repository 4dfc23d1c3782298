/* Octets in all the forms that people paste. */
#include "testlib.h"

#include "dissect/text.h"

#define REQUEST "0501000177000001005000"

static const struct {
	const char *text, *octets; /* hex */
	enum s5_text_form form;
} good[] = {
	{ "050100", "050100", S5_TEXT_HEX },
	{ " 05 01\t00\r\n", "050100", S5_TEXT_HEX },
	{ "05:01:00", "050100", S5_TEXT_HEX },
	{ "05-01-00", "050100", S5_TEXT_HEX },
	{ "0501 00\n", "050100", S5_TEXT_HEX },
	{ "0x05 0X01 0x00", "050100", S5_TEXT_HEX },
	{ "0x05,0x01,0x00,", "050100", S5_TEXT_HEX },
	{ "0x050100", "050100", S5_TEXT_HEX },
	{ "\\x05\\x01\\x00", "050100", S5_TEXT_HEX },
	{ "\"\\x05\\x01\\0GET\\r\\n\"", "0501004745540d0a", S5_TEXT_HEX },
	{ "b'\\x05\\x01\\x00'", "050100", S5_TEXT_HEX },
	{ "printf '\\5\\1\\0' | nc", "050100", S5_TEXT_HEX },
	{ "\"\\x05\\x01\"\n\"\\x00\"", "050100", S5_TEXT_HEX },
	{ "static const uint8_t hello[3] = { 0x05, 0x01, 0x00 };", "050100", S5_TEXT_HEX },
	{ "{ 5, 1, 0, 255 }", "050100ff", S5_TEXT_HEX },
	{ "[not this] {0x05,\n 0x01,\n}", "0501", S5_TEXT_HEX },
	/* xxd; its letters may look like digits */
	{ "00000000: 0501 00                                  ...\n", "050100", S5_TEXT_HEX },
	{ "00000000: 6162 6364 6566 6162 6364 6566 6162 6364  abcdefabcdefabcd\n"
	  "00000010: 61                                       a\n",
	  "6162636465666162636465666162636461", S5_TEXT_HEX },
	{ "00000000: 6162 6364 6162 6364  abcdabcd\n00000008: 0500                 ..\n",
	  "61626364616263640500", S5_TEXT_HEX },
	/* hexdump -C, with what it leaves out */
	{ "00000000  05 01 00                                          |...|\n00000003\n", "050100",
	  S5_TEXT_HEX },
	{ "00000000  61 62 63 64 65 66 61 62  63 64 65 66 61 62 63 64  |abcdefabcdefabcd|\n"
	  "*\n00000030  05 01                                             |..|\n00000032\n",
	  "616263646566616263646566616263646162636465666162636465666162636461626364656661626364"
	  "6566616263640501",
	  S5_TEXT_HEX },
	/* od -t x1 counts in octal, od -A x does not */
	{ "0000000 05 01 00 05 01 00 03 0b 74 61 72 67 65 74 2e 74\n0000020 65 73 74\n0000023\n",
	  "050100050100030b7461726765742e74657374", S5_TEXT_HEX },
	{ "000000 05 01 00 05 01 00 03 0b 74 61 72 67 65 74 2e 74\n000010 65 73 74\n000013\n",
	  "050100050100030b7461726765742e74657374", S5_TEXT_HEX },
	/* od -A d */
	{ "0000000 05 01 00 05 01 00 03 0b 74 61 72 67 65 74 2e 74\n0000016 65 73 74\n0000019\n",
	  "050100050100030b7461726765742e74657374", S5_TEXT_HEX },
	/* Seven digits are od's: octal, or where the lines do not fit, decimal; others are hex. */
	{ "0000000 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n*\n0000060\n",
	  "000000000000000000000000000000000000000000000000"
	  "000000000000000000000000000000000000000000000000",
	  S5_TEXT_HEX },
	{ "0000000 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n*\n0000048\n",
	  "000000000000000000000000000000000000000000000000"
	  "000000000000000000000000000000000000000000000000",
	  S5_TEXT_HEX },
	{ "000000 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n*\n000030\n",
	  "000000000000000000000000000000000000000000000000"
	  "000000000000000000000000000000000000000000000000",
	  S5_TEXT_HEX },
	/* xxd -a, an old one */
	{ "0000000: 0000 0000 0000 0000 0000 0000 0000 0000  ................\n*\n"
	  "0000020: 0500                                     ..\n",
	  "00000000000000000000000000000000000000000000000000000000000000000500", S5_TEXT_HEX },
	/* Eight octets a line, and letters behind them that look like more of them. */
	{ "00000000  61 62 63 64 61 62 63 64  abcdabcd\n00000008  05 00                    ..\n",
	  "61626364616263640500", S5_TEXT_HEX },
	/* A colon and a gap in the middle: hexdump of Python. */
	{ "00000000: 05 01 00 05 01 00 01 7F  00 00 01 00 50 61 62 63  ............Pabc\n"
	  "00000010: 64                                                d\n",
	  "050100050100017f0000010050616263"
	  "64",
	  S5_TEXT_HEX },
	/* tcpdump -X */
	{ "\t0x0000:  4500 0028 0501 0005 0100 0161 6263 6465  E..(.......abcde\n"
	  "\t0x0010:  6667                                     fg\n",
	  "450000280501000501000161626364656667", S5_TEXT_HEX },
	/* Wireshark's copies */
	{ "0000   05 01 00 05 01 00 01 7f 00 00 01 00 50 61 62 63   ............Pabc\n"
	  "0010   64                                                d\n",
	  "0501000501000"
	  "17f000001005061626364",
	  S5_TEXT_HEX },
	{ "0000   05 01 00 05 01 00 01 7f  00 00 01 00 50 61 62 63   ........ ....Pabc\n",
	  "05010005010001"
	  "7f0000010050616263",
	  S5_TEXT_HEX },
	{ "char peer0_0[] = { /* Packet 4 */\n0x05, 0x01, \n0x00 };\n", "050100", S5_TEXT_HEX },
	{ "BQEA", "050100", S5_TEXT_BASE64 },
	{ "BQEABQ==\n", "05010005", S5_TEXT_BASE64 },
	{ "BQEABQ", "05010005", S5_TEXT_BASE64 },
	{ "BQEA\nBQEAA3s=", "050100050100037b", S5_TEXT_BASE64 },
	{ "_-8=", "ffef", S5_TEXT_BASE64 },
	{ "\5\1", "0501", S5_TEXT_RAW },
	{ "\4\1text", "040174657874", S5_TEXT_RAW },
};

static const struct {
	const char *text, *why;
	enum s5_text_form form;
	size_t line;
} bad[] = {
	{ "", "nothing is there", S5_TEXT_HEX, 1 },
	{ "hello, world", "neither hex nor base64", S5_TEXT_AUTO, 1 },
	{ "05010", "odd number", S5_TEXT_HEX, 1 },
	{ "05010", "odd number", S5_TEXT_AUTO, 1 },
	{ "05 01 zz", "neither", S5_TEXT_AUTO, 1 },
	{ "05 01\n0g", "odd number", S5_TEXT_HEX, 2 },
	{ "05 01\nzz", "neither", S5_TEXT_HEX, 2 },
	{ "BQEA\nB", "cut short", S5_TEXT_BASE64, 2 },
	{ "BQ=EA", "neither", S5_TEXT_BASE64, 1 },
	{ "\"\\x05", "quote", S5_TEXT_HEX, 1 },
	{ "\\q", "escape", S5_TEXT_HEX, 1 },
	{ "{ 0x05, 256 }", "array", S5_TEXT_HEX, 1 },
	{ "{ 0x05", "array", S5_TEXT_HEX, 1 },
	/* A dump of more than there is to be. */
	{ "00000000  61  |a|\n*\nffffffffffff\n", "odd number", S5_TEXT_HEX, 1 },
};

TEST(forms)
{
	for (size_t i = 0; i < LENGTH(good); i++) {
		char got[400] = "", want[400] = "";
		struct s5_text t;

		if (!s5_text_read(&t, good[i].text, strlen(good[i].text), S5_TEXT_AUTO))
			fail_msg("%s: %s", good[i].text, t.why);
		for (size_t k = 0; k < t.n; k++)
			snprintf(got + 2 * k, sizeof got - 2 * k, "%02x", t.octets[k]);
		snprintf(want, sizeof want, "%s", good[i].octets);
		if (strcmp(got, want) != 0 || t.form != good[i].form)
			fail_msg("%s: got %s (%d), not %s", good[i].text, got, (int)t.form, want);
		s5_text_fini(&t);
	}
}

TEST(what_is_none_is_told)
{
	for (size_t i = 0; i < LENGTH(bad); i++) {
		struct s5_text t;

		if (s5_text_read(&t, bad[i].text, strlen(bad[i].text), bad[i].form))
			fail_msg("%s: taken", bad[i].text);
		if (!t.why || !strstr(t.why, bad[i].why) || t.line != bad[i].line)
			fail_msg("%s: %s, line %zu", bad[i].text, t.why, t.line);
		s5_text_fini(&t);
	}
}

TEST(raw_is_taken_as_it_is)
{
	struct s5_text t;

	assert_true(s5_text_read(&t, "0501", 4, S5_TEXT_RAW));
	assert_int_equal(t.n, 4);
	assert_memory_equal(t.octets, "0501", 4);
	s5_text_fini(&t);
}

/* Every cut of every text is read, or is not, without harm: from memory that ends there. */
TEST(every_cut)
{
	for (size_t i = 0; i < LENGTH(good); i++)
		for (size_t n = 0; n <= strlen(good[i].text); n++)
			for (int form = S5_TEXT_AUTO; form <= S5_TEXT_BASE64; form++) {
				uint8_t *copy = exact_copy(good[i].text, n);
				struct s5_text t;

				if (!s5_text_read(&t, (char *)copy, n, (enum s5_text_form)form))
					assert_non_null(t.why);
				s5_text_fini(&t);
				free(copy);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(what_is_none_is_told),
		cmocka_unit_test(raw_is_taken_as_it_is),
		cmocka_unit_test(every_cut),
	};

	return RUN(tests);
}

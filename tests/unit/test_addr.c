#include "testlib.h"

#include <ctype.h>

#include "base/addr.h"

static struct s5_addr host(const char *text, uint16_t port)
{
	struct s5_addr a = { .atyp = 0 };

	assert_true(s5_addr_set_host(&a, text, strlen(text), port));
	return a;
}

static struct s5_addr name(const char *octets, size_t len)
{
	struct s5_addr a = { .atyp = 0 };

	assert_true(s5_addr_set_name(&a, octets, len, 80));
	return a;
}

TEST(addresses_from_octets)
{
	static const uint8_t ip[16] = { 0xfd, [15] = 9 };
	struct s5_addr a = s5_addr_ip4(ip, 18000);

	assert_int_equal(a.atyp, S5_ATYP_IPV4);
	assert_int_equal(a.len, 4);
	assert_int_equal(a.port, 18000);
	assert_octets(a.octets, 5, "fd000000 00");
	a = s5_addr_ip6(ip, 1);
	assert_int_equal(a.atyp, S5_ATYP_IPV6);
	assert_octets(a.octets, a.len, "fd000000 00000000 00000000 00000009");
}

TEST(names_are_1_to_255_octets_with_a_nul_behind)
{
	char octets[256];
	struct s5_addr a = { .atyp = 0 };

	memset(octets, 'a', sizeof octets);
	memset(a.octets, 'z', sizeof a.octets);
	assert_false(s5_addr_set_name(&a, octets, 0, 80));
	assert_false(s5_addr_set_name(&a, octets, 256, 80));
	assert_int_equal(a.atyp, 0);
	assert_true(s5_addr_set_name(&a, octets, 255, 80));
	assert_int_equal(a.len, 255);
	assert_int_equal(a.octets[255], 0);
	assert_true(s5_addr_set_name(&a, octets, 1, 80));
	assert_octets(a.octets, 2, "6100");
}

TEST(literals_are_read_strictly)
{
	static const char *const no[] = {
		"",
		"127.1",
		"0x7f000001",
		"2130706433",
		"127.0.0.01",
		"127.0.0.256",
		"127.0.0.1.",
		"127.0.0.1 ",
		" 127.0.0.1",
		"1.2.3",
		"1.2.3.4.5",
		"[::1]",
		"::1%lo",
		"fe80::1%eth0",
		":::",
		"1::2::3",
		"12345::",
		"::1.2.3",
		"1:2:3:4:5:6:7:8:9",
		"0127.0.0.1",
		"+1.2.3.4",
		"localhost",
	};
	struct s5_addr a = { .atyp = 0 };

	for (size_t i = 0; i < LENGTH(no); i++)
		assert_false(s5_addr_set_ip(&a, no[i], strlen(no[i])));
	assert_false(s5_addr_set_ip(&a, "127.0.0.1\0x", 11));
	assert_false(s5_addr_set_ip(&a, "127.0.0.1\0", 10));
	assert_true(s5_addr_set_ip(&a, "127.0.0.1999", 9));
	assert_octets(a.octets, a.len, "7f000001");
	assert_true(s5_addr_set_ip(&a, "0000:0000:0000:0000:0000:ffff:127.0.0.1", 39));
	assert_octets(a.octets, a.len, "00000000 00000000 0000ffff 7f000001");
	assert_true(s5_addr_set_ip(&a, "::", 2));
	assert_int_equal(a.len, 16);
}

TEST(longest_literal_fits_exactly)
{
	static const char longest[] = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.25555";
	struct s5_addr a = { .atyp = 0 };

	assert_true(s5_addr_set_ip(&a, longest, 45));
	assert_octets(a.octets, a.len, "ffffffffffffffffffffffffffffffff");
	assert_false(s5_addr_set_ip(&a, longest, 46));
	assert_false(s5_addr_set_ip(&a, longest, 47));
}

TEST(literal_keeps_the_port)
{
	struct s5_addr a = { .port = 443 };

	assert_true(s5_addr_set_ip(&a, "::1", 3));
	assert_int_equal(a.port, 443);
}

TEST(host_is_a_literal_or_else_a_name)
{
	struct s5_addr a = host("127.0.0.1", 80);

	assert_int_equal(a.atyp, S5_ATYP_IPV4);
	a = host("::1", 80);
	assert_int_equal(a.atyp, S5_ATYP_IPV6);
	a = host("127.0.0.1.example", 80);
	assert_int_equal(a.atyp, S5_ATYP_NAME);
	assert_int_equal(a.len, 17);
	assert_int_equal(a.port, 80);
	assert_false(s5_addr_set_host(&a, "", 0, 80));
}

TEST(R1928_4_12_name_that_is_a_literal_becomes_the_address)
{
	struct s5_addr a = name("127.0.0.1", 9);

	s5_addr_literal(&a);
	assert_int_equal(a.atyp, S5_ATYP_IPV4);
	assert_octets(a.octets, a.len, "7f000001");
	assert_int_equal(a.port, 80);
	a = name("::ffff:127.0.0.1", 16);
	s5_addr_literal(&a);
	assert_int_equal(a.atyp, S5_ATYP_IPV6);
	a = name("127.0.0.1\0.evil.test", 20);
	s5_addr_literal(&a);
	assert_int_equal(a.atyp, S5_ATYP_NAME);
	assert_int_equal(a.len, 20);
	a = name("[::1]", 5);
	s5_addr_literal(&a);
	assert_int_equal(a.atyp, S5_ATYP_NAME);
}

TEST(R1928_4_13_mapped_addresses_are_unmapped)
{
	struct s5_addr a = host("::ffff:127.0.0.1", 80);

	s5_addr_unmap(&a);
	assert_int_equal(a.atyp, S5_ATYP_IPV4);
	assert_int_equal(a.len, 4);
	assert_octets(a.octets, 4, "7f000001");
	assert_int_equal(a.port, 80);
	a = host("::fffe:127.0.0.1", 80);
	s5_addr_unmap(&a);
	assert_int_equal(a.atyp, S5_ATYP_IPV6);
	a = name("::ffff:127.0.0.1", 16);
	s5_addr_unmap(&a);
	assert_int_equal(a.atyp, S5_ATYP_NAME);
}

TEST(R1928_4_13_loopback_in_every_form)
{
	static const char *const yes[] = { "127.0.0.1", "127.255.255.255", "127.0.0.0", "::1",
					   "::ffff:127.9.9.9" };
	static const char *const no[] = { "128.0.0.1", "126.255.255.255",
					  "::2",       "::",
					  "1::1",      "::ffff:128.0.0.1",
					  "localhost", "127.0.0.1.example" };
	struct s5_addr a;

	for (size_t i = 0; i < LENGTH(yes); i++) {
		a = host(yes[i], 0);
		assert_true(s5_addr_is_loopback(&a));
	}
	for (size_t i = 0; i < LENGTH(no); i++) {
		a = host(no[i], 0);
		assert_false(s5_addr_is_loopback(&a));
	}
}

TEST(a_source_is_an_IPv4_address_or_an_IPv6_64)
{
	static const char *const others[] = { "192.0.2.1",   "192.0.2.2",	"0.0.0.0", "::1",
					      "2001:db8::1", "2001:db8:0:1::1", "fe80::1" };
	static const char *const same[][2] = { { "192.0.2.1", "::ffff:192.0.2.1" },
					       { "2001:db8::1", "2001:db8::ffff:2" } };
	struct s5_addr a = { .atyp = 0 }, b = { .port = 7 };

	assert_int_equal(s5_addr_source(&a), 0);
	assert_true(s5_addr_set_name(&a, "a.test", 6, 1));
	assert_int_equal(s5_addr_source(&a), 0);
	for (size_t i = 0; i < LENGTH(others); i++)
		for (size_t j = 0; j < i; j++) {
			assert_true(s5_addr_set_ip(&a, others[i], strlen(others[i])));
			assert_true(s5_addr_set_ip(&b, others[j], strlen(others[j])));
			assert_true(s5_addr_source(&a) && s5_addr_source(&b));
			assert_true(s5_addr_source(&a) != s5_addr_source(&b));
		}
	for (size_t i = 0; i < LENGTH(same); i++) {
		assert_true(s5_addr_set_ip(&a, same[i][0], strlen(same[i][0])));
		assert_true(s5_addr_set_ip(&b, same[i][1], strlen(same[i][1])));
		assert_true(s5_addr_source(&a) == s5_addr_source(&b));
	}
}

TEST(unspecified_addresses)
{
	struct s5_addr a = host("0.0.0.0", 80);

	assert_true(s5_addr_is_any(&a));
	a = host("::", 80);
	assert_true(s5_addr_is_any(&a));
	a = host("0.0.0.1", 80);
	assert_false(s5_addr_is_any(&a));
	a = host("::1", 80);
	assert_false(s5_addr_is_any(&a));
	a = name("\0\0\0\0", 4);
	assert_false(s5_addr_is_any(&a));
	a = (struct s5_addr){ .atyp = 0 };
	assert_false(s5_addr_is_any(&a));
	assert_false(s5_addr_is_ip(&a));
}

TEST(R1928_4_13_names_that_resolvers_read_as_numbers)
{
	static const char *const yes[] = { "127.1",	 "0x7f000001", "2130706433",   "0177.0.0.1",
					   "0x7f.1",	 "127.0.0.1.", "0X7F.0.0.0X1", "1.2.3.4.5",
					   "example.42", "0x",	       "a.0x",	       "1.",
					   "00000000001" };
	static const char *const no[] = { "localhost", "ax12",	    "1x2", "a0x1",
					  "1e1",       "a1",	    "1a",  "0xg",
					  "x1",	       "1.example", ".",   "127.0.0.1..",
					  "example.-1" };
	struct s5_addr a;

	for (size_t i = 0; i < LENGTH(yes); i++) {
		a = name(yes[i], strlen(yes[i]));
		if (!s5_addr_is_numeric_name(&a))
			fail_msg("%s is a number", yes[i]);
	}
	for (size_t i = 0; i < LENGTH(no); i++) {
		a = name(no[i], strlen(no[i]));
		if (s5_addr_is_numeric_name(&a))
			fail_msg("%s is no number", no[i]);
	}
	a = host("127.0.0.1", 0);
	assert_false(s5_addr_is_numeric_name(&a));
}

TEST(equal_in_kind_octets_and_port)
{
	struct s5_addr a = host("ABCDEFGHIJKLMNOPQRSTUVWXYZ.@[", 80);
	struct s5_addr b = host("abcdefghijklmnopqrstuvwxyz.@[", 80);

	assert_true(s5_addr_equal(&a, &b));
	b = host("abcdefghijklmnopqrstuvwxyz.`{", 80);
	assert_false(s5_addr_equal(&a, &b));
	a = host("Example.COM", 80);
	b = host("example.com", 80);
	assert_true(s5_addr_equal(&a, &b));
	b.port = 81;
	assert_false(s5_addr_equal(&a, &b));
	b = host("example.co", 80);
	assert_false(s5_addr_equal(&a, &b));
	a = host("1.2.3.4", 80);
	b = host("1.2.3.4", 80);
	assert_true(s5_addr_equal(&a, &b));
	b = host("1.2.3.5", 80);
	assert_false(s5_addr_equal(&a, &b));
	b = name("\1\2\3\4", 4);
	assert_false(s5_addr_equal(&a, &b));
}

TEST(names_that_differ_behind_a_nul_are_not_equal)
{
	struct s5_addr a = name("localhost\0.one", 14), b = name("localhost\0.two", 14);

	assert_false(s5_addr_equal(&a, &b));
	b = name("LOCALHOST\0.ONE", 14);
	assert_true(s5_addr_equal(&a, &b));
	a = name("\xc4x", 2);
	b = name("\xe4x", 2);
	assert_false(s5_addr_equal(&a, &b));
}

TEST(text_form)
{
	char text[S5_ADDR_TEXT];
	struct s5_addr a = host("127.0.0.1", 1080);

	assert_string_equal(s5_addr_format(&a, text, sizeof text), "127.0.0.1:1080");
	a = host("::1", 80);
	assert_string_equal(s5_addr_format(&a, text, sizeof text), "[::1]:80");
	assert_string_equal(s5_addr_host(&a, text, sizeof text), "::1");
	a = host("localhost", 0);
	assert_string_equal(s5_addr_format(&a, text, sizeof text), "localhost:0");
	a = (struct s5_addr){ .atyp = 2, .len = 200, .port = 9 };
	assert_string_equal(s5_addr_format(&a, text, sizeof text), "-:9");
}

TEST(text_of_the_longest_name_fits)
{
	uint8_t octets[255];
	char text[S5_ADDR_TEXT];
	struct s5_addr a;

	memset(octets, 0x0a, sizeof octets);
	a = name((const char *)octets, sizeof octets);
	a.port = 65535;
	s5_addr_format(&a, text, sizeof text);
	assert_int_equal(strlen(text), 255 * 4 + 6);
	assert_string_equal(text + 255 * 4, ":65535");
}

TEST(R1928_4_11_names_are_escaped_to_one_line_and_one_word)
{
	char text[64];

	assert_string_equal(s5_escape(text, sizeof text, "a b\n\\\x1b[\x7f\0\xe4~!", 12),
			    "a\\x20b\\x0a\\x5c\\x1b[\\x7f\\x00\\xe4~!");
	for (unsigned octet = 0; octet < 256; octet++) {
		uint8_t one = (uint8_t)octet;

		s5_escape(text, sizeof text, &one, 1);
		for (const char *p = text; *p; p++)
			assert_true((unsigned char)*p < 0x7f && isgraph((unsigned char)*p));
	}
}

TEST(escaped_text_is_cut_to_fit_between_octets)
{
	char text[16];

	for (size_t size = 0; size <= 10; size++) {
		memset(text, '#', sizeof text);
		s5_escape(text, size, "a\n\n", 3);
		assert_int_equal(text[size], '#');
		if (size)
			assert_string_equal(text, size >= 10  ? "a\\x0a\\x0a"
						  : size >= 6 ? "a\\x0a"
						  : size >= 2 ? "a"
							      : "");
	}
}

static void equal_addresses_have_equal_hashes(void **state)
{
	struct s5_addr a, b;

	(void)state;
	assert_true(s5_addr_set_name(&a, "Example.ORG", 11, 80));
	assert_true(s5_addr_set_name(&b, "example.org", 11, 80));
	assert_true(s5_addr_hash(&a) == s5_addr_hash(&b));
	b.port = 81;
	assert_false(s5_addr_hash(&a) == s5_addr_hash(&b));
	a = s5_addr_loopback(S5_ATYP_IPV4, 80);
	b = s5_addr_loopback(S5_ATYP_IPV6, 80);
	assert_false(s5_addr_hash(&a) == s5_addr_hash(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_addresses_have_equal_hashes),
		cmocka_unit_test(addresses_from_octets),
		cmocka_unit_test(names_are_1_to_255_octets_with_a_nul_behind),
		cmocka_unit_test(literals_are_read_strictly),
		cmocka_unit_test(longest_literal_fits_exactly),
		cmocka_unit_test(literal_keeps_the_port),
		cmocka_unit_test(host_is_a_literal_or_else_a_name),
		cmocka_unit_test(R1928_4_12_name_that_is_a_literal_becomes_the_address),
		cmocka_unit_test(R1928_4_13_mapped_addresses_are_unmapped),
		cmocka_unit_test(R1928_4_13_loopback_in_every_form),
		cmocka_unit_test(a_source_is_an_IPv4_address_or_an_IPv6_64),
		cmocka_unit_test(unspecified_addresses),
		cmocka_unit_test(R1928_4_13_names_that_resolvers_read_as_numbers),
		cmocka_unit_test(equal_in_kind_octets_and_port),
		cmocka_unit_test(names_that_differ_behind_a_nul_are_not_equal),
		cmocka_unit_test(text_form),
		cmocka_unit_test(text_of_the_longest_name_fits),
		cmocka_unit_test(R1928_4_11_names_are_escaped_to_one_line_and_one_word),
		cmocka_unit_test(escaped_text_is_cut_to_fit_between_octets),
	};

	return RUN(tests);
}

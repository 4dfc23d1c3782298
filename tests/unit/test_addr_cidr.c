#include "testlib.h"

#include "base/addr.h"

static struct s5_addr host(const char *text, uint16_t port)
{
	struct s5_addr a = { .atyp = 0 };

	assert_true(s5_addr_set_host(&a, text, strlen(text), port));
	return a;
}

TEST(blocks_are_read)
{
	static const char *const no[] = { "",	    "/",	   "10.0.0.0/",	    "10.0.0.0/33",
					  "::/129", "10.0.0.0/-1", "10.0.0.0/8x",   "10.0.0.0/8/8",
					  "/8",	    "name/8",	   "10.0.0.0/0008", "10.0.0.0/ 8",
					  "10/8",   "10.0.0.0/264" };
	struct s5_cidr c;

	for (size_t i = 0; i < LENGTH(no); i++)
		if (s5_cidr_parse(&c, no[i], strlen(no[i])))
			fail_msg("%s is no block", no[i]);
	assert_true(s5_cidr_parse(&c, "1.2.3.0/24", 10));
	assert_int_equal(c.bits, 24);
	assert_true(s5_cidr_parse(&c, "::1", 3));
	assert_int_equal(c.bits, 128);
	assert_true(s5_cidr_parse(&c, "::1/128", 7));
	assert_int_equal(c.bits, 128);
	assert_true(s5_cidr_parse(&c, "1.2.3.4/32", 10));
	assert_int_equal(c.bits, 32);
	assert_true(s5_cidr_parse(&c, "1.2.3.4", 7));
	assert_int_equal(c.bits, 32);
	assert_true(s5_cidr_parse(&c, "fd00::/8,more", 8));
	assert_int_equal(c.bits, 8);
}

/* For each length of prefix: the last bit inside it counts, the first one behind does not. */
TEST(block_counts_its_bits_and_no_more)
{
	struct s5_addr base = host("a5a5:a5a5:a5a5:a5a5:a5a5:a5a5:a5a5:a5a5", 0), a;
	struct s5_cidr c = { .base = base };

	for (unsigned bits = 0; bits <= 128; bits++) {
		c.bits = (uint8_t)bits;
		assert_true(s5_cidr_has(&c, &base));
		a = base;
		if (bits > 0) {
			a.octets[(bits - 1) / 8] ^= (uint8_t)(0x80 >> (bits - 1) % 8);
			assert_false(s5_cidr_has(&c, &a));
		}
		a = base;
		if (bits < 128)
			a.octets[bits / 8] ^= (uint8_t)(0x80 >> bits % 8);
		assert_true(s5_cidr_has(&c, &a));
	}
}

TEST(block_holds_its_own_family_only)
{
	struct s5_cidr four, six;
	struct s5_addr a = host("::", 0), b = host("0.0.0.0", 0), n = host("x", 0);

	assert_true(s5_cidr_parse(&four, "0.0.0.0/0", 9));
	assert_true(s5_cidr_parse(&six, "::/0", 4));
	assert_false(s5_cidr_has(&four, &a));
	assert_true(s5_cidr_has(&six, &a));
	assert_true(s5_cidr_has(&four, &b));
	assert_false(s5_cidr_has(&six, &b));
	assert_false(s5_cidr_has(&four, &n));
	assert_false(s5_cidr_has(&six, &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_read),
		cmocka_unit_test(block_counts_its_bits_and_no_more),
		cmocka_unit_test(block_holds_its_own_family_only),
	};

	return RUN(tests);
}

#include "testlib.h"

#include <endian.h>

#include "base/hash.h"

/* Made by `openssl mac SIPHASH` with the key 00 01 .. 0f, of the octets 00 01 and so on. */
static const struct {
	size_t n;
	const char *want;
} vectors[] = {
	{ 0, "310e0edd47db6f72" },  { 1, "fd67dc93c539f874" },	{ 7, "37d1018bf50002ab" },
	{ 8, "6224939a79f5f593" },  { 9, "b0e4a90bdf82009e" },	{ 15, "e545be4961ca29a1" },
	{ 16, "db9bc2577fcc2a3f" }, { 63, "724506eb4c328a95" },
};

TEST(the_hash_is_siphash)
{
	static const struct s5_hash_key key = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };
	uint8_t octets[64], *copy;

	for (uint8_t i = 0; i < sizeof octets; i++)
		octets[i] = i;
	for (size_t i = 0; i < LENGTH(vectors); i++) {
		copy = exact_copy(octets, vectors[i].n);
		uint64_t got = htole64(s5_hash(&key, copy, vectors[i].n));

		free(copy);
		assert_octets(&got, sizeof got, vectors[i].want);
	}
}

TEST(another_key_is_another_hash)
{
	static const struct s5_hash_key keys[] = { { { 0, 0 } }, { { 1, 0 } }, { { 0, 1 } } };
	uint64_t first = s5_hash(&keys[0], "abc", 3);

	assert_true(first != s5_hash(&keys[1], "abc", 3));
	assert_true(first != s5_hash(&keys[2], "abc", 3));
	assert_true(s5_hash(&keys[1], "abc", 3) != s5_hash(&keys[2], "abc", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_is_siphash),
		cmocka_unit_test(another_key_is_another_hash),
	};

	return RUN(tests);
}

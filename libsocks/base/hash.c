#include "base/hash.h"

/* J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF". */

static uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void mix(uint64_t v[static 4], unsigned rounds)
{
	while (rounds--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void take(uint64_t v[static 4], uint64_t word)
{
	v[3] ^= word;
	mix(v, 2);
	v[0] ^= word;
}

static uint64_t word_of(const uint8_t *octets, size_t n)
{
	uint64_t word = 0;

	while (n--)
		word = word << 8 | octets[n];
	return word;
}

uint64_t s5_hash(const struct s5_hash_key *key, const void *octets, size_t n)
{
	const uint8_t *at = octets;
	uint64_t v[4] = {
		key->k[0] ^ 0x736f6d6570736575,
		key->k[1] ^ 0x646f72616e646f6d,
		key->k[0] ^ 0x6c7967656e657261,
		key->k[1] ^ 0x7465646279746573,
	};
	size_t left = n;

	for (; left >= 8; left -= 8, at += 8)
		take(v, word_of(at, 8));
	take(v, (uint64_t)n << 56 | word_of(at, left));
	v[2] ^= 0xff;
	mix(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* One direction of an association under test: a reassembler with a budget and a clock. */
#ifndef FRAGSIDE_H
#define FRAGSIDE_H

#include "testlib.h"

#include "wire/frag.h"

struct fragside {
	struct s5_budget own, *budget;
	struct s5_frag frag;
	struct s5_datagram d; /* what the last add made of it */
	uint8_t *given; /* its octets, in memory of their own until the next add */
	int64_t now; /* ms */
};

/* A budget of NULL is one of its own, ample. */
static inline void fragside_init(struct fragside *s, struct s5_budget *budget)
{
	*s = (struct fragside){ .own.limit = 1 << 20, .now = 1000 };
	s->budget = budget ? budget : &s->own;
	s5_frag_init(&s->frag, s->budget, 0);
}

static inline void fragside_fini(struct fragside *s)
{
	s5_frag_fini(&s->frag);
	free(s->given);
	assert_int_equal(s->own.used, 0);
}

static inline enum s5_frag_result fragside_add(struct fragside *s, uint8_t frag,
					       const struct s5_addr *from, const void *octets,
					       size_t len)
{
	uint8_t *octets_before = s->given;
	enum s5_frag_result result;

	s->given = exact_copy(octets, len);
	s->d = (struct s5_datagram){ .frag = frag, .addr = *from, .data = s->given, .len = len };
	result = s5_frag_add(&s->frag, &s->d, s->now);
	free(octets_before);
	return result;
}

/* Adds a fragment of len octets `fill`. */
static inline enum s5_frag_result fragside_fill(struct fragside *s, uint8_t frag, uint8_t fill,
						size_t len)
{
	static uint8_t octets[S5_UDP_PAYLOAD_MAX + 1];
	struct s5_addr from = s5_addr_ip4((const uint8_t[4]){ 127, 0, 0, 1 }, 18001);

	assert_true(len <= sizeof octets);
	memset(octets, fill, len);
	return fragside_add(s, frag, &from, octets, len);
}

/* The datagram is whole and holds `len` octets of which the i-th is `fill` + i / each. */
static inline void fragside_holds(const struct fragside *s, uint8_t fill, size_t each, size_t len)
{
	assert_int_equal(s->d.frag, 0);
	assert_int_equal(s->d.len, len);
	for (size_t i = 0; i < len; i++)
		if (s->d.data[i] != (uint8_t)(fill + i / each))
			fail_msg("octet %zu is %02x", i, s->d.data[i]);
}

#endif

/* Two ends of one context, for tests of what is sealed. */
#ifndef SEALING_H
#define SEALING_H

#include "testlib.h"

#include "fakegss.h"
#include "session/seal.h"

static inline struct s5_seal *seal_end(bool acceptor, uint8_t level)
{
	static const struct s5_gss_config config = { .levels = 6 };
	struct s5_gss *g = s5_gss_new(&config, acceptor, true);
	struct s5_seal *seal;

	fake_complete(g);
	seal = s5_seal_new(g, level);
	assert_non_null(seal);
	return seal;
}

#endif

#include "probe/cases.h"

/* As they stand in the table. */
enum {
	NONE = S5_NEEDS_NONE,
	LOGIN = S5_NEEDS_LOGIN,
	OPEN = S5_NEEDS_OPEN,
	GSSAPI = S5_NEEDS_GSSAPI,
	BIND = S5_NEEDS_BIND,
	UDP = S5_NEEDS_UDP,
	FRAGMENTS = S5_NEEDS_FRAGMENTS,
	IPV6 = S5_NEEDS_IPV6,
	NAMES = S5_NEEDS_NAMES,
	CONTEXT = S5_NEEDS_GSSAPI | S5_NEEDS_CONTEXT,
	SEALS = CONTEXT | S5_NEEDS_SEALS,
	INTEGRITY = CONTEXT | S5_NEEDS_INTEGRITY,
	CONFIDENTIALITY = CONTEXT | S5_NEEDS_CONFIDENTIALITY,
	SELECTIVE = CONTEXT | S5_NEEDS_SELECTIVE,
	WRAPPED = CONTEXT | S5_NEEDS_WRAPPED,
};

const struct s5_case s5_cases[] = {
#define S5_CASE(id, section, level, needs, title, script, why) \
	{ id, section, S5_CASE_##level, needs, title, script, why, S5_CASE_ENDS, false },
#include "probe/cases.def"
#undef S5_CASE
};

const size_t s5_ncases = sizeof s5_cases / sizeof s5_cases[0];

/* Cases: what is said to the other side, and what has to come of it (probe/words.h). Here are those that a
 * SOCKS5 server is held against; probe/clients.h has those for clients. They are static; any thread. */
#ifndef S5_PROBE_CASES_H
#define S5_PROBE_CASES_H

#include <stdbool.h>
#include <stddef.h>

enum s5_case_level {
	S5_CASE_MUST, /* the RFC demands it, or clients fail or are unsafe without it */
	S5_CASE_SHOULD,
};

/* What a server has to have; a case that needs what it has not tells nothing of it. */
enum s5_case_needs {
	S5_NEEDS_NONE = 0,
	S5_NEEDS_LOGIN = 1, /* credentials that it takes are known */
	S5_NEEDS_OPEN = 2, /* it lets in without any */
	S5_NEEDS_GSSAPI = 4,
	S5_NEEDS_BIND = 8,
	S5_NEEDS_UDP = 16,
	S5_NEEDS_FRAGMENTS = 32, /* it puts them together */
	S5_NEEDS_IPV6 = 64,
	S5_NEEDS_NAMES = 128, /* it knows a name of the target */
	S5_NEEDS_CONTEXT =
		256, /* a security context with it can be had: there is a ticket for it */
	S5_NEEDS_SEALS = 512, /* in the context it seals messages, by some level */
	S5_NEEDS_INTEGRITY = 1024, /* this level is granted to who asks for it */
	S5_NEEDS_CONFIDENTIALITY = 2048,
	S5_NEEDS_SELECTIVE = 4096,
	S5_NEEDS_WRAPPED = 8192, /* the level is not to stand bare, as NEC has it */
};

/* What a client has to make of what its server says. */
enum s5_case_outcome {
	S5_CASE_GOES_ON, /* it gets what the target says, and succeeds */
	S5_CASE_GIVES_UP, /* it ends, and fails */
	S5_CASE_ENDS, /* one or the other, but in time */
};

struct s5_case {
	const char *id; /* "rfc1928/3/1" */
	const char *section; /* "RFC 1928 3" */
	enum s5_case_level level;
	unsigned needs; /* enum s5_case_needs, or s5_client_needs */
	const char *title; /* what is sent, in a few words */
	const char *script;
	const char *why; /* what the section asks for, in a sentence */
	/* Of a client: */
	enum s5_case_outcome outcome;
	bool is_plain; /* nothing is wrong in it: where this fails the others tell nothing */
};

extern const struct s5_case s5_cases[];
extern const size_t s5_ncases;

#endif

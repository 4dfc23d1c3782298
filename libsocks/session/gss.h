/* A GSSAPI security context (RFC 2743) as RFC 1961 uses it: established by tokens, then it wraps
 * and unwraps messages.
 *
 * Two twins implement it: gss_krb5.c, the only file that knows the library's header, and
 * gss_none.c for a build without it. Everything else in the tree sees this header alone.
 *
 * A context belongs to whoever made it; one thread at a time. s5_gss_step may block: an initiator
 * asks a key distribution centre over the network, an acceptor reads a keytab and writes a replay
 * cache. It touches nothing but the context and its acceptor, so it may run on another thread
 * while its owner waits. Nothing else here blocks.
 */
#ifndef S5_SESSION_GSS_H
#define S5_SESSION_GSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/names.h"

enum s5_seal_fault {
#define S5_SEAL(id, text) S5_SEAL_##id,
#include "session/seals.def"
#undef S5_SEAL
	S5_SEAL_COUNT
};

/* What may be done about a context that failed. */
enum s5_gss_trouble {
	S5_GSS_OTHER,
	S5_GSS_NO_TICKET, /* no credentials at all */
	S5_GSS_EXPIRED, /* there are some, and their time is over */
	S5_GSS_NO_SERVICE, /* the other side's name is not known */
	S5_GSS_NO_KDC, /* nobody answers who could tell */
	S5_GSS_CLOCK, /* the clocks differ */
	S5_GSS_REFUSED, /* by us: a flag that we insist on is missing */
	S5_GSS_ABSENT, /* this build has no GSSAPI */
};

/* What both sides want. Borrowed for the call; the acceptor as long as any context made with it. */
struct s5_gss_config {
	/* Client: SERVICE@HOST; with a slash in it the whole principal, taken as it is. */
	const char *target;
	bool delegate; /* hand our ticket over (RFC 1961 3 asks for it; it is a risk) */
	uint8_t level; /* enum s5_level asked for; not less is accepted */
	/* Server */
	const struct s5_gss_acceptor *acceptor;
	uint8_t levels; /* 1 << enum s5_level each: those that are granted */
	bool nec; /* the level may stand bare in its message, as NEC's programs have it */
};

enum s5_gss_state { S5_GSS_CONTINUE, S5_GSS_COMPLETE, S5_GSS_FAILED };

#define S5_GSS_WHY 240 /* room for the reason of a failure */

struct s5_gss_context; /* the twin's */

struct s5_gss {
	enum s5_gss_state state;
	bool integrity, confidentiality; /* what the context can do, once complete */
	uint8_t *in; /* the peer's token for the next step */
	size_t nin;
	uint8_t *token; /* ours, of the last step */
	size_t ntoken;
	char *principal; /* the initiator's name, once complete; not to be trusted as one line */
	enum s5_gss_trouble trouble; /* FAILED */
	char why[S5_GSS_WHY]; /* FAILED: the library's own words */
	struct s5_gss_context *context;
};

/* The acceptor's credentials: keytab NULL is the library's default one; service NULL any principal
 * in it, SERVICE that service on any host, SERVICE@HOST that one, with a slash the whole principal.
 * NULL: why says why. May block. Any number of contexts may use one at once. */
struct s5_gss_acceptor *s5_gss_acceptor_new(const char *keytab, const char *service,
					    char why[static S5_GSS_WHY]);
void s5_gss_acceptor_free(struct s5_gss_acceptor *acceptor);
/* "MIT Kerberos ..."; NULL: this build has no GSSAPI. */
const char *s5_gss_library(void);

/* With an acceptor in the config an acceptor's context, else an initiator's. ordered: messages
 * that are missing or out of order are noticed (not for UDP: RFC 1961 3). NULL: no memory. */
struct s5_gss *s5_gss_new(const struct s5_gss_config *config, bool acceptor, bool ordered);
void s5_gss_free(struct s5_gss *g);
/* Takes a copy of the peer's token for the next step. False: no memory. */
bool s5_gss_give(struct s5_gss *g, const uint8_t *token, size_t n);
/* A step towards the context: state, token and the rest tell what came of it. */
void s5_gss_step(struct s5_gss *g);

/* The most octets that, wrapped, make a token of at most `size`. */
size_t s5_gss_limit(const struct s5_gss *g, bool conf, size_t size);
/* Wraps n octets into a token at `token`, which has room for `room`. Its length; 0: it failed. */
size_t s5_gss_wrap(struct s5_gss *g, bool conf, const uint8_t *octets, size_t n, uint8_t *token,
		   size_t room);
/* Unwraps a token where it stands: *plain is a view into it, *n its length, *conf whether it was
 * encrypted; it cannot be unwrapped again. They are good with S5_SEAL_GOOD; unless order matters,
 * which spares a copy, also with the faults that are about nothing else, up to S5_SEAL_OLD. */
enum s5_seal_fault s5_gss_unwrap(struct s5_gss *g, bool ordered, uint8_t *token, size_t ntoken,
				 const uint8_t **plain, size_t *n, bool *conf);

#endif

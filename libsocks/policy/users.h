/* Who may authenticate: by RFC 1929 with a password, of a file with crypt(3) hashes or given in clear;
 * by RFC 1961 as a principal, for whom the word gssapi stands in the place of a hash, and whom no
 * password lets in.
 *
 * Names and passwords are octets with a length. What a check costs does not tell whether the name
 * is known: as soon as one user has a hash, every check hashes exactly once, with a name's own
 * hash or else with one that is the name's each time. It then takes tens of milliseconds, so ask
 * s5_users_needs_hash and keep it off the loop.
 *
 * The caller owns the struct; fini wipes what it held. Users are added by one thread; then any
 * number may check at once.
 */
#ifndef S5_POLICY_USERS_H
#define S5_POLICY_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/message.h"

struct s5_user;

struct s5_users {
	struct s5_user *rows;
	size_t n;
	bool has_quotas; /* some user has limits of his own */
};

/* What all sessions of a user may come to. */
struct s5_quota {
	uint64_t rate; /* octets a second, each way; 0: no limit */
	unsigned sessions; /* at once; 0: no limit */
};

struct s5_users_error {
	size_t line; /* from 1; 0 where there is no file */
	const char *why; /* static */
	/* The name that it is about, borrowed from what was given; NULL: none. And where it is there
	 * already the line that brought it first, 0 where there is none. */
	const char *name;
	size_t nlen, first;
};

void s5_users_init(struct s5_users *u);
void s5_users_fini(struct s5_users *u);
/* Adds the users of a password file: `name:hash` or `principal:gssapi` lines, both perhaps with
 * limits behind another colon, `rate=10M,sessions=20`; empty lines and those that begin with # are
 * passed over. The text is borrowed for the call. False: err says which line and why, and nothing
 * was added. */
bool s5_users_parse(struct s5_users *u, const char *text, size_t len, struct s5_users_error *err);
/* Adds a user whose password is known. False: err->why says why. */
bool s5_users_add(struct s5_users *u, const void *name, size_t nlen, const void *password,
		  size_t plen, struct s5_users_error *err);

bool s5_users_has(const struct s5_users *u, const void *name, size_t nlen);
/* How many have a password, and how many are principals. */
size_t s5_users_count(const struct s5_users *u, bool principals);
/* May this principal come? If any is listed, those and nobody else; if none is, all. */
bool s5_users_admit(const struct s5_users *u, const void *name, size_t nlen);
/* What of his own the user has takes the place of what *quota says. */
void s5_users_quota(const struct s5_users *u, const void *name, size_t nlen,
		    struct s5_quota *quota);
/* Some user has a hash: a check takes long. */
bool s5_users_needs_hash(const struct s5_users *u);
/* True when the user is known and the password is his. False also when memory is short. */
bool s5_users_check(const struct s5_users *u, const struct s5_credentials *c);

#endif

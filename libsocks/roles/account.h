/* What all sessions of one user come to: how many there are, and the rate that they share. A user is
 * a name that was proved; a client without one is the address, or IPv6 /64, that it comes from.
 *
 * An account is there while it has sessions, and until its share is full again: who comes back
 * finds what he used up. Not locked, but for the share inside: one thread at a time.
 */
#ifndef S5_ROLES_ACCOUNT_H
#define S5_ROLES_ACCOUNT_H

#include <sys/queue.h>

#include "net/shaper.h"
#include "policy/users.h"

struct s5_account {
	struct s5_share share;
	unsigned sessions;
	uint64_t serial; /* of the policy that the rate is from */
	int64_t left; /* when the last session went */
	TAILQ_ENTRY(s5_account) idle;
	size_t nname;
	uint8_t name[]; /* a letter for its kind, and its octets */
};

struct s5_accounts {
	void *tree; /* tsearch(3) */
	TAILQ_HEAD(, s5_account) idle; /* those without sessions, who went first in front */
};

/* Who it is: the name, or without one (NULL) the source (s5_addr_source). */
struct s5_holder {
	const uint8_t *name;
	size_t len;
	uint64_t source;
};

void s5_accounts_init(struct s5_accounts *a);
/* None has a session any more. */
void s5_accounts_fini(struct s5_accounts *a);
/* A session more. 0; -EDQUOT: there are as many as there may be; -ENOMEM. What the quota says of the
 * rate holds for all of them from now on, unless an older policy says it than the last one did. */
int s5_account_enter(struct s5_accounts *a, const struct s5_holder *who,
		     const struct s5_quota *quota, uint64_t serial, int64_t now,
		     struct s5_account **account);
void s5_account_leave(struct s5_accounts *a, struct s5_account *account, int64_t now);

#endif

/* What holds a session back: its user's account, and a rate. */
#include <errno.h>
#include <stdlib.h>

#include "roles/worker.h"

static int make_shaper(struct s5_hold *hold, uint64_t rate, int64_t now)
{
	struct s5_account *account = hold->account;
	bool shared = account && s5_share_has_rate(&account->share);

	if (!rate && !shared)
		return 0;
	hold->shaper = malloc(sizeof *hold->shaper);
	if (!hold->shaper)
		return -ENOMEM;
	s5_shaper_init(hold->shaper, rate, shared ? &account->share : NULL, now);
	return 0;
}

/* Who has no name and comes over a Unix socket is nobody in particular. */
static struct s5_quota quota_of(const struct s5_policy *policy, const struct s5_record *record,
				uint64_t source)
{
	struct s5_quota quota = { .rate = record->user || source ? policy->rate_user : 0 };

	if (record->user)
		s5_users_quota(&policy->users, record->user, record->ulen, &quota);
	return quota;
}

int s5_hold_begin(struct s5_worker *w, const struct s5_policy *policy,
		  const struct s5_record *record, struct s5_hold *hold)
{
	struct s5_holder who = { record->user, record->ulen, s5_addr_source(&record->client) };
	struct s5_quota quota = quota_of(policy, record, who.source);
	int rc = 0;

	if (quota.rate || quota.sessions)
		rc = s5_server_account(w->server, &who, &quota, policy->serial, w->loop.now,
				       &hold->account);
	if (rc == 0)
		rc = make_shaper(hold, policy->rate, w->loop.now);
	if (rc < 0)
		s5_hold_end(w, hold);
	return rc;
}

void s5_hold_end(struct s5_worker *w, struct s5_hold *hold)
{
	if (hold->shaper)
		s5_shaper_fini(hold->shaper);
	free(hold->shaper);
	if (hold->account)
		s5_server_account_leave(w->server, hold->account, w->loop.now);
	*hold = (struct s5_hold){ .account = NULL };
}

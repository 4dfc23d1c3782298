#include "roles/account.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MS 1000 /* at least */

static int order(const void *a, const void *b)
{
	const struct s5_account *x = a, *y = b;

	if (x->nname != y->nname)
		return x->nname < y->nname ? -1 : 1;
	return memcmp(x->name, y->name, x->nname);
}

void s5_accounts_init(struct s5_accounts *a)
{
	a->tree = NULL;
	TAILQ_INIT(&a->idle);
}

static void drop(struct s5_accounts *a, struct s5_account *account)
{
	TAILQ_REMOVE(&a->idle, account, idle);
	tdelete(account, &a->tree, order);
	s5_share_fini(&account->share);
	free(account);
}

void s5_accounts_fini(struct s5_accounts *a)
{
	while (!TAILQ_EMPTY(&a->idle))
		drop(a, TAILQ_FIRST(&a->idle));
}

/* One whose share is not full yet has another turn. */
static void forget_old(struct s5_accounts *a, int64_t now)
{
	struct s5_account *first;

	while ((first = TAILQ_FIRST(&a->idle)) && now - first->left >= KEPT_MS) {
		if (s5_share_is_full(&first->share, now)) {
			drop(a, first);
			continue;
		}
		TAILQ_REMOVE(&a->idle, first, idle);
		first->left = now;
		TAILQ_INSERT_TAIL(&a->idle, first, idle);
	}
}

static struct s5_account *make(const struct s5_holder *who)
{
	const void *name = who->name ? who->name : (const void *)&who->source;
	size_t len = who->name ? who->len : sizeof who->source;
	struct s5_account *account = calloc(1, sizeof *account + 1 + len);

	if (!account)
		return NULL;
	account->nname = 1 + len;
	account->name[0] = who->name ? 'n' : 's';
	if (len)
		memcpy(account->name + 1, name, len);
	return account;
}

/* The one that is there already, or a new one, idle; NULL: no memory. */
static struct s5_account *find(struct s5_accounts *a, const struct s5_holder *who,
			       const struct s5_quota *quota, int64_t now)
{
	struct s5_account *account = make(who), **place;

	if (!account)
		return NULL;
	place = tsearch(account, &a->tree, order);
	if (!place || *place != account) {
		free(account);
		return place ? *place : NULL;
	}
	s5_share_init(&account->share, quota->rate, now);
	account->left = now;
	TAILQ_INSERT_TAIL(&a->idle, account, idle);
	return account;
}

int s5_account_enter(struct s5_accounts *a, const struct s5_holder *who,
		     const struct s5_quota *quota, uint64_t serial, int64_t now,
		     struct s5_account **out)
{
	struct s5_account *account;

	forget_old(a, now);
	account = find(a, who, quota, now);
	if (!account)
		return -ENOMEM;
	if (quota->sessions && account->sessions >= quota->sessions)
		return -EDQUOT;
	if (!account->sessions)
		TAILQ_REMOVE(&a->idle, account, idle);
	account->sessions++;
	if (serial >= account->serial)
		s5_share_set_rate(&account->share, quota->rate, now);
	if (serial > account->serial)
		account->serial = serial;
	*out = account;
	return 0;
}

void s5_account_leave(struct s5_accounts *a, struct s5_account *account, int64_t now)
{
	if (--account->sessions)
		return;
	account->left = now;
	TAILQ_INSERT_TAIL(&a->idle, account, idle);
}

/* A policy by itself: what it holds, and how that is given back. */
#include <stdlib.h>
#include <string.h>

#include "roles/server.h"

void s5_policy_init(struct s5_policy *policy)
{
	memset(policy, 0, sizeof *policy);
	s5_users_init(&policy->users);
	s5_rules_init(&policy->rules);
}

static void free_hops(struct s5_hop *hops, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free((char *)(uintptr_t)hops[i].path);
		free((char *)(uintptr_t)hops[i].gss.target);
	}
	if (hops)
		explicit_bzero(hops, n * sizeof *hops);
	free(hops);
}

void s5_policy_fini(struct s5_policy *policy)
{
	s5_users_fini(&policy->users);
	s5_rules_fini(&policy->rules);
	s5_gss_acceptor_free(policy->acceptor);
	free_hops((struct s5_hop *)(uintptr_t)policy->upstream.hops, policy->upstream.nhops);
	s5_policy_init(policy);
}

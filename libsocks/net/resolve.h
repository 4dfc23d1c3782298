/* Names to addresses without blocking: c-ares on the loop, and a cache.
 *
 * A resolver belongs to one loop and its thread. A lookup is embedded in what it serves and asks
 * for one family; done() comes on a later turn, never from within s5_lookup_start. Who asks for
 * what is asked for already waits for the same answer. Answers are kept for their TTL, at most
 * S5_CACHE_TTL seconds; failures are not kept.
 */
#ifndef S5_NET_RESOLVE_H
#define S5_NET_RESOLVE_H

#include <sys/queue.h>

#include "base/addr.h"
#include "net/cache.h"
#include "net/loop.h"

#define S5_CACHE_TTL 300 /* seconds */
#define S5_LOOKUPS_MAX 4096 /* names a resolver asks for at once, also those given up */

enum s5_lookup_result {
	S5_LOOKUP_FOUND,
	S5_LOOKUP_NO_NAME, /* NXDOMAIN */
	S5_LOOKUP_NO_DATA, /* the name is there, with no address of this family */
	S5_LOOKUP_FAILED, /* SERVFAIL, refused, malformed, no memory */
	S5_LOOKUP_TIMEOUT,
	S5_LOOKUP_BUSY, /* S5_LOOKUPS_MAX are under way: later perhaps */
};

struct s5_resolver;
struct s5_query_dns;

struct s5_lookup {
	uint8_t atyp; /* S5_ATYP_IPV4 or S5_ATYP_IPV6 */
	enum s5_lookup_result result;
	struct s5_answer answer;
	void (*done)(struct s5_lookup *l);
	struct s5_resolver *resolver; /* private, as what follows */
	struct s5_query_dns *request;
	LIST_ENTRY(s5_lookup) link;
	struct s5_task task;
};

/* servers: `ADDR[:PORT][,…]`, or NULL for the system's. 0 or -errno; -EINVAL: bad servers. */
int s5_resolver_new(struct s5_resolver **resolver, struct s5_loop *loop, const char *servers);
/* Lookups under way end without done(). */
void s5_resolver_free(struct s5_resolver *resolver);

void s5_lookup_start(struct s5_lookup *l, struct s5_resolver *resolver, const struct s5_addr *name,
		     enum s5_atyp atyp, void (*done)(struct s5_lookup *l));
/* done() will not come any more. Harmless when the lookup is over or never began. */
void s5_lookup_cancel(struct s5_lookup *l);

const char *s5_lookup_text(enum s5_lookup_result result);

#endif

/* What holds a session to a rate: a limit of its own, one that it shares with all sessions of its
 * user, or both; each way by itself.
 *
 * Who has something to move asks how much may pass, moves it, and tells. A session that was told
 * "nothing" waits until there is something worth a turn, so that the octets go in large pieces,
 * spliced where they were before, and a user's sessions come to about the same.
 *
 * A shaper belongs to one thread, a share to all that know it. The owner of both keeps them as long
 * as anyone asks.
 */
#ifndef S5_NET_SHAPER_H
#define S5_NET_SHAPER_H

#include <pthread.h>
#include <sys/queue.h>

#include "net/loop.h"
#include "policy/bucket.h"

/* One way of a session. */
struct s5_shaper_way {
	struct s5_bucket own;
	int64_t until; /* waits until then; 0: does not wait */
	/* In the share, and guarded by its lock. */
	uint64_t had; /* octets, or what it would have had if it had not paused */
	bool queued;
	int64_t due; /* asks again by then, if it still wants something */
	LIST_ENTRY(s5_shaper_way) link; /* among those that wait */
};

/* The octets that a user's sessions may carry together. Whoever has had least is the next. */
struct s5_share {
	pthread_mutex_t lock;
	struct s5_share_way {
		struct s5_bucket bucket;
		uint64_t had; /* by those that were served last */
		LIST_HEAD(, s5_shaper_way) waiting;
	} way[2]; /* from the client, to the client */
};

struct s5_shaper {
	struct s5_shaper_way way[2];
	struct s5_share *share; /* NULL: none */
	struct s5_timer timer; /* the asker's, and so is the next */
	void *asker;
};

void s5_share_init(struct s5_share *share, uint64_t rate, int64_t now);
/* What the rate is from now on; 0: no limit. */
void s5_share_set_rate(struct s5_share *share, uint64_t rate, int64_t now);
bool s5_share_has_rate(struct s5_share *share);
/* It is as if nothing had passed. */
bool s5_share_is_full(struct s5_share *share, int64_t now);
void s5_share_fini(struct s5_share *share);

/* rate: of its own, each way, octets a second; 0: none. */
void s5_shaper_init(struct s5_shaper *s, uint64_t rate, struct s5_share *share, int64_t now);
/* Waits no more. The timer is its asker's to stop. */
void s5_shaper_fini(struct s5_shaper *s);
/* How many octets may pass that way. 0: none before way[way].until. */
uint64_t s5_shaper_ask(struct s5_shaper *s, unsigned way, int64_t now);
/* n octets passed that way; they may be more. */
void s5_shaper_take(struct s5_shaper *s, unsigned way, uint64_t n);
/* A datagram of n octets, which cannot wait: false, it is one too many. */
bool s5_shaper_pass(struct s5_shaper *s, unsigned way, uint64_t n, int64_t now);

#endif

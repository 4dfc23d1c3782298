/* Inside the server: a worker, its clients in the handshake (conn) and behind it (tunnel).
 * Private to roles/. Everything here belongs to the worker's thread. */
#ifndef S5_ROLES_WORKER_H
#define S5_ROLES_WORKER_H

#include <pthread.h>
#include <sys/queue.h>

#include "net/relay.h"
#include "net/work.h"
#include "roles/account.h"
#include "roles/server.h"

struct s5_conn;
struct s5_tunnel;
struct s5_association;
struct s5_worker;

struct s5_port {
	struct s5_watch watch;
	struct s5_worker *worker;
	bool shared; /* other workers wait for the same clients */
	bool dual; /* for both families */
	struct s5_addr at; /* atyp 0: a Unix socket */
};

struct s5_worker {
	struct s5_server *server;
	const struct s5_server_config *config;
	struct s5_loop loop;
	struct s5_pool pool;
	struct s5_resolver *resolver;
	struct s5_post *post; /* NULL: no association yet */
	struct s5_shares tokens; /* of the security tokens of clients that are not let in yet */
	pthread_t thread;
	bool running;
	uint64_t next_id, id_step;

	struct s5_port *ports;
	size_t nports;
	struct s5_addr reserved; /* listened at by somebody else of this process; atyp 0: none */
	bool deaf; /* not accepting for want of descriptors */
	struct s5_timer retry;

	LIST_HEAD(, s5_conn) conns;
	LIST_HEAD(, s5_tunnel) tunnels;
	LIST_HEAD(, s5_association) associations;
	unsigned nconns, crowd; /* handshakes now, and at most since there were none */
	bool stopping;
	struct s5_task drain, stop;
};

/* What holds a session back. NULL: no such thing. */
struct s5_hold {
	struct s5_account *account;
	struct s5_shaper *shaper;
};

/* What an upstream proxy sent with its reply, of the stream. Borrowed. */
struct s5_far {
	const uint8_t *early;
	size_t len;
};

/* server.c. Its counters, each atomically. */
struct s5_stats *s5_server_counters(struct s5_server *server);
static inline void s5_count(uint64_t *counter, uint64_t n)
{
	__atomic_add_fetch(counter, n, __ATOMIC_RELAXED);
}
/* A session is over: counts it, and tells the log, if there is one. */
void s5_server_tell(struct s5_server *server, const struct s5_record *record);

struct s5_work *s5_server_work(struct s5_server *server);
/* For tables of what clients choose. */
const struct s5_hash_key *s5_server_key(const struct s5_server *server);
/* A session of that source (s5_addr_source) begins, under the policy in force, which it holds; with
 * accept_proxy it is nobody's until it is named. 0; or a limit is reached, -EUSERS or -EDQUOT, or
 * there is no memory, and nothing was counted. */
int s5_server_enter(struct s5_server *server, uint64_t source, struct s5_policy **policy);
/* A session that began without a source is that one's. False: there are too many of it. */
bool s5_server_name(struct s5_server *server, uint64_t source, unsigned most);
void s5_server_leave(struct s5_server *server, uint64_t source);
/* The policy is held once more, for somebody else; or less. Any thread. */
void s5_server_policy_hold(struct s5_server *server, struct s5_policy *policy);
void s5_server_policy_drop(struct s5_server *server, struct s5_policy *policy);
/* Accepting failed with error; EUSERS, EDQUOT: a limit is reached. */
void s5_server_trouble(struct s5_server *server, int error, int64_t now_ms);
/* Are credentials from there not to be looked at, after so many wrong ones? */
bool s5_server_bars(struct s5_server *server, const struct s5_addr *from, int64_t now_ms);
/* How many ms the answer to wrong credentials waits. Whichever worker saw them: they count. */
int64_t s5_server_penalty(struct s5_server *server, const struct s5_addr *from, int64_t now_ms);

/* s5_account_enter and _leave, from any thread. */
int s5_server_account(struct s5_server *server, const struct s5_holder *who,
		      const struct s5_quota *quota, uint64_t serial, int64_t now,
		      struct s5_account **account);
void s5_server_account_leave(struct s5_server *server, struct s5_account *account, int64_t now);

/* hold.c: of the client that the record tells of, which keeps what it gets until the end. 0; -EDQUOT:
 * its user has as many sessions as he may; -ENOMEM. */
int s5_hold_begin(struct s5_worker *w, const struct s5_policy *policy,
		  const struct s5_record *record, struct s5_hold *hold);
void s5_hold_end(struct s5_worker *w, struct s5_hold *hold);

/* worker.c */
int s5_worker_init(struct s5_worker *w, struct s5_server *server,
		   const struct s5_server_config *config);
void s5_worker_fini(struct s5_worker *w);
int s5_worker_add_port(struct s5_worker *w, int fd, bool shared);
int s5_worker_start(struct s5_worker *w);
/* Would a connection to this address come back to us? */
bool s5_worker_listens_at(const struct s5_worker *w, const struct s5_addr *a);
/* A session ended: its descriptors are free. */
void s5_worker_relieved(struct s5_worker *w);
/* Sees to it that there is w->post, for associations. 0 or -errno. */
int s5_worker_get_post(struct s5_worker *w);

/* conn.c: the handshake, up to the open tunnel or the refusal. Takes over fd, and the session that
 * began with its policy. */
void s5_conn_start(struct s5_worker *w, int fd, const struct s5_addr *from,
		   struct s5_policy *policy);
/* Ends every handshake; those whose password is being checked when s5_conns_free comes. */
void s5_conns_stop(struct s5_worker *w);
void s5_conns_free(struct s5_worker *w);

/* tunnel.c: takes over both descriptors, known to the loop already, the session's seal, and what
 * it still has for either side, and the hold. record: what is known so far. 0 or -errno (nothing
 * taken over). */
int s5_tunnel_start(struct s5_worker *w, int client, int target, struct s5_session *session,
		    const struct s5_policy *policy, const struct s5_hold *hold,
		    const struct s5_far *far, const struct s5_record *record, int64_t born);
void s5_tunnels_stop(struct s5_worker *w);

/* conn_upstream.c: proxies that datagrams go on to. */
struct s5_upstream;
/* The association's from now on. */
void s5_upstream_hand_over(struct s5_upstream *u, struct s5_association *n);
/* 0 or -errno, as s5_udp_client_send. */
int s5_upstream_send(struct s5_upstream *u, const struct s5_addr *to, const uint8_t *data,
		     size_t len);
/* NULL is fine. */
void s5_upstream_free(struct s5_upstream *u);

/* association.c: a datagram that came from an upstream proxy, one that came to nothing, and the end of
 * that. */
void s5_association_receive(struct s5_association *n, const struct s5_addr *from,
			    const uint8_t *data, size_t len);
void s5_association_dropped(struct s5_association *n);
void s5_association_lost(struct s5_association *n, const char *why);

/* association.c: keeps the policy, and takes over both descriptors, the control connection (known
 * to the loop) and the UDP socket for the client, the session's seal, what the session still has to
 * send, the hold, and the upstream proxies (NULL: none). 0 or -errno (nothing taken over). */
int s5_association_start(struct s5_worker *w, int client, int udp, struct s5_session *session,
			 struct s5_policy *policy, const struct s5_hold *hold,
			 struct s5_upstream *upstream, const struct s5_record *record,
			 int64_t born);
void s5_associations_stop(struct s5_worker *w);

#endif

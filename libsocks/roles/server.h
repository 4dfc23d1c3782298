/* The server: accept, session, policy, dial, relay; on worker threads with a loop each.
 *
 *   s5_server_new; s5_server_listen* as often as wanted; s5_server_set_policy; s5_server_start
 *   s5_server_drain: no new clients; s5_server_sessions tells how many are left
 *   s5_server_free: ends what is left and joins the threads
 *
 * All of these from one thread. The configuration and what it points to is borrowed until free.
 * Workers share nothing but it, a counter of sessions and the penalties of those who guess. The
 * library prints nothing: each session that ends is a record, handed to config.log on a worker's
 * thread.
 */
#ifndef S5_ROLES_SERVER_H
#define S5_ROLES_SERVER_H

#include "net/assoc.h"
#include "policy/rules.h"
#include "policy/users.h"
#include "roles/client.h"
#include "session/session.h"

/* One session, told when it is over. Everything is borrowed for the call. */
struct s5_record {
	uint64_t id; /* of this server's run */
	struct s5_addr client; /* atyp 0: came over a Unix socket */
	const uint8_t *user; /* ulen octets; NULL: none */
	size_t ulen;
	uint8_t method; /* S5_METHOD_UNACCEPTABLE: none was agreed */
	bool requested; /* cmd and target are good */
	uint8_t cmd;
	struct s5_addr target; /* as asked for */
	struct s5_addr actual; /* as connected to, or tried last; atyp 0: none */
	bool replied; /* rep is good */
	uint8_t rep;
	uint64_t up, down; /* octets of payload from the client, to the client */
	uint64_t datagrams_up, datagrams_down, dropped; /* with UDP ASSOCIATE */
	int64_t ms; /* from accept to end */
	char why[160]; /* why it ended; printable */
};

/* Who may come, by which method, what they may reach, how and how long: all that may change while the
 * server runs.
 * A client keeps what was in force when it came. */
struct s5_policy {
	struct s5_session_config session; /* the methods, in order of preference */
	struct s5_gss_acceptor *acceptor; /* the policy's; session.gss has it too; or NULL */
	struct s5_users users;
	struct s5_rules rules;
	/* Each connection begins with a PROXY header, which says whose it is (wire/origin.h). */
	bool accept_proxy;
	/* Clients beyond these are closed at once; 0: no limit. A source is an address, an IPv6 /64. */
	unsigned max_sessions, max_per_client;
	/* Octets a second, each way: of a session, and of all sessions of a user who has no rate of
	 * his own (without a name: of a source). 0: no limit; at most S5_BUCKET_RATE_MAX. */
	uint64_t rate, rate_user;
	int64_t handshake_timeout; /* ms, from accept to request; 0: none */
	int64_t idle_timeout; /* ms; 0: none */
	int64_t bind_timeout; /* ms, from a BIND's first reply to its peer; 0: none */
	struct s5_dial_options dial;
	struct s5_assoc_options udp;
	/* Proxies that all goes through; nhops 0: none. The hops, their paths and targets are the
	 * policy's (malloc). Names go on as they are; without GSSAPI. */
	struct s5_client_config upstream;
	unsigned holders; /* private, as the next */
	uint64_t serial; /* counts those that were in force */
};

struct s5_server_config {
	const char *resolver; /* s5_resolver_new's servers */
	unsigned workers; /* at least 1 */
	struct s5_port_range bind_ports, udp_ports;
	struct s5_addr advertise4, advertise6; /* told for our own; atyp 0: the local address */
	/* All may be called by several threads at once; all may be NULL. */
	void (*log)(void *arg, const struct s5_record *record);
	/* An event of a handshake, each message too with session.watch: the record as far as it is
	 * known, and the session to look at. S5_EV_REPLY: the first reply of a BIND, no other. */
	void (*watch)(void *arg, const struct s5_record *record, const struct s5_session *session,
		      enum s5_event event);
	/* Datagrams of an association are dropped, for a reason that is told of each destination
	 * once, and of 100 destinations in all. */
	void (*refused)(void *arg, const struct s5_record *record, const struct s5_addr *to,
			const char *why);
	/* Accepting failed for want of descriptors or memory (errno), or a client was turned away
	 * by max_sessions (EUSERS) or max_per_client (EDQUOT); it goes on by itself. Told
	 * now and then (s5_hush) with how often it happened since. */
	void (*trouble)(void *arg, int error, unsigned count);
	void *arg;
};

#define S5_STATS_REPS 10 /* 00 to 08, and what is none of these */

/* What a server did since its start, but for `sessions`. */
struct s5_stats {
	uint64_t sessions; /* now, with those in the handshake */
	uint64_t clients; /* that were taken */
	uint64_t beyond_sessions, beyond_client; /* that were turned away, by the limit reached */
	uint64_t credentials_refused;
	uint64_t requests
		[4][S5_STATS_REPS]; /* that are over: by enum s5_cmd (0: none of them), by REP */
	uint64_t octets[2]; /* from clients, to clients; sealed ones as they are on the wire */
	uint64_t datagrams[2], datagrams_dropped;
};

struct s5_server;

void s5_policy_init(struct s5_policy *policy);
/* Gives back what it holds, and leaves it empty. */
void s5_policy_fini(struct s5_policy *policy);

/* 0 or -errno. -EINVAL: config.resolver. */
int s5_server_new(struct s5_server **server, const struct s5_server_config *config);
/* *real is the address with the real port. 0 or -errno. */
int s5_server_listen(struct s5_server *server, const struct s5_addr *a, struct s5_addr *real);
/* The socket file is removed by s5_server_drain or s5_server_free. */
int s5_server_listen_unix(struct s5_server *server, const char *path);
/* Somebody of this process listens there, too: clients are not connected to it. Before the start. */
void s5_server_reserve(struct s5_server *server, const struct s5_addr *at);
/* Would a connection to this address come back to the process? */
bool s5_server_listens_at(const struct s5_server *server, const struct s5_addr *a);
/* A socket that listens already; the server's from now on. */
int s5_server_adopt(struct s5_server *server, int fd);
/* What is in force from now on; before, nobody comes. Takes over what *policy holds, and leaves it
 * empty. 0 or -errno (nothing was taken over). */
int s5_server_set_policy(struct s5_server *server, struct s5_policy *policy);
int s5_server_start(struct s5_server *server);
void s5_server_drain(struct s5_server *server);
unsigned s5_server_sessions(const struct s5_server *server);
/* While it works, from any thread. */
void s5_server_stats(struct s5_server *server, struct s5_stats *stats);
/* A checker that is still at work is not waited for: it is left behind, with all that it needs
 * (s5_work_left). */
void s5_server_free(struct s5_server *server);

#endif

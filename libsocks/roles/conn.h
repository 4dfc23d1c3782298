/* Inside the server: a client in the handshake. Private to roles/; the worker's thread only. */
#ifndef S5_ROLES_CONN_H
#define S5_ROLES_CONN_H

#include "roles/worker.h"

enum s5_conn_state {
	S5_CONN_ORIGIN, /* the PROXY header is awaited */
	S5_CONN_TALKING, /* octets come and go */
	S5_CONN_CHECKING, /* the password, or a security token, is with the checkers */
	S5_CONN_HOLDING, /* wrong credentials: the answer is held back */
	S5_CONN_DIALING,
	S5_CONN_BINDING, /* a BIND's name is looked up, or its peer awaited */
	S5_CONN_LEAVING, /* refused; the answer is being read */
	S5_CONN_GONE, /* S5_CONN_CHECKING, but there is no client any more */
};

struct s5_bind;
struct s5_upstream;

struct s5_conn {
	struct s5_watch watch;
	struct s5_worker *worker;
	LIST_ENTRY(s5_conn) link;
	enum s5_conn_state state;
	bool accepted; /* the checkers' verdict on a password */
	bool barred; /* a password of its address is not looked at */
	bool untold; /* the log waits for the verdict */
	int64_t wait; /* ms that the verdict is held back */
	struct s5_policy *policy; /* in force when it came */
	uint64_t source; /* for whom the session is counted */
	struct s5_timer timer; /* the handshake's deadline, or the state's */
	struct s5_job job;
	int64_t born;
	int target; /* connected, or the association's UDP socket; -1: none */
	struct s5_bind *bind; /* NULL: no BIND under way */
	struct s5_upstream *upstream; /* NULL: nothing is passed on */
	uint8_t *origin; /* S5_CONN_ORIGIN: what came of the header in parts, or NULL */
	size_t norigin;
	struct s5_hold hold; /* from the request on */
	struct s5_record record;
	struct s5_dial dial;
	struct s5_session session;
};

/* conn.c. Goes on as far as it can; the conn may be gone afterwards. */
void s5_conn_go(struct s5_conn *c);
/* Tells the log why, and closes. The conn is gone, or follows once the checkers are done. */
__attribute__((format(printf, 2, 3))) void s5_conn_drop(struct s5_conn *c, const char *format, ...);
/* Gives everything back; end: and tells the log what it does not know yet. */
void s5_conn_release(struct s5_conn *c);
void s5_conn_end(struct s5_conn *c);
/* Wrong credentials, for the log, of who did not wait for the verdict. */
#define S5_CONN_FLED "credentials refused: client did not wait for the answer"
/* conn_explain.c. Notes in the record why the session failed. */
void s5_conn_explain(struct s5_conn *c);
/* To config.watch, if there is one. */
void s5_conn_tell(struct s5_conn *c, enum s5_event event);

/* conn_origin.c. State ORIGIN: something came, or ended. */
void s5_conn_origin(struct s5_conn *c, bool ended);
void s5_conn_origin_free(struct s5_conn *c);

/* conn_auth.c. Looks at the session's credentials: at once, or state CHECKING, then HOLDING.
 * False: there is no time for them, and no verdict; the record says why. */
bool s5_conn_check(struct s5_conn *c);
/* S5_EV_WORK: state CHECKING; or the context has failed, where too many wait already. */
void s5_conn_work(struct s5_conn *c);
void s5_conn_judge(struct s5_conn *c, bool accepted);

/* conn_request.c. Answers the session's request: at once, or state DIALING. */
void s5_conn_request(struct s5_conn *c);
void s5_conn_note_request(struct s5_conn *c);
/* Do the rules allow the request with that address, or not forbid it yet (see s5_query)? A no is
 * noted in the record. */
bool s5_conn_permits(struct s5_conn *c, const struct s5_addr *address);
/* The (next) reply, and what the log will say of it: why NULL is noted already. State TALKING. */
void s5_conn_answer(struct s5_conn *c, uint8_t rep, const struct s5_addr *bnd, const char *why);

/* conn_udp.c. Answers a UDP ASSOCIATE that the rules do not forbid. */
void s5_conn_associate(struct s5_conn *c);
/* Our address that the client reached us at, without a port; over a Unix socket 127.0.0.1. */
struct s5_addr s5_conn_near(const struct s5_conn *c);

/* conn_upstream.c. Passes the request on, one that the rules do not forbid: state DIALING. */
void s5_conn_upstream(struct s5_conn *c);
/* What came with the reply, once it is a success. */
struct s5_far s5_conn_far(const struct s5_conn *c);
void s5_conn_upstream_end(struct s5_conn *c);

/* conn_bind.c. Answers a BIND that the rules do not forbid: at once, or state BINDING. */
void s5_conn_bind(struct s5_conn *c);
/* State BINDING has lasted too long. */
void s5_conn_bind_expire(struct s5_conn *c);
/* Gives back what a BIND holds: harmless where there is none. */
void s5_conn_bind_end(struct s5_conn *c);

#endif

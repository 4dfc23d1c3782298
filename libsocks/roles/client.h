/* The client: dial the first hop, hold a session with each hop in turn, hand over the stream.
 *
 * With GSSAPI a hop's stream is sealed, and the dialogue with the next hop goes inside that; what
 * may block on the way to a context is done by the threads of `work`.
 *
 * Hop i is asked to CONNECT to hop i + 1, the last hop for what the caller wants (RFC 1928 4).
 * Without hops the target itself is dialled. Nothing falls back to anything: whatever goes wrong
 * ends it, and the failure says at which hop and in which phase.
 *
 * A client is embedded in what it serves and belongs to one loop. Zero it, set the upper part,
 * start it; done() is called once, from the loop, never from within start. s5_client_fini at any
 * time gives everything back and wipes it, also in done().
 */
#ifndef S5_ROLES_CLIENT_H
#define S5_ROLES_CLIENT_H

#include "net/dial.h"
#include "net/gss_job.h"
#include "session/session.h"

enum s5_phase {
	S5_PHASE_RESOLVE,
	S5_PHASE_CONNECT,
	S5_PHASE_METHOD,
	S5_PHASE_CREDENTIALS,
	S5_PHASE_CONTEXT,
	S5_PHASE_LEVEL,
	S5_PHASE_REQUEST, /* it cannot be asked this: nothing was sent */
	S5_PHASE_REPLY,
};

struct s5_hop {
	const char *path; /* of a Unix socket, for the first hop; NULL: addr */
	struct s5_addr addr;
	uint8_t nmethods;
	uint8_t methods[8]; /* offered, in order of preference */
	struct s5_credentials credentials; /* with userpass; the owner of the hop wipes them */
	struct s5_gss_config gss; /* with GSSAPI */
};

/* Borrowed until done(), and from then on never looked at. */
struct s5_client_config {
	const struct s5_hop *hops;
	size_t nhops; /* 0: direct */
	struct s5_dial_options dial; /* dial.timeout is that of the phases resolve and connect */
	int64_t timeout; /* ms, for negotiating and again for request and reply; 0: none */
	int64_t await; /* ms, for BIND's second reply; 0: none */
	bool exact; /* never read beyond the dialogue: the socket goes to somebody else */
};

#define S5_CLIENT_GOT 16 /* octets kept of an answer that makes no sense */

struct s5_client_failure {
	int hop; /* -1: the target, dialled directly */
	enum s5_phase phase;
	enum s5_dial_end end; /* RESOLVE, CONNECT */
	enum s5_lookup_result resolved; /* RESOLVE */
	int error; /* a positive errno, or 0 where something else says why */
	struct s5_failure session; /* from METHOD on, without an errno */
	uint8_t got[S5_CLIENT_GOT]; /* MALFORMED: how the answer begins */
	size_t ngot;
	enum s5_gss_trouble trouble; /* CONTEXT */
	char why[S5_GSS_WHY]; /* CONTEXT: in the library's words; may be empty */
};

struct s5_client {
	/* Set by the caller before start. */
	struct s5_loop *loop;
	struct s5_resolver *resolver; /* NULL: names that must be resolved here are not */
	struct s5_work *work; /* for GSSAPI; NULL: it is done on the loop, and may hold it up */
	const struct s5_client_config *config;
	struct s5_request request; /* to the last hop; direct: CONNECT only */
	/* The first hop is connected: dial.peer is its address. NULL: not told. */
	void (*connected)(struct s5_client *c);
	/* An event of the session with hop `hop`; c->session may be looked at. NULL: not told. */
	void (*watch)(struct s5_client *c, enum s5_event event);
	void (*done)(struct s5_client *c, bool ok);

	/* The result, from done() on. The session holds the last hop's reply; with BIND its second
	 * reply is the last. */
	int fd; /* the caller's from done() on, -1 unless ok. It is still registered with the loop:
		 * take it over in done() with s5_loop_rewatch, or close it. */
	const uint8_t *early; /* octets of the stream that came with the reply, good until fini */
	size_t nearly;
	/* Of the stream, with those of the hops before; NULL: it goes in clear. The caller's, who sets
	 * this to NULL; else fini frees it. */
	struct s5_seal *seal;
	struct s5_client_failure failure; /* unless ok */

	size_t hop; /* in the dialogue with this one */
	struct s5_session session;
	struct s5_dial dial;

	/* Private. */
	enum s5_phase phase;
	bool over, writing;
	struct s5_session_config talk; /* of the session with this hop */
	struct s5_watch watching;
	struct s5_timer deadline;
	struct s5_task task;
	struct s5_gss_job *gss_job; /* to a context, that is under way; or NULL */
	/* With a seal: octets from the proxy out of it, and octets for the proxy in it. Otherwise `in`
	 * has what one hop's reply brought of the next. Memory of their own. */
	struct s5_buf in, out;
};

void s5_client_start(struct s5_client *c);
/* done() will not come any more. Harmless when over or never begun (zeroed). */
void s5_client_fini(struct s5_client *c);

/* The address, as far as it is known, at which the last hop was reached; of a Unix socket the
 * loopback address, of the family given. Port 0. */
struct s5_addr s5_client_proxy(const struct s5_client *c, uint8_t atyp);
/* BND of the reply. Where that says only "here" (0.0.0.0, ::) it is the proxy's address: R1928-B.11,
 * U.2. */
struct s5_addr s5_client_bound(const struct s5_client *c);

const char *s5_phase_name(enum s5_phase phase);

#endif

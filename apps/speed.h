/*
 * Inside `socks5 speed`: what its parts share.
 *
 * A measure opens streams (tunnels or associations), warms up, and then counts for a while what its
 * kind does in them. All streams are on one loop and one thread: what is done for an octet or a round
 * trip is a system call or two, less than any proxy does. The target is a process of its own, so that
 * a measure takes neither's time from the other.
 */
#ifndef APPS_SPEED_H
#define APPS_SPEED_H

#include <time.h>

#include "engine.h"
#include "progress.h"
#include "proxy_call.h"
#include "speed_hist.h"
#include "speed_opts.h"
#include "speed_target.h"
#include "speed_usage.h"
#include "speed_wire.h"

struct speed_measure;
struct speed_stream;

enum speed_phase {
	SPEED_CONNECT, /* to the proxy; direct: to the target */
	SPEED_NEGOTIATE, /* method and authentication; in a chain all before the last request */
	SPEED_REQUEST, /* and its reply */
	SPEED_OCTET, /* the first one there and back, or just back */
	SPEED_WHOLE, /* of a connection, all that before */
	SPEED_TRIP, /* a round trip */
	SPEED_PHASES
};

struct speed {
	struct speed_options options;
	struct proxy proxy;
	struct out hushed; /* for the calls after the first, with -v */
	struct engine engine;
	struct speed_target own; /* unless there is another */
	struct s5_addr target; /* that one; atyp 0: ours */
	int zeros; /* a file of zeros; -1: none yet */
	struct progress progress;
	bool told; /* a measure, already */
};

enum speed_unit { SPEED_UNIT_OCTETS, SPEED_UNIT_TIMES, SPEED_UNIT_STREAMS };

/* A row for each way to measure. */
struct speed_kind {
	const char *name; /* as it is asked for */
	bool upload, associations; /* with these options */
	const char *title; /* "bulk up" */
	const char *stream, *streams; /* what it opens, one and many: "tunnel", "tunnels" */
	const char *done; /* what it counts, of many: "round trips" */
	const char *one; /* "a round trip" */
	enum speed_unit unit;
	uint8_t cmd; /* that the proxy is asked for */
	uint8_t work; /* of our own target; 0: it is told nothing */
	bool again; /* a stream that is done is opened anew */
	int count; /* streams, unless told */
	uint64_t bytes, least, most; /* unless told; those that may be told */
	/* A stream is open, or there is something to be done in it. 0; or -errno, and it is broken. */
	int (*begin)(struct speed_stream *s);
	int (*ready)(struct speed_stream *s, uint32_t events);
};

enum speed_state {
	SPEED_OPENING, /* the streams */
	SPEED_WARMING,
	SPEED_COUNTING,
	SPEED_OVER
};

struct speed_measure {
	struct speed *speed;
	const struct speed_kind *kind;
	int count;
	uint64_t bytes;
	struct speed_stream *streams;
	enum speed_state state;
	int started, settled; /* streams: begun so far; of these open, or failed, once */
	int settled_before; /* and when `next` was put off */
	int open, in_a_row; /* now; failures since the last thing that worked */
	int64_t next; /* ns: when the state is over */
	struct s5_timer tick;

	/* The result. */
	int most_open, left; /* streams at a time; at the end */
	uint64_t done; /* octets, or round trips and the like */
	uint64_t tried; /* streams, from the first on */
	uint64_t failed; /* of these; those that broke later, too */
	uint64_t sent, lost; /* datagrams */
	bool talked; /* something came back in any of them */
	unsigned stalled; /* streams in which nothing came for long, at the end */
	int64_t begun, ended; /* ns: between them it was counted */
	struct speed_hist phases[SPEED_PHASES];
	struct speed_usage before, from,
		to; /* of the server: all, when counting began, and at the end */
	double own; /* CPU seconds of ours */
	int status; /* of the first failure; EXIT_OK: none */
	char why[PROXY_FAILURE_TEXT];
};

struct speed_association;
struct speed_call;

struct speed_stream {
	struct speed_measure *measure;
	struct speed_wire wire;
	struct speed_call *call; /* while it is being opened */
	struct speed_association *association; /* with datagrams */
	int64_t begun, mark; /* ns: the call, the phase it is in */
	int64_t moved; /* ns: octets came or went, where it is looked at */
	uint64_t got; /* octets of what is waited for */
	bool is_open;
	bool is_settled; /* it was open, or failed, for the first time */
	bool talks; /* the first octet is back */
};

static inline int64_t speed_clock(void) /* ns */
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* speed_kinds.c */

/* The kind of that name that goes with the options; NULL: none. */
const struct speed_kind *speed_kind_find(const char *name, const struct speed_options *o);
/* All of them that are taken when none is asked for, NULL behind the last. */
const struct speed_kind *speed_kind_of_all(size_t i, const struct speed_options *o);
/* Of a stream that sends in bulk: whether octets leave still. */
void speed_up_tick(struct speed_stream *s, int64_t now);

/* speed_measure.c */

/* Zeroed, with speed, kind, count and bytes set. Until it is over, or a signal came. */
void speed_measure_run(struct speed_measure *m);
/* A stream could not be opened (text says why, status what that comes to), or has broken. */
void speed_measure_fail(struct speed_measure *m, int status, const char *text);
void speed_measure_add(struct speed_measure *m, enum speed_phase phase, int64_t ns);

/* speed_stream.c */

void speed_stream_open(struct speed_stream *s);
/* It is not open after a long time, others are. */
void speed_stream_late(struct speed_stream *s);
/* It cannot be opened, or has broken: closed, and counted. */
void speed_stream_fail(struct speed_stream *s, int status, const char *text);
void speed_stream_close(struct speed_stream *s);
/* It is done, and opened again. */
void speed_stream_again(struct speed_stream *s);
/* It has broken: error is a positive errno. */
void speed_stream_break(struct speed_stream *s, int error);

/* speed_call.c: the way to a stream, each phase timed. */

/* Asks the chain's first `hops` for what the kind wants. It ends in speed_stream_opened(), or not. */
void speed_call_start(struct speed_stream *s, size_t hops);
void speed_call_drop(struct speed_stream *s);
/* What is asked for, and loaded. */
const struct s5_addr *speed_call_target(const struct speed *s, uint8_t cmd);
/* In speed_stream.c: the client holds a connection, which is to be taken over now. */
void speed_stream_opened(struct speed_stream *s, struct s5_client *client);
/* And then, or when the association is there: it is open, and the work begins. */
void speed_stream_begin(struct speed_stream *s);

/* speed_udp.c: associations */

void speed_udp_open(struct speed_stream *s);
void speed_udp_join(struct speed_stream *s, struct s5_client *client);
void speed_udp_close(struct speed_stream *s);

/* speed_datagrams.c */

int speed_udp_begin(struct speed_stream *s);
/* Datagrams that have not come back for long count as lost. */
void speed_udp_tick(struct speed_stream *s, int64_t now);

/* speed_tell.c, speed_report.c, speed_json.c */

/* Returns the exit status that it comes to; *goes_on: the next measure is worth a try. */
int speed_tell(struct speed_measure *m, bool *goes_on);

void speed_report(FILE *to, const struct speed_measure *m);
/* False: no memory. */
bool speed_json(FILE *to, const struct speed_measure *m);
const char *speed_phase_name(enum speed_phase phase);
/* What was done in a second; CPU seconds of the server for one thing that was done. */
double speed_rate(const struct speed_measure *m);
double speed_cost(const struct speed_measure *m);
/* CPU seconds of the server while it was counted; below 0: not known. KiB more for each stream. */
double speed_server_cpu(const struct speed_measure *m);
double speed_server_growth(const struct speed_measure *m);

#endif

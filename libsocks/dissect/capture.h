/* All of SOCKS in a capture: frames go in; TCP streams that are SOCKS, what their two sides say, and
 * the datagrams of their UDP associations come out.
 *
 * A stream is SOCKS when both sides say so first (dissect/spot.h), whatever its port; with a port given
 * every stream of that port is, and no other. One that was seen from its middle on is picked up where
 * that is possible (dissect/pickup.h). An association is followed from the bound address of the reply
 * (RFC 1928 sections 6 and 7), which stands for the proxy's own address where it is unspecified; its
 * datagrams are told in the stream that asked for it.
 *
 *   s5_capture_init(&c, &sink, port, &key);
 *   s5_capture_frame(&c, link, octets, len, original, when) for each frame
 *   s5_capture_end(&c); s5_capture_fini(&c);
 *
 * Memory is bounded, whatever comes; what is not followed for lack of it is counted. No I/O and no
 * clock: times are the capture's, in microseconds. One thread at a time.
 */
#ifndef S5_DISSECT_CAPTURE_H
#define S5_DISSECT_CAPTURE_H

#include "base/budget.h"
#include "base/shares.h"
#include "dissect/defrag.h"
#include "dissect/flow.h"
#include "dissect/tcp.h"

struct s5_capture_sink {
	void *owner;
	/* A stream is known to be SOCKS, and nothing of it was told yet. */
	void (*opened)(void *owner, struct s5_flow *f);
	/* As in dissect/talk.h and dissect/relayed.h. */
	void (*seen)(void *owner, struct s5_flow *f, const struct s5_seen *seen);
	/* The last that is told of it; then f is gone. */
	void (*ended)(void *owner, struct s5_flow *f, enum s5_tcp_end how);
};

/* How much of a capture is held at most, in octets but for the streams: with what the streams
 * themselves take, and what their owner has of each, it stays below 64 MiB. */
#define S5_CAPTURE_STREAMS 16384u /* SOCKS or not */
#define S5_CAPTURE_STREAM (256u << 10) /* TCP that waits in one of them */
#define S5_CAPTURE_TCP (4u << 20) /* and in all */
#define S5_CAPTURE_TALK (16u << 20) /* of conversations and their datagrams */
#define S5_CAPTURE_TOKENS (4u << 20) /* of messages of GSSAPI that are not whole yet */

#define S5_CAPTURE_BUCKETS 4096u

struct s5_capture {
	/* What has passed so far. */
	uint64_t frames, strange; /* of those, what is no TCP or UDP, or malformed */
	uint64_t cut; /* of which the capture took only a part */
	uint64_t not_followed; /* streams of SOCKS, for lack of room */
	unsigned long flows; /* streams that are SOCKS */
	/* private */
	struct s5_capture_sink sink;
	uint16_t port;
	struct s5_budget budget;
	struct s5_shares tokens; /* nobody has a share of his own */
	struct s5_defrag defrag;
	struct s5_tcp tcp;
	int64_t now;
	LIST_HEAD(s5_relay_list, s5_relay_seen) relays[S5_CAPTURE_BUCKETS]; /* relays.c */
};

/* All is copied. port 0: whatever is SOCKS. False: no memory. */
bool s5_capture_init(struct s5_capture *c, const struct s5_capture_sink *sink, uint16_t port,
		     const struct s5_hash_key *key);
/* The next frame, of which `len` octets were captured and `original` were on the link. */
void s5_capture_frame(struct s5_capture *c, enum s5_link link, const uint8_t *octets, size_t len,
		      size_t original, int64_t when);
/* The capture is at its end, and so is every stream. */
void s5_capture_end(struct s5_capture *c);
/* Ends it, if that was not done. */
void s5_capture_fini(struct s5_capture *c);

#endif

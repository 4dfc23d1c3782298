/* TCP streams of a capture, put together (RFC 9293): what each side sent, in order and once.
 *
 * A stream begins with a SYN or a SYN+ACK, or in the middle with the first octets seen of it. Side 0
 * is the one that opened it, in the middle the one that was seen first; side 1 is the other.
 *
 * Octets that come in order are told at once, uncopied. What comes too early is copied and waits.
 * What was told already is not told again, whatever a retransmission or a keep-alive says; where
 * octets overlap, those that came first count. A hole is given up, and told as a gap:
 *
 *   - when the other side acknowledges what is behind it: the capture has lost it,
 *   - when too much waits behind it, in its stream or in all streams,
 *   - when its stream ends otherwise than by a FIN,
 *   - at once where the capture cut a frame.
 *
 * Numbers may lie at most 16 MiB ahead, those of acknowledgements so far ahead of the one before; others
 * are ignored, for they are of an older stream. But where three segments of a side in a row, each
 * continuing the one before, lie further away, the capture has lost what is before the third: a gap.
 * A RST counts only near the number that is expected, so that a stale one ends nothing. A SYN with
 * another number than the one before begins a new stream between the same ports; the old one ends.
 *
 * Memory is bounded by the limits. No I/O and no clock: times are the capture's, in microseconds. The
 * owner embeds one s5_tcp for a capture. One thread at a time.
 */
#ifndef S5_DISSECT_TCP_H
#define S5_DISSECT_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/hash.h"
#include "dissect/packet.h"

#define S5_TCP_BOTH 2u /* in the place of a side */

struct s5_tcp_stream;

enum s5_tcp_begin {
	S5_TCP_BEGIN_SYN,
	S5_TCP_BEGIN_SYN_ACK, /* the SYN before it was not seen; nothing else is missing */
	S5_TCP_BEGIN_MIDDLE,
};

enum s5_tcp_end {
	S5_TCP_END_FIN,
	S5_TCP_END_RESET,
	S5_TCP_END_REUSED, /* by a new stream between the same ports */
	S5_TCP_END_THROWN_OUT, /* quiet for longest when there were too many streams */
	S5_TCP_END_CAPTURE,
};

struct s5_tcp_opening {
	struct s5_tcp_stream *stream; /* for s5_tcp_drop; good until its end is told */
	const struct s5_addr *peer[2]; /* by side; good during the call */
	enum s5_tcp_begin begin;
	int64_t when;
};

/* Who is told, all functions set. `when` is the time of the frame by which it is known. They may call
 * s5_tcp_drop, and no other function of this file. */
struct s5_tcp_sink {
	void *owner; /* for `opened` */
	/* Returns what the other functions get as `user`; NULL: nothing more is told of the stream. */
	void *(*opened)(void *owner, const struct s5_tcp_opening *o);
	/* n is at least 1; the octets are good during the call. */
	void (*octets)(void *user, unsigned side, const uint8_t *octets, size_t n, int64_t when);
	/* n octets that came, as far as is known, are not in the capture. */
	void (*gap)(void *user, unsigned side, size_t n, int64_t when);
	/* A side ends by its FIN. Then, or in place of that, S5_TCP_BOTH end: the last that is told. */
	void (*ended)(void *user, unsigned side, enum s5_tcp_end how, int64_t when);
};

struct s5_tcp_limits {
	size_t streams; /* at least 1; those that are dropped count */
	size_t stream_octets; /* of memory for what waits in a stream */
	size_t octets; /* and in all of them */
};

#define S5_TCP_LIMITS                                                            \
	{                                                                        \
		.streams = 65536, .stream_octets = 1u << 20, .octets = 64u << 20 \
	}

TAILQ_HEAD(s5_tcp_queue, s5_tcp_stream);

struct s5_tcp {
	struct s5_tcp_sink sink;
	struct s5_tcp_limits limits;
	struct s5_hash_key key;
	struct s5_tcp_stream **buckets;
	size_t mask, count; /* of the buckets; streams */
	size_t held; /* octets of memory for what waits */
	struct s5_tcp_queue open, closed; /* quiet for longest first */
	struct s5_tcp_queue holding; /* of which something waits, for longest first */
};

/* All is copied. The key is known to nobody who could choose addresses and ports. False: no
 * memory. */
bool s5_tcp_init(struct s5_tcp *t, const struct s5_tcp_sink *sink,
		 const struct s5_tcp_limits *limits, const struct s5_hash_key *key);
/* Takes the next TCP segment of the capture: a packet that is S5_PACKET_GOOD. */
void s5_tcp_add(struct s5_tcp *t, const struct s5_packet *p, int64_t when);
/* From now on nothing is told of the stream, not even its end, and nothing of it is held. */
void s5_tcp_drop(struct s5_tcp *t, struct s5_tcp_stream *s);
/* The capture is at its end, and so is every stream, the one quiet for longest first. */
void s5_tcp_end(struct s5_tcp *t, int64_t when);
/* Tells nothing. */
void s5_tcp_fini(struct s5_tcp *t);

#endif

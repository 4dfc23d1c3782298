/* One stream of s5_tcp: what its two directions tell the sink, and when it gives up a hole. Private to
 * tcp.c.
 *
 * The user may drop a stream in any call of the sink; then nothing more is told of it. No function
 * here frees a stream.
 */
#ifndef S5_DISSECT_STREAM_H
#define S5_DISSECT_STREAM_H

#include "dissect/half.h"
#include "dissect/tcp.h"

#define S5_PLACE_MOST 36 /* two IPv6 addresses and ports */

/* Two ends, the lower one first: the same for both directions. */
struct s5_place {
	uint8_t octets[S5_PLACE_MOST];
	uint8_t len;
};

struct s5_tcp_stream {
	struct s5_tcp_stream *chain; /* of its bucket */
	TAILQ_ENTRY(s5_tcp_stream) age, wait;
	struct s5_place place;
	bool is_opened_by_lower;
	bool is_closed, is_dropped, is_holding;
	enum s5_tcp_begin begin;
	void *user;
	size_t held; /* as it is counted in s5_tcp */
	struct s5_half half[2];
};

/* The next octets of a side, as a segment has them: tells those that are in order and holds the
 * others. */
void s5_stream_pass(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side, struct s5_segment g,
		    int64_t when);
/* The side goes on with `seq`, far away: what is held, and the gap up to there. */
void s5_stream_leap(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side, uint32_t seq,
		    int64_t when);
/* Gives up the holes of a side that have to be given up, and ends it where its FIN is next. */
void s5_stream_settle(struct s5_tcp *t, struct s5_tcp_stream *s, unsigned side, int64_t when);
/* What the stream holds now is counted in all that is held. */
void s5_stream_account(struct s5_tcp *t, struct s5_tcp_stream *s);
/* Those that have waited for longest give up their holes, until no more is held than may be. */
void s5_stream_make_room(struct s5_tcp *t, int64_t when);
/* Tells what is held, and the end, unless that was told. */
void s5_stream_finish(struct s5_tcp *t, struct s5_tcp_stream *s, enum s5_tcp_end how, int64_t when);
/* It stays in the table, so that what comes late is known to be late. */
void s5_stream_close(struct s5_tcp *t, struct s5_tcp_stream *s);

#endif

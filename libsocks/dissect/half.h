/* One direction of a TCP stream as a capture shows it: which octet comes next, and copies of those
 * that came too early. Where octets overlap, those that came first stay. Private to
 * stream.c and tcp.c; calls nobody.
 *
 * Numbers are TCP's, modulo 2^32: they are compared by how far they are from `next`.
 */
#ifndef S5_DISSECT_HALF_H
#define S5_DISSECT_HALF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define S5_HALF_REACH (1u << 24) /* numbers further ahead than this belong to something else */
#define S5_HALF_WINDOW (1u << 30) /* what was sent is not sent anew from further behind than this */
#define S5_HALF_LEAP 3u /* segments in a row that are believed all the same */
#define S5_HALF_PIECES 4096u /* held at most, of one direction */

/* Octets that came too early. */
struct s5_piece {
	struct s5_piece *after;
	uint32_t seq, n;
	bool cut; /* the capture has the number of the octets, but not them */
	uint8_t octets[];
};

/* Octets on their way to the reader; borrowed. */
struct s5_segment {
	uint32_t seq, n;
	const uint8_t *octets; /* NULL: the capture cut them off */
};

struct s5_half {
	uint32_t next; /* of the octet that the reader gets next */
	uint32_t syn; /* of the SYN; without one, of what would be before the first octet seen */
	uint32_t fin;
	uint32_t acked; /* the other side has all before it, where that is beyond next */
	bool is_known; /* next and syn are */
	bool has_fin, has_acked;
	bool is_over; /* the reader has got the FIN */
	unsigned far; /* segments in a row beyond the reach, each continuing the one before */
	uint32_t far_next; /* where they go on */
	uint32_t pieces;
	size_t held; /* octets of memory */
	struct s5_piece *first, *last; /* in order, apart from each other, none before next */
};

/* How far b is behind a. */
static inline int32_t s5_half_distance(uint32_t a, uint32_t b)
{
	return (int32_t)(b - a);
}

void s5_half_start(struct s5_half *h, uint32_t syn);
/* The FIN that was told first counts; none where octets are held that would be behind
 * it. */
void s5_half_set_fin(struct s5_half *h, uint32_t fin);
/* The other side acknowledged all before `ack`. Ignored where that is beyond the reach of `next` and of
 * what it acknowledged before. */
void s5_half_set_acked(struct s5_half *h, uint32_t ack);
bool s5_half_is_beyond(const struct s5_half *h, uint32_t seq);
/* Takes note of a segment of n octets. True when it is the last of S5_HALF_LEAP beyond the reach: that is
 * where the side goes on. */
bool s5_half_leaps(struct s5_half *h, uint32_t seq, uint32_t n);
/* The reader gets the next n octets, or the news that they are lost. */
void s5_half_advance(struct s5_half *h, uint32_t n);
/* Takes away from the segment what the reader has got already, and what is behind the FIN. True
 * when something is left, and near enough. */
bool s5_half_trim(const struct s5_half *h, struct s5_segment *s);
/* How many octets of a segment that begins at `next` the reader may get before a held one comes. */
uint32_t s5_half_room(const struct s5_half *h, const struct s5_segment *s);
/* Copies those octets of a trimmed segment that are not held yet. Without memory they are lost. */
void s5_half_hold(struct s5_half *h, struct s5_segment s);
/* The piece that begins at `next`, for the caller to free; NULL: there is none. */
struct s5_piece *s5_half_pop(struct s5_half *h);
/* How many octets are missing before the next thing that is known: the first held piece, or a FIN;
 * 0: none, or nothing is known behind. */
uint32_t s5_half_hole(const struct s5_half *h);
/* True when the other side got what is in the hole. */
bool s5_half_hole_is_acked(const struct s5_half *h);
/* How many octets of which nothing came the other side got: the last one may be a FIN, and where it
 * would be the only one it is taken for that. */
uint32_t s5_half_acked_beyond(const struct s5_half *h);
void s5_half_clear(struct s5_half *h);

#endif

/* A byte queue of fixed capacity over memory that the caller owns and keeps as long as the queue.
 * Octets go in at the tail and come out at the head; what does not fit is not taken. */
#ifndef S5_BASE_BUF_H
#define S5_BASE_BUF_H

#include "base/bytes.h"

struct s5_buf {
	uint8_t *mem;
	size_t cap, head, len;
};

void s5_buf_init(struct s5_buf *b, void *mem, size_t cap);
/* Takes as many of the n octets as fit and returns how many. */
size_t s5_buf_push(struct s5_buf *b, const void *octets, size_t n);
/* A writer over all the room that is left; what it wrote is queued by adding that to b->len. */
struct s5_writer s5_buf_writer(struct s5_buf *b);
/* The queued octets, b->len of them, good until the next push. */
const uint8_t *s5_buf_head(const struct s5_buf *b);
/* Drops n octets (at most b->len) from the head and wipes them: passwords pass through here. */
void s5_buf_pop(struct s5_buf *b, size_t n);

#endif

#include "base/buf.h"

#include <string.h>

void s5_buf_init(struct s5_buf *b, void *mem, size_t cap)
{
	*b = (struct s5_buf){ .mem = mem, .cap = cap };
}

/* To the front of the memory, leaving no copy behind. */
static void move_up(struct s5_buf *b)
{
	size_t moved = b->head;

	memmove(b->mem, b->mem + moved, b->len);
	explicit_bzero(b->mem + b->len, moved);
	b->head = 0;
}

size_t s5_buf_push(struct s5_buf *b, const void *octets, size_t n)
{
	if (n > b->cap - b->len)
		n = b->cap - b->len;
	if (n > b->cap - b->head - b->len)
		move_up(b);
	if (n)
		memcpy(b->mem + b->head + b->len, octets, n);
	b->len += n;
	return n;
}

struct s5_writer s5_buf_writer(struct s5_buf *b)
{
	if (b->head)
		move_up(b);
	return s5_writer_over(b->mem + b->len, b->cap - b->len);
}

const uint8_t *s5_buf_head(const struct s5_buf *b)
{
	return b->mem + b->head;
}

void s5_buf_pop(struct s5_buf *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	if (n)
		explicit_bzero(b->mem + b->head, n);
	b->head += n;
	b->len -= n;
	if (!b->len)
		b->head = 0;
}

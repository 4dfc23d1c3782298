/* What the relays of one loop share: a large buffer to read into, and pipes to splice through.
 *
 * A pool belongs to one loop and its thread. The buffer is good for one read and the write that
 * follows it. Pipes are lent while a flow is bulk and come back when it falls idle; without one a
 * flow goes on by copying.
 */
#ifndef S5_NET_POOL_H
#define S5_NET_POOL_H

#include "net/loop.h"

#define S5_RELAY_BUFFER (256 * 1024) /* octets read at once */
#define S5_RELAY_SEALED (4 * (4 + 65535)) /* the same of sealed messages: four of the largest */
#define S5_RELAY_PIPE (256 * 1024) /* octets a bulk pipe holds */
#define S5_RELAY_PIPES 64 /* pipes a pool lends at most */

struct s5_pipe {
	int in, out; /* to write to, to read from */
};

struct s5_pool {
	struct s5_loop *loop;
	uint8_t *buffer;
	uint8_t *scratch; /* NULL: not needed yet */
	size_t nscratch;
	uint64_t
		octets[2]; /* that its relays took so far, of end 0 and of end 1 (base/counter.h) */
	unsigned lent, spare;
	struct s5_pipe pipes[S5_RELAY_PIPES]; /* the first `spare` are here */
};

/* 0 or -errno. */
int s5_pool_init(struct s5_pool *pool, struct s5_loop *loop);
void s5_pool_fini(struct s5_pool *pool);
/* A second buffer, of at least n octets, good as long as the first one; NULL: no memory. */
uint8_t *s5_pool_scratch(struct s5_pool *pool, size_t n);
/* False: all are lent, or the system gives no more. */
bool s5_pool_lend(struct s5_pool *pool, struct s5_pipe *pipe);
/* Takes it back and sets pipe->in to -1, which also means: none was lent. One with octets left in
 * it is of no use to anybody else and is closed. */
void s5_pool_return(struct s5_pool *pool, struct s5_pipe *pipe, bool empty);

#endif

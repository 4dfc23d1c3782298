#include "net/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int s5_pool_init(struct s5_pool *pool, struct s5_loop *loop)
{
	memset(pool, 0, sizeof *pool);
	pool->loop = loop;
	pool->buffer = malloc(S5_RELAY_SEALED);
	return pool->buffer ? 0 : -ENOMEM;
}

void s5_pool_fini(struct s5_pool *pool)
{
	while (pool->spare) {
		struct s5_pipe *p = &pool->pipes[--pool->spare];

		close(p->in);
		close(p->out);
	}
	free(pool->buffer);
	free(pool->scratch);
}

uint8_t *s5_pool_scratch(struct s5_pool *pool, size_t n)
{
	if (n <= pool->nscratch)
		return pool->scratch;
	free(pool->scratch);
	pool->scratch = malloc(n);
	pool->nscratch = pool->scratch ? n : 0;
	return pool->scratch;
}

bool s5_pool_lend(struct s5_pool *pool, struct s5_pipe *pipe)
{
	int fds[2];

	if (pool->spare) {
		*pipe = pool->pipes[--pool->spare];
	} else {
		if (pool->lent >= S5_RELAY_PIPES || pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0)
			return false;
		fcntl(fds[1], F_SETPIPE_SZ, S5_RELAY_PIPE);
		*pipe = (struct s5_pipe){ .in = fds[1], .out = fds[0] };
	}
	pool->lent++;
	return true;
}

void s5_pool_return(struct s5_pool *pool, struct s5_pipe *pipe, bool empty)
{
	if (pipe->in < 0)
		return;
	pool->lent--;
	if (empty) {
		pool->pipes[pool->spare++] = *pipe;
	} else {
		close(pipe->in);
		close(pipe->out);
	}
	pipe->in = -1;
}

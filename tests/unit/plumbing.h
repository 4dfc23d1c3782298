/* Octets that wait, and sockets on a loop: what a man in the middle (midst.h) is made of. */
#ifndef PLUMBING_H
#define PLUMBING_H

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"
#include "net/sock.h"
#include "testlib.h"

struct pile {
	uint8_t *octets;
	size_t n;
};

static inline void pile_add(struct pile *p, const uint8_t *octets, size_t n)
{
	if (!n)
		return;
	p->octets = realloc(p->octets, p->n + n);
	assert_non_null(p->octets);
	memcpy(p->octets + p->n, octets, n);
	p->n += n;
}

static inline void pile_take(struct pile *p, size_t n)
{
	p->n -= n;
	if (n && p->n)
		memmove(p->octets, p->octets + n, p->n);
}

static inline void pile_free(struct pile *p)
{
	free(p->octets);
	*p = (struct pile){ .n = 0 };
}

static inline void watch_open(struct s5_loop *loop, struct s5_watch *w, int fd, uint32_t events,
			      void (*ready)(struct s5_watch *w, uint32_t events))
{
	if (fd < 0)
		fail_msg("a socket: %s", strerror(errno));
	*w = (struct s5_watch){ .fd = fd, .ready = ready };
	assert_int_equal(s5_loop_watch(loop, w, events), 0);
}

static inline void watch_close(struct s5_loop *loop, struct s5_watch *w)
{
	if (w->fd < 0)
		return;
	s5_loop_unwatch(loop, w);
	close(w->fd);
	w->fd = -1;
}

static inline int connected_to(const struct s5_sockaddr *to, int type)
{
	int fd = socket(to->sa.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fd;
	s5_sock_tune(fd);
	if (connect(fd, &to->sa, to->len) < 0 && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

#endif

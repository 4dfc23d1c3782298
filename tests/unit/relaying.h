/* A relay between two of our ends: what the tests of s5_relay share. */
#ifndef RELAYING_H
#define RELAYING_H

#include "turns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/relay.h"
#include "net/sock.h"

static struct s5_loop loop;
static struct s5_pool pool;
static struct s5_relay relay;
static struct {
	int in, out; /* to read from, to write to; the same with a socket; -1: closed */
} mine[2]; /* our side of each end */
static unsigned told;
static enum s5_relay_end how;

static inline int set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(s5_loop_init(&loop), 0);
	assert_int_equal(s5_pool_init(&pool, &loop), 0);
	memset(&relay, 0, sizeof relay);
	memset(mine, 0xff, sizeof mine);
	told = 0;
	return 0;
}

static inline void close_mine(int i)
{
	if (mine[i].in >= 0)
		close(mine[i].in);
	if (mine[i].out >= 0 && mine[i].out != mine[i].in)
		close(mine[i].out);
	mine[i].in = mine[i].out = -1;
}

static inline void end_mine(int i)
{
	if (mine[i].in == mine[i].out) {
		shutdown(mine[i].out, SHUT_WR);
		return;
	}
	close(mine[i].out);
	mine[i].out = -1;
}

static inline int tear_down(void **state)
{
	(void)state;
	if (relay.pool && !told)
		s5_relay_stop(&relay);
	if (relay.pool)
		TURN_UNTIL(&loop, told);
	assert_int_equal(pool.lent, 0);
	close_mine(0);
	close_mine(1);
	s5_pool_fini(&pool);
	s5_loop_fini(&loop);
	return 0;
}

static inline void relay_done(struct s5_relay *r, enum s5_relay_end end)
{
	assert_ptr_equal(r, &relay);
	told++;
	how = end;
}

/* Two connected TCP sockets, the first of them ours. */
static inline void tcp_pair(int fds[static 2])
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof a;

	assert_int_equal(bind(listener, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fds[0], (struct sockaddr *)&a, len), 0);
	fds[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(fds[1] >= 0);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	close(listener);
}

/* Starts it between descriptors of its own. */
static inline void start(const int fds[static 4])
{
	relay.done = relay_done;
	s5_relay_start(&relay, &pool, fds, 0);
}

/* A TCP connection: the relay's descriptor, ours is mine[i]. */
static inline int tcp_end(int i)
{
	int fds[2];

	tcp_pair(fds);
	mine[i].in = mine[i].out = fds[0];
	return fds[1];
}

static inline void start_tcp(void)
{
	int a = tcp_end(0), b = tcp_end(1);

	start((int[]){ a, a, b, b });
}

/* One direction of a stream that can be checked: octet i of it is known. */
struct course {
	size_t total, sent, got;
	size_t step; /* the most that is sent at once */
	bool ended; /* EOF was sent */
	bool eof; /* EOF came */
	unsigned seed;
};

static inline uint8_t octet_at(const struct course *c, size_t i)
{
	return (uint8_t)((i + c->seed) * 2654435761u >> 24);
}

static inline void course_send(struct course *c, int i)
{
	static uint8_t octets[300000];
	size_t n = c->total - c->sent < c->step ? c->total - c->sent : c->step;
	ssize_t done = 0;

	for (size_t k = 0; k < n; k++)
		octets[k] = octet_at(c, c->sent + k);
	if (n)
		done = write(mine[i].out, octets, n);
	if (done > 0)
		c->sent += (size_t)done;
	if (c->sent < c->total || c->ended)
		return;
	end_mine(i);
	c->ended = true;
}

static inline void course_take(struct course *c, int i)
{
	static uint8_t octets[300000];
	ssize_t n = read(mine[i].in, octets, sizeof octets);

	if (n == 0)
		c->eof = true;
	for (ssize_t k = 0; k < n; k++)
		if (octets[k] != octet_at(c, c->got + (size_t)k))
			fail_msg("octet %zu is another", c->got + (size_t)k);
	if (n > 0)
		c->got += (size_t)n;
	assert_true(c->got <= c->total);
}

#define CARRY_MS 20000 /* the most that a course may take */

/* One direction, from side `from` to its end of file on the other. */
static inline void run_one(struct course *c, int from)
{
	int64_t end = s5_clock_ms() + CARRY_MS;

	while (!c->eof && s5_clock_ms() < end) {
		course_send(c, from);
		turn_now(&loop);
		course_take(c, !from);
	}
	assert_int_equal(c->got, c->total);
	assert_true(c->eof);
}

/* Both directions at once, up to both ends of file. */
static inline void run_both(struct course *there, struct course *back)
{
	int64_t end = s5_clock_ms() + CARRY_MS;

	while ((!there->eof || !back->eof) && s5_clock_ms() < end) {
		course_send(there, 0);
		course_send(back, 1);
		turn_now(&loop);
		course_take(there, 1);
		course_take(back, 0);
	}
	assert_int_equal(there->got, there->total);
	assert_int_equal(back->got, back->total);
	assert_true(there->eof && back->eof);
}

#define RELAY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif

/* A dial, its loop, a name server and a listener on loopback: what the tests of s5_dial share. */
#ifndef DIALING_H
#define DIALING_H

#include "dnsd.h"
#include "turns.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "net/dial.h"

static struct s5_loop loop;
static struct dnsd dnsd;
static struct s5_resolver *resolver;
static struct s5_dial_options options;
static struct s5_dial dial;

static unsigned told;
static enum s5_dial_end how;
static unsigned permitted, permits; /* asked for so many; the first `permits` may be used */
static int listener[2]; /* IPv4, IPv6 on one port; -1: nobody there */
static uint16_t port;

static inline int listen_on(const struct s5_addr *a)
{
	struct s5_sockaddr sa;
	int fd =
		socket(a->atyp == S5_ATYP_IPV4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	s5_sockaddr_from(&sa, a);
	if (a->atyp == S5_ATYP_IPV6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 1 }, sizeof(int));
	assert_int_equal(bind(fd, &sa.sa, sa.len), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static inline struct s5_addr loopback(bool v6, uint16_t at)
{
	static const uint8_t ip4[4] = { 127, 0, 0, 1 }, ip6[16] = { [15] = 1 };

	return v6 ? s5_addr_ip6(ip6, at) : s5_addr_ip4(ip4, at);
}

static inline int set_up(void **state)
{
	struct s5_addr a = loopback(false, 0);

	(void)state;
	assert_int_equal(s5_loop_init(&loop), 0);
	dnsd_start(&dnsd, &loop);
	assert_int_equal(s5_resolver_new(&resolver, &loop, dnsd.text), 0);
	options = (struct s5_dial_options){ .timeout = 3000 };
	listener[0] = listen_on(&a);
	port = s5_sock_local(listener[0]).port;
	listener[1] = -1;
	told = permitted = 0;
	permits = 100;
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	s5_dial_cancel(&dial);
	s5_resolver_free(resolver);
	dnsd_stop(&dnsd, &loop);
	s5_loop_fini(&loop);
	for (int i = 0; i < 2; i++)
		if (listener[i] >= 0)
			close(listener[i]);
	return 0;
}

/* Skips the test on a machine without IPv6. */
static inline void also_on_ipv6(void)
{
	struct s5_addr a = loopback(true, port);
	struct s5_sockaddr sa;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	s5_sockaddr_from(&sa, &a);
	if (fd < 0 || bind(fd, &sa.sa, sa.len) < 0)
		skip();
	close(fd);
	listener[1] = listen_on(&a);
}

static inline void dialled(struct s5_dial *d, enum s5_dial_end end)
{
	assert_ptr_equal(d, &dial);
	told++;
	how = end;
}

static inline bool permit(struct s5_dial *d, const struct s5_addr *a)
{
	assert_ptr_equal(d, &dial);
	assert_true(s5_addr_is_ip(a));
	return permitted++ < permits;
}

static inline void prepare(void)
{
	memset(&dial, 0xa5, sizeof dial); /* start is to set what the caller did not */
	dial.loop = &loop;
	dial.resolver = resolver;
	dial.options = &options;
	dial.permit = permit;
	dial.done = dialled;
	told = 0;
}

static inline void begin(const struct s5_addr *target)
{
	prepare();
	s5_dial_start(&dial, target);
	assert_int_equal(told, 0);
}

static inline enum s5_dial_end finish(void)
{
	TURN_UNTIL(&loop, told);
	assert_int_equal(told, 1);
	assert_int_equal(dial.fd >= 0, how == S5_DIAL_CONNECTED);
	return how;
}

static inline enum s5_dial_end dial_ip(struct s5_addr target)
{
	begin(&target);
	return finish();
}

static inline struct s5_addr name_of(const char *text)
{
	struct s5_addr a;

	assert_true(s5_addr_set_name(&a, text, strlen(text), port));
	return a;
}

static inline enum s5_dial_end dial_name(const char *text)
{
	return dial_ip(name_of(text));
}

/* Whatever was connected is open, non-blocking and close-on-exec. */
static inline void hang_up(void)
{
	assert_true(fcntl(dial.fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(dial.fd, F_GETFD) & FD_CLOEXEC);
	close(dial.fd);
	dial.fd = -1;
}

/* Makes the listener one whose queue is full: it answers nobody any more. */
static inline void fill_queue(int full[static 4])
{
	struct s5_addr a = loopback(false, port);
	struct s5_sockaddr sa;
	struct pollfd p = { .events = POLLOUT };

	s5_sockaddr_from(&sa, &a);
	assert_int_equal(listen(listener[0], 0), 0);
	for (int i = 0; i < 4; i++) {
		full[i] = p.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		assert_true(connect(p.fd, &sa.sa, sa.len) == 0 || errno == EINPROGRESS);
		poll(&p, 1, 50); /* the next one comes when it is in the queue, or will never be */
	}
	assert_int_equal(poll(&p, 1, 0), 0);
}

static inline void close_all(int full[static 4])
{
	for (int i = 0; i < 4; i++)
		close(full[i]);
}

#define DIAL(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif

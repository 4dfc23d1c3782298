/* The clients: tunnels and associations through the proxy, all in one loop. */
#include "load.h"

#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (1 << 20)
#define ROUND_TRIP 64 /* octets */
#define BATCH 256
#define AT_ONCE 64 /* tunnels being opened */
#define OPEN_SECONDS 30 /* until all are open */
#define WARM_SECONDS 0.2 /* until windows and buffers have grown */
#define REST_SECONDS 0.5 /* until what was opened has settled */

#define CHOICE 2 /* octets of a method choice */
#define REPLY 10 /* octets of a reply with an IPv4 address */

enum phase { CONNECTING, CHOOSING, ASKING, OPEN };

struct tunnel {
	int fd; /* of an association that is open: its datagrams' */
	enum phase phase;
	struct flow flow;
	size_t got;
	unsigned trips; /* 0: the first is yet to start */
	uint8_t in[ROUND_TRIP];
};

static double clock_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* opening */

static void watch(struct load *l, int i, int operation, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = i };

	if (epoll_ctl(l->epoll, operation, l->tunnels[i].fd, &ev) < 0)
		err(1, "epoll");
}

static void tunnel_start(struct load *l, int i)
{
	struct tunnel *t = &l->tunnels[i];
	const struct sockaddr *proxy = (const struct sockaddr *)&l->proxy;
	int one = 1;

	t->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	t->phase = CONNECTING;
	if (t->fd < 0)
		err(1, "socket");
	setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(t->fd, proxy, sizeof l->proxy) < 0 && errno != EINPROGRESS)
		err(1, "connect to the proxy");
	watch(l, i, EPOLL_CTL_ADD, EPOLLOUT);
}

static void start_more(struct load *l)
{
	while (l->started < l->count && l->started - l->opened < AT_ONCE)
		tunnel_start(l, l->started++);
}

static void put(struct tunnel *t, const void *octets, size_t n)
{
	if (send(t->fd, octets, n, MSG_NOSIGNAL) != (ssize_t)n)
		err(1, "send to the proxy");
	t->got = 0;
}

/* The octets that came, 0: none for now. A tunnel that ends spoils the measurement. */
static size_t came(ssize_t n)
{
	if (n == 0)
		errx(1, "the proxy closed a tunnel");
	if (n < 0 && errno != EAGAIN)
		err(1, "receive from the proxy");
	return n < 0 ? 0 : (size_t)n;
}

/* True: t->in holds n octets. */
static bool have(struct tunnel *t, size_t n)
{
	t->got += came(recv(t->fd, t->in + t->got, n - t->got, 0));
	return t->got == n;
}

static void greet(struct load *l, int i)
{
	static const uint8_t greeting[] = { 5, 1, 0 };

	put(&l->tunnels[i], greeting, sizeof greeting);
	l->tunnels[i].phase = CHOOSING;
	watch(l, i, EPOLL_CTL_MOD, EPOLLIN);
}

static void request(struct load *l, struct tunnel *t)
{
	uint8_t octets[REPLY] = { 5, l->mode->work == WORK_DATAGRAMS ? 3 : 1, 0, 1 };

	if (!have(t, CHOICE))
		return;
	if (memcmp(t->in, (uint8_t[]){ 5, 0 }, CHOICE) != 0)
		errx(1, "the proxy chose %02x %02x", t->in[0], t->in[1]);
	if (l->mode->work != WORK_DATAGRAMS) {
		memcpy(octets + 4, &l->target.sin_addr, 4);
		memcpy(octets + 8, &l->target.sin_port, 2);
	}
	put(t, octets, sizeof octets);
	t->phase = ASKING;
}

/* The connection stays, for the association to live; a first datagram has the server set up. */
static void begin_datagrams(struct load *l, int i)
{
	struct tunnel *t = &l->tunnels[i];

	t->flow.relay = l->proxy;
	memcpy(&t->flow.relay.sin_addr, t->in + 4, 4);
	memcpy(&t->flow.relay.sin_port, t->in + 8, 2);
	watch(l, i, EPOLL_CTL_DEL, 0);
	t->fd = flow_open(&t->flow);
	flow_send(&t->flow, t->fd, l, 1);
	watch(l, i, EPOLL_CTL_ADD, l->mode->events);
}

static void begin_stream(struct load *l, int i)
{
	char work = (char)l->mode->work;

	put(&l->tunnels[i], &work, 1);
	watch(l, i, EPOLL_CTL_MOD, l->mode->events);
}

static void begin(struct load *l, int i)
{
	struct tunnel *t = &l->tunnels[i];

	if (!have(t, REPLY))
		return;
	if (memcmp(t->in, (uint8_t[]){ 5, 0, 0, 1 }, 4) != 0)
		errx(1, "the proxy replied %02x %02x .. %02x", t->in[0], t->in[1], t->in[3]);
	if (l->mode->work == WORK_DATAGRAMS)
		begin_datagrams(l, i);
	else
		begin_stream(l, i);
	t->phase = OPEN;
	l->opened++;
	start_more(l);
}

static void tunnel_ready(struct load *l, int i)
{
	switch (l->tunnels[i].phase) {
	case CONNECTING:
		greet(l, i);
		break;
	case CHOOSING:
		request(l, &l->tunnels[i]);
		break;
	case ASKING:
		begin(l, i);
		break;
	case OPEN:
		l->mode->ready(l, i);
		break;
	}
}

/* what is done in a tunnel */

void load_receive(struct load *l, int tunnel)
{
	/* MSG_TRUNC: the octets are dropped in the kernel. */
	l->done += came(recv(l->tunnels[tunnel].fd, NULL, CHUNK, MSG_TRUNC));
}

void load_send(struct load *l, int tunnel)
{
	off_t at = 0;

	l->done += came(sendfile(l->tunnels[tunnel].fd, l->source, &at, CHUNK));
}

/* Closed by a reset: no port stays behind in TIME_WAIT, of which there would soon be no more. */
void load_reconnect(struct load *l, int tunnel)
{
	static const struct linger reset = { .l_onoff = 1 };
	struct tunnel *t = &l->tunnels[tunnel];

	if (!have(t, 1))
		return;
	l->done++;
	setsockopt(t->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(t->fd);
	tunnel_start(l, tunnel);
}

/* The first octet back is that of begin(): it starts the first trip. */
void load_round_trip(struct load *l, int tunnel)
{
	static const uint8_t octets[ROUND_TRIP];
	struct tunnel *t = &l->tunnels[tunnel];
	size_t want = t->trips ? ROUND_TRIP : 1;

	if (!have(t, want))
		return;
	l->done += t->trips++ > 0;
	put(t, octets, sizeof octets);
}

void load_rest(struct load *l, int tunnel)
{
	(void)have(&l->tunnels[tunnel], 1);
}

void load_collect(struct load *l, int tunnel)
{
	struct tunnel *t = &l->tunnels[tunnel];
	uint32_t n;

	while ((n = flow_receive(&t->flow, t->fd, l)) > 0)
		l->done += n;
}

void load_exchange(struct load *l, int tunnel)
{
	struct tunnel *t = &l->tunnels[tunnel];

	load_collect(l, tunnel);
	flow_send(&t->flow, t->fd, l, l->window - (t->flow.sent - t->flow.past));
}

/* measuring */

/* Nothing came for a while: the datagrams on their way are lost. */
static void give_up(struct load *l)
{
	for (int i = 0; i < l->count; i++) {
		l->tunnels[i].flow.past = l->tunnels[i].flow.sent;
		l->mode->ready(l, i);
	}
}

static void turn(struct load *l)
{
	struct epoll_event events[BATCH];
	int n = epoll_wait(l->epoll, events, BATCH, 20);

	if (n == 0 && l->mode->work == WORK_DATAGRAMS && l->opened == l->count)
		give_up(l);
	for (int i = 0; i < n; i++)
		tunnel_ready(l, events[i].data.fd);
}

static void turn_for(struct load *l, double seconds)
{
	double end = clock_seconds() + seconds;

	while (clock_seconds() < end)
		turn(l);
}

static void open_all(struct load *l)
{
	double end = clock_seconds() + OPEN_SECONDS;

	l->tunnels = calloc((size_t)l->count, sizeof *l->tunnels);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->source = memfd_create("source", MFD_CLOEXEC);
	if (!l->tunnels || l->epoll < 0 || ftruncate(l->source, CHUNK) < 0)
		err(1, "load");
	start_more(l);
	while (l->opened < l->count && clock_seconds() < end)
		turn(l);
	if (l->opened < l->count)
		errx(1, "%d of %d tunnels open after %d s", l->opened, l->count, OPEN_SECONDS);
}

/* The share of the datagrams that did not come back, but for those still on their way. */
static double loss(const struct load *l)
{
	double past = 0, back = 0;

	for (int i = 0; i < l->count; i++) {
		past += l->tunnels[i].flow.past;
		back += l->tunnels[i].flow.back;
	}
	return past > 0 ? 1 - back / past : 0;
}

void load_run_work(struct load *l)
{
	double cpu, start, units;

	open_all(l);
	turn_for(l, WARM_SECONDS);
	l->done = 0;
	cpu = usage_cpu(l->session);
	start = clock_seconds();
	turn_for(l, l->seconds);
	units = (double)l->done / l->mode->unit;
	cpu = usage_cpu(l->session) - cpu;
	if (!l->done)
		errx(1, "nothing was done in %g s", l->seconds);
	printf("cost=%.4f rate=%.2f loss=%.6f\n", cpu / units * l->mode->scale,
	       units / (clock_seconds() - start), loss(l));
}

void load_run_idle(struct load *l)
{
	uint64_t before = usage_memory(l->session), after;

	open_all(l);
	turn_for(l, REST_SECONDS);
	after = usage_memory(l->session);
	printf("cost=%.4f\n", ((double)after - (double)before) / l->count);
}

#include "net/dial.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { V6, V4 };

static void go_on(struct s5_dial *d);

/* ending */

static void attempt_drop(struct s5_attempt *a)
{
	if (a->watch.fd < 0)
		return;
	s5_loop_unwatch(a->dial->loop, &a->watch);
	close(a->watch.fd);
	a->watch.fd = -1;
}

static void stop(struct s5_dial *d)
{
	d->over = true;
	s5_timer_stop(d->loop, &d->stagger);
	s5_timer_stop(d->loop, &d->deadline);
	s5_lookup_cancel(&d->lookup[V6]);
	s5_lookup_cancel(&d->lookup[V4]);
	for (int i = 0; i < S5_DIAL_ATTEMPTS; i++)
		attempt_drop(&d->attempt[i]);
}

static void tell(struct s5_task *t)
{
	struct s5_dial *d = S5_OUTER(t, struct s5_dial, task);

	d->done(d, d->end);
}

static void finish(struct s5_dial *d, enum s5_dial_end end)
{
	if (d->over)
		return;
	stop(d);
	d->end = end;
	d->task.run = tell;
	s5_loop_later(d->loop, &d->task);
}

void s5_dial_cancel(struct s5_dial *d)
{
	if (!d->loop)
		return;
	if (!d->over)
		stop(d);
	if (d->task.queued && d->fd >= 0)
		close(d->fd);
	s5_loop_not_later(d->loop, &d->task);
	d->loop = NULL;
}

/* one attempt */

static void attempt_ready(struct s5_watch *w, uint32_t events)
{
	struct s5_attempt *a = S5_OUTER(w, struct s5_attempt, watch);
	struct s5_dial *d = a->dial;
	socklen_t len = sizeof d->error;

	d->peer = a->addr;
	d->error = 0;
	if ((events & (EPOLLERR | EPOLLHUP)) &&
	    getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &d->error, &len) < 0)
		d->error = errno;
	if (d->error) {
		attempt_drop(a);
		go_on(d);
		return;
	}
	d->fd = w->fd;
	s5_loop_forget(d->loop, w);
	w->fd = -1;
	finish(d, S5_DIAL_CONNECTED);
}

static int bind_source(const struct s5_dial *d, int fd, bool v6)
{
	static const uint8_t any[16];
	const struct s5_addr *source = v6 ? &d->options->source6 : &d->options->source4;
	struct s5_addr a = source->atyp ? *source : v6 ? s5_addr_ip6(any, 0) : s5_addr_ip4(any, 0);
	struct s5_sockaddr sa;
	static const int on = 1;

	if (!source->atyp && !d->options->source_port)
		return 0;
	a.port = d->options->source_port;
	s5_sockaddr_from(&sa, &a);
	if (a.port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	else
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	return bind(fd, &sa.sa, sa.len);
}

static int leave_by(const struct s5_dial *d, int fd, bool v6)
{
	int rc = s5_sock_set_egress(fd, &d->options->egress);

	if (rc == 0)
		return bind_source(d, fd, v6);
	errno = -rc;
	return -1;
}

/* A connecting socket, or -1 with d->error. */
static int begin(struct s5_dial *d, const struct s5_sockaddr *sa)
{
	int fd = socket(sa->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		goto out;
	s5_sock_tune(fd);
	if (d->options->debug)
		setsockopt(fd, SOL_SOCKET, SO_DEBUG, &(int){ 1 }, sizeof(int));
	if (sa->sa.sa_family != AF_UNIX && leave_by(d, fd, sa->sa.sa_family == AF_INET6) < 0)
		goto out;
	if (connect(fd, &sa->sa, sa->len) == 0 || errno == EINPROGRESS)
		return fd;
out:
	d->error = errno;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* False when the attempt ended at once. */
static bool attempt_start(struct s5_dial *d, struct s5_attempt *a, const struct s5_sockaddr *sa)
{
	int rc;

	a->dial = d;
	a->number = d->started++;
	a->watch = (struct s5_watch){ .fd = begin(d, sa), .ready = attempt_ready };
	d->peer = a->addr;
	if (a->watch.fd < 0)
		return false;
	rc = s5_loop_watch(d->loop, &a->watch, EPOLLOUT);
	if (rc == 0)
		return true;
	d->error = -rc;
	close(a->watch.fd);
	a->watch.fd = -1;
	return false;
}

/* the order of addresses */

static bool take_of(struct s5_dial *d, int family, struct s5_addr *a)
{
	const struct s5_answer *answer = &d->lookup[family].answer;
	const uint8_t *ip;

	if (d->looking[family] || d->next[family] >= answer->n)
		return false;
	ip = answer->ip[d->next[family]++];
	*a = family == V6 ? s5_addr_ip6(ip, d->target.port) : s5_addr_ip4(ip, d->target.port);
	return true;
}

/* The next address that may be connected to; the families take turns. */
static bool take(struct s5_dial *d, struct s5_addr *a)
{
	while (take_of(d, d->turn, a) || take_of(d, !d->turn, a)) {
		d->turn = a->atyp == S5_ATYP_IPV6 ? V4 : V6;
		if (!d->permit || d->permit(d, a))
			return true;
		d->denied = true;
		d->peer = *a;
	}
	return false;
}

/* A free one; with all of them under way the oldest gives up, which has had its time: addresses
 * that were not tried yet are worth more. */
static struct s5_attempt *next_attempt(struct s5_dial *d)
{
	struct s5_attempt *oldest = d->attempt;

	for (int i = 0; i < S5_DIAL_ATTEMPTS; i++) {
		struct s5_attempt *a = &d->attempt[i];

		if (a->watch.fd < 0)
			return a;
		if (a->number < oldest->number)
			oldest = a;
	}
	attempt_drop(oldest);
	return oldest;
}

static bool any_attempt(const struct s5_dial *d)
{
	for (int i = 0; i < S5_DIAL_ATTEMPTS; i++)
		if (d->attempt[i].watch.fd >= 0)
			return true;
	return false;
}

static enum s5_dial_end verdict(const struct s5_dial *d)
{
	if (d->error)
		return S5_DIAL_FAILED;
	return d->denied ? S5_DIAL_DENIED : S5_DIAL_UNRESOLVED;
}

/* Is it too early to connect: is the preferred family's answer still worth waiting for? */
static bool must_wait(const struct s5_dial *d)
{
	return d->looking[d->turn] && !d->waited;
}

static void go_on(struct s5_dial *d)
{
	struct s5_attempt *a;
	struct s5_sockaddr sa;
	struct s5_addr addr;

	while (!d->over && !must_wait(d) && take(d, &addr)) {
		a = next_attempt(d);
		a->addr = addr;
		s5_sockaddr_from(&sa, &addr);
		if (!attempt_start(d, a, &sa))
			continue;
		s5_timer_set(d->loop, &d->stagger, d->loop->now + S5_DIAL_STAGGER);
		return;
	}
	if (!any_attempt(d) && !d->looking[V6] && !d->looking[V4])
		finish(d, verdict(d));
}

/* what wakes it */

static void stagger_fire(struct s5_timer *t)
{
	struct s5_dial *d = S5_OUTER(t, struct s5_dial, stagger);

	d->waited = true;
	go_on(d);
}

/* TIMEOUT is a target's silence. With nothing but lookups under way it is what was tried that
 * failed, or the name that cannot be resolved. */
static void deadline_fire(struct s5_timer *t)
{
	struct s5_dial *d = S5_OUTER(t, struct s5_dial, deadline);

	if (d->resolved != S5_LOOKUP_FOUND)
		d->resolved = S5_LOOKUP_TIMEOUT;
	finish(d, any_attempt(d) ? S5_DIAL_TIMEOUT : verdict(d));
}

static void looked_up(struct s5_dial *d, int family)
{
	const struct s5_lookup *l = &d->lookup[family];

	d->looking[family] = false;
	if (l->result == S5_LOOKUP_FOUND ||
	    (d->resolved != S5_LOOKUP_FOUND && l->result > d->resolved))
		d->resolved = l->result;
	if (family == d->turn)
		d->waited = true;
	if (d->looking[!family] && l->answer.n && !d->waited)
		s5_timer_set(d->loop, &d->stagger, d->loop->now + S5_DIAL_WAIT);
	else if (!any_attempt(d) || !d->stagger.slot)
		go_on(d); /* else the attempt under way has its time first */
}

static void looked_up_v6(struct s5_lookup *l)
{
	looked_up(S5_OUTER(l, struct s5_dial, lookup[V6]), V6);
}

static void looked_up_v4(struct s5_lookup *l)
{
	looked_up(S5_OUTER(l, struct s5_dial, lookup[V4]), V4);
}

/* starting */

static void prepare(struct s5_dial *d)
{
	d->fd = -1;
	d->error = 0;
	d->peer = (struct s5_addr){ .atyp = 0 };
	d->over = d->denied = false;
	d->waited = false;
	d->started = 0;
	d->resolved = S5_LOOKUP_NO_NAME;
	d->turn = d->options->prefer == S5_PREFER_4 || d->options->prefer == S5_ONLY_4 ? V4 : V6;
	d->task = (struct s5_task){ .run = tell };
	d->stagger = (struct s5_timer){ .fire = stagger_fire };
	d->deadline = (struct s5_timer){ .fire = deadline_fire };
	for (int i = 0; i < 2; i++) {
		d->lookup[i].resolver = NULL;
		d->lookup[i].answer.n = 0;
		d->next[i] = 0;
		d->looking[i] = false;
	}
	for (int i = 0; i < S5_DIAL_ATTEMPTS; i++)
		d->attempt[i].watch.fd = -1;
	if (d->options->timeout)
		s5_timer_set(d->loop, &d->deadline, d->loop->now + d->options->timeout);
}

static void start_ip(struct s5_dial *d)
{
	int family = d->target.atyp == S5_ATYP_IPV6 ? V6 : V4;
	struct s5_answer *answer = &d->lookup[family].answer;

	d->resolved = S5_LOOKUP_FOUND;
	d->turn = family;
	answer->n = 1;
	memcpy(answer->ip[0], d->target.octets, d->target.len);
	go_on(d);
}

static void start_name(struct s5_dial *d)
{
	if (!d->resolver || s5_addr_is_numeric_name(&d->target)) {
		d->resolved = S5_LOOKUP_NO_NAME;
		finish(d, S5_DIAL_UNRESOLVED);
		return;
	}
	d->looking[V6] = d->options->prefer != S5_ONLY_4;
	d->looking[V4] = d->options->prefer != S5_ONLY_6;
	if (d->looking[V6])
		s5_lookup_start(&d->lookup[V6], d->resolver, &d->target, S5_ATYP_IPV6,
				looked_up_v6);
	if (d->looking[V4])
		s5_lookup_start(&d->lookup[V4], d->resolver, &d->target, S5_ATYP_IPV4,
				looked_up_v4);
}

void s5_dial_start(struct s5_dial *d, const struct s5_addr *target)
{
	d->target = *target;
	prepare(d);
	if (s5_addr_is_ip(target))
		start_ip(d);
	else
		start_name(d);
}

void s5_dial_start_unix(struct s5_dial *d, const char *path)
{
	struct s5_sockaddr sa;

	d->target = (struct s5_addr){ .atyp = 0 };
	prepare(d);
	if (!s5_sockaddr_from_path(&sa, path)) {
		d->error = ENAMETOOLONG;
		finish(d, S5_DIAL_FAILED);
	} else if (!attempt_start(d, &d->attempt[0], &sa)) {
		finish(d, S5_DIAL_FAILED);
	}
}

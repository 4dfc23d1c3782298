#include "inout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define CHUNK 16384 /* octets a feed reads at once */

/* the thread */

/* False: it is to stop. For a descriptor that somebody else has made non-blocking too. */
static bool wait_input(const struct feed *f)
{
	struct pollfd p[2] = { { .fd = f->from, .events = POLLIN },
			       { .fd = f->stop, .events = POLLIN } };

	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	return !p[1].revents;
}

static bool wait_output(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (errno == EAGAIN)
		return poll(&p, 1, -1) >= 0 || errno == EINTR;
	return errno == EINTR;
}

static int write_all(int fd, const char *octets, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, octets, len);

		if (n < 0 && wait_output(fd))
			continue;
		if (n < 0)
			return -1;
		octets += n;
		len -= (size_t)n;
	}
	return 0;
}

/* CR LF for LF unless a CR stands before it already; *last is the octet before. */
static size_t translate(char *to, const char *from, size_t len, char *last)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (from[i] == '\n' && *last != '\r')
			to[n++] = '\r';
		to[n++] = *last = from[i];
	}
	return n;
}

static void pause_line(const struct feed *f)
{
	struct pollfd p = { .fd = f->stop, .events = POLLIN };

	poll(&p, 1, f->interval < INT_MAX ? (int)f->interval : INT_MAX);
}

/* With an interval line by line; *begun: a line was written before. */
static int write_lines(const struct feed *f, const char *octets, size_t len, bool *begun)
{
	while (f->interval && len > 0) {
		const char *end = memchr(octets, '\n', len);
		size_t n = end ? (size_t)(end - octets) + 1 : len;

		if (*begun)
			pause_line(f);
		*begun = end != NULL;
		if (write_all(f->to, octets, n) < 0)
			return -1;
		octets += n;
		len -= n;
	}
	return write_all(f->to, octets, len);
}

/* Returns 0 at the end of the input, else an errno. */
static int feed_carry(const struct feed *f)
{
	char in[CHUNK], out[2 * CHUNK], last = '\0';
	bool begun = false;

	while (wait_input(f)) {
		ssize_t n = read(f->from, in, sizeof(in));
		size_t len;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return n < 0 ? errno : 0;
		len = f->crlf ? translate(out, in, (size_t)n, &last) : (size_t)n;
		if (write_lines(f, f->crlf ? out : in, len, &begun) < 0)
			return errno;
	}
	return 0;
}

/* Both ends are closed, for the one behind must see an end, and the one before that it is no use;
 * 0 and 1 become /dev/null. */
static void shut(int fd)
{
	int null = fd <= STDOUT_FILENO ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;

	if (null >= 0) {
		dup3(null, fd, O_CLOEXEC);
		close(null);
	} else {
		close(fd);
	}
}

static void *feed_run(void *arg)
{
	struct feed *f = arg;
	int error = feed_carry(f);

	__atomic_store_n(&f->error, error, __ATOMIC_RELEASE);
	if (f->shuts)
		shutdown(f->to, SHUT_WR);
	shut(f->to);
	shut(f->from);
	return NULL;
}

/* Signals are the main thread's. */
static int feed_start(struct feed *f)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&f->thread, NULL, feed_run, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	f->running = rc == 0;
	return -rc;
}

/* the descriptors */

static bool is_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* A terminal, but not the master of one: opened anew that would be another. */
static bool is_terminal(int fd, const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev != makedev(5, 2) && isatty(fd);
}

/* A descriptor of ours for what is behind fd, which never blocks; -1: there is no way. */
static int open_anew(int fd, int mode)
{
	char path[40];
	struct stat st;
	int own;

	if (fstat(fd, &st) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (S_ISREG(st.st_mode) || is_null(&st))
		own = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	else if (S_ISFIFO(st.st_mode) || is_terminal(fd, &st))
		own = open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	else
		return -1;
	if (own >= 0)
		shut(fd); /* the relay alone closes it now, and who is behind it sees that */
	return own;
}

/* A pipe whose far end the relay gets, non-blocking; the near end blocks. */
static int make_pipe(int fds[static 2], int relays)
{
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	fcntl(fds[relays], F_SETFL, O_NONBLOCK);
	return 0;
}

static int open_input(struct inout *s)
{
	int own = s->no_input ? -1 : open_anew(STDIN_FILENO, O_RDONLY);
	int fds[2], rc;

	if (own >= 0 && !s->crlf && !s->interval) {
		s->in = own;
		return 0;
	}
	rc = make_pipe(fds, 0);
	if (rc < 0)
		return rc;
	s->in = fds[0];
	if (s->no_input) {
		s->held = fds[1];
		return 0;
	}
	s->input = (struct feed){ .from = own >= 0 ? own : STDIN_FILENO,
				  .to = fds[1],
				  .stop = eventfd(0, EFD_CLOEXEC),
				  .crlf = s->crlf,
				  .interval = s->interval };
	return s->input.stop < 0 ? -errno : feed_start(&s->input);
}

static int open_output(struct inout *s, bool shuts)
{
	int fds[2], rc;

	if (!s->interval)
		s->out = open_anew(STDOUT_FILENO, O_WRONLY);
	if (s->out >= 0)
		return 0;
	rc = make_pipe(fds, 1);
	if (rc < 0)
		return rc;
	s->out = fds[1];
	s->output = (struct feed){ .from = fds[0],
				   .to = STDOUT_FILENO,
				   .stop = -1,
				   .shuts = shuts,
				   .interval = s->interval };
	return feed_start(&s->output);
}

/* As inetd has it: standard input and output are the same socket. */
static bool is_one_socket(void)
{
	struct stat in, out;

	return fstat(STDIN_FILENO, &in) == 0 && fstat(STDOUT_FILENO, &out) == 0 &&
	       S_ISSOCK(in.st_mode) && in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}

/* 0 or -errno. */
static int keep(struct inout *s)
{
	for (int i = 0; i < 2 && s->again; i++) {
		s->kept[i] = fcntl(i, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (s->kept[i] < 0 && errno != EBADF)
			return -errno;
	}
	return 0;
}

static void bring_back(const struct inout *s)
{
	for (int i = 0; i < 2; i++) {
		if (s->kept[i] < 0)
			continue;
		dup2(s->kept[i], i);
		close(s->kept[i]);
	}
}

int inout_open(struct inout *s)
{
	bool one = is_one_socket();
	int rc;

	s->in = s->out = s->held = s->kept[0] = s->kept[1] = -1;
	rc = keep(s);
	if (rc == 0)
		rc = open_input(s);
	return rc < 0 ? rc : open_output(s, one && !s->again);
}

int inout_close(struct inout *s, const char **name)
{
	int error = 0;

	if (s->held >= 0)
		close(s->held);
	if (s->input.running) {
		eventfd_write(s->input.stop, 1);
		pthread_join(s->input.thread, NULL);
		close(s->input.stop);
		error = __atomic_load_n(&s->input.error, __ATOMIC_ACQUIRE);
		error = error == EPIPE ? 0 : error; /* the relay ended before it */
		*name = "standard input";
	}
	if (s->output.running) {
		pthread_join(s->output.thread, NULL);
		if (s->output.error) {
			error = s->output.error;
			*name = "standard output";
		}
	}
	bring_back(s);
	return error;
}

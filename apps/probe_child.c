#include "probe_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "out.h"

/* what it writes */

static void close_text(struct child *c, struct child_text *t)
{
	if (t->watch.fd < 0)
		return;
	s5_loop_unwatch(c->loop, &t->watch);
	close(t->watch.fd);
	t->watch.fd = -1;
}

/* What there is no room for is read, too: nobody has to wait for us. False: nothing is there for now. */
static bool read_some(struct child *c, struct child_text *t)
{
	char beyond[4096];
	size_t left = t->room - t->n;
	ssize_t n = read(t->watch.fd, left ? t->text + t->n : beyond, left ? left : sizeof(beyond));

	if (n < 0 && errno == EINTR)
		return true;
	if (n > 0) {
		t->n += left ? (size_t)n : 0;
		return true;
	}
	if (n == 0 || errno != EAGAIN)
		close_text(c, t);
	return false;
}

static void out_ready(struct s5_watch *w, uint32_t events)
{
	struct child_text *t = S5_OUTER(w, struct child_text, watch);

	(void)events;
	while (w->fd >= 0 && read_some(S5_OUTER(t, struct child, out), t))
		;
}

static void err_ready(struct s5_watch *w, uint32_t events)
{
	struct child_text *t = S5_OUTER(w, struct child_text, watch);

	(void)events;
	while (w->fd >= 0 && read_some(S5_OUTER(t, struct child, err), t))
		;
}

/* The end that it writes to; or -errno. */
static int open_text(struct child *c, struct child_text *t, size_t room,
		     void (*ready)(struct s5_watch *, uint32_t))
{
	int fds[2], rc;

	t->text = malloc(room);
	t->room = room;
	if (!t->text || pipe2(fds, O_CLOEXEC) < 0)
		return t->text ? -errno : -ENOMEM;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	t->watch = (struct s5_watch){ .fd = fds[0], .ready = ready };
	rc = s5_loop_watch(c->loop, &t->watch, EPOLLIN);
	if (rc == 0)
		return fds[1];
	close(fds[0]);
	close(fds[1]);
	t->watch.fd = -1;
	return rc;
}

/* its end */

static void reap(struct child *c)
{
	int status = 0;

	kill(-c->pid,
	     SIGKILL); /* what it left behind; not later, when the number may be another's */
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	c->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	c->pid = 0;
}

static void ended_ready(struct s5_watch *w, uint32_t events)
{
	struct child *c = S5_OUTER(w, struct child, ended);

	(void)events;
	s5_loop_unwatch(c->loop, w);
	close(w->fd);
	w->fd = -1;
	reap(c);
	if (c->out.watch.fd >= 0)
		out_ready(&c->out.watch, 0);
	if (c->err.watch.fd >= 0)
		err_ready(&c->err.watch, 0);
	c->over(c);
}

static int watch_end(struct child *c)
{
	int fd = pidfd_open(c->pid, 0), rc;

	if (fd < 0)
		return -errno;
	c->ended = (struct s5_watch){ .fd = fd, .ready = ended_ready };
	rc = s5_loop_watch(c->loop, &c->ended, EPOLLIN);
	if (rc < 0) {
		close(fd);
		c->ended.fd = -1;
	}
	return rc;
}

/* its beginning */

/* In a group of its own, so that all of it can be ended. 0 or -errno. */
static int spawn(struct child *c, const char *command, const int fds[3])
{
	char *const argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, strdup(command), NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t set;
	int rc;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	posix_spawnattr_setsigdefault(&attributes, &set);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	rc = argv[2] ? posix_spawn(&c->pid, "/bin/sh", &actions, &attributes, argv, environ)
		     : ENOMEM;
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(argv[2]);
	if (rc)
		c->pid = 0;
	return -rc;
}

int child_start(struct child *c, const char *command)
{
	int fds[3] = { -1, -1, -1 }, in[2] = { -1, -1 }, rc = 0;

	c->in = c->out.watch.fd = c->err.watch.fd = c->ended.fd = -1;
	if (pipe2(in, O_CLOEXEC) < 0)
		return -errno;
	fds[0] = in[0];
	c->in = in[1];
	fds[1] = open_text(c, &c->out, CHILD_KEPT, out_ready);
	fds[2] = fds[1] < 0 ? fds[1] : open_text(c, &c->err, CHILD_WORDS, err_ready);
	rc = fds[2] < 0 ? fds[2] : spawn(c, command, fds);
	if (rc == 0)
		rc = watch_end(c);
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (rc < 0)
		child_free(c);
	return rc;
}

void child_no_more(struct child *c)
{
	if (c->loop && c->in >= 0)
		close(c->in);
	c->in = -1;
}

void child_kill(struct child *c)
{
	if (c->pid <= 0)
		return;
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL); /* it may have gone to another group */
}

void child_free(struct child *c)
{
	if (!c->loop)
		return;
	child_kill(c);
	if (c->pid > 0)
		reap(c);
	child_no_more(c);
	close_text(c, &c->out);
	close_text(c, &c->err);
	if (c->ended.fd >= 0) {
		s5_loop_unwatch(c->loop, &c->ended);
		close(c->ended.fd);
	}
	free(c->out.text);
	free(c->err.text);
	memset(c, 0, sizeof(*c));
}

const char *child_last_words(const struct child *c, char *text, size_t size)
{
	const char *from = c->err.text, *end, *line;

	text[0] = '\0';
	if (!from)
		return text;
	end = from + c->err.n;
	while (end > from && (end[-1] == '\n' || end[-1] == '\r' || end[-1] == ' '))
		end--;
	line = memrchr(from, '\n', (size_t)(end - from));
	line = line ? line + 1 : from;
	out_escape(text, size, line, (size_t)(end - line));
	return text;
}

bool child_wrote(const struct child *c, const void *octets, size_t n)
{
	return c->out.n && memmem(c->out.text, c->out.n, octets, n) != NULL;
}

bool child_wrote_only(const struct child *c, const void *octets, size_t n)
{
	return c->out.n == n && !memcmp(c->out.text, octets, n);
}

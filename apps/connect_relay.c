/* One connection: relayed to standard input and output, or to a command (-e). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "connect.h"
#include "connect_dump.h"
#include "connect_stdio.h"

/* Without -N the target hears of the end of standard input once it has been silent for so long:
 * there are proxies that drop everything at a half-close, the answer under way too. */
#define GRACE_MS 500
#define LOOK_MS 50 /* how often it is looked whether the target is silent */

struct carrier {
	struct connect *c;
	struct s5_relay relay;
	struct s5_timer quit, grace;
	struct dump dump;
	int reads; /* from the target */
	bool target_ends; /* the whole ends with the target's end */
	bool may_end; /* and now the target may hear of our end */
	uint64_t seen; /* octets from the target when it was looked last */
	int64_t silent_since;
	bool over;
	enum s5_relay_end end;
};

/* what the relay tells */

static void take_read(struct carrier *k)
{
	int limit = k->c->options.recv_limit;

	k->reads += k->reads < INT_MAX;
	if (limit && k->reads == limit) {
		k->target_ends = true;
		s5_relay_end_input(&k->relay, 1);
	}
}

static void tap(struct s5_relay *r, unsigned from, const uint8_t *octets, size_t n)
{
	struct carrier *k = S5_OUTER(r, struct carrier, relay);

	dump_octets(&k->dump, from, octets, n);
	if (from == 1)
		take_read(k);
}

static void look(struct carrier *k)
{
	const struct s5_loop *loop = &k->c->loop;

	if (k->relay.flow[1].octets != k->seen)
		k->silent_since = loop->now;
	k->seen = k->relay.flow[1].octets;
	s5_timer_set(&k->c->loop, &k->grace, loop->now + LOOK_MS);
}

static void grace_fire(struct s5_timer *t)
{
	struct carrier *k = S5_OUTER(t, struct carrier, grace);

	look(k);
	k->may_end = k->c->loop.now - k->silent_since >= GRACE_MS;
	if (!k->may_end)
		return;
	s5_timer_stop(&k->c->loop, &k->grace);
	s5_relay_end_input(&k->relay, 0);
}

static bool may_end(struct s5_relay *r, unsigned from)
{
	struct carrier *k = S5_OUTER(r, struct carrier, relay);

	if (from == 1 || k->may_end || r->flow[1].ended)
		return true;
	if (!k->grace.slot) {
		k->silent_since = k->c->loop.now;
		look(k);
	}
	return false;
}

/* Nobody is left at the command's end: not only did it stop sending. */
static bool is_abandoned(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP);
}

/* It need not read what was sent to it: that may take a moment, no more. */
static void end_with_target(struct carrier *k)
{
	s5_relay_end_input(&k->relay, 0);
	s5_timer_set(&k->c->loop, &k->quit, k->c->loop.now + GRACE_MS);
}

static void half(struct s5_relay *r, unsigned from)
{
	struct carrier *k = S5_OUTER(r, struct carrier, relay);
	int64_t wait = k->c->options.quit_after;

	if (from == 1 && k->target_ends)
		end_with_target(k);
	else if (from == 1 && r->flow[0].eof)
		s5_relay_end_input(r, 0);
	else if (from == 0 && r->program && is_abandoned(r->end[0].in.fd))
		s5_relay_break(r, 0, EPIPE);
	else if (from == 0 && wait >= 0)
		s5_timer_set(&k->c->loop, &k->quit, k->c->loop.now + wait);
}

static void quit_fire(struct s5_timer *t)
{
	s5_relay_stop(&S5_OUTER(t, struct carrier, quit)->relay);
}

static void done(struct s5_relay *r, enum s5_relay_end end)
{
	struct carrier *k = S5_OUTER(r, struct carrier, relay);

	s5_timer_stop(&k->c->loop, &k->quit);
	s5_timer_stop(&k->c->loop, &k->grace);
	k->over = true;
	k->end = end;
}

/* Relays until it is over. What came with the reply counts as a read like any other. */
static void carry(struct carrier *k, struct proxy_call *call, const int fds[static 2])
{
	const struct connect_options *o = &k->c->options;
	bool tapped = o->hexdump || o->recv_limit;

	k->quit.fire = quit_fire;
	k->grace.fire = grace_fire;
	k->may_end = o->shutdown || o->quit_after >= 0 || o->exec;
	k->relay.idle = proxy_idle(&o->proxy);
	k->relay.tap = tapped ? tap : NULL;
	k->relay.may_end = may_end;
	k->relay.half = half;
	k->relay.done = done;
	if (connect_start_relay(k->c, &k->relay, call, fds, 0) == 0 && tapped &&
	    call->client.nearly)
		tap(&k->relay, 1, call->client.early, call->client.nearly);
	proxy_call_fini(call);
	while (!k->over)
		s5_loop_turn(&k->c->loop);
}

/* with standard input and output */

static const char *standard_name(const struct carrier *k)
{
	const struct s5_relay *r = &k->relay;

	return r->flow[0].eof || r->error == EPIPE || r->error == ENOSPC
		       ? "standard output"
		       : "standard input or output";
}

static int carry_standard(struct carrier *k, struct proxy_call *call)
{
	const struct connect_options *o = &k->c->options;
	struct stdio s = { .no_input = o->no_stdin, .crlf = o->crlf, .interval = o->interval };
	const char *name = "standard input and output";
	int error;

	k->target_ends = o->no_stdin || isatty(STDIN_FILENO);
	error = -stdio_open(&s);
	if (error == 0) {
		carry(k, call, (const int[]){ s.in, s.out });
		error = stdio_close(&s, &name);
	}
	if (error == EPIPE)
		out_verbose(&o->out, 1, "%s: %s", name, strerror(error));
	else if (error)
		out_error(&o->out, "%s: %s", name, strerror(error));
	if (error)
		return EXIT_NETWORK;
	return connect_ended(k->c, &k->relay, k->end, standard_name(k));
}

/* with a command */

/* The shell that runs it, with fd as standard input and output; or -errno. */
static pid_t start_command(const char *command, int fd)
{
	char *const argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, strdup(command), NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t set;
	pid_t pid;
	int rc;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	posix_spawnattr_setsigdefault(&attributes, &set);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	rc = argv[2] ? posix_spawn(&pid, "/bin/sh", &actions, &attributes, argv, environ) : ENOMEM;
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(argv[2]);
	return rc ? -rc : pid;
}

/* As a shell has it. */
static int status_of(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_NETWORK;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int carry_command(struct carrier *k, struct proxy_call *call)
{
	const struct connect_options *o = &k->c->options;
	int fds[2];
	pid_t pid = -EMFILE;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0) {
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
		pid = start_command(o->exec, fds[1]);
		close(fds[1]);
	}
	if (pid < 0) {
		out_error(&o->out, "cannot run the command: %s", strerror(-pid));
		return EXIT_NETWORK;
	}
	k->relay.program = true;
	carry(k, call, (const int[]){ fds[0], fds[0] });
	if (k->end != S5_RELAY_ERROR || k->relay.side == 1)
		(void)connect_ended(k->c, &k->relay, k->end, "command");
	return status_of(pid);
}

int connect_relay(struct connect *c)
{
	const struct connect_options *o = &c->options;
	struct carrier k = { .c = c };
	struct proxy_call call;
	int status, rc = o->hexdump ? dump_open(&k.dump, o->hexdump) : 0;

	if (rc < 0) {
		out_error(&o->out, "option --hexdump: %s: %s", o->hexdump, strerror(-rc));
		return EXIT_USAGE;
	}
	connect_call(c, &call, c->target.addr.port, NULL);
	if (!proxy_call_wait(&call))
		status = proxy_call_failed(&call);
	else
		status = o->exec ? carry_command(&k, &call) : carry_standard(&k, &call);
	proxy_call_fini(&call);
	rc = dump_close(&k.dump);
	if (rc < 0) {
		out_error(&o->out, "option --hexdump: %s: %s", o->hexdump, strerror(-rc));
		status = status == EXIT_OK ? EXIT_NETWORK : status;
	}
	return status;
}

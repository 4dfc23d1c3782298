/* Relayed to standard input and output, or to a command (-e). */
#include "carry.h"

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
#include "connect_edit.h"
#include "inout.h"

/* Without -N the far end hears of the end of standard input once it has been silent for so long:
 * there are proxies that drop everything at a half-close, the answer under way too. */
#define GRACE_MS 500
#define LOOK_MS 50 /* how often it is looked whether the far end is silent */

struct carrier {
	struct carry *carry;
	const struct carry_options *options;
	struct s5_loop *loop;
	const struct s5_addr *far;
	struct s5_relay relay;
	struct s5_timer quit, grace;
	int reads; /* from the far end */
	bool far_ends; /* the whole ends with the far end */
	bool may_end; /* and now the far end may hear of ours */
	uint64_t seen; /* octets from the far end when it was looked last */
	int64_t silent_since;
	bool over;
	enum s5_relay_end end;
};

/* what the relay tells */

static void take_read(struct carrier *k)
{
	int limit = k->options->recv_limit;

	k->reads += k->reads < INT_MAX;
	if (limit && k->reads == limit) {
		k->far_ends = true;
		s5_relay_end_input(&k->relay, 1);
	}
}

static void tap(struct s5_relay *r, unsigned from, const uint8_t *octets, size_t n)
{
	struct carrier *k = S5_OUTER(r, struct carrier, relay);

	dump_octets(&k->carry->dump, from, octets, n);
	if (from == 1)
		take_read(k);
}

static void look(struct carrier *k)
{
	if (k->relay.flow[1].octets != k->seen)
		k->silent_since = k->loop->now;
	k->seen = k->relay.flow[1].octets;
	s5_timer_set(k->loop, &k->grace, k->loop->now + LOOK_MS);
}

static void grace_fire(struct s5_timer *t)
{
	struct carrier *k = S5_OUTER(t, struct carrier, grace);

	look(k);
	k->may_end = k->loop->now - k->silent_since >= GRACE_MS;
	if (!k->may_end)
		return;
	s5_timer_stop(k->loop, &k->grace);
	s5_relay_end_input(&k->relay, 0);
}

static bool may_end(struct s5_relay *r, unsigned from)
{
	struct carrier *k = S5_OUTER(r, struct carrier, relay);

	if (from == 1 || k->may_end || r->flow[1].ended)
		return true;
	if (!k->grace.slot) {
		k->silent_since = k->loop->now;
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
static void end_with_far(struct carrier *k)
{
	s5_relay_end_input(&k->relay, 0);
	s5_timer_set(k->loop, &k->quit, k->loop->now + GRACE_MS);
}

static void half(struct s5_relay *r, unsigned from)
{
	struct carrier *k = S5_OUTER(r, struct carrier, relay);
	int64_t wait = k->options->quit_after;

	if (from == 1 && k->far_ends)
		end_with_far(k);
	else if (from == 1 && r->flow[0].eof)
		s5_relay_end_input(r, 0);
	else if (from == 0 && r->program && is_abandoned(r->end[0].in.fd))
		s5_relay_break(r, 0, EPIPE);
	else if (from == 0 && wait >= 0)
		s5_timer_set(k->loop, &k->quit, k->loop->now + wait);
}

static void quit_fire(struct s5_timer *t)
{
	s5_relay_stop(&S5_OUTER(t, struct carrier, quit)->relay);
}

static void done(struct s5_relay *r, enum s5_relay_end end)
{
	struct carrier *k = S5_OUTER(r, struct carrier, relay);

	s5_timer_stop(k->loop, &k->quit);
	s5_timer_stop(k->loop, &k->grace);
	k->over = true;
	k->end = end;
}

/* Relays until it is over. What came with the reply counts as a read like any other. */
static void relay(struct carrier *k, struct proxy_call *call, const int fds[static 2])
{
	const struct carry_options *o = k->options;
	bool tapped = o->hexdump || o->recv_limit;

	k->quit.fire = quit_fire;
	k->grace.fire = grace_fire;
	k->may_end = o->shutdown || o->quit_after >= 0 || o->exec;
	k->relay.idle = k->carry->idle;
	k->relay.tap = tapped ? tap : NULL;
	k->relay.may_end = may_end;
	k->relay.half = half;
	k->relay.done = done;
	if (carry_start(k->carry->engine, &k->relay, call, fds, 0) == 0 && tapped &&
	    call->client.nearly)
		tap(&k->relay, 1, call->client.early, call->client.nearly);
	proxy_call_fini(call);
	while (!k->over)
		s5_loop_turn(k->loop);
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
	const struct carry_options *o = k->options;
	struct inout s = { .no_input = o->no_stdin, .crlf = o->crlf, .interval = o->interval };
	const char *name = "standard input and output";
	int error;

	k->far_ends = o->no_stdin || k->carry->again || isatty(STDIN_FILENO);
	s.again = k->carry->again;
	error = -inout_open(&s);
	if (error == 0) {
		relay(k, call, (const int[]){ s.in, s.out });
		error = inout_close(&s, &name);
	}
	if (error == EPIPE)
		out_verbose(k->carry->out, 1, "%s: %s", name, strerror(error));
	else if (error)
		out_error(k->carry->out, "%s: %s", name, strerror(error));
	if (error)
		return EXIT_NETWORK;
	return carry_ended(k->carry->out, &k->relay, k->end, standard_name(k), k->far);
}

static int carry_edited(struct carrier *k, struct proxy_call *call)
{
	struct edit e = { .loop = k->loop, .out = k->carry->out, .crlf = k->options->crlf };
	int error, rc;

	out_say(k->carry->out, "connected; Ctrl-D ends what is sent, Ctrl-C all");
	rc = edit_open(&e);

	if (rc < 0) {
		out_error(k->carry->out, "the terminal: %s", strerror(-rc));
		proxy_call_fini(call);
		return EXIT_NETWORK;
	}
	k->far_ends = true;
	relay(k, call, (const int[]){ e.in, e.out_fd });
	error = edit_close(&e);
	if (error) {
		out_error(k->carry->out, "the terminal: %s", strerror(error));
		return EXIT_NETWORK;
	}
	return carry_ended(k->carry->out, &k->relay, k->end, "terminal", k->far);
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
	const struct carry_options *o = k->options;
	int fds[2];
	pid_t pid = -EMFILE;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0) {
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
		pid = start_command(o->exec, fds[1]);
		close(fds[1]);
	}
	if (pid < 0) {
		out_error(k->carry->out, "cannot run the command: %s", strerror(-pid));
		return EXIT_NETWORK;
	}
	k->relay.program = true;
	relay(k, call, (const int[]){ fds[0], fds[0] });
	if (k->end != S5_RELAY_ERROR || k->relay.side == 1)
		(void)carry_ended(k->carry->out, &k->relay, k->end, "command", k->far);
	return status_of(pid);
}

/* the two ends */

int carry_start(struct engine *e, struct s5_relay *relay, struct proxy_call *call,
		const int fds[static 2], unsigned watched)
{
	struct s5_client *client = &call->client;
	const int ends[4] = { fds[0], fds[1], client->fd, client->fd };

	relay->seal = client->seal;
	relay->sealed = 1;
	client->seal = NULL;
	s5_relay_start(relay, &e->pool, ends, watched | 2);
	if (s5_relay_preload(relay, 1, client->early, client->nearly, true) == 0)
		return 0;
	s5_relay_stop(relay);
	return -ENOMEM;
}

int carry_ended(const struct out *out, const struct s5_relay *relay, enum s5_relay_end end,
		const char *near, const struct s5_addr *far)
{
	char text[S5_ADDR_TEXT], duration[32];

	s5_addr_format(far, text, sizeof(text));
	switch (end) {
	case S5_RELAY_CLOSED:
	case S5_RELAY_STOPPED:
		return EXIT_OK;
	case S5_RELAY_IDLE:
		out_error(out, "%s: nothing came or went for %s (-w)", text,
			  proxy_duration(relay->idle, duration, sizeof(duration)));
		break;
	case S5_RELAY_ERROR:
		if (!relay->side && relay->error == EPIPE) { /* `| head` has seen enough */
			out_verbose(out, 1, "%s: %s", near, strerror(EPIPE));
			break;
		}
		out_error(out, "%s: %s", relay->side ? text : near, s5_relay_error_text(relay));
		break;
	}
	return relay->fault != S5_SEAL_GOOD ? EXIT_PROTOCOL : EXIT_NETWORK;
}

/* all of it */

static int fail_dump(const struct carry *c, int error)
{
	out_error(c->out, "option --hexdump: %s: %s", c->options->hexdump, strerror(error));
	return EXIT_USAGE;
}

int carry_open(struct carry *c)
{
	int rc = c->options->hexdump ? dump_open(&c->dump, c->options->hexdump) : 0;

	return rc < 0 ? fail_dump(c, -rc) : EXIT_OK;
}

int carry_run(struct carry *c, struct proxy_call *call, const struct s5_addr *far)
{
	struct carrier k = {
		.carry = c, .options = c->options, .loop = &c->engine->loop, .far = far
	};

	if (c->options->exec)
		return carry_command(&k, call);
	return c->edit ? carry_edited(&k, call) : carry_standard(&k, call);
}

int carry_close(struct carry *c, int status)
{
	int rc = dump_close(&c->dump);

	if (rc < 0)
		fail_dump(c, -rc);
	return rc < 0 && status == EXIT_OK ? EXIT_NETWORK : status;
}

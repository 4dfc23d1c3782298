/* socks5 serve: the server in the foreground, until SIGTERM or SIGINT. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "descriptors.h"
#include "metrics.h"
#include "notify.h"
#include "proxy_call.h"
#include "serve_setup.h"
#include "spool.h"

#define DRAIN_STEP_MS 20

static void awaited_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until no session is left, the time is over or a second signal came. */
static void drain(const struct serve *s, const sigset_t *set)
{
	static const struct timespec step = { .tv_nsec = DRAIN_STEP_MS * 1000000L };
	int64_t until = now_ms() + s->options.drain;
	unsigned left = s5_server_sessions(s->server);
	char duration[32];

	if (left)
		out_say(&s->options.out,
			"stopping: %u session%s may go on for %s; a second signal ends at once",
			left, left == 1 ? "" : "s",
			proxy_duration(s->options.drain, duration, sizeof(duration)));
	s5_server_drain(s->server);
	while (s5_server_sessions(s->server) && now_ms() < until)
		if (sigtimedwait(set, NULL, &step) > 0)
			return;
}

static void reload(struct serve *s)
{
	notify_reloading(&s->notify);
	serve_reload(s);
	notify_ready(&s->notify);
}

static int serve(struct serve *s, int count, char **arguments)
{
	sigset_t set;
	int status = serve_configure(s), sig = 0, rc;

	if (status == EXIT_OK && s->options.explain && !s->options.check) {
		out_error(&s->options.out, "option --explain: it is for --check; add that");
		return EXIT_USAGE;
	}
	if (status == EXIT_OK)
		status = serve_check_run_as(s);
	if (status == EXIT_OK)
		status = serve_listen(s, count, arguments);
	if (status == EXIT_OK)
		status = serve_listen_metrics(s);
	if (status == EXIT_OK)
		status = serve_check_upstream(s, &s->policy.upstream);
	if (status != EXIT_OK)
		return status;
	if (s->options.check)
		return serve_check(s);
	serve_say_listening(s);
	awaited_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	serve_explain(s);
	notify_open(&s->notify);
	status = serve_run_as(s);
	if (status == EXIT_OK)
		status = serve_enter_sandbox(s);
	if (status == EXIT_OK)
		status = serve_start_spools(s);
	if (status != EXIT_OK)
		return status;
	s->max_sessions = s->options.max_sessions;
	rc = s5_server_set_policy(s->server, &s->policy);
	if (rc == 0)
		rc = s5_server_start(s->server);
	if (rc < 0) {
		out_error(&s->options.out, "cannot start: %s", strerrordesc_np(-rc));
		return EXIT_NETWORK;
	}
	status = serve_start_metrics(s);
	if (status != EXIT_OK)
		return status;
	notify_ready(&s->notify);
	while (sigwait(&set, &sig) != 0 || sig == SIGHUP)
		if (sig == SIGHUP)
			reload(s);
	notify_stopping(&s->notify);
	sigdelset(&set, SIGHUP);
	drain(s, &set);
	out_say(&s->options.out, "stopped");
	return EXIT_OK;
}

/* Passwords in argv are masked as they are taken: SIGHUP reads a copy. */
static void keep_words(struct serve *s, int argc, char **argv)
{
	s->words = calloc((size_t)argc + 1, sizeof(*s->words));
	for (; s->words && s->argc < argc; s->argc++)
		s->words[s->argc] = strdup(argv[s->argc]);
}

static void drop_words(struct serve *s)
{
	for (int i = 0; i < s->argc; i++) {
		explicit_bzero(s->words[i], strlen(s->words[i]));
		free(s->words[i]);
	}
	free(s->words);
}

int serve_run(const struct command *self, int argc, char **argv)
{
	struct serve s = {
		.command = self, .log_fd = -1, .metrics_fd = -1, .notify = { .fd = -1 }
	};
	int status = EXIT_OK, count;

	keep_words(&s, argc - 1, argv + 1);
	count = command_parse(self, &s.options, argc, argv, &status);
	if (count >= 0) {
		out_init(&s.options.out, self->name);
		signal(SIGPIPE, SIG_IGN);
		descriptors_allow(SIZE_MAX);
		status = serve(&s, count, argv);
	}
	metrics_free(s.metrics);
	if (s.metrics_fd >= 0)
		close(s.metrics_fd);
	s5_server_free(s.server);
	if (!spool_free(s.log_spool))
		out_warn(&s.options.out, "option --log: %s: nobody read its last lines",
			 s.options.log);
	spool_free(s.options.out.spool);
	while (s.nlistening)
		free(s.listening[--s.nlistening]);
	free(s.listening);
	s5_policy_fini(&s.policy);
	notify_close(&s.notify);
	if (s.log_fd >= 0)
		close(s.log_fd);
	opt_fini(self->opts, &s.options);
	drop_words(&s);
	return status;
}

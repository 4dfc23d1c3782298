/* SIGHUP: everything that can change while sessions go on is read again, or nothing is. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve_log.h"
#include "serve_setup.h"

/* The line again, with what its files say now. opt_parse masks passwords in the words, and orders
 * them anew. */
static int parse_again(const struct serve *s, struct serve_options *options)
{
	size_t room = (size_t)s->argc + 1;
	char **words = calloc(room, sizeof(*words)), **copies = calloc(room, sizeof(*copies));
	enum opt_parsed parsed = OPT_BAD;
	struct opt_error err = { .text = "out of memory" };
	bool whole = words && copies;
	int count;

	for (int i = 0; whole && i < s->argc; i++) {
		words[i] = copies[i] = strdup(s->words[i]);
		whole = words[i];
	}
	opt_init(serve_opts, options);
	if (whole)
		parsed = opt_parse(serve_opts, options, s->argc, words, &count, &err);
	if (parsed != OPT_PARSED)
		out_error(&s->options.out, "%s", err.text);
	for (int i = 0; copies && i < s->argc; i++)
		free(copies[i]);
	free(copies);
	free(words);
	return parsed == OPT_PARSED ? EXIT_OK : EXIT_USAGE;
}

/* Somebody may have moved the log away. */
static int open_log_again(struct serve *s, const char *path)
{
	int fd = serve_log_open(path), rc;

	if (fd < 0)
		return serve_misuse(s, "--log", path, strerror(errno));
	rc = dup3(fd, s->log_fd, O_CLOEXEC);
	close(fd);
	return rc < 0 ? serve_misuse(s, "--log", path, strerror(errno)) : EXIT_OK;
}

static bool is_log_file(const struct serve *s, const struct serve *next)
{
	const char *path = next->options.log;

	return s->log_fd >= 0 && path && strcmp(path, "-") != 0;
}

/* Takes over what `next` has, which is left empty. */
static int take(struct serve *s, struct serve *next)
{
	size_t nrules = next->policy.rules.n;
	int rc;

	if (is_log_file(s, next) && open_log_again(s, next->options.log) != EXIT_OK)
		return EXIT_USAGE;
	serve_explain(next);
	rc = s5_server_set_policy(s->server, &next->policy);
	if (rc < 0) {
		out_error(&s->options.out, "%s", strerrordesc_np(-rc));
		return EXIT_NETWORK;
	}
	s->nusers = next->nusers;
	s->nprincipals = next->nprincipals;
	out_say(&s->options.out, "SIGHUP: users are read again: %zu of them, and %zu rule%s",
		s->nusers + s->nprincipals, nrules, nrules == 1 ? "" : "s");
	return EXIT_OK;
}

void serve_reload(struct serve *s)
{
	struct serve next = { .command = s->command, .log_fd = -1 };
	int status = parse_again(s, &next.options);

	next.options.out = s->options.out;
	next.beyond = s->beyond;
	serve_warn_of_hosts(s);
	if (status == EXIT_OK)
		status = serve_make_policy(&next);
	if (status == EXIT_OK)
		status = serve_check_open(&next, "SIGHUP");
	if (status == EXIT_OK)
		status = take(s, &next);
	if (status != EXIT_OK)
		out_error(&s->options.out, "SIGHUP: all is as it was before");
	s5_policy_fini(&next.policy);
	opt_fini(serve_opts, &next.options);
}

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

/* From one file to another it goes without a restart. */
static char kind_of_log(const char *log)
{
	if (!log)
		return 0;
	return strcmp(log, "-") == 0 ? '-' : strcmp(log, "syslog") == 0 ? 's' : 'f';
}

static bool is_log_file(const struct serve *s, const struct serve *next)
{
	return kind_of_log(s->options.log) == 'f' && kind_of_log(next->options.log) == 'f';
}

/* Somebody may have moved the log away. */
static int open_log_again(struct serve *s, const char *path)
{
	int fd = serve_log_open(path, NULL), rc;

	if (fd < 0)
		return serve_misuse(s, "--log", path, strerror(errno));
	if (!s->log_spool && spool_is_needed(fd)) {
		close(fd);
		return serve_misuse(s, "--log", path,
				    "a regular file before; that takes a restart");
	}
	rc = dup3(fd, s->log_fd, O_CLOEXEC);
	close(fd);
	return rc < 0 ? serve_misuse(s, "--log", path, strerror(errno)) : EXIT_OK;
}

/* Takes over what `next` has, which is left empty. */
static int take(struct serve *s, struct serve *next)
{
	size_t nrules = next->policy.rules.n, nusers;
	int rc;

	if (is_log_file(s, next) && open_log_again(s, next->options.log) != EXIT_OK)
		return EXIT_USAGE;
	serve_explain(next);
	rc = s5_server_set_policy(s->server, &next->policy);
	if (rc < 0) {
		out_error(&s->options.out, "%s", strerrordesc_np(-rc));
		return EXIT_NETWORK;
	}
	__atomic_store_n(&s->max_sessions, next->options.max_sessions, __ATOMIC_RELAXED);
	s->options.drain = next->options.drain;
	s->nusers = next->nusers;
	s->nprincipals = next->nprincipals;
	nusers = s->nusers + s->nprincipals;
	out_say(&s->options.out, "SIGHUP: read again: %zu user%s, %zu rule%s", nusers,
		nusers == 1 ? "" : "s", nrules, nrules == 1 ? "" : "s");
	return EXIT_OK;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_lines(const struct opt_strs *a, const struct opt_strs *b)
{
	for (size_t i = 0; i < a->count && a->count == b->count; i++)
		if (strcmp(a->items[i].text, b->items[i].text) != 0)
			return false;
	return a->count == b->count;
}

static bool same_ports(struct s5_port_range a, struct s5_port_range b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

static bool same_advertise(const struct serve_options *a, const struct serve_options *b)
{
	return s5_addr_equal(&a->advertise.v4, &b->advertise.v4) &&
	       s5_addr_equal(&a->advertise.v6, &b->advertise.v6);
}

/* What stays as it was at the start, whatever the files say now. */
static void warn_of_the_rest(const struct serve *s, const struct serve_options *next,
			     const struct out *said)
{
	const struct serve_options *now = &s->options;
	const struct {
		const char *name;
		bool same;
	} rest[] = {
		{ "listen", same_lines(&now->config.listen, &next->config.listen) },
		{ "workers", now->workers == next->workers },
		{ "resolver", same_text(now->resolver, next->resolver) },
		{ "bind-ports", same_ports(now->bind_ports, next->bind_ports) },
		{ "udp-ports", same_ports(now->udp_ports, next->udp_ports) },
		{ "advertise", same_advertise(now, next) },
		{ "log", kind_of_log(now->log) == kind_of_log(next->log) },
		{ "log-format", now->log_json == next->log_json },
		{ "verbose", now->out.verbose == said->verbose },
		{ "quiet", now->out.quiet == said->quiet },
		{ "metrics", same_text(now->metrics, next->metrics) },
		{ "run-as", same_text(now->run_as, next->run_as) },
		{ "sandbox", now->sandbox == next->sandbox },
	};

	for (size_t i = 0; i < sizeof(rest) / sizeof(rest)[0]; i++)
		if (!rest[i].same)
			out_warn(&now->out, "SIGHUP: %s is another: that takes a restart",
				 rest[i].name);
}

static int check_upstream(const struct serve *s, const struct serve *next)
{
	const struct s5_client_config *up = &next->policy.upstream;

	if (up->nhops && up->hops[0].path && s->walled && !s->unix_upstream)
		return serve_misuse(
			s, "--proxy", up->hops[0].path,
			"a Unix socket is out of reach in the sandbox; that takes a restart");
	return serve_check_upstream(s, up);
}

void serve_reload(struct serve *s)
{
	struct serve next = { .command = s->command, .log_fd = -1 };
	int status = parse_again(s, &next.options);
	struct out said;

	said = next.options.out;
	next.options.out = s->options.out;
	next.reachable = s->reachable;
	serve_warn_of_hosts(s);
	if (status == EXIT_OK)
		status = serve_make_policy(&next);
	if (status == EXIT_OK)
		status = serve_check_open(&next, "SIGHUP");
	if (status == EXIT_OK)
		status = check_upstream(s, &next);
	if (status == EXIT_OK)
		status = take(s, &next);
	if (status == EXIT_OK)
		warn_of_the_rest(s, &next.options, &said);
	if (status != EXIT_OK) {
		serve_explain_unreachable(s, &next.options);
		out_error(&s->options.out, "SIGHUP: all is as it was before");
	}
	s5_policy_fini(&next.policy);
	opt_fini(serve_opts, &next.options);
}

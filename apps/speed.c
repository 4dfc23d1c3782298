/* socks5 speed: loads a proxy and tells what comes through, as openssl speed does of ciphers. */
#include "speed.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command.h"
#include "descriptors.h"
#include "near.h"
#include "speed_text.h"
#include "target.h"

#define MEASURES 32 /* in one run */
#define OTHER_FILES 64 /* that are open besides the streams */

/* what is to be measured */

struct plan {
	const struct speed_kind *kinds[MEASURES];
	size_t count;
};

static int fail(const struct speed *s, const char *what, const char *why)
{
	out_error(&s->options.out, "%s: %s", what, why);
	return EXIT_USAGE;
}

static int unknown_measure(const struct command *self, const char *word)
{
	struct near near = { .typed = word };
	char shown[68];

	for (const struct opt_word *at = speed_measures; at->name; at++)
		near_try(&near, at->name);
	out_escape(shown, sizeof(shown), word, strlen(word));
	return command_misuse(self, "unknown measure %s%s%s%s", shown,
			      near.best ? "; did you mean " : "", near.best ? near.best : "",
			      near.best ? "?" : "");
}

static int make_plan(const struct command *self, const struct speed *s, struct plan *plan,
		     int count, char **words)
{
	const struct speed_kind *kind;

	for (int i = 0; i < count; i++) {
		kind = speed_kind_find(words[i], &s->options);
		if (!kind)
			return unknown_measure(self, words[i]);
		if (plan->count == MEASURES)
			return command_misuse(self, "more than %d measures", MEASURES);
		plan->kinds[plan->count++] = kind;
	}
	while (!count && (kind = speed_kind_of_all(plan->count, &s->options)))
		plan->kinds[plan->count++] = kind;
	return EXIT_OK;
}

static bool has(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->kinds[i]->name, name) == 0)
			return true;
	return false;
}

/* What was asked for, or what fits a measure of all when it was for another. */
static uint64_t bytes_for(const struct speed_kind *k, const struct speed_options *o)
{
	return o->bytes && k->most ? o->bytes : k->bytes;
}

static int count_for(const struct speed_kind *k, const struct speed_options *o)
{
	return o->streams ? o->streams : k->count;
}

static int check_sizes(const struct speed *s, const struct plan *plan)
{
	size_t allowed, wanted = 0;
	char text[200];

	for (size_t i = 0; i < plan->count; i++) {
		const struct speed_kind *k = plan->kinds[i];
		uint64_t bytes = bytes_for(k, &s->options);
		size_t files = (size_t)count_for(k, &s->options) * (k->cmd == S5_CMD_UDP ? 2 : 1);

		wanted = files + OTHER_FILES > wanted ? files + OTHER_FILES : wanted;
		if (k->most && (bytes < k->least || bytes > k->most)) {
			snprintf(text, sizeof(text), "%s takes %llu to %llu octets", k->name,
				 (unsigned long long)k->least, (unsigned long long)k->most);
			return fail(s, "option --bytes", text);
		}
	}
	allowed = descriptors_allow(wanted);
	if (allowed >= wanted)
		return EXIT_OK;
	snprintf(text, sizeof(text),
		 "only %zu files may be open at a time, and that takes %zu (ulimit -n)", allowed,
		 wanted);
	return fail(s, "option --streams", text);
}

static int check(const struct speed *s, const struct plan *plan)
{
	const struct speed_options *o = &s->options;
	struct speed_usage usage;
	char text[40];

	if (o->upload && !has(plan, "bulk"))
		return fail(s, "option --upload", "it is for bulk");
	if (o->associations && !has(plan, "idle"))
		return fail(s, "option --associations", "it is for idle");
	if (o->json && o->histogram)
		return fail(s, "option --histogram", "there is none in --json");
	if (o->pid) {
		speed_usage_read(&usage, o->pid);
		snprintf(text, sizeof(text), "option --pid: %d", o->pid);
		if (!usage.processes)
			return fail(s, text, "there is no such process, or it is ours");
	}
	return check_sizes(s, plan);
}

/* the target */

static int read_target(struct speed *s)
{
	char *const words[] = { s->options.target, NULL };
	struct opt_error err;
	struct target target;
	bool missing;

	if (!s->options.target)
		return EXIT_OK;
	if (target_parse(&target, words, 1, &missing, &err) < 0)
		return fail(s, "option --target", err.text);
	if (target.last != target.addr.port)
		return fail(s, "option --target", "a range of ports is no target");
	s->target = target.addr;
	return EXIT_OK;
}

static int resolve_target(struct speed *s)
{
	const struct proxy *p = &s->proxy;

	if (p->config.nhops)
		return proxy_resolve(p, &s->engine.loop, s->engine.resolver, &s->target);
	return proxy_lookup(p, &s->engine.loop, s->engine.resolver, &s->target,
			    p->config.dial.prefer);
}

/* Where the last proxy is, as far as we know: our own target is to be on the address that is seen from
 * there. */
static int find_way(struct speed *s, struct s5_addr *at)
{
	const struct proxy *p = &s->proxy;
	size_t n = p->config.nhops;
	const struct s5_hop *last = n ? &p->hops[n - 1] : NULL;

	*at = s5_addr_loopback(p->config.dial.prefer == S5_ONLY_6 ? S5_ATYP_IPV6 : S5_ATYP_IPV4, 0);
	if (!last || last->path)
		return EXIT_OK;
	*at = last->addr;
	if (s5_addr_is_ip(at))
		return EXIT_OK;
	return proxy_lookup(p, &s->engine.loop, s->engine.resolver, at, p->config.dial.prefer);
}

static int start_target(struct speed *s)
{
	struct s5_addr there, here;
	char text[S5_ADDR_TEXT];
	int status = find_way(s, &there), rc;

	if (status != EXIT_OK)
		return status;
	rc = s5_sock_route(&here, &there);
	if (rc == 0)
		rc = speed_target_start(&s->own, &here);
	if (rc == 0)
		return EXIT_OK;
	out_error(&s->options.out,
		  "no target of our own that %s could reach: %s; --target names another",
		  s5_addr_host(&there, text, sizeof(text)), strerror(-rc));
	return EXIT_NETWORK;
}

/* running */

/* The target's process begins before any thread does. */
static int prepare(struct speed *s)
{
	const struct speed_options *o = &s->options;
	int status = proxy_init(&s->proxy, &o->proxy, &o->out);

	if (status == EXIT_OK)
		status = proxy_check(&s->proxy, &s->target, false);
	if (status == EXIT_OK)
		status = engine_start(&s->engine, false, &o->out);
	if (status == EXIT_OK)
		status = s->target.atyp ? resolve_target(s) : start_target(s);
	if (status == EXIT_OK)
		status = proxy_call_prepare(&s->proxy, &s->engine);
	if (status != EXIT_OK)
		return status;
	s->hushed = o->out;
	s->hushed.verbose = 0;
	s->zeros = memfd_create("zeros", MFD_CLOEXEC);
	if (s->zeros >= 0 && ftruncate(s->zeros, 64 << 20) == 0)
		return EXIT_OK;
	out_error(&o->out, "cannot start: %s", strerror(errno));
	return EXIT_NETWORK;
}

static bool has_worked(const struct speed_measure *m)
{
	return m->begun && (m->kind->unit == SPEED_UNIT_STREAMS ? m->most_open > 0 : m->done > 0);
}

/* Whether the next measure may fare better: a proxy that answers so only did not do this one. */
static bool is_worth_going_on(int status)
{
	return status == EXIT_OK || status >= EXIT_REP;
}

/* Nothing worked. */
static void say_failure(const struct speed_measure *m)
{
	bool only_this = is_worth_going_on(m->status);

	out_error(&m->speed->options.out, "%s%s%s", only_this ? m->kind->title : "",
		  only_this ? ": " : "", m->why);
}

static void say_failures(const struct speed_measure *m)
{
	const struct out *out = &m->speed->options.out;
	char failed[32], tried[32];

	if (!m->failed)
		return;
	speed_count(failed, sizeof(failed), m->failed);
	speed_count(tried, sizeof(tried), m->tried);
	out_error(out, "%s: %s of %s %s failed%s: %s", m->kind->title, failed, tried,
		  m->tried == 1 ? m->kind->stream : m->kind->streams,
		  m->failed == 1 ? "" : "; the first", m->why);
}

/* Returns the exit status that it comes to. */
static int tell(struct speed_measure *m)
{
	const struct speed_options *o = &m->speed->options;
	bool worked = has_worked(m);

	if (worked && o->json)
		speed_json(stdout, m);
	else if (worked)
		speed_report(stdout, m);
	m->speed->told |= worked;
	fflush(stdout);
	if (worked)
		say_failures(m);
	else if (m->failed)
		say_failure(m);
	else if (!speed_stopped())
		out_error(&o->out, "%s: nothing came back within %.3g s", m->kind->title,
			  (double)o->seconds / 1000);
	if (worked && o->pid && !m->to.processes)
		out_error(&o->out, "%s: process %d has ended meanwhile", m->kind->title, o->pid);
	return m->status != EXIT_OK	   ? m->status
	       : worked || speed_stopped() ? EXIT_OK
					   : EXIT_NETWORK;
}

static int run(struct speed *s, const struct plan *plan)
{
	struct speed_measure *m = malloc(sizeof(*m));
	int status = EXIT_OK, one;
	bool goes_on = true;

	if (!m) {
		out_error(&s->options.out, "cannot start: %s", strerror(ENOMEM));
		return EXIT_NETWORK;
	}
	speed_catch_signals();
	for (size_t i = 0; i < plan->count && goes_on && !speed_stopped(); i++) {
		const struct speed_kind *k = plan->kinds[i];

		*m = (struct speed_measure){ .speed = s, .kind = k };
		m->count = count_for(k, &s->options);
		m->bytes = bytes_for(k, &s->options);
		speed_measure_run(m);
		one = tell(m);
		goes_on = has_worked(m) || is_worth_going_on(one);
		status = status == EXIT_OK ? one : status;
	}
	free(m);
	return status;
}

static void end_if_stopped(void)
{
	int sig = speed_stopped();

	if (!sig)
		return;
	fflush(stdout);
	signal(sig, SIG_DFL);
	raise(sig);
}

int speed_run(const struct command *self, int argc, char **argv)
{
	struct speed s = { .zeros = -1 };
	struct plan plan = { .count = 0 };
	int status = EXIT_OK, count = command_parse(self, &s.options, argc, argv, &status);

	if (count < 0)
		goto out;
	out_init(&s.options.out, self->name);
	signal(SIGPIPE, SIG_IGN);
	status = make_plan(self, &s, &plan, count, argv);
	if (status == EXIT_OK)
		status = check(&s, &plan);
	if (status == EXIT_OK)
		status = read_target(&s);
	if (status == EXIT_OK)
		status = prepare(&s);
	progress_init(&s.progress, &s.options.out, false);
	if (status == EXIT_OK)
		status = run(&s, &plan);
	speed_target_stop(&s.own);
	end_if_stopped();
out:
	if (s.zeros >= 0)
		close(s.zeros);
	engine_stop(&s.engine);
	proxy_fini(&s.proxy);
	opt_fini(self->opts, &s.options);
	return status;
}

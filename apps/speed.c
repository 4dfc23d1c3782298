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
#include "opt_value.h"
#include "speed_text.h"
#include "stop.h"
#include "target.h"

#define MEASURES 32 /* in one run */
#define WINDOW 64 /* datagrams, unless told */
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

static int fail_measure(const struct speed *s, const char *word, const char *why)
{
	if (!strpbrk(word, ".:@"))
		out_error(&s->options.out, "measure %s", why);
	else
		out_error(
			&s->options.out, /* it may hold a password */
			"an address is no measure: a proxy stands behind -x, a target behind --target");
	return EXIT_USAGE;
}

static int make_plan(const struct command *self, const struct speed *s, struct plan *plan,
		     int count, char **words)
{
	const struct speed_kind *kind;
	struct opt_error err;
	int unused;

	for (int i = 0; i < count; i++) {
		if (opt_parse_word(words[i], speed_measures, &unused, &err) < 0)
			return fail_measure(s, words[i], err.text);
		kind = speed_kind_find(words[i], &s->options);
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

static int check_bytes(const struct speed *s, const struct plan *plan)
{
	bool any = !s->options.bytes;
	char text[200];

	for (size_t i = 0; i < plan->count; i++) {
		const struct speed_kind *k = plan->kinds[i];
		uint64_t bytes = bytes_for(k, &s->options);

		any |= k->most > 0;
		if (k->most && (bytes < k->least || bytes > k->most)) {
			snprintf(text, sizeof(text), "%s takes %llu to %llu octets", k->name,
				 (unsigned long long)k->least, (unsigned long long)k->most);
			return fail(s, "option --bytes", text);
		}
	}
	return any ? EXIT_OK : fail(s, "option --bytes", "idle carries nothing");
}

/* An association has a connection to each hop, and a socket for its datagrams. */
static int check_files(const struct speed *s, const struct plan *plan)
{
	size_t allowed, wanted = 0;
	char text[200];

	for (size_t i = 0; i < plan->count; i++) {
		const struct speed_kind *k = plan->kinds[i];
		size_t each = k->cmd == S5_CMD_UDP ? s->proxy.config.nhops + 1 : 1;
		size_t files = (size_t)count_for(k, &s->options) * each + OTHER_FILES;

		wanted = files > wanted ? files : wanted;
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
	if (o->window && !has(plan, "udp"))
		return fail(s, "option --window", "it is for udp");
	if (o->json && o->histogram)
		return fail(s, "option --histogram", "there is none in --json");
	if (o->histogram && !has(plan, "conn") && !has(plan, "rr") && !has(plan, "udp"))
		return fail(s, "option --histogram", "it is for conn, rr and udp");
	if (o->pid) {
		speed_usage_read(&usage, o->pid);
		snprintf(text, sizeof(text), "option --pid: %d", o->pid);
		if (!usage.processes)
			return fail(s, text, "there is no such process, or it is ours");
	}
	return check_bytes(s, plan);
}

/* the target */

static int read_target(struct speed *s)
{
	struct opt_error err;

	if (!s->options.target ||
	    target_parse_option(&s->target, "--target", s->options.target, &err) == 0)
		return EXIT_OK;
	out_error(&s->options.out, "%s", err.text);
	return EXIT_USAGE;
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
static int prepare(struct speed *s, const struct plan *plan)
{
	const struct speed_options *o = &s->options;
	int status = proxy_init(&s->proxy, &o->proxy, &o->out);

	if (status == EXIT_OK)
		status = proxy_check(&s->proxy, &s->target, false);
	if (status == EXIT_OK)
		status = check_files(s, plan);
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

static void say_left(const struct speed *s, const struct plan *plan, size_t from)
{
	char names[400] = "";
	size_t len = 0;

	for (size_t i = from; i < plan->count && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "",
					plan->kinds[i]->title);
	if (len)
		out_say(&s->options.out, "not measured: %s", names);
}

static int run(struct speed *s, const struct plan *plan)
{
	struct speed_measure *m = malloc(sizeof(*m));
	int status = EXIT_OK, one;
	bool goes_on = true;
	size_t i;

	if (!m) {
		out_error(&s->options.out, "cannot start: %s", strerror(ENOMEM));
		return EXIT_NETWORK;
	}
	stop_catch(NULL);
	for (i = 0; i < plan->count && goes_on && !stop_signal(); i++) {
		const struct speed_kind *k = plan->kinds[i];

		*m = (struct speed_measure){ .speed = s, .kind = k };
		m->count = count_for(k, &s->options);
		m->bytes = bytes_for(k, &s->options);
		speed_measure_run(m);
		one = speed_tell(m, &goes_on);
		status = status == EXIT_OK ? one : status;
	}
	say_left(s, plan, i);
	free(m);
	return status;
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
	s.options.window = s.options.window ? s.options.window : WINDOW;
	if (status == EXIT_OK)
		status = read_target(&s);
	if (status == EXIT_OK)
		status = prepare(&s, &plan);
	progress_init(&s.progress, &s.options.out, false);
	if (status == EXIT_OK)
		status = run(&s, &plan);
	speed_target_stop(&s.own);
	stop_end();
out:
	if (s.zeros >= 0)
		close(s.zeros);
	engine_stop(&s.engine);
	proxy_fini(&s.proxy);
	opt_fini(self->opts, &s.options);
	return status;
}

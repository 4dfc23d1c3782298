/* socks5 udp: nc -u through a proxy. */
#include "udp.h"

#include <signal.h>

#include "command.h"

#define FRAGMENT_OCTETS (4 << 20) /* held until they are whole */

struct proxy_udp udp_way(struct udp *u)
{
	return (struct proxy_udp){
		.proxy = &u->proxy,
		.loop = &u->engine.loop,
		.resolver = u->engine.resolver,
		.target = u->target.addr,
		.source_port = (uint16_t)u->options.source_port,
		.proxy_address = u->options.proxy_address,
		.budget = &u->fragments,
		.piece = u->options.fragment,
	};
}

/* What does not go together, or NULL. */
static const char *find_conflict(const struct udp_options *o)
{
	bool talk =
		o->lines || o->hex || o->from || o->answers || o->quit_after >= 0 || o->no_stdin;

	if (o->listen && talk)
		return "--lines, --hex, --from, -W, -q and -d are for standard input and output, "
		       "not for --listen";
	if (!o->listen && (o->idle || o->max_senders))
		return "--idle and --max-senders need --listen";
	if (o->listen && o->source_port)
		return "--source-port is for one association, and --listen has many";
	if (o->lines && o->hex)
		return "--lines and --hex exclude each other";
	if (o->fragment && o->proxy.direct)
		return "--fragment needs a proxy";
	return NULL;
}

static int check(const struct command *self, struct udp *u, int count, char **words)
{
	const char *fault = find_conflict(&u->options);
	struct opt_error err;
	bool missing;

	if (!fault && target_parse(&u->target, words, count, &missing, &err) < 0) {
		if (missing)
			return command_misuse(self, "%s", err.text);
		fault = err.text;
	} else if (!fault && u->target.last != u->target.addr.port) {
		fault = "a range of ports is no target for datagrams";
	}
	if (!fault)
		return EXIT_OK;
	out_error(&u->options.out, "%s", fault);
	return EXIT_USAGE;
}

/* Without a proxy the target's name is resolved here. */
static int resolve(struct udp *u)
{
	const struct proxy *p = &u->proxy;
	struct s5_addr *target = &u->target.addr;

	if (p->config.nhops)
		return proxy_resolve(p, &u->engine.loop, u->engine.resolver, target);
	return proxy_lookup(p, &u->engine.loop, u->engine.resolver, target, p->config.dial.prefer);
}

static int prepare(struct udp *u)
{
	const struct udp_options *o = &u->options;
	int status = proxy_init(&u->proxy, &o->proxy, &o->out);

	if (status == EXIT_OK && o->source)
		status = proxy_set_source(&u->proxy, o->source);
	if (status == EXIT_OK)
		status = proxy_check(&u->proxy, &u->target.addr, o->numeric);
	if (status == EXIT_OK)
		status = engine_start(&u->engine, o->numeric, &o->out);
	if (status == EXIT_OK)
		status = proxy_call_prepare(&u->proxy, &u->engine);
	if (status == EXIT_OK)
		status = resolve(u);
	return status;
}

int udp_run(const struct command *self, int argc, char **argv)
{
	struct udp u = { .fragments.limit = FRAGMENT_OCTETS };
	int status = EXIT_OK, count = command_parse(self, &u.options, argc, argv, &status);

	if (count < 0)
		goto out;
	out_init(&u.options.out, self->name);
	signal(SIGPIPE, SIG_IGN);
	status = check(self, &u, count, argv);
	if (status == EXIT_OK)
		status = prepare(&u);
	if (status == EXIT_OK)
		status = u.options.listen ? udp_forward(&u) : udp_talk(&u);
out:
	engine_stop(&u.engine);
	proxy_fini(&u.proxy);
	opt_fini(self->opts, &u.options);
	return status;
}

/* socks5 connect: netcat through a proxy. */
#include "connect.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/names.h"
#include "command.h"

void connect_call(struct connect *c, struct proxy_call *call, uint16_t port,
		  void (*done)(struct proxy_call *call, bool ok))
{
	struct s5_request request = { .cmd = S5_CMD_CONNECT, .dst = c->target.addr };

	request.dst.port = port;
	*call = (struct proxy_call){ .done = done };
	proxy_call_start(call, &c->proxy, &c->engine.loop, c->engine.resolver, &request);
}

static const char *find_edit_conflict(const struct connect_options *o)
{
	bool dumped = o->carry.hexdump && strcmp(o->carry.hexdump, "-") == 0;

	if (o->carry.no_stdin || o->carry.interval)
		return "--edit takes lines from the terminal as they come, --no-stdin and --interval "
		       "do not go with it";
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return "option --edit: standard input and output are not a terminal";
	if (dumped && isatty(STDERR_FILENO))
		return "--edit has the terminal for itself: --hexdump needs the name of a file";
	return NULL;
}

/* What does not go together, or NULL. */
static const char *find_conflict(const struct connect_options *o)
{
	int modes = (o->listen != NULL) + (o->carry.exec != NULL) + o->pass_fd + o->scan;
	ptrdiff_t host;

	if (modes + o->edit > 1)
		return "--listen, --exec, --pass-fd, --scan and --edit exclude each other";
	if (o->listen && target_split(o->listen, &host) && host < 0 &&
	    !target_is_ipv6_like(o->listen))
		return "option --listen: more than a host and a port; what is forwarded to are HOST "
		       "and PORT";
	if (o->keep_open && !o->listen)
		return "--keep-open needs --listen";
	if ((o->carry.hexdump || o->carry.recv_limit) && modes && !o->carry.exec)
		return "--hexdump and --recv-limit are for a single connection that is relayed here";
	return o->edit ? find_edit_conflict(o) : NULL;
}

static int prepare(struct connect *c)
{
	const struct connect_options *o = &c->options;
	int status = proxy_init(&c->proxy, &o->proxy, &o->out);

	c->proxy.config.exact = o->pass_fd;
	c->proxy.config.dial.source_port = (uint16_t)o->source_port;
	c->proxy.config.dial.debug = o->debug;
	if (status == EXIT_OK && o->source)
		status = proxy_set_source(&c->proxy, o->source);
	if (status == EXIT_OK)
		status = proxy_check(&c->proxy, &c->target.addr, o->numeric);
	if (status == EXIT_OK)
		status = engine_start(&c->engine, o->numeric, &o->out);
	if (status == EXIT_OK)
		status = proxy_call_prepare(&c->proxy, &c->engine);
	if (status == EXIT_OK)
		status = proxy_resolve(&c->proxy, &c->engine.loop, c->engine.resolver,
				       &c->target.addr);
	return status;
}

/* To standard input and output, or to a command. */
static int carry(struct connect *c)
{
	const struct connect_options *o = &c->options;
	struct carry k = { .options = &o->carry,
			   .out = &o->out,
			   .engine = &c->engine,
			   .edit = o->edit,
			   .idle = proxy_idle(&o->proxy) };
	struct proxy_call call;
	int status = carry_open(&k);

	if (status != EXIT_OK)
		return status;
	connect_call(c, &call, c->target.addr.port, NULL);
	if (proxy_call_wait(&call))
		status = carry_run(&k, &call, &c->target.addr);
	else
		status = proxy_call_failed(&call);
	proxy_call_fini(&call);
	return carry_close(&k, status);
}

static int serve_mode(struct connect *c)
{
	if (c->options.listen)
		return connect_forward(c);
	if (c->options.scan)
		return connect_scan(c);
	return c->options.pass_fd ? connect_pass(c) : carry(c);
}

static int check(const struct command *self, struct connect *c, int count, char **words)
{
	const char *fault = find_conflict(&c->options);
	struct opt_error err;
	bool missing;

	if (!fault && target_parse(&c->target, words, count, &missing, &err) < 0) {
		if (missing)
			return command_misuse(self, "%s", err.text);
		fault = err.text;
	} else if (!fault && c->target.last != c->target.addr.port && !c->options.scan) {
		fault = "a range of ports is for --scan";
	}
	if (!fault)
		return EXIT_OK;
	out_error(&c->options.out, "%s", fault);
	return EXIT_USAGE;
}

int connect_run(const struct command *self, int argc, char **argv)
{
	struct connect c = { .target.last = 0 };
	int status = EXIT_OK, count = command_parse(self, &c.options, argc, argv, &status);

	if (count < 0)
		goto out;
	out_init(&c.options.out, self->name);
	signal(SIGPIPE, SIG_IGN);
	status = check(self, &c, count, argv);
	if (status == EXIT_OK)
		status = prepare(&c);
	if (status == EXIT_OK)
		status = serve_mode(&c);
out:
	engine_stop(&c.engine);
	proxy_fini(&c.proxy);
	opt_fini(self->opts, &c.options);
	return status;
}

/* socks5 connect: netcat through a proxy. */
#include "connect.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/names.h"
#include "command.h"

void connect_call(struct connect *c, struct proxy_call *call, uint16_t port,
		  void (*done)(struct proxy_call *call, bool ok))
{
	struct s5_request request = { .cmd = S5_CMD_CONNECT, .dst = c->target.addr };

	request.dst.port = port;
	*call = (struct proxy_call){ .done = done };
	proxy_call_start(call, &c->proxy, &c->loop, c->resolver, &request);
}

int connect_start_relay(struct connect *c, struct s5_relay *relay, struct proxy_call *call,
			const int fds[static 2], unsigned watched)
{
	const struct s5_client *client = &call->client;
	const int ends[4] = { fds[0], fds[1], client->fd, client->fd };

	s5_relay_start(relay, &c->pool, ends, watched | 2);
	if (s5_relay_preload(relay, 1, client->early, client->nearly, true) == 0)
		return 0;
	s5_relay_stop(relay);
	return -ENOMEM;
}

int connect_ended(const struct connect *c, const struct s5_relay *relay, enum s5_relay_end end,
		  const char *near)
{
	char text[S5_ADDR_TEXT], duration[32];

	switch (end) {
	case S5_RELAY_CLOSED:
	case S5_RELAY_STOPPED:
		return EXIT_OK;
	case S5_RELAY_IDLE:
		out_error(&c->options.out, "%s: nothing came or went for %s (-w)",
			  s5_addr_format(&c->target.addr, text, sizeof(text)),
			  proxy_duration(relay->idle, duration, sizeof(duration)));
		break;
	case S5_RELAY_ERROR:
		if (!relay->side && relay->error == EPIPE) { /* `| head` has seen enough */
			out_verbose(&c->options.out, 1, "%s: %s", near, strerror(EPIPE));
			break;
		}
		if (relay->side)
			s5_addr_format(&c->target.addr, text, sizeof(text));
		out_error(&c->options.out, "%s: %s", relay->side ? text : near,
			  strerror(relay->error));
		break;
	}
	return EXIT_NETWORK;
}

/* What does not go together, or NULL. */
static const char *find_conflict(const struct connect_options *o)
{
	int modes = (o->listen != NULL) + (o->exec != NULL) + o->pass_fd + o->scan;

	if (modes > 1)
		return "--listen, --exec, --pass-fd and --scan exclude each other";
	if (o->keep_open && !o->listen)
		return "--keep-open needs --listen";
	if ((o->hexdump || o->recv_limit) && modes && !o->exec)
		return "--hexdump and --recv-limit are for a single connection that is relayed here";
	return NULL;
}

static int start_loop(struct connect *c)
{
	int rc = s5_loop_init(&c->loop);

	if (rc == 0) {
		c->turning = true;
		rc = s5_pool_init(&c->pool, &c->loop);
	}
	if (rc == 0 && !c->options.numeric)
		rc = s5_resolver_new(&c->resolver, &c->loop, NULL);
	if (rc == 0)
		return EXIT_OK;
	out_error(&c->options.out, "cannot start: %s", strerror(-rc));
	return EXIT_NETWORK;
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
		status = start_loop(c);
	if (status == EXIT_OK)
		status = proxy_resolve(&c->proxy, &c->loop, c->resolver, &c->target.addr);
	return status;
}

static int serve_mode(struct connect *c)
{
	if (c->options.listen)
		return connect_forward(c);
	if (c->options.scan)
		return connect_scan(c);
	return c->options.pass_fd ? connect_pass(c) : connect_relay(c);
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
	struct connect c = { .turning = false };
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
	if (c.resolver)
		s5_resolver_free(c.resolver);
	if (c.turning) {
		s5_pool_fini(&c.pool);
		s5_loop_fini(&c.loop);
	}
	proxy_fini(&c.proxy);
	opt_fini(self->opts, &c.options);
	return status;
}

/* socks5 bind: one connection the other way, from a peer through the proxy to here. */
#include "bind.h"

#include <signal.h>
#include <string.h>

#include "base/names.h"
#include "command.h"

/* What does not go together, or NULL. */
static const char *find_conflict(const struct bind_options *o)
{
	const struct carry_options *c = &o->carry;
	bool stdio = c->shutdown || c->quit_after >= 0 || c->no_stdin || c->crlf || c->interval ||
		     c->recv_limit || c->hexdump;

	if (o->to && c->exec)
		return "--to and --exec exclude each other";
	if (o->to && stdio)
		return "-N, -q, -d, -C, -i, -W and --hexdump are for a connection that is relayed "
		       "here, not for --to";
	return NULL;
}

static int parse_to(struct bind *b, struct opt_error *err)
{
	char name[S5_ADDR_TEXT];

	if (target_parse_option(&b->to, "--to", b->options.to, err) < 0)
		return -1;
	if (b->options.numeric && b->to.atyp == S5_ATYP_NAME)
		return opt_fail(err,
				"option --numeric: '%s' is a name, and only addresses are taken",
				s5_addr_host(&b->to, name, sizeof(name)));
	return 0;
}

static int check(const struct command *self, struct bind *b, int count, char **words)
{
	static const uint8_t zeros[4];
	const char *fault = find_conflict(&b->options);
	struct opt_error err;

	b->peer = s5_addr_ip4(zeros, 0);
	if (!fault && count > 2)
		return command_misuse(self, "more than PEER and PORT");
	if (!fault && count && *words[0] && strspn(words[0], "0123456789") == strlen(words[0]))
		fault = "PEER is a host; the port where the proxy listens is its own choice";
	if (!fault && count && target_parse_peer(&b->peer, words, count, &err) < 0)
		fault = err.text;
	if (!fault && b->options.to && parse_to(b, &err) < 0)
		fault = err.text;
	if (!fault)
		return EXIT_OK;
	out_error(&b->options.out, "%s", fault);
	return EXIT_USAGE;
}

static int prepare(struct bind *b)
{
	const struct bind_options *o = &b->options;
	int status = proxy_init(&b->proxy, &o->proxy, &o->out);

	b->proxy.config.await = proxy_idle(&o->proxy);
	if (status == EXIT_OK && o->source)
		status = proxy_set_source(&b->proxy, o->source);
	if (status == EXIT_OK)
		status = proxy_check(&b->proxy, &b->peer, o->numeric);
	if (status == EXIT_OK)
		status = engine_start(&b->engine, o->numeric, &o->out);
	if (status == EXIT_OK)
		status = proxy_call_prepare(&b->proxy, &b->engine);
	if (status == EXIT_OK)
		status = proxy_resolve(&b->proxy, &b->engine.loop, b->engine.resolver, &b->peer);
	return status;
}

/* One peer. False: there is no going on after this one. */
static bool serve_one(struct bind *b, struct carry *k, int *status)
{
	struct bind_call bc;
	struct s5_addr peer;
	bool going = true;

	bind_ask(b, &bc, NULL);
	while (!bc.call.over && !b->deaf)
		s5_loop_turn(&b->engine.loop);
	if (b->deaf) {
		*status = EXIT_NETWORK;
		going = false;
	} else if (bc.call.ok) {
		peer = bc.call.client.session.reply.bnd;
		*status = carry_run(k, &bc.call, &peer);
	} else {
		*status = proxy_call_failed(&bc.call);
		going = bind_may_retry(&bc);
	}
	proxy_call_fini(&bc.call);
	return going;
}

/* To standard input and output, or to a command. */
static int serve(struct bind *b)
{
	const struct bind_options *o = &b->options;
	struct carry k = { .options = &o->carry,
			   .out = &o->out,
			   .engine = &b->engine,
			   .idle = proxy_idle(&o->proxy),
			   .again = o->keep_open };
	int status = carry_open(&k);

	if (status != EXIT_OK)
		return status;
	while (serve_one(b, &k, &status) && o->keep_open)
		;
	return carry_close(&k, status);
}

int bind_run(const struct command *self, int argc, char **argv)
{
	struct bind b = { .deaf = false };
	int status = EXIT_OK, count = command_parse(self, &b.options, argc, argv, &status);

	if (count < 0)
		goto out;
	out_init(&b.options.out, self->name);
	signal(SIGPIPE, SIG_IGN);
	status = check(self, &b, count, argv);
	if (status == EXIT_OK)
		status = prepare(&b);
	if (status == EXIT_OK)
		status = b.options.to ? bind_forward(&b) : serve(&b);
out:
	engine_stop(&b.engine);
	proxy_fini(&b.proxy);
	opt_fini(self->opts, &b.options);
	return status;
}

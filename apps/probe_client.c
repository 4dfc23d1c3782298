/*
 * --client: we are the server, and the cases are for the client that connects. With --exec we start the
 * client ourselves, once for each case, several at a time: each place has a listener, a target and a child
 * of its own. Without it there is one place, and each connection gets the next case.
 *
 * The first case finds out what the client does, the next one that fits whether anything works at all;
 * the others follow in the order of the table.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "descriptors.h"
#include "probe_client.h"
#include "stop.h"
#include "target.h"

#define TICK 50 /* ms */
#define OWN_DESCRIPTORS 40 /* of the process, */
#define PLACE_DESCRIPTORS 12 /* and of each place */
#define CONNECTS_WITHIN 15000 /* ms, from when it was started */
#define FOR_EVER 12 /* times the timeout: a client that still waits then waits for ever */

/* one case after the other */

static void go_on(struct client *c);

/* Nothing else can be told. */
static void give_up(struct client *c, const char *why)
{
	for (; c->next < c->subject.suite.nrows; c->next++)
		if (c->subject.suite.cases[c->next].verdict == S5_CASE_UNTOLD)
			client_skip(c, c->next, why);
}

/* Whoever came first was no client of SOCKS5, or did not go so far; we are still here. */
static void begin_again(struct client *c)
{
	out_warn(&c->probe->options.out, "that was no request by SOCKS5; waiting for the next");
	s5_suite_forget(&c->subject.suite.cases[0]);
	c->subject.suite.over = c->next = 0;
	c->is_known = false;
}

static void end_case(struct place *p)
{
	struct client *c = p->client;
	size_t i = p->i;

	s5_timer_stop(&c->probe->engine.loop, &p->tick);
	client_learn(p);
	client_judge(p);
	if (i == 0 && client_has_exec(c) && !p->is_taken)
		c->is_useless = true;
	child_free(&p->child);
	p->i = NO_CASE;
	c->running--;
	if (i == 0 && !client_has_exec(c) && !client_is_sound(c))
		begin_again(c);
	else if (i == 0 && !client_is_sound(c))
		give_up(c, "what the client does is not known");
	else if (c->subject.suite.rows[i].is_plain &&
		 c->subject.suite.cases[i].verdict == S5_CASE_FAIL)
		give_up(c, "not even where nothing was wrong it went well");
	go_on(c);
}

static void end_if_over(struct place *p)
{
	struct s5_suite_case *own = &p->client->subject.suite.cases[p->i];

	if (p->child.pid > 0)
		return;
	/* A child that ended without a word to us has no exchange to wait for. */
	if (p->is_over || (client_has_exec(p->client) && !p->is_taken)) {
		if (!p->is_taken)
			own->exchange.end = S5_EXCHANGE_SILENT;
		end_case(p);
	}
}

static void exchanged(struct s5_exchange *x)
{
	struct s5_suite_case *own = S5_OUTER(x, struct s5_suite_case, exchange);
	struct client *c = S5_OUTER(own->suite, struct client, subject.suite);
	size_t i = (size_t)(own - c->subject.suite.cases);

	for (size_t k = 0; k < c->nplaces; k++) {
		struct place *p = &c->places[k];

		if (p->i != i)
			continue;
		p->is_over = true;
		p->until = s5_clock_ms() + c->subject.suite.times.answer;
		child_no_more(&p->child);
		end_if_over(p);
		return;
	}
}

static void child_over(struct child *child)
{
	end_if_over(S5_OUTER(child, struct place, child));
}

/* The child's standard input ends when all was said to it; the child itself when its time is over. */
static void tick(struct s5_timer *t)
{
	struct place *p = S5_OUTER(t, struct place, tick);
	const struct s5_suite_case *own = &p->client->subject.suite.cases[p->i];
	int64_t now = s5_clock_ms();

	if (p->is_taken && own->exchange.word + 1 >= own->words.n)
		child_no_more(&p->child);
	if (now >= p->until && p->child.pid > 0 && (p->is_over || !p->is_taken)) {
		p->is_killed = true;
		child_kill(&p->child);
	}
	s5_timer_set(&p->client->probe->engine.loop, t, now + TICK);
}

/* connections */

static int accept_from(const struct s5_watch *w)
{
	return accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static void take_one(struct s5_watch *w, uint32_t events)
{
	struct place *p = S5_OUTER(w, struct place, listening);
	struct client *c = p->client;
	struct s5_exchange *x;
	int fd;

	(void)events;
	while (p->is_taken && client_has_exec(c) && (fd = accept_from(w)) >= 0)
		close(fd); /* the same client again: one will do */
	if (p->i == NO_CASE || p->is_taken || (fd = accept_from(w)) < 0)
		return; /* what comes now is for the next case */
	p->is_taken = true;
	x = &c->subject.suite.cases[p->i].exchange;
	x->loop = &c->probe->engine.loop;
	x->times = c->subject.suite.times;
	x->done = exchanged;
	s5_exchange_serve(x, fd);
}

static int start_child(struct place *p)
{
	const struct client *c = p->client;
	char *command = probe_put_names(c->probe->options.exec, &p->at, &p->target.tcp,
					c->subject.suite.rows[p->i].id);
	int rc = -ENOMEM;

	p->child.loop = &c->probe->engine.loop;
	p->child.over = child_over;
	if (command)
		rc = child_start(&p->child, command);
	free(command);
	return rc;
}

static void set_part(struct s5_parts *parts, enum s5_part part, const char *text)
{
	parts->part[part].n = strlen(text);
	memcpy(parts->part[part].octets, text, parts->part[part].n);
}

/* False: no memory. */
static bool prepare(struct s5_suite_case *own, const struct s5_case *row)
{
	own->parts = calloc(1, sizeof(*own->parts));
	if (!own->parts)
		return false;
	set_part(own->parts, S5_PART_PAGE, PAGE);
	set_part(own->parts, S5_PART_WRONG, WRONG);
	own->exchange.words = &own->words;
	own->exchange.parts = own->exchange.heard = own->parts;
	return s5_words_compile(&own->words, row->script, S5_ENTRY_OPEN);
}

/* False: there is trouble here, and the case is skipped. */
static bool begin_case(struct place *p, size_t i)
{
	struct client *c = p->client;
	struct s5_suite_case *own = &c->subject.suite.cases[i];
	int rc = 0;

	p->i = i;
	p->is_taken = p->is_over = p->is_killed = false;
	p->past = p->target.accepted;
	p->until = s5_clock_ms() + CONNECTS_WITHIN;
	c->running++;
	if (!prepare(own, &c->subject.suite.rows[i]))
		rc = -ENOMEM;
	else if (client_has_exec(c))
		rc = start_child(p);
	if (rc < 0) {
		p->i = NO_CASE;
		c->running--;
		c->is_troubled = true;
		client_skip(c, i, strerror(-rc));
		return false;
	}
	s5_timer_set(&c->probe->engine.loop, &p->tick, s5_clock_ms() + TICK);
	take_one(&p->listening, 0);
	return true;
}

/* The next case, or NO_CASE; those that do not fit are passed over. */
static size_t next_case(struct client *c)
{
	for (; c->next < c->subject.suite.nrows; c->next++) {
		const struct s5_case *row = &c->subject.suite.rows[c->next];
		struct s5_suite_case *own = &c->subject.suite.cases[c->next];

		if (own->verdict != S5_CASE_UNTOLD || (!own->wanted && c->next > 0))
			continue;
		own->lacks = row->needs & ~c->does;
		if (!own->lacks || !c->is_known)
			return c->next++;
		client_skip(c, c->next, client_needs_text(own->lacks));
	}
	return NO_CASE;
}

/* The case with nothing wrong that fits what the client does, be it wanted or not. */
static size_t plain_case(const struct client *c)
{
	for (size_t i = 0; i < c->subject.suite.nrows; i++)
		if (c->subject.suite.rows[i].is_plain &&
		    !(c->subject.suite.rows[i].needs & ~c->does))
			return i;
	return NO_CASE;
}

static void go_on(struct client *c)
{
	size_t i, plain = c->is_known ? plain_case(c) : NO_CASE;
	bool alone;

	c->is_tried |= c->is_known && plain == NO_CASE;
	alone = !c->is_known || !c->is_tried;
	for (size_t k = 0; k < c->nplaces && !c->probe->stop; k++) {
		if (c->places[k].i != NO_CASE || (alone && c->running))
			continue;
		i = c->is_known && !c->is_tried ? plain : next_case(c);
		if (i == NO_CASE || !begin_case(&c->places[k], i))
			break;
	}
	if (!c->running)
		s5_loop_stop(&c->probe->engine.loop);
}

/* beginning and end */

static int open_place(struct client *c, struct place *p)
{
	struct s5_addr here = s5_addr_loopback(S5_ATYP_IPV4, 0);
	int rc;

	p->client = c;
	p->i = NO_CASE;
	p->tick.fire = tick;
	p->listening =
		(struct s5_watch){ .fd = s5_listen_tcp(&c->listen, false), .ready = take_one };
	rc = p->listening.fd < 0 ? p->listening.fd
				 : s5_echo_start(&p->target, &c->probe->engine.loop, &here);
	if (rc == 0)
		rc = s5_loop_watch(&c->probe->engine.loop, &p->listening, EPOLLIN | EPOLLET);
	if (p->listening.fd >= 0)
		p->at = s5_sock_local(p->listening.fd);
	return rc;
}

static void close_place(struct place *p)
{
	struct s5_loop *loop = &p->client->probe->engine.loop;

	s5_timer_stop(loop, &p->tick);
	child_free(&p->child);
	s5_echo_stop(&p->target);
	if (p->listening.fd >= 0) {
		s5_loop_unwatch(loop, &p->listening);
		close(p->listening.fd);
	}
}

static int open_places(struct client *c)
{
	size_t most = client_has_exec(c) && !c->listen.port ? PLACES : 1;
	size_t allowed = descriptors_allow(OWN_DESCRIPTORS + PLACES * PLACE_DESCRIPTORS);
	char text[S5_ADDR_TEXT];

	while (most > 1 && OWN_DESCRIPTORS + most * PLACE_DESCRIPTORS > allowed)
		most--;
	while (c->nplaces < most) {
		int rc = open_place(c, &c->places[c->nplaces++]);

		if (rc == 0)
			continue;
		out_error(&c->probe->options.out, "cannot listen on %s: %s%s",
			  s5_addr_format(&c->listen, text, sizeof(text)), strerror(-rc),
			  target_listen_hint(-rc));
		return EXIT_NETWORK;
	}
	return EXIT_OK;
}

static int read_listen(struct client *c)
{
	const char *text = c->probe->nwords	? c->probe->words[0]
			   : client_has_exec(c) ? "127.0.0.1:0"
						: "127.0.0.1:1080";
	struct opt_error err;
	char why[PROBE_WHY];

	if (client_has_exec(c) && probe_mistaken(c->probe->options.exec, why)) {
		out_error(&c->probe->options.out, "option --exec: %s", why);
		return EXIT_USAGE;
	}
	if (target_parse_listen(&c->listen, text, &err) == 0)
		return EXIT_OK;
	out_error(&c->probe->options.out, "%s: %s", text, err.text);
	return EXIT_USAGE;
}

static void set_wanted(struct client *c)
{
	for (size_t i = 0; i < c->subject.suite.nrows; i++) {
		c->subject.suite.cases[i].wanted =
			probe_wants_case(&c->probe->options, c->subject.suite.rows[i].id);
		c->subject.suite.cases[i].suite = &c->subject.suite;
		c->subject.suite.count += c->subject.suite.cases[i].wanted;
	}
}

static void say_where(const struct client *c)
{
	char text[S5_ADDR_TEXT];

	if (!client_has_exec(c))
		out_say(&c->probe->options.out,
			"listening on %s; each connection gets the next case of %zu",
			s5_addr_format(&c->places[0].at, text, sizeof(text)),
			c->subject.suite.count);
}

/* No word of the RFCs, but of the command. In a document for programs it is an error, too. */
static int say_useless(struct client *c)
{
	const char *why = c->subject.suite.cases[0].note;
	bool went_past = c->places[0].target.accepted > 0;

	out_error(&c->probe->options.out, "option --exec: no client came: %s%s", why ? why : "",
		  went_past ? "; perhaps no_proxy is set" : "");
	if (c->probe->options.format == PROBE_TEXT)
		return EXIT_USAGE;
	s5_suite_free(&c->subject.suite);
	c->subject.why = "the client did not connect to the proxy";
	probe_report_begin(c->probe);
	probe_report(&c->subject);
	probe_report_end(c->probe, false);
	return EXIT_USAGE;
}

static int run(struct client *c)
{
	struct probe_score score;

	say_where(c);
	probe_catch_signals(c->probe);
	go_on(c);
	if (c->running)
		s5_loop_run(&c->probe->engine.loop);
	progress_end(&c->probe->progress);
	if (c->probe->stop)
		out_say(&c->probe->options.out, "stopped: %zu done of %zu", c->subject.suite.over,
			c->subject.suite.count);
	if (c->is_useless)
		return say_useless(c);
	probe_report_begin(c->probe);
	probe_report(&c->subject);
	probe_report_end(c->probe, c->probe->stop);
	score = probe_score(&c->subject.suite);
	return (c->probe->options.strict ? score.failed : score.failed_must) || !score.passed ||
			       c->is_troubled
		       ? EXIT_NETWORK
		       : EXIT_OK;
}

int probe_client(struct probe *p)
{
	struct client *c = calloc(1, sizeof(*c));
	int status = EXIT_NETWORK;

	if (!c || !s5_suite_init(&c->subject.suite, s5_client_cases, s5_nclient_cases)) {
		out_error(&p->options.out, "%s", strerror(ENOMEM));
		free(c);
		return EXIT_NETWORK;
	}
	c->probe = c->subject.probe = p;
	c->subject.text = (char[]){ "client" };
	c->subject.suite.loop = &p->engine.loop;
	c->subject.suite.times = (struct s5_exchange_times)S5_EXCHANGE_TIMES;
	c->subject.suite.times.answer = p->options.timeout;
	c->subject.suite.times.end = FOR_EVER * p->options.timeout;
	set_wanted(c);
	progress_init(&p->progress, &p->options.out, false);
	status = read_listen(c);
	if (status == EXIT_OK)
		status = open_places(c);
	if (status == EXIT_OK)
		status = run(c);
	for (size_t i = 0; i < c->nplaces; i++)
		close_place(&c->places[i]);
	s5_suite_free(&c->subject.suite);
	free(c);
	stop_end();
	return status;
}

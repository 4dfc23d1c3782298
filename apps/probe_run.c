#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "command.h"
#include "probe.h"
#include "proxy.h"
#include "target.h"

#define LINE_MOST 1024 /* octets of a line of a list */

/* parts */

static void set_part(struct s5_parts *parts, enum s5_part part, const struct s5_addr *a)
{
	struct s5_part_octets *own = &parts->part[part];
	struct s5_writer out = s5_writer_over(own->octets, sizeof(own->octets));

	if (a->atyp)
		s5_put_addr(&out, a);
	own->n = a->atyp && out.rc == S5_OK ? out.len : 0;
}

static void set_login(struct s5_parts *parts, enum s5_part part, const struct s5_credentials *c)
{
	struct s5_part_octets *own = &parts->part[part];
	struct s5_writer out = s5_writer_over(own->octets, sizeof(own->octets));

	s5_credentials_put(&out, c);
	own->n = out.rc == S5_OK ? out.len : 0;
}

static struct s5_addr as_text(const struct s5_addr *a)
{
	struct s5_addr name = { .atyp = 0 };
	char text[S5_ADDR_TEXT];

	if (!a->atyp)
		return name;
	s5_addr_host(a, text, sizeof(text));
	s5_addr_set_name(&name, text, strlen(text), a->port);
	return name;
}

static struct s5_addr as_mapped(const struct s5_addr *a)
{
	uint8_t octets[16] = { [10] = 0xff, [11] = 0xff };

	if (a->atyp != S5_ATYP_IPV4)
		return (struct s5_addr){ .atyp = 0 };
	memcpy(octets + 12, a->octets, 4);
	return s5_addr_ip6(octets, a->port);
}

/* "localhost" is a name of every machine's, but only the proxy's own. */
static struct s5_addr name_of(const struct s5_addr *a)
{
	struct s5_addr name = { .atyp = 0 };

	if (a->atyp && s5_addr_is_loopback(a))
		s5_addr_set_name(&name, "localhost", 9, a->port);
	return name;
}

/* Where nobody listens: the port that nobody may use. */
static struct s5_addr refusing(const struct s5_addr *a)
{
	struct s5_addr refused = *a;

	refused.port = 1;
	return refused;
}

static void set_targets(struct probe_subject *s)
{
	struct s5_parts *parts = &s->prober.parts;
	const struct probe *p = s->probe;
	bool is_here = !s->addr.atyp || s5_addr_is_loopback(&s->addr);
	const struct s5_echo *e4 = is_here ? &p->loop4 : &p->echo4;
	const struct s5_echo *e6 = is_here ? &p->loop6 : &p->echo6;
	struct s5_addr tcp_text = as_text(&e4->tcp), mapped = as_mapped(&e4->tcp);
	struct s5_addr tcp_name = name_of(&e4->tcp), udp_name = name_of(&e4->udp);
	struct s5_addr refused = refusing(&e4->tcp), us = e4->tcp;
	struct s5_addr loopback = s5_addr_loopback(s->addr.atyp, s->addr.port);

	us.port = 0;
	set_part(parts, S5_PART_TCP4, &e4->tcp);
	set_part(parts, S5_PART_TCP6, &e6->tcp);
	set_part(parts, S5_PART_TCP_NAME, &tcp_name);
	set_part(parts, S5_PART_TCP_TEXT, &tcp_text);
	set_part(parts, S5_PART_TCP_MAPPED, &mapped);
	set_part(parts, S5_PART_UDP4, &e4->udp);
	set_part(parts, S5_PART_UDP6, &e6->udp);
	set_part(parts, S5_PART_UDP_NAME, &udp_name);
	set_part(parts, S5_PART_REFUSED, &refused);
	set_part(parts, S5_PART_US, &us);
	set_part(parts, S5_PART_TARGET, &p->target);
	if (s->addr.atyp)
		set_part(parts, S5_PART_LOOPBACK, &loopback);
}

static void set_credentials(struct probe_subject *s, const struct s5_credentials *own, bool known)
{
	struct s5_credentials wrong = { .ulen = 6, .plen = 5 }, ours = { .ulen = 0 };
	const struct probe *p = s->probe;

	memcpy(wrong.user, "nobody", 6);
	memcpy(wrong.password, "wrong", 5);
	ours.ulen = (uint8_t)p->nuser;
	ours.plen = (uint8_t)p->npassword;
	memcpy(ours.user, p->user, p->nuser);
	memcpy(ours.password, p->password, p->npassword);
	if (known)
		ours = *own;
	if (known || p->nuser)
		set_login(&s->prober.parts, S5_PART_LOGIN, &ours);
	set_login(&s->prober.parts, S5_PART_BAD_LOGIN, &wrong);
	explicit_bzero(&ours, sizeof(ours));
}

/* Whose context is asked for: that of the host as it was typed. The options were checked. */
static void set_gssapi(struct probe_subject *s, const struct s5_hop *hop)
{
	const struct gssapi_options *o = &s->probe->options.gssapi;
	struct s5_gss_config *gss = &s->prober.gss;
	char host[S5_ADDR_TEXT] = "localhost";
	struct opt_error err;

	if (!s5_gss_library())
		return;
	if (!hop->path)
		s5_addr_host(&hop->addr, host, sizeof(host));
	gss->level = o->protect ? (uint8_t)(o->protect - 1) : 0;
	gssapi_config(gss, o, host, &err);
}

/* a subject */

static void free_subject(struct probe_subject *s)
{
	s5_lookup_cancel(&s->lookup);
	s5_suite_free(&s->suite);
	free((void *)(uintptr_t)s->prober.gss.target);
	s5_prober_free(&s->prober);
	LIST_REMOVE(s, link);
	free(s->text);
	free(s);
}

static void go_on(struct probe *p);

static void show(const struct probe_subject *s)
{
	if (s->probe->options.format == PROBE_JSON)
		probe_json(s);
	else
		probe_text(s);
	fflush(stdout); /* who reads on sees it now */
}

/* False: no memory. */
static bool keep(struct probe_subject *s)
{
	struct probe *p = s->probe;
	size_t room = p->kept_room ? 2 * p->kept_room : 64;
	struct probe_subject **kept = p->kept;

	if (p->nkept == p->kept_room) {
		kept = reallocarray(p->kept, room, sizeof(*kept));
		if (!kept)
			return false;
		p->kept = kept;
		p->kept_room = room;
	}
	kept[p->nkept++] = s;
	return true;
}

/* It is shown, now or in the end, and goes. */
static void finish(struct probe_subject *s)
{
	struct probe *p = s->probe;
	const char *text;
	enum probe_worth worth = probe_worth(s, &text);
	bool is_shown = !s->suite.cases && (!p->options.alive || worth == PROBE_USABLE);

	p->alive += worth == PROBE_USABLE;
	p->locked |= worth == PROBE_LOCKED;
	p->done++;
	p->running--;
	if (!is_shown || p->options.sort == PROBE_AS_THEY_END || !keep(s)) {
		if (is_shown)
			show(s);
		free_subject(s);
	}
	go_on(p);
}

static void tested(struct s5_suite *suite)
{
	struct probe_subject *s = S5_OUTER(suite, struct probe_subject, suite);
	struct probe_score score = probe_score(suite);

	s->probe->broken |= s->probe->options.strict ? score.failed : score.failed_must;
	progress_end(&s->probe->progress);
	probe_report(s->text, &s->suite, &s->probe->options);
	finish(s);
}

static void probed(struct s5_prober *prober)
{
	struct probe_subject *s = S5_OUTER(prober, struct probe_subject, prober);
	const struct s5_addr *bound = &prober->found[S5_FACT_CONNECT4].bound;
	bool is_socks = prober->answerer == S5_ANSWERER_SOCKS5;

	s->bound_is_true =
		s5_echo_saw(&s->probe->loop4, bound) || s5_echo_saw(&s->probe->echo4, bound);
	if (!s->probe->options.conformance || !is_socks || !probe_suite_start(s, tested))
		finish(s);
}

static void set_wanted(struct probe_subject *s)
{
	const struct probe_options *o = &s->probe->options;

	for (unsigned i = 0; i < S5_FACT_COUNT; i++)
		s->prober.wanted[i] = !o->quick;
	s->prober.wanted[S5_FACT_SEALED] |= gssapi_given(&o->gssapi) != NULL;
	s->prober.wanted[S5_FACT_TARGET] = s->probe->target.atyp != 0;
	s->prober.wanted[S5_FACT_CONNECT4] = true;
	s->prober.wanted[S5_FACT_OPEN] = true;
}

static void start(struct probe_subject *s)
{
	struct s5_prober *prober = &s->prober;
	int64_t timeout = s->probe->options.timeout;

	if (s->addr.atyp && !s5_sockaddr_from(&prober->proxy, &s->addr)) {
		s->why = "not an address";
		finish(s);
		return;
	}
	prober->loop = &s->probe->engine.loop;
	prober->work = s->probe->engine.work;
	prober->times = (struct s5_exchange_times)S5_EXCHANGE_TIMES;
	prober->times.connect = prober->times.answer = timeout;
	prober->done = probed;
	set_targets(s);
	set_wanted(s);
	s5_prober_start(prober);
}

static void looked_up(struct s5_lookup *l)
{
	struct probe_subject *s = S5_OUTER(l, struct probe_subject, lookup);
	uint16_t port = s->addr.port;

	if (l->result != S5_LOOKUP_FOUND && l->atyp == S5_ATYP_IPV4) {
		s5_lookup_start(l, s->probe->engine.resolver, &s->addr, S5_ATYP_IPV6, looked_up);
		return;
	}
	if (l->result != S5_LOOKUP_FOUND) {
		s->why = s5_lookup_text(l->result);
		finish(s);
		return;
	}
	s->addr = l->atyp == S5_ATYP_IPV4 ? s5_addr_ip4(l->answer.ip[0], port)
					  : s5_addr_ip6(l->answer.ip[0], port);
	start(s);
}

/* Takes a proxy as typed. False: it is none, which was said. */
static bool begin(struct probe *p, const char *typed)
{
	struct probe_subject *s = calloc(1, sizeof(*s));
	struct s5_hop hop = { .path = NULL };
	struct opt_error err;
	char text[S5_ADDR_TEXT];
	bool known;

	if (!s || proxy_parse(&hop, &known, typed, &err) < 0) {
		if (p->line)
			out_error(&p->options.out, "%s: line %zu: %s", p->file_name, p->line,
				  s ? err.text : strerror(ENOMEM));
		else
			out_error(&p->options.out, "%s", s ? err.text : strerror(ENOMEM));
		free(s);
		return false;
	}
	s->probe = p;
	s->addr = hop.addr;
	if (hop.path) {
		s->addr.atyp = 0;
		s5_sockaddr_from_path(&s->prober.proxy, hop.path);
		out_escape(text, sizeof(text), typed, strlen(typed));
		s->text = strdup(text);
	} else {
		s->text = strdup(s5_addr_format(&hop.addr, text, sizeof(text)));
	}
	set_credentials(s, &hop.credentials, known);
	set_gssapi(s, &hop);
	explicit_bzero(&hop.credentials, sizeof(hop.credentials));
	free((char *)hop.path);
	LIST_INSERT_HEAD(&p->subjects, s, link);
	p->running++;
	if (!hop.path && !s5_addr_is_ip(&s->addr))
		s5_lookup_start(&s->lookup, p->engine.resolver, &s->addr, S5_ATYP_IPV4, looked_up);
	else
		start(s);
	return true;
}

/* all of them */

/* The next line that is no comment; NULL: there is none. */
static const char *next_line(struct probe *p, char line[static LINE_MOST])
{
	while (p->file && fgets(line, LINE_MOST, p->file)) {
		size_t n = strcspn(line, "\r\n#");

		p->line++;
		while (n && (line[n - 1] == ' ' || line[n - 1] == '\t'))
			n--;
		line[n] = '\0';
		if (n)
			return line + strspn(line, " \t");
	}
	return NULL;
}

static const char *next_proxy(struct probe *p, char line[static LINE_MOST])
{
	if (p->nwords) {
		p->nwords--;
		return *p->words++;
	}
	return next_line(p, line);
}

static void say_progress(struct probe *p)
{
	progress_say(&p->progress, "%llu done, %llu usable, %u running",
		     (unsigned long long)p->done, (unsigned long long)p->alive, p->running);
}

static void go_on(struct probe *p)
{
	char line[LINE_MOST];
	const char *typed;

	if (progress_is_due(&p->progress))
		say_progress(p);
	while (!p->stop && p->running < (unsigned)p->options.jobs &&
	       (typed = next_proxy(p, line)) != NULL)
		if (!begin(p, typed) && !p->line)
			p->misused = p->stop = true;
	if (!p->running)
		s5_loop_stop(&p->engine.loop);
}

/* Those that answered first; those that did not behind them. */
static int by_latency(const void *a, const void *b)
{
	const struct probe_subject *const *x = a, *const *y = b;
	const struct s5_found *fx = &(*x)->prober.found[S5_FACT_CONNECT4];
	const struct s5_found *fy = &(*y)->prober.found[S5_FACT_CONNECT4];
	uint64_t tx = s5_found_holds(fx) ? (uint64_t)fx->connected : UINT64_MAX;
	uint64_t ty = s5_found_holds(fy) ? (uint64_t)fy->connected : UINT64_MAX;

	return (tx > ty) - (tx < ty);
}

static void show_kept(struct probe *p)
{
	if (p->nkept)
		qsort(p->kept, p->nkept, sizeof(struct probe_subject *), by_latency);
	for (size_t i = 0; i < p->nkept; i++) {
		show(p->kept[i]);
		free_subject(p->kept[i]);
	}
	free(p->kept);
	p->kept = NULL;
	p->nkept = 0;
}

/* Ctrl-C: what is known is shown. */

static struct probe *stopped_here;
static volatile sig_atomic_t stopped_by;

static void stop_now(int sig)
{
	stopped_by = sig;
	stopped_here->stop = true;
	s5_loop_stop(&stopped_here->engine.loop);
}

void probe_catch_signals(struct probe *p)
{
	const struct sigaction act = { .sa_handler = stop_now };

	stopped_here = p;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

void probe_end_if_stopped(void)
{
	if (!stopped_by)
		return;
	fflush(stdout);
	signal(stopped_by, SIG_DFL);
	raise(stopped_by);
}

static void end_as_stopped(struct probe *p)
{
	struct probe_subject *s;

	if (!stopped_by)
		return;
	out_say(&p->options.out, "stopped: %llu done, %u were not", (unsigned long long)p->done,
		p->running);
	while ((s = LIST_FIRST(&p->subjects)))
		free_subject(s);
	probe_end_if_stopped();
}

int probe_run_all(struct probe *p)
{
	LIST_INIT(&p->subjects);
	probe_catch_signals(p);
	progress_init(&p->progress, &p->options.out);
	go_on(p);
	if (p->running)
		s5_loop_run(&p->engine.loop);
	progress_end(&p->progress);
	show_kept(p);
	end_as_stopped(p);
	if (p->misused)
		return EXIT_USAGE;
	if (p->broken)
		return EXIT_NETWORK;
	if (p->alive)
		return EXIT_OK;
	return p->locked ? EXIT_AUTH : EXIT_NETWORK;
}

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "probe.h"
#include "proxy.h"
#include "stop.h"
#include "target.h"

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

static void write_to(FILE *to, const struct probe_subject *s)
{
	if (s->probe->options.format == PROBE_JSON)
		probe_json(to, s);
	else
		probe_text(to, s);
}

static void show(const struct probe_subject *s)
{
	struct probe *p = s->probe;

	progress_end(&p->progress);
	if (p->deaf)
		return;
	if (p->options.conformance)
		probe_report(s);
	else
		write_to(stdout, s);
	p->deaf = !out_flush(&p->options.out); /* at once, for somebody may wait for it */
	if (p->deaf) {
		p->stop = true;
		s5_loop_stop(&p->engine.loop);
	}
}

static char *shown(const struct probe_subject *s)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);

	if (!to)
		return NULL;
	write_to(to, s);
	if (fclose(to) == 0)
		return text;
	free(text);
	return NULL;
}

static bool has_room(struct probe *p)
{
	size_t room = p->kept_room ? 2 * p->kept_room : 64;
	struct probe_kept *kept = p->kept;

	if (p->nkept < p->kept_room)
		return true;
	kept = reallocarray(p->kept, room, sizeof(*kept));
	if (!kept)
		return false;
	p->kept = kept;
	p->kept_room = room;
	return true;
}

/* False: no memory. */
static bool keep(const struct probe_subject *s)
{
	const struct s5_found *f = &s->prober.found[S5_FACT_CONNECT4];
	struct probe *p = s->probe;
	char *text = has_room(p) ? shown(s) : NULL;

	if (!text)
		return false;
	p->kept[p->nkept++] =
		(struct probe_kept){ s5_found_holds(f) ? (uint64_t)f->connected : UINT64_MAX,
				     text };
	return true;
}

static bool is_shown_at_once(const struct probe *p)
{
	return p->options.conformance || p->options.sort == PROBE_AS_THEY_END;
}

static bool keeps_rfcs(const struct probe_subject *s)
{
	struct probe_score score = { .passed = 0 };

	if (!s->suite.cases)
		return false;
	score = probe_score(&s->suite);
	return !score.troubled && !(s->probe->options.strict ? score.failed : score.failed_must);
}

/* It is shown, now or in the end, and goes. */
static void finish(struct probe_subject *s)
{
	struct probe *p = s->probe;
	const char *text;
	enum probe_worth worth = probe_worth(s, &text);
	bool is_shown = s->suite.cases || !p->options.alive || worth == PROBE_USABLE;

	if (p->options.conformance && is_shown)
		p->broken |= !keeps_rfcs(s);
	p->alive += worth == PROBE_USABLE;
	p->locked |= worth == PROBE_LOCKED;
	p->done++;
	p->running--;
	if (is_shown && (is_shown_at_once(p) || !keep(s)))
		show(s);
	free_subject(s);
	go_on(p);
}

static void tested(struct s5_suite *suite)
{
	struct probe_subject *s = S5_OUTER(suite, struct probe_subject, suite);

	finish(s);
}

static void probed(struct s5_prober *prober)
{
	struct probe_subject *s = S5_OUTER(prober, struct probe_subject, prober);
	bool is_socks = prober->answerer == S5_ANSWERER_SOCKS5;

	if (!s->probe->options.conformance || !is_socks || !probe_suite_start(s, tested))
		finish(s);
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

static void set_wanted(struct probe_subject *s)
{
	const struct probe_options *o = &s->probe->options;

	for (unsigned i = 0; i < S5_FACT_COUNT; i++)
		s->prober.wanted[i] = !o->quick;
	s->prober.wanted[S5_FACT_SEALED] |= gssapi_given(&o->gssapi) != NULL;
	/* A case is about that; careful servers hear only so many. */
	s->prober.wanted[S5_FACT_BAD_LOGIN] &= !o->conformance;
	s->prober.wanted[S5_FACT_TARGET] = s->probe->target.atyp != 0;
	s->prober.wanted[S5_FACT_SPEAKS] = s->probe->target.atyp && !o->quick;
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
	prober->told = probe_note_exit;
	prober->done = probed;
	probe_set_targets(s);
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

/* Takes a proxy as typed; that it is none is said. */
static void begin(struct probe *p, const char *typed)
{
	struct probe_subject *s = calloc(1, sizeof(*s));
	struct s5_hop hop = { .path = NULL };
	struct opt_error err;
	char text[S5_ADDR_TEXT];
	bool known;

	if (!s || proxy_parse(&hop, &known, typed, &err) < 0) {
		if (p->source.line)
			out_error(&p->options.out, "%s: line %zu: %s", p->source.name,
				  p->source.line, s ? err.text : strerror(ENOMEM));
		else
			out_error(&p->options.out, "%s", s ? err.text : strerror(ENOMEM));
		free(s);
		return;
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
	probe_set_credentials(s, &hop.credentials, known);
	set_gssapi(s, &hop);
	explicit_bzero(&hop.credentials, sizeof(hop.credentials));
	free((char *)hop.path);
	LIST_INSERT_HEAD(&p->subjects, s, link);
	p->running++;
	if (!hop.path && !s5_addr_is_ip(&s->addr))
		s5_lookup_start(&s->lookup, p->engine.resolver, &s->addr, S5_ATYP_IPV4, looked_up);
	else
		start(s);
}

/* all of them */

static const char *next_proxy(struct probe *p)
{
	if (!p->nwords)
		return probe_source_next(&p->source);
	p->nwords--;
	return *p->words++;
}

static double rate_of(const struct probe *p)
{
	int64_t ms = s5_clock_ms() - p->started;

	return ms > 0 ? (double)p->done * 1000 / (double)ms : 0;
}

/* How many are not done yet: of a list so many as there were for what was read of it. Below 0: nobody
 * knows. */
static double yet_of(const struct probe *p)
{
	double share = probe_source_share(&p->source), begun = (double)p->begun;

	if (share <= 0)
		return -1;
	return (double)p->running + (double)p->nwords + begun * (1 - share) / share;
}

static void say_progress(struct probe *p)
{
	double rate = rate_of(p), yet = yet_of(p);
	char left[32] = "";

	if (yet >= 0 && rate > 0)
		snprintf(left, sizeof(left), ", %.0f s left", yet / rate);
	progress_say(&p->progress, "%llu done, %llu usable, %u running, %.0f a second%s",
		     (unsigned long long)p->done, (unsigned long long)p->alive, p->running, rate,
		     left);
}

static void go_on(struct probe *p)
{
	const char *typed;

	if (progress_is_due(&p->progress))
		say_progress(p);
	while (!p->stop && p->running < (unsigned)p->options.jobs &&
	       (typed = next_proxy(p)) != NULL)
		begin(p, typed);
	if (!p->running && (p->stop || probe_source_is_over(&p->source)))
		s5_loop_stop(&p->engine.loop);
}

static void more_came(struct probe_source *source)
{
	go_on(S5_OUTER(source, struct probe, source));
}

/* Those that connected first; those that did not behind them. */
static int by_latency(const void *a, const void *b)
{
	const struct probe_kept *x = a, *y = b;

	return (x->latency > y->latency) - (x->latency < y->latency);
}

static void show_kept(struct probe *p)
{
	if (p->nkept)
		qsort(p->kept, p->nkept, sizeof(*p->kept), by_latency);
	for (size_t i = 0; i < p->nkept; i++) {
		fputs(p->kept[i].text, stdout);
		free(p->kept[i].text);
	}
	free(p->kept);
	p->kept = NULL;
	p->nkept = 0;
}

/* Ctrl-C: what is known is shown. */

static struct probe *stopped_here;

static void stop_now(void)
{
	stopped_here->stop = true;
	s5_loop_stop(&stopped_here->engine.loop);
}

void probe_catch_signals(struct probe *p)
{
	stopped_here = p;
	stop_catch(stop_now);
}

static void end_as_stopped(struct probe *p)
{
	struct probe_subject *s;

	if (!stop_signal())
		return;
	out_say(&p->options.out, "stopped: %llu done, %u begun", (unsigned long long)p->done,
		p->running);
	while ((s = LIST_FIRST(&p->subjects))) {
		if (s->suite.cases)
			probe_report(s);
		free_subject(s);
	}
	if (p->options.conformance)
		probe_report_end(p, true);
	stop_end();
}

int probe_run_all(struct probe *p)
{
	LIST_INIT(&p->subjects);
	p->started = s5_clock_ms();
	probe_catch_signals(p);
	progress_init(&p->progress, &p->options.out, !p->options.conformance);
	probe_source_start(&p->source, &p->engine.loop, more_came);
	if (p->options.conformance)
		probe_report_begin(p);
	go_on(p);
	s5_loop_run(&p->engine.loop);
	progress_end(&p->progress);
	show_kept(p);
	end_as_stopped(p);
	if (p->options.conformance && !p->deaf)
		probe_report_end(p, false);
	if (!p->done && !p->source.is_faulty && !p->stop)
		out_error(&p->options.out, "there is no proxy in %s", p->options.file);
	if (p->broken || p->deaf)
		return EXIT_NETWORK;
	if (p->alive)
		return EXIT_OK;
	return p->locked ? EXIT_AUTH : EXIT_NETWORK;
}

#include "probe/prober.h"

#include <string.h>

#include "base/names.h"
#include "wire/socks4.h"

static const struct {
	enum s5_fact needs;
	const char *name, *script;
} facts[S5_FACT_COUNT] = {
#define S5_FACT(id, needs, name, script) { S5_FACT_##needs, name, script },
#include "probe/facts.def"
#undef S5_FACT
};

const char *s5_fact_name(enum s5_fact fact)
{
	return facts[fact].name;
}

bool s5_found_holds(const struct s5_found *f)
{
	return f->is_tried && f->end == S5_EXCHANGE_PASSED;
}

const char *s5_answerer_text(enum s5_answerer answerer)
{
	static const char *const texts[] = {
		[S5_ANSWERER_SOCKS5] = "SOCKS5",
		[S5_ANSWERER_SOCKS4] = "SOCKS4 alone",
		[S5_ANSWERER_HTTP] = "HTTP, no SOCKS",
		[S5_ANSWERER_TLS] = "TLS, no SOCKS",
		[S5_ANSWERER_OTHER] = "no SOCKS",
		[S5_ANSWERER_SILENT] = "it accepts and says nothing",
		[S5_ANSWERER_CLOSES] = "it accepts and closes",
		[S5_ANSWERER_UNREACHABLE] = "not reachable",
		[S5_ANSWERER_UNTRIED] = "trouble on this machine",
	};

	return texts[answerer];
}

/* As much of a SOCKS4 reply as came. */
static bool is_socks4(const uint8_t *octets, size_t n)
{
	struct s5_reader in = s5_reader_over(octets, n);
	struct s5_socks4_reply reply = { .cd = 0 };

	return s5_socks4_reply_get(&in, &reply) != S5_BAD && reply.cd >= S5_CD_GRANTED &&
	       reply.cd <= S5_CD_IDENTD_MISMATCH;
}

/* What the answer to the first method list tells. */
static enum s5_answerer answerer_of(const uint8_t *octets, size_t n)
{
	if (n >= 4 && !memcmp(octets, "HTTP", 4))
		return S5_ANSWERER_HTTP;
	if (n >= 2 && octets[0] == 0x15 && octets[1] == 3)
		return S5_ANSWERER_TLS;
	if (is_socks4(octets, n))
		return S5_ANSWERER_SOCKS4;
	return S5_ANSWERER_OTHER;
}

static const struct s5_piece *received(const struct s5_exchange *x)
{
	for (size_t i = 0; i < x->npieces; i++)
		if (!x->pieces[i].is_sent)
			return &x->pieces[i];
	return NULL;
}

static enum s5_answerer answerer(const struct s5_exchange *x)
{
	const struct s5_piece *piece = received(x);

	if (x->end == S5_EXCHANGE_UNREACHABLE)
		return S5_ANSWERER_UNREACHABLE;
	if (x->end == S5_EXCHANGE_TROUBLE)
		return S5_ANSWERER_UNTRIED;
	if (x->end == S5_EXCHANGE_PASSED)
		return S5_ANSWERER_SOCKS5;
	if (piece)
		return answerer_of(x->said + piece->off, piece->len);
	return x->end == S5_EXCHANGE_SILENT ? S5_ANSWERER_SILENT : S5_ANSWERER_CLOSES;
}

/* one fact after the other */

static void set_hello(struct s5_prober *p)
{
	struct s5_part_octets *hello = &p->parts.part[S5_PART_HELLO];
	bool login = s5_found_holds(&p->found[S5_FACT_LOGIN]);
	bool open = s5_found_holds(&p->found[S5_FACT_OPEN]);
	bool ticket = !login && !open && s5_found_holds(&p->found[S5_FACT_SEALED]);

	p->parts.entry = login ? S5_ENTRY_LOGIN : ticket ? S5_ENTRY_TICKET : S5_ENTRY_OPEN;
	memcpy(hello->octets, login ? "\5\1\2" : ticket ? "\5\1\1" : "\5\1\0", 3);
	hello->n = login || open || ticket ? 3 : 0;
}

/* The best level that it grants, unless one is wanted. */
static void set_level(struct s5_prober *p)
{
	if (p->gss.level)
		return;
	p->gss.level = s5_found_holds(&p->found[S5_FACT_CONFIDENTIALITY]) ? S5_LEVEL_CONFIDENTIALITY
		       : s5_found_holds(&p->found[S5_FACT_INTEGRITY])	  ? S5_LEVEL_INTEGRITY
		       : s5_found_holds(&p->found[S5_FACT_SELECTIVE])	  ? S5_LEVEL_SELECTIVE
								      : S5_LEVEL_CONFIDENTIALITY;
}

static void over(struct s5_task *t)
{
	struct s5_prober *p = S5_OUTER(t, struct s5_prober, task);

	p->done(p);
}

static void next(struct s5_prober *p);

static void take_times(struct s5_found *f, const struct s5_exchange *x)
{
	size_t n = 0;

	for (size_t i = 0; i < S5_ANSWERS; i++)
		f->answers[i] = -1;
	for (size_t i = 1; i < x->npieces && n < S5_ANSWERS; i++)
		if (x->pieces[i - 1].is_sent && !x->pieces[i].is_sent)
			f->answers[n++] = x->pieces[i].when - x->pieces[i - 1].when;
}

static void take(struct s5_exchange *x)
{
	struct s5_prober *p = S5_OUTER(x, struct s5_prober, exchange);
	struct s5_found *f = &p->found[p->fact];

	*f = (struct s5_found){ .is_tried = x->end != S5_EXCHANGE_UNTRIED,
				.lacks = S5_FACT_NONE,
				.part = x->end == S5_EXCHANGE_UNTRIED ? x->lack : S5_PART_COUNT,
				.end = x->end,
				.word = x->word,
				.error = x->error,
				.why = x->why,
				.method = x->choice.method,
				.status = x->status.status,
				.rep = x->reply.rep,
				.has_reply = x->reply.bnd.atyp != 0,
				.bound = x->reply.bnd,
				.connected = x->connected ? x->connected - x->began : -1 };
	take_times(f, x);
	if (x->end == S5_EXCHANGE_UNTRIED && x->lack == S5_PART_COUNT) {
		f->lacks_context = true;
		p->trouble = x->trouble;
		memcpy(p->untold, x->untold, sizeof p->untold);
	}
	if (p->fact == S5_FACT_ALL) {
		p->answerer = answerer(x);
		p->error = x->error;
	}
	if (p->told)
		p->told(p, p->fact);
	s5_exchange_free(x);
	s5_words_free(&p->words);
	p->fact++;
	next(p);
}

static bool is_needed(const struct s5_prober *p, enum s5_fact fact)
{
	bool is = p->wanted[fact] || fact == S5_FACT_ALL;

	/* How to enter, and what is asked for in a context, follows from these. */
	if (fact == S5_FACT_OPEN || fact == S5_FACT_LOGIN)
		is |= is_needed(p, S5_FACT_ENTER);
	if (fact == S5_FACT_INTEGRITY || fact == S5_FACT_CONFIDENTIALITY ||
	    fact == S5_FACT_SELECTIVE)
		is |= is_needed(p, S5_FACT_SEALED);
	for (unsigned i = fact + 1; i < S5_FACT_COUNT && !is; i++)
		is = facts[i].needs == fact && is_needed(p, (enum s5_fact)i);
	return is;
}

/* False: it is not to be asked, which is noted. */
static bool can_ask(struct s5_prober *p)
{
	enum s5_fact needs = facts[p->fact].needs;

	p->found[p->fact] = (struct s5_found){ .lacks = S5_FACT_NONE, .part = S5_PART_COUNT };
	if (needs == S5_FACT_NONE)
		return true;
	/* What answers no SOCKS5 at all has no facts; one that refuses all methods has some. */
	if (s5_found_holds(&p->found[needs]))
		return true;
	p->found[p->fact].lacks = needs;
	return false;
}

static void ask(struct s5_prober *p)
{
	struct s5_exchange *x = &p->exchange;

	memset(x, 0, sizeof *x);
	x->loop = p->loop;
	x->proxy = p->proxy;
	x->words = &p->words;
	x->parts = &p->parts;
	x->gss = p->gss.target ? &p->gss : NULL;
	x->work = p->work;
	x->times = p->times;
	x->done = take;
	s5_exchange_start(x);
}

static void next(struct s5_prober *p)
{
	for (; p->fact < S5_FACT_COUNT; p->fact++) {
		if (p->fact == S5_FACT_SEALED)
			set_level(p);
		if (p->fact == S5_FACT_ENTER)
			set_hello(p);
		if (!is_needed(p, p->fact) || !can_ask(p))
			continue;
		if (s5_words_compile(&p->words, facts[p->fact].script, p->parts.entry)) {
			ask(p);
			return;
		}
		s5_words_free(&p->words);
	}
	p->task.run = over;
	s5_loop_later(p->loop, &p->task);
}

void s5_prober_start(struct s5_prober *p)
{
	p->fact = 0;
	next(p);
}

void s5_prober_free(struct s5_prober *p)
{
	if (!p->loop)
		return;
	s5_loop_not_later(p->loop, &p->task);
	s5_exchange_free(&p->exchange);
	s5_words_free(&p->words);
	explicit_bzero(&p->parts, sizeof p->parts);
	memset(p, 0, sizeof *p);
}

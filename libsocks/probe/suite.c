#include "probe/suite.h"

#include <stdlib.h>
#include <string.h>

bool s5_suite_init(struct s5_suite *s, const struct s5_case *rows, size_t nrows)
{
	s->rows = rows;
	s->nrows = nrows;
	s->cases = calloc(nrows, sizeof *s->cases);
	for (size_t i = 0; s->cases && i < nrows; i++)
		s->cases[i] = (struct s5_suite_case){ .wanted = true, .suite = s };
	return s->cases != NULL;
}

static void tell(struct s5_task *t)
{
	struct s5_suite *s = S5_OUTER(t, struct s5_suite, task);

	s->done(s);
}

static void go_on(struct s5_suite *s);

static void settle(struct s5_suite *s, struct s5_suite_case *c, enum s5_verdict_of_case verdict)
{
	c->verdict = verdict;
	s->over++;
	if (s->told)
		s->told(s, (size_t)(c - s->cases));
}

/* the credentials once more */

struct s5_suite_again {
	struct s5_suite_case *own;
	struct s5_exchange exchange;
};

static void start(struct s5_suite *s, struct s5_exchange *x, const struct s5_words *words,
		  void (*done)(struct s5_exchange *))
{
	x->loop = s->loop;
	x->proxy = s->proxy;
	x->words = words;
	x->parts = &s->parts;
	x->gss = s->gss;
	x->work = s->work;
	x->times = s->times;
	x->done = done;
	s5_exchange_start(x);
}

static void take_again(struct s5_exchange *x)
{
	struct s5_suite_again *again = S5_OUTER(x, struct s5_suite_again, exchange);
	struct s5_suite_case *c = again->own;
	struct s5_suite *s = c->suite;
	bool is_taken = x->end == S5_EXCHANGE_PASSED;

	s->running--;
	if (!is_taken)
		c->note = strdup("it takes the credentials no more: too many were wrong, it seems");
	settle(s, c, is_taken ? S5_CASE_FAIL : S5_CASE_SKIP);
	go_on(s);
}

/* Right credentials were refused, in form. */
static bool was_refused(const struct s5_exchange *x)
{
	const struct s5_word *w = x->word < x->words->n ? &x->words->words[x->word] : NULL;

	return x->end == S5_EXCHANGE_OTHER && w && w->kind == S5_WORD_STATUS &&
	       s5_word_takes(w, 0) && x->status.status != 0;
}

/* False: no memory. */
static bool try_again(struct s5_suite *s, struct s5_suite_case *c)
{
	c->again = calloc(1, sizeof *c->again);
	if (!c->again)
		return false;
	c->again->own = c;
	s->running++;
	start(s, &c->again->exchange, &s->login, take_again);
	return true;
}

static void take(struct s5_exchange *x)
{
	struct s5_suite_case *c = S5_OUTER(x, struct s5_suite_case, exchange);
	struct s5_suite *s = c->suite;
	/* Our own trouble proves nothing against it. */
	bool untried = x->end == S5_EXCHANGE_UNTRIED || x->end == S5_EXCHANGE_TROUBLE;

	s->running--;
	if (was_refused(x) && try_again(s, c))
		return;
	settle(s, c,
	       untried			      ? S5_CASE_SKIP
	       : x->end == S5_EXCHANGE_PASSED ? S5_CASE_PASS
					      : S5_CASE_FAIL);
	go_on(s);
}

static void run(struct s5_suite *s, struct s5_suite_case *c, const struct s5_case *row)
{
	c->lacks = row->needs & ~s->has;
	if (c->lacks || !s5_words_compile(&c->words, row->script, s->parts.entry)) {
		settle(s, c, S5_CASE_SKIP);
		return;
	}
	s->running++;
	start(s, &c->exchange, &c->words, take);
}

static void go_on(struct s5_suite *s)
{
	for (; s->next < s->nrows && s->running < s->jobs; s->next++)
		if (s->cases[s->next].wanted)
			run(s, &s->cases[s->next], &s->rows[s->next]);
	if (s->running || s->next < s->nrows)
		return;
	s->task.run = tell;
	s5_loop_later(s->loop, &s->task);
}

void s5_suite_start(struct s5_suite *s)
{
	s5_words_compile(&s->login, ">050102 <choice=02 >{login} <status=00", S5_ENTRY_OPEN);
	s->count = 0;
	for (size_t i = 0; i < s->nrows; i++)
		s->count += s->cases[i].wanted;
	go_on(s);
}

void s5_suite_forget(struct s5_suite_case *c)
{
	s5_exchange_free(&c->exchange);
	if (c->again)
		s5_exchange_free(&c->again->exchange);
	free(c->again);
	s5_words_free(&c->words);
	free(c->note);
	if (c->parts)
		explicit_bzero(c->parts, sizeof *c->parts); /* passwords are in it */
	free(c->parts);
	*c = (struct s5_suite_case){ .wanted = c->wanted, .suite = c->suite };
}

void s5_suite_free(struct s5_suite *s)
{
	for (size_t i = 0; s->cases && i < s->nrows; i++)
		s5_suite_forget(&s->cases[i]);
	free(s->cases);
	s5_words_free(&s->login);
	if (s->loop)
		s5_loop_not_later(s->loop, &s->task);
	explicit_bzero(&s->parts, sizeof s->parts);
	memset(s, 0, sizeof *s);
}

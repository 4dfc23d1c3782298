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

static void take(struct s5_exchange *x)
{
	struct s5_suite_case *c = S5_OUTER(x, struct s5_suite_case, exchange);
	struct s5_suite *s = c->suite;
	/* Our own trouble proves nothing against it. */
	bool untried = x->end == S5_EXCHANGE_UNTRIED || x->end == S5_EXCHANGE_TROUBLE;

	s->running--;
	settle(s, c,
	       untried			      ? S5_CASE_SKIP
	       : x->end == S5_EXCHANGE_PASSED ? S5_CASE_PASS
					      : S5_CASE_FAIL);
	go_on(s);
}

static void run(struct s5_suite *s, struct s5_suite_case *c, const struct s5_case *row)
{
	struct s5_exchange *x = &c->exchange;

	c->lacks = row->needs & ~s->has;
	if (c->lacks || !s5_words_compile(&c->words, row->script, s->parts.entry)) {
		settle(s, c, S5_CASE_SKIP);
		return;
	}
	x->loop = s->loop;
	x->proxy = s->proxy;
	x->words = &c->words;
	x->parts = &s->parts;
	x->gss = s->gss;
	x->work = s->work;
	x->times = s->times;
	x->done = take;
	s->running++;
	s5_exchange_start(x);
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
	s->count = 0;
	for (size_t i = 0; i < s->nrows; i++)
		s->count += s->cases[i].wanted;
	go_on(s);
}

void s5_suite_free(struct s5_suite *s)
{
	for (size_t i = 0; s->cases && i < s->nrows; i++) {
		s5_exchange_free(&s->cases[i].exchange);
		s5_words_free(&s->cases[i].words);
		free(s->cases[i].note);
		if (s->cases[i].parts)
			explicit_bzero(s->cases[i].parts, sizeof *s->cases[i].parts);
		free(s->cases[i].parts);
	}
	free(s->cases);
	if (s->loop)
		s5_loop_not_later(s->loop, &s->task);
	explicit_bzero(&s->parts, sizeof s->parts);
	memset(s, 0, sizeof *s);
}

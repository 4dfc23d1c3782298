/* TAP 13: a test for each case, numbered through all proxies; the plan comes last. */
#include <stdio.h>

#include "probe_report.h"

/* A '#' would begin a directive. */
static void put_words(const char *text)
{
	for (; *text; text++)
		printf(*text == '#' ? "\\%c" : "%c", *text);
}

static void begin_test(const struct probe_subject *s, bool is_ok)
{
	printf("%sok %zu - ", is_ok ? "" : "not ", ++s->probe->ntests);
	if (!s->probe->is_many)
		return;
	put_words(s->text);
	putchar(' ');
}

static void put_case(const struct probe_subject *s, size_t i)
{
	const struct s5_suite_case *c = &s->suite.cases[i];
	char why[PROBE_WHY];

	begin_test(s, c->verdict != S5_CASE_FAIL);
	printf("%s %s: ", s->suite.rows[i].id, probe_level(&s->suite.rows[i]));
	put_words(s->suite.rows[i].title);
	if (c->verdict == S5_CASE_SKIP)
		printf(" # SKIP %s", probe_case_why(&s->suite, i, why));
	putchar('\n');
	if (c->verdict == S5_CASE_FAIL)
		probe_details(stdout, "# ", &s->suite, i);
}

static void put_cases(const struct probe_subject *s)
{
	for (size_t i = 0; i < s->suite.nrows; i++)
		if (s->suite.cases[i].verdict != S5_CASE_UNTOLD)
			put_case(s, i);
}

static void put_error(const struct probe_subject *s, const char *why)
{
	begin_test(s, false);
	put_words(why);
	putchar('\n');
}

static void begin(void)
{
	puts("TAP version 13");
}

static void end(const struct probe *p, bool is_stopped)
{
	if (is_stopped)
		puts("Bail out! stopped by a signal");
	else
		printf("1..%zu\n", p->ntests);
}

const struct probe_reporter probe_reporter_tap = { begin, put_cases, put_error, end };

/* JUnit: a suite for each proxy, a test for each case. */
#include <stdio.h>
#include <stdlib.h>

#include "probe_report.h"

static void put_xml(const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", stdout);
			break;
		case '<':
			fputs("&lt;", stdout);
			break;
		case '>':
			fputs("&gt;", stdout);
			break;
		case '"':
			fputs("&quot;", stdout);
			break;
		default:
			putchar(*text);
		}
	}
}

static void put_failure(const struct s5_suite *suite, size_t i)
{
	char why[PROBE_WHY], *details = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&details, &n);

	fputs("<failure message=\"", stdout);
	put_xml(probe_case_why(suite, i, why));
	fputs("\">", stdout);
	if (to) {
		probe_details(to, "", suite, i);
		fclose(to);
		put_xml(details);
		free(details);
	}
	fputs("</failure>", stdout);
}

static void put_case(const struct s5_suite *suite, size_t i)
{
	const struct s5_suite_case *c = &suite->cases[i];
	const struct s5_exchange *x = &c->exchange;
	double seconds = x->ended > x->began ? (double)(x->ended - x->began) / 1e6 : 0;
	char why[PROBE_WHY];

	printf("<testcase classname=\"%s\" name=\"", suite->rows[i].id);
	put_xml(suite->rows[i].title);
	printf("\" time=\"%.3f\">", seconds);
	if (c->verdict == S5_CASE_FAIL)
		put_failure(suite, i);
	if (c->verdict == S5_CASE_SKIP) {
		fputs("<skipped message=\"", stdout);
		put_xml(probe_case_why(suite, i, why));
		fputs("\"/>", stdout);
	}
	fputs("</testcase>\n", stdout);
}

static void begin_suite(const struct probe_subject *s, size_t tests, unsigned failures,
			unsigned errors, unsigned skipped)
{
	fputs("<testsuite name=\"", stdout);
	put_xml(s->text);
	printf("\" tests=\"%zu\" failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n", tests, failures,
	       errors, skipped);
}

static void put_cases(const struct probe_subject *s)
{
	struct probe_score score = probe_score(&s->suite);

	begin_suite(s, s->suite.over, score.failed, 0, score.skipped);
	for (size_t i = 0; i < s->suite.nrows; i++)
		if (s->suite.cases[i].verdict != S5_CASE_UNTOLD)
			put_case(&s->suite, i);
	fputs("</testsuite>\n", stdout);
}

static void put_error(const struct probe_subject *s, const char *why)
{
	begin_suite(s, 1, 0, 1, 0);
	fputs("<testcase classname=\"probe\" name=\"it is a SOCKS5 proxy\" time=\"0.000\">"
	      "<error message=\"",
	      stdout);
	put_xml(why);
	fputs("\"/></testcase>\n</testsuite>\n", stdout);
}

static void begin(void)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", stdout);
}

static void end(const struct probe *p, bool is_stopped)
{
	(void)p;
	fputs(is_stopped ? "<!-- stopped: the rest is missing -->\n" : "", stdout);
	fputs("</testsuites>\n", stdout);
}

const struct probe_reporter probe_reporter_junit = { begin, put_cases, put_error, end };

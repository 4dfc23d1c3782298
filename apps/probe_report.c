/* What came of the cases: as a table, as JSON, for TAP and for JUnit. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "probe.h"
#include "probe/clients.h"

#define SHOWN 32 /* octets of a piece */

static const char *level_of(const struct s5_case *row)
{
	return row->level == S5_CASE_MUST ? "MUST" : "SHOULD";
}

static const char *verdict_text(enum s5_verdict_of_case verdict)
{
	static const char *const texts[] = { "", "pass", "fail", "skip" };

	return texts[verdict];
}

/* what was said */

static void put_octets(FILE *to, const uint8_t *octets, size_t n)
{
	for (size_t i = 0; i < n && i < SHOWN; i++)
		fprintf(to, "%02x", octets[i]);
	if (n > SHOWN)
		fputs("...", to);
}

/* The credentials are in it, but are not shown. */
static void put_piece(FILE *to, const char *before, const struct s5_exchange *x,
		      const struct s5_piece *piece)
{
	static const char *const speakers[] = { "", " by the peer", " as a datagram",
						" as a datagram of another port" };
	const struct s5_part_octets *login = &x->parts->part[S5_PART_LOGIN];
	const uint8_t *octets = x->said + piece->off, *end = octets + piece->len;
	const uint8_t *secret =
		login->n ? memmem(octets, piece->len, login->octets, login->n) : NULL;

	fprintf(to, "%s%s%s%s: ", before, piece->is_sent ? "sent" : "got", speakers[piece->speaker],
		piece->is_plain ? ", sealed" : "");
	put_octets(to, octets, secret ? (size_t)(secret - octets) : piece->len);
	if (secret) {
		fputs("(credentials)", to);
		put_octets(to, secret + login->n, (size_t)(end - secret) - login->n);
	}
	fputc('\n', to);
}

/* The word that was not fulfilled, and its alternatives, as they stand in the script. */
static void put_wanted(FILE *to, const char *before, const struct s5_case *row,
		       const struct s5_suite_case *c)
{
	const struct s5_word *w = &c->words.words[c->exchange.word];

	fprintf(to, "%swanted: %.*s\n", before, (int)w->len, row->script + w->at);
}

static void put_details(FILE *to, const char *before, const struct s5_suite *suite, size_t i)
{
	const struct s5_suite_case *c = &suite->cases[i];
	const struct s5_exchange *x = &c->exchange;
	char why[PROBE_WHY];

	for (size_t k = 0; k < x->npieces; k++)
		put_piece(to, before, x, &x->pieces[k]);
	if (c->verdict == S5_CASE_PASS)
		return;
	fprintf(to, "%sthen: %s\n", before, probe_case_why(suite, i, why));
	if (x->word < c->words.n)
		put_wanted(to, before, &suite->rows[i], c);
	fprintf(to, "%s%s: %s\n", before, suite->rows[i].section, suite->rows[i].why);
}

/* text */

static void put_text(const char *name, const struct s5_suite *suite, const struct probe_options *o)
{
	struct probe_score score = probe_score(suite);
	char why[PROBE_WHY];

	printf("%s\n", name);
	for (size_t i = 0; i < suite->nrows; i++) {
		const struct s5_suite_case *c = &suite->cases[i];

		if (c->verdict == S5_CASE_UNTOLD)
			continue;
		printf("%s  %-15s %-6s  %s", verdict_text(c->verdict), suite->rows[i].id,
		       level_of(&suite->rows[i]), suite->rows[i].title);
		if (c->verdict == S5_CASE_SKIP)
			printf(" (%s)", probe_case_why(suite, i, why));
		putchar('\n');
		if (c->verdict == S5_CASE_FAIL || (c->verdict == S5_CASE_PASS && o->out.verbose))
			put_details(stdout, "        ", suite, i);
	}
	printf("%s: %u passed, %u failed (%u of them MUST), %u skipped\n", name, score.passed,
	       score.failed, score.failed_must, score.skipped);
}

/* json */

static void put_json(const char *name, const struct s5_suite *suite, const struct probe_options *o)
{
	char why[PROBE_WHY];

	(void)o;
	for (size_t i = 0; i < suite->nrows; i++) {
		json_t *line;

		if (suite->cases[i].verdict == S5_CASE_UNTOLD)
			continue;
		line = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "proxy", name, "case",
				 suite->rows[i].id, "section", suite->rows[i].section, "level",
				 level_of(&suite->rows[i]), "title", suite->rows[i].title,
				 "verdict", verdict_text(suite->cases[i].verdict));
		if (*probe_case_why(suite, i, why))
			json_object_set_new(line, "why", json_string(why));
		json_dumpf(line, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		putchar('\n');
		json_decref(line);
	}
}

/* TAP */

static void put_tap(const char *name, const struct s5_suite *suite, const struct probe_options *o)
{
	char why[PROBE_WHY];
	size_t n = 0;

	(void)name;
	(void)o;
	printf("TAP version 13\n1..%zu\n", suite->count);
	for (size_t i = 0; i < suite->nrows; i++) {
		const struct s5_suite_case *c = &suite->cases[i];

		if (c->verdict == S5_CASE_UNTOLD)
			continue;
		printf("%sok %zu - %s %s: %s", c->verdict == S5_CASE_FAIL ? "not " : "", ++n,
		       suite->rows[i].id, level_of(&suite->rows[i]), suite->rows[i].title);
		if (c->verdict == S5_CASE_SKIP)
			printf(" # SKIP %s", probe_case_why(suite, i, why));
		putchar('\n');
		if (c->verdict == S5_CASE_FAIL)
			put_details(stdout, "# ", suite, i);
	}
}

/* JUnit */

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
		put_details(to, "", suite, i);
		fclose(to);
		put_xml(details);
		free(details);
	}
	fputs("</failure>", stdout);
}

static void put_junit(const char *name, const struct s5_suite *suite, const struct probe_options *o)
{
	struct probe_score score = probe_score(suite);
	char why[PROBE_WHY];

	(void)o;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"",
	      stdout);
	put_xml(name);
	printf("\" tests=\"%zu\" failures=\"%u\" errors=\"0\" skipped=\"%u\">\n", suite->count,
	       score.failed, score.skipped);
	for (size_t i = 0; i < suite->nrows; i++) {
		const struct s5_suite_case *c = &suite->cases[i];
		const struct s5_exchange *x = &c->exchange;
		double seconds = x->ended > x->began ? (double)(x->ended - x->began) / 1e6 : 0;

		if (c->verdict == S5_CASE_UNTOLD)
			continue;
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
	fputs("</testsuite>\n</testsuites>\n", stdout);
}

void probe_report(const char *name, const struct s5_suite *suite, const struct probe_options *o)
{
	static void (*const reports[])(const char *, const struct s5_suite *,
				       const struct probe_options *) = {
		[PROBE_TEXT] = put_text,
		[PROBE_JSON] = put_json,
		[PROBE_TAP] = put_tap,
		[PROBE_JUNIT] = put_junit,
	};

	reports[o->format](name, suite, o);
}

void probe_list(const struct probe_options *o)
{
	const struct s5_case *rows = o->client ? s5_client_cases : s5_cases;
	size_t n = o->client ? s5_nclient_cases : s5_ncases;

	for (size_t i = 0; i < n; i++)
		if (probe_wants_case(o, rows[i].id))
			printf("%-15s  %-6s  %s\n", rows[i].id, level_of(&rows[i]), rows[i].title);
}

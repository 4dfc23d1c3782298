/* What came of the cases: as a table and as JSON. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "probe/clients.h"
#include "probe_report.h"
#include "probe_said.h"

const char *probe_level(const struct s5_case *row)
{
	return row->level == S5_CASE_MUST ? "MUST" : "SHOULD";
}

static const char *verdict_text(enum s5_verdict_of_case verdict)
{
	static const char *const texts[] = { "", "pass", "fail", "skip" };

	return texts[verdict];
}

/* text */

static void put_case(const struct s5_suite *suite, size_t i)
{
	enum s5_verdict_of_case verdict = suite->cases[i].verdict;
	char why[PROBE_WHY], text[2 * PROBE_WHY];
	int margin = printf("%s  %-15s %-6s  ", verdict_text(verdict), suite->rows[i].id,
			    probe_level(&suite->rows[i]));

	snprintf(text, sizeof(text), verdict == S5_CASE_SKIP ? "%s (%s)" : "%s",
		 suite->rows[i].title, probe_case_why(suite, i, why));
	probe_row(stdout, margin, text);
}

/* Those that are skipped are told by what is missing; false: only this one is. */
static bool put_skipped(const struct s5_suite *suite, size_t first)
{
	char why[PROBE_WHY], other[PROBE_WHY];
	size_t n = 0;

	probe_case_why(suite, first, why);
	for (size_t i = 0; i < suite->nrows; i++) {
		if (suite->cases[i].verdict != S5_CASE_SKIP ||
		    strcmp(probe_case_why(suite, i, other), why) != 0)
			continue;
		if (i < first)
			return true; /* told already */
		n++;
	}
	if (n == 1)
		return false;
	snprintf(other, sizeof(other), "%zu cases (%.*s)", n, PROBE_WHY / 2, why);
	probe_row(stdout, printf("skip  "), other);
	return true;
}

static void put_text(const struct probe_subject *s)
{
	const struct s5_suite *suite = &s->suite;
	struct probe_score score = probe_score(suite);

	printf("%s\n", s->text);
	for (size_t i = 0; i < suite->nrows; i++) {
		const struct s5_suite_case *c = &suite->cases[i];

		if (c->verdict == S5_CASE_UNTOLD)
			continue;
		if (c->verdict == S5_CASE_SKIP && !s->probe->options.out.verbose &&
		    put_skipped(suite, i))
			continue;
		put_case(suite, i);
		if (c->verdict == S5_CASE_FAIL ||
		    (c->verdict == S5_CASE_PASS && s->probe->options.out.verbose))
			probe_details(stdout, "        ", suite, i);
	}
	printf("%s: %u passed, %u failed (%u of them MUST), %u skipped", s->text, score.passed,
	       score.failed, score.failed_must, score.skipped);
	if (suite->over < suite->count)
		printf(", %zu not tried", suite->count - suite->over);
	putchar('\n');
	if (score.skipped && !score.passed && !score.failed)
		out_warn(&s->probe->options.out, "no case could be tried: this says nothing of %s",
			 s->text);
}

/* json */

static json_t *hex_of(const struct s5_exchange *x, const struct s5_piece *piece)
{
	char text[2 * S5_SAID_MOST + 1] = "";
	size_t hidden = 0;

	for (size_t i = 0; i < piece->len; i++) {
		hidden = hidden ? hidden - 1 : probe_secret(x, piece, i);
		snprintf(text + 2 * i, 3, hidden ? ".." : "%02x", x->said[piece->off + i]);
	}
	return json_string(text);
}

static json_t *piece_of(const struct s5_exchange *x, size_t k, const struct probe_said *said)
{
	const struct s5_piece *piece = &x->pieces[k];
	json_t *decoded = json_array();

	for (size_t i = 0; i < said->n; i++)
		if (said->lines[i].piece == k)
			json_array_append_new(decoded, json_string(said->lines[i].text));
	return json_pack("{s:s, s:I, s:o, s:o}", "from", probe_speaker(x, piece), "octets",
			 (json_int_t)piece->all, "hex", hex_of(x, piece), "decoded", decoded);
}

static void add_details(json_t *line, const struct s5_exchange *x)
{
	json_t *sent = json_array(), *got = json_array();
	char wanted[PROBE_SAID];
	struct probe_said said;

	probe_said_read(&said, x);
	for (size_t k = 0; k < x->npieces; k++)
		json_array_append_new(x->pieces[k].is_sent ? sent : got, piece_of(x, k, &said));
	probe_said_free(&said);
	json_object_set_new(line, "sent", sent);
	json_object_set_new(line, "got", got);
	json_object_set_new(line, "wanted", json_string(probe_wanted(x, wanted)));
}

static json_t *case_of(const struct probe_subject *s, size_t i)
{
	const struct s5_suite *suite = &s->suite;
	const struct s5_suite_case *c = &suite->cases[i];
	json_t *line = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}",
				 s->probe->options.client ? "client" : "proxy",
				 s->probe->options.exec ? s->probe->options.exec : s->text, "case",
				 suite->rows[i].id, "section", suite->rows[i].section, "level",
				 probe_level(&suite->rows[i]), "title", suite->rows[i].title,
				 "verdict", verdict_text(c->verdict));
	char why[PROBE_WHY];

	if (*probe_case_why(&s->suite, i, why))
		json_object_set_new(line, "why", json_string(why));
	if (c->verdict == S5_CASE_FAIL)
		add_details(line, &c->exchange);
	return line;
}

static void put_line(json_t *line)
{
	json_dumpf(line, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(line);
}

static void put_json(const struct probe_subject *s)
{
	for (size_t i = 0; i < s->suite.nrows; i++)
		if (s->suite.cases[i].verdict != S5_CASE_UNTOLD)
			put_line(case_of(s, i));
}

static void put_json_error(const struct probe_subject *s, const char *why)
{
	put_line(json_pack("{s:s, s:s}", "proxy", s->text, "error", why));
}

static void put_text_error(const struct probe_subject *s, const char *why)
{
	printf("%s: %s\n", s->text, why);
}

/* all of it */

static const struct probe_reporter *reporter_of(const struct probe *p)
{
	static const struct probe_reporter text = { .cases = put_text, .error = put_text_error },
					   json = { .cases = put_json, .error = put_json_error };
	static const struct probe_reporter *const reporters[] = {
		[PROBE_TEXT] = &text,
		[PROBE_JSON] = &json,
		[PROBE_TAP] = &probe_reporter_tap,
		[PROBE_JUNIT] = &probe_reporter_junit,
	};

	return reporters[p->options.format];
}

void probe_report_begin(const struct probe *p)
{
	if (reporter_of(p)->begin)
		reporter_of(p)->begin();
}

void probe_report(const struct probe_subject *s)
{
	const struct probe_reporter *reporter = reporter_of(s->probe);
	char why[PROBE_WHY];

	if (s->suite.cases)
		reporter->cases(s);
	else
		reporter->error(s, probe_why(s, why));
}

void probe_report_end(const struct probe *p, bool is_stopped)
{
	if (reporter_of(p)->end)
		reporter_of(p)->end(p, is_stopped);
}

static void list_case(const struct probe_options *o, const struct s5_case *row)
{
	if (o->format == PROBE_JSON)
		put_line(json_pack("{s:s, s:s, s:s}", "id", row->id, "level", probe_level(row),
				   "title", row->title));
	else
		printf("%-15s  %-6s  %s\n", row->id, probe_level(row), row->title);
}

void probe_list(const struct probe_options *o)
{
	const struct s5_case *rows = o->client ? s5_client_cases : s5_cases;
	size_t n = o->client ? s5_nclient_cases : s5_ncases;

	for (size_t i = 0; i < n; i++)
		if (probe_wants_case(o, rows[i].id))
			list_case(o, &rows[i]);
}

#include "opt.h"

#include <limits.h>
#include <string.h>

#include "wrap.h"

#define LEFT_MAX 28 /* an option longer than this has its help on the next line */

static bool has_kind(const struct opt *opts, enum opt_kind kind)
{
	struct opt_walk walk = { .opts = opts };
	const struct opt *row;

	while ((row = opt_next(&walk)) && row->kind != kind)
		;
	return row;
}

/* "-w, --timeout DURATION"; options without a letter stand under the long names. */
static int format_left(const struct opt *opts, const struct opt *row, char *buf, size_t size)
{
	char arg[128], letter = opt_letter(opts, row);
	char letters[] = { '-', letter, ',', ' ', '\0' };
	const char *value = opt_arg(row, arg, sizeof(arg));

	return snprintf(buf, size, "%s--%s%s%s", letter ? letters : "    ", row->name,
			*value ? " " : "", value);
}

static int left_width(const struct opt *opts)
{
	struct opt_walk walk = { .opts = opts };
	const struct opt *row;
	char left[160];
	int widest = format_left(opts, &opt_help_row, left, sizeof(left));

	while ((row = opt_next(&walk))) {
		int width = 0;

		if (row->kind != OPT_KIND_HEADING)
			width = format_left(opts, row, left, sizeof(left));
		if (width > widest && width <= LEFT_MAX)
			widest = width;
	}
	return widest;
}

/* What the row's data say of the value, to stand in brackets behind the help. */
static void print_words(const struct opt *row, FILE *to)
{
	for (const struct opt_word *word = row->words; word->name; word++)
		fprintf(to, "%s%s", word == row->words ? "" : ", ", word->name);
}

static void print_range(const struct opt *row, FILE *to)
{
	fprintf(to, "%lld to %lld%s%s", (long long)row->min, (long long)row->max,
		row->unit ? " " : "", row->unit ? row->unit : "");
}

static void print_notes(const struct opt *row, FILE *to)
{
	bool words = row->kind == OPT_KIND_LIST || (row->kind == OPT_KIND_ENUM && row->arg);
	bool range = row->kind == OPT_KIND_INT && row->max && row->max < INT_MAX;
	const char *def = row->def_say ? row->def_say : row->def;

	if (!words && !range && !def)
		return;
	fputs(" (", to);
	if (words)
		print_words(row, to);
	if (range)
		print_range(row, to);
	if (def)
		fprintf(to, "%sdefault: %s", words || range ? "; " : "", def);
	fputc(')', to);
}

const char *opt_text(const struct opt *row, char *buf, size_t size)
{
	FILE *memory = fmemopen(buf, size, "w");

	if (!memory) {
		snprintf(buf, size, "%s", row->help);
		return buf;
	}
	fputs(row->help, memory);
	print_notes(row, memory);
	fclose(memory);
	return buf;
}

static void print_row(const struct opt *opts, const struct opt *row, FILE *to, int width, int left)
{
	char name[160], text[OPT_TEXT];
	int column = 2 + format_left(opts, row, name, sizeof(name));

	fprintf(to, "  %s", name);
	if (column > 2 + left) {
		fputc('\n', to);
		column = 0;
	}
	fprintf(to, "%*s", 4 + left - column, "");
	wrap_text(to, width, 4 + left, 4 + left, opt_text(row, text, sizeof(text)));
}

static void print_heading(const char *name, bool advanced, FILE *to)
{
	fprintf(to, "%s%s:\n", name, advanced ? ", advanced" : "");
}

/* The rows of one kind, each heading before the first that it has of them. */
static void print_rows(const struct opt *opts, bool advanced, FILE *to, int width, int left)
{
	struct opt_walk walk = { .opts = opts };
	const char *heading = "Options";
	const struct opt *row;
	bool first = !advanced;

	while ((row = opt_next(&walk))) {
		if (row->kind == OPT_KIND_HEADING) {
			heading = row->name;
		} else if (row->advanced == advanced) {
			if (heading && !first)
				fputc('\n', to);
			if (heading)
				print_heading(heading, advanced, to);
			first = false;
			heading = NULL;
			print_row(opts, row, to, width, left);
		}
	}
	if (advanced)
		return;
	if (first)
		print_heading(heading, false, to);
	print_row(opts, &opt_help_row, to, width, left);
}

void opt_help(const struct opt *opts, FILE *to, int width)
{
	int left = left_width(opts);

	print_rows(opts, false, to, width, left);
	print_rows(opts, true, to, width, left);
	if (has_kind(opts, OPT_KIND_MSEC))
		wrap_text(to, width, 0, 0,
			  "\nA DURATION is in seconds or has a unit: 5, 1.5, 500ms, 2m, 1h, 1d.");
	if (has_kind(opts, OPT_KIND_SIZE))
		wrap_text(to, width, 0, 0,
			  "\nBYTES are octets or have a unit: 512, 64k, 1.5M, 1G (of 1024 each).");
}

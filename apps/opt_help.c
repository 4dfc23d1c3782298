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

static void print_row(const struct opt *opts, const struct opt *row, FILE *to, int width, int left)
{
	char text[160], help[1000];
	FILE *memory = fmemopen(help, sizeof(help), "w");
	int column = 2 + format_left(opts, row, text, sizeof(text));

	fprintf(to, "  %s", text);
	if (column > 2 + left) {
		fputc('\n', to);
		column = 0;
	}
	fprintf(to, "%*s", 4 + left - column, "");
	if (memory) {
		fputs(row->help, memory);
		print_notes(row, memory);
		fclose(memory);
	}
	wrap_text(to, width, 4 + left, 4 + left, memory ? help : row->help);
}

void opt_help(const struct opt *opts, FILE *to, int width)
{
	struct opt_walk walk = { .opts = opts };
	const struct opt *row = opt_next(&walk);
	int left = left_width(opts);

	if (!row || row->kind != OPT_KIND_HEADING)
		fputs("Options:\n", to);
	for (bool first = true; row; row = opt_next(&walk), first = false) {
		if (row->kind == OPT_KIND_HEADING)
			fprintf(to, "%s%s:\n", first ? "" : "\n", row->name);
		else
			print_row(opts, row, to, width, left);
	}
	print_row(opts, &opt_help_row, to, width, left);
	if (has_kind(opts, OPT_KIND_MSEC))
		wrap_text(to, width, 0, 0,
			  "\nA DURATION is in seconds or has a unit: 5, 1.5, 500ms, 2m, 1h, 1d.");
	if (has_kind(opts, OPT_KIND_SIZE))
		wrap_text(to, width, 0, 0,
			  "\nBYTES are octets or have a unit: 512, 64k, 1.5M, 1G (of 1024 each).");
}

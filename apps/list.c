/*
 * What there is, one a line: for scripts the fields parted by tabs, on a terminal aligned. Each list is a
 * function that hands its lines to `line` one by one; on a terminal it is called twice, the first time to
 * learn how wide the columns are.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/names.h"
#include "command.h"
#include "opt_value.h"
#include "out.h"
#include "probe/clients.h"
#include "probe_report.h"
#include "proxy_opts.h"
#include "wrap.h"

#define COLUMNS 4
/* Of a line that has all columns: behind a longer field the last one begins on the next. */
#define WIDE 24

struct listing {
	void (*line)(struct listing *l, const char *const fields[COLUMNS]);
	int widths[COLUMNS];
	int width; /* of the terminal */
};

#define LINE(l, ...) (l)->line(l, (const char *const[COLUMNS]){ __VA_ARGS__ })

/* The last field of a line is as wide as it likes. */
static bool is_last(const char *const fields[COLUMNS], int column)
{
	return column + 1 == COLUMNS || !fields[column + 1];
}

static void tabbed(struct listing *l, const char *const fields[COLUMNS])
{
	(void)l;
	for (int i = 0; i < COLUMNS && fields[i]; i++)
		printf("%s%s", i ? "\t" : "", fields[i]);
	putchar('\n');
}

static void measured(struct listing *l, const char *const fields[COLUMNS])
{
	for (int i = 0; i < COLUMNS && fields[i] && !is_last(fields, i); i++) {
		int len = (int)strlen(fields[i]);

		if (len <= WIDE || !fields[COLUMNS - 1])
			l->widths[i] = len > l->widths[i] ? len : l->widths[i];
	}
}

static void aligned(struct listing *l, const char *const fields[COLUMNS])
{
	int column = 0, indent = 0, i = 0;

	for (; !is_last(fields, i); i++) {
		column += printf("%-*s  ", l->widths[i], fields[i]);
		indent += l->widths[i] + 2;
	}
	if (column > indent)
		column = printf("\n%*s", indent, "") - 1;
	wrap_text(stdout, l->width, indent, column, fields[i]);
}

static int list_commands(struct listing *l, const char *argument)
{
	(void)argument;
	for (const struct command *const *at = commands; *at; at++)
		LINE(l, (*at)->name, (*at)->summary);
	return EXIT_OK;
}

static int list_options(struct listing *l, const char *argument)
{
	const struct command *command = command_find(argument);
	struct opt_walk walk = { .opts = command ? command->opts : NULL };
	const struct opt *row;
	char name[80], arg[128], text[OPT_TEXT];

	if (!command)
		return command_unknown(argument);
	while ((row = opt_next(&walk))) {
		char letter = opt_letter(command->opts, row);
		char letters[] = { letter ? '-' : '\0', letter, '\0' };

		snprintf(name, sizeof(name), "--%s", row->name);
		if (row->kind != OPT_KIND_HEADING)
			LINE(l, name, letters, opt_arg(row, arg, sizeof(arg)),
			     opt_text(row, text, sizeof(text)));
	}
	LINE(l, "--help", "-h", "", opt_help_row.help);
	return EXIT_OK;
}

/* Code and name, and what else there is to it. */
static void code_line(struct listing *l, unsigned code, const char *name, const char *more)
{
	char hex[3];

	snprintf(hex, sizeof(hex), "%02x", code & 0xff);
	LINE(l, hex, name, more);
}

/* "" for what has a name but is not spoken here. */
static const char *what_method_is(uint8_t method)
{
	const struct opt_word *word = auth_words;

	while (word->name && word->value != method)
		word++;
	return word->name ? word->help : "";
}

static int list_methods(struct listing *l, const char *argument)
{
	(void)argument;
#define S5_METHOD(code, id, name) code_line(l, code, name, what_method_is(code));
#include "base/codes.def"
	return EXIT_OK;
}

static int list_replies(struct listing *l, const char *argument)
{
	char status[24];

	(void)argument;
#define S5_REP(code, id, name)                                 \
	snprintf(status, sizeof(status), "exit status %d",     \
		 (code) ? exit_status_of_rep(code) : EXIT_OK); \
	code_line(l, code, name, status);
#include "base/codes.def"
	return EXIT_OK;
}

static int list_notes(struct listing *l, const char *argument)
{
	(void)argument;
	for (int note = S5_NOTE_NONE + 1; note < S5_NOTE_COUNT; note++)
		LINE(l, s5_note_section((enum s5_note)note), s5_note_text((enum s5_note)note));
	return EXIT_OK;
}

static void case_lines(struct listing *l, const struct s5_case *rows, size_t n, const char *whose)
{
	for (size_t i = 0; i < n; i++)
		LINE(l, rows[i].id, probe_level(&rows[i]), whose, rows[i].title);
}

static int list_cases(struct listing *l, const char *argument)
{
	(void)argument;
	case_lines(l, s5_cases, s5_ncases, "server");
	case_lines(l, s5_client_cases, s5_nclient_cases, "client");
	return EXIT_OK;
}

enum { COMMANDS, OPTIONS, METHODS, REPLIES, NOTES, CASES };

static const struct opt_word list_words[] = {
	{ "commands", COMMANDS, "what socks5 can do" },
	{ "options", OPTIONS, "the options of a command" },
	{ "methods", METHODS, "authentication methods" },
	{ "replies", REPLIES, "what a proxy can answer" },
	{ "notes", NOTES, "deviations from the RFCs that decode marks" },
	{ "cases", CASES, "what probe --conformance and --client try" },
	{ NULL, 0, NULL },
};

/* NULL, or of which command; EXIT_OK, or another status, said. */
static int (*const lists[])(struct listing *l, const char *argument) = {
	[COMMANDS] = list_commands, [OPTIONS] = list_options, [METHODS] = list_methods,
	[REPLIES] = list_replies,   [NOTES] = list_notes,     [CASES] = list_cases,
};

static int print_list(int list, const char *argument)
{
	struct listing l = { .line = tabbed, .width = out_width(STDOUT_FILENO) };
	int status;

	if (!isatty(STDOUT_FILENO))
		return lists[list](&l, argument);
	l.line = measured;
	status = lists[list](&l, argument);
	if (status != EXIT_OK)
		return status;
	l.line = aligned;
	return lists[list](&l, argument);
}

static const struct opt list_opts[] = { OPT_END };

static int fail_list(const struct command *self, const char *why)
{
	struct out out = { .verbose = 0 };

	out_init(&out, self->name);
	out_error(&out, "list %s", why);
	return EXIT_USAGE;
}

static int list_run(const struct command *self, int argc, char **argv)
{
	int list, status, count = command_parse(self, NULL, argc, argv, &status);
	struct opt_error err;

	if (count < 0)
		return status;
	if (count == 0)
		return command_misuse(self, "say what to list");
	if (opt_parse_word(argv[0], list_words, &list, &err) < 0)
		return fail_list(self, err.text);
	if (list == OPTIONS && count < 2)
		return command_misuse(self, "COMMAND is missing");
	if (count > 1 + (list == OPTIONS))
		return command_misuse(self, "one argument too many");
	return print_list(list, argv[1]);
}

static const char *const list_examples[] = {
	/* clang-format off */
	"socks5 list replies", "what do the codes of replies mean?",
	"socks5 list options serve | cut -f 1", "the long options of serve, for a script",
	"socks5 list cases | grep -c MUST", "how many cases are about a MUST?",
	NULL,
	/* clang-format on */
};

const struct command list_command = {
	.name = "list",
	.summary = "list commands, options, methods, replies, notes or cases",
	.synopsis = "commands|options COMMAND|methods|replies|notes|cases",
	.about =
		"Prints what there is, one a line: for scripts with a tab between the fields, on a "
		"terminal aligned. `options` are name, letter, value and meaning; `replies` have the "
		"exit status that such an answer of a proxy comes to; `notes` are the deviations from "
		"the RFCs that decode marks, each with its section; `cases` are those of probe, with "
		"what they are about.",
	.opts = list_opts,
	.examples = list_examples,
	.words = list_words,
	.want = "@command",
	.run = list_run,
};

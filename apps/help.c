#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "near.h"
#include "opt.h"
#include "out.h"
#include "wrap.h"

void command_help(const struct command *command, FILE *to, int width)
{
	const char *const *example = command->examples;
	int column = fprintf(to, "usage: socks5 %s ", command->name);

	wrap_text(to, width, column, column, command->synopsis);
	fputc('\n', to);
	if (command->about) {
		wrap_text(to, width, 0, 0, command->about);
		fputc('\n', to);
	}
	opt_help(command->opts, to, width);
	if (example)
		fputs("\nExamples:\n", to);
	for (; example && *example; example += 2)
		fprintf(to, "  # %s\n  %s\n", example[1], example[0]);
}

void command_overview(FILE *to, int width)
{
	int widest = 0;

	fputs("usage: socks5 COMMAND [OPTION]... [ARGUMENT]...\n\nCommands:\n", to);
	for (const struct command *const *at = commands; *at; at++) {
		int len = (int)strlen((*at)->name);

		widest = len > widest ? len : widest;
	}
	for (const struct command *const *at = commands; *at; at++) {
		fprintf(to, "  %-*s  ", widest, (*at)->name);
		wrap_text(to, width, widest + 4, widest + 4, (*at)->summary);
	}
	wrap_text(to, width, 0, 0,
		  "\n`socks5 help COMMAND` tells all about a command, `man socks5-COMMAND` more, "
		  "and `socks5 version -v` what is built in.");
}

static const struct opt help_opts[] = { OPT_END };

static int help_run(const struct command *self, int argc, char **argv)
{
	int status, count = command_parse(self, NULL, argc, argv, &status);
	int width = out_width(STDOUT_FILENO);

	if (count < 0)
		return status;
	if (count == 0)
		command_overview(stdout, width);
	for (int i = 0; i < count; i++) {
		const struct command *command = command_find(argv[i]);

		if (!command)
			return command_unknown(argv[i]);
		if (i > 0)
			fputc('\n', stdout);
		command_help(command, stdout, width);
	}
	return EXIT_OK;
}

static const char *const help_examples[] = {
	"socks5 help connect",
	"all about connect",
	NULL,
};

const struct command help_command = {
	.name = "help",
	.summary = "tell about a command, or list all",
	.synopsis = "[COMMAND]...",
	.about =
		"Tells how a COMMAND is called, its options (first those that most need) and examples; "
		"without one, which commands there are. socks5 COMMAND --help tells the same.",
	.opts = help_opts,
	.examples = help_examples,
	.want = "@command",
	.run = help_run,
};

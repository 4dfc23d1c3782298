/* The dispatcher: the first word says which row of the table runs. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "out.h"

/* Words that are options by their looks and commands by their effect. */
static const struct alias {
	const char *word;
	const struct command *command;
} aliases[] = {
	/* clang-format off */
	{ "--help", &help_command },
	{ "-help", &help_command },
	{ "-h", &help_command },
	{ "--version", &version_command },
	{ "-version", &version_command },
	{ NULL, NULL },
	/* clang-format on */
};

static const struct command *find_alias(const char *word)
{
	const struct alias *alias = aliases;

	while (alias->word && strcmp(alias->word, word) != 0)
		alias++;
	return alias->command;
}

const struct command *command_called(const char *word)
{
	const struct command *command = find_alias(word);

	return command ? command : command_find(word);
}

static int run(const struct command *command, int argc, char **argv)
{
	if (strcmp(argv[0], "--complete") == 0)
		return complete_run(argc, argv);
	return command ? command->run(command, argc, argv) : command_unknown(argv[0]);
}

/* What was printed and could not be written is a failure like any other. */
static int flush_output(const struct command *command, int status)
{
	struct out out = { .verbose = 0 };

	out_init(&out, command ? command->name : NULL);
	return out_flush(&out) || status != EXIT_OK ? status : EXIT_NETWORK;
}

int command_dispatch(int argc, char **argv)
{
	char *shell[] = { (char[]){ "shell" }, NULL }, *help[] = { (char[]){ "help" }, NULL };
	const struct command *command;

	if (argc == 0) {
		argc = 1;
		argv = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? shell : help;
	}
	command = command_called(argv[0]);
	return flush_output(command, run(command, argc, argv));
}

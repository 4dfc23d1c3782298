/* The dispatcher: the first word says which row of the table runs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

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

static int run(int argc, char **argv)
{
	const struct command *command = argc ? find_alias(argv[0]) : &help_command;

	if (argc && strcmp(argv[0], "--complete") == 0)
		return complete_run(argc, argv);
	if (argc && strcmp(argv[0], "--options") == 0)
		return options_run(argc, argv);
	if (!command)
		command = command_find(argv[0]);
	return command ? command->run(command, argc, argv) : command_unknown(argv[0]);
}

/* What was printed and could not be written is a failure like any other. */
static int flush_output(int status)
{
	struct out out = { .verbose = 0 };
	int error = ferror(stdout) ? EIO : 0;

	if (fflush(stdout) != 0)
		error = errno;
	if (!error)
		return status;
	out_init(&out, NULL);
	out_error(&out, "standard output: %s", strerror(error));
	return status == EXIT_OK ? EXIT_NETWORK : status;
}

int main(int argc, char **argv)
{
	if (argc > 0) {
		argc--;
		argv++;
	}
	return flush_output(run(argc, argv));
}

/* The dispatcher: the first word says which row of the table runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "net/work.h"
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

static const struct command *find_command(int argc, char **argv)
{
	const struct command *command = argc ? find_alias(argv[0]) : &help_command;

	return command ? command : command_find(argv[0]);
}

static int run(const struct command *command, int argc, char **argv)
{
	if (argc && strcmp(argv[0], "--complete") == 0)
		return complete_run(argc, argv);
	return command ? command->run(command, argc, argv) : command_unknown(argv[0]);
}

/* What was printed and could not be written is a failure like any other; that the reader wants no
 * more is nothing to be told of. A command that flushes says itself what came of it. */
static int flush_output(const struct command *command, int status)
{
	struct out out = { .verbose = 0 };
	int error = ferror(stdout) ? EIO : 0;

	if (fflush(stdout) != 0)
		error = errno;
	if (!error)
		return status;
	out_init(&out, command ? command->name : NULL);
	if (error != EPIPE)
		out_error(&out, "standard output: %s", strerror(error));
	return status == EXIT_OK ? EXIT_NETWORK : status;
}

/* A descriptor 0, 1 or 2 that is closed would be taken by the next one made here. */
static void fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	const struct command *command;
	int status;

	if (argc > 0) {
		argc--;
		argv++;
	}
	fill_standard();
	command = find_command(argc, argv);
	status = flush_output(command, run(command, argc, argv));
	if (s5_work_left())
		_exit(status);
	return status;
}

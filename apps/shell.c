#include "shell.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "command.h"
#include "opt.h"
#include "words.h"

#define LINE_MAX_OCTETS 65536

void shell_fail(struct shell *shell, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (shell->line)
		out_error(&shell->out, "line %zu: %s", shell->line, text);
	else
		out_error(&shell->out, "%s", text);
	shell->status = EXIT_USAGE;
}

/* a line */

static bool is_exit(const char *word)
{
	return strcmp(word, "exit") == 0 || strcmp(word, "quit") == 0;
}

/* -1: it is none. */
static int status_of(const char *text)
{
	uint64_t number;

	return s5_digits_take(&text, &number) && !*text && number <= 255 ? (int)number : -1;
}

static void leave(struct shell *shell, int argc, char **argv)
{
	int status = argc == 2 ? status_of(argv[1]) : shell->status;

	if (argc > 2 || status < 0) {
		shell_fail(shell, "%s takes one number from 0 to 255, or nothing", argv[0]);
		return;
	}
	shell->status = status;
	shell->over = true;
}

/* A shell in a shell could not be told from it; to be told about it is another thing. */
static bool is_nested(const struct command *command, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (argv[i][0] == '-' && command_called(argv[i]))
			return false;
	return command == &shell_command;
}

static void run_job(struct shell *shell, int argc, char **argv)
{
	shell->status = shell_job(shell, argc, argv);
	if (shell->status != EXIT_OK && shell->line && !shell->errexit)
		out_say(&shell->out, "line %zu: %s ended with status %d", shell->line, argv[0],
			shell->status);
}

static void run_command(struct shell *shell, int argc, char **argv)
{
	const struct command *command = command_called(argv[0]);
	char text[200];

	if (!command)
		shell_fail(shell, "%s", command_unknown_text(argv[0], text, sizeof(text)));
	else if (is_nested(command, argc, argv))
		shell_fail(shell, "this is the shell already");
	else
		run_job(shell, argc, argv);
}

static bool is_help_of_exit(int argc, char **argv)
{
	return argc == 2 && strcmp(argv[0], "help") == 0 && is_exit(argv[1]);
}

static void run_words(struct shell *shell, int argc, char **argv)
{
	char *help[] = { (char[]){ "help" }, NULL };

	if (words_is_program(argv[0])) {
		argv = argc > 1 ? argv + 1 : help;
		argc -= argc > 1;
	}
	if (is_exit(argv[0]))
		leave(shell, argc, argv);
	else if (is_help_of_exit(argc, argv))
		puts("exit, quit, or the end of the input (Ctrl-D), ends the shell; exit N with that status");
	else
		run_command(shell, argc, argv);
}

void shell_run(struct shell *shell, const char *text, size_t len)
{
	struct words words = { .count = 0 };
	char err[200];

	if (memchr(text, '\0', len))
		shell_fail(shell, "there is a NUL in it");
	else if (words_split(&words, text, len, err, sizeof(err)) < 0)
		shell_fail(shell, "%s", err);
	else if (words.count)
		run_words(shell, words.count, words.items);
	else
		return;
	words_fini(&words);
	if (shell->line && shell->status == EXIT_OK)
		out_verbose(&shell->out, 1, "line %zu: status %d", shell->line, shell->status);
	if (shell->errexit && shell->status != EXIT_OK && !shell->over)
		shell->over = shell->failed = true;
}

/* lines from standard input */

/* Octet by octet: what follows the newline is for the command on this line, should it want it.
 * Returns how many octets, -1 at the end, -2 after an error. What does not fit is left out. */
static ssize_t read_line(char line[static LINE_MAX_OCTETS])
{
	size_t len = 0;
	char octet;
	ssize_t n;

	while ((n = read(STDIN_FILENO, &octet, 1)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -2;
		if (octet == '\n')
			return (ssize_t)len;
		if (len < LINE_MAX_OCTETS)
			line[len] = octet;
		len++;
	}
	return len ? (ssize_t)len : -1;
}

static void take_line(struct shell *shell, const char *line, size_t len)
{
	shell->line++;
	if (len > LINE_MAX_OCTETS)
		shell_fail(shell, "%zu octets are too many, %d are a line at most", len,
			   LINE_MAX_OCTETS);
	else
		shell_run(shell, line, len - (len && line[len - 1] == '\r'));
}

static void run_input(struct shell *shell)
{
	char line[LINE_MAX_OCTETS];
	ssize_t n = 0;

	while (!shell->over && (n = read_line(line)) >= 0)
		take_line(shell, line, (size_t)n);
	explicit_bzero(line, sizeof(line));
	if (n < -1) {
		out_error(&shell->out, "standard input: %s", strerror(errno));
		shell->status = EXIT_NETWORK;
	}
	if (shell->failed)
		out_say(&shell->out, "line %zu failed, and is the last (-e)", shell->line);
}

#define OPT_TARGET struct shell
static const struct opt shell_opts[] = {
	OPT("errexit", 'e', FLAG, errexit, NULL, "end with the first command that fails"),
	OPT("verbose", 'v', COUNT, out.verbose, NULL, "say the status of each line"),
	OPT_INCLUDE(out, out_opts),
	OPT_END,
};

static int shell_command_run(const struct command *self, int argc, char **argv)
{
	struct shell shell = { .status = EXIT_OK };
	int status, count = command_parse(self, &shell, argc, argv, &status);

	if (count < 0)
		return status;
	if (count > 0)
		return command_misuse(self,
				      "command lines come from standard input: socks5 shell <FILE");
	shell.prompts = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	out_init(&shell.out, shell.prompts ? NULL : self->name);
	if (shell.prompts)
		prompt_run(&shell);
	else
		run_input(&shell);
	return shell.status;
}

static const char *const shell_examples[] = {
	"socks5 shell <lines",
	"run the command lines of a file",
	"printf 'decode\\n05 01 00\\n' | socks5 shell",
	"what follows a line is the input of its command, if it reads any",
	NULL,
};

const struct command shell_command = {
	.name = "shell",
	.summary = "run command lines from standard input, or at a prompt",
	.synopsis = "[OPTION]...",
	.about =
		"Each line is a command with its options and arguments, as after \"socks5\" in a "
		"shell, whose quotes, $VAR, ~ and # comments it knows; exit [STATUS] is the end. On a terminal, where \"socks5\" alone means the same, there is "
		"a prompt, with history and completion.",
	.opts = shell_opts,
	.examples = shell_examples,
	.run = shell_command_run,
};

/* Command lines, one a line: `socks5 shell`, and the prompt that it is on a terminal. */
#ifndef APPS_SHELL_H
#define APPS_SHELL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "out.h"

struct shell {
	struct out out; /* its command is "shell", or NULL at the prompt */
	bool errexit; /* -e: the first line that fails is the last */
	bool prompts; /* lines come from a person on a terminal */
	size_t line; /* the number of the line, counted from 1; not at the prompt */
	int status; /* of the last command, as a shell has it */
	bool over, failed; /* failed: by errexit */
	sigset_t
		mask; /* at the prompt: the signals held back for whoever started us, and in commands */
};

/* Runs a line: nothing, `exit`, or a command in a process of its own; len octets without newline. */
void shell_run(struct shell *shell, const char *text, size_t len);

/* Says why a line was not run, at a place that can be found, and makes the status EXIT_USAGE. */
void shell_fail(struct shell *shell, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Runs a command line in a child and waits for its end; returns its status, 128 + N for signal N.
 * At the prompt the child is the terminal's foreground group, so the keys for signals mean it
 * alone; when it is stopped so are we, and goes on when we do. In shell_job.c.
 */
int shell_job(const struct shell *shell, int argc, char **argv);

/* Asks on the terminal for line after line. In prompt.c. */
void prompt_run(struct shell *shell);
/* In a child: what was typed before is none of its business. */
void prompt_forget(void);

#endif

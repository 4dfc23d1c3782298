/* The prompt: command lines with history and completion. */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "command.h"
#include "editor.h"
#include "net/loop.h"
#include "prompt_history.h"
#include "prompt_tab.h"
#include "shell.h"

#define BOLD "\001\033[1m\002"
#define PLAIN "\001\033[m\002"

struct prompt {
	struct editor editor;
	char *line; /* NULL: the end */
};

static void took(struct editor *e, char *line)
{
	editor_hide(e);
	S5_OUTER(e, struct prompt, editor)->line = line;
}

/* NULL is the end. */
static char *ask(struct prompt *p, const char *text)
{
	struct editor *e = &p->editor;
	struct pollfd ready[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
				   { .fd = e->signals, .events = POLLIN } };

	p->line = NULL;
	editor_show(e, text);
	while (e->shown) {
		if (poll(ready, 2, -1) < 0) {
			if (errno != EINTR)
				return NULL;
			continue;
		}
		if (ready[1].revents)
			editor_signal(e);
		else if (ready[0].revents)
			editor_key(e);
	}
	return p->line;
}

/* What is pasted may be several lines. */
static void run(struct shell *shell, struct prompt_history *history, char *text)
{
	char *rest = text, *line;

	while (!shell->over && (line = strsep(&rest, "\n"))) {
		if (line[strspn(line, " \t")])
			prompt_history_add(history, line);
		shell_run(shell, line, strlen(line));
	}
}

/* Readline ends the row itself then. */
static bool pastes_in_brackets(void)
{
	const char *value = rl_variable_value("enable-bracketed-paste");

	return value && strcmp(value, "on") == 0;
}

static void ask_and_run(struct shell *shell, struct prompt *p)
{
	const char *prompt = out_has_colour(STDOUT_FILENO) ? BOLD "socks5> " PLAIN : "socks5> ";
	struct prompt_history history;
	char *text;

	prompt_history_open(&history, &shell->out);
	prompt_tab_open();
	puts("socks5 " S5_VERSION ": help lists the commands, TAB completes, Ctrl-D is the end");
	while (!shell->over && (text = ask(p, prompt))) {
		size_t len = strlen(text);

		run(shell, &history, text);
		explicit_bzero(text, len);
		free(text);
	}
	if (!shell->over && !pastes_in_brackets())
		putchar('\n');
	prompt_history_close(&history);
}

void prompt_run(struct shell *shell)
{
	struct prompt p = { .editor = { .took = took, .drops = true } };
	int rc = editor_open(&p.editor);

	if (rc < 0) {
		shell_fail(shell, "the terminal: %s", strerror(-rc));
		return;
	}
	shell->mask = p.editor.mask;
	ask_and_run(shell, &p);
	editor_close(&p.editor);
}

void prompt_forget(void)
{
	HIST_ENTRY **list = history_list();

	for (; list && *list; list++)
		explicit_bzero((*list)->line, strlen((*list)->line));
	clear_history();
	setlocale(LC_CTYPE, "C"); /* a command does here what it does elsewhere */
	if (rl_line_buffer)
		explicit_bzero(rl_line_buffer, strlen(rl_line_buffer));
}

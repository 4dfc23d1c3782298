#include "editor.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <readline/readline.h>

#define BACKGROUND 20 /* ms */
#define PATIENCE 50 /* times that */

/* Readline tells its handler of a line, and of nothing else. */
static struct editor *current;

static void take(char *line)
{
	current->took(current, line);
}

static int open_signals(struct editor *e)
{
	static const int held[] = { SIGINT,  SIGTERM,  SIGHUP,	SIGQUIT,
				    SIGTSTP, SIGWINCH, SIGUSR1, SIGUSR2 };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(*held); i++)
		sigaddset(&set, held[i]);
	e->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (e->signals < 0)
		return -errno;
	sigprocmask(SIG_BLOCK, &set, &e->mask);
	return 0;
}

int editor_open(struct editor *e)
{
	int rc = open_signals(e);

	if (rc < 0)
		return rc;
	setlocale(LC_CTYPE, "");
	rl_readline_name = "socks5";
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_initialize();
	current = e;
	return 0;
}

void editor_close(struct editor *e)
{
	editor_hide(e);
	sigprocmask(SIG_SETMASK, &e->mask, NULL);
	close(e->signals);
	current = NULL;
}

void editor_show(struct editor *e, const char *prompt)
{
	e->shown = true;
	rl_callback_handler_install(prompt, take);
}

void editor_hide(struct editor *e)
{
	if (e->shown)
		rl_callback_handler_remove();
	e->shown = false;
}

void editor_key(struct editor *e)
{
	if (e->shown)
		rl_callback_read_char();
}

void editor_leave(struct editor *e)
{
	if (e->shown && (rl_end > 0 || *rl_display_prompt))
		rl_crlf();
	editor_hide(e);
}

void editor_prompt(struct editor *e, const char *prompt)
{
	(void)e;
	rl_set_prompt(prompt);
}

void editor_print(struct editor *e, const char *text, const char *prompt)
{
	rl_clear_visible_line();
	fputs(text, rl_outstream);
	editor_prompt(e, prompt);
	rl_on_new_line();
	rl_redisplay();
}

const char *editor_library(void)
{
	return rl_library_version;
}

/* signals */

static void drop_line(struct editor *e)
{
	char *prompt = strdup(rl_prompt ? rl_prompt : "");

	rl_callback_sigcleanup();
	rl_echo_signal_char(SIGINT);
	rl_crlf();
	editor_hide(e);
	editor_show(e, prompt ? prompt : "");
	free(prompt);
}

/* In the background, where `bg` may have put us, the terminal is somebody else's, and so are the settings that
 * it has: we stop again until we have it. Where nobody lets stopped ones go on, nothing stops us. */
static void await_terminal(void)
{
	for (int i = 0; i < PATIENCE && tcgetpgrp(STDIN_FILENO) != getpgrp(); i++) {
		raise(SIGTTOU);
		poll(NULL, 0, BACKGROUND);
	}
}

/* The signal takes effect with the terminal as it was; should we live on, all is as it has been. */
static void let_through(struct editor *e, int signal)
{
	sigset_t now;

	if (e->shown) {
		rl_echo_signal_char(signal);
		rl_crlf();
		rl_deprep_terminal();
	}
	raise(signal);
	sigprocmask(SIG_SETMASK, &e->mask, &now);
	sigprocmask(SIG_SETMASK, &now, NULL);
	if (e->shown) {
		await_terminal();
		rl_prep_terminal(1);
		rl_on_new_line();
		rl_redisplay();
	}
}

void editor_signal(struct editor *e)
{
	struct signalfd_siginfo info;

	if (read(e->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH)
		rl_resize_terminal();
	else if (info.ssi_signo == SIGINT && e->drops)
		drop_line(e);
	else if (info.ssi_signo != SIGQUIT || !e->drops)
		let_through(e, (int)info.ssi_signo);
}

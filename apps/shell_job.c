/*
 * A command of the shell is run by a copy of this process, not by the program run anew: its words
 * never stand in a process's title, and the program may have been replaced meanwhile. What a
 * command does to its process (serve's sandbox and limits, a crash) ends with it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "command.h"
#include "shell.h"

#define BACKGROUND 200 /* ms, until it is looked for the terminal again */

/* Who is not in the foreground may give it away only with this signal held back. */
static void give_terminal(pid_t group)
{
	sigset_t set, before;

	sigemptyset(&set);
	sigaddset(&set, SIGTTOU);
	sigprocmask(SIG_BLOCK, &set, &before);
	tcsetpgrp(STDIN_FILENO, group);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Whether it is ours to give: our group's, or our child's who had it from us. In the background, where `bg`
 * may have put us, it is somebody else's. */
static bool has_terminal(pid_t child)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);

	return group == getpgrp() || group == child;
}

/* Both of us say so: whoever is first, it is so before anything else happens. */
static void put_forward(const struct shell *shell, pid_t pid)
{
	if (!shell->prompts)
		return;
	setpgid(pid, pid);
	give_terminal(pid);
}

static void run_child(const struct shell *shell, pid_t parent, int argc, char **argv)
{
	put_forward(shell, getpid());
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_NETWORK);
	if (shell->prompts)
		prompt_forget();
	_exit(command_dispatch(argc, argv));
}

/* We stop with it, and who started us sees that; where nobody can let us go on, we are not stopped
 * at all, and it goes on at once. */
static void stop_too(pid_t pid)
{
	sigset_t set, before;

	if (has_terminal(pid))
		give_terminal(getpgrp());
	kill(0, SIGTSTP);
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (has_terminal(pid))
		give_terminal(pid);
	kill(-pid, SIGCONT);
}

/* Until the child has stopped or ended; false: the terminal is gone. The signal that tells of that goes to
 * who is in the foreground, which we are not. In the background nobody tells that we are so no more. */
static bool wait_news(pid_t pid, int children)
{
	struct pollfd p[2] = { { .fd = children, .events = POLLIN }, { .fd = STDIN_FILENO } };
	struct signalfd_siginfo info;

	if (poll(p, 2, has_terminal(pid) ? -1 : BACKGROUND) < 0)
		return errno == EINTR;
	if (p[0].revents && read(children, &info, sizeof(info)) < 0)
		return errno == EAGAIN;
	return !p[1].revents;
}

static int wait_end(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static int wait_at_prompt(pid_t pid, int children)
{
	int status = 0;

	for (;;) {
		pid_t seen = waitpid(pid, &status, WUNTRACED | WNOHANG);

		if (seen < 0 && errno != EINTR)
			return EXIT_NETWORK << 8;
		if (seen > 0 && !WIFSTOPPED(status))
			return status;
		if (seen == 0 && tcgetpgrp(STDIN_FILENO) == getpgrp())
			give_terminal(pid); /* `fg` after `bg` */
		if (seen > 0) {
			stop_too(pid);
		} else if (seen == 0 && !wait_news(pid, children)) {
			kill(-pid, SIGTERM);
			return wait_end(pid);
		}
	}
}

/* The terminal shows the key for a signal where the cursor was. */
static int end_of(const struct shell *shell, int status, const char *name)
{
	int signal;

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	signal = WTERMSIG(status);
	if (shell->prompts && (signal == SIGINT || signal == SIGQUIT))
		fputc('\n', stderr);
	if (signal != SIGINT)
		out_error(&shell->out, "%s was ended by a signal: %s", name, strsignal(signal));
	return 128 + signal;
}

/* At the prompt what becomes of the child is seen on a descriptor; -1 elsewhere. Keys for signals are the
 * child's, also in the moment when it does not have the terminal yet, or any more. */
static int watch_children(const struct shell *shell, sigset_t *before)
{
	static const int keys[] = { SIGINT, SIGQUIT, SIGTSTP };
	sigset_t set, mask;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	signal(SIGCHLD, SIG_DFL); /* who started us may ignore it */
	if (!shell->prompts) {
		sigprocmask(SIG_UNBLOCK, &set, before);
		return -1;
	}
	mask = shell->mask;
	sigaddset(&mask, SIGCHLD);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		sigaddset(&mask, keys[i]);
	sigprocmask(SIG_SETMASK, &mask, before);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int wait_for(const struct shell *shell, pid_t pid, int children)
{
	int status;

	put_forward(shell, pid);
	status = children >= 0 ? wait_at_prompt(pid, children) : wait_end(pid);
	if (shell->prompts && has_terminal(pid))
		give_terminal(getpgrp());
	return status;
}

static int run_job(const struct shell *shell, int argc, char **argv)
{
	sigset_t before;
	int children = watch_children(shell, &before), status = EXIT_NETWORK;
	pid_t pid, self = getpid();

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (children >= 0)
			close(children);
		sigprocmask(SIG_SETMASK, shell->prompts ? &shell->mask : &before, NULL);
		run_child(shell, self, argc, argv);
	}
	if (pid < 0)
		out_error(&shell->out, "cannot run a command: %s", strerror(errno));
	else
		status = end_of(shell, wait_for(shell, pid, children), argv[0]);
	if (children >= 0)
		close(children);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

/* However the command leaves the terminal, it is as it was. */
int shell_job(const struct shell *shell, int argc, char **argv)
{
	struct termios modes;
	bool has_modes = shell->prompts && tcgetattr(STDIN_FILENO, &modes) == 0;
	int status = run_job(shell, argc, argv);

	if (has_modes)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
	return status;
}

/* Asking on the terminal. */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

/*
 * The terminal while it is asked. Signals that would end or stop the process are held back and
 * seen as input on a descriptor, so that the echo is back before they take effect.
 */
struct tty {
	int fd;
	int signals;
	bool changed;
	struct termios before;
	sigset_t mask;
};

static int tty_open(struct tty *tty)
{
	static const int held[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	sigset_t set;

	*tty = (struct tty){ .fd = -1, .signals = -1 };
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(*held); i++)
		sigaddset(&set, held[i]);
	tty->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty->fd < 0)
		return -1;
	tty->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (tty->signals < 0) {
		close(tty->fd);
		return -1;
	}
	pthread_sigmask(SIG_BLOCK, &set, &tty->mask);
	return 0;
}

static void tty_close(struct tty *tty)
{
	pthread_sigmask(SIG_SETMASK, &tty->mask, NULL);
	close(tty->signals);
	close(tty->fd);
}

static int echo_off(struct tty *tty)
{
	struct termios silent;

	if (tcgetattr(tty->fd, &tty->before) < 0)
		return -1;
	silent = tty->before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	silent.c_lflag |= ICANON | ISIG | ECHONL;
	tty->changed = tcsetattr(tty->fd, TCSAFLUSH, &silent) == 0;
	return tty->changed ? 0 : -1;
}

static void echo_back(struct tty *tty)
{
	if (tty->changed)
		tcsetattr(tty->fd, TCSAFLUSH, &tty->before);
	tty->changed = false;
}

static int write_text(int fd, const char *text)
{
	return write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

/* Lets the signal that waits take its effect; comes back if that was to stop for a while. */
static void let_through(struct tty *tty)
{
	struct signalfd_siginfo info;
	sigset_t now;

	if (read(tty->signals, &info, sizeof(info)) != sizeof(info))
		return;
	(void)write_text(tty->fd, "\n");
	raise((int)info.ssi_signo);
	pthread_sigmask(SIG_SETMASK, &tty->mask, &now);
	pthread_sigmask(SIG_SETMASK, &now, NULL);
}

enum answer { ANSWER_LINE, ANSWER_FAILED, ANSWER_SIGNAL };

/* Waits for a line or a signal. In canonical mode one read is one line. */
static enum answer read_answer(struct tty *tty, struct secret *answer)
{
	struct pollfd ready[] = { { .fd = tty->signals, .events = POLLIN },
				  { .fd = tty->fd, .events = POLLIN } };
	char line[SECRET_MAX + 2];
	ssize_t n;
	int rc;

	if (poll(ready, 2, -1) < 0)
		return errno == EINTR ? ANSWER_SIGNAL : ANSWER_FAILED;
	if (ready[0].revents)
		return ANSWER_SIGNAL;
	n = read(tty->fd, line, sizeof(line));
	if (n <= 0) {
		errno = n == 0 ? ENODATA : errno;
		return ANSWER_FAILED;
	}
	rc = secret_set(answer, line, (size_t)n - (line[n - 1] == '\n'));
	explicit_bzero(line, sizeof(line));
	errno = EMSGSIZE;
	return rc < 0 ? ANSWER_FAILED : ANSWER_LINE;
}

static enum answer ask_once(struct tty *tty, struct secret *answer, const char *question, bool echo)
{
	enum answer got = ANSWER_FAILED;
	int saved;

	if ((echo || echo_off(tty) == 0) && write_text(tty->fd, question) == 0)
		got = read_answer(tty, answer);
	saved = errno;
	echo_back(tty);
	errno = saved;
	return got;
}

static const char *cause(int error)
{
	if (error == ENODATA)
		return "no answer";
	return error == EMSGSIZE ? "longer than 255 octets" : strerror(error);
}

static int ask(struct secret *answer, const char *question, bool echo, char *err, size_t size)
{
	struct tty tty;
	enum answer got;

	secret_wipe(answer);
	if (tty_open(&tty) < 0) {
		snprintf(err, size, "no terminal to ask on (/dev/tty: %s)", strerror(errno));
		return -1;
	}
	while ((got = ask_once(&tty, answer, question, echo)) == ANSWER_SIGNAL)
		let_through(&tty);
	if (got == ANSWER_FAILED) {
		snprintf(err, size, "asking on the terminal: %s", cause(errno));
		(void)write_text(tty.fd, "\n"); /* the question stands there without an answer */
	}
	tty_close(&tty);
	return got == ANSWER_LINE ? 0 : -1;
}

int secret_ask(struct secret *secret, const char *question, char *err, size_t size)
{
	return ask(secret, question, false, err, size);
}

int secret_ask_name(struct secret *name, const char *question, char *err, size_t size)
{
	return ask(name, question, true, err, size);
}

#include "prompt_history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>

#include "file.h"
#include "line.h"

/* the file */

/* NULL: there is no place for it. */
static char *make_path(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int n = -1;

	if (state && state[0] == '/')
		n = asprintf(&path, "%s/socks5/history", state);
	else if (home && home[0] == '/')
		n = asprintf(&path, "%s/.local/state/socks5/history", home);
	return n < 0 ? NULL : path;
}

/* What of the folders is not there is made, for our eyes only. */
static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, S_IRWXU);
		*slash = '/';
	}
}

static int try_file(const char *path)
{
	return open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		    S_IRUSR | S_IWUSR);
}

/* A plain file of ours that others do not read, held against other prompts: who holds it for long is none.
 * 0 or a positive errno. */
static int hold(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return EPERM;
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) && fchmod(fd, S_IRUSR | S_IWUSR) < 0)
		return errno;
	for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
		if (errno != EWOULDBLOCK || tries == 50)
			return errno;
		usleep(10000);
	}
	return 0;
}

/* For writing at its end, held against others; or -1 with errno. */
static int open_file(char *path)
{
	int fd = try_file(path), error;

	if (fd < 0 && errno == ENOENT) {
		make_folders(path);
		fd = try_file(path);
	}
	if (fd < 0)
		return -1;
	error = hold(fd);
	if (!error)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

static void give_up(struct prompt_history *h, const char *doing, int error)
{
	out_warn(h->out, "history is not kept: %s %s: %s", doing, h->path, strerror(error));
	free(h->path);
	h->path = NULL;
}

/* Where the last lines begin. */
static const char *last_lines(const char *text, size_t len)
{
	const char *at = text + len;

	for (int n = 0; at > text; at--)
		if (at[-1] == '\n' && n++ == HISTORY_LINES)
			return at;
	return text;
}

/* A file that is too long is cut to its last lines. 0 or a positive errno. */
static int cut(int fd, const char *text, size_t len)
{
	const char *kept = last_lines(text, len);
	size_t rest = len - (size_t)(kept - text);

	if (kept == text)
		return 0;
	/* It is shorter than what it is written over: a full disk takes nothing away. */
	if (fcntl(fd, F_SETFL, 0) < 0) /* it appends */
		return errno;
	errno = ENOSPC; /* where it is short */
	return pwrite(fd, kept, rest, 0) == (ssize_t)rest && ftruncate(fd, (off_t)rest) == 0
		       ? 0
		       : errno;
}

static void remember(char *text, size_t len)
{
	char *rest = (char *)last_lines(text, len), *line;

	while ((line = strsep(&rest, "\n")))
		if (*line)
			add_history(line);
}

/* The descriptor becomes the file's. 0 or a positive errno. */
static int load(int fd)
{
	FILE *file = fdopen(fd, "r");
	char *text = NULL;
	size_t len;
	int error = 0;

	if (file)
		text = file_read_from(file, &len);
	if (text)
		error = cut(fd, text, len);
	else
		error = errno;
	if (text)
		remember(text, len);
	free(text);
	if (file)
		fclose(file);
	else
		close(fd);
	return error;
}

void prompt_history_open(struct prompt_history *h, const struct out *out)
{
	int fd, error;

	*h = (struct prompt_history){ .out = out, .path = make_path() };
	using_history();
	stifle_history(HISTORY_LINES);
	if (!h->path) {
		out_warn(out,
			 "history is not kept: neither XDG_STATE_HOME nor HOME names a folder");
		return;
	}
	fd = open_file(h->path);
	error = fd < 0 ? errno : load(fd);
	if (error)
		give_up(h, "cannot open", error);
}

/* a line */

static bool is_last(const char *line)
{
	HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;

	return last && strcmp(last->line, line) == 0;
}

/* All of it, or nothing: half a line would be one with the next. 0 or a positive errno. */
static int write_line(int fd, const char *text, size_t len)
{
	off_t end = lseek(fd, 0, SEEK_END);
	ssize_t n = write(fd, text, len);
	int error = n < 0 ? errno : ENOSPC;

	if (n == (ssize_t)len)
		return 0;
	if (n > 0 && ftruncate(fd, end) < 0)
		return errno;
	return error;
}

static int append(char *path, const char *line)
{
	int fd = open_file(path), error = 0;
	char *text = NULL;
	int n = asprintf(&text, "%s\n", line);

	if (fd < 0 || n < 0)
		error = errno;
	else
		error = write_line(fd, text, (size_t)n);
	if (n >= 0)
		free(text);
	if (fd >= 0)
		close(fd);
	return error;
}

void prompt_history_add(struct prompt_history *h, const char *line)
{
	int error;

	if (is_last(line))
		return;
	add_history(line);
	if (!h->path || line[0] == ' ' || line_is_private(line))
		return;
	error = append(h->path, line);
	if (error)
		give_up(h, "cannot write", error);
}

void prompt_history_close(struct prompt_history *h)
{
	free(h->path);
	h->path = NULL;
}

#include "probe_source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int probe_source_open(struct probe_source *from, const char *path, const struct out *out)
{
	bool is_input = strcmp(path, "-") == 0;
	struct stat file;
	int fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fcntl(fd, F_GETFD) < 0)
		return -errno;
	from->name = is_input ? "standard input" : path;
	from->out = out;
	from->watch.fd = fd;
	from->is_open = true;
	if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode))
		from->size = (uint64_t)file.st_size;
	return 0;
}

void probe_source_start(struct probe_source *from, struct s5_loop *loop,
			void (*ready)(struct probe_source *from))
{
	from->loop = loop;
	from->ready = ready;
}

bool probe_source_is_over(const struct probe_source *from)
{
	return !from->is_open || (from->is_at_end && !from->n);
}

double probe_source_share(const struct probe_source *from)
{
	if (probe_source_is_over(from))
		return 1;
	return from->size >= from->seen && from->size
		       ? (double)(from->seen - from->n) / (double)from->size
		       : -1;
}

void probe_source_stop(struct probe_source *from)
{
	if (from->is_watched)
		s5_loop_unwatch(from->loop, &from->watch);
	if (from->is_open && from->watch.fd != STDIN_FILENO)
		close(from->watch.fd);
	memset(from, 0, sizeof(*from));
}

/* reading */

/* To be called when it does not block. */
static void read_some(struct probe_source *from)
{
	ssize_t n;

	memmove(from->text, from->text + from->at, from->n);
	from->at = 0;
	n = read(from->watch.fd, from->text + from->n, PROBE_LINE - from->n);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0) {
		from->is_faulty = true;
		out_error(from->out, "%s: %s", from->name, strerror(errno));
	}
	from->seen += n > 0 ? (uint64_t)n : 0;
	if (n > 0)
		from->n += (size_t)n;
	else
		from->is_at_end = true;
}

static void readable(struct s5_watch *w, uint32_t events)
{
	struct probe_source *from = S5_OUTER(w, struct probe_source, watch);

	(void)events;
	from->is_waiting = false;
	read_some(from);
	from->ready(from);
}

/* One look at a time: what is not asked for stays where it is. epoll refuses a file that is one on
 * a disk; that never blocks. */
static void await(struct probe_source *from)
{
	const uint32_t once = EPOLLIN | EPOLLONESHOT;
	int rc;

	if (from->is_waiting)
		return;
	from->watch.ready = readable;
	rc = from->is_watched ? s5_loop_rewatch(from->loop, &from->watch, once)
			      : s5_loop_watch(from->loop, &from->watch, once);
	from->is_plain = rc < 0;
	from->is_watched = from->is_waiting = rc == 0;
}

/* False: there is no more for now. */
static bool read_on(struct probe_source *from)
{
	if (!from->is_at_end && !from->is_plain)
		await(from);
	if (from->is_at_end || !from->is_plain)
		return false;
	read_some(from);
	return true;
}

/* lines */

/* The line that is there, and where its end was a NUL; NULL: it is not whole yet. */
static char *take_line(struct probe_source *from, size_t *len)
{
	char *line = from->text + from->at, *end = from->n ? memchr(line, '\n', from->n) : NULL;
	bool is_last = from->is_at_end && from->n;

	if (!end && !is_last)
		return NULL;
	*len = end ? (size_t)(end - line) : from->n;
	from->at += end ? *len + 1 : *len;
	from->n -= end ? *len + 1 : *len;
	if (from->is_too_long)
		*len = 0; /* it is the rest of one */
	else
		from->line++;
	from->is_too_long = false;
	return line;
}

static void drop_too_long(struct probe_source *from)
{
	if (!from->is_too_long)
		out_error(from->out, "%s: line %zu: longer than %d octets", from->name,
			  ++from->line, PROBE_LINE - 1);
	from->is_too_long = true;
	from->n = 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What is a proxy of it; empty: nothing. A password may have a '#'. */
static const char *trimmed(char *line, size_t len)
{
	size_t n = 0;

	while (n < len && line[n] != '\r' && !(line[n] == '#' && (!n || is_blank(line[n - 1]))))
		n++;
	while (n && is_blank(line[n - 1]))
		n--;
	line[n] = '\0';
	return line + strspn(line, " \t");
}

const char *probe_source_next(struct probe_source *from)
{
	const char *proxy;
	size_t len;
	char *line;

	while (from->is_open && !__atomic_load_n(&from->loop->stopped, __ATOMIC_RELAXED)) {
		line = take_line(from, &len);
		proxy = line ? trimmed(line, len) : "";
		if (*proxy)
			return proxy;
		if (!line && from->n == PROBE_LINE)
			drop_too_long(from);
		if (!line && !read_on(from))
			break;
	}
	return NULL;
}

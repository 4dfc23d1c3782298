#include "serve_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/names.h"
#include "json.h"

int serve_log_check(const char *path)
{
	char *copy;
	int rc;

	if (access(path, F_OK) == 0 || errno != ENOENT)
		return access(path, W_OK);
	copy = strdup(path);
	if (!copy)
		return -1;
	rc = access(dirname(copy), W_OK | X_OK);
	free(copy);
	return rc;
}

int serve_log_open(const char *path, bool *made)
{
	struct stat st;
	int fd;

	if (strcmp(path, "-") == 0)
		return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (stat(path, &st) == 0 && S_ISFIFO(st.st_mode))
		return open(path, O_RDWR | O_CLOEXEC);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd >= 0 && made)
		*made = true;
	if (fd >= 0 || errno != EEXIST)
		return fd;
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

static void stamp(char *text, size_t size)
{
	struct timespec now;
	struct tm tm;
	char date[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, size, "%s.%03ldZ", date, now.tv_nsec / 1000000);
}

/* One word, as rules and the command line have it. */
static const char *command(const struct s5_record *r)
{
	return r->cmd == S5_CMD_UDP ? "udp" : s5_cmd_name(r->cmd);
}

/* What there is to tell, as text; NULL: it never came to be known. */
struct told {
	char when[64], client[S5_ADDR_TEXT], target[S5_ADDR_TEXT], actual[S5_ADDR_TEXT];
	char user[256 * 4 + 1];
	const char *method, *command;
	bool has_user, has_target, has_actual, has_datagrams;
};

static void tell(struct told *t, const struct s5_record *r)
{
	stamp(t->when, sizeof(t->when));
	snprintf(t->client, sizeof(t->client), "unix");
	if (r->client.atyp)
		s5_addr_format(&r->client, t->client, sizeof(t->client));
	t->has_user = r->user && r->ulen;
	if (t->has_user)
		s5_escape(t->user, sizeof(t->user), r->user, r->ulen);
	t->method = r->method == S5_METHOD_UNACCEPTABLE ? NULL : s5_method_name(r->method);
	t->command = r->requested ? command(r) : NULL;
	t->has_target = r->requested && r->target.atyp;
	if (t->has_target)
		s5_addr_format(&r->target, t->target, sizeof(t->target));
	t->has_actual = r->actual.atyp;
	if (t->has_actual)
		s5_addr_format(&r->actual, t->actual, sizeof(t->actual));
	t->has_datagrams = r->requested && r->cmd == S5_CMD_UDP;
}

/* A line that is put together, and cut where it is full. */
struct line {
	char *text;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *line, const char *format, ...)
{
	size_t room = SERVE_LOG_LINE - line->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->len, room, format, args);
	va_end(args);
	line->len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static const char *or_dash(const char *text, bool has)
{
	return has ? text : "-";
}

static void put_words(struct line *line, const struct s5_record *r, const struct told *t)
{
	char reply[8], why[sizeof(r->why)];

	snprintf(reply, sizeof(reply), "%02x", r->rep);
	memcpy(why, r->why, sizeof(why));
	for (char *p = why; (p = strchr(p, '"'));)
		*p = '\'';
	put(line, "%s id=%" PRIu64 " client=%s user=%s method=%s command=%s target=%s actual=%s",
	    t->when, r->id, t->client, or_dash(t->user, t->has_user), or_dash(t->method, t->method),
	    or_dash(t->command, t->command), or_dash(t->target, t->has_target),
	    or_dash(t->actual, t->has_actual));
	put(line, " reply=%s up=%" PRIu64 " down=%" PRIu64, or_dash(reply, r->replied), r->up,
	    r->down);
	if (t->has_datagrams)
		put(line, " datagrams_up=%" PRIu64 " datagrams_down=%" PRIu64 " dropped=%" PRIu64,
		    r->datagrams_up, r->datagrams_down, r->dropped);
	put(line, " ms=%" PRId64 " end=\"%s\"\n", r->ms, why);
}

static void put_field(struct line *line, const char *name, const char *text, bool has)
{
	char quoted[2 * S5_ADDR_TEXT + 8];

	put(line, ",\"%s\":%s", name, has ? json_quote(quoted, sizeof(quoted), text) : "null");
}

static void put_json(struct line *line, const struct s5_record *r, const struct told *t)
{
	put(line, "{\"time\":\"%s\",\"id\":%" PRIu64, t->when, r->id);
	put_field(line, "client", t->client, true);
	put_field(line, "user", t->user, t->has_user);
	put_field(line, "method", t->method, t->method);
	put_field(line, "command", t->command, t->command);
	put_field(line, "target", t->target, t->has_target);
	put_field(line, "actual", t->actual, t->has_actual);
	if (r->replied)
		put(line, ",\"reply\":%u", r->rep);
	else
		put(line, ",\"reply\":null");
	put(line, ",\"up\":%" PRIu64 ",\"down\":%" PRIu64, r->up, r->down);
	if (t->has_datagrams)
		put(line,
		    ",\"datagrams_up\":%" PRIu64 ",\"datagrams_down\":%" PRIu64
		    ",\"dropped\":%" PRIu64,
		    r->datagrams_up, r->datagrams_down, r->dropped);
	put(line, ",\"ms\":%" PRId64, r->ms);
	put_field(line, "end", r->why, true);
	put(line, "}\n");
}

size_t serve_log_format(char text[static SERVE_LOG_LINE], const struct s5_record *r, bool json)
{
	struct line line = { .text = text };
	struct told told;

	tell(&told, r);
	if (json)
		put_json(&line, r, &told);
	else
		put_words(&line, r, &told);
	text[line.len - 1] = '\n';
	return line.len;
}

size_t serve_log_lost(char line[static SPOOL_LOST], uint64_t count)
{
	char when[64];

	stamp(when, sizeof(when));
	return (size_t)snprintf(line, SPOOL_LOST,
				"%s lost=%" PRIu64 " end=\"nobody read the log\"\n", when, count);
}

size_t serve_log_lost_json(char line[static SPOOL_LOST], uint64_t count)
{
	char when[64];

	stamp(when, sizeof(when));
	return (size_t)snprintf(line, SPOOL_LOST,
				"{\"time\":\"%s\",\"lost\":%" PRIu64
				",\"end\":\"nobody read the log\"}\n",
				when, count);
}

int serve_log_open_syslog(void)
{
	if (access(_PATH_LOG, F_OK) < 0)
		return -errno;
	openlog("socks5", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	return 0;
}

int serve_log_syslog(void *arg, const char *line, size_t len)
{
	const char *blank = *line == '{' ? NULL : memchr(line, ' ', len);
	size_t time = blank ? (size_t)(blank + 1 - line) : 0;

	(void)arg;
	syslog(LOG_INFO, "%.*s", (int)(len - time - 1), line + time);
	return 0;
}

#include "serve_log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/names.h"

int serve_log_open(const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (stat(path, &st) == 0 && S_ISFIFO(st.st_mode))
		return open(path, O_RDWR | O_CLOEXEC);
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

static const char *address(const struct s5_addr *a, char text[static S5_ADDR_TEXT],
			   const char *none)
{
	if (!a->atyp)
		return none;
	return s5_addr_format(a, text, S5_ADDR_TEXT);
}

static const char *method(const struct s5_record *r)
{
	return r->method == S5_METHOD_UNACCEPTABLE ? "-" : s5_method_name(r->method);
}

/* One word, as rules and the command line have it. */
static const char *command(const struct s5_record *r)
{
	if (!r->requested)
		return "-";
	return r->cmd == S5_CMD_UDP ? "udp" : s5_cmd_name(r->cmd);
}

/* What an association counts besides. */
static const char *datagrams(const struct s5_record *r, char *text, size_t size)
{
	text[0] = '\0';
	if (r->requested && r->cmd == S5_CMD_UDP)
		snprintf(text, size,
			 " datagrams_up=%" PRIu64 " datagrams_down=%" PRIu64 " dropped=%" PRIu64,
			 r->datagrams_up, r->datagrams_down, r->dropped);
	return text;
}

size_t serve_log_format(char line[static SERVE_LOG_LINE], const struct s5_record *r)
{
	char when[64], client[S5_ADDR_TEXT], target[S5_ADDR_TEXT], actual[S5_ADDR_TEXT];
	char user[256 * 4 + 1] = "-", reply[8] = "-", why[sizeof(r->why)], udp[120];
	int n;

	stamp(when, sizeof(when));
	if (r->user && r->ulen)
		s5_escape(user, sizeof(user), r->user, r->ulen);
	if (r->replied)
		snprintf(reply, sizeof(reply), "%02x", r->rep);
	memcpy(why, r->why, sizeof(why));
	for (char *p = why; (p = strchr(p, '"'));)
		*p = '\'';
	n = snprintf(line, SERVE_LOG_LINE,
		     "%s id=%" PRIu64 " client=%s user=%s method=%s command=%s target=%s actual=%s "
		     "reply=%s up=%" PRIu64 " down=%" PRIu64 "%s ms=%" PRId64 " end=\"%s\"\n",
		     when, r->id, address(&r->client, client, "unix"), user, method(r), command(r),
		     r->requested ? address(&r->target, target, "-") : "-",
		     address(&r->actual, actual, "-"), reply, r->up, r->down,
		     datagrams(r, udp, sizeof(udp)), r->ms, why);
	if (n >= SERVE_LOG_LINE) {
		n = SERVE_LOG_LINE - 1;
		line[n - 1] = '\n';
	}
	return (size_t)n;
}

size_t serve_log_lost(char line[static SPOOL_LOST], uint64_t count)
{
	char when[64];

	stamp(when, sizeof(when));
	return (size_t)snprintf(line, SPOOL_LOST,
				"%s lost=%" PRIu64 " end=\"nobody read the log\"\n", when, count);
}

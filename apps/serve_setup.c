#include "serve_setup.h"

#include <errno.h>
#include <inttypes.h>
#include <syslog.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "net/sock.h"
#include "serve_log.h"
#include "serve_trace.h"

const char *serve_where(const struct serve *s, const struct opt_str *item,
			char text[static SERVE_WHERE])
{
	text[0] = '\0';
	if (item->line)
		snprintf(text, SERVE_WHERE,
			 "option --config: %.220s: line %zu: ", s->options.config.path, item->line);
	return text;
}

int serve_misuse(const struct serve *s, const char *what, const char *value, const char *why)
{
	out_error(&s->options.out, "option %s: %s: %s", what, value, why);
	return EXIT_USAGE;
}

/* BIND and UDP ASSOCIATE */

static int set_inbound(struct serve *s)
{
	s->config.bind_ports = s->options.bind_ports;
	s->config.udp_ports = s->options.udp_ports;
	s->config.advertise4 = s->options.advertise.v4;
	s->config.advertise6 = s->options.advertise.v6;
	return EXIT_OK;
}

/* the rest */

static unsigned processors(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n > 0 ? (unsigned)n : 1;
}

/* A log that cannot be written harms no session; it is told once, and so is its recovery. */
static void log_wrote(void *arg, int rc)
{
	struct serve *s = arg;
	bool failing = rc < 0;

	if (__atomic_exchange_n(&s->log_failing, failing, __ATOMIC_RELAXED) == failing)
		return;
	if (failing)
		out_error(&s->options.out, "the log %s: %s; sessions go on without a line",
			  s->options.log, strerrordesc_np(-rc));
	else
		out_say(&s->options.out, "the log %s: written again", s->options.log);
}

static void log_line(struct serve *s, const struct s5_record *record)
{
	char line[SERVE_LOG_LINE];
	size_t len = serve_log_format(line, record, s->options.log_json);

	if (s->log_spool)
		spool_add(s->log_spool, line, len);
	else
		log_wrote(s, spool_write(s->log_fd, line, len));
}

static void log_record(void *arg, const struct s5_record *record)
{
	struct serve *s = arg;

	serve_trace_end(&s->options.out, record);
	if (s->log_fd >= 0 || s->log_spool)
		log_line(s, record);
}

static void log_event(void *arg, const struct s5_record *record, const struct s5_session *session,
		      enum s5_event event)
{
	serve_trace_event(&((const struct serve *)arg)->options.out, record, session, event);
}

static void log_refused(void *arg, const struct s5_record *record, const struct s5_addr *to,
			const char *why)
{
	serve_trace_refused(&((const struct serve *)arg)->options.out, record, to, why);
}

static void log_trouble(void *arg, int error, unsigned count)
{
	const struct serve *s = arg;
	int most = __atomic_load_n(&s->max_sessions, __ATOMIC_RELAXED);
	char times[64] = "";

	if (count > 1)
		snprintf(times, sizeof(times), " (%u times since this was said)", count);
	if (error == EUSERS)
		out_warn(&s->options.out,
			 "%d session%s: further clients are turned away (--max-sessions)%s", most,
			 most == 1 ? "" : "s", times);
	else if (error == EDQUOT)
		out_warn(&s->options.out,
			 "a client has as many sessions as one may: it is turned away "
			 "(--max-per-client)%s",
			 times);
	else
		out_warn(
			&s->options.out,
			"cannot accept clients: %s; they wait until sessions end (see ulimit -n)%s",
			strerrordesc_np(error), times);
}

static size_t said_lost(char line[static SPOOL_LOST], uint64_t count)
{
	return (size_t)snprintf(line, SPOOL_LOST,
				"socks5 serve: %" PRIu64 " lines were lost: nobody read them\n",
				count);
}

static int set_spool(struct serve *s, struct spool **spool, const struct spool_use *use)
{
	if (!use->write && !spool_is_needed(use->fd))
		return EXIT_OK;
	*spool = spool_new(use);
	if (*spool)
		return EXIT_OK;
	out_error(&s->options.out, "cannot start: %s", strerror(errno));
	return EXIT_NETWORK;
}

/* What the workers say must not wait for stderr's reader. */
int serve_start_spools(struct serve *s)
{
	int status = set_spool(s, &s->options.out.spool,
			       &(struct spool_use){ .fd = STDERR_FILENO, .lost = said_lost });

	if (status != EXIT_OK || (s->log_fd < 0 && !serve_logs_to_system(s)))
		return status;
	return set_spool(s, &s->log_spool,
			 &(struct spool_use){
				 .fd = s->log_fd,
				 .write = serve_logs_to_system(s) ? serve_log_syslog : NULL,
				 .lost = s->options.log_json ? serve_log_lost_json : serve_log_lost,
				 .wrote = log_wrote,
				 .arg = s });
}

bool serve_logs_to_system(const struct serve *s)
{
	return s->options.log && strcmp(s->options.log, "syslog") == 0;
}

static int set_log(struct serve *s)
{
	int verbose = s->options.out.verbose, rc;

	s->log_fd = -1;
	s->config.trouble = log_trouble;
	s->config.arg = s;
	s->config.watch = verbose ? log_event : NULL;
	s->config.refused = verbose ? log_refused : NULL;
	s->config.log = verbose || s->options.log ? log_record : NULL;
	if (!s->options.log)
		return EXIT_OK;
	if (serve_logs_to_system(s)) {
		rc = serve_log_open_syslog();
		return rc == 0 ? EXIT_OK
			       : serve_misuse(s, "--log", "syslog",
					      "nobody takes it at " _PATH_LOG
					      "; name a FILE (./syslog is one) or -");
	}
	if (s->options.check && strcmp(s->options.log, "-") != 0)
		return serve_log_check(s->options.log) == 0
			       ? EXIT_OK
			       : serve_misuse(s, "--log", s->options.log, strerror(errno));
	s->log_fd = serve_log_open(s->options.log, &s->log_made);
	if (s->log_fd < 0)
		return serve_misuse(s, "--log", s->options.log, strerror(errno));
	return EXIT_OK;
}

static int make_server(struct serve *s)
{
	int rc = s5_server_new(&s->server, &s->config);

	if (rc == 0)
		return EXIT_OK;
	if (rc == -EINVAL)
		return serve_misuse(s, "--resolver", s->options.resolver, "not ADDR[:PORT]");
	out_error(&s->options.out, "cannot start: %s", strerror(-rc));
	return EXIT_NETWORK;
}

int serve_configure(struct serve *s)
{
	static int (*const parts[])(struct serve *) = { serve_make_policy, set_inbound, set_log,
							make_server };
	int status = EXIT_OK;

	s->config.workers = s->options.workers ? (unsigned)s->options.workers : processors();
	s->config.resolver = s->options.resolver;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts)[0] && status == EXIT_OK; i++)
		status = parts[i](s);
	return status;
}

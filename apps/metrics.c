#include "metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/names.h"

#define CLIENTS 64 /* at once */
#define OF_ONE 8 /* address */
#define PATIENCE 5 /* seconds without a word */
#define TURN_MS 200 /* how soon the thread hears that it is to stop */
#define PAUSE_NS 5000000 /* between turns: where nobody can be accepted it does not spin */

struct metrics {
	struct MHD_Daemon *daemon;
	struct s5_server *server;
	pthread_t thread;
	bool stopping; /* atomically */
};

/* --- the text ----------------------------------------------------------------------------------- */

static void put_head(FILE *to, const char *name, const char *type, const char *help)
{
	fprintf(to, "# HELP socks5_%s %s\n# TYPE socks5_%s %s\n", name, help, name, type);
}

static void put_one(FILE *to, const char *name, const char *type, const char *help, uint64_t value)
{
	put_head(to, name, type, help);
	fprintf(to, "socks5_%s %" PRIu64 "\n", name, value);
}

static void put_pair(FILE *to, const char *name, const char *help, const char *label,
		     const char *const values[2], const uint64_t counts[2])
{
	put_head(to, name, "counter", help);
	for (unsigned i = 0; i < 2; i++)
		fprintf(to, "socks5_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, values[i],
			counts[i]);
}

/* As rules and the log have it. */
static const char *command_name(unsigned cmd)
{
	if (cmd == 0)
		return "other";
	return cmd == S5_CMD_UDP ? "udp" : s5_cmd_name((uint8_t)cmd);
}

/* Those that there were, and the successes of each command. */
static void put_requests(FILE *to, const struct s5_stats *stats)
{
	put_head(to, "requests_total", "counter", "Requests that are over, by command and reply.");
	for (unsigned cmd = 0; cmd < 4; cmd++)
		for (unsigned rep = 0; rep < S5_STATS_REPS; rep++)
			if (stats->requests[cmd][rep] || (cmd && !rep))
				fprintf(to,
					"socks5_requests_total{command=\"%s\",reply=\"%02x\"} %" PRIu64
					"\n",
					command_name(cmd), rep < S5_STATS_REPS - 1 ? rep : 0xff,
					stats->requests[cmd][rep]);
}

char *metrics_text(const struct s5_stats *s, size_t *len)
{
	static const char *const ways[] = { "up", "down" };
	static const char *const limits[] = { "max-sessions", "max-per-client" };
	char *text = NULL;
	FILE *to = open_memstream(&text, len);

	if (!to)
		return NULL;
	put_head(to, "build_info", "gauge", "The program.");
	fputs("socks5_build_info{version=\"" S5_VERSION "\"} 1\n", to);
	put_one(to, "sessions", "gauge", "Sessions now, with those in the handshake.", s->sessions);
	put_one(to, "clients_total", "counter", "Connections of clients that were taken.",
		s->clients);
	put_pair(to, "turned_away_total", "Clients that were turned away, by the limit reached.",
		 "limit", limits, (const uint64_t[]){ s->beyond_sessions, s->beyond_client });
	put_one(to, "credentials_refused_total", "counter",
		"Wrong passwords, and those not looked at.", s->credentials_refused);
	put_requests(to, s);
	put_pair(to, "octets_total", "Octets that were relayed, from clients and to them.",
		 "direction", ways, s->octets);
	put_pair(to, "datagrams_total", "Datagrams that were relayed, from clients and to them.",
		 "direction", ways, s->datagrams);
	put_one(to, "datagrams_dropped_total", "counter",
		"Datagrams that went nowhere, of associations that are over.",
		s->datagrams_dropped);
	if (fclose(to) == 0)
		return text;
	free(text);
	return NULL;
}

/* --- the pages ---------------------------------------------------------------------------------- */

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, char *text,
			      size_t len, bool owned)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		len, text, owned ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	enum MHD_Result rc;

	if (!response) {
		if (owned)
			free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				owned ? "text/plain; version=0.0.4" : "text/plain");
	rc = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return rc;
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned status, const char *text)
{
	return answer(connection, status, (char *)(uintptr_t)text, strlen(text), false);
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **state)
{
	const struct metrics *m = arg;
	struct s5_stats stats;
	size_t len;
	char *text;

	(void)version, (void)upload, (void)state;
	*upload_size = 0;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
	if (strcmp(url, "/healthz") == 0)
		return say(connection, MHD_HTTP_OK, "ok\n");
	if (strcmp(url, "/metrics") != 0)
		return say(connection, MHD_HTTP_NOT_FOUND, "there are /metrics and /healthz\n");
	s5_server_stats(m->server, &stats);
	text = metrics_text(&stats, &len);
	return text ? answer(connection, MHD_HTTP_OK, text, len, true) : MHD_NO;
}

/* --- life --------------------------------------------------------------------------------------- */

static void *run(void *arg)
{
	static const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct metrics *m = arg;

	while (!__atomic_load_n(&m->stopping, __ATOMIC_RELAXED)) {
		MHD_run_wait(m->daemon, TURN_MS);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static int start_thread(struct metrics *m)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&m->thread, NULL, run, m);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

static struct MHD_Daemon *start_daemon(int fd, struct metrics *m)
{
	return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, handle, m, MHD_OPTION_LISTEN_SOCKET,
				fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CLIENTS,
				MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)OF_ONE,
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)PATIENCE, MHD_OPTION_END);
}

struct metrics *metrics_new(int fd, struct s5_server *server)
{
	struct metrics *m = calloc(1, sizeof(*m));
	int rc = 0;

	errno = 0;
	if (m) {
		m->server = server;
		m->daemon = start_daemon(fd, m);
	}
	if (!m || !m->daemon) {
		close(fd);
		free(m);
		errno = errno ? errno : EIO;
		return NULL;
	}
	rc = start_thread(m);
	if (rc == 0)
		return m;
	MHD_stop_daemon(m->daemon);
	free(m);
	errno = rc;
	return NULL;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	__atomic_store_n(&m->stopping, true, __ATOMIC_RELAXED);
	pthread_join(m->thread, NULL);
	MHD_stop_daemon(m->daemon);
	free(m);
}

const char *metrics_library(void)
{
	return MHD_get_version();
}

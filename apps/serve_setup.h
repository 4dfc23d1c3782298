/*
 * From the options of `socks5 serve` to a server's configuration. What is wrong is said, with its
 * remedy, and the exit status returned.
 */
#ifndef APPS_SERVE_SETUP_H
#define APPS_SERVE_SETUP_H

#include <sys/stat.h>

#include "command.h"
#include "notify.h"
#include "roles/server.h"
#include "serve_opts.h"

struct serve {
	const struct command *command;
	int argc; /* the line as it was typed, to be read again: copies */
	char **words;
	struct serve_options options;
	struct s5_server_config config;
	struct s5_policy policy; /* until the server takes it over */
	size_t nusers; /* with a password */
	size_t nprincipals; /* listed; 0: every one may come */
	int log_fd; /* -1: no log */
	struct spool *log_spool; /* NULL: the log takes its lines at once */
	bool log_made; /* the log was not there before */
	bool log_failing; /* atomically: the last line was lost, and that was told */
	char **listening; /* where, for the lines that say so */
	size_t nlistening;
	bool walled; /* system calls that it had no use for at the start are out of reach */
	bool unix_upstream; /* but it had for those */
	bool sandboxed; /* files that it was not started with are out of reach */
	struct stat hosts; /* /etc/hosts then */
	bool reachable; /* some listener is, from other machines */
	struct notify notify;
	int metrics_fd; /* -1: none */
	struct metrics *metrics;
	int max_sessions; /* atomically: in force, for the line that says so */
	struct s5_server *server;
};

/* Says what is wrong with an option's value; EXIT_USAGE. */
int serve_misuse(const struct serve *s, const char *option, const char *value, const char *why);
/* Where an item of a list was written, for the beginning of an error: "option --config: FILE: line 3: ",
 * or nothing if that was the command line. Returns text. */
#define SERVE_WHERE 300
const char *serve_where(const struct serve *s, const struct opt_str *item,
			char text[static SERVE_WHERE]);
bool serve_has_method(const struct serve *s, uint8_t method);
/* Takes --user and --users. EXIT_OK, or a status after saying why. */
int serve_set_users(struct serve *s);
/* The file of the keys that tickets are opened with; NULL: it is in no file. */
const char *serve_keytab(const struct serve_options *o);
/* Takes what says how destinations are reached. EXIT_OK, or a status after saying why. */
int serve_set_dial(struct serve *s);
/* May sockets leave as --interface and --mark say? why: the remedy where there is no right to.
 * EXIT_OK, or a status after saying why not. */
int serve_check_egress(const struct serve *s, const char *why);
/* Once it listens: is the way on not itself? EXIT_OK, or a status after saying so. */
int serve_check_upstream(const struct serve *s, const struct s5_client_config *upstream);
/* The policy, as options and files say it. EXIT_OK, or a status after saying why. */
int serve_make_policy(struct serve *s);
/* Everything but the listeners. EXIT_OK, or a status after saying why. */
int serve_configure(struct serve *s);
/* Listens on each of the arguments, on what systemd passed, or on the default.
 * With --check it only looks at them. */
int serve_listen(struct serve *s, int count, char **arguments);
/* Only once all that could hinder it has been looked at. */
void serve_say_listening(const struct serve *s);
/* --metrics: listens. EXIT_OK, or a status after saying why not. */
int serve_listen_metrics(struct serve *s);
/* And serves, once the server works. */
int serve_start_metrics(struct serve *s);
/* Do clients come from other machines, be it through a balancer? */
bool serve_is_beyond(const struct serve *s);
/* SEC-3: nobody becomes an open proxy by accident. EXIT_OK, or says that `what` is refused. */
int serve_check_open(const struct serve *s, const char *what);
/* Can it be what --run-as says? EXIT_OK, or a status after saying why not. */
int serve_check_run_as(const struct serve *s);
/* Says which files of these options it could read if the sandbox had left them. */
void serve_explain_unreachable(const struct serve *s, const struct serve_options *next);
/* --run-as. EXIT_OK, or a status after saying why not. */
int serve_run_as(struct serve *s);
/* --sandbox, once all is open and before there is any thread; says what is in force. EXIT_OK, or a
 * status. */
int serve_enter_sandbox(struct serve *s);
/* At SIGHUP: is the file that names are looked up in still within reach? */
void serve_warn_of_hosts(const struct serve *s);
/* --log syslog */
bool serve_logs_to_system(const struct serve *s);
/* What takes the lines for standard error and the log where those may block: threads. EXIT_OK, or a
 * status after saying why. */
int serve_start_spools(struct serve *s);
/* --check, once all is configured: prints what is asked for. A status. */
int serve_check(struct serve *s);
/* SIGHUP: reads all files again, and the command line. What is wrong is said, and all stays as it
 * was. */
void serve_reload(struct serve *s);
/* Says in plain words who may do what; who: without the rules, but with what may not be meant. */
void serve_explain(const struct serve *s);
void serve_explain_who(const struct serve *s);

#endif

/*
 * `socks5 probe`: what a proxy is, can do and is worth. Every proxy is a subject; so many at a time
 * are probed on one loop (probe_run.c), and each is shown when it is done (probe_text.c,
 * probe_json.c). The targets are echoes of our own, on the address from which this machine reaches
 * the proxy.
 */
#ifndef APPS_PROBE_H
#define APPS_PROBE_H

#include <sys/queue.h>

#include "engine.h"
#include "gssapi_opts.h"
#include "net/resolve.h"
#include "opt.h"
#include "out.h"
#include "probe/echo.h"
#include "probe/prober.h"
#include "probe/suite.h"
#include "probe_source.h"
#include "progress.h"
#include "secret.h"
#include "words.h"

#define PROBE_CASES_AT_ONCE 16 /* of one proxy */

enum probe_format { PROBE_TEXT, PROBE_JSON, PROBE_TAP, PROBE_JUNIT };

struct probe_options {
	char *file; /* of proxies, one a line; or NULL */
	char *user, *password, *target;
	char *only; /* cases, by their ids or how those begin; or NULL */
	int jobs;
	int64_t timeout; /* ms for each step */
	int format; /* enum probe_format */
	int sort; /* enum probe_sort */
	char *exec; /* --client: the client that we start; or NULL */
	bool quick, alive, conformance, client, strict, list;
	struct gssapi_options gssapi;
	struct out out;
};

enum probe_sort { PROBE_AS_THEY_END, PROBE_BY_LATENCY };

/* What a proxy is worth, and the exit status. */
enum probe_worth { PROBE_USABLE, PROBE_UNUSABLE, PROBE_LOCKED };

struct probe;

#define PROBE_EXITS 3

/* What is shown of a subject once all are done. */
struct probe_kept {
	uint64_t latency; /* microseconds; UINT64_MAX: it did not connect */
	char *text;
};

struct probe_subject {
	LIST_ENTRY(probe_subject) link;
	struct probe *probe;
	char *text; /* as it was typed, without a password */
	struct s5_addr addr; /* its address, or its name; atyp 0: a Unix socket */
	struct s5_lookup lookup;
	const char *why; /* nothing was tried: static; or NULL */
	struct s5_prober prober;
	/* From where it came to our targets by IPv4 and by IPv6, and, in the third, to the target that
	 * was given, if that says so; atyp 0: not known. */
	struct s5_addr seen[PROBE_EXITS];
	struct s5_suite suite; /* with --conformance */
};

struct probe {
	struct probe_options options;
	struct engine engine;
	struct progress progress;
	struct s5_echo echo4, echo6, loop4, loop6; /* for proxies elsewhere, and on this machine */
	struct s5_addr target; /* atyp 0: none was given */
	char user[256], password[256];
	size_t nuser, npassword;
	struct probe_source source; /* the list, behind the words */
	struct words given; /* on the command line: copies */
	char **words; /* those that are left */
	size_t nwords;
	unsigned running;
	uint64_t begun, done, alive;
	int64_t started; /* ms, as s5_clock_ms */
	size_t ntests; /* that TAP has told of */
	bool is_many; /* proxies, perhaps */
	bool locked, broken, stop; /* broken: a case failed that counts */
	bool deaf; /* nobody reads what is said; the cause was told */
	LIST_HEAD(, probe_subject) subjects;
	struct probe_kept *kept; /* until all are done, with --sort */
	size_t nkept, kept_room;
};

/* probe_run.c: all of them. An exit status; what is wrong was said. */
int probe_run_all(struct probe *p);
/* Ctrl-C stops the loop and sets p->stop; then, once all is shown and given back, this ends the process as
 * the signal would have. */
void probe_catch_signals(struct probe *p);

/* probe_parts.c: our target for it; the parts of its scripts. own: its credentials, if they are known. */
const struct s5_echo *probe_echo(const struct probe_subject *s, enum s5_atyp atyp);
void probe_set_targets(struct probe_subject *s);
void probe_set_credentials(struct probe_subject *s, const struct s5_credentials *own, bool known);

/* probe_fact.c: how a fact is told. */
enum probe_answer { PROBE_YES, PROBE_NO, PROBE_UNKNOWN };
#define PROBE_WHY 288
enum probe_answer probe_fact(const struct probe_subject *s, enum s5_fact fact,
			     char why[static PROBE_WHY]);
/* Why there is no security context. */
void probe_no_context(enum s5_gss_trouble trouble, const char *untold, char why[static PROBE_WHY]);
enum probe_worth probe_worth(const struct probe_subject *s, const char **text);
/* Why it is worth no more: "not reachable: Connection refused"; returns text. */
const char *probe_why(const struct probe_subject *s, char text[static PROBE_WHY]);

/* probe_exit.c: from where it comes to its targets. */
void probe_note_exit(struct s5_prober *prober, enum s5_fact fact);
/* What our target should have said was said, but our target saw nobody. */
bool probe_is_mirror(const struct probe_subject *s);
/* Is the bound address that where its connection came from? */
enum probe_answer probe_bound(const struct probe_subject *s, char why[static PROBE_WHY]);
/* How many of the addresses are known: in text; none: why not. */
unsigned probe_exits(const struct probe_subject *s, char text[static PROBE_EXITS][S5_ADDR_TEXT],
		     char why[static PROBE_WHY]);

/* probe_suite.c: the cases against a subject that was probed. False: no memory. */
bool probe_suite_start(struct probe_subject *s, void (*done)(struct s5_suite *suite));
/* What is wrong with --only, in why; or NULL. */
const char *probe_unknown_case(const struct probe_options *o, char why[static PROBE_WHY]);
bool probe_wants_case(const struct probe_options *o, const char *id);
struct probe_score {
	unsigned passed, failed, failed_must, skipped;
	unsigned troubled; /* of those skipped: for want of something on this machine */
};
struct probe_score probe_score(const struct s5_suite *suite);
/* Why it failed or was skipped; returns text. */
const char *probe_case_why(const struct s5_suite *suite, size_t i, char text[static PROBE_WHY]);
/* probe_command.c: the command with the addresses put in (malloc; NULL: no memory); and what in it looks
 * like a name that is none, in why, or NULL. */
char *probe_put_names(const char *exec, const struct s5_addr *proxy, const struct s5_addr *target,
		      const char *id);
const char *probe_mistaken(const char *exec, char why[static PROBE_WHY]);

/* probe_client.c: --client. An exit status; what is wrong was said. */
int probe_client(struct probe *p);

/* probe_report.c: what came of the cases: the beginning, a subject (cases, or why there are none), the
 * end. */
void probe_report_begin(const struct probe *p);
void probe_report(const struct probe_subject *s);
void probe_report_end(const struct probe *p, bool is_stopped);
void probe_list(const struct probe_options *o);

/* probe_words.c: the proxies on the command line, or --client's LISTEN. They are copied, so that a password
 * among them does not stay in the process's title; all are looked at before anything is tried. Returns the
 * exit status; what is wrong has been said. */
int probe_words_take(struct probe *p, int count, char **argv);

/* probe_wrap.c: words up to the 80th column, behind a margin that is filled already; further lines
 * begin with `before` and the margin. */
void probe_wrap(FILE *to, const char *before, int margin, const char *text);
/* The same on a terminal; elsewhere a row is a line, to who looks for it. */
void probe_row(FILE *to, int margin, const char *text);

void probe_text(FILE *to, const struct probe_subject *s);
void probe_json(FILE *to, const struct probe_subject *s);

#endif

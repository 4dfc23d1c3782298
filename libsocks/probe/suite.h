/* Cases (probe/cases.h) against one proxy, several at a time: each by an exchange of its own, which stays
 * to be looked at until the suite is freed.
 *
 * Some cases have wrong credentials, and a careful server may hear us no more when it has had enough of
 * them. So where right ones are refused they are tried once more, by themselves: if they are refused again
 * the case tells nothing.
 *
 * It is embedded in what it serves and belongs to one loop. Zero it, set the upper part, start it; done()
 * is called once, from the loop.
 */
#ifndef S5_PROBE_SUITE_H
#define S5_PROBE_SUITE_H

#include "probe/cases.h"
#include "probe/exchange.h"

enum s5_verdict_of_case {
	S5_CASE_UNTOLD, /* not wanted, or not over yet */
	S5_CASE_PASS,
	S5_CASE_FAIL,
	S5_CASE_SKIP, /* something is missing that it needs, or here */
};

struct s5_suite_case {
	enum s5_verdict_of_case verdict;
	bool wanted; /* set by the caller between init and start */
	char *note; /* malloc; FAIL or SKIP for a cause that the exchange does not tell; or NULL */
	unsigned lacks; /* SKIP: of what the case needs */
	struct s5_words words;
	struct s5_parts *parts; /* malloc; of a client; NULL: the suite's */
	struct s5_exchange exchange;
	struct s5_suite_again *again; /* private; NULL: the credentials were not tried again */
	struct s5_suite *suite;
};

struct s5_suite {
	/* Set by the caller before start. */
	struct s5_loop *loop;
	struct s5_sockaddr proxy;
	struct s5_parts parts;
	const struct s5_gss_config *gss; /* these as in an exchange */
	struct s5_work *work;
	struct s5_exchange_times times;
	unsigned has; /* of what cases need, that which the proxy is known to have */
	unsigned jobs; /* cases at a time */
	void (*told)(struct s5_suite *s, size_t i); /* case i is over; NULL: nobody is told */
	void (*done)(struct s5_suite *s);

	const struct s5_case *rows; /* the table, borrowed */
	size_t nrows;
	struct s5_suite_case *cases; /* one for each row */
	size_t over, count; /* how many are over, and wanted */
	/* private */
	size_t next, running;
	struct s5_words login; /* right credentials, and nothing else */
	struct s5_task task;
};

/* False: no memory. Wants all cases of the table. */
bool s5_suite_init(struct s5_suite *s, const struct s5_case *rows, size_t nrows);
void s5_suite_start(struct s5_suite *s);
void s5_suite_free(struct s5_suite *s);
/* As if it had never been tried. Not while its exchange goes on. */
void s5_suite_forget(struct s5_suite_case *c);

#endif

/*
 * What the rooms of --client share: a client that is on trial, and the places in which its cases go on.
 * probe_client.c leads through the cases, probe_client_verdict.c says what came of them.
 */
#ifndef APPS_PROBE_CLIENT_H
#define APPS_PROBE_CLIENT_H

#include "probe.h"
#include "probe/clients.h"
#include "probe_child.h"

#define PLACES 16
#define PAGE_TEXT "the page of socks5 probe\n"
#define PAGE                                                                    \
	"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 25\r\n" \
	"Connection: close\r\n\r\n" PAGE_TEXT
#define WRONG "what must not come through\n"
#define NO_CASE SIZE_MAX

struct client;

struct place {
	struct client *client;
	struct s5_watch listening; /* fd -1: closed */
	struct s5_addr at;
	struct s5_echo target;
	size_t i; /* the case; or NO_CASE */
	bool is_taken; /* its connection came */
	bool is_over; /* and it has gone through the script */
	bool is_killed;
	uint64_t past; /* connections of the target before the case */
	int64_t until; /* when the child is ended, in ms */
	struct child child;
	struct s5_timer tick;
};

struct client {
	struct probe *probe;
	struct probe_subject
		subject; /* its suite has the rows and what came of them; it is not started */
	struct s5_addr listen;
	struct place places[PLACES];
	size_t nplaces, next, running;
	bool is_known, is_tried; /* what it does; that the plain case was tried */
	bool is_troubled; /* a case could not be tried */
	bool is_useless; /* --exec: it starts no client, or one that does not come */
	enum {
		SHOWS_OTHER,
		SHOWS_PAGE,
		SHOWS_PAGE_ALONE,
		SHOWS_TEXT_ALONE
	} shows; /* on its stdout */
	unsigned does;
};

static inline bool client_has_exec(const struct client *c)
{
	return c->probe->options.exec != NULL;
}

/* What it does not do, of what a case needs. */
const char *client_needs_text(unsigned needs);
void client_skip(struct client *c, size_t i, const char *why);
/* The case of a place is over, and so is its child: what came of it. */
void client_judge(struct place *p);
/* And what the first cases tell of the client. */
void client_learn(struct place *p);
/* Enough is known to go on. */
bool client_is_sound(const struct client *c);

#endif

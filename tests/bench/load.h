/* A load on a SOCKS5 server, and what it costs the server.
 *
 * The load brings its own target, a child process that is a source, a sink or an echo, and charges
 * the server with the CPU time and the memory of all processes of its session, so that servers of
 * one process, of threads and of many processes compare. Nothing of the project takes part.
 *
 * Whatever goes wrong ends the program with a message; the target dies with it.
 */
#ifndef LOAD_H
#define LOAD_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/types.h>

/* usage */

/* What all processes of a session took so far, those that ended included. */
double usage_cpu(pid_t session); /* seconds */
uint64_t usage_memory(pid_t session); /* KiB: private pages, and a share of the shared ones */

/* target */

/* The first octet of a connection says what the target does with it. */
enum work {
	WORK_SOURCE = 'S', /* sends without end */
	WORK_SINK = 'K', /* takes all */
	WORK_ECHO = 'E', /* sends all back, that first octet too */
};

/* Starts it on a free port of 127.0.0.1. A source or a sink closes after `limit` octets, 0: never.
 * It ends when the thread that called this ends. */
struct sockaddr_in target_start(uint64_t limit);

/* load */

struct load;

struct mode {
	const char *name;
	void (*run)(struct load *l); /* measures and prints */
	/* What is done in each tunnel; `ready` is called when `events` happened in it. */
	enum work work;
	uint32_t events;
	void (*ready)(struct load *l, int tunnel);
	double unit; /* so many steps of `done` are a unit of work */
	double scale; /* from seconds a unit to what is printed */
};

struct tunnel; /* private */

struct load {
	const struct mode *mode;
	struct sockaddr_in proxy, target;
	pid_t session; /* the server's */
	int count; /* tunnels */
	double seconds;

	/* Private. */
	int epoll, source;
	struct tunnel *tunnels;
	int started, opened;
	uint64_t done;
};

/* Opens all tunnels, then counts what is done in them for the seconds asked for. */
void load_run_work(struct load *l);
/* Opens all tunnels and weighs them. */
void load_run_idle(struct load *l);

void load_receive(struct load *l, int tunnel);
void load_send(struct load *l, int tunnel);
void load_reconnect(struct load *l, int tunnel);
void load_round_trip(struct load *l, int tunnel);
void load_rest(struct load *l, int tunnel);

#endif

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
	WORK_DATAGRAMS = 'D', /* no connection: sends back what comes in datagrams */
};

/* Starts it on a free port of 127.0.0.1, for connections or for datagrams as the work wants it. A
 * source or a sink closes after `limit` octets, 0: never. It ends when the thread that called this
 * ends. */
struct sockaddr_in target_start(enum work work, uint64_t limit);

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

/* Of an association. Its datagrams are numbered, so that those that are lost are known. */
struct flow {
	struct sockaddr_in relay;
	uint32_t sent;
	uint32_t past; /* those before are back, or lost */
	uint32_t back;
};

struct tunnel; /* private */

struct load {
	const struct mode *mode;
	struct sockaddr_in proxy, target;
	pid_t session; /* the server's */
	int count; /* tunnels */
	double seconds;
	uint32_t octets, window; /* of a datagram; datagrams on their way at a time */

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
void load_exchange(struct load *l, int tunnel);
void load_collect(struct load *l, int tunnel);

/* datagrams */

/* Octets: a number fits, and a datagram's payload holds it with its header. */
#define FLOW_LEAST 4
#define FLOW_MOST 65497

/* A socket for the datagrams that go through the relay. */
int flow_open(const struct flow *f);
void flow_send(struct flow *f, int fd, const struct load *l, uint32_t n);
/* What came back; 0: nothing for now. */
uint32_t flow_receive(struct flow *f, int fd, const struct load *l);

#endif

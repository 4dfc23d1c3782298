/* load [OPTION]... MODE: loads a SOCKS5 server on 127.0.0.1 and prints what a unit of work costs
 * it. The rows of `modes` are what there is to do; `target` is the target alone, until the end of
 * stdin. */
#include "load.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define GIB (1024.0 * 1024 * 1024)
#define MICRO 1e6

static const struct mode modes[] = {
	/* seconds a GiB */
	{ "down", load_run_work, WORK_SOURCE, EPOLLIN, load_receive, GIB, 1 },
	{ "up", load_run_work, WORK_SINK, EPOLLOUT, load_send, GIB, 1 },
	/* microseconds */
	{ "conn", load_run_work, WORK_ECHO, EPOLLIN, load_reconnect, 1, MICRO },
	{ "rr", load_run_work, WORK_ECHO, EPOLLIN, load_round_trip, 1, MICRO },
	{ "udp", load_run_work, WORK_DATAGRAMS, EPOLLIN, load_exchange, 1, MICRO },
	/* KiB a tunnel, an association */
	{ "idle", load_run_idle, WORK_ECHO, EPOLLIN, load_rest, 1, 1 },
	{ "udp-idle", load_run_idle, WORK_DATAGRAMS, EPOLLIN, load_collect, 1, 1 },
};

static void usage(void)
{
	fputs("usage: load -p PORT -s SESSION [-n TUNNELS] [-t SECONDS] down|up|conn|rr|idle\n"
	      "       load -p PORT -s SESSION [-n ASSOCIATIONS] [-t SECONDS] [-b OCTETS] [-w WINDOW]\n"
	      "            udp|udp-idle\n"
	      "       load [-l OCTETS] target\n",
	      stderr);
	exit(2);
}

static const struct mode *mode_find(const char *name)
{
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	return NULL;
}

static void many_descriptors(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void target_alone(uint64_t limit)
{
	printf("%u\n", ntohs(target_start(WORK_ECHO, limit).sin_port));
	fflush(stdout);
	while (getchar() != EOF)
		;
}

int main(int argc, char **argv)
{
	struct load l = { .count = 1, .seconds = 1, .octets = 64, .window = 64 };
	uint64_t limit = 0;
	int option;

	l.proxy = (struct sockaddr_in){ .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	while ((option = getopt(argc, argv, "p:s:n:t:b:w:l:")) != -1) {
		if (option == 'p')
			l.proxy.sin_port = htons((uint16_t)atoi(optarg));
		else if (option == 's')
			l.session = atoi(optarg);
		else if (option == 'n')
			l.count = atoi(optarg);
		else if (option == 't')
			l.seconds = atof(optarg);
		else if (option == 'b')
			l.octets = (uint32_t)atoi(optarg);
		else if (option == 'w')
			l.window = (uint32_t)atoi(optarg);
		else if (option == 'l')
			limit = strtoull(optarg, NULL, 10);
		else
			usage();
	}
	if (optind != argc - 1)
		usage();
	many_descriptors();
	if (strcmp(argv[optind], "target") == 0) {
		target_alone(limit);
		return 0;
	}
	l.mode = mode_find(argv[optind]);
	if (!l.mode || !l.proxy.sin_port || l.session <= 0 || l.count < 1 || l.window < 1 ||
	    l.octets < FLOW_LEAST || l.octets > FLOW_MOST)
		usage();
	l.target = target_start(l.mode->work, 0);
	l.mode->run(&l);
	return 0;
}

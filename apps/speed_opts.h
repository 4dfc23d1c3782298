/* What `socks5 speed` is told on its command line; filled from speed_opts. */
#ifndef APPS_SPEED_OPTS_H
#define APPS_SPEED_OPTS_H

#include "opt.h"
#include "out.h"
#include "proxy_opts.h"

struct command;

struct speed_options {
	int64_t seconds; /* ms, of each measure */
	int streams; /* at a time; 0: as the measure has it */
	uint64_t bytes; /* 0: as the measure has it */
	int window; /* datagrams on their way */
	bool upload;
	bool associations; /* idle ones, instead of tunnels */
	char *target; /* HOST:PORT, or NULL: our own */
	int pid; /* the server; 0: not known */
	bool json;
	bool histogram;
	struct proxy_options proxy;
	struct out out;
};

extern const struct opt speed_opts[];
/* The names of the measures. */
extern const struct opt_word speed_measures[];

/* In speed.c; speed_command calls it. */
int speed_run(const struct command *self, int argc, char **argv);

#endif

/*
 * What `socks5 speed` loads the proxy against unless it is told another target: a process of its own
 * on free ports of one address, one loop, as little work as can be. It ends with the process that
 * started it.
 */
#ifndef APPS_SPEED_TARGET_H
#define APPS_SPEED_TARGET_H

#include <sys/types.h>

#include "base/addr.h"

/* The first octet of a connection says what is done with it. */
enum speed_work {
	SPEED_SOURCE = 'S', /* sends without end */
	SPEED_SINK = 'K', /* takes all */
	SPEED_ECHO = 'E', /* sends all back, that first octet too */
};

struct speed_target {
	pid_t pid; /* 0: none */
	struct s5_addr stream; /* for connections */
	struct s5_addr datagrams; /* what comes there goes back */
};

/* Before any thread is started. 0 or -errno. */
int speed_target_start(struct speed_target *t, const struct s5_addr *host);
/* Harmless when zeroed. */
void speed_target_stop(struct speed_target *t);

#endif

/*
 * What a server took so far, told by /proc: the CPU time and the memory of a process, of its
 * descendants and, where it leads a session, of all in that session; threads included, and children
 * that ended.
 */
#ifndef APPS_SPEED_USAGE_H
#define APPS_SPEED_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct speed_usage {
	double cpu; /* seconds */
	uint64_t memory; /* KiB: private pages, and a share of the shared ones */
	unsigned processes; /* 0: none is there */
};

void speed_usage_read(struct speed_usage *u, pid_t pid);

/* The parts, pure. */

struct speed_process {
	pid_t pid, parent, session;
	char state;
	unsigned long waited; /* ticks of children that ended and were waited for */
	bool is_charged;
};

/* Reads /proc/PID/stat. */
bool speed_usage_parse(struct speed_process *p, const char *stat);
/* Marks those that belong to `pid`; `self` and its descendants never do. */
void speed_usage_charge(struct speed_process *all, size_t count, pid_t pid, pid_t self);

#endif

#include "load.h"

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct process {
	int session;
	long user, system; /* ticks of children that ended */
};

static FILE *process_open(const char *pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%.16s/%s", pid, file);
	return fopen(path, "re");
}

/* False: it has ended meanwhile. */
static bool process_read(const char *pid, struct process *p)
{
	char line[1024] = "";
	FILE *f = process_open(pid, "stat");
	const char *rest;

	if (!f)
		return false;
	line[fread(line, 1, sizeof line - 1, f)] = '\0';
	fclose(f);
	rest = strrchr(line, ')'); /* the name may hold anything */
	return rest &&
	       sscanf(rest + 1, " %*c %*d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %ld %ld",
		      &p->session, &p->user, &p->system) == 3;
}

/* The next process of the session, its pid; NULL: no more. */
static const char *process_next(DIR *proc, pid_t session, struct process *p)
{
	const struct dirent *entry;

	while ((entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]) && process_read(entry->d_name, p) &&
		    p->session == session)
			return entry->d_name;
	return NULL;
}

static DIR *proc_open(void)
{
	DIR *proc = opendir("/proc");

	if (!proc)
		err(1, "/proc");
	return proc;
}

/* The clock of the process: stat has the same in ticks, too coarse for a second's work. */
static double process_cpu(const char *pid)
{
	struct timespec ts;
	clockid_t id;

	if (clock_getcpuclockid(atoi(pid), &id) != 0 || clock_gettime(id, &ts) < 0)
		return 0; /* its parent has it */
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

double usage_cpu(pid_t session)
{
	double tick = 1.0 / (double)sysconf(_SC_CLK_TCK), seconds = 0;
	DIR *proc = proc_open();
	struct process p;
	const char *pid;

	while ((pid = process_next(proc, session, &p)))
		seconds += process_cpu(pid) + (double)(p.user + p.system) * tick;
	closedir(proc);
	return seconds;
}

static uint64_t process_memory(const char *pid)
{
	FILE *f = process_open(pid, "smaps_rollup");
	unsigned long kib = 0;
	char line[256];

	if (!f)
		return 0;
	while (fgets(line, sizeof line, f) && sscanf(line, "Pss: %lu", &kib) != 1)
		;
	fclose(f);
	return kib;
}

uint64_t usage_memory(pid_t session)
{
	DIR *proc = proc_open();
	struct process p;
	const char *pid;
	uint64_t kib = 0;

	while ((pid = process_next(proc, session, &p)))
		kib += process_memory(pid);
	closedir(proc);
	return kib;
}

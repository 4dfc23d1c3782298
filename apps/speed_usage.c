#include "speed_usage.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The name, which may hold anything, stands in brackets. */
bool speed_usage_parse(struct speed_process *p, const char *stat)
{
	const char *rest = strrchr(stat, ')');
	long user, system;
	int pid, parent, session;

	if (!rest || sscanf(stat, "%d", &pid) != 1 ||
	    sscanf(rest + 1, " %c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %ld %ld", &p->state,
		   &parent, &session, &user, &system) != 5)
		return false;
	p->pid = pid;
	p->parent = parent;
	p->session = session;
	p->waited = (unsigned long)(user + system);
	p->is_charged = false;
	return true;
}

/* charging */

static const struct speed_process *find(const struct speed_process *all, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (all[i].pid == pid)
			return &all[i];
	return NULL;
}

/* Whether p is `pid` or descends from it. */
static bool descends(const struct speed_process *all, size_t count, const struct speed_process *p,
		     pid_t pid)
{
	for (size_t depth = 0; p && depth < count; depth++) {
		if (p->pid == pid)
			return true;
		p = find(all, count, p->parent);
	}
	return false;
}

void speed_usage_charge(struct speed_process *all, size_t count, pid_t pid, pid_t self)
{
	const struct speed_process *leader = find(all, count, pid), *own = find(all, count, self);
	bool leads = leader && leader->session == pid && !(own && own->session == pid);

	for (size_t i = 0; i < count; i++)
		all[i].is_charged =
			(descends(all, count, &all[i], pid) || (leads && all[i].session == pid)) &&
			!descends(all, count, &all[i], self);
}

/* reading */

static FILE *process_open(pid_t pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return fopen(path, "re");
}

static bool process_read(struct speed_process *p, pid_t pid)
{
	char stat[1024] = "";
	FILE *f = process_open(pid, "stat");

	if (!f)
		return false;
	stat[fread(stat, 1, sizeof(stat) - 1, f)] = '\0';
	fclose(f);
	return speed_usage_parse(p, stat) && p->state != 'Z';
}

/* The clock of the process: stat has the same in ticks, too coarse for a second's work. */
static double cpu_of(const struct speed_process *p)
{
	double waited = (double)p->waited / (double)sysconf(_SC_CLK_TCK);
	struct timespec ts;
	clockid_t id;

	if (clock_getcpuclockid(p->pid, &id) != 0 || clock_gettime(id, &ts) < 0)
		return waited;
	return waited + (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The number behind a name. */
static uint64_t line_of(pid_t pid, const char *file, const char *name)
{
	FILE *f = process_open(pid, file);
	uint64_t value = 0;
	char line[256];

	while (f && !value && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtoull(line + strlen(name), NULL, 10);
	if (f)
		fclose(f);
	return value;
}

/* Of somebody else's process only what is resident is told, shared or not. */
static uint64_t memory_of(pid_t pid)
{
	uint64_t kib = line_of(pid, "smaps_rollup", "Pss:");

	return kib ? kib : line_of(pid, "status", "VmRSS:");
}

static struct speed_process *read_all(size_t *count)
{
	struct speed_process *all = NULL, *more;
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	size_t room = 0;

	*count = 0;
	while (proc && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (*count == room) {
			room = room ? room * 2 : 256;
			more = reallocarray(all, room, sizeof(*all));
			if (!more)
				break;
			all = more;
		}
		*count += process_read(&all[*count], atoi(entry->d_name));
	}
	if (proc)
		closedir(proc);
	return all;
}

void speed_usage_read(struct speed_usage *u, pid_t pid)
{
	size_t count;
	struct speed_process *all = read_all(&count);

	*u = (struct speed_usage){ .processes = 0 };
	speed_usage_charge(all, count, pid, getpid());
	for (size_t i = 0; i < count; i++) {
		if (!all[i].is_charged)
			continue;
		u->cpu += cpu_of(&all[i]);
		u->memory += memory_of(all[i].pid);
		u->processes++;
	}
	free(all);
}

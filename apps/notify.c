#include "notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void notify_open(struct notify *n)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	*n = (struct notify){ .fd = -1, .to = { .sun_family = AF_UNIX } };
	if (!len || len >= sizeof(n->to.sun_path) || (*path != '/' && *path != '@'))
		return;
	memcpy(n->to.sun_path, path, len);
	if (*path == '@')
		n->to.sun_path[0] = 0; /* an abstract name */
	n->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

static void notify(const struct notify *n, const char *state)
{
	if (n->fd >= 0)
		sendto(n->fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&n->to,
		       n->len);
}

void notify_ready(const struct notify *n)
{
	notify(n, "READY=1");
}

/* The time tells systemd which READY=1 is the answer to it. */
void notify_reloading(const struct notify *n)
{
	struct timespec now;
	char state[80];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		 (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	notify(n, state);
}

void notify_stopping(const struct notify *n)
{
	notify(n, "STOPPING=1");
}

/* What systemd wants to know of a service of Type=notify: sd_notify(3), which is one datagram. */
#ifndef APPS_NOTIFY_H
#define APPS_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

struct notify {
	int fd; /* -1: nobody is to be told */
	struct sockaddr_un to;
	socklen_t len;
};

/* Whoever is at NOTIFY_SOCKET is told from now on. */
void notify_open(struct notify *n);
void notify_close(struct notify *n);
void notify_ready(const struct notify *n);
void notify_reloading(const struct notify *n); /* until notify_ready */
void notify_stopping(const struct notify *n);

#endif

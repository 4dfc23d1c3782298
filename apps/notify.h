/* What systemd wants to know of a service of Type=notify: sd_notify(3), which is one datagram. */
#ifndef APPS_NOTIFY_H
#define APPS_NOTIFY_H

/* Tells whoever is at NOTIFY_SOCKET; nothing where nobody is, or does not listen. */
void notify_ready(void);
void notify_reloading(void); /* until notify_ready */
void notify_stopping(void);

#endif

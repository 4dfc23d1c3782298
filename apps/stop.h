/*
 * Ctrl-C in a long work: it stops, what is known is told, and then the process dies by the signal. So
 * with SIGTERM, SIGHUP and SIGQUIT; a second one ends it at once.
 */
#ifndef APPS_STOP_H
#define APPS_STOP_H

/* From now on. `stop` is called in the handler, so it does what a handler may; or NULL. */
void stop_catch(void (*stop)(void));
/* The signal that came, or 0. */
int stop_signal(void);
/* If one came: writes out standard output and dies by it. */
void stop_end(void);

#endif

#include "stop.h"

#include <signal.h>
#include <stdio.h>

static void (*call)(void);
static volatile sig_atomic_t came;

static void stop_now(int sig)
{
	came = sig;
	if (call)
		call();
}

void stop_catch(void (*stop)(void))
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	/* What is being written goes on. */
	const struct sigaction act = { .sa_handler = stop_now,
				       .sa_flags = SA_RESTART | (int)SA_RESETHAND };

	call = stop;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &act, NULL);
}

int stop_signal(void)
{
	return came;
}

void stop_end(void)
{
	if (!came)
		return;
	fflush(stdout);
	signal(came, SIG_DFL);
	raise(came);
}

#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "net/loop.h"

#define PAUSE 250 /* ms */
#define CLEAR "\r\033[K"

void progress_init(struct progress *p, const struct out *out, bool is_shown)
{
	*p = (struct progress){ .command = out->command };
	p->is_on = !out->quiet && isatty(STDERR_FILENO) && !(is_shown && isatty(STDOUT_FILENO));
	p->next = s5_clock_ms() + PAUSE;
}

bool progress_is_due(struct progress *p)
{
	int64_t now;

	if (!p->is_on)
		return false;
	now = s5_clock_ms();
	if (now < p->next)
		return false;
	p->next = now + PAUSE;
	return true;
}

void progress_say(struct progress *p, const char *format, ...)
{
	char text[80];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, CLEAR "socks5 %s: %s", p->command, text);
	fflush(stderr);
	p->is_shown = true;
}

void progress_end(struct progress *p)
{
	if (p->is_shown)
		fputs(CLEAR, stderr);
	p->is_shown = false;
}

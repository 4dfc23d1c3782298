#include "out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "spool.h"
#include "wrap.h"

#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[m"

#define INDENT 2 /* of the lines after the first one, where a terminal is too narrow */

#define VFORMAT(n) __attribute__((format(printf, n, 0)))

#define OPT_TARGET struct out
const struct opt out_opts[] = {
	OPT("verbose", 'v', COUNT, verbose, NULL,
	    "say each phase with its time; twice: every message"),
	OPT("quiet", 'q', FLAG, quiet, NULL, "say errors only"),
	OPT_END,
};

bool out_has_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

void out_init(struct out *out, const char *command)
{
	out->command = command;
	out->colour = out_has_colour(STDERR_FILENO);
}

static void put(const struct out *out, const char *text, size_t len)
{
	if (out->spool)
		spool_add(out->spool, text, len);
	else
		spool_write(STDERR_FILENO, text, len);
}

/* Adds to a line that has `len` octets; what does not fit is cut. Returns the new length. */
VFORMAT(3)
static size_t line_add(char *line, size_t len, const char *format, va_list args)
{
	size_t room = OUT_LINE - len; /* the newline takes the place of vsnprintf's NUL */
	int n = vsnprintf(line + len, room, format, args);

	if (n < 0)
		return len;
	if ((size_t)n < room)
		return len + (size_t)n;
	memcpy(line + OUT_LINE - 4, "...", 3);
	return OUT_LINE - 1;
}

/* The columns of the terminal that stderr is; 0 if it is none, or does not tell, or is tiny. */
static int terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return 0;
	return size.ws_col;
}

/* Writes a line broken between words, not where the terminal would break it. */
static int write_wrapped(const struct out *out, const char *line, int columns, int hidden)
{
	char text[OUT_LINE * 2];
	FILE *memory = fmemopen(text, sizeof(text), "w");
	long len;

	if (!memory)
		return -1;
	wrap_text(memory, columns, INDENT, -hidden, line);
	len = ftell(memory);
	fclose(memory);
	if (len < 0)
		return -1;
	put(out, text, (size_t)len);
	return 0;
}

/* A file's name may hold what would harm a terminal or be a line of its own. */
static void disarm(char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = '?';
}

VFORMAT(3)
static void say(const struct out *out, const char *colour, const char *format, va_list args)
{
	char line[OUT_LINE];
	bool coloured = out->colour && *colour;
	int saved = errno, columns = terminal_columns();
	int hidden = coloured ? (int)(strlen(colour) + strlen(PLAIN)) : 0;
	int n = snprintf(line, sizeof(line), "%ssocks5%s%s:%s ", coloured ? colour : "",
			 out->command ? " " : "", out->command ? out->command : "",
			 coloured ? PLAIN : "");
	size_t len = line_add(line, (size_t)n, format, args);

	disarm(line + n, len - (size_t)n);
	line[len] = '\0';
	if (!columns || (int)len - hidden <= columns ||
	    write_wrapped(out, line, columns, hidden) < 0) {
		line[len++] = '\n';
		put(out, line, len);
	}
	errno = saved;
}

void out_error(const struct out *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(out, RED, format, args);
	va_end(args);
}

void out_warn(const struct out *out, const char *format, ...)
{
	va_list args;

	if (out->quiet)
		return;
	va_start(args, format);
	say(out, YELLOW, format, args);
	va_end(args);
}

void out_say(const struct out *out, const char *format, ...)
{
	va_list args;

	if (out->quiet)
		return;
	va_start(args, format);
	say(out, "", format, args);
	va_end(args);
}

void out_verbose(const struct out *out, int level, const char *format, ...)
{
	va_list args;

	if (out->quiet || out->verbose < level)
		return;
	va_start(args, format);
	say(out, "", format, args);
	va_end(args);
}

bool out_flush(const struct out *out)
{
	int error = ferror(stdout) ? EIO
				   : 0; /* of an earlier write, whose cause is not known any more */

	if (fflush(stdout) != 0)
		error = errno;
	if (!error)
		return true;
	if (error != EPIPE)
		out_error(out, "standard output: %s", strerror(error));
	clearerr(stdout);
	return false;
}

/* How many octets of text an octet becomes, written at dst. */
static size_t escape_one(char dst[static 4], unsigned char octet)
{
	static const char digits[] = "0123456789abcdef";
	bool is_plain = octet >= 0x20 && octet <= 0x7e && octet != '\\';

	dst[0] = is_plain ? (char)octet : '\\';
	if (is_plain)
		return 1;
	dst[1] = octet == '\\' ? '\\' : 'x';
	dst[2] = digits[octet >> 4];
	dst[3] = digits[octet & 15];
	return octet == '\\' ? 2 : 4;
}

size_t out_escape(char *dst, size_t size, const void *octets, size_t len)
{
	const unsigned char *in = octets;
	size_t used = 0, kept = 0; /* kept: how much of the text leaves room for "..." */
	char one[4];

	for (size_t i = 0; i < len; i++) {
		size_t n = escape_one(one, in[i]);

		if (used + n >= size) {
			snprintf(dst + kept, size - kept, "%s", size > 3 ? "..." : "");
			return strlen(dst);
		}
		memcpy(dst + used, one, n);
		used += n;
		if (used + 4 <= size)
			kept = used;
	}
	dst[used] = '\0';
	return used;
}

int out_width(int fd)
{
	struct winsize size;

	if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return 80;
	return size.ws_col < 60 ? 60 : size.ws_col > 100 ? 100 : size.ws_col;
}

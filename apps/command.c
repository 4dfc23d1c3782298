#include "command.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "near.h"
#include "opt.h"
#include "out.h"

const struct command *command_find(const char *name)
{
	const struct command *const *at = commands;

	while (*at && strcmp((*at)->name, name) != 0)
		at++;
	return *at;
}

const char *command_unknown_text(const char *name, char *text, size_t size)
{
	struct near near = { .typed = name };
	bool option = name[0] == '-';
	char shown[68], hint[NEAR_HINT];

	for (const struct command *const *at = commands; *at; at++)
		near_try(&near, (*at)->name);
	near_try(&near, "--help");
	near_try(&near, "--version");
	if (strcmp(name, "?") == 0)
		near.best = "help";
	if (strcmp(name, "-v") == 0)
		near.best = "version -v";
	if (strcmp(name, "-V") == 0)
		near.best = "--version";
	out_escape(shown, sizeof(shown), name, strlen(name));
	if (option && !near.best)
		snprintf(text, size,
			 "unknown option %s; a command comes first (socks5 help lists all)", shown);
	else
		snprintf(text, size, "unknown %s %s%s (socks5 help lists all)",
			 option ? "option" : "command", shown,
			 near_hint(&near, "; ", "", "", hint));
	return text;
}

int command_unknown(const char *name)
{
	struct out out = { .verbose = 0 };
	char text[200];

	out_init(&out, NULL);
	out_error(&out, "%s", command_unknown_text(name, text, sizeof(text)));
	return EXIT_USAGE;
}

/* What to do instead of an option that there is not, or NULL. */
static const char *instead(const struct command *self, const char *typed)
{
	for (const struct opt_word *word = self->mistaken; word && word->name; word++)
		if (strcmp(word->name, typed) == 0)
			return word->help;
	return NULL;
}

/* The line was not run: prints what was asked for instead, or says what is wrong with it. */
static int answer_line(const struct command *self, enum opt_parsed parsed,
		       const struct opt_error *err)
{
	struct out out = { .verbose = 0 };
	const char *hint;

	if (parsed == OPT_HELP) {
		command_help(self, stdout, out_width(STDOUT_FILENO));
		return EXIT_OK;
	}
	if (parsed == OPT_VERSION) {
		version_print(stdout, 0);
		return EXIT_OK;
	}
	out_init(&out, self->name);
	hint = instead(self, err->unknown);
	if (hint)
		out_error(&out, "unknown option %s; %s", err->unknown, hint);
	else if (err->unknown[0])
		out_error(&out, "%s (socks5 %s --help lists all)", err->text, self->name);
	else
		out_error(&out, "%s", err->text);
	return EXIT_USAGE;
}

int command_parse(const struct command *self, void *target, int argc, char **argv, int *status)
{
	struct opt_error err;
	enum opt_parsed parsed;
	int count;

	opt_init(self->opts, target);
	parsed = opt_parse(self->opts, target, argc - 1, argv + 1, &count, &err);
	if (parsed != OPT_PARSED) {
		*status = answer_line(self, parsed, &err);
		return -1;
	}
	memmove(argv, argv + 1, ((size_t)count + 1) * sizeof(*argv));
	return count;
}

int command_misuse(const struct command *self, const char *format, ...)
{
	struct out out = { .verbose = 0 };
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	out_init(&out, self->name);
	out_error(&out, "%s; usage: socks5 %s %s", text, self->name, self->synopsis);
	return EXIT_USAGE;
}

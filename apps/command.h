/*
 * A command is a row: its name, its words for the help, its option table and its function. The
 * table of rows is in commands.c; dispatcher, help and completion know nothing else of a command.
 *
 * A command's function begins like this:
 *
 *	int connect_run(const struct command *self, int argc, char **argv)
 *	{
 *		struct connect_options o = { 0 };
 *		int status = EXIT_OK;
 *		int count = command_parse(self, &o, argc, argv, &status);
 *
 *		if (count < 0)
 *			goto out;
 *		out_init(&o.out, self->name);
 *		...
 *	out:
 *		opt_fini(self->opts, &o);
 *		return status;
 *	}
 */
#ifndef APPS_COMMAND_H
#define APPS_COMMAND_H

#include <stdio.h>

struct opt;
struct opt_word;

/* What a script may rely on. From EXIT_REP on: EXIT_REP + REP, at most 255. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_NETWORK = 1, /* network failure, timeout, proxy unreachable, system error */
	EXIT_USAGE = 2, /* usage or configuration */
	EXIT_AUTH = 3, /* the proxy refused every method, or the credentials */
	EXIT_PROTOCOL = 4, /* the proxy broke the protocol */
	EXIT_REP = 10, /* the proxy answered with a failure */
};

/* What a proxy's failure REP comes to. */
static inline int exit_status_of_rep(int rep)
{
	return rep > 255 - EXIT_REP ? 255 : EXIT_REP + rep;
}

struct command {
	const char *name;
	const char *summary; /* a few words for the list of commands */
	const char *synopsis; /* the arguments: "[OPTION]... HOST PORT[-PORT] | HOST:PORT" */
	const char *about; /* a paragraph or more for the help, wrapped when shown */
	const struct opt *opts; /* never NULL; may be empty */
	const char *const *examples; /* "command line", "what it does", ..., NULL; or NULL */
	const char *want; /* what completion may offer for an argument; see opt.h */
	const struct opt_word
		*words; /* or these; with .want, the first argument is one of these; or NULL */
	const struct opt_word *mistaken; /* options that are looked for, and what to do instead */
	/* argv[0] is the command's name, argv[argc] is NULL; returns the exit status */
	int (*run)(const struct command *self, int argc, char **argv);
};

/* In the order in which help lists them; NULL ends the table. In commands.c. */
extern const struct command *const commands[];

extern const struct command serve_command;
extern const struct command connect_command;
extern const struct command bind_command;
extern const struct command udp_command;
extern const struct command probe_command;
extern const struct command decode_command;
extern const struct command speed_command;
extern const struct command passwd_command;
extern const struct command shell_command;
extern const struct command list_command;
extern const struct command help_command;
extern const struct command version_command;

/* The row with that name, or NULL. */
const struct command *command_find(const char *name);

/* The same, for the first word of a line: "--help" and the like are commands, too. */
const struct command *command_called(const char *word);

/* Runs the command that argv[0] names, and flushes standard output. None given is the prompt on a
 * terminal, help elsewhere. Returns the exit status. In dispatch.c. */
int command_dispatch(int argc, char **argv);

/* Says that there is no such command, and the nearest one. Returns EXIT_USAGE. */
int command_unknown(const char *name);
/* Only the text of that. */
const char *command_unknown_text(const char *name, char *text, size_t size);

/*
 * Sets the defaults and parses the command's line (argv[0] is its name). Returns how many
 * arguments there are, then in argv[0] .. argv[count - 1]; or -1 if the command is over (help or
 * version were printed, or the line was wrong and that was said): its status is then in *status.
 * The target is zeroed before, and given back with opt_fini() after, in either case.
 */
int command_parse(const struct command *self, void *target, int argc, char **argv, int *status);

/*
 * Says what is wrong with the arguments, and how the command is called. Returns EXIT_USAGE, for
 * `return command_misuse(self, "PORT is missing")`.
 */
int command_misuse(const struct command *self, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints the help of a command, or the list of commands, within `width` columns. */
void command_help(const struct command *command, FILE *to, int width);
void command_overview(FILE *to, int width);

/* Prints "socks5 VERSION"; `verbose` adds how it was built and with which libraries. */
void version_print(FILE *to, int verbose);

/*
 * Asked by scripts, not by people: `socks5 --complete WORD...` for the shells' completion. argv[0] is
 * that option. An exit status.
 */
int complete_run(int argc, char **argv);

#endif

/*
 * Options: one table for a command's options, from which come the parsing of the command line
 * and of a config file, the help, the nearest-name hints, completion, `socks5 list` and
 * the check of the man page. A table fills a struct of the command's own:
 *
 *	#define OPT_TARGET struct connect_options
 *	const struct opt connect_opts[] = {
 *		OPT_HEADING("Connection"),
 *		OPT("scan", 'z', FLAG, scan, NULL, "report which ports accept"),
 *		OPT("source-port", 'p', INT, port, "PORT", "connect from PORT", .max = 65535),
 *		OPT("idle", 0, MSEC, idle, "DURATION", "give up after DURATION", .def = "2m"),
 *		OPT_INCLUDE(proxy, proxy_opts),
 *		OPT_END,
 *	};
 *
 * The struct starts zeroed. Text (STR, STRS) is always a copy that belongs to the struct and
 * ends with opt_fini(); so argv may be masked, a config file closed, a default replaced.
 *
 * A group (OPT_INCLUDE) is another table for a struct inside this one. Where two rows have the
 * same letter or long name the first one keeps it: a command whose -q means something else lists
 * its own row before it includes the group with --quiet/-q, which then has --quiet alone.
 *
 * A table is const and may be used by several threads at once; the target belongs to the caller.
 */
#ifndef APPS_OPT_H
#define APPS_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "secret.h"

enum opt_kind {
	OPT_KIND_END,
	OPT_KIND_HEADING, /* a heading in the help; .name is its text */
	OPT_KIND_GROUP, /* the rows of another table, for the struct at .offset */
	OPT_KIND_FLAG, /* bool: true when given */
	OPT_KIND_COUNT, /* int: how often given */
	OPT_KIND_PICK, /* int or enum: becomes .value when given */
	OPT_KIND_INT, /* int within .min .. .max */
	OPT_KIND_STR, /* char *: the last one given; NULL if none */
	OPT_KIND_STRS, /* struct opt_strs: all given, in order, each with .value as its tag */
	OPT_KIND_MSEC, /* int64_t milliseconds: 5, 1.5, 500ms, 2m, 1h, 1d */
	OPT_KIND_SIZE, /* uint64_t octets: 512, 64k, 1.5M, 1G, 1T (powers of 1024) */
	OPT_KIND_ENUM, /* int or enum: the value of one of .words */
	OPT_KIND_LIST, /* struct opt_list: values of .words in the order given, none twice */
	OPT_KIND_CALL, /* anything: .set parses the value */
};

struct opt_word {
	const char *name; /* NULL ends the table */
	int value;
	const char *help; /* a few words for completion; may be NULL */
};

/* The sources of secret_read(), proposals for an option that takes one. In secret.c. */
extern const struct opt_word secret_sources[];

/* A text option given several times. Several rows may share one list and tell theirs by tag. */
struct opt_str {
	int tag; /* .value of the row that brought it */
	size_t line; /* of the config file that it is from; 0: of none */
	char *text;
};

struct opt_strs {
	size_t count;
	struct opt_str *items;
};

#define OPT_LIST_MAX 8

struct opt_list {
	int count; /* 0: the option was not given */
	int values[OPT_LIST_MAX];
};

/* Why a line or a value was not taken: one sentence without newline, for a person. */
struct opt_error {
	char text[512];
	char unknown[80]; /* an option as typed that there is not; else empty */
	size_t line; /* of the config file that is being read; 0: none is */
};

struct opt {
	const char *name; /* long name without dashes */
	char letter; /* 0: none */
	enum opt_kind kind;
	size_t offset; /* of the field in the target */
	const char *arg; /* the value's name in help; NULL: none, or the words of an ENUM */
	const char *help; /* one sentence in lower case, without a full stop */
	bool advanced; /* not for the first day: help has it in its second half */

	const char *def; /* default, given to the target as if on the line; shown */
	const char *def_say; /* default in words where it is no value: "one a processor" */
	int64_t min; /* INT, SIZE: lowest; MSEC: lowest in ms (below 0 allows any "-N") */
	int64_t max; /* INT, MSEC, SIZE: highest; 0 stands for the kind's own limit */
	const char *unit; /* INT: what is counted, "octets", "ports" */
	int value; /* PICK, STRS */
	const struct opt_word *words; /* ENUM, LIST; elsewhere proposals for completion */
	const char *want; /* what completion may offer: "@file", "@host", "@program" */
	enum secret_form secret; /* the value holds a password: masked in argv, not in errors */
	const struct opt *group; /* GROUP */

	/*
	 * CALL: parses value into the field (target + offset). Returns 0, or -1 after
	 * opt_fail() with the cause, which follows "--name VALUE: " in the message.
	 */
	int (*set)(void *field, const char *value, struct opt_error *err);
	void (*fini)(void *field); /* CALL: gives back what set made; may be NULL */
};

/* The field's type is held against the kind when the table is compiled. */
#define OPT_FIELD(field) (((OPT_TARGET *)0)->field)
#define OPT_IS(field, type) __builtin_types_compatible_p(__typeof__(OPT_FIELD(field)), type)
#define OPT_FITS_FLAG(field) OPT_IS(field, bool)
#define OPT_FITS_COUNT(field) OPT_IS(field, int)
#define OPT_FITS_PICK(field) (sizeof(OPT_FIELD(field)) == sizeof(int))
#define OPT_FITS_INT(field) OPT_IS(field, int)
#define OPT_FITS_STR(field) OPT_IS(field, char *)
#define OPT_FITS_STRS(field) OPT_IS(field, struct opt_strs)
#define OPT_FITS_MSEC(field) OPT_IS(field, int64_t)
#define OPT_FITS_SIZE(field) OPT_IS(field, uint64_t)
#define OPT_FITS_ENUM(field) (sizeof(OPT_FIELD(field)) == sizeof(int))
#define OPT_FITS_LIST(field) OPT_IS(field, struct opt_list)
#define OPT_FITS_CALL(field) 1
#define OPT_OFFSET(KIND, field) \
	(offsetof(OPT_TARGET, field) + sizeof(char[OPT_FITS_##KIND(field) ? 1 : -1]) - 1)

/* OPT(long name, letter, KIND, field, ARG, help, further fields...) */
#define OPT(name_, letter_, KIND, field_, arg_, help_, ...)                                     \
	{                                                                                       \
		.name = (name_), .letter = (letter_), .kind = OPT_KIND_##KIND,                  \
		.offset = OPT_OFFSET(KIND, field_), .arg = (arg_), .help = (help_), __VA_ARGS__ \
	}
#define OPT_HEADING(text)                                \
	{                                                \
		.kind = OPT_KIND_HEADING, .name = (text) \
	}
#define OPT_INCLUDE(field_, table)                                                               \
	{                                                                                        \
		.kind = OPT_KIND_GROUP, .offset = offsetof(OPT_TARGET, field_), .group = (table) \
	}
#define OPT_END                      \
	{                            \
		.kind = OPT_KIND_END \
	}

enum opt_parsed {
	OPT_PARSED, /* the line was taken */
	OPT_HELP, /* --help, -help or -h: nothing else matters */
	OPT_VERSION, /* --version or -version */
	OPT_BAD, /* *err says why */
};

/* Gives every option with .def its default. The target is zeroed before. */
void opt_init(const struct opt *opts, void *target);

/*
 * Parses the arguments argv[0] .. argv[argc - 1] (the command's name is not among them): options
 * and arguments may be mixed, "--" ends the options, "-" is an argument. The arguments are left in
 * front, in order, followed by NULL (argv[argc] must exist, as main's does), and *count
 * tells how many. A later value of the same option replaces the earlier. Passwords are masked in
 * argv as they are taken. Call opt_init() before.
 */
enum opt_parsed opt_parse(const struct opt *opts, void *target, int argc, char **argv, int *count,
			  struct opt_error *err);

/*
 * Sets one option by its long name, as a config file does. A FLAG, COUNT or PICK takes NULL, "" or
 * "yes"/"no". err->line is set before. Returns 0, or -1 with *err, the target unchanged.
 */
int opt_set(const struct opt *opts, void *target, const char *name, const char *value,
	    struct opt_error *err);

/* Gives back all text of the target, overwritten first, and leaves it empty. */
void opt_fini(const struct opt *opts, void *target);

/* Formats err->text; returns -1, for `return opt_fail(err, ...)`. */
int opt_fail(struct opt_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define OPT_DEPTH 4

/*
 * Steps through the rows: groups are opened, rows whose long name an earlier one has are left
 * out, headings come too.
 *
 *	struct opt_walk walk = { .opts = opts };
 *	const struct opt *row;
 *
 *	while ((row = opt_next(&walk)))
 */
struct opt_walk {
	const struct opt *opts;
	size_t base; /* of the row just returned: its field is at target + base + row->offset */
	int depth; /* of the tables open; 0 before the first step */
	struct {
		const struct opt *row; /* the next one */
		size_t base;
	} open[OPT_DEPTH];
};

const struct opt *opt_next(struct opt_walk *walk);

/* The row with that long name (len octets), or with that letter, or NULL; *base as above. */
const struct opt *opt_find(const struct opt *opts, const char *name, size_t len, size_t *base);
const struct opt *opt_find_letter(const struct opt *opts, char letter, size_t *base);

/* The row's letter if it is this row's in this table, else 0: an earlier row has it. */
char opt_letter(const struct opt *opts, const struct opt *row);

/* -verbose is a long option with a dash missing, not a cluster: that would be -v -e rbose. */
bool opt_lacks_dash(const struct opt *opts, const char *word);

/* Whether the row takes a value. */
bool opt_takes_value(const struct opt *row);

/* A word that may hold options, looked at where a line is not parsed. */
struct opt_glance {
	const struct opt *row; /* the option in it that takes a value, or NULL */
	const char *value; /* its value, within the word; NULL: the next word is */
	bool unknown; /* an option in it is none of the table's */
};

/* Of an argument, "-" and "--" among them, nothing is told. */
struct opt_glance opt_glance(const struct opt *opts, const char *word);

/* The value's name as help shows it: .arg, or an ENUM's words joined by '|'; "" if none. */
const char *opt_arg(const struct opt *row, char *buf, size_t size);

/* What the help says of the row, with its default, its words and its range. Returns buf. */
#define OPT_TEXT 1000
const char *opt_text(const struct opt *row, char *buf, size_t size);

/* --help, the row that every table has at its end without saying so. */
extern const struct opt opt_help_row;

/* Prints headings and rows for a person, within `width` columns: first what most need, then what is
 * advanced, under the same headings. */
void opt_help(const struct opt *opts, FILE *to, int width);

#endif

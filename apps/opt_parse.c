#include "opt.h"

#include <string.h>

#include "opt_value.h"
#include "out.h"

struct line {
	const struct opt *opts;
	void *target;
	char **argv;
	int argc;
	int at; /* the next word */
	struct opt_error *err;
};

/* Takes the value and then hides what of it is a password: the target has its copy. */
static enum opt_parsed take_value(struct line *line, const struct opt *row, size_t base,
				  char *value)
{
	int rc = opt_set_row(row, base, line->target, value, line->err);

	if (value)
		secret_mask(value, row->secret);
	return rc < 0 ? OPT_BAD : OPT_PARSED;
}

/* The value is what follows the option in its word, else the next word whatever it looks like. */
static enum opt_parsed take_option(struct line *line, const struct opt *row, size_t base,
				   const char *typed, char *attached)
{
	if (!opt_takes_value(row) || attached)
		return take_value(line, row, base, attached);
	if (line->at == line->argc) {
		(void)opt_fail_missing(row, typed, line->err);
		return OPT_BAD;
	}
	return take_value(line, row, base, line->argv[line->at++]);
}

/* --help and --version are known to every table, also with one dash in OpenSSL's manner. */
static enum opt_parsed parse_common(const char *word)
{
	const char *name = word + 1 + (word[1] == '-');

	if (strcmp(name, "help") == 0)
		return OPT_HELP;
	return strcmp(name, "version") == 0 ? OPT_VERSION : OPT_PARSED;
}

static enum opt_parsed parse_long(struct line *line, char *word)
{
	size_t len = strcspn(word + 2, "="), base;
	const struct opt *row = opt_find(line->opts, word + 2, len, &base);
	char *value = word[2 + len] ? word + 3 + len : NULL;
	char typed[80], shown[68];

	snprintf(typed, sizeof(typed), "%.*s", (int)len + 2, word);
	if (!row) {
		(void)opt_fail_unknown(line->opts, "--", typed + 2, line->err);
		return OPT_BAD;
	}
	if (value && !opt_takes_value(row)) {
		out_escape(shown, sizeof(shown), value, strlen(value));
		(void)opt_fail(line->err, "option %s takes no value, but has '%s'", typed, shown);
		return OPT_BAD;
	}
	return take_option(line, row, base, typed, value);
}

static enum opt_parsed fail_dash(struct line *line, const char *word)
{
	char name[80];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 1, "="), word + 1);
	(void)opt_fail_unknown(line->opts, "-", name, line->err);
	return OPT_BAD;
}

/* The letter at `at` is no option's; '=' behind one that takes no value was meant to bring one. */
static enum opt_parsed fail_letter(struct line *line, const char *word, const char *at)
{
	char typed[2] = { *at, '\0' }, shown[68];

	if (*at == 'h')
		return OPT_HELP;
	if (*at == '=' && at > word + 1) {
		out_escape(shown, sizeof(shown), at + 1, strlen(at + 1));
		(void)opt_fail(line->err, "option -%c takes no value, but has '%s'", at[-1], shown);
	} else {
		(void)opt_fail_unknown(line->opts, "-", typed, line->err);
	}
	return OPT_BAD;
}

static enum opt_parsed parse_letters(struct line *line, char *word)
{
	enum opt_parsed parsed = OPT_PARSED;

	if (opt_lacks_dash(line->opts, word))
		return fail_dash(line, word);
	for (char *at = word + 1; *at && parsed == OPT_PARSED; at++) {
		char typed[3] = { '-', *at, '\0' };
		size_t base;
		const struct opt *row = opt_find_letter(line->opts, *at, &base);

		if (!row)
			return fail_letter(line, word, at);
		if (opt_takes_value(row))
			return take_option(line, row, base, typed, at[1] ? at + 1 : NULL);
		parsed = take_option(line, row, base, typed, NULL);
	}
	return parsed;
}

static enum opt_parsed parse_word(struct line *line, char *word)
{
	enum opt_parsed parsed = parse_common(word);

	if (parsed != OPT_PARSED)
		return parsed;
	return word[1] == '-' ? parse_long(line, word) : parse_letters(line, word);
}

enum opt_parsed opt_parse(const struct opt *opts, void *target, int argc, char **argv, int *count,
			  struct opt_error *err)
{
	struct line line = {
		.opts = opts, .target = target, .argv = argv, .argc = argc, .err = err
	};
	enum opt_parsed parsed = OPT_PARSED;
	bool ended = false;

	*count = 0;
	err->unknown[0] = '\0';
	err->line = 0;
	while (line.at < argc && parsed == OPT_PARSED) {
		char *word = argv[line.at++];

		if (ended || word[0] != '-' || word[1] == '\0')
			argv[(*count)++] = word;
		else if (strcmp(word, "--") == 0)
			ended = true;
		else
			parsed = parse_word(&line, word);
	}
	if (parsed == OPT_PARSED)
		argv[*count] = NULL;
	return parsed;
}

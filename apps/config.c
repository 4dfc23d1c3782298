#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "near.h"
#include "out.h"

#define BLANKS " \t\r"

struct config {
	const struct opt *opts;
	void *target;
	struct opt_strs *arguments;
	const char *path;
	size_t line;
	bool secret; /* some line holds a password */
};

/* Whether nothing follows but a comment. */
static bool is_rest_empty(const char *text)
{
	size_t blanks = strspn(text, BLANKS);

	return !text[blanks] || (blanks && text[blanks] == '#');
}

/* Ends the value where a comment begins, or blanks do. False: a quote is not closed, or not the end. */
static bool cut_value(char **value)
{
	char *text = *value, *end;

	if (*text == '\'' || *text == '"') {
		end = strchr(text + 1, *text);
		if (!end || !is_rest_empty(end + 1))
			return false;
		*end = '\0';
		*value = text + 1;
		return true;
	}
	for (end = text; *end; end++)
		if (*end == '#' && (end == text || strchr(BLANKS, end[-1])))
			break;
	while (end > text && strchr(BLANKS, end[-1]))
		end--;
	*end = '\0';
	return true;
}

/* "listen" is what stands on a command line without an option. */
static const struct opt argument_rows[] = {
	{ .name = "listen", .kind = OPT_KIND_STRS },
	{ .kind = OPT_KIND_END },
};

static bool holds_secret(const struct config *c, const char *name)
{
	size_t base;
	const struct opt *row = opt_find(c->opts, name, strlen(name), &base);

	return row && row->secret;
}

/* No option's name, and like that one, which is none of them. */
static bool is_meant_for_listen(const struct config *c, const char *name)
{
	struct near near = { .typed = name };
	size_t base;

	near_try(&near, argument_rows[0].name);
	return near.best && !opt_find(c->opts, name, strlen(name), &base);
}

static const char *const line_only[] = { "check", "explain", "help", "version" };

static int set(struct config *c, const char *name, const char *value, struct opt_error *err)
{
	char shown[68];

	if (strcmp(name, "listen") == 0 && !*value)
		return opt_fail(err, "listen needs a value: [HOST:]PORT or unix:PATH");
	if (strcmp(name, "listen") == 0)
		return opt_set(argument_rows, c->arguments, name, value, err);
	if (is_meant_for_listen(c, name)) {
		out_escape(shown, sizeof(shown), name, strlen(name));
		return opt_fail(err, "unknown option %s; did you mean listen?", shown);
	}
	if (strcmp(name, "config") == 0)
		return opt_fail(err, "a config file names no other");
	for (size_t i = 0; i < sizeof(line_only) / sizeof(line_only)[0]; i++)
		if (strcmp(name, line_only[i]) == 0)
			return opt_fail(err, "--%s stands on the command line only", name);
	c->secret |= holds_secret(c, name);
	return opt_set(c->opts, c->target, name, *value ? value : NULL, err);
}

static int take_line(struct config *c, char *line, struct opt_error *err)
{
	char *name = line + strspn(line, BLANKS), *value;

	if (!*name || *name == '#')
		return 0;
	if (strncmp(name, "--", 2) == 0)
		name += 2;
	value = name + strcspn(name, BLANKS "=:");
	if (*value == ':') /* what follows may be a password */
		return opt_fail(err,
				"option %.*s: a blank or '=' stands before the value, no colon",
				(int)(value - name), name);
	if (*value)
		*value++ = '\0';
	value += strspn(value, BLANKS);
	if (*value == '=')
		value += 1 + strspn(value + 1, BLANKS);
	if (!cut_value(&value))
		return opt_fail(err,
				"option %s: a quote is not closed, or something stands behind it",
				name);
	return set(c, name, value, err);
}

static int take_lines(struct config *c, char *text, size_t len, struct opt_error *err)
{
	char *next;

	if (memchr(text, 0, len))
		return opt_fail(err, "a NUL octet has no place in a config file");
	for (; text; text = next) {
		next = strchr(text, '\n');
		if (next)
			*next++ = '\0';
		err->line = ++c->line;
		if (take_line(c, text, err) < 0)
			return -1;
	}
	return 0;
}

int config_read(const struct opt *opts, void *target, struct opt_strs *arguments, const char *path,
		struct opt_error *err)
{
	struct config c = { opts, target, arguments, path, 0, false };
	struct opt_error cause = { .unknown = "" };
	size_t len = 0;
	char *text = file_read(path, &len);
	int rc;

	if (!text)
		return opt_fail(err, "%.200s: %s", path, strerror(errno));
	rc = take_lines(&c, text, len, &cause);
	explicit_bzero(text, len);
	free(text);
	if (rc < 0 && c.line)
		return opt_fail(err, "%.200s: line %zu: %.250s", path, c.line, cause.text);
	if (rc < 0)
		return opt_fail(err, "%.200s: %.250s", path, cause.text);
	if (c.secret && file_is_open_to(path, S_IRWXG | S_IRWXO))
		return opt_fail(err, "%.200s holds passwords and others may read it; chmod 600 it",
				path);
	if (file_is_open_to(path, S_IWOTH))
		return opt_fail(err, "%.200s: anybody may write it; chmod o-w it", path);
	return 0;
}

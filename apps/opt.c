#include "opt.h"

#include <stdarg.h>
#include <string.h>

#include "near.h"
#include "opt_value.h"
#include "out.h"

const struct opt opt_help_row = {
	.name = "help", .letter = 'h', .kind = OPT_KIND_FLAG, .help = "print this help"
};

int opt_fail(struct opt_error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return -1;
}

/* The next row of the innermost open table that has one; groups are opened on the way. */
static const struct opt *step(struct opt_walk *walk)
{
	if (walk->depth == 0) {
		walk->open[0].row = walk->opts;
		walk->open[0].base = 0;
		walk->depth = 1;
	}
	while (walk->depth > 0) {
		const struct opt *row = walk->open[walk->depth - 1].row;

		walk->base = walk->open[walk->depth - 1].base;
		if (row->kind == OPT_KIND_END) {
			walk->depth--;
			continue;
		}
		walk->open[walk->depth - 1].row++;
		if (row->kind != OPT_KIND_GROUP)
			return row;
		if (walk->depth == OPT_DEPTH)
			continue;
		walk->open[walk->depth].row = row->group;
		walk->open[walk->depth].base = walk->base + row->offset;
		walk->depth++;
	}
	return NULL;
}

const struct opt *opt_find(const struct opt *opts, const char *name, size_t len, size_t *base)
{
	struct opt_walk walk = { .opts = opts };
	const struct opt *row;

	while ((row = step(&walk))) {
		if (row->kind == OPT_KIND_HEADING || strlen(row->name) != len)
			continue;
		if (memcmp(row->name, name, len) == 0)
			break;
	}
	*base = walk.base;
	return row;
}

const struct opt *opt_find_letter(const struct opt *opts, char letter, size_t *base)
{
	struct opt_walk walk = { .opts = opts };
	const struct opt *row;

	while ((row = step(&walk))) {
		if (row->kind != OPT_KIND_HEADING && row->letter == letter)
			break;
	}
	*base = walk.base;
	return row;
}

const struct opt *opt_next(struct opt_walk *walk)
{
	const struct opt *row;
	size_t base;

	while ((row = step(walk))) {
		if (row->kind == OPT_KIND_HEADING)
			break;
		if (opt_find(walk->opts, row->name, strlen(row->name), &base) == row)
			break;
	}
	return row;
}

char opt_letter(const struct opt *opts, const struct opt *row)
{
	size_t base;
	const struct opt *first;

	if (!row->letter)
		return 0;
	first = opt_find_letter(opts, row->letter, &base);
	return !first || first == row ? row->letter : 0;
}

bool opt_takes_value(const struct opt *row)
{
	switch (row->kind) {
	case OPT_KIND_END:
	case OPT_KIND_HEADING:
	case OPT_KIND_GROUP:
	case OPT_KIND_FLAG:
	case OPT_KIND_COUNT:
	case OPT_KIND_PICK:
		return false;
	case OPT_KIND_INT:
	case OPT_KIND_STR:
	case OPT_KIND_STRS:
	case OPT_KIND_MSEC:
	case OPT_KIND_SIZE:
	case OPT_KIND_ENUM:
	case OPT_KIND_LIST:
	case OPT_KIND_CALL:
		return true;
	}
	return false;
}

static struct opt_glance glance_long(const struct opt *opts, const char *name)
{
	size_t len = strcspn(name, "="), base;
	const struct opt *row = opt_find(opts, name, len, &base);
	struct opt_glance glance = { .row = row && opt_takes_value(row) ? row : NULL };

	if (glance.row && name[len])
		glance.value = name + len + 1;
	glance.unknown =
		!row && strcmp(name, opt_help_row.name) != 0 && strcmp(name, "version") != 0;
	return glance;
}

static struct opt_glance glance_letters(const struct opt *opts, const char *letters)
{
	struct opt_glance glance = { .unknown = false };
	size_t base;

	for (const char *at = letters; *at && !glance.row; at++) {
		const struct opt *row = opt_find_letter(opts, *at, &base);

		if (row && opt_takes_value(row))
			glance = (struct opt_glance){ .row = row, .value = at[1] ? at + 1 : NULL };
		else if (!row && *at != opt_help_row.letter)
			return (struct opt_glance){ .unknown = true };
	}
	return glance;
}

bool opt_lacks_dash(const struct opt *opts, const char *word)
{
	size_t base;

	return opt_find(opts, word + 1, strcspn(word + 1, "="), &base);
}

struct opt_glance opt_glance(const struct opt *opts, const char *word)
{
	if (word[0] != '-' || !word[1] || strcmp(word, "--") == 0)
		return (struct opt_glance){ .unknown = false };
	if (word[1] != '-' && opt_lacks_dash(opts, word))
		return (struct opt_glance){ .unknown = true };
	return word[1] == '-' ? glance_long(opts, word + 2) : glance_letters(opts, word + 1);
}

const char *opt_arg(const struct opt *row, char *buf, size_t size)
{
	size_t len = 0;

	if (row->arg || row->kind != OPT_KIND_ENUM)
		return row->arg ? row->arg : "";
	buf[0] = '\0';
	for (const struct opt_word *word = row->words; word->name && len < size; word++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? "|" : "", word->name);
	return buf;
}

/* Stores a value; a failure is told with the option's name before it. */
int opt_set_row(const struct opt *row, size_t base, void *target, const char *value,
		struct opt_error *err)
{
	struct opt_error cause = { .line = err->line };

	if (opt_store(row, (char *)target + base + row->offset, value, &cause) == 0)
		return 0;
	return opt_fail(err, "option --%s: %.400s", row->name, cause.text);
}

void opt_init(const struct opt *opts, void *target)
{
	struct opt_walk walk = { .opts = opts };
	const struct opt *row;
	struct opt_error err = { .line = 0 };

	while ((row = opt_next(&walk))) {
		if (row->def)
			(void)opt_set_row(row, walk.base, target, row->def, &err);
	}
}

void opt_fini(const struct opt *opts, void *target)
{
	struct opt_walk walk = { .opts = opts };
	const struct opt *row;

	while ((row = opt_next(&walk)))
		opt_release(row, (char *)target + walk.base + row->offset);
}

int opt_fail_unknown(const struct opt *opts, const char *dashes, const char *name,
		     struct opt_error *err)
{
	struct opt_walk walk = { .opts = opts };
	struct near near = { .typed = name };
	const struct opt *row;
	char shown[68], hint[NEAR_HINT];

	while ((row = opt_next(&walk))) {
		if (row->kind != OPT_KIND_HEADING)
			near_try(&near, row->name);
	}
	near_try(&near, opt_help_row.name);
	near_try(&near, "version");
	out_escape(shown, sizeof(shown), name, strlen(name));
	snprintf(err->unknown, sizeof(err->unknown), "%s%s", dashes, shown);
	return opt_fail(err, "unknown option %s%s%s", dashes, shown,
			near_hint(&near, "; ", "--", "", hint));
}

int opt_fail_missing(const struct opt *row, const char *typed, struct opt_error *err)
{
	char arg[128];

	return opt_fail(err, "option %s needs a value: %s %s", typed, typed,
			opt_arg(row, arg, sizeof(arg)));
}

int opt_set(const struct opt *opts, void *target, const char *name, const char *value,
	    struct opt_error *err)
{
	size_t base;
	const struct opt *row = opt_find(opts, name, strlen(name), &base);
	char typed[80];

	err->unknown[0] = '\0';
	if (!row)
		return opt_fail_unknown(opts, "--", name, err);
	snprintf(typed, sizeof(typed), "--%s", row->name);
	if (opt_takes_value(row) && !value)
		return opt_fail_missing(row, typed, err);
	return opt_set_row(row, base, target, value, err);
}

#include "opt_value.h"

#include <stdlib.h>
#include <string.h>

static void free_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static int store_text(char **field, const char *value, struct opt_error *err)
{
	char *copy = strdup(value);

	if (!copy)
		return opt_fail(err, "out of memory");
	free_text(*field);
	*field = copy;
	return 0;
}

static int append_text(struct opt_strs *strs, const char *value, int tag, struct opt_error *err)
{
	struct opt_str *items = reallocarray(strs->items, strs->count + 1, sizeof(*items));

	if (!items)
		return opt_fail(err, "out of memory");
	strs->items = items;
	items[strs->count] = (struct opt_str){ .tag = tag, .line = err->line };
	if (store_text(&items[strs->count].text, value, err) < 0)
		return -1;
	strs->count++;
	return 0;
}

static void release_texts(struct opt_strs *strs)
{
	for (size_t i = 0; i < strs->count; i++)
		free_text(strs->items[i].text);
	free(strs->items);
	*strs = (struct opt_strs){ .count = 0 };
}

/* FLAG, COUNT and PICK: no value on a command line, but a config file may say yes or no. */
static int parse_switch(const char *value, bool *on, struct opt_error *err)
{
	static const struct opt_word words[] = { { "yes", 1, NULL }, { "no", 0, NULL }, { 0 } };
	int number = 1;

	if (value && *value && opt_parse_word(value, words, &number, err) < 0)
		return -1;
	*on = number;
	return 0;
}

static int store_switch(const struct opt *row, void *field, const char *value,
			struct opt_error *err)
{
	int *number = field;
	bool on;

	if (parse_switch(value, &on, err) < 0)
		return -1;
	if (row->kind == OPT_KIND_FLAG)
		*(bool *)field = on;
	else if (row->kind == OPT_KIND_COUNT)
		*number = on ? *number + 1 : 0;
	else if (on)
		*number = row->value;
	return 0;
}

int opt_store(const struct opt *row, void *field, const char *value, struct opt_error *err)
{
	switch (row->kind) {
	case OPT_KIND_END:
	case OPT_KIND_HEADING:
	case OPT_KIND_GROUP:
		break;
	case OPT_KIND_FLAG:
	case OPT_KIND_COUNT:
	case OPT_KIND_PICK:
		return store_switch(row, field, value, err);
	case OPT_KIND_INT:
		return opt_parse_int(value, row->min, row->max, row->unit, field, err);
	case OPT_KIND_STR:
		return store_text(field, value, err);
	case OPT_KIND_STRS:
		return append_text(field, value, row->value, err);
	case OPT_KIND_MSEC:
		return opt_parse_msec(value, row->min, row->max, field, err);
	case OPT_KIND_SIZE:
		return opt_parse_size(value, (uint64_t)row->min, (uint64_t)row->max, field, err);
	case OPT_KIND_ENUM:
		return opt_parse_word(value, row->words, field, err);
	case OPT_KIND_LIST:
		return opt_parse_list(value, row->words, field, err);
	case OPT_KIND_CALL:
		return row->set(field, value, err);
	}
	return opt_fail(err, "not an option");
}

void opt_release(const struct opt *row, void *field)
{
	if (row->kind == OPT_KIND_STRS)
		release_texts(field);
	if (row->kind == OPT_KIND_CALL && row->fini)
		row->fini(field);
	if (row->kind == OPT_KIND_STR) {
		char **text = field;

		free_text(*text);
		*text = NULL;
	}
}

/* Values of options: text becomes what a field holds. Used by opt.c and by its tests. */
#ifndef APPS_OPT_VALUE_H
#define APPS_OPT_VALUE_H

#include "opt.h"

/*
 * Stores a value in the row's field. Returns 0, or -1 with the cause in *err (without the
 * option's name), the field unchanged. `value` is NULL where an option takes none.
 */
int opt_store(const struct opt *row, void *field, const char *value, struct opt_error *err);

/* Gives back what the field owns, overwritten, and leaves it empty. */
void opt_release(const struct opt *row, void *field);

/* The parsers by themselves. 0, or -1 with the cause in *err, which names the value. */
int opt_parse_int(const char *text, int64_t min, int64_t max, const char *unit, int *value,
		  struct opt_error *err);
int opt_parse_msec(const char *text, int64_t min, int64_t max, int64_t *msec,
		   struct opt_error *err);
int opt_parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *size,
		   struct opt_error *err);
int opt_parse_word(const char *text, const struct opt_word *words, int *value,
		   struct opt_error *err);
int opt_parse_list(const char *text, const struct opt_word *words, struct opt_list *list,
		   struct opt_error *err);

/* In opt.c, for opt_parse.c: opt_store() with the option's name before the cause. */
int opt_set_row(const struct opt *row, size_t base, void *target, const char *value,
		struct opt_error *err);
int opt_fail_missing(const struct opt *row, const char *typed, struct opt_error *err);
int opt_fail_unknown(const struct opt *opts, const char *dashes, const char *name,
		     struct opt_error *err);

#endif

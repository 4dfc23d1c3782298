#include "opt_value.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "near.h"
#include "out.h"

#define MSEC_MAX (INT64_MAX / 1000000) /* still a time when counted in nanoseconds */

static const struct s5_unit time_units[] = {
	{ "", 1000 },	  { "ms", 1 },	     { "s", 1000 }, { "m", 60000 },
	{ "h", 3600000 }, { "d", 86400000 }, { NULL, 0 },
};

/* What was typed, fit to be shown. */
struct shown {
	char text[68];
};

static const char *show(struct shown *shown, const char *text)
{
	out_escape(shown->text, sizeof(shown->text), text, strlen(text));
	return shown->text;
}

int opt_parse_int(const char *text, int64_t min, int64_t max, const char *unit, int *value,
		  struct opt_error *err)
{
	struct shown shown;
	const char *at = text + (*text == '-');
	uint64_t digits;
	int64_t number;

	if (max == 0)
		max = INT_MAX;
	if (s5_digits_take(&at, &digits) && !*at && digits <= INT_MAX) {
		number = *text == '-' ? -(int64_t)digits : (int64_t)digits;
		if (number >= min && number <= max) {
			*value = (int)number;
			return 0;
		}
	}
	return opt_fail(err, "'%s' is not a whole number from %lld to %lld%s%s", show(&shown, text),
			(long long)min, (long long)max, unit ? " " : "", unit ? unit : "");
}

int opt_parse_msec(const char *text, int64_t min, int64_t max, int64_t *msec, struct opt_error *err)
{
	struct shown shown;
	int negative = min < 0 && *text == '-';
	uint64_t value;

	if (max == 0)
		max = MSEC_MAX;
	if (!s5_number_parse(text + negative, time_units, &value))
		return opt_fail(err,
				"'%s' is not a duration: write seconds (5, 1.5) or a unit (500ms, "
				"30s, 2m, 1h, 1d)",
				show(&shown, text));
	if (value > (uint64_t)max)
		return opt_fail(err, "'%s' is too long: at most %lld seconds", show(&shown, text),
				(long long)(max / 1000));
	if (!negative && (int64_t)value < min)
		return opt_fail(err, "'%s' is too short: at least %lld ms", show(&shown, text),
				(long long)min);
	*msec = negative ? -(int64_t)value : (int64_t)value;
	return 0;
}

int opt_parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *size,
		   struct opt_error *err)
{
	struct shown shown;
	uint64_t value;

	if (!s5_number_parse(text, s5_size_units, &value))
		return opt_fail(err,
				"'%s' is not a size: write octets (512) or a unit (64k, 1.5M, 1G)",
				show(&shown, text));
	if (value < min)
		return opt_fail(err, "'%s' is too small: at least %llu %s", show(&shown, text),
				(unsigned long long)min, min == 1 ? "octet" : "octets");
	if (max && value > max)
		return opt_fail(err, "'%s' is too large: at most %llu octets", show(&shown, text),
				(unsigned long long)max);
	*size = value;
	return 0;
}

/* "a, b or c" */
static void name_words(const struct opt_word *words, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (; words->name && len < size; words++) {
		const char *before = len == 0 ? "" : words[1].name ? ", " : " or ";

		len += (size_t)snprintf(buf + len, size - len, "%s%s", before, words->name);
	}
}

int opt_parse_word(const char *text, const struct opt_word *words, int *value,
		   struct opt_error *err)
{
	struct near near = { .typed = text };
	struct shown shown;
	char known[200], hint[NEAR_HINT];

	for (const struct opt_word *word = words; word->name; word++) {
		if (strcmp(word->name, text) == 0) {
			*value = word->value;
			return 0;
		}
		near_try(&near, word->name);
	}
	name_words(words, known, sizeof(known));
	return opt_fail(err, "'%s' is unknown%s, it must be %s", show(&shown, text),
			near_hint(&near, " (", "", ")", hint), known);
}

static int list_add(struct opt_list *list, const char *text, const struct opt_word *words,
		    struct opt_error *err)
{
	int value;

	if (opt_parse_word(text, words, &value, err) < 0)
		return -1;
	for (int i = 0; i < list->count; i++) {
		if (list->values[i] == value)
			return opt_fail(err, "'%s' stands there twice", text);
	}
	if (list->count == OPT_LIST_MAX)
		return opt_fail(err, "more than %d words", OPT_LIST_MAX);
	list->values[list->count++] = value;
	return 0;
}

int opt_parse_list(const char *text, const struct opt_word *words, struct opt_list *list,
		   struct opt_error *err)
{
	struct opt_list parsed = { .count = 0 };
	char word[80];
	size_t len;

	for (;; text += len + 1) {
		len = strcspn(text, ",");
		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (list_add(&parsed, word, words, err) < 0)
			return -1;
		if (!text[len])
			break;
	}
	*list = parsed;
	return 0;
}

#include "base/number.h"

#include <string.h>

#define PLACES_MAX 6 /* behind the point */

const struct s5_unit s5_size_units[] = {
	{ "", 1 },
	{ "k", UINT64_C(1) << 10 },
	{ "K", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 },
	{ "G", UINT64_C(1) << 30 },
	{ "T", UINT64_C(1) << 40 },
	{ NULL, 0 },
};

bool s5_digits_take(const char **text, uint64_t *value)
{
	const char *at = *text;

	*value = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(*at - '0'), value))
			return false;
	}
	if (at == *text)
		return false;
	*text = at;
	return true;
}

static uint64_t find_unit(const struct s5_unit *unit, const char *name)
{
	for (; unit->name; unit++) {
		if (strcmp(unit->name, name) == 0)
			return unit->factor;
	}
	return 0;
}

/* What is behind the point, in units. */
static bool take_fraction(const char **text, uint64_t *numerator, uint64_t *denominator)
{
	const char *at = ++*text;

	if (!s5_digits_take(text, numerator) || *text - at > PLACES_MAX)
		return false;
	for (; at < *text; at++)
		*denominator *= 10;
	return true;
}

bool s5_number_parse(const char *text, const struct s5_unit *units, uint64_t *value)
{
	uint64_t numerator = 0, denominator = 1, factor;

	*value = 0;
	if (*text != '.' && !s5_digits_take(&text, value))
		return false;
	if (*text == '.' && !take_fraction(&text, &numerator, &denominator))
		return false;
	factor = find_unit(units, text);
	if (!factor || __builtin_mul_overflow(*value, factor, value))
		return false;
	numerator = (numerator * factor + denominator - 1) / denominator;
	return !__builtin_add_overflow(*value, numerator, value);
}

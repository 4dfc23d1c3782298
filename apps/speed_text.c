#include "speed_text.h"

#include <inttypes.h>
#include <stdio.h>

/* Three digits that count, of a number below 1,000. */
static int decimals(double n)
{
	return n < 9.995 ? 2 : n < 99.95 ? 1 : 0;
}

const char *speed_time(char *text, size_t size, uint64_t ns)
{
	double n = (double)ns / 1e3;
	const char *unit = "us";

	if (n >= 999.5) {
		n /= 1e3;
		unit = "ms";
	}
	if (n >= 999.5) {
		n /= 1e3;
		unit = "s";
	}
	snprintf(text, size, "%.*f %s", decimals(n), n, unit);
	return text;
}

const char *speed_octets(char *text, size_t size, double octets)
{
	static const char *const units[] = { "octets", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	for (; octets >= 999.5 && unit < sizeof(units) / sizeof(*units) - 1; unit++)
		octets /= 1024;
	snprintf(text, size, "%.*f %s", unit ? decimals(octets) : 0, octets,
		 !unit && octets == 1 ? "octet" : units[unit]);
	return text;
}

const char *speed_count(char *text, size_t size, uint64_t n)
{
	char plain[24];
	int len = snprintf(plain, sizeof(plain), "%" PRIu64, n);
	size_t at = 0;

	for (int i = 0; i < len && at + 2 < size; i++) {
		if (i && (len - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = plain[i];
	}
	text[at] = '\0';
	return text;
}

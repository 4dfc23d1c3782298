#include "dump.h"

#include <errno.h>
#include <string.h>

#define LINE 16 /* octets */

int dump_open(struct dump *d, const char *path)
{
	d->at[0] = d->at[1] = 0;
	d->to = strcmp(path, "-") == 0 ? stderr : fopen(path, "we");
	return d->to ? 0 : -errno;
}

/* "< 00000010  48 65 6c 6c 6f 0a                                |Hello.|" */
static void put_line(FILE *to, char mark, uint64_t at, const uint8_t *octets, size_t n)
{
	char hex[3 * LINE + 2] = "", plain[LINE + 1] = "";
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		used += (size_t)snprintf(hex + used, sizeof(hex) - used, "%s%02x ",
					 i == LINE / 2 ? " " : "", octets[i]);
		plain[i] = octets[i] > 0x1f && octets[i] < 0x7f ? (char)octets[i] : '.';
	}
	fprintf(to, "%c %08llx  %-*s |%s|\n", mark, (unsigned long long)at, 3 * LINE + 1, hex,
		plain);
}

void dump_octets(struct dump *d, unsigned received, const uint8_t *octets, size_t n)
{
	if (!d->to)
		return;
	for (size_t i = 0; i < n; i += LINE)
		put_line(d->to, received ? '<' : '>', d->at[received] + i, octets + i,
			 n - i < LINE ? n - i : LINE);
	d->at[received] += n;
	fflush(d->to);
}

int dump_close(struct dump *d)
{
	int rc = d->to && ferror(d->to) ? -EIO : 0;

	if (d->to && d->to != stderr && fclose(d->to) != 0)
		rc = -errno;
	d->to = NULL;
	return rc;
}

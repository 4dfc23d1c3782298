#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

#define WIDTH 80

void probe_wrap(FILE *to, const char *before, int margin, const char *text)
{
	int width = WIDTH - margin - (int)strlen(before), at = 0;

	for (; *text; text += strspn(text, " ")) {
		int n = (int)strcspn(text, " ");

		if (at && at + 1 + n > width) {
			fprintf(to, "\n%s%*s", before, margin, "");
			at = 0;
		}
		at += fprintf(to, "%s%.*s", at ? " " : "", n, text);
		text += n;
	}
	fputc('\n', to);
}

void probe_row(FILE *to, int margin, const char *text)
{
	if (isatty(STDOUT_FILENO))
		probe_wrap(to, "", margin, text);
	else
		fprintf(to, "%s\n", text);
}

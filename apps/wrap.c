#include "wrap.h"

#include <string.h>

void wrap_text(FILE *to, int width, int indent, int column, const char *text)
{
	int blank = 0;

	while (*text) {
		int len = (int)strcspn(text, " \n");

		if (blank && column + 1 + len > width) {
			fprintf(to, "\n%*s", indent, "");
			column = indent;
			blank = 0;
		}
		fprintf(to, "%s%.*s", blank ? " " : "", len, text);
		column += blank + len;
		blank = 1;
		text += len;
		if (*text == '\n') {
			fprintf(to, "\n%*s", indent, "");
			column = indent;
			blank = 0;
		}
		text += *text != 0;
	}
	fputc('\n', to);
}

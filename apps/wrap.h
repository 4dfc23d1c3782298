/* Text for a person, wrapped. */
#ifndef APPS_WRAP_H
#define APPS_WRAP_H

#include <stdio.h>

/*
 * Writes text word by word, no line longer than `width` (a single longer word excepted).
 * `column` is where the line stands already; further lines begin after `indent` blanks. A newline
 * in the text begins a new line. Ends with a newline.
 */
void wrap_text(FILE *to, int width, int indent, int column, const char *text);

#endif

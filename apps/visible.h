/* Text from elsewhere as a terminal may show it. */
#ifndef APPS_VISIBLE_H
#define APPS_VISIBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Writes the octets so that they move no cursor and change no colour: letters of the locale's
 * encoding, blanks and TAB stay, all else becomes \xHH. A letter that is cut off at the end is left
 * out where `more` may come. Returns how many octets were taken.
 */
size_t visible_put(FILE *to, const char *octets, size_t len, bool more);

/* Whether all of a text would stay. */
bool visible_is(const char *text);

#endif

/* JSON that is written by hand: a line of a few fields. */
#ifndef APPS_JSON_H
#define APPS_JSON_H

#include <stddef.h>

/* Writes text in quotes; what is not printable ASCII is escaped. Room for 6 octets each and 3 is
 * always enough; what does not fit is cut. Returns out. */
const char *json_quote(char *out, size_t size, const char *text);

#endif

/*
 * The fields of a message as people read them: numbers with their names, addresses as addresses.
 */
#ifndef APPS_FIELD_H
#define APPS_FIELD_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/*
 * Writes the value of a field; `atyp` is the address type that stands in the same message, 0 if
 * none. A password is hidden. Returns text, which is cut to fit.
 */
const char *field_text(char *text, size_t size, enum s5_field field, uint8_t atyp,
		       const uint8_t *octets, size_t len);

#endif

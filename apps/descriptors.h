/* How many files this process may have open at once. */
#ifndef APPS_DESCRIPTORS_H
#define APPS_DESCRIPTORS_H

#include <stddef.h>

/* Raises the limit to that many, or as near to it as may be. Returns how many may be open now. */
size_t descriptors_allow(size_t wanted);

#endif

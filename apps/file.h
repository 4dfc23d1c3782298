/* Whole small files: a password file, rules. */
#ifndef APPS_FILE_H
#define APPS_FILE_H

#include <stddef.h>

#define FILE_MAX (64 * 1024 * 1024) /* octets */

/* The file's octets, followed by a NUL that *len does not count; the caller frees them. NULL with
 * errno, EFBIG beyond FILE_MAX. */
char *file_read(const char *path, size_t *len);

#endif

/* Whole small files: a password file, rules. */
#ifndef APPS_FILE_H
#define APPS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define FILE_MAX (64 * 1024 * 1024) /* octets */

/* The file's octets, followed by a NUL that *len does not count; the caller frees them. NULL with
 * errno, EFBIG beyond FILE_MAX. */
char *file_read(const char *path, size_t *len);
/* The same of what is left of an open file. */
char *file_read_from(FILE *file, size_t *len);
/* A plain file that any of these may use: S_IRWXG, S_IRWXO. */
bool file_is_open_to(const char *path, mode_t whom);

#endif

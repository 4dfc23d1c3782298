/* --hexdump: the octets of both ways, "<" what came and ">" what went, each with its offset. */
#ifndef APPS_DUMP_H
#define APPS_DUMP_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct dump {
	FILE *to; /* NULL: none */
	uint64_t at[2]; /* octets so far: sent, received */
};

/* path "-": stderr. 0 or -errno. */
int dump_open(struct dump *d, const char *path);
void dump_octets(struct dump *d, unsigned received, const uint8_t *octets, size_t n);
/* 0 or -errno, of whatever could not be written since it was opened. */
int dump_close(struct dump *d);

#endif

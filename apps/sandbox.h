/*
 * What a program gives up for good once all it needs is open, so that whoever takes it over has
 * little in his hands: files beyond those it names (Landlock), and system calls it does not need
 * (seccomp). Programs are never run again, nor can rights be gained by running any (no_new_privs).
 *
 * Call both before there are threads. sandbox.c is what a build with a sanitizer has not:
 * sandbox_none.c stands in its place, for its runtime needs what is given up.
 */
#ifndef APPS_SANDBOX_H
#define APPS_SANDBOX_H

#include <stddef.h>

enum sandbox_right {
	SANDBOX_READ = 1, /* a file, or a folder and all below it */
	SANDBOX_WRITE = 2, /* the same; in a folder files may also be made */
	SANDBOX_REMOVE = 4, /* files in a folder */
};

struct sandbox_file {
	const char *path; /* one that is not there is passed over */
	unsigned rights; /* enum sandbox_right */
};

/* Leaves these files within reach, and no others. The version of Landlock that sees to it, or -errno:
 * -ENOSYS, -EOPNOTSUPP: this kernel has none. */
int sandbox_files(const struct sandbox_file *files, size_t n);
/* Unix sockets that it will still make, a bit each. */
enum sandbox_unix {
	SANDBOX_DATAGRAMS = 1, /* for the system's log */
	SANDBOX_STREAMS = 2,
};

/* Leaves the system calls that a server needs; others fail with EPERM. unix_sockets: enum sandbox_unix.
 * 0 or -errno. */
int sandbox_calls(unsigned unix_sockets);
/* The library that this takes, with its version, into text; returns text. */
const char *sandbox_library(char *text, size_t size);

#endif

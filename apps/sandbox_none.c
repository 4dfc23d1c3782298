/* In builds with a sanitizer. */
#include <errno.h>
#include <stdio.h>

#include "sandbox.h"

int sandbox_files(const struct sandbox_file *files, size_t n)
{
	(void)files;
	(void)n;
	return -EOPNOTSUPP;
}

int sandbox_calls(unsigned unix_sockets)
{
	(void)unix_sockets;
	return -EOPNOTSUPP;
}

const char *sandbox_library(char *text, size_t size)
{
	snprintf(text, size, "not built in");
	return text;
}

/* Any text as a config file of `socks5 serve`: it is taken or an error says why, and what
 * was taken once is taken again.
 *
 * No option does more than keep its value when it is parsed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "serve_opts.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

/* How many lines say "listen", or -1. */
static int read_as_config(const char *path)
{
	struct serve_options options = { .workers = 0 };
	struct opt_strs listen = { .count = 0 };
	struct opt_error err = { .text = "" };
	int rc;

	opt_init(serve_opts, &options);
	rc = config_read(serve_opts, &options, &listen, path, &err);
	if (rc < 0)
		must(err.text[0], "an error says nothing"); /* escaped where it is said */
	else
		rc = (int)listen.count;
	for (size_t i = 0; i < listen.count; i++)
		free(listen.items[i].text);
	free(listen.items);
	opt_fini(serve_opts, &options);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	char path[40];

	must(fd >= 0 && write(fd, octets, n) == (ssize_t)n, "no memory");
	must(fchmod(fd, 0600) == 0, "no mode");
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	must(read_as_config(path) == read_as_config(path), "the second time it is another file");
	close(fd);
	return 0;
}

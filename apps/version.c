#include <ares.h>
#include <crypt.h>
#include <jansson.h>
#include <pcap/pcap.h>
#include <stdio.h>

#include "command.h"
#include "metrics.h"
#include "opt.h"
#include "sandbox.h"
#include "session/gss.h"

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZER ", address sanitizer"
#elif defined(__SANITIZE_THREAD__)
#define SANITIZER ", thread sanitizer"
#else
#define SANITIZER ""
#endif

void version_print(FILE *to, int verbose)
{
	const char *library = s5_gss_library();
	char text[40];

	fputs("socks5 " S5_VERSION "\n", to);
	if (verbose) {
		fputs("compiler: " COMPILER SANITIZER "\n", to);
		fprintf(to, "c-ares: %s (built with %s)\n", ares_version(NULL), ARES_VERSION_STR);
		fputs("jansson: " JANSSON_VERSION "\n", to);
		fputs("libcrypt: built with " XCRYPT_VERSION_STR "\n", to);
		fprintf(to, "libmicrohttpd: %s\n", metrics_library());
		fprintf(to, "libpcap: %s\n", pcap_lib_version());
		fprintf(to, "libseccomp: %s\n", sandbox_library(text, sizeof(text)));
	}
	/* RFC 1928 section 3 asks for this method: who looks for it shall not look in vain. */
	fprintf(to, "gssapi: %s\n", library ? library : "not built in");
}

struct version_options {
	int verbose;
};

#define OPT_TARGET struct version_options
static const struct opt version_opts[] = {
	OPT("verbose", 'v', COUNT, verbose, NULL, "say how it was built, with which libraries"),
	OPT_END,
};

static int version_run(const struct command *self, int argc, char **argv)
{
	struct version_options o = { .verbose = 0 };
	int status, count = command_parse(self, &o, argc, argv, &status);

	if (count < 0)
		return status;
	if (count > 0)
		return command_misuse(self, "no argument is expected");
	version_print(stdout, o.verbose);
	return EXIT_OK;
}

const struct command version_command = {
	.name = "version",
	.summary = "print the version and what is built in",
	.synopsis = "[-v]",
	.opts = version_opts,
	.run = version_run,
};

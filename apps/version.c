#include <ares.h>
#include <crypt.h>
#include <jansson.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "editor.h"
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

#ifdef __PIE__
#define PIE " PIE"
#else
#define PIE ""
#endif

#if defined(__SSP_STRONG__) || defined(__SSP_ALL__)
#define PROTECTOR " stack-protector"
#else
#define PROTECTOR ""
#endif

#if defined(_FORTIFY_SOURCE) && _FORTIFY_SOURCE > 0
#define FORTIFY " fortify"
#else
#define FORTIFY ""
#endif

#ifdef __CET__
#define CET " CET"
#else
#define CET ""
#endif

static void line(FILE *to, const char *name, const char *value)
{
	int pad = (int)sizeof("libmicrohttpd") - (int)strlen(name);

	fprintf(to, "%s:%*s%s\n", name, pad, "", value);
}

/* "libpcap version 1.10.3 (with TPACKET_V3)", without what the line says already. */
static const char *pcap_version(void)
{
	static const char before[] = "libpcap version ";
	const char *version = pcap_lib_version();
	size_t len = strlen(before);

	return strncmp(version, before, len) == 0 ? version + len : version;
}

static void print_build(FILE *to, const char *gssapi)
{
	const char *hardening = PIE PROTECTOR FORTIFY CET; /* each begins with a blank */
	char text[80];

	line(to, "compiler", COMPILER SANITIZER);
	line(to, "options", gssapi ? "GSSAPI=yes" : "GSSAPI=no");
	line(to, "hardening", *hardening ? &hardening[1] : "none");
	snprintf(text, sizeof(text), "%s (built with %s)", ares_version(NULL), ARES_VERSION_STR);
	line(to, "c-ares", text);
	line(to, "jansson", jansson_version_str());
	line(to, "libcrypt", "built with " XCRYPT_VERSION_STR);
	line(to, "libmicrohttpd", metrics_library());
	line(to, "libpcap", pcap_version());
	line(to, "libseccomp", sandbox_library(text, sizeof(text)));
	line(to, "readline", editor_library());
	line(to, "gssapi", gssapi ? gssapi : "not built in");
}

void version_print(FILE *to, int verbose)
{
	const char *library = s5_gss_library();

	fputs("socks5 " S5_VERSION "\n", to);
	/* RFC 1928 section 3 asks for this method: who looks for it shall not look in vain. */
	if (verbose)
		print_build(to, library);
	else
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

static const char *const version_examples[] = {
	"socks5 version -v",
	"what is it built with, as a report of a bug should say?",
	NULL,
};

const struct command version_command = {
	.name = "version",
	.summary = "print the version and what is built in",
	.synopsis = "[-v]",
	.about = "Prints the version, and whether GSSAPI is built in.",
	.opts = version_opts,
	.examples = version_examples,
	.run = version_run,
};

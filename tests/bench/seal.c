/* seal LEVEL SECONDS: what wrapping and unwrapping costs by themselves, in a loop without anything
 * around it: the CPU seconds a GiB, for messages as large as SOCKS5 takes them (RFC 1961 5).
 *
 * The environment says where a ticket for rcmd@localhost and its keytab are. Nothing of the project
 * takes part. */
#include <err.h>
#include <gssapi/gssapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TOKEN 65535 /* octets */
#define GIB (1024.0 * 1024 * 1024)

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(OM_uint32 major, const char *what)
{
	if (GSS_ERROR(major))
		errx(1, "%s: %08x", what, major);
}

static void establish(gss_ctx_id_t *from, gss_ctx_id_t *to)
{
	gss_buffer_desc text = { 14, "rcmd@localhost" }, there = { 0, NULL }, back = { 0, NULL };
	OM_uint32 minor, flags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG |
				 GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;
	gss_name_t name;

	must(gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &name), "import_name");
	must(gss_init_sec_context(&minor, NULL, from, name, NULL, flags, 0, NULL, NULL, NULL,
				  &there, NULL, NULL),
	     "init_sec_context");
	must(gss_accept_sec_context(&minor, to, NULL, &there, NULL, NULL, NULL, &back, NULL, NULL,
				    NULL),
	     "accept_sec_context");
	gss_release_buffer(&minor, &there);
	must(gss_init_sec_context(&minor, NULL, from, name, NULL, flags, 0, NULL, &back, NULL,
				  &there, NULL, NULL),
	     "init_sec_context");
	gss_release_buffer(&minor, &back);
	gss_release_name(&minor, &name);
}

int main(int argc, char **argv)
{
	gss_ctx_id_t from = NULL, to = NULL;
	double wrapping = 0, unwrapping = 0, octets = 0;
	int conf = argc == 3 && strcmp(argv[1], "confidentiality") == 0;
	gss_buffer_desc plain = { 0, NULL };
	OM_uint32 minor, limit;

	if (argc != 3)
		errx(2, "usage: seal integrity|confidentiality SECONDS");
	establish(&from, &to);
	must(gss_wrap_size_limit(&minor, from, conf, 0, TOKEN, &limit), "wrap_size_limit");
	plain.length = limit;
	plain.value = calloc(1, limit);
	while (wrapping + unwrapping < 2 * atof(argv[2])) {
		gss_buffer_desc token, opened;
		double began = cpu(), between;

		must(gss_wrap(&minor, from, conf, 0, &plain, NULL, &token), "wrap");
		between = cpu();
		must(gss_unwrap(&minor, to, &token, &opened, NULL, NULL), "unwrap");
		gss_release_buffer(&minor, &opened);
		unwrapping += cpu() - between;
		gss_release_buffer(&minor, &token);
		wrapping += between - began;
		octets += limit;
	}
	printf("wrap=%.4f unwrap=%.4f\n", wrapping * GIB / octets, unwrapping * GIB / octets);
	return 0;
}

/* A build without GSSAPI: the method is never offered nor chosen (R1928-3.11). */
#include "session/gss.h"

#include <stdio.h>

const char *s5_gss_library(void)
{
	return NULL;
}

struct s5_gss_acceptor *s5_gss_acceptor_new(const char *keytab, const char *service,
					    char why[static S5_GSS_WHY])
{
	(void)keytab, (void)service;
	snprintf(why, S5_GSS_WHY, "this build has no GSSAPI");
	return NULL;
}

void s5_gss_acceptor_free(struct s5_gss_acceptor *acceptor)
{
	(void)acceptor;
}

struct s5_gss *s5_gss_new(const struct s5_gss_config *config, bool acceptor, bool ordered)
{
	(void)config, (void)acceptor, (void)ordered;
	return NULL;
}

void s5_gss_free(struct s5_gss *g)
{
	(void)g;
}

bool s5_gss_give(struct s5_gss *g, const uint8_t *token, size_t n)
{
	(void)g, (void)token, (void)n;
	return false;
}

void s5_gss_step(struct s5_gss *g)
{
	(void)g;
}

size_t s5_gss_limit(const struct s5_gss *g, bool conf, size_t size)
{
	(void)g, (void)conf, (void)size;
	return 0;
}

size_t s5_gss_wrap(struct s5_gss *g, bool conf, const uint8_t *octets, size_t n, uint8_t *token,
		   size_t room)
{
	(void)g, (void)conf, (void)octets, (void)n, (void)token, (void)room;
	return 0;
}

enum s5_seal_fault s5_gss_unwrap(struct s5_gss *g, bool ordered, uint8_t *token, size_t ntoken,
				 const uint8_t **plain, size_t *n, bool *conf)
{
	(void)g, (void)ordered, (void)token, (void)ntoken, (void)plain, (void)n, (void)conf;
	return S5_SEAL_UNSEALABLE;
}

/* A mechanism without secrets in the place of the library's: what a context is to the sessions and
 * the seals is all there, and every octet is known. Include it in one file of a program; the real
 * one is then not linked.
 *
 * The i-th token of an initiator is the octet a0 + i, the answer to it b0 + i; after `rounds` of
 * them the context is complete. A wrapped message is
 *
 *   c0 or c1 (encrypted), 00 or 01 (from the acceptor), its number, the octets (each exclusive or
 *   55 when encrypted), the sum of all these
 *
 * Unwrapping leaves no token that could be unwrapped again (R1961-5.14).
 */
#ifndef FAKEGSS_H
#define FAKEGSS_H

#include <stdlib.h>
#include <string.h>

#include "session/gss.h"

#define FAKE_OVERHEAD 4

struct s5_gss_acceptor {
	int unused;
};

struct s5_gss_context {
	bool acceptor, ordered;
	unsigned steps;
	uint8_t out, in; /* numbers of the next messages */
};

/* What contexts are like. */
static struct {
	unsigned rounds;
	bool mute; /* the acceptor completes without a token, the initiator with its last one */
	bool plain; /* no encryption is to be had */
	bool broken; /* the next step fails */
	const char *principal;
	size_t ntoken; /* octets of a token; 0: 1 */
	size_t live; /* contexts that are not freed */
	uint64_t wrapped; /* octets, in all */
} fake = { .rounds = 1, .principal = "alice@R" };

const char *s5_gss_library(void)
{
	return "fake";
}

struct s5_gss_acceptor *s5_gss_acceptor_new(const char *keytab, const char *service,
					    char why[static S5_GSS_WHY])
{
	(void)keytab, (void)service, (void)why;
	return calloc(1, sizeof(struct s5_gss_acceptor));
}

void s5_gss_acceptor_free(struct s5_gss_acceptor *acceptor)
{
	free(acceptor);
}

struct s5_gss *s5_gss_new(const struct s5_gss_config *config, bool acceptor, bool ordered)
{
	struct s5_gss *g = calloc(1, sizeof *g);

	(void)config;
	if (g)
		g->context = calloc(1, sizeof *g->context);
	if (!g || !g->context) {
		free(g);
		return NULL;
	}
	g->context->acceptor = acceptor;
	g->context->ordered = ordered;
	fake.live++;
	return g;
}

void s5_gss_free(struct s5_gss *g)
{
	if (!g)
		return;
	fake.live--;
	free(g->context);
	free(g->in);
	free(g->token);
	free(g->principal);
	free(g);
}

bool s5_gss_give(struct s5_gss *g, const uint8_t *token, size_t n)
{
	free(g->in);
	g->in = malloc(n + 1);
	if (!g->in)
		return false;
	memcpy(g->in, n ? token : (const uint8_t *)"", n);
	g->nin = n;
	return true;
}

static inline void fake_short_of_memory(struct s5_gss *g)
{
	g->state = S5_GSS_FAILED;
	g->ntoken = 0;
	strcpy(g->why, "no memory");
}

static inline void fake_emit(struct s5_gss *g, uint8_t octet)
{
	g->ntoken = fake.ntoken ? fake.ntoken : 1;
	g->token = malloc(g->ntoken);
	if (g->token)
		memset(g->token, octet, g->ntoken);
	else
		fake_short_of_memory(g);
}

static inline void fake_complete(struct s5_gss *g)
{
	g->state = S5_GSS_COMPLETE;
	g->integrity = true;
	g->confidentiality = !fake.plain;
	g->principal = strdup(fake.principal);
	if (!g->principal)
		fake_short_of_memory(g);
}

static inline void fake_accept(struct s5_gss *g, unsigned step)
{
	if (g->nin != 1 || g->in[0] != 0xa0 + step) {
		g->state = S5_GSS_FAILED;
		strcpy(g->why, "no such token");
		return;
	}
	if (step == fake.rounds)
		fake_complete(g);
	if (step < fake.rounds || !fake.mute)
		fake_emit(g, (uint8_t)(0xb0 + step));
}

static inline void fake_initiate(struct s5_gss *g, unsigned step)
{
	if (step > 1 && (g->nin != 1 || g->in[0] != 0xb0 + step - 1)) {
		g->state = S5_GSS_FAILED;
		strcpy(g->why, "no such token");
		return;
	}
	if (step == fake.rounds + !fake.mute)
		fake_complete(g);
	if (step <= fake.rounds)
		fake_emit(g, (uint8_t)(0xa0 + step));
}

void s5_gss_step(struct s5_gss *g)
{
	unsigned step = ++g->context->steps;

	free(g->token);
	g->token = NULL;
	g->ntoken = 0;
	if (fake.broken) {
		g->state = S5_GSS_FAILED;
		g->trouble = S5_GSS_NO_TICKET;
		strcpy(g->why, "broken");
	} else if (g->context->acceptor) {
		fake_accept(g, step);
	} else {
		fake_initiate(g, step);
	}
}

size_t s5_gss_limit(const struct s5_gss *g, bool conf, size_t size)
{
	(void)g, (void)conf;
	return size > FAKE_OVERHEAD ? size - FAKE_OVERHEAD : 0;
}

static inline uint8_t fake_sum(const uint8_t *octets, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += octets[i];
	return (uint8_t)sum;
}

size_t s5_gss_wrap(struct s5_gss *g, bool conf, const uint8_t *octets, size_t n, uint8_t *token,
		   size_t room)
{
	if (room < n + FAKE_OVERHEAD)
		return 0;
	token[0] = conf ? 0xc1 : 0xc0;
	token[1] = g->context->acceptor;
	token[2] = g->context->out++;
	for (size_t i = 0; i < n; i++)
		token[3 + i] = octets[i] ^ (conf ? 0x55 : 0);
	token[3 + n] = fake_sum(token, 3 + n);
	fake.wrapped += n;
	return n + FAKE_OVERHEAD;
}

static inline enum s5_seal_fault fake_order(struct s5_gss_context *c, uint8_t number)
{
	uint8_t ahead = (uint8_t)(number - c->in);

	if (ahead > 127)
		return S5_SEAL_DUPLICATE;
	c->in = (uint8_t)(number + 1);
	return ahead ? S5_SEAL_GAP : S5_SEAL_GOOD;
}

enum s5_seal_fault s5_gss_unwrap(struct s5_gss *g, bool ordered, uint8_t *token, size_t ntoken,
				 const uint8_t **plain, size_t *n, bool *conf)
{
	enum s5_seal_fault fault;

	*plain = token;
	*n = 0;
	*conf = false;
	if (ntoken < FAKE_OVERHEAD || (token[0] | 1) != 0xc1)
		return S5_SEAL_DEFECTIVE;
	if (fake_sum(token, ntoken - 1) != token[ntoken - 1] || token[1] == g->context->acceptor)
		return S5_SEAL_TAMPERED;
	*conf = token[0] & 1;
	*plain = token + 3;
	*n = ntoken - FAKE_OVERHEAD;
	for (size_t i = 0; *conf && i < *n; i++)
		token[3 + i] ^= 0x55;
	fault = fake_order(g->context, token[2]);
	token[0] = token[1] = token[2] = token[ntoken - 1] = 0xee;
	if (ordered && fault != S5_SEAL_GOOD)
		*n = 0;
	return fault;
}

#endif

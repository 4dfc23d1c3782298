#include "probe/outgoing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe/context.h"
#include "wire/udp.h"

#define ROOM (3 * S5_OCTETS_MOST) /* octets: a word's, sealed, behind others */

void s5_outgoing_free(struct s5_exchange *x)
{
	if (x->out)
		explicit_bzero(x->out, x->nout);
	free(x->out);
	x->out = NULL;
	x->sent = x->nout = 0;
}

static int put_sealed(struct s5_exchange *x, const struct s5_word *w, struct s5_writer *out)
{
	uint8_t *octets = malloc(S5_OCTETS_MOST);
	size_t n;
	bool good;

	if (!octets)
		return -ENOMEM;
	n = s5_word_octets(w, x->parts, octets, NULL);
	good = s5_context_seal(x, w, octets, n, out);
	explicit_bzero(octets, n);
	free(octets);
	if (good && w->speaker >= S5_SPEAKER_DATAGRAMS && out->len > S5_UDP_PAYLOAD_MAX)
		return -EMSGSIZE;
	return good ? 0 : -EPROTO;
}

static int put(struct s5_exchange *x, const struct s5_word *w, struct s5_writer *out)
{
	if (w->is_sealed)
		return put_sealed(x, w, out);
	if (w->what == S5_WHAT_TOKEN)
		s5_context_put_token(x->context, out);
	else if (w->what == S5_WHAT_KEPT)
		s5_context_put_kept(x->context, out);
	else
		out->len += s5_word_octets(w, x->parts, out->data + out->len, NULL);
	return out->rc == S5_OK ? 0 : -EMSGSIZE;
}

int s5_outgoing_put(struct s5_exchange *x, const struct s5_word *w)
{
	struct s5_writer out;
	int rc;

	if (!x->is_holding) {
		s5_outgoing_free(x);
		x->out = malloc(ROOM);
	}
	if (!x->out)
		return -ENOMEM;
	if (ROOM - x->nout < S5_OCTETS_MOST)
		return -EMSGSIZE;
	out = s5_writer_over(x->out, ROOM);
	out.len = x->nout;
	rc = put(x, w, &out);
	x->nout = out.len;
	x->is_holding = w->is_held;
	return rc;
}

void s5_outgoing_put_token(struct s5_exchange *x)
{
	struct s5_writer out = s5_writer_over(x->out, ROOM);

	s5_context_put_token(x->context, &out);
	x->sent = 0;
	x->nout = out.len;
}

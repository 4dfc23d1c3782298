/* What reassembly must do, written down a second time and plainly: one slot for each position,
 * put together at the end. The unit tests and the fuzzer compare s5_frag with it. */
#ifndef FRAGMODEL_H
#define FRAGMODEL_H

#include <stdlib.h>
#include <string.h>

#include "wire/frag.h"

struct fragmodel {
	int64_t timeout, since; /* ms; when the first slot was filled */
	struct s5_addr addr;
	unsigned filled; /* slots 1..filled */
	size_t total;
	struct {
		uint8_t *octets;
		size_t len;
	} slot[128];
	uint8_t whole[S5_UDP_PAYLOAD_MAX];
};

static inline void fragmodel_clear(struct fragmodel *m)
{
	for (; m->filled; m->filled--)
		free(m->slot[m->filled].octets);
	m->total = 0;
}

static inline void fragmodel_fill(struct fragmodel *m, const struct s5_datagram *d, int64_t now)
{
	unsigned at = ++m->filled;

	if (at == 1) {
		m->addr = d->addr;
		m->since = now;
	}
	m->slot[at].octets = malloc(d->len ? d->len : 1);
	if (!m->slot[at].octets)
		abort();
	if (d->len)
		memcpy(m->slot[at].octets, d->data, d->len);
	m->slot[at].len = d->len;
	m->total += d->len;
}

/* Puts the slots together into a datagram that is a view of m, and empties them. */
static inline void fragmodel_join(struct fragmodel *m, struct s5_datagram *d)
{
	size_t len = 0;

	for (unsigned i = 1; i <= m->filled; i++) {
		memcpy(m->whole + len, m->slot[i].octets, m->slot[i].len);
		len += m->slot[i].len;
	}
	*d = (struct s5_datagram){ .rsv = d->rsv, .addr = m->addr, .data = m->whole, .len = len };
	fragmodel_clear(m);
}

/* As s5_frag_add with a budget that is never used up. */
static inline enum s5_frag_result fragmodel_add(struct fragmodel *m, struct s5_datagram *d,
						int64_t now)
{
	unsigned position = d->frag % 128;
	bool is_last = d->frag >= 128, is_ours;

	if (now - m->since >= m->timeout)
		fragmodel_clear(m);
	is_ours = m->filled && position && s5_addr_equal(&m->addr, &d->addr);
	if (is_ours && position == m->filled)
		return S5_FRAG_DROPPED;
	if (!is_ours || position != m->filled + 1)
		fragmodel_clear(m);
	if (!d->frag)
		return S5_FRAG_WHOLE;
	if (position != m->filled + 1)
		return S5_FRAG_DROPPED;
	if (m->total + d->len > sizeof m->whole) {
		fragmodel_clear(m);
		return S5_FRAG_DROPPED;
	}
	fragmodel_fill(m, d, now);
	if (is_last)
		fragmodel_join(m, d);
	return is_last ? S5_FRAG_WHOLE : S5_FRAG_KEPT;
}

#endif

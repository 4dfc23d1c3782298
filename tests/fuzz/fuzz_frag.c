/* Datagrams of any octets to the reader and the reassembler, which must do what the model does.
 *
 * The first octet is the budget, in KiB. Then each datagram: an octet of time (in 50 ms), one that
 * lengthens its data (by 256 octets each, so that a short input can be too much), one that says
 * how many octets of the input it takes, and these.
 */
#include <stdio.h>

#include "../unit/fragmodel.h"
#include "must.h"

#define HEAD 3

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

/* The data of d, and more of it, in memory that the caller frees. */
static uint8_t *lengthen(struct s5_datagram *d, size_t more)
{
	uint8_t *octets = malloc(d->len + more + 1);

	if (!octets)
		abort();
	if (d->len)
		memcpy(octets, d->data, d->len);
	memset(octets + d->len, (int)(d->len & 0xff), more);
	d->data = octets;
	d->len += more;
	return octets;
}

static bool is_same(const struct s5_datagram *a, const struct s5_datagram *b)
{
	return a->frag == 0 && b->frag == 0 && a->rsv == b->rsv && a->len == b->len &&
	       s5_addr_equal(&a->addr, &b->addr) && !memcmp(a->data, b->data, a->len);
}

/* Memory may be refused only where twice what is needed would not fit; the model, which needs
 * none, then gives up as well. */
static void refuse(const struct s5_frag *f, struct fragmodel *m, size_t total)
{
	must(2 * total + 512 > f->budget->limit, "memory is refused, and yet there is enough");
	fragmodel_clear(m);
}

static void check_memory(const struct s5_frag *f, const struct fragmodel *m)
{
	must(f->budget->used <= f->budget->limit, "more is held than the limit");
	must(!f->budget->used == !f->queue, "what is held is not counted");
	must(!f->deadline == !f->queue, "what is held is never due");
	must(f->highest == m->filled, "another position than the model's");
	if (f->highest) {
		must(f->deadline == m->since + m->timeout, "another deadline than the model's");
		must(f->budget->used >= m->total, "less is held than came");
		must(f->budget->used <= 2 * m->total + 512, "too much is held");
	}
}

static void add(struct s5_frag *f, struct fragmodel *m, const struct s5_datagram *given,
		int64_t now)
{
	struct s5_datagram got = *given, want = *given;
	size_t before = m->filled ? m->total : 0;
	enum s5_frag_result result = s5_frag_add(f, &got, now);
	enum s5_frag_result expected = fragmodel_add(m, &want, now);

	if (result == S5_FRAG_DROPPED && f->loss == S5_LOSS_MEMORY)
		refuse(f, m, before + given->len);
	else
		must(result == expected, "another result than the model's");
	must(result != S5_FRAG_DROPPED || f->loss, "dropped without a reason");
	must(result != S5_FRAG_WHOLE || is_same(&got, &want), "another datagram than the model's");
	check_memory(f, m);
}

/* One datagram of `len` octets; a bad one is never seen by the reassembler. */
static void take(struct s5_frag *f, struct fragmodel *m, const uint8_t *octets, size_t len,
		 size_t more, int64_t now)
{
	struct s5_reader in = s5_reader_over(octets, len);
	struct s5_datagram d;
	uint8_t *data;

	if (s5_datagram_get(&in, &d) != S5_OK)
		return;
	data = lengthen(&d, more);
	add(f, m, &d, now);
	free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	static struct fragmodel m;
	struct s5_budget budget = { .limit = n ? (size_t)octets[0] << 10 : 0 };
	const uint8_t *at = octets + 1, *end = octets + n;
	struct s5_frag f;
	int64_t now = 1;

	s5_frag_init(&f, &budget, 0);
	m.timeout = S5_FRAG_TIMEOUT;
	while (n && end - at >= HEAD) {
		size_t left = (size_t)(end - at) - HEAD, len = at[2] < left ? at[2] : left;

		now += at[0] * 50;
		take(&f, &m, at + HEAD, len, (size_t)at[1] << 8, now);
		at += HEAD + len;
	}
	s5_frag_fini(&f);
	fragmodel_clear(&m);
	must(!budget.used, "what was held is not given back");
	return 0;
}

#include "wire/frag.h"

#include <stdlib.h>
#include <string.h>

/* Apart from s5_frag, so that an association without fragments does not pay for it. */
struct s5_frag_queue {
	struct s5_addr addr; /* of the first fragment */
	size_t cap, len;
	uint8_t octets[];
};

static const char *const losses[] = {
#define S5_LOSS(id, text) [S5_LOSS_##id] = text,
#include "wire/losses.def"
};

const char *s5_loss_text(enum s5_loss loss)
{
	return losses[loss];
}

void s5_frag_init(struct s5_frag *f, struct s5_budget *budget, int64_t timeout)
{
	*f = (struct s5_frag){
		.budget = budget,
		.timeout = timeout > S5_FRAG_TIMEOUT ? timeout : S5_FRAG_TIMEOUT,
	};
}

void s5_frag_fini(struct s5_frag *f)
{
	if (f->queue)
		s5_budget_give(f->budget, sizeof *f->queue + f->queue->cap);
	free(f->queue);
	f->queue = NULL;
	f->deadline = 0;
	f->highest = 0;
}

bool s5_frag_expire(struct s5_frag *f, int64_t now)
{
	bool is_under_way = f->highest;

	if (is_under_way && now < f->deadline)
		return false;
	s5_frag_fini(f);
	return is_under_way;
}

static uint8_t position_of(const struct s5_datagram *d)
{
	return d->frag & S5_FRAG_POSITION;
}

/* Why the sequence under way does not go on with this datagram. */
static enum s5_loss find_break(const struct s5_frag *f, const struct s5_datagram *d)
{
	if (!d->frag)
		return S5_LOSS_STANDALONE;
	if (!s5_addr_equal(&f->queue->addr, &d->addr))
		return S5_LOSS_ADDRESS;
	if (position_of(d) == f->highest)
		return S5_LOSS_DUPLICATE;
	if (position_of(d) < f->highest)
		return S5_LOSS_LOWER;
	return position_of(d) > f->highest + 1 ? S5_LOSS_GAP : S5_LOSS_NONE;
}

static bool set_cap(struct s5_frag *f, size_t cap)
{
	size_t more = f->queue ? cap - f->queue->cap : sizeof *f->queue + cap;
	struct s5_frag_queue *q;

	if (!s5_budget_take(f->budget, more))
		return false;
	q = realloc(f->queue, sizeof *q + cap);
	if (!q) {
		s5_budget_give(f->budget, more);
		return false;
	}
	q->cap = cap;
	f->queue = q;
	return true;
}

/* Room for len octets in all. What grows is doubled: 127 small fragments are few copies, and cost
 * at most twice their octets. */
static bool reserve(struct s5_frag *f, size_t len)
{
	size_t doubled = f->queue ? 2 * f->queue->cap : 0;

	if (f->queue && len <= f->queue->cap)
		return true;
	if (doubled > S5_UDP_PAYLOAD_MAX)
		doubled = S5_UDP_PAYLOAD_MAX;
	return set_cap(f, len > doubled ? len : doubled);
}

/* Why the octets of the next fragment cannot be held; S5_LOSS_NONE when they are. */
static enum s5_loss hold(struct s5_frag *f, const struct s5_datagram *d, int64_t now)
{
	size_t len = f->highest ? f->queue->len : 0;

	if (d->len > S5_UDP_PAYLOAD_MAX - len)
		return S5_LOSS_SIZE;
	if (!reserve(f, len + d->len))
		return S5_LOSS_MEMORY;
	if (!f->highest) {
		f->queue->addr = d->addr;
		f->deadline = now + f->timeout;
	}
	if (d->len)
		memcpy(f->queue->octets + len, d->data, d->len);
	f->queue->len = len + d->len;
	f->highest = position_of(d);
	return S5_LOSS_NONE;
}

/* The sequence is the datagram; its memory stays for the view. */
static void deliver(struct s5_frag *f, struct s5_datagram *d, int64_t now)
{
	d->frag = 0;
	d->addr = f->queue->addr;
	d->data = f->queue->octets;
	d->len = f->queue->len;
	f->highest = 0;
	f->deadline = now;
}

static enum s5_frag_result drop(struct s5_frag *f, enum s5_loss loss)
{
	f->loss = loss;
	return S5_FRAG_DROPPED;
}

enum s5_frag_result s5_frag_add(struct s5_frag *f, struct s5_datagram *d, int64_t now)
{
	enum s5_loss loss;

	f->loss = s5_frag_expire(f, now) ? S5_LOSS_TIMER : S5_LOSS_NONE;
	if (f->highest) {
		f->loss = find_break(f, d);
		if (f->loss == S5_LOSS_DUPLICATE)
			return S5_FRAG_DROPPED;
		if (f->loss)
			s5_frag_fini(f);
	}
	if (!d->frag)
		return S5_FRAG_WHOLE;
	if (!f->budget)
		return drop(f, S5_LOSS_UNSUPPORTED);
	if (position_of(d) != f->highest + 1)
		return drop(f, f->loss ? f->loss : S5_LOSS_GAP);
	loss = hold(f, d, now);
	if (loss) {
		s5_frag_fini(f);
		return drop(f, loss);
	}
	if (!(d->frag & S5_FRAG_LAST))
		return S5_FRAG_KEPT;
	deliver(f, d, now);
	return S5_FRAG_WHOLE;
}

unsigned s5_frag_count(size_t len, size_t size)
{
	size_t n;

	if (!size || len <= size)
		return 1;
	n = len / size + (len % size != 0);
	return n <= S5_FRAG_POSITION ? (unsigned)n : 0;
}

struct s5_slice s5_frag_slice(size_t len, size_t size, unsigned i)
{
	unsigned count = s5_frag_count(len, size);
	struct s5_slice s = { .off = i * size, .len = size, .frag = (uint8_t)(i + 1) };

	if (i + 1 < count)
		return s;
	s.len = len - s.off;
	s.frag = count == 1 ? 0 : (uint8_t)(s.frag | S5_FRAG_LAST);
	return s;
}

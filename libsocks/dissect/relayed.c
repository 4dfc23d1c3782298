#include "dissect/relayed.h"

#include "base/names.h"
#include "dissect/anatomy.h"
#include "wire/gssframe.h"
#include "wire/gsstoken.h"

void s5_relayed_init(struct s5_relayed *r, uint8_t level, struct s5_budget *budget,
		     void (*seen)(void *arg, const struct s5_seen *seen), void *arg)
{
	*r = (struct s5_relayed){ .sealed = level != S5_LEVEL_NONE, .seen = seen, .arg = arg };
	s5_frag_init(&r->side[S5_CLIENT].frag, budget, S5_FRAG_TIMEOUT);
	s5_frag_init(&r->side[S5_SERVER].frag, budget, S5_FRAG_TIMEOUT);
}

void s5_relayed_fini(struct s5_relayed *r)
{
	s5_frag_fini(&r->side[S5_CLIENT].frag);
	s5_frag_fini(&r->side[S5_SERVER].frag);
}

static void tell(struct s5_relayed *r, struct s5_seen seen)
{
	struct s5_relayed_side *side = &r->side[seen.from];
	uint64_t *off = seen.sealed ? &side->plain : &side->off;

	seen.step = S5_STEP_STREAM;
	seen.datagram = true;
	seen.off = *off;
	if (seen.kind != S5_SEEN_WHOLE)
		*off += seen.len;
	r->seen(r->arg, &seen);
}

/* now: in milliseconds and above 0, as s5_frag wants it. */
static void put_together(struct s5_relayed *r, const struct s5_seen *seen, struct s5_datagram *d)
{
	struct s5_frag *frag = &r->side[seen->from].frag;
	bool in_fragments = d->frag != 0;
	enum s5_frag_result result = s5_frag_add(frag, d, seen->when / 1000 + 1);

	if (frag->loss != S5_LOSS_NONE)
		tell(r, (struct s5_seen){ .kind = S5_SEEN_FAULT,
					  .from = seen->from,
					  .sealed = seen->sealed,
					  .when = seen->when,
					  .why = s5_loss_text(frag->loss) });
	if (result == S5_FRAG_WHOLE && in_fragments)
		tell(r, (struct s5_seen){ .kind = S5_SEEN_WHOLE,
					  .from = seen->from,
					  .sealed = seen->sealed,
					  .when = seen->when,
					  .octets = d->data,
					  .len = d->len });
}

static void read_datagram(struct s5_relayed *r, struct s5_seen seen)
{
	struct s5_reader in = s5_reader_over(seen.octets, (size_t)seen.len);
	struct s5_trace trace = { .nspans = 0 };
	struct s5_datagram d;

	in.trace = &trace;
	seen.trace = &trace;
	if (s5_datagram_get(&in, &d) == S5_OK) {
		seen.kind = S5_SEEN_DATAGRAM;
		tell(r, seen);
		put_together(r, &seen, &d);
		return;
	}
	seen.kind = S5_SEEN_FAULT;
	seen.why = in.rc == S5_MORE ? "it is cut short" : s5_note_text(in.why);
	seen.field = in.field;
	seen.need = in.rc == S5_MORE ? in.need : 0;
	tell(r, seen);
}

/* R1961-5.11: one message, and nothing behind it. */
static void read_sealed(struct s5_relayed *r, struct s5_seen seen)
{
	struct s5_reader in = s5_reader_over(seen.octets, (size_t)seen.len), token;
	struct s5_trace trace = { .nspans = 0 };
	struct s5_gssframe frame;
	struct s5_wrap_token wrap;

	in.trace = &trace;
	seen.trace = &trace;
	if (s5_gssframe_get(&in, &frame) != S5_OK || frame.mtyp != S5_MTYP_DATA ||
	    in.off != in.len) {
		seen.kind = S5_SEEN_FAULT;
		seen.why = "it is no sealed message";
		tell(r, seen);
		return;
	}
	s5_anatomy(seen.octets, in.len, false, &trace);
	seen.kind = S5_SEEN_SEALED;
	tell(r, seen);
	token = s5_reader_over(frame.token, frame.len);
	if (s5_wrap_token_get(&token, &wrap) == S5_OK && wrap.plain)
		read_datagram(r, (struct s5_seen){ .from = seen.from,
						   .sealed = true,
						   .when = seen.when,
						   .octets = wrap.plain,
						   .len = wrap.nplain });
}

void s5_relayed_recv(struct s5_relayed *r, enum s5_role from, const uint8_t *octets, size_t n,
		     int64_t when)
{
	struct s5_seen seen = { .from = from, .octets = octets, .len = n, .when = when };

	if (r->sealed)
		read_sealed(r, seen);
	else
		read_datagram(r, seen);
}

void s5_relayed_gap(struct s5_relayed *r, enum s5_role from, uint64_t n, int64_t when)
{
	tell(r, (struct s5_seen){ .kind = S5_SEEN_GAP, .from = from, .when = when, .len = n });
}

#include "dissect/talk.h"

#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "dissect/anatomy.h"

#define PIECE 4096 /* octets that are looked at at once */

static enum s5_role other(enum s5_role side)
{
	return side == S5_CLIENT ? S5_SERVER : S5_CLIENT;
}

static void free_held(struct s5_talk *t, struct s5_talk_side *side)
{
	if (!side->held)
		return;
	explicit_bzero(side->held, side->room);
	free(side->held);
	if (t->budget)
		s5_budget_give(t->budget, side->room);
	side->held = NULL;
	side->nheld = side->room = 0;
}

/* What a seal holds counts as what waits does. False: that is too much. */
static bool charge_part(struct s5_talk *t, struct s5_talk_side *side, size_t n)
{
	size_t before = side->part;

	if (t->budget && n > before && !s5_budget_take(t->budget, n - before))
		return false;
	if (t->budget && n < before)
		s5_budget_give(t->budget, before - n);
	side->part = n;
	return true;
}

static void free_seal(struct s5_talk *t, struct s5_talk_side *side)
{
	charge_part(t, side, 0);
	s5_seal_free(side->seal);
	side->seal = NULL;
}

void s5_talk_fini(struct s5_talk *t)
{
	for (unsigned i = 0; i < 2; i++) {
		free_held(t, &t->side[i]);
		free_seal(t, &t->side[i]);
	}
	s5_session_fini(&t->session);
	explicit_bzero(&t->v4, sizeof t->v4);
}

/* telling */

static void tell(struct s5_talk *t, struct s5_seen seen)
{
	struct s5_talk_side *side = &t->side[seen.from];
	uint64_t *off = seen.sealed ? &side->plain : &side->off;

	seen.off = *off;
	seen.when = side->when;
	*off += seen.len;
	t->seen(t->arg, &seen);
}

/* Octets that are no message: what they are, the state says. */
static void tell_octets(struct s5_talk *t, enum s5_role from, const uint8_t *octets, size_t n,
			bool sealed)
{
	bool open = t->state == S5_TALK_OPEN && !t->side[from].lost;
	struct s5_seen seen = { .kind = open ? S5_SEEN_DATA : S5_SEEN_REST };

	if (!n)
		return;
	seen.from = from;
	seen.octets = octets;
	seen.len = n;
	seen.sealed = sealed;
	tell(t, seen);
}

/* A sealed message. What is in it is a part of the dialogue, or of the stream. */
static void saw(struct s5_talk *t, enum s5_role from, const uint8_t *octets, size_t n,
		const uint8_t *plain, size_t nplain)
{
	struct s5_trace trace = { .nspans = 0 };
	struct s5_reader in = s5_reader_over(octets, n);
	struct s5_gssframe frame;

	in.trace = &trace;
	s5_gssframe_get(&in, &frame);
	s5_anatomy(octets, n, false, &trace);
	tell(t, (struct s5_seen){ .kind = S5_SEEN_SEALED,
				  .from = from,
				  .step = S5_STEP_STREAM,
				  .octets = octets,
				  .len = n,
				  .trace = &trace });
	if (t->state == S5_TALK_OPEN)
		tell_octets(t, from, plain, nplain, true);
}

static void saw_client(void *t, const uint8_t *octets, size_t n, const uint8_t *plain,
		       size_t nplain)
{
	saw(t, S5_CLIENT, octets, n, plain, nplain);
}

static void saw_server(void *t, const uint8_t *octets, size_t n, const uint8_t *plain,
		       size_t nplain)
{
	saw(t, S5_SERVER, octets, n, plain, nplain);
}

void s5_talk_init(struct s5_talk *t, void (*seen)(void *arg, const struct s5_seen *seen), void *arg)
{
	*t = (struct s5_talk){ .seen = seen, .arg = arg, .config = { .watch = true } };
	t->config.peek[S5_CLIENT] = (struct s5_seal_peek){ .saw = saw_client, .arg = t };
	t->config.peek[S5_SERVER] = (struct s5_seal_peek){ .saw = saw_server, .arg = t };
	t->v4.step = S5_STEP_REQUEST;
	s5_session_init_observer(&t->session, &t->config);
}

/* held octets */

static uint8_t *get_memory(struct s5_talk *t, size_t n)
{
	uint8_t *held;

	if (t->budget && !s5_budget_take(t->budget, n))
		return NULL;
	held = malloc(n);
	if (!held && t->budget)
		s5_budget_give(t->budget, n);
	return held;
}

static bool grow(struct s5_talk *t, struct s5_talk_side *side, size_t n)
{
	size_t room = side->room ? side->room : 256, nheld = side->nheld;
	uint8_t *held;

	while (room < n)
		room *= 2;
	if (room == side->room)
		return true;
	held = get_memory(t, room);
	if (!held)
		return false;
	if (nheld)
		memcpy(held, side->held, nheld);
	free_held(t, side);
	side->held = held;
	side->room = room;
	side->nheld = nheld;
	return true;
}

static bool hold(struct s5_talk *t, struct s5_talk_side *side, const uint8_t *octets, size_t n)
{
	if (n > S5_TALK_HELD - side->nheld || !grow(t, side, side->nheld + n))
		return false;
	memcpy(side->held + side->nheld, octets, n);
	side->nheld += n;
	return true;
}

static void drop(struct s5_talk *t, struct s5_talk_side *side, size_t n)
{
	if (n == side->nheld) {
		free_held(t, side);
		return;
	}
	memmove(side->held, side->held + n, side->nheld - n);
	side->nheld -= n;
	explicit_bzero(side->held + side->nheld, n);
}

/* behind the dialogue */

static void fault(struct s5_talk *t, struct s5_seen seen)
{
	seen.kind = S5_SEEN_FAULT;
	t->state = S5_TALK_LOST;
	tell(t, seen);
}

/* The sealed stream of `from` ends here; the other can be read on. */
static void fault_sealed(struct s5_talk *t, enum s5_role from, const char *why)
{
	const uint8_t *octets;
	size_t n;

	t->side[from].lost = true;
	tell(t, (struct s5_seen){
			.kind = S5_SEEN_FAULT, .from = from, .step = S5_STEP_STREAM, .why = why });
	octets = s5_seal_rest(t->side[from].seal, &n);
	tell_octets(t, from, octets, n, false);
	free_seal(t, &t->side[from]);
}

static bool is_sealed(const struct s5_talk *t, enum s5_role from)
{
	return t->state == S5_TALK_OPEN && t->side[from].seal;
}

static void unseal(struct s5_talk *t, enum s5_role from, const uint8_t *octets, size_t n)
{
	struct s5_seal *seal = t->side[from].seal;
	uint8_t piece[PIECE];
	struct s5_writer out;
	enum s5_rc rc = S5_BAD;

	memcpy(piece, octets, n);
	out = s5_writer_over(NULL, s5_seal_unwrapped_size(seal, n));
	out.data = malloc(out.cap + 1);
	if (out.data)
		rc = s5_seal_unwrap(seal, piece, n, &out);
	free(out.data); /* saw has told it */
	if (rc != S5_OK) {
		fault_sealed(t, from, s5_seal_text(s5_seal_fault(seal)));
		return;
	}
	s5_seal_rest(seal, &n);
	if (!charge_part(t, &t->side[from], n))
		fault_sealed(t, from, s5_cause_text(S5_CAUSE_MEMORY));
}

static void carry(struct s5_talk *t, enum s5_role from, const uint8_t *octets, size_t n)
{
	while (n && is_sealed(t, from)) {
		size_t piece = n < PIECE ? n : PIECE;

		unseal(t, from, octets, piece);
		octets += piece;
		n -= piece;
	}
	tell_octets(t, from, octets, n, false);
}

static void carry_held(struct s5_talk *t)
{
	for (unsigned i = 0; i < 2; i++) {
		carry(t, (enum s5_role)i, t->side[i].held, t->side[i].nheld);
		free_held(t, &t->side[i]);
	}
}

/* Something came out of its seal. */
static bool is_opened(const struct s5_session *s, enum s5_role from)
{
	return s->plain[from].cap != 0;
}

/* What the session took of `from` and had no use for. told: what it has of it in the open was told
 * already, and only a part of a sealed message may be left. */
static void carry_early(struct s5_talk *t, enum s5_role from, bool told)
{
	struct s5_seal *seal = s5_session_take_seal(&t->session, from);
	const uint8_t *octets;
	size_t n;

	octets = s5_session_early(&t->session, from, &n);
	if (!told)
		tell_octets(t, from, octets, n, is_opened(&t->session, from));
	if (!seal)
		return;
	octets = s5_seal_rest(seal, &n);
	tell_octets(t, from, octets, n, false);
	s5_seal_free(seal);
}

/* SOCKS5 */

static void tell_message(struct s5_talk *t)
{
	struct s5_session *s = &t->session;

	if (s->message.step == S5_STEP_TOKEN || s->message.step == S5_STEP_LEVEL)
		s5_anatomy(s->message.octets, s->message.len, s->message.step == S5_STEP_LEVEL,
			   &s->trace);
	/* The level itself went in clear, but the seal is there already. */
	tell(t, (struct s5_seen){ .kind = S5_SEEN_MESSAGE,
				  .from = s->message.sender,
				  .step = s->message.step,
				  .sealed = s->message.step != S5_STEP_LEVEL &&
					    s->seals[s->message.sender],
				  .octets = s->message.octets,
				  .len = s->message.len,
				  .trace = &s->trace });
}

static void open_side(struct s5_talk *t, enum s5_role from)
{
	struct s5_talk_side *side = &t->side[from];
	const uint8_t *early;
	size_t n;

	early = s5_session_early(&t->session, from, &n);
	tell_octets(t, from, early, n, is_opened(&t->session, from));
	if (!side->seal)
		return;
	/* Memory is short for what the session has of it. */
	if (t->session.failure.cause == S5_CAUSE_MEMORY)
		fault_sealed(t, from, s5_cause_text(S5_CAUSE_MEMORY));
	else if (s5_seal_fault(side->seal) != S5_SEAL_GOOD)
		fault_sealed(t, from, s5_seal_text(s5_seal_fault(side->seal)));
}

static void open5(struct s5_talk *t)
{
	t->side[S5_CLIENT].seal = s5_session_take_seal(&t->session, S5_CLIENT);
	t->side[S5_SERVER].seal = s5_session_take_seal(&t->session, S5_SERVER);
	t->state = S5_TALK_OPEN;
	open_side(t, S5_CLIENT);
	open_side(t, S5_SERVER);
	carry_held(t);
}

/* What is at the head of its sender's octets is at fault. */
static void fault5(struct s5_talk *t, const char *why)
{
	const struct s5_failure *f = &t->session.failure;
	struct s5_seen seen = { .from = f->from, .step = f->step, .why = why };
	size_t n;

	seen.octets = s5_session_early(&t->session, f->from, &n);
	seen.len = n;
	seen.sealed = t->session.seals[f->from] != NULL;
	seen.trace = &t->session.trace;
	seen.field = f->field;
	seen.need = f->need;
	fault(t, seen);
}

static void closed(struct s5_talk *t, enum s5_role from, enum s5_step_id step)
{
	t->state = S5_TALK_LOST;
	if (t->side[from].closed)
		tell(t, (struct s5_seen){ .kind = S5_SEEN_CLOSED, .from = from, .step = step });
}

/* Why the octets at the head cannot be read; NULL: they are not to blame. */
static const char *blame(const struct s5_failure *f)
{
	if (f->cause == S5_CAUSE_MALFORMED)
		return s5_note_text(f->note);
	return f->cause == S5_CAUSE_EOF && f->partial ? "it is cut short" : NULL;
}

/* The dialogue is over, and no stream follows. */
static void failed5(struct s5_talk *t)
{
	const struct s5_failure *f = &t->session.failure;
	const char *why = blame(f);

	if (why)
		fault5(t, why);
	else if (f->cause == S5_CAUSE_SEAL || f->cause == S5_CAUSE_MEMORY)
		fault(t, (struct s5_seen){
				 .from = f->from,
				 .step = f->step,
				 .why = f->cause == S5_CAUSE_MEMORY
						? s5_cause_text(f->cause)
						: s5_seal_text((enum s5_seal_fault)f->code) });
	else if (f->cause == S5_CAUSE_EOF)
		closed(t, f->from, f->step);
	else
		t->state = S5_TALK_REFUSED;
	for (unsigned i = 0; i < 2; i++)
		carry_early(t, (enum s5_role)i, why && i == f->from);
	carry_held(t);
}

static bool next5(struct s5_talk *t)
{
	enum s5_event event = s5_session_next(&t->session);

	if (event == S5_EV_MESSAGE)
		tell_message(t);
	else if (event == S5_EV_OPEN)
		open5(t);
	else if (event == S5_EV_FAILED)
		failed5(t);
	return event != S5_EV_NONE;
}

static bool feed5(struct s5_talk *t, enum s5_role from)
{
	struct s5_talk_side *side = &t->side[from];
	size_t n = s5_session_recv(&t->session, from, side->held, side->nheld);

	drop(t, side, n);
	if (side->ended && !side->nheld)
		s5_session_eof(&t->session, from);
	return n > 0;
}

static bool step5(struct s5_talk *t)
{
	bool moved = feed5(t, S5_CLIENT);

	moved |= feed5(t, S5_SERVER);
	return next5(t) || moved;
}

/* SOCKS4 */

static void follow4(struct s5_talk *t)
{
	bool bind = t->v4.request.cd == S5_CD_BIND;

	if (t->v4.step == S5_STEP_REQUEST)
		t->v4.step = S5_STEP_REPLY;
	else if (t->v4.reply.cd != S5_CD_GRANTED)
		t->state = S5_TALK_REFUSED;
	else if (bind && t->v4.step == S5_STEP_REPLY)
		t->v4.step = S5_STEP_REPLY2;
	else
		t->state = S5_TALK_OPEN;
	if (t->state != S5_TALK_DIALOGUE)
		carry_held(t);
}

static void fault4(struct s5_talk *t, enum s5_role from, const struct s5_reader *in)
{
	struct s5_talk_side *side = &t->side[from];
	bool cut = in->rc == S5_MORE;

	fault(t, (struct s5_seen){ .from = from,
				   .step = t->v4.step,
				   .octets = side->held,
				   .len = side->nheld,
				   .trace = &t->v4.trace,
				   .why = cut ? "it is cut short" : s5_note_text(in->why),
				   .field = in->field,
				   .need = cut ? in->need : 0 });
	drop(t, side, side->nheld);
	carry_held(t);
}

static bool step4(struct s5_talk *t)
{
	enum s5_role from = t->v4.step == S5_STEP_REQUEST ? S5_CLIENT : S5_SERVER;
	struct s5_talk_side *side = &t->side[from];
	struct s5_reader in = s5_reader_over(side->nheld ? side->held : (uint8_t *)"", side->nheld);
	enum s5_rc rc;

	t->v4.trace.nspans = t->v4.trace.nmarks = 0;
	in.trace = &t->v4.trace;
	rc = from == S5_CLIENT ? s5_socks4_request_get(&in, &t->v4.request)
			       : s5_socks4_reply_get(&in, &t->v4.reply);
	if (rc == S5_OK) {
		tell(t, (struct s5_seen){ .kind = S5_SEEN_MESSAGE,
					  .from = from,
					  .step = t->v4.step,
					  .octets = side->held,
					  .len = in.off,
					  .trace = &t->v4.trace });
		drop(t, side, in.off);
		follow4(t);
	} else if (rc == S5_BAD || (side->ended && side->nheld)) {
		fault4(t, from, &in);
	} else if (side->ended) {
		closed(t, from, t->v4.step);
		carry_held(t);
	}
	return rc == S5_OK;
}

/* both */

static void go(struct s5_talk *t)
{
	struct s5_talk_side *client = &t->side[S5_CLIENT];
	struct s5_reader in = s5_reader_over(client->held, client->nheld);

	if (t->state == S5_TALK_UNKNOWN && client->nheld) {
		t->version = s5_socks4_is(&in) ? 4 : 5;
		t->state = S5_TALK_DIALOGUE;
	}
	while (t->state == S5_TALK_DIALOGUE && (t->version == 4 ? step4(t) : step5(t)))
		;
}

/* The dialogue cannot be followed any further; what is there of it means nothing. */
static bool can_say(enum s5_role from, enum s5_step_id step)
{
	bool is_clients =
		step == S5_STEP_HELLO || step == S5_STEP_CREDENTIALS || step == S5_STEP_REQUEST;

	if (step == S5_STEP_TOKEN || step == S5_STEP_LEVEL)
		return true;
	return is_clients == (from == S5_CLIENT);
}

static void lose(struct s5_talk *t, enum s5_role from, const char *why)
{
	enum s5_step_id step = S5_STEP_HELLO;

	if (t->state == S5_TALK_DIALOGUE)
		step = t->version == 4 ? t->v4.step : s5_session_step(&t->session);
	if (!can_say(from, step)) /* the message behind it, whatever that is */
		step = S5_STEP_STREAM;
	fault(t, (struct s5_seen){ .from = from, .step = step, .why = why });
	for (unsigned i = 0; t->version == 5 && i < 2; i++)
		carry_early(t, (enum s5_role)i, false);
	carry_held(t);
}

static bool is_talking(const struct s5_talk *t)
{
	return t->state == S5_TALK_UNKNOWN || t->state == S5_TALK_DIALOGUE;
}

static const char *why_not_held(const struct s5_talk_side *side, size_t n)
{
	return n > S5_TALK_HELD - side->nheld ? "too much came before what had to come first"
					      : s5_cause_text(S5_CAUSE_MEMORY);
}

void s5_talk_recv(struct s5_talk *t, enum s5_role from, const void *octets, size_t n, int64_t when)
{
	const uint8_t *all = octets;
	size_t at = 0;

	t->side[from].when = when;
	while (at < n && is_talking(t)) {
		size_t piece = n - at < PIECE ? n - at : PIECE;

		if (!hold(t, &t->side[from], all + at, piece)) {
			lose(t, from, why_not_held(&t->side[from], piece));
			break;
		}
		at += piece;
		go(t);
	}
	carry(t, from, all + at, n - at);
}

void s5_talk_gap(struct s5_talk *t, enum s5_role from, uint64_t n)
{
	if (is_talking(t))
		lose(t, from, "octets of the dialogue are missing");
	else if (is_sealed(t, from))
		fault_sealed(t, from, "octets of a sealed message are missing");
	tell(t, (struct s5_seen){ .kind = S5_SEEN_GAP, .from = from, .len = n });
}

void s5_talk_end(struct s5_talk *t, enum s5_role from, bool closed)
{
	struct s5_talk_side *side = &t->side[from];

	side->ended = true;
	side->closed = closed;
	go(t);
	if (is_sealed(t, from) && s5_seal_end(side->seal) != S5_OK)
		fault_sealed(t, from, s5_seal_text(s5_seal_fault(side->seal)));
	if (t->side[other(from)].ended && is_talking(t)) {
		t->state = S5_TALK_LOST;
		carry_held(t);
	}
}

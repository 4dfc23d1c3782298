#include "dissect/pickup.h"

#include "base/names.h"
#include "dissect/talk.h"

#define HELLO "\5\3\0\1\2"
#define USER "\1\1a\1a"
#define CONNECT "\5\1\0\1\177\0\0\1\0\120"

#define SAID(text)                                        \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static const struct s5_prelude preludes[] = {
	{ "method list", { SAID(""), SAID("") } },
	{ "method", { SAID(HELLO), SAID("") } },
	{ "request", { SAID(HELLO), SAID("\5\0") } },
	{ "credentials", { SAID(HELLO), SAID("\5\2") } },
	{ "status", { SAID(HELLO USER), SAID("\5\2") } },
	{ "token", { SAID(HELLO), SAID("\5\1") } },
	{ "reply", { SAID(HELLO CONNECT), SAID("\5\0") } },
};

#define REPLY_PRELUDE (sizeof preludes / sizeof preludes[0] - 1)

struct reading {
	const struct s5_prelude *prelude;
	bool faulty, asked, granted;
	unsigned said[2]; /* messages of each side */
	size_t read[2]; /* octets in them */
};

static bool was_before(const struct reading *r, const struct s5_seen *seen)
{
	return !seen->sealed && seen->off < r->prelude->before[seen->from].n;
}

/* Many a request and reply deviates in its codes, its name or its port; that they fit each other tells
 * enough. A reserved octet that is none makes it something else. */
static bool is_common(uint8_t note)
{
	switch (note) {
	case S5_NOTE_CMD_UNKNOWN:
	case S5_NOTE_REP_UNKNOWN:
	case S5_NOTE_NAME_CONTROL:
	case S5_NOTE_NAME_LONG:
	case S5_NOTE_BND_NAME:
	case S5_NOTE_PORT_ZERO:
		return true;
	default:
		return false;
	}
}

static bool deviates(const struct s5_seen *seen)
{
	for (unsigned i = 0; seen->trace && i < seen->trace->nmarks; i++)
		if (!is_common(seen->trace->mark[i].note))
			return true;
	return false;
}

static void on_seen(void *arg, const struct s5_seen *seen)
{
	struct reading *r = arg;

	/* What was put in can only deviate in that it does not go with the rest. */
	r->faulty |= seen->kind == S5_SEEN_FAULT || deviates(seen);
	if (was_before(r, seen) || seen->kind != S5_SEEN_MESSAGE)
		return;
	r->said[seen->from]++;
	r->read[seen->from] += (size_t)seen->len;
	r->asked |= seen->step == S5_STEP_REQUEST;
	r->granted |= seen->step == S5_STEP_REPLY && seen->octets[1] == S5_REP_SUCCEEDED &&
		      !seen->trace->nmarks;
}

static enum s5_spot read_at(struct reading *r, const struct s5_said *client,
			    const struct s5_said *server)
{
	const struct s5_said *now[2] = { client, server };
	struct s5_talk talk;

	s5_talk_init(&talk, on_seen, r);
	for (unsigned i = 0; i < 2; i++)
		s5_talk_recv(&talk, (enum s5_role)i, r->prelude->before[i].octets,
			     r->prelude->before[i].n, 0);
	for (unsigned i = 0; i < 2; i++)
		s5_talk_recv(&talk, (enum s5_role)i, now[i]->octets, now[i]->n, 0);
	s5_talk_fini(&talk);
	if (r->faulty || talk.version == 4)
		return S5_SPOT_NO;
	return r->asked && r->said[S5_SERVER] ? S5_SPOT_YES : S5_SPOT_PERHAPS;
}

/* A reply that nobody was seen to ask for is known by its being all that was said at first. */
static enum s5_spot judge_reply(const struct s5_seen_so_far *so_far, const struct reading *r,
				unsigned server)
{
	if (so_far->first != server || !so_far->nfirst)
		return so_far->side[!server].n ? S5_SPOT_NO : S5_SPOT_PERHAPS;
	if (!r->granted)
		return S5_SPOT_PERHAPS;
	return r->read[S5_SERVER] == so_far->nfirst ? S5_SPOT_YES : S5_SPOT_NO;
}

/* At the end all that was said has to be messages, of both. */
static bool is_all(const struct s5_seen_so_far *so_far, const struct reading *r, unsigned client)
{
	return r->said[S5_CLIENT] && r->said[S5_SERVER] &&
	       r->read[S5_CLIENT] == so_far->side[client].n &&
	       r->read[S5_SERVER] == so_far->side[!client].n;
}

static enum s5_spot judge(const struct s5_seen_so_far *so_far, size_t i, unsigned client)
{
	struct reading r = { .prelude = &preludes[i] };
	enum s5_spot spot = read_at(&r, &so_far->side[client], &so_far->side[!client]);

	if (spot == S5_SPOT_PERHAPS && i == REPLY_PRELUDE)
		spot = judge_reply(so_far, &r, !client);
	if (spot == S5_SPOT_PERHAPS && so_far->is_over && is_all(so_far, &r, client))
		spot = S5_SPOT_YES;
	return spot;
}

enum s5_spot s5_pickup(const struct s5_seen_so_far *so_far, struct s5_picked *picked)
{
	enum s5_spot best = S5_SPOT_NO;

	for (size_t i = 0; i < 2 * sizeof preludes / sizeof preludes[0]; i++) {
		unsigned client = i % 2;
		enum s5_spot spot = judge(so_far, i / 2, client);

		if (spot <= best)
			continue;
		best = spot;
		*picked =
			(struct s5_picked){ &preludes[i / 2], client == 0 ? S5_CLIENT : S5_SERVER };
		if (best == S5_SPOT_YES)
			break;
	}
	return best;
}

bool s5_pickup_is_client(const uint8_t *client, size_t n)
{
	static const uint8_t open[] = "\5", login[] = "\5\2\1";
	const struct s5_said own = { client, n }, answers[] = { { open, 2 }, { login, 4 } };

	for (size_t i = 0; i < 2; i++) {
		struct reading r = { .prelude = &preludes[0] };

		if (read_at(&r, &own, &answers[i]) != S5_SPOT_NO && r.asked)
			return true;
	}
	return false;
}

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

struct reading {
	const struct s5_prelude *prelude;
	bool faulty, asked, granted;
	unsigned said[2]; /* messages of each side */
};

static bool was_before(const struct reading *r, const struct s5_seen *seen)
{
	return !seen->sealed && seen->off < r->prelude->before[seen->from].n;
}

static void on_seen(void *arg, const struct s5_seen *seen)
{
	struct reading *r = arg;

	/* What was put in can only deviate in that it does not go with the rest. */
	r->faulty |= seen->kind == S5_SEEN_FAULT || (seen->trace && seen->trace->nmarks);
	if (was_before(r, seen) || seen->kind != S5_SEEN_MESSAGE)
		return;
	r->said[seen->from]++;
	r->asked |= seen->step == S5_STEP_REQUEST;
	r->granted |= seen->step == S5_STEP_REPLY && seen->octets[1] == S5_REP_SUCCEEDED;
}

static enum s5_spot read_at(const struct s5_prelude *prelude, const struct s5_said *client,
			    const struct s5_said *server)
{
	const struct s5_said *now[2] = { client, server };
	struct reading r = { .prelude = prelude };
	struct s5_talk talk;

	s5_talk_init(&talk, on_seen, &r);
	for (unsigned i = 0; i < 2; i++)
		s5_talk_recv(&talk, (enum s5_role)i, prelude->before[i].octets,
			     prelude->before[i].n, 0);
	for (unsigned i = 0; i < 2; i++)
		s5_talk_recv(&talk, (enum s5_role)i, now[i]->octets, now[i]->n, 0);
	s5_talk_fini(&talk);
	if (r.faulty || talk.version == 4)
		return S5_SPOT_NO;
	return r.granted || (r.asked && r.said[S5_SERVER]) ? S5_SPOT_YES : S5_SPOT_PERHAPS;
}

enum s5_spot s5_pickup(const struct s5_said side[static 2], struct s5_picked *picked)
{
	enum s5_spot best = S5_SPOT_NO;

	for (size_t i = 0; i < 2 * sizeof preludes / sizeof preludes[0]; i++) {
		const struct s5_prelude *prelude = &preludes[i / 2];
		unsigned client = i % 2;
		enum s5_spot spot = read_at(prelude, &side[client], &side[!client]);

		if (spot <= best)
			continue;
		best = spot;
		*picked = (struct s5_picked){ prelude, client == 0 ? S5_CLIENT : S5_SERVER };
		if (best == S5_SPOT_YES)
			break;
	}
	return best;
}

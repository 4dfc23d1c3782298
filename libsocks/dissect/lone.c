#include "dissect/lone.h"

#define TRIED (64u << 10) /* octets that are looked at to find out */

#define HELLO "\5\3\0\1\2"
#define USER "\1\1a\1a"
#define FIRST_TOKEN "\1\1\0\1a"
#define NO_TOKEN "\1\1\0\0"
#define BARE_LEVEL "\1\2\0\1\1"
#define ADDRESS "\0\1\177\0\0\1\0\120"
#define CONNECT "\5\1" ADDRESS
#define BIND "\5\2" ADDRESS
#define REPLY "\5\0" ADDRESS
#define CONNECT4 "\4\1\0\120\177\0\0\1\0"
#define BIND4 "\4\2\0\120\177\0\0\1\0"
#define REPLY4 "\0\132\0\120\177\0\0\1"

#define OCTETS(text) (const uint8_t *)(text), sizeof(text) - 1

/* Where it may begin: behind what `from` said before, with what the other side says. */
static const struct place {
	enum s5_role from;
	const uint8_t *before;
	size_t nbefore;
	const uint8_t *other;
	size_t nother;
} places[] = {
	{ S5_CLIENT, OCTETS(""), OCTETS("") },
	{ S5_CLIENT, OCTETS(""), OCTETS("\5\0" REPLY REPLY) },
	{ S5_CLIENT, OCTETS(""), OCTETS("\5\2\1\0" REPLY REPLY) },
	{ S5_CLIENT, OCTETS(""), OCTETS("\5\1" NO_TOKEN BARE_LEVEL) },
	{ S5_CLIENT, OCTETS(HELLO), OCTETS("\5\0" REPLY REPLY) },
	/* A short token reads as credentials, too: of a user whose name is NUL. */
	{ S5_CLIENT, OCTETS(HELLO), OCTETS("\5\1" NO_TOKEN BARE_LEVEL) },
	{ S5_CLIENT, OCTETS(HELLO), OCTETS("\5\2\1\0" REPLY REPLY) },
	{ S5_CLIENT, OCTETS(HELLO FIRST_TOKEN), OCTETS("\5\1" NO_TOKEN BARE_LEVEL) },
	{ S5_CLIENT, OCTETS(HELLO FIRST_TOKEN BARE_LEVEL), OCTETS("\5\1" NO_TOKEN BARE_LEVEL) },
	{ S5_CLIENT, OCTETS(""), OCTETS(REPLY4 REPLY4) },
	{ S5_SERVER, OCTETS(""), OCTETS(HELLO CONNECT) },
	{ S5_SERVER, OCTETS(""), OCTETS(HELLO BIND) },
	{ S5_SERVER, OCTETS(""), OCTETS(HELLO USER CONNECT) },
	{ S5_SERVER, OCTETS(""), OCTETS(HELLO USER BIND) },
	{ S5_SERVER, OCTETS(""), OCTETS(HELLO FIRST_TOKEN BARE_LEVEL) },
	{ S5_SERVER, OCTETS("\5\0"), OCTETS(HELLO CONNECT) },
	{ S5_SERVER, OCTETS("\5\0"), OCTETS(HELLO BIND) },
	{ S5_SERVER, OCTETS("\5\2"), OCTETS(HELLO USER CONNECT) },
	{ S5_SERVER, OCTETS("\5\2"), OCTETS(HELLO USER BIND) },
	{ S5_SERVER, OCTETS("\5\1"), OCTETS(HELLO FIRST_TOKEN BARE_LEVEL) },
	{ S5_SERVER, OCTETS("\5\1" NO_TOKEN), OCTETS(HELLO FIRST_TOKEN BARE_LEVEL) },
	{ S5_SERVER, OCTETS("\5\1" NO_TOKEN BARE_LEVEL), OCTETS(HELLO FIRST_TOKEN BARE_LEVEL) },
	{ S5_SERVER, OCTETS(""), OCTETS(CONNECT4) },
	{ S5_SERVER, OCTETS(""), OCTETS(BIND4) },
};

struct reading {
	const struct place *place;
	void (*seen)(void *arg, const struct s5_seen *seen);
	void *arg;
	int64_t score;
};

/* Octets that outweigh a deviation of what was put in, one of what was given, and a cut. */
#define MISFIT 4
#define DEVIATION 3
#define CUT 2

static void on_seen(void *arg, const struct s5_seen *seen)
{
	struct reading *r = arg;
	struct s5_seen own = *seen;

	if (seen->from != r->place->from || (!seen->sealed && seen->off < r->place->nbefore)) {
		/* What was put in is good, unless it does not go with the rest. */
		r->score -= seen->trace ? MISFIT * seen->trace->nmarks : 0;
		return;
	}
	own.off -= seen->sealed ? 0 : r->place->nbefore;
	r->seen(r->arg, &own);
}

static void read_at(struct reading *r, const uint8_t *octets, size_t n)
{
	const struct place *p = r->place;
	enum s5_role other = p->from == S5_CLIENT ? S5_SERVER : S5_CLIENT;
	struct s5_talk talk;

	s5_talk_init(&talk, on_seen, r);
	s5_talk_recv(&talk, other, p->other, p->nother, 0);
	s5_talk_recv(&talk, p->from, p->before, p->nbefore, 0);
	s5_talk_recv(&talk, p->from, octets, n, 0);
	s5_talk_end(&talk, p->from, false);
	s5_talk_end(&talk, other, false);
	s5_talk_fini(&talk);
}

/* Good messages count twice, those that deviate or are cut short less than once. */
static void weigh(void *arg, const struct s5_seen *seen)
{
	struct reading *r = arg;
	int64_t len = (int64_t)seen->len, marks = seen->trace ? seen->trace->nmarks : 0;

	if (seen->kind == S5_SEEN_MESSAGE || seen->kind == S5_SEEN_SEALED)
		r->score += marks ? len - DEVIATION : 2 * len;
	else if (seen->kind == S5_SEEN_FAULT && seen->need)
		r->score += len - CUT - DEVIATION * marks;
	else if (seen->kind == S5_SEEN_FAULT || seen->kind == S5_SEEN_REST)
		r->score -= 1;
}

static const struct place *find(const uint8_t *octets, size_t n, enum s5_role from)
{
	const struct place *best = NULL;
	int64_t score = 0;

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		struct reading r = { .place = &places[i], .seen = weigh, .arg = &r };

		if (from != S5_OBSERVER && from != places[i].from)
			continue;
		read_at(&r, octets, n < TRIED ? n : TRIED);
		if (best && r.score <= score)
			continue;
		best = &places[i];
		score = r.score;
	}
	return best;
}

enum s5_role s5_lone_read(const uint8_t *octets, size_t n, enum s5_role from,
			  void (*seen)(void *arg, const struct s5_seen *seen), void *arg)
{
	struct reading r = { .place = find(octets, n, from), .seen = seen, .arg = arg };

	read_at(&r, octets, n);
	return r.place->from;
}

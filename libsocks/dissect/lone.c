#include "dissect/lone.h"

#include <string.h>

#include "base/names.h"
#include "dissect/relayed.h"
#include "wire/udp.h"

#define TRIED (64u << 10) /* octets that are looked at to find out */

#define HELLO "\5\3\0\1\2"
#define USER "\1\1a\1a"
#define FIRST_TOKEN "\1\1\0\1a"
#define NO_TOKEN "\1\1\0\0"
#define LEVEL(level) "\1\2\0\1" level /* bare */
#define ADDRESS "\0\1\177\0\0\1\0\120"
#define CONNECT "\5\1" ADDRESS
#define BIND "\5\2" ADDRESS
#define REPLY "\5\0" ADDRESS
#define CONNECT4 "\4\1\0\120\177\0\0\1\0"
#define BIND4 "\4\2\0\120\177\0\0\1\0"
#define REPLY4 "\0\132\0\120\177\0\0\1"
/* In a wrap token, signed: its checksum has 12 octets, which nobody checks. */
#define SIGNED(message) "\1\3\0\46" WRAP_HEAD message "\0\0\0\0\0\0\0\0\0\0\0\0"
#define WRAP_HEAD "\5\4\4\377\0\14\0\0\0\0\0\0\0\0\0\0"

/* What a server says that grants a level, and what a client that got one. */
#define GRANTS0 "\5\1" NO_TOKEN LEVEL("\0") REPLY REPLY
#define GRANTS1 "\5\1" NO_TOKEN LEVEL("\1") SIGNED(REPLY) SIGNED(REPLY)
#define GRANTS2 "\5\1" NO_TOKEN LEVEL("\2") SIGNED(REPLY)
#define GOT HELLO FIRST_TOKEN LEVEL("\1")

#define OCTETS(text) (const uint8_t *)(text), sizeof(text) - 1
#define CLIENT(before, other)                            \
	{                                                \
		S5_CLIENT, OCTETS(before), OCTETS(other) \
	}
#define SERVER(before, other)                            \
	{                                                \
		S5_SERVER, OCTETS(before), OCTETS(other) \
	}

/* Where it may begin: behind what `from` said before, with what the other side says. */
static const struct s5_lone_place {
	enum s5_role from;
	const uint8_t *before;
	size_t nbefore;
	const uint8_t *other;
	size_t nother;
} places[] = {
	CLIENT("", ""),
	CLIENT("", "\5\0" REPLY REPLY),
	CLIENT("", "\5\2\1\0" REPLY REPLY),
	CLIENT("", GRANTS0),
	CLIENT("", GRANTS1),
	CLIENT("", GRANTS2),
	CLIENT(HELLO, "\5\0" REPLY REPLY),
	/* A short token reads as credentials, too: of a user whose name is NUL. */
	CLIENT(HELLO, GRANTS0),
	CLIENT(HELLO, GRANTS1),
	CLIENT(HELLO, GRANTS2),
	CLIENT(HELLO, "\5\2\1\0" REPLY REPLY),
	CLIENT(HELLO FIRST_TOKEN, GRANTS0),
	CLIENT(HELLO FIRST_TOKEN, GRANTS1),
	CLIENT(HELLO FIRST_TOKEN, GRANTS2),
	CLIENT(GOT, GRANTS1),
	CLIENT(GOT, GRANTS2),
	CLIENT("", REPLY4 REPLY4),
	SERVER("", HELLO CONNECT),
	SERVER("", HELLO BIND),
	SERVER("", HELLO USER CONNECT),
	SERVER("", HELLO USER BIND),
	SERVER("", GOT CONNECT),
	SERVER("", GOT BIND),
	SERVER("", GOT SIGNED(CONNECT)),
	SERVER("", GOT SIGNED(BIND)),
	SERVER("\5\0", HELLO CONNECT),
	SERVER("\5\0", HELLO BIND),
	SERVER("\5\2", HELLO USER CONNECT),
	SERVER("\5\2", HELLO USER BIND),
	SERVER("\5\1", GOT CONNECT),
	SERVER("\5\1", GOT BIND),
	SERVER("\5\1", GOT SIGNED(CONNECT)),
	SERVER("\5\1", GOT SIGNED(BIND)),
	SERVER("\5\1" NO_TOKEN, GOT CONNECT),
	SERVER("\5\1" NO_TOKEN, GOT BIND),
	SERVER("\5\1" NO_TOKEN, GOT SIGNED(CONNECT)),
	SERVER("\5\1" NO_TOKEN, GOT SIGNED(BIND)),
	SERVER("\5\1" NO_TOKEN LEVEL("\1"), GOT SIGNED(CONNECT)),
	SERVER("\5\1" NO_TOKEN LEVEL("\1"), GOT SIGNED(BIND)),
	SERVER("\5\1" NO_TOKEN LEVEL("\2"), GOT SIGNED(CONNECT)),
	SERVER("", CONNECT4),
	SERVER("", BIND4),
};

struct reading {
	const struct s5_lone_place *place;
	void (*seen)(void *arg, const struct s5_seen *seen);
	void *arg;
	int64_t score;
	size_t good; /* octets of messages in clear that do not deviate */
	bool is_cut; /* what was told last */
};

/* Octets that outweigh a deviation of what was put in, one of what was given, and a cut. */
#define MISFIT 4
#define DEVIATION 3
#define CUT 2
#define UNFIT 4 /* octets that are none of the messages */
#define IN_USE 1 /* a deviation that is common: a code that is not assigned, and has a name */

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
	const struct s5_lone_place *p = r->place;
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

static const uint8_t cmds[] = {
#define S5_CMD(code, id, name) code,
#include "base/codes.def"
};

static const uint8_t reps[] = {
#define S5_REP(code, id, name) code,
#include "base/codes.def"
};

static bool is_in_use(uint8_t note, uint8_t code)
{
	if (note == S5_NOTE_CMD_UNKNOWN)
		return memchr(cmds, code, sizeof cmds) != NULL;
	return note == S5_NOTE_REP_UNKNOWN && memchr(reps, code, sizeof reps);
}

/* What a message is worth: a good one twice its octets, one that deviates less than once. */
static int64_t weigh_message(const struct s5_seen *seen)
{
	const struct s5_trace *t = seen->trace;
	int64_t worth = t->nmarks ? (int64_t)seen->len : 2 * (int64_t)seen->len;

	for (unsigned i = 0; i < t->nmarks; i++) {
		if (t->mark[i].note == S5_NOTE_SUBVER)
			return -UNFIT;
		worth -= is_in_use(t->mark[i].note, seen->octets[t->mark[i].off]) ? IN_USE
										  : DEVIATION;
	}
	return worth;
}

static void look(void *arg, const struct s5_seen *seen)
{
	struct reading *r = arg;

	r->is_cut = seen->kind == S5_SEEN_FAULT && seen->need;
}

static void weigh(void *arg, const struct s5_seen *seen)
{
	struct reading *r = arg;

	look(r, seen);
	if (seen->kind == S5_SEEN_MESSAGE && !seen->sealed && !seen->trace->nmarks)
		r->good += (size_t)seen->len;
	if (seen->kind == S5_SEEN_MESSAGE || seen->kind == S5_SEEN_SEALED)
		r->score += weigh_message(seen);
	else if (seen->kind == S5_SEEN_FAULT && seen->need)
		r->score += (int64_t)seen->len - CUT - DEVIATION * seen->trace->nmarks;
	else if (seen->kind == S5_SEEN_FAULT)
		r->score -= UNFIT;
	else if (seen->kind == S5_SEEN_REST)
		r->score -= UNFIT + (int64_t)seen->len;
}

/* Every octet is of a good message: no other place explains more. */
static bool is_perfect(const struct reading *r, size_t n)
{
	return r->good == n && r->score == 2 * (int64_t)n;
}

/* The best one is the first that has the highest score. */
static struct reading find(const uint8_t *octets, size_t n, enum s5_role from)
{
	size_t tried = n < TRIED ? n : TRIED;
	struct reading best = { .place = NULL };

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		struct reading r = { .place = &places[i], .seen = weigh, .arg = &r };

		if (from != S5_OBSERVER && from != places[i].from)
			continue;
		read_at(&r, octets, tried);
		if (!best.place || r.score > best.score)
			best = r;
		if (is_perfect(&r, tried))
			break;
	}
	if (tried < n) {
		best.seen = look;
		best.arg = &best;
		read_at(&best, octets, n);
	}
	return best;
}

/* datagrams */

/* Nothing else begins with two zeros: no reply of SOCKS4 has the code 0. */
static bool is_datagram(const uint8_t *octets, size_t n)
{
	struct s5_reader in = s5_reader_over(octets, n);
	struct s5_datagram d;

	if (n < 2 || octets[0] || octets[1] || n > S5_UDP_PAYLOAD_MAX)
		return false;
	return s5_datagram_get(&in, &d) == S5_OK || in.rc == S5_MORE;
}

/* Of other fragments nothing is known, and what this one holds is told with it. */
static void on_datagram(void *arg, const struct s5_seen *seen)
{
	struct reading *r = arg;

	if (seen->len && seen->kind != S5_SEEN_WHOLE)
		r->seen(r->arg, seen);
}

static void read_datagram(struct reading *r, const uint8_t *octets, size_t n, enum s5_role from)
{
	struct s5_budget none = { .limit = 0 };
	struct s5_relayed relayed;

	s5_relayed_init(&relayed, S5_LEVEL_NONE, &none, on_datagram, r);
	s5_relayed_recv(&relayed, from, octets, n, 0);
	s5_relayed_fini(&relayed);
}

void s5_lone_find(struct s5_lone *l, const uint8_t *octets, size_t n, enum s5_role from)
{
	struct reading r = { .seen = look, .arg = &r };

	*l = (struct s5_lone){ .from = from == S5_OBSERVER ? S5_CLIENT : from };
	if (is_datagram(octets, n)) {
		read_datagram(&r, octets, n, l->from);
	} else {
		r = find(octets, n, from);
		l->place = r.place;
		l->from = r.place->from;
	}
	l->is_cut = r.is_cut;
}

void s5_lone_tell(const struct s5_lone *l, const uint8_t *octets, size_t n,
		  void (*seen)(void *arg, const struct s5_seen *seen), void *arg)
{
	struct reading r = { .place = l->place, .seen = seen, .arg = arg };

	if (l->place)
		read_at(&r, octets, n);
	else
		read_datagram(&r, octets, n, l->from);
}

enum s5_role s5_lone_read(const uint8_t *octets, size_t n, enum s5_role from,
			  void (*seen)(void *arg, const struct s5_seen *seen), void *arg)
{
	struct s5_lone l;

	s5_lone_find(&l, octets, n, from);
	s5_lone_tell(&l, octets, n, seen, arg);
	return l.from;
}

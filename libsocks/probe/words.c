#include "probe/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/names.h"

#define WAIT_MOST 30000u /* ms */

/* A piece of the text that is being read. */
struct piece {
	const char *at, *end;
};

static bool fail(struct s5_words *s, const char *why)
{
	s->why = why;
	return false;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_empty(const struct piece *p)
{
	return p->at == p->end;
}

/* Skips the text if it comes next. */
static bool skip(struct piece *p, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(p->end - p->at) < n || memcmp(p->at, text, n) != 0)
		return false;
	p->at += n;
	return true;
}

/* -1: no number, or one beyond most. */
static long number_at(struct piece *p, long most)
{
	long number = -1;

	for (; !is_empty(p) && *p->at >= '0' && *p->at <= '9' && number <= most; p->at++)
		number = (number < 0 ? 0 : number) * 10 + (*p->at - '0');
	return number <= most ? number : -1;
}

/* Two hex digits, or -1. */
static int octet_at(struct piece *p)
{
	int high, low;

	if (p->end - p->at < 2)
		return -1;
	high = digit_of(p->at[0]);
	low = digit_of(p->at[1]);
	if (high < 0 || low < 0)
		return -1;
	p->at += 2;
	return high << 4 | low;
}

/* octets */

static bool put(struct s5_words *s, struct s5_word *w, unsigned octet, size_t times)
{
	uint16_t *more;

	if (times > S5_OCTETS_MOST - w->n)
		return fail(s, "a word is too long");
	more = reallocarray(w->octets, w->n + times + 1, sizeof *more);
	if (!more)
		return fail(s, "no memory");
	w->octets = more;
	while (times--)
		w->octets[w->n++] = (uint16_t)octet;
	return true;
}

static bool read_repeated(struct s5_words *s, struct s5_word *w, struct piece *p)
{
	long times = number_at(p, S5_OCTETS_MOST);
	int octet = times >= 0 && skip(p, "*") ? octet_at(p) : -1;

	if (octet < 0)
		return fail(s, "N*XX is expected, an octet N times over");
	return put(s, w, (unsigned)octet, (size_t)times);
}

static bool read_braces(struct s5_words *s, struct s5_word *w, struct piece *p)
{
	const char *close = memchr(p->at, '}', (size_t)(p->end - p->at));
	struct piece inside = { p->at, close };

	if (!close)
		return fail(s, "a brace is not closed");
	p->at = close + 1;
	if (inside.at < close && *inside.at >= '0' && *inside.at <= '9')
		return read_repeated(s, w, &inside);
	for (unsigned i = 0; i < S5_PART_COUNT; i++) {
		const char *name = s5_part_name((enum s5_part)i);

		if (strlen(name) == (size_t)(close - inside.at) &&
		    !memcmp(name, inside.at, strlen(name)))
			return put(s, w, S5_OCTET_PART + i, 1);
	}
	return fail(s, "there is no such part");
}

static bool read_octets(struct s5_words *s, struct s5_word *w, struct piece *p)
{
	int octet;

	while (!is_empty(p)) {
		if (skip(p, "{")) {
			if (!read_braces(s, w, p))
				return false;
			continue;
		}
		octet = skip(p, "..") ? (int)S5_OCTET_ANY : octet_at(p);
		if (octet < 0)
			return fail(s, "two hex digits are expected, or a brace");
		if (octet == (int)S5_OCTET_ANY && w->kind != S5_WORD_OCTETS)
			return fail(s, "any octet cannot be sent");
		if (!put(s, w, (unsigned)octet, 1))
			return false;
	}
	return true;
}

/* words */

/* XX,XX or !XX,XX */
static bool read_codes(struct s5_words *s, struct s5_word *w, struct piece *p)
{
	bool none_of = skip(p, "!");

	do {
		int code = octet_at(p);

		if (code < 0)
			return fail(s, "a code is expected, of two hex digits");
		w->codes[code / 8] |= (uint8_t)(1u << code % 8);
	} while (skip(p, ","));
	for (unsigned i = 0; none_of && i < sizeof w->codes; i++)
		w->codes[i] = (uint8_t)~w->codes[i];
	return is_empty(p) || fail(s, "a comma is expected between codes");
}

static bool read_wait(struct s5_words *s, struct s5_word *w, struct piece *p)
{
	static const struct {
		const char *text;
		enum s5_word_kind kind;
	} waits[] = {
		{ "choice", S5_WORD_CHOICE },	  { "status", S5_WORD_STATUS },
		{ "reply", S5_WORD_REPLY },	  { "rep", S5_WORD_REP },
		{ "request", S5_WORD_REQUEST },	  { "level", S5_WORD_LEVEL },
		{ "hello", S5_WORD_HELLO },	  { "login", S5_WORD_LOGIN },
		{ "datagram", S5_WORD_DATAGRAM }, { "any", S5_WORD_ANY },
		{ "eof", S5_WORD_EOF },		  { "end", S5_WORD_END },
		{ "gone", S5_WORD_GONE },	  { "silence", S5_WORD_SILENCE },
		{ "context", S5_WORD_CONTEXT },	  { "bound", S5_WORD_BOUND },
	};

	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		if (!skip(p, waits[i].text))
			continue;
		w->kind = waits[i].kind;
		w->is_strict = w->kind <= S5_WORD_REPLY;
		if (w->kind >= S5_WORD_REQUEST && w->kind <= S5_WORD_DATAGRAM)
			w->is_strict = skip(p, "!");
		if (w->kind <= S5_WORD_REQUEST)
			return skip(p, "=") ? read_codes(s, w, p) : fail(s, "'=' is expected");
		return is_empty(p) || fail(s, "nothing more is expected in this word");
	}
	w->kind = S5_WORD_OCTETS;
	return read_octets(s, w, p);
}

static enum s5_speaker speaker_at(struct piece *p)
{
	static const struct {
		const char *text;
		enum s5_speaker speaker;
	} speakers[] = {
		{ "#", S5_SPEAKER_PEER },
		{ "u", S5_SPEAKER_DATAGRAMS },
		{ "v", S5_SPEAKER_OTHER_DATAGRAMS },
		{ "w", S5_SPEAKER_FOREIGN_DATAGRAMS },
	};

	for (size_t i = 0; i < sizeof speakers / sizeof speakers[0]; i++)
		if (skip(p, speakers[i].text))
			return speakers[i].speaker;
	return S5_SPEAKER_CLIENT;
}

static bool is_of_datagrams(const struct s5_word *w)
{
	return w->speaker >= S5_SPEAKER_DATAGRAMS;
}

/* What is sealed, and how it is not as agreed. */
static bool read_seal(struct s5_words *s, struct s5_word *w, struct piece *p)
{
	static const struct {
		const char *text;
		enum s5_manner manner;
	} manners[] = {
		{ "signed", S5_MANNER_SIGNED },	  { "encrypted", S5_MANNER_ENCRYPTED },
		{ "damaged", S5_MANNER_DAMAGED }, { "cut", S5_MANNER_CUT },
		{ "kept", S5_MANNER_KEPT },	  { "mtyp=", S5_MANNER_MTYP },
	};
	int mtyp = S5_MTYP_DATA;

	w->is_sealed = skip(p, "~");
	if (w->is_sealed && w->speaker == S5_SPEAKER_PEER)
		return fail(s, "a peer seals nothing");
	for (size_t i = 0; w->is_sealed && i < sizeof manners / sizeof manners[0]; i++)
		if (skip(p, manners[i].text))
			w->manner = manners[i].manner;
	if (w->manner == S5_MANNER_MTYP)
		mtyp = octet_at(p);
	if (mtyp < 0)
		return fail(s, "a type is expected, of two hex digits");
	w->mtyp = (uint8_t)mtyp;
	return true;
}

/* What is sent in the place of octets that are given. */
static bool read_what(struct s5_words *s, struct s5_word *w, struct piece *p)
{
	if (w->is_sealed && skip(p, "level")) {
		w->what = S5_WHAT_LEVEL;
		if (w->manner != S5_MANNER_MTYP)
			w->mtyp = S5_MTYP_LEVEL;
		if (is_empty(p))
			return true;
		if (!skip(p, "=") || is_empty(p))
			return fail(s, "a level is expected, of two hex digits");
		return read_octets(s, w, p);
	}
	if (!w->is_sealed && skip(p, "token"))
		w->what = S5_WHAT_TOKEN;
	else if (!w->is_sealed && skip(p, "kept"))
		w->what = S5_WHAT_KEPT;
	if (w->what == S5_WHAT_OCTETS)
		return read_octets(s, w, p);
	return is_empty(p) || fail(s, "nothing more is expected in this word");
}

static bool read_sent(struct s5_words *s, struct s5_word *w, struct piece *p)
{
	w->kind = skip(p, ":") ? S5_WORD_SEND_ONE_BY_ONE : S5_WORD_SEND;
	w->is_held = !is_empty(p) && p->end[-1] == '+';
	p->end -= w->is_held;
	if (!read_what(s, w, p))
		return false;
	if (is_of_datagrams(w) && (w->is_held || w->what == S5_WHAT_TOKEN))
		return fail(s, "that is nothing a datagram can be");
	return true;
}

/* Is it waited for in clear, or sealed, as it says? */
static bool check_seal(struct s5_words *s, const struct s5_word *w)
{
	if (w->manner != S5_MANNER_AGREED)
		return fail(s, "only what is sent is not as agreed");
	if (w->kind == S5_WORD_LEVEL && !w->is_sealed)
		return fail(s, "a level comes sealed");
	if (w->kind == S5_WORD_CONTEXT && (w->is_sealed || w->speaker != S5_SPEAKER_CLIENT))
		return fail(s, "a context is the client's, and seals nothing yet");
	return true;
}

/* Behind an entry by ticket: what says octets, or waits for them, in clear or for the end aside. */
static void seal_what_follows(const struct s5_words *s, struct s5_word *w)
{
	if (!s->is_sealing || w->speaker == S5_SPEAKER_PEER || w->what != S5_WHAT_OCTETS)
		return;
	w->is_sealed = w->kind != S5_WORD_END && w->kind != S5_WORD_CONTEXT;
}

static bool read_said(struct s5_words *s, struct s5_word *w, struct piece *p)
{
	w->speaker = speaker_at(p);
	if (!read_seal(s, w, p))
		return false;
	if (skip(p, ">")) {
		if (!read_sent(s, w, p))
			return false;
		seal_what_follows(s, w);
		return true;
	}
	if (!skip(p, "<"))
		return fail(s, "there is no such word");
	if (!read_wait(s, w, p) || !check_seal(s, w))
		return false;
	if (is_of_datagrams(w) ? w->kind != S5_WORD_OCTETS && w->kind != S5_WORD_SILENCE &&
					 w->kind != S5_WORD_DATAGRAM
			       : w->kind == S5_WORD_DATAGRAM)
		return fail(s, "that is nothing it can be");
	seal_what_follows(s, w);
	return true;
}

static struct s5_word *add(struct s5_words *s, struct s5_word w)
{
	size_t room = s->room ? 2 * s->room : 16;
	struct s5_word *words = s->words;

	if (s->n == s->room) {
		words = reallocarray(s->words, room, sizeof *words);
		if (!words) {
			fail(s, "no memory");
			return NULL;
		}
		s->words = words;
		s->room = room;
	}
	words[s->n] = w;
	return &words[s->n++];
}

static bool read_alternatives(struct s5_words *s, struct s5_word at, struct piece p)
{
	const char *bar;
	struct s5_word *w;

	do {
		struct piece one = p;

		bar = memchr(p.at, '|', (size_t)(p.end - p.at));
		one.end = bar ? bar : p.end;
		w = add(s, at);
		if (!w || !read_said(s, w, &one))
			return false;
		if ((bar || w->is_alternative) &&
		    (w->kind < S5_WORD_OCTETS || w->kind == S5_WORD_CONTEXT))
			return fail(s, "only what waits has an alternative");
		if (w->is_alternative && w->speaker != w[-1].speaker)
			return fail(s, "alternatives are of one connection");
		p.at = bar ? bar + 1 : p.end;
		at.is_alternative = true;
	} while (bar);
	return true;
}

static bool read_all(struct s5_words *s, struct s5_word at, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!read_alternatives(s, at,
				       (struct piece){ words[i], words[i] + strlen(words[i]) }))
			return false;
	return true;
}

static bool read_login(struct s5_words *s, struct s5_word at)
{
	static const char *const words[] = { "<login", ">0100" };

	at.if_login = true;
	return read_all(s, at, words, 2);
}

static bool read_context(struct s5_words *s, struct s5_word at, bool is_sealed)
{
	static const char *const words[] = { ">050101",	 "<choice=01", ">token",
					     "<context", "~>level",    "~<level=01,02,03" };

	return read_all(s, at, words, is_sealed ? 6 : 4);
}

static bool read_enter(struct s5_words *s, struct s5_word at, enum s5_entry entry)
{
	static const char *const words[] = { ">{hello}", "<choice=!ff", ">{login}", "<status=00" };

	if (entry == S5_ENTRY_TICKET)
		return s->is_sealing = read_context(s, at, true);
	return read_all(s, at, words, entry == S5_ENTRY_LOGIN ? 4 : 2);
}

static bool read_word(struct s5_words *s, struct piece p, const char *text, enum s5_entry entry)
{
	static const struct {
		const char *text;
		enum s5_word_kind kind;
	} others[] = { { "fin", S5_WORD_FIN },
		       { "connect", S5_WORD_CONNECT },
		       { "associate", S5_WORD_ASSOCIATE },
		       { "rst", S5_WORD_RST },
		       { "relay", S5_WORD_RELAY },
		       { "named", S5_WORD_NAMED },
		       { "refused", S5_WORD_REFUSED } };
	struct s5_word at = { .at = (size_t)(p.at - text), .len = (size_t)(p.end - p.at) };
	struct piece whole = p;
	long ms;

	if (skip(&p, "enter") && is_empty(&p))
		return read_enter(s, at, entry);
	p = whole;
	if (skip(&p, "context") && is_empty(&p))
		return read_context(s, at, false);
	p = whole;
	if (skip(&p, "sealed") && is_empty(&p))
		return read_context(s, at, true);
	p = whole;
	if (skip(&p, "login") && is_empty(&p))
		return read_login(s, at);
	p = whole;
	if (skip(&p, "#fin") && is_empty(&p))
		return add(s, (struct s5_word){ .kind = S5_WORD_FIN,
						.speaker = S5_SPEAKER_PEER,
						.at = at.at,
						.len = at.len }) != NULL;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		p = whole;
		at.kind = others[i].kind;
		if (skip(&p, others[i].text) && is_empty(&p))
			return add(s, at) != NULL;
	}
	p = whole;
	if (!skip(&p, "wait="))
		return read_alternatives(s, (struct s5_word){ .at = at.at, .len = at.len }, p);
	ms = number_at(&p, WAIT_MOST);
	if (ms < 0 || !is_empty(&p))
		return fail(s, "a number of milliseconds is expected");
	at.kind = S5_WORD_WAIT;
	at.ms = (unsigned)ms;
	return add(s, at) != NULL;
}

bool s5_words_compile(struct s5_words *s, const char *text, enum s5_entry entry)
{
	struct piece p = { text, text };

	*s = (struct s5_words){ .n = 0 };
	for (;;) {
		p.at = p.end + strspn(p.end, " \n");
		p.end = p.at + strcspn(p.at, " \n");
		if (is_empty(&p))
			return s->n > 0 || fail(s, "there is no word");
		s->at = (size_t)(p.at - text);
		if (!read_word(s, p, text, entry))
			return false;
	}
}

void s5_words_free(struct s5_words *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->words[i].octets);
	free(s->words);
	*s = (struct s5_words){ .n = 0 };
}

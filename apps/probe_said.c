#include "probe_said.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissect/lone.h"
#include "dissect/relayed.h"
#include "dissect/talk.h"
#include "field.h"

#define FRAGMENTS (1u << 20) /* octets of them that may wait */

struct reading {
	struct probe_said *said;
	const struct s5_exchange *x;
	bool is_known; /* whose octets they are, */
	size_t piece; /* namely those of that one; else the offset tells */
};

/* a line */

struct line {
	char text[PROBE_SAID];
	size_t n;
};

static void add(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *l, const char *format, ...)
{
	size_t room = sizeof(l->text) - l->n;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(l->text + l->n, room, format, args);
	va_end(args);
	if (n < 0)
		return;
	l->n += (size_t)n < room ? (size_t)n : room - 1;
	if ((size_t)n >= room)
		memcpy(l->text + sizeof(l->text) - 4, "...", 4);
}

/* What is not plain from the rest of the line. */
static bool is_shown(enum s5_field field)
{
	switch (field) {
	case S5_F_METHODS:
	case S5_F_METHOD:
	case S5_F_STATUS:
	case S5_F_CMD:
	case S5_F_REP:
	case S5_F_FRAG:
	case S5_F_DST_ADDR:
	case S5_F_DST_PORT:
	case S5_F_BND_ADDR:
	case S5_F_BND_PORT:
	case S5_F_MTYP:
	case S5_F_LEVEL:
		return true;
	default:
		return false;
	}
}

#define VALUE 48 /* octets of a value at most */

static void add_field(struct line *l, const struct s5_seen *seen, const struct s5_span *span,
		      uint8_t atyp)
{
	char text[PROBE_SAID];
	enum s5_field field = (enum s5_field)span->field;
	bool is_port = field == S5_F_DST_PORT || field == S5_F_BND_PORT;
	bool is_ip6 = atyp == S5_ATYP_IPV6 && (field == S5_F_DST_ADDR || field == S5_F_BND_ADDR);
	bool is_cut;

	if (!span->len)
		return;
	field_text(text, sizeof(text), field, atyp, seen->octets + span->off, span->len);
	is_cut = strlen(text) > VALUE;
	add(l, "%s", is_port ? ":" : strchr(l->text, ':') ? ", " : ": ");
	add(l, "%s", field == S5_F_BND_ADDR ? "bound " : field == S5_F_FRAG ? "fragment " : "");
	add(l, "%s%.*s%s%s", is_ip6 ? "[" : "", is_cut ? VALUE : PROBE_SAID, text,
	    is_cut ? "..." : "", is_ip6 ? "]" : "");
}

static void add_fields(struct line *l, const struct s5_seen *seen)
{
	const struct s5_trace *t = seen->trace;
	uint8_t atyp = 0;

	for (unsigned i = 0; t && i < t->nspans; i++) {
		if (t->span[i].field == S5_F_ATYP)
			atyp = seen->octets[t->span[i].off];
		if (is_shown((enum s5_field)t->span[i].field))
			add_field(l, seen, &t->span[i], atyp);
		else if (t->span[i].field == S5_F_DATA)
			add(l, ", %u octet%s", t->span[i].len, t->span[i].len == 1 ? "" : "s");
	}
	for (unsigned i = 0; t && i < t->nmarks; i++)
		add(l, "; %s", s5_note_text((enum s5_note)t->mark[i].note));
}

/* False: there is nothing to say of it. */
static bool describe(struct line *l, const struct s5_seen *seen)
{
	switch (seen->kind) {
	case S5_SEEN_MESSAGE:
		add(l, "%s", s5_step_name(seen->step));
		break;
	case S5_SEEN_DATAGRAM:
		add(l, "datagram");
		break;
	case S5_SEEN_SEALED:
		add(l, "sealed message");
		break;
	case S5_SEEN_DATA:
		add(l, "data");
		return true;
	case S5_SEEN_FAULT:
		add(l, "no %s: %s", seen->datagram ? "datagram" : s5_step_name(seen->step),
		    seen->why);
		if (seen->need)
			add(l, "; %" PRIu64 " octet%s short", seen->need,
			    seen->need == 1 ? "" : "s");
		return true;
	case S5_SEEN_GAP:
	case S5_SEEN_CLOSED:
	case S5_SEEN_REST:
	case S5_SEEN_WHOLE:
		return false;
	}
	add_fields(l, seen);
	return true;
}

/* whose it is */

static enum s5_role role_of(const struct s5_exchange *x, const struct s5_piece *piece)
{
	return piece->is_sent != (x->heard != NULL) ? S5_CLIENT : S5_SERVER;
}

/* What was in a sealed message was said once already, as that. */
static bool is_of_dialogue(const struct s5_piece *piece)
{
	return piece->speaker == S5_SPEAKER_CLIENT && !piece->is_plain;
}

/* The piece in which that octet of the dialogue stands; npieces: none. */
static size_t piece_at(const struct s5_exchange *x, enum s5_role from, uint64_t off)
{
	uint64_t so_far = 0;
	size_t i;

	for (i = 0; i < x->npieces; i++) {
		if (!is_of_dialogue(&x->pieces[i]) || role_of(x, &x->pieces[i]) != from)
			continue;
		so_far += x->pieces[i].all;
		if (off < so_far)
			break;
	}
	return i;
}

static void put_line(struct probe_said *said, size_t piece, const char *text)
{
	size_t room = said->room ? 2 * said->room : 16;
	struct probe_said_line *lines = said->lines;

	if (said->n == said->room) {
		lines = reallocarray(lines, room, sizeof(*lines));
		if (!lines)
			return;
		said->lines = lines;
		said->room = room;
	}
	lines[said->n].piece = piece;
	lines[said->n].text = strdup(text);
	said->n += lines[said->n].text != NULL;
}

static void on_seen(void *arg, const struct s5_seen *seen)
{
	struct reading *r = arg;
	struct line l = { .n = 0 };
	size_t piece = r->is_known ? r->piece : piece_at(r->x, seen->from, seen->off);

	/* Data may be told in parts. */
	for (size_t i = 0; seen->kind == S5_SEEN_DATA && i < r->said->n; i++)
		if (r->said->lines[i].piece == piece && !strcmp(r->said->lines[i].text, "data"))
			return;
	if (piece < r->x->npieces && describe(&l, seen))
		put_line(r->said, piece, l.text);
}

/* A guess at octets that nothing led up to: that they are a message is told, nothing else. */
static void on_guess(void *arg, const struct s5_seen *seen)
{
	if (seen->kind == S5_SEEN_MESSAGE)
		on_seen(arg, seen);
}

/* reading */

static void read_dialogue(struct reading *r)
{
	const struct s5_exchange *x = r->x;
	struct s5_talk talk;

	s5_talk_init(&talk, on_seen, r);
	for (size_t i = 0; i < x->npieces; i++) {
		const struct s5_piece *p = &x->pieces[i];

		if (!is_of_dialogue(p))
			continue;
		s5_talk_recv(&talk, role_of(x, p), x->said + p->off, p->len, p->when);
		if (p->all > p->len)
			s5_talk_gap(&talk, role_of(x, p), p->all - p->len);
	}
	s5_talk_end(&talk, S5_CLIENT, false);
	s5_talk_end(&talk, S5_SERVER, false);
	s5_talk_fini(&talk);
}

static void read_datagrams(struct reading *r)
{
	struct s5_budget budget = { .limit = FRAGMENTS };
	const struct s5_exchange *x = r->x;
	struct s5_relayed relayed;

	s5_relayed_init(&relayed, 0, &budget, on_seen, r);
	r->is_known = true;
	for (r->piece = 0; r->piece < x->npieces; r->piece++) {
		const struct s5_piece *p = &x->pieces[r->piece];

		if (p->speaker >= S5_SPEAKER_DATAGRAMS && !p->is_plain)
			s5_relayed_recv(&relayed, role_of(x, p), x->said + p->off, p->len, p->when);
	}
	s5_relayed_fini(&relayed);
}

static bool is_told(const struct probe_said *said, size_t piece)
{
	for (size_t i = 0; i < said->n; i++)
		if (said->lines[i].piece == piece)
			return true;
	return false;
}

/* What the proxy says to a nonsense is a message all the same, and so is what was sealed. */
static void read_answers(struct reading *r)
{
	const struct s5_exchange *x = r->x;

	r->is_known = true;
	for (r->piece = 0; r->piece < x->npieces; r->piece++) {
		const struct s5_piece *p = &x->pieces[r->piece];

		if (p->speaker == S5_SPEAKER_CLIENT && (!p->is_sent || p->is_plain) && p->len &&
		    !is_told(r->said, r->piece))
			s5_lone_read(x->said + p->off, p->len, role_of(x, p), on_guess, r);
	}
}

static int by_piece(const void *a, const void *b)
{
	const struct probe_said_line *x = a, *y = b;

	return (x->piece > y->piece) - (x->piece < y->piece);
}

void probe_said_read(struct probe_said *said, const struct s5_exchange *x)
{
	struct reading r = { .said = said, .x = x };

	*said = (struct probe_said){ .n = 0 };
	read_dialogue(&r);
	read_datagrams(&r);
	read_answers(&r);
	if (said->n)
		qsort(said->lines, said->n, sizeof(*said->lines), by_piece);
}

void probe_said_free(struct probe_said *said)
{
	for (size_t i = 0; i < said->n; i++)
		free(said->lines[i].text);
	free(said->lines);
	*said = (struct probe_said){ .n = 0 };
}

const char *probe_came(const struct s5_exchange *x, char text[static PROBE_SAID])
{
	struct probe_said said;

	text[0] = '\0';
	probe_said_read(&said, x);
	for (size_t i = said.n; i-- > 0 && !text[0];)
		if (!x->pieces[said.lines[i].piece].is_sent)
			snprintf(text, PROBE_SAID, "%s", said.lines[i].text);
	probe_said_free(&said);
	return text;
}

const char *probe_count(char text[static PROBE_COUNT], size_t n)
{
	if (n < 1000)
		snprintf(text, PROBE_COUNT, "%zu", n);
	else if (n < 1000000)
		snprintf(text, PROBE_COUNT, "%zu,%03zu", n / 1000, n % 1000);
	else
		snprintf(text, PROBE_COUNT, "%zu,%03zu,%03zu", n / 1000000, n / 1000 % 1000,
			 n % 1000);
	return text;
}

/* what is wanted */

static void add_codes(struct line *l, const char *what, enum s5_field field,
		      const struct s5_word *w)
{
	unsigned n = 0, first = 1;
	char text[64];
	bool none_of;

	for (unsigned code = 0; code < 256; code++)
		n += s5_word_takes(w, (uint8_t)code);
	none_of = n > 128;
	add(l, "%s %s", what, none_of ? "other than" : "with");
	for (unsigned code = 0; code < 256; code++) {
		uint8_t octet = (uint8_t)code;

		if (s5_word_takes(w, octet) == none_of)
			continue;
		add(l, "%s%s", first ? " " : ", ",
		    field_text(text, sizeof(text), field, 0, &octet, 1));
		first = 0;
	}
}

#define WANTED 28 /* octets */

static void add_octets(struct line *l, const struct s5_exchange *x, const struct s5_word *w)
{
	uint8_t *octets = malloc(S5_OCTETS_MOST);
	bool *any = malloc(S5_OCTETS_MOST * sizeof(*any));
	size_t n = octets && any ? s5_word_octets(w, x->parts, octets, any) : 0;
	char text[PROBE_COUNT];

	add(l, "%s", w->speaker >= S5_SPEAKER_DATAGRAMS ? "a datagram " : "");
	for (size_t i = 0; i < n && i < WANTED; i++)
		if (any[i])
			add(l, "..");
		else
			add(l, "%02x", octets[i]);
	if (n > WANTED)
		add(l, "..., %s octets", probe_count(text, n));
	free(octets);
	free(any);
}

/* What a word waits for; those with a field have codes of it. */
static const struct {
	const char *text;
	enum s5_field field;
} words[] = {
	[S5_WORD_SEND] = { "that it reads on", S5_F_COUNT },
	[S5_WORD_SEND_ONE_BY_ONE] = { "that it reads on", S5_F_COUNT },
	[S5_WORD_CHOICE] = { "a method choice", S5_F_METHOD },
	[S5_WORD_STATUS] = { "a status", S5_F_STATUS },
	[S5_WORD_REPLY] = { "a reply", S5_F_REP },
	[S5_WORD_REP] = { "a reply, be it not in form,", S5_F_REP },
	[S5_WORD_LEVEL] = { "a level", S5_F_LEVEL },
	[S5_WORD_REQUEST] = { "a request", S5_F_CMD },
	[S5_WORD_HELLO] = { "a method list", S5_F_COUNT },
	[S5_WORD_LOGIN] = { "credentials", S5_F_COUNT },
	[S5_WORD_DATAGRAM] = { "a datagram", S5_F_COUNT },
	[S5_WORD_ANY] = { "data, or that it waits", S5_F_COUNT },
	[S5_WORD_GONE] = { "the end of the connection, and nothing before it", S5_F_COUNT },
	[S5_WORD_CONTEXT] = { "tokens, and a context", S5_F_COUNT },
	[S5_WORD_BOUND] = { "the bound address, as the target says it", S5_F_COUNT },
	[S5_WORD_NAMED] = { "a reply that names who connected", S5_F_COUNT },
	[S5_WORD_REFUSED] = { "that nobody else is let in", S5_F_COUNT },
	[S5_WORD_EOF] = { "the end of the connection, in order", S5_F_COUNT },
	[S5_WORD_END] = { "the end of the connection", S5_F_COUNT },
	[S5_WORD_SILENCE] = { "silence", S5_F_COUNT },
	[S5_WORD_FIN] = { "a half-close", S5_F_COUNT },
	[S5_WORD_WAIT] = { "some time", S5_F_COUNT },
	[S5_WORD_CONNECT] = { "a connection to the bound address", S5_F_COUNT },
	[S5_WORD_RST] = { "a reset", S5_F_COUNT },
	[S5_WORD_RELAY] = { "a relay", S5_F_COUNT },
	[S5_WORD_ASSOCIATE] = { "a way to the relay", S5_F_COUNT },
};

static void add_word(struct line *l, const struct s5_exchange *x, const struct s5_word *w)
{
	if (w->kind == S5_WORD_OCTETS)
		add_octets(l, x, w);
	else if (words[w->kind].field != S5_F_COUNT)
		add_codes(l, words[w->kind].text, words[w->kind].field, w);
	else
		add(l, "%s", words[w->kind].text);
}

const char *probe_wanted(const struct s5_exchange *x, char text[static PROBE_SAID])
{
	struct line l = { .n = 0 };

	for (size_t at = x->word; at < x->words->n; at++) {
		if (at > x->word && !x->words->words[at].is_alternative)
			break;
		add(&l, "%s", at > x->word ? ", or " : "");
		add_word(&l, x, &x->words->words[at]);
	}
	if (x->word < x->words->n && x->words->words[x->word].speaker == S5_SPEAKER_PEER)
		add(&l, ", to the peer");
	memcpy(text, l.text, sizeof(l.text));
	return text;
}

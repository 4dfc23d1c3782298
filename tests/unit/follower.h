/* Follows what passes between a prober and a server along the words of one case (probe/words.h), up to
 * a word of it that waits: is this the connection on which the case waits there? So a server is told
 * that knows a case by nothing but what its client says: by the octets and where their segments end,
 * by half-closing, by who connects to a bound address, by datagrams.
 *
 * Everything is borrowed. A follower that is lost stays so.
 */
#ifndef FOLLOWER_H
#define FOLLOWER_H

#include "probe/words.h"
#include "testlib.h"
#include "wire/message.h"

#define SURELY_ONE 1024 /* octets that are sent at once and so surely arrive as one segment */

struct follower {
	const struct s5_words *words;
	const struct s5_parts *parts;
	size_t goal; /* the first of the alternatives that wait there */
	size_t word;
	size_t nsaid; /* octets of the word that were said */
	unsigned segments; /* in which they came */
	bool is_lost;
};

enum fit { FIT_NO, FIT_PERHAPS, FIT_YES };

static inline bool word_waits(const struct s5_word *w)
{
	return w->kind >= S5_WORD_OCTETS && w->kind <= S5_WORD_SILENCE;
}

static inline bool word_sends(const struct s5_word *w)
{
	return w->kind == S5_WORD_SEND || w->kind == S5_WORD_SEND_ONE_BY_ONE;
}

/* Behind a word and its alternatives. */
static inline size_t group_end(const struct s5_words *words, size_t at)
{
	for (at++; at < words->n && words->words[at].is_alternative; at++)
		;
	return at;
}

/* The first of the alternatives of that kind; NULL: there is none. */
static inline const struct s5_word *group_has(const struct s5_words *words, size_t at,
					      enum s5_word_kind kind)
{
	for (size_t end = group_end(words, at); at < end; at++)
		if (words->words[at].kind == kind)
			return &words->words[at];
	return NULL;
}

static inline const struct s5_word *follower_word(const struct follower *f)
{
	return &f->words->words[f->word];
}

static inline bool follower_is_there(const struct follower *f)
{
	return !f->is_lost && f->word == f->goal;
}

/* Words that nobody notices: of silences side by side the last one tells of all. */
static inline bool follower_passes(const struct follower *f)
{
	const struct s5_word *w = follower_word(f);

	return w->kind == S5_WORD_WAIT || w->kind == S5_WORD_ASSOCIATE ||
	       (w->kind == S5_WORD_SILENCE && word_waits(w + 1) && !w[1].is_alternative);
}

static inline void follower_skip(struct follower *f)
{
	while (f->word < f->goal && follower_passes(f))
		f->word++;
}

/* The word is done. */
static inline void follower_step(struct follower *f)
{
	f->word = group_end(f->words, f->word);
	f->nsaid = f->segments = 0;
	follower_skip(f);
}

/* Silence is over when the client goes on. */
static inline void follower_break_silence(struct follower *f)
{
	while (f->word < f->goal && group_has(f->words, f->word, S5_WORD_SILENCE))
		follower_step(f);
}

/* What is not said by the case. */
static inline bool follower_lose(struct follower *f)
{
	f->is_lost = true;
	return false;
}

/* How many of the octets are of the word; false: they are not. begins: a segment does. */
static inline bool follower_take(struct follower *f, enum s5_speaker speaker, bool begins,
				 const uint8_t *octets, size_t n, size_t *taken)
{
	static uint8_t want[S5_OCTETS_MOST];
	const struct s5_word *w = follower_word(f);
	size_t len;

	if (f->word == f->goal || !word_sends(w) || w->speaker != speaker)
		return follower_lose(f);
	if (!begins && !f->nsaid && !word_sends(w - 1))
		return follower_lose(f); /* that word waited for something */
	len = s5_word_octets(w, f->parts, want, NULL);
	*taken = n < len - f->nsaid ? n : len - f->nsaid;
	if (memcmp(octets, want + f->nsaid, *taken) != 0)
		return follower_lose(f);
	f->nsaid += *taken;
	f->segments++;
	if (f->nsaid < len)
		return (w->kind == S5_WORD_SEND_ONE_BY_ONE || len > SURELY_ONE) || follower_lose(f);
	if (w->kind == S5_WORD_SEND_ONE_BY_ONE && len > 1 && f->segments == 1)
		return follower_lose(f);
	follower_step(f);
	return true;
}

/* The prober said this, in one segment or datagram. */
static inline void follower_said(struct follower *f, enum s5_speaker speaker, const uint8_t *octets,
				 size_t n)
{
	bool begins = true;
	size_t taken;

	follower_break_silence(f);
	do {
		if (f->is_lost || !follower_take(f, speaker, begins, octets, n, &taken))
			return;
		begins = false;
		octets += taken;
		n -= taken;
		if (n && speaker >= S5_SPEAKER_DATAGRAMS)
			follower_lose(f);
	} while (n);
}

/* The prober half-closed, or connected to the bound address. */
static inline void follower_did(struct follower *f, enum s5_word_kind kind, enum s5_speaker speaker)
{
	follower_break_silence(f);
	if (!f->is_lost && f->word < f->goal && follower_word(f)->kind == kind &&
	    (kind == S5_WORD_CONNECT || follower_word(f)->speaker == speaker))
		follower_step(f);
	else
		follower_lose(f);
}

/* the server's side */

static inline enum fit fit_octets(const struct follower *f, const struct s5_word *w,
				  const uint8_t *octets, size_t n, size_t *taken)
{
	static uint8_t want[S5_OCTETS_MOST];
	static bool any[S5_OCTETS_MOST];
	size_t len = s5_word_octets(w, f->parts, want, any);

	for (size_t i = 0; i < n && i < len; i++)
		if (!any[i] && octets[i] != want[i])
			return FIT_NO;
	if (w->speaker >= S5_SPEAKER_DATAGRAMS && n != len)
		return FIT_NO;
	*taken = len;
	return n < len ? FIT_PERHAPS : FIT_YES;
}

static inline enum fit fit_message(const struct s5_word *w, const uint8_t *octets, size_t n,
				   size_t *taken)
{
	struct s5_reader in = s5_reader_over(octets, n);
	struct s5_reply reply = { .rep = 0 };

	if (n < 2)
		return FIT_PERHAPS;
	*taken = 2;
	if (w->kind == S5_WORD_REPLY || w->kind == S5_WORD_REP) {
		if (s5_reply_get(&in, &reply) != S5_OK)
			return in.rc == S5_MORE ? FIT_PERHAPS : FIT_NO;
		*taken = in.off;
	}
	return s5_word_takes(w, octets[1]) ? FIT_YES : FIT_NO;
}

/* Of a stream that has ended: nothing more comes. */
static inline enum fit follower_fit(const struct follower *f, const struct s5_word *w,
				    const uint8_t *octets, size_t n, bool ended, size_t *taken)
{
	enum fit fit;

	*taken = 0;
	switch ((int)w->kind) {
	case S5_WORD_SILENCE:
		return n || ended ? FIT_NO : FIT_PERHAPS;
	case S5_WORD_EOF:
		return n ? FIT_NO : ended ? FIT_YES : FIT_PERHAPS;
	case S5_WORD_END:
		return ended ? FIT_YES : FIT_PERHAPS;
	case S5_WORD_OCTETS:
		fit = fit_octets(f, w, octets, n, taken);
		break;
	default:
		fit = fit_message(w, octets, n, taken);
	}
	return fit == FIT_PERHAPS && ended ? FIT_NO : fit;
}

/* Does what comes from the server fit the word that waits? YES: the follower went on, *taken of the
 * octets are for that word. An end counts only where nothing else fits. */
static inline enum fit follower_heard(struct follower *f, const uint8_t *octets, size_t n,
				      bool ended, size_t *taken)
{
	size_t end = group_end(f->words, f->word);
	enum fit best = FIT_NO, own;

	for (unsigned ends = 0; ends < 2; ends++)
		for (size_t at = f->word; at < end && best != FIT_YES; at++) {
			if ((f->words->words[at].kind == S5_WORD_END) != ends)
				continue;
			own = follower_fit(f, &f->words->words[at], octets, n, ended, taken);
			best = own > best ? own : best;
		}
	if (best == FIT_YES)
		follower_step(f);
	if (best == FIT_NO)
		follower_lose(f);
	return best;
}

/* another case */

static inline void follower_say(struct follower *f, const struct s5_word *w)
{
	static uint8_t octets[S5_OCTETS_MOST];
	size_t n = s5_word_octets(w, f->parts, octets, NULL);

	if (w->kind == S5_WORD_SEND)
		follower_said(f, w->speaker, octets, n);
	for (size_t i = 0; w->kind == S5_WORD_SEND_ONE_BY_ONE && i < n; i++)
		follower_said(f, w->speaker, octets + i, 1);
}

/* Does another case come to the goal and wait there, with a server that does all that either wants? */
static inline bool follower_meets(struct follower *f, const struct s5_words *other)
{
	for (size_t at = 0; at < other->n && !f->is_lost; at = group_end(other, at)) {
		const struct s5_word *w = &other->words[at];

		if (word_waits(w) && f->word == f->goal)
			return true;
		if (word_waits(w) && word_waits(follower_word(f)))
			follower_step(f);
		else if (word_sends(w))
			follower_say(f, w);
		else if (w->kind == S5_WORD_FIN)
			follower_did(f, S5_WORD_FIN, w->speaker);
		else if (w->kind == S5_WORD_CONNECT)
			follower_did(f, S5_WORD_CONNECT, S5_SPEAKER_PEER);
	}
	return false;
}

#endif

/* How a man in the middle (midst.h) contradicts a word: what the violations of a case are. */
#ifndef VIOLATION_H
#define VIOLATION_H

#include "midst.h"

/* Of the alternatives that which is contradicted: what is said rather than that it ends. */
static const struct s5_word *word_of_goal(const struct s5_words *words, size_t goal)
{
	for (size_t at = goal; at < group_end(words, goal); at++)
		if (words->words[at].kind != S5_WORD_END)
			return &words->words[at];
	return &words->words[goal];
}

/* Does the word at that place forbid it? */
static bool word_forbids(const struct s5_words *words, size_t goal, enum manner manner)
{
	const struct s5_word *w = word_of_goal(words, goal);
	bool is_stream = w->speaker < S5_SPEAKER_DATAGRAMS;

	if (manner == STAYS)
		return w->kind != S5_WORD_SILENCE && !group_has(words, goal, S5_WORD_SILENCE);
	if (manner == ENDS)
		return is_stream && !group_has(words, goal, S5_WORD_END);
	return w->kind != S5_WORD_END;
}

static bool group_takes(const struct s5_words *words, size_t goal, uint8_t code)
{
	for (size_t at = goal; at < group_end(words, goal); at++)
		if (word_waits(&words->words[at]) && s5_word_takes(&words->words[at], code))
			return true;
	return false;
}

/* The first that is a plausible answer, but not a right one. */
static uint8_t wrong_code(const struct s5_words *words, size_t goal)
{
	static const uint8_t choices[] = { 0xff, 0, 1, 2, 3 }, others[] = { 0, 1, 2, 5, 7 };
	bool is_choice = word_of_goal(words, goal)->kind == S5_WORD_CHOICE;
	const uint8_t *codes = is_choice ? choices : others;

	for (size_t i = 0; i < LENGTH(choices); i++)
		if (!group_takes(words, goal, codes[i]))
			return codes[i];
	fail_msg("every answer is right");
	return 0;
}

/* What is said where the word wants something else: how many octets. */
static size_t wrong_octets(const struct midst *m, uint8_t *octets)
{
	const struct s5_word *w = word_of_goal(m->words, m->goal);
	uint8_t code = w->kind == S5_WORD_OCTETS ? 0 : wrong_code(m->words, m->goal);
	const uint8_t reply[] = { 5, code, 0, 1, 0, 0, 0, 0, 0, 0 };
	size_t n;

	switch ((int)w->kind) {
	case S5_WORD_OCTETS:
		n = s5_word_octets(w, m->parts, octets, NULL);
		octets[n - 1] ^= 0xff;
		return n;
	case S5_WORD_CHOICE:
	case S5_WORD_REPLY:
	case S5_WORD_REP:
		n = w->kind == S5_WORD_CHOICE ? 2 : sizeof reply;
		memcpy(octets, reply, n);
		return n;
	case S5_WORD_STATUS:
		octets[0] = 1;
		octets[1] = code;
		return 2;
	default: /* an octet that nobody asked for */
		octets[0] = 'x';
		return 1;
	}
}

static bool link_say(struct link *l, const struct s5_word *w)
{
	static uint8_t octets[S5_OCTETS_MOST];
	size_t n = wrong_octets(l->midst, octets);
	const struct port *p;

	if (w->speaker < S5_SPEAKER_DATAGRAMS) {
		pile_add(&l->ducts[w->speaker].near.out, octets, n);
		return true;
	}
	p = &l->ports[w->speaker - S5_SPEAKER_DATAGRAMS];
	sendto(l->relay.fd, octets, n, 0, &p->prober.sa, p->prober.len);
	return true;
}

static bool link_end(struct link *l, const struct s5_word *w)
{
	struct plug *near = &l->ducts[w->speaker].near;

	if (w->kind != S5_WORD_EOF) {
		near->finishes = true;
		return true;
	}
	s5_sock_reset_on_close(near->watch.fd);
	link_drop(l);
	return false;
}

static bool link_violate(struct link *l)
{
	const struct s5_word *w = word_of_goal(l->midst->words, l->midst->goal);

	if (l->midst->manner == SAYS)
		return link_say(l, w);
	if (l->midst->manner == ENDS)
		return link_end(l, w);
	return true;
}

#endif

/*
 * Completion: the words that may stand where a command line is not finished yet. They come from the
 * option tables, and go to a sink: to the shells' scripts, which run `socks5 --complete WORD...`,
 * or to our own prompt.
 *
 * The scripts get a line for each. WORD... are the words typed after "socks5", the last one being
 * the word to complete, empty if nothing of it is there yet. Each line of the answer is a word that
 * fits, TAB, and what it means (may be missing); or one of
 *
 *	@file TAB BEFORE	files fit; BEFORE is what stands in the word before the file's name
 *	@host TAB BEFORE	names of hosts fit
 *	@program TAB BEFORE	commands of the shell fit
 *
 * A table may want "@listen" as well, for a server's addresses: those are plain words.
 */
#ifndef APPS_COMPLETE_H
#define APPS_COMPLETE_H

struct complete_sink;

/* The word to complete is `before` and `typed` together; only what follows `before` is at stake.
 * Borrowed from the words. */
struct complete_gap {
	struct complete_sink *to;
	const char *before;
	int before_len;
	const char *typed;
};

/* Embedded in what takes the candidates. */
struct complete_sink {
	/* A word that may stand behind `before`; help may be NULL. */
	void (*word)(struct complete_sink *to, const struct complete_gap *gap, const char *word,
		     const char *help);
	/* Names of that kind may: "@file", "@host" or "@program". */
	void (*names)(struct complete_sink *to, const struct complete_gap *gap, const char *marker);
};

/* The last of the words is to be completed; a candidate for each call. */
void complete_words(struct complete_sink *to, int count, char **words);

#endif

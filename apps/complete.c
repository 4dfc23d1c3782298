/*
 * Completion, asked for by the shells' scripts: `socks5 --complete WORD...` gets the words typed
 * after "socks5", the last one being the word to complete, empty if nothing of it is there yet.
 * Each line of the answer is a word that fits, TAB, and what it means (may be missing); or one of
 *
 *	@file TAB BEFORE	files fit; BEFORE is what stands in the word before the file's name
 *	@host TAB BEFORE	names of hosts fit
 *	@program TAB BEFORE	commands of the shell fit
 *
 * A table may want "@listen" as well, for a server's addresses: those are plain words.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "opt.h"

/* The word to complete is `before` and `typed` together; only what follows `before` is at stake. */
struct gap {
	const char *before;
	int before_len;
	const char *typed;
};

static void offer(const struct gap *gap, const char *word, const char *help)
{
	if (strncmp(word, gap->typed, strlen(gap->typed)) == 0)
		printf("%.*s%s\t%s\n", gap->before_len, gap->before, word, help ? help : "");
}

static const struct opt_word listen_words[] = {
	{ "127.0.0.1:", 0, "this machine only" },
	{ "[::1]:", 0, "this machine only, IPv6" },
	{ "0.0.0.0:", 0, "all addresses of this machine" },
	{ "[::]:", 0, "all addresses of this machine, IPv6" },
	{ "unix:", 0, "a Unix socket" },
	{ NULL, 0, NULL },
};

static void offer_marker(const struct gap *gap, const char *marker)
{
	printf("%s\t%.*s\n", marker, gap->before_len, gap->before);
}

/* The name of a file behind a scheme that stands in the word; false if it does not. */
static bool offer_file(struct gap gap, const char *scheme)
{
	size_t len = strlen(scheme);

	if (strncmp(gap.typed, scheme, len) != 0)
		return false;
	gap.before_len += (int)len;
	offer_marker(&gap, "@file");
	return true;
}

/* What an option or an argument wants; where addresses go, a Unix socket goes too. */
static void offer_wanted(const struct gap *gap, const char *want)
{
	bool listen = strcmp(want, "@listen") == 0;

	if ((listen || strcmp(want, "@host") == 0) && offer_file(*gap, "unix:"))
		return;
	if (!listen)
		offer_marker(gap, want);
	for (const struct opt_word *word = listen_words; listen && word->name; word++)
		offer(gap, word->name, word->help);
}

static void offer_commands(const struct gap *gap)
{
	for (const struct command *const *at = commands; *at; at++)
		offer(gap, (*at)->name, (*at)->summary);
}

static void offer_options(const struct gap *gap, const struct opt *opts)
{
	struct opt_walk walk = { .opts = opts };
	const struct opt *row;
	char name[80];

	while ((row = opt_next(&walk))) {
		if (row->kind == OPT_KIND_HEADING)
			continue;
		snprintf(name, sizeof(name), "--%s", row->name);
		offer(gap, name, row->help);
	}
	offer(gap, "--help", opt_help_row.help);
}

/* Whether a comma list already has the word. */
static bool list_has(const char *list, int len, const char *word)
{
	size_t word_len = strlen(word), part;

	for (const char *end = list + len; list < end; list += part + 1) {
		part = strcspn(list, ",");
		if (part == word_len && strncmp(list, word, part) == 0)
			return true;
	}
	return false;
}

static void offer_words(struct gap gap, const struct opt *row)
{
	const char *list = gap.typed, *comma = strrchr(gap.typed, ',');
	int list_len = 0;

	if (row->kind == OPT_KIND_LIST && comma) {
		list_len = (int)(comma + 1 - list);
		gap.before_len += list_len; /* the list follows `before` in the same word */
		gap.typed = comma + 1;
	}
	for (const struct opt_word *word = row->words; word->name; word++) {
		if (!list_has(list, list_len, word->name))
			offer(&gap, word->name, word->help);
	}
}

static void offer_value(struct gap gap, const struct opt *row)
{
	if (row->secret == SECRET_SOURCE && offer_file(gap, "file:"))
		return;
	if (row->words)
		offer_words(gap, row);
	else if (row->want)
		offer_wanted(&gap, row->want);
}

/* The option in `word` whose value is the next word, or NULL. */
static const struct opt *awaits_value(const struct opt *opts, const char *word)
{
	const struct opt *row;
	size_t base;

	if (word[0] != '-' || word[1] == '\0')
		return NULL;
	if (word[1] == '-') {
		row = opt_find(opts, word + 2, strlen(word + 2), &base);
		return row && opt_takes_value(row) ? row : NULL;
	}
	for (word++; *word; word++) {
		row = opt_find_letter(opts, *word, &base);
		if (!row || opt_takes_value(row))
			return row && !word[1] ? row : NULL;
	}
	return NULL;
}

static void complete_long(const struct opt *opts, const char *word)
{
	const char *equals = strchr(word, '=');
	struct gap gap = { .before = word, .typed = word };
	const struct opt *row;
	size_t base;

	if (!equals) {
		offer_options(&gap, opts);
		return;
	}
	row = opt_find(opts, word + 2, (size_t)(equals - word) - 2, &base);
	gap.typed = equals + 1;
	gap.before_len = (int)(equals + 1 - word);
	if (row && opt_takes_value(row))
		offer_value(gap, row);
}

static void complete_argument(const struct command *command, const char *word, bool ended)
{
	struct gap gap = { .before = word, .typed = word };

	if (command->want && strcmp(command->want, "@command") == 0)
		offer_commands(&gap);
	else if (command->want)
		offer_wanted(&gap, command->want);
	for (const struct opt_word *at = command->words; at && at->name; at++)
		offer(&gap, at->name, at->help);
	if (!command->want && !command->words && !ended)
		offer_options(&gap, command->opts);
}

static void complete_command(const struct command *command, int count, char **words)
{
	const struct opt *pending = NULL;
	bool ended = false;
	const char *last = words[count - 1];

	for (int i = 0; i < count - 1; i++) {
		if (pending)
			pending = NULL;
		else if (strcmp(words[i], "--") == 0)
			ended = true;
		else if (!ended)
			pending = awaits_value(command->opts, words[i]);
	}
	if (pending)
		offer_value((struct gap){ .before = last, .typed = last }, pending);
	else if (!ended && last[0] == '-')
		complete_long(command->opts, last);
	else
		complete_argument(command, last, ended);
}

int complete_run(int argc, char **argv)
{
	static const char empty[] = "";
	struct gap gap = { .before = empty, .typed = argc > 1 ? argv[1] : empty };
	const struct command *command;

	if (argc > 2) {
		command = command_find(argv[1]);
		if (command)
			complete_command(command, argc - 2, argv + 2);
		return EXIT_OK;
	}
	offer_commands(&gap);
	if (gap.typed[0] == '-') {
		offer(&gap, "--help", help_command.summary);
		offer(&gap, "--version", version_command.summary);
	}
	return EXIT_OK;
}

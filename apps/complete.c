/* See complete.h. What the shells' scripts get is documented there as well. */
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "complete.h"
#include "line.h"
#include "opt.h"
#include "policy/rule.h"
#include "probe/clients.h"
#include "probe/suite.h"

static void offer(const struct complete_gap *gap, const char *word, const char *help)
{
	if (strncmp(word, gap->typed, strlen(gap->typed)) == 0)
		gap->to->word(gap->to, gap, word, help);
}

static const struct opt_word listen_words[] = {
	{ "127.0.0.1:", 0, "this machine only" },
	{ "[::1]:", 0, "this machine only, IPv6" },
	{ "0.0.0.0:", 0, "all addresses of this machine" },
	{ "[::]:", 0, "all addresses of this machine, IPv6" },
	{ "unix:", 0, "a Unix socket" },
	{ NULL, 0, NULL },
};

/* What stands before `at` in the word is no longer at stake. */
static void move_gap(struct complete_gap *gap, const char *at)
{
	gap->before_len += (int)(at - gap->typed);
	gap->typed = at;
}

static void offer_interfaces(const struct complete_gap *gap)
{
	struct if_nameindex *all = if_nameindex();

	for (struct if_nameindex *at = all; at && at->if_name; at++)
		offer(gap, at->if_name, NULL);
	if (all)
		if_freenameindex(all);
}

/* One more of a list of them. */
static void offer_cases(struct complete_gap gap)
{
	const char *comma = strrchr(gap.typed, ',');

	move_gap(&gap, comma ? comma + 1 : gap.typed);
	for (size_t i = 0; i < s5_ncases; i++)
		offer(&gap, s5_cases[i].id, s5_cases[i].title);
	for (size_t i = 0; i < s5_nclient_cases; i++)
		offer(&gap, s5_client_cases[i].id, s5_client_cases[i].title);
}

/* The last word of a rule; behind to= the sets that there are. */
static void offer_rule(struct complete_gap gap, const struct opt_word *key)
{
	const struct s5_rule_word *words = NULL;
	const char *blank = strrchr(gap.typed, ' '), *last;

	move_gap(&gap, blank ? blank + 1 : gap.typed);
	if (strncmp(gap.typed, "to=", 3) == 0)
		words = s5_rule_sets;
	if (strncmp(gap.typed, "command=", 8) == 0)
		words = s5_rule_commands;
	for (; key->name && !strchr(gap.typed, '='); key++)
		offer(&gap, key->name, key->help);
	last = strrchr(gap.typed, words == s5_rule_commands && strchr(gap.typed, ',') ? ',' : '=');
	if (last)
		move_gap(&gap, last + 1);
	for (; words && words->name; words++)
		offer(&gap, words->name, NULL);
}

/* The name of a file behind a scheme that stands in the word; false if it does not. */
static bool offer_file(struct complete_gap gap, const char *scheme)
{
	size_t len = strlen(scheme);

	if (strncmp(gap.typed, scheme, len) != 0)
		return false;
	move_gap(&gap, gap.typed + len);
	gap.to->names(gap.to, &gap, "@file");
	return true;
}

/* What an option or an argument wants; where addresses go, a Unix socket goes too. */
static void offer_wanted(const struct complete_gap *gap, const char *want)
{
	bool listen = strcmp(want, "@listen") == 0;

	if (strcmp(want, "@interface") == 0) {
		offer_interfaces(gap);
		return;
	}
	if (strcmp(want, "@case") == 0) {
		offer_cases(*gap);
		return;
	}
	if ((listen || strcmp(want, "@host") == 0) && offer_file(*gap, "unix:"))
		return;
	if (!listen)
		gap->to->names(gap->to, gap, want);
	for (const struct opt_word *word = listen_words; listen && word->name; word++)
		offer(gap, word->name, word->help);
}

static void offer_commands(const struct complete_gap *gap)
{
	for (const struct command *const *at = commands; *at; at++)
		offer(gap, (*at)->name, (*at)->summary);
}

static void offer_options(const struct complete_gap *gap, const struct opt *opts)
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

static void offer_words(struct complete_gap gap, const struct opt *row)
{
	const char *list = gap.typed, *comma = strrchr(gap.typed, ',');
	int list_len = 0;

	if (row->kind == OPT_KIND_LIST && comma) {
		list_len = (int)(comma + 1 - list);
		move_gap(&gap, comma + 1);
	}
	for (const struct opt_word *word = row->words; word->name; word++) {
		if (!list_has(list, list_len, word->name))
			offer(&gap, word->name, word->help);
	}
}

static void offer_value(struct complete_gap gap, const struct opt *row)
{
	if (row->secret == SECRET_SOURCE && offer_file(gap, "file:"))
		return;
	if (row->want && strcmp(row->want, "@rule") == 0)
		offer_rule(gap, row->words);
	else if (row->words)
		offer_words(gap, row);
	else if (row->want)
		offer_wanted(&gap, row->want);
}

static void complete_long(const struct opt *opts, struct complete_gap gap)
{
	const char *word = gap.typed, *equals = strchr(word, '=');
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

/* Of the lists one is that of a command's options. */
static bool takes_command(const struct command *command, const char *given)
{
	return command != &list_command || (given && strcmp(given, "options") == 0);
}

/* `given` is the first argument, NULL if that is the one to complete. */
static void complete_argument(const struct command *command, const struct complete_gap *gap,
			      const char *given, bool ended)
{
	const struct opt_word *words = !given || !command->want ? command->words : NULL;
	const char *want = words ? NULL : command->want;

	if (want && strcmp(want, "@command") == 0 && takes_command(command, given))
		offer_commands(gap);
	else if (want && strcmp(want, "@command") != 0)
		offer_wanted(gap, want);
	for (const struct opt_word *at = words; at && at->name; at++)
		offer(gap, at->name, at->help);
	if (!command->want && !command->words && !ended)
		offer_options(gap, command->opts);
}

static void complete_command(const struct command *command, struct complete_gap gap, int count,
			     char **words)
{
	const char *given = NULL;
	struct line_part part;
	struct line line;

	line_over(&line, command, count - 1, words);
	while (line_next(&line, &part))
		if (!part.row && !given)
			given = part.text;
	if (line.awaits)
		offer_value(gap, line.awaits);
	else if (!line.ended && gap.typed[0] == '-')
		complete_long(command->opts, gap);
	else
		complete_argument(command, &gap, given, line.ended);
}

void complete_words(struct complete_sink *to, int count, char **words)
{
	const char *last = count ? words[count - 1] : "";
	struct complete_gap gap = { .to = to, .before = last, .typed = last };
	const struct command *command = count > 1 ? command_find(words[0]) : NULL;

	if (command)
		complete_command(command, gap, count - 1, words + 1);
	if (count > 1)
		return;
	offer_commands(&gap);
	if (last[0] == '-') {
		offer(&gap, "--help", help_command.summary);
		offer(&gap, "--version", version_command.summary);
	}
}

/* for the shells */

static void print_word(struct complete_sink *to, const struct complete_gap *gap, const char *word,
		       const char *help)
{
	(void)to;
	printf("%.*s%s\t%s\n", gap->before_len, gap->before, word, help ? help : "");
}

static void print_names(struct complete_sink *to, const struct complete_gap *gap,
			const char *marker)
{
	(void)to;
	printf("%s\t%.*s\n", marker, gap->before_len, gap->before);
}

int complete_run(int argc, char **argv)
{
	struct complete_sink printed = { .word = print_word, .names = print_names };
	char **words = calloc((size_t)argc, sizeof(*words));

	/* There may be a password among them, which others would see in our title. */
	for (int i = 1; words && i < argc; i++) {
		words[i - 1] = strdup(argv[i]);
		explicit_bzero(argv[i], strlen(argv[i]));
		if (!words[i - 1])
			return EXIT_NETWORK;
	}
	if (!words)
		return EXIT_NETWORK;
	complete_words(&printed, argc - 1, words);
	for (int i = 0; i < argc - 1; i++)
		free(words[i]);
	free(words);
	return EXIT_OK;
}

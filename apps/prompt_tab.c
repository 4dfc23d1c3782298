#include "prompt_tab.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>

#include "offers.h"
#include "words.h"

#define SHOWN_MAX 200

/* What readline asks for comes in two calls, with nothing of ours between them. */
static struct offers offers;

/* Whether the character there is quoted, so that a blank does not end the word. */
static int is_quoted(char *line, int index)
{
	char quote = '\0';
	bool escaped = false;

	for (int i = 0; i < index; i++) {
		if (escaped)
			escaped = false;
		else if (line[i] == '\\' && quote != '\'')
			escaped = true;
		else if (line[i] == quote)
			quote = '\0';
		else if (!quote && (line[i] == '\'' || line[i] == '"'))
			quote = line[i];
	}
	return escaped || quote;
}

/* The first len octets of the word as they are written on the line, behind an open quote or none. At its
 * beginning the characters in `first` would be more than themselves. */
static char *write_word(const char *word, size_t len, int quote, const char *first)
{
	const char *special = quote == '\'' ? "" : quote ? "\"\\$`" : " \t'\"\\$|&;<>`";
	char *text = malloc(4 * len + 2), *to = text;

	if (text && len && !quote && strchr(first, *word))
		*to++ = '\\';
	for (size_t i = 0; text && i < len; i++) {
		if (quote == '\'' && word[i] == '\'')
			to = stpcpy(to,
				    "'\\'"); /* closed, written, and with what follows open again */
		else if (strchr(special, word[i]))
			*to++ = '\\';
		*to++ = word[i];
	}
	if (text)
		*to = '\0';
	return text;
}

/* How many octets of the last word stand before what readline takes for it: it begins anew at an
 * open quote. */
static size_t find_cut(const char *word, const char *text, bool quoted)
{
	size_t whole = strlen(word), len = strlen(text);
	struct words part;

	if (!quoted && words_typed(&part, text, len) == 0) {
		len = strlen(part.items[part.count - 1]);
		words_fini(&part);
	}
	return whole > len ? whole - len : 0;
}

/* Up to where all offers are the same, and in no letter's middle. */
static size_t find_common(void)
{
	const char *first = offers.rows[0].word;
	size_t len = strlen(first);

	for (size_t i = 1; i < offers.count; i++)
		for (size_t at = 0; at < len; at++)
			if (offers.rows[i].word[at] != first[at])
				len = at;
	while (len > 0 && (first[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* As readline wants them: what they have in common, then each; a single one is by itself. */
static char **write_matches(size_t cut, int quote, const char *first)
{
	char **matches = calloc(offers.count + 2, sizeof(*matches));
	size_t n = 0, common = find_common();

	for (size_t i = 0; matches && i < offers.count; i++) {
		const char *word = offers.rows[i].word + cut;

		matches[n + 1] = write_word(word, strlen(word), quote, first);
		n += matches[n + 1] != NULL;
	}
	if (n > 0)
		matches[0] = write_word(offers.rows[0].word + cut, common > cut ? common - cut : 0,
					quote, first);
	if (n == 1) {
		free(matches[1]);
		matches[1] = NULL;
	}
	return matches;
}

/* The word goes on behind these. */
static bool is_open(const char *word)
{
	size_t len = strlen(word);

	return len && strchr("/:=", word[len - 1]);
}

static char **find_matches(const struct words *typed, const char *text)
{
	int skipped = typed->count > 1 && words_is_program(typed->items[0]);
	int quote = rl_completion_quote_character;
	size_t cut = find_cut(typed->items[typed->count - 1], text, quote != 0);
	/* A comment; and a home, unless that is what was typed. */
	const char *first = cut ? "" : text[0] == '~' ? "#" : "#~";

	offers_free(&offers);
	offers_collect(&offers, typed->count - skipped, typed->items + skipped);
	if (offers.count == 1 && is_open(offers.rows[0].word))
		rl_completion_suppress_append = rl_completion_suppress_quote = 1;
	return offers.count ? write_matches(cut, quote, first) : NULL;
}

static char **complete(const char *text, int start, int end)
{
	struct words typed;
	char **matches = NULL;

	(void)start;
	if (words_typed(&typed, rl_line_buffer, (size_t)end) == 0)
		matches = find_matches(&typed, text);
	words_fini(&typed);
	rl_attempted_completion_over = 1;
	rl_filename_completion_desired = 0;
	return matches;
}

/* what is offered, shown */

static int find_widest(void)
{
	size_t widest = 0;

	for (size_t i = 0; i < offers.count; i++)
		if (strlen(offers.rows[i].shown) > widest)
			widest = strlen(offers.rows[i].shown);
	return (int)widest;
}

/* A line for each, with what it means. */
static void show_rows(int widest, int columns)
{
	rl_crlf();
	for (size_t i = 0; i < offers.count; i++) {
		const struct offer_row *row = &offers.rows[i];
		int room = columns - 1 - 2 - widest - 2;

		if (row->help && room > 10)
			fprintf(rl_outstream, "  %-*s  %.*s%s\n", widest, row->shown,
				(int)strlen(row->help) > room ? room - 3 : room, row->help,
				(int)strlen(row->help) > room ? "..." : "");
		else
			fprintf(rl_outstream, "  %s\n", row->shown);
	}
}

static void show_columns(int widest)
{
	char **list = calloc(offers.count + 2, sizeof(*list));

	for (size_t i = 0; list && i < offers.count; i++)
		list[i + 1] = offers.rows[i].shown;
	if (list) {
		list[0] = list[1];
		rl_display_match_list(list, (int)offers.count, widest);
	}
	free(list);
}

static void show_count(void)
{
	rl_crlf();
	fprintf(rl_outstream, "  %zu names fit: type more of it\n", offers.count);
}

static bool has_help(void)
{
	for (size_t i = 0; i < offers.count; i++)
		if (offers.rows[i].help)
			return true;
	return false;
}

/* The line that is being edited stays on the screen. */
static void show(char **matches, int count, int longest)
{
	int rows, columns, widest = find_widest();

	(void)matches;
	(void)count;
	(void)longest;
	rl_get_screen_size(&rows, &columns);
	if (offers.count > SHOWN_MAX)
		show_count();
	else if (has_help() && (int)offers.count < rows - 2)
		show_rows(widest, columns);
	else
		show_columns(widest);
	rl_forced_update_display();
}

void prompt_tab_open(void)
{
	rl_attempted_completion_function = complete;
	rl_completion_display_matches_hook = show;
	rl_completer_word_break_characters = " \t\n";
	rl_completer_quote_characters = "'\"";
	rl_char_is_quoted_p = is_quoted;
	rl_sort_completion_matches = 0;
	rl_variable_bind("page-completions", "off");
	rl_variable_bind("show-all-if-ambiguous", "on");
}

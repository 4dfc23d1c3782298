#include "line.h"

#include <ctype.h>
#include <string.h>

#include "command.h"
#include "opt.h"

void line_open(struct line *line, const char *text)
{
	*line = (struct line){ .at = 0 };
	if (words_typed(&line->words, text, strlen(text)) < 0)
		return;
	if (words_is_program(line->words.items[0]) && line->words.count > 1)
		line->at++;
	line->command = command_find(line->words.items[line->at++]);
}

void line_over(struct line *line, const struct command *command, int count, char **words)
{
	*line = (struct line){ .command = command, .words = { .count = count, .items = words } };
}

void line_close(struct line *line)
{
	words_fini(&line->words);
}

/* Whether the word is an option with a value, which is then the part. */
static bool take_option(struct line *line, const char *word, struct line_part *part)
{
	struct opt_glance glance = opt_glance(line->command->opts, word);

	line->unknown |= glance.unknown;
	line->awaits = glance.value || line->at < line->words.count ? NULL : glance.row;
	part->row = glance.row;
	part->text = glance.value;
	if (glance.row && !glance.value && line->at < line->words.count) {
		part->text = line->words.items[line->at++];
		/* An option, perhaps, of who believes that the one before it takes no value. */
		line->unknown |= part->text[0] == '-' && isalpha((unsigned char)part->text[1]);
	}
	return part->text != NULL;
}

bool line_next(struct line *line, struct line_part *part)
{
	while (line->command && line->at < line->words.count) {
		const char *word = line->words.items[line->at++];

		*part = (struct line_part){ .text = word };
		if (line->ended || word[0] != '-' || !word[1])
			return true;
		if (strcmp(word, "--") == 0)
			line->ended = true;
		else if (take_option(line, word, part))
			return true;
	}
	return false;
}

/* What has the form of a proxy with its password is one, wherever it stands; a program's command line
 * may hold anything. */
static bool is_private(const struct line *line, const struct line_part *part)
{
	bool is_proxy = !part->row && line->command == &probe_command;

	return ((is_proxy || strchr(part->text, '@')) && secret_is_in(part->text, SECRET_PROXY)) ||
	       (!part->row && part->text[0] == '$') || /* perhaps an option */
	       (!part->row && line->command == &passwd_command && strchr(part->text, ':')) ||
	       (part->row && part->row->want && strcmp(part->row->want, "@program") == 0) ||
	       (part->row && secret_is_in(part->text, part->row->secret));
}

bool line_is_private(const char *text)
{
	struct line line;
	struct line_part part;
	int arguments = 0;
	bool is_secret;

	line_open(&line, text);
	is_secret = !line.command || line.words.is_open;
	while (!is_secret && line_next(&line, &part)) {
		is_secret = is_private(&line, &part);
		arguments += !part.row;
	}
	is_secret |= line.unknown;
	/* Who is used to htpasswd(1) types the password behind the name. */
	is_secret |= line.command == &passwd_command && arguments > 1;
	line_close(&line);
	return is_secret;
}

#include "words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/tilde.h>

struct splitter {
	struct words *words;
	const char *at, *end;
	FILE *word; /* the one that is being put together */
	bool typed; /* nothing is expanded and nothing is wrong */
	char *err;
	size_t size;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static int fail(struct splitter *s, const char *text)
{
	snprintf(s->err, s->size, "%s", text);
	return -1;
}

/* What a character of a shell's does not do here. */
static int fail_shell(struct splitter *s, char c)
{
	if (c == '&')
		snprintf(
			s->err, s->size,
			"one command runs at a time here, nothing in the background; '&' in quotes is that character");
	else if (c == ';')
		snprintf(s->err, s->size,
			 "a line holds one command; ';' in quotes is that character");
	else
		snprintf(
			s->err, s->size,
			"there are no pipes and redirections here; '%c' in quotes is that character",
			c);
	return -1;
}

static int fail_quote(struct splitter *s, char c)
{
	s->words->is_open = true;
	snprintf(s->err, s->size, "the quote %c is not closed", c);
	return s->typed ? 0 : -1;
}

static int take_plain(struct splitter *s)
{
	fputc(*s->at++, s->word);
	return 0;
}

/* The variable whose name has len octets; what follows it is `after`. */
static int put_variable(struct splitter *s, const char *name, size_t len, const char *after)
{
	char text[128];
	const char *value;

	if (len >= sizeof(text))
		return fail(s, "the name of a variable is too long");
	memcpy(text, name, len);
	text[len] = '\0';
	value = getenv(text);
	if (!value) {
		snprintf(s->err, s->size,
			 "variable %s is not set; '$' in single quotes is that character", text);
		return -1;
	}
	fputs(value, s->word);
	s->at = after;
	return 0;
}

/* A $ that no name follows is one. */
static int take_variable(struct splitter *s)
{
	bool braced = s->end - s->at > 1 && s->at[1] == '{';
	const char *name = s->at + 1 + braced, *end = name;

	if (s->end - s->at > 1 && s->at[1] == '(')
		return fail(
			s,
			"no command is put in place of $(...) here; '$' in single quotes is that character");
	while (end < s->end && is_name(*end))
		end++;
	if (end == name && !braced)
		return take_plain(s);
	if (braced && (end == s->end || *end != '}' || end == name))
		return fail(
			s,
			"${ is followed by a variable's name and }; '$' in single quotes is that character");
	return put_variable(s, name, (size_t)(end - name), end + braced);
}

static int take_single(struct splitter *s)
{
	for (s->at++; s->at < s->end && *s->at != '\'';)
		take_plain(s);
	if (s->at == s->end)
		return fail_quote(s, '\'');
	s->at++;
	return 0;
}

static int take_double(struct splitter *s)
{
	int rc = 0;

	for (s->at++; rc == 0 && s->at < s->end && *s->at != '"';) {
		if (*s->at == '\\' && s->end - s->at > 1 && strchr("\\\"$`", s->at[1]))
			s->at++;
		else if (*s->at == '$' && !s->typed) {
			rc = take_variable(s);
			continue;
		}
		take_plain(s);
	}
	if (rc == 0 && s->at == s->end)
		return fail_quote(s, '"');
	s->at++;
	return rc;
}

static int take_part(struct splitter *s)
{
	char c = *s->at;

	if (c == '\'')
		return take_single(s);
	if (c == '"')
		return take_double(s);
	if (c == '\\' && s->end - s->at > 1)
		s->at++;
	else if (c == '$' && !s->typed)
		return take_variable(s);
	else if (strchr("|&;<>`", c) && !s->typed)
		return fail_shell(s, c);
	return take_plain(s);
}

/* A ~ or ~NAME, up to the first slash; it stays where there is no such home. */
static void take_home(struct splitter *s)
{
	const char *end = s->at;
	char *name, *home;

	if (s->typed || *s->at != '~')
		return;
	while (end < s->end && (*end == '~' || is_name(*end) || *end == '-' || *end == '.'))
		end++;
	if (end < s->end && *end != '/' && !is_blank(*end))
		return;
	name = strndup(s->at, (size_t)(end - s->at));
	home = name ? tilde_expand_word(name) : NULL;
	if (home) {
		fputs(home, s->word);
		s->at = end;
	}
	free(home);
	free(name);
}

static int add(struct words *w, char *word)
{
	char **items = reallocarray(w->items, (size_t)w->count + 2, sizeof(*items));

	if (!items) {
		explicit_bzero(word, strlen(word));
		free(word);
		return -1;
	}
	items[w->count++] = word;
	items[w->count] = NULL;
	w->items = items;
	return 0;
}

static int take_word(struct splitter *s)
{
	char *word = NULL;
	size_t len;
	int rc = 0;

	s->word = open_memstream(&word, &len);
	if (!s->word)
		return fail(s, "out of memory");
	if (s->at < s->end)
		take_home(s);
	while (rc == 0 && s->at < s->end && !is_blank(*s->at))
		rc = take_part(s);
	if (fclose(s->word) != 0 || !word)
		rc = fail(s, "out of memory");
	if (rc == 0)
		return add(s->words, word) < 0 ? fail(s, "out of memory") : 0;
	if (word)
		explicit_bzero(word, strlen(word));
	free(word);
	return rc;
}

static void skip_blanks(struct splitter *s)
{
	while (s->at < s->end && is_blank(*s->at))
		s->at++;
}

/* In a line that is being typed only one from its beginning: behind that it may hold a password as well. */
static bool is_comment(const struct splitter *s)
{
	return *s->at == '#' && (!s->typed || !s->words->count);
}

static int split(struct splitter *s)
{
	int rc = 0;

	skip_blanks(s);
	while (rc == 0 && s->at < s->end && !is_comment(s)) {
		rc = take_word(s);
		if (s->typed && s->at == s->end)
			return rc; /* no blank has ended it yet */
		skip_blanks(s);
	}
	if (rc == 0 && s->typed)
		rc = take_word(s);
	if (rc < 0)
		words_fini(s->words);
	return rc;
}

int words_split(struct words *w, const char *text, size_t len, char *err, size_t size)
{
	struct splitter s = { .words = w, .at = text, .end = text + len, .err = err, .size = size };

	*w = (struct words){ .count = 0 };
	return split(&s);
}

int words_typed(struct words *w, const char *text, size_t len)
{
	char err[128];
	struct splitter s = { .words = w,
			      .at = text,
			      .end = text + len,
			      .typed = true,
			      .err = err,
			      .size = sizeof(err) };

	*w = (struct words){ .count = 0 };
	return split(&s);
}

bool words_is_program(const char *word)
{
	const char *slash = strrchr(word, '/');

	return strcmp(slash ? slash + 1 : word, "socks5") == 0;
}

void words_fini(struct words *w)
{
	for (int i = 0; i < w->count; i++) {
		explicit_bzero(w->items[i], strlen(w->items[i]));
		free(w->items[i]);
	}
	free(w->items);
	*w = (struct words){ .count = 0 };
}

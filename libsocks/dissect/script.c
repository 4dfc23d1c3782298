#include "dissect/script.h"

#include <stdlib.h>
#include <string.h>

struct line {
	const char *at, *end; /* without blanks around it */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct line next_line(const char **text, const char *end)
{
	const char *newline = memchr(*text, '\n', (size_t)(end - *text));
	struct line line = { *text, newline ? newline : end };

	*text = newline ? newline + 1 : end;
	while (line.at < line.end && is_blank(*line.at))
		line.at++;
	while (line.at < line.end && is_blank(line.end[-1]))
		line.end--;
	return line;
}

static const struct mark {
	const char *text;
	enum s5_role from;
	bool is_datagram;
} marks[] = {
	{ "C:", S5_CLIENT, false },	 { "S:", S5_SERVER, false },
	{ "Cu:", S5_CLIENT, true },	 { "Su:", S5_SERVER, true },
	{ ">", S5_CLIENT, false },	 { "<", S5_SERVER, false },
	{ "client:", S5_CLIENT, false }, { "server:", S5_SERVER, false },
};

/* NULL: it begins with none. */
static const struct mark *mark_of(const struct line *line)
{
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		size_t n = strlen(marks[i].text);

		if ((size_t)(line->end - line->at) >= n && !memcmp(line->at, marks[i].text, n))
			return &marks[i];
	}
	return NULL;
}

static bool is_comment(const struct line *line)
{
	return line->at == line->end || *line->at == '#';
}

static bool says(const struct line *line, const char *words)
{
	return memmem(line->at, (size_t)(line->end - line->at), words, strlen(words)) != NULL;
}

bool s5_script_is(const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		struct line line = next_line(&text, end);

		if (!is_comment(&line))
			return mark_of(&line) != NULL;
	}
	return false;
}

static struct s5_script_line *add(struct s5_script *s)
{
	size_t room = s->room ? 2 * s->room : 16;
	struct s5_script_line *lines = s->lines;

	if (s->n == s->room) {
		lines = reallocarray(s->lines, room, sizeof *lines);
		if (!lines) {
			s->why = "no memory";
			return NULL;
		}
		s->lines = lines;
		s->room = room;
	}
	lines[s->n] = (struct s5_script_line){ .from = S5_CLIENT };
	return &lines[s->n++];
}

/* What is looked at from line to line. */
struct reading {
	struct s5_script *script;
	bool is_fresh, is_next;
};

static bool read_comment(struct reading *r, const struct line *line)
{
	bool client = says(line, "client closes"), server = says(line, "server closes");
	struct s5_script_line *own;

	r->is_next = false;
	r->is_fresh |= says(line, "a new connection");
	if (!client && !server)
		return true;
	own = add(r->script);
	if (own)
		*own = (struct s5_script_line){ .from = client ? S5_CLIENT : S5_SERVER,
						.is_close = true };
	return own != NULL;
}

static bool read_message(struct reading *r, const struct line *line)
{
	const struct mark *mark = mark_of(line);
	struct s5_script *s = r->script;
	const struct s5_script_line *last = s->n ? &s->lines[s->n - 1] : NULL;
	bool is_next = r->is_next && last && mark && last->from == mark->from &&
		       last->is_datagram == mark->is_datagram;
	struct s5_script_line *own;

	if (!mark) {
		s->why = "it does not say who said it: C:, S:, Cu: or Su:";
		return false;
	}
	own = add(s);
	if (!own)
		return false;
	own->from = mark->from;
	own->is_datagram = mark->is_datagram;
	own->is_fresh = r->is_fresh;
	own->is_next = is_next;
	r->is_fresh = false;
	r->is_next = true;
	if (!s5_text_read(&own->text, line->at + strlen(mark->text),
			  (size_t)(line->end - line->at) - strlen(mark->text), S5_TEXT_HEX))
		s->why = own->text.why;
	if (s->why && !own->text.n) { /* nothing of the line is good */
		s5_text_fini(&own->text);
		s->n--;
	}
	return !s->why;
}

bool s5_script_read(struct s5_script *s, const char *text, size_t len)
{
	struct reading r = { .script = s, .is_fresh = true };
	const char *end = text + len;
	bool good = true;

	*s = (struct s5_script){ .n = 0 };
	while (good && text < end) {
		struct line line = next_line(&text, end);

		s->line++;
		good = is_comment(&line) ? read_comment(&r, &line) : read_message(&r, &line);
	}
	return good;
}

void s5_script_fini(struct s5_script *s)
{
	for (size_t i = 0; i < s->n; i++)
		s5_text_fini(&s->lines[i].text);
	free(s->lines);
	*s = (struct s5_script){ .n = 0 };
}

#include "dissect/script.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* Who says a line, and where in it what he says is. */
struct saying {
	enum s5_role from;
	bool is_datagram;
	const char *at, *end;
	bool is_cut; /* by strace */
};

/* A line that begins so, in whatever case; those that begin another come behind it. */
static const struct mark {
	const char *text;
	enum s5_role from;
	bool is_datagram;
} marks[] = {
	{ "C:", S5_CLIENT, false },	 { "S:", S5_SERVER, false },
	{ "Cu:", S5_CLIENT, true },	 { "Su:", S5_SERVER, true },
	{ "client:", S5_CLIENT, false }, { "server:", S5_SERVER, false },
	{ "C->S:", S5_CLIENT, false },	 { "S->C:", S5_SERVER, false },
	{ "sent:", S5_CLIENT, false },	 { "received:", S5_SERVER, false },
	{ "send:", S5_CLIENT, false },	 { "recv:", S5_SERVER, false },
	{ ">>>", S5_CLIENT, false },	 { "<<<", S5_SERVER, false },
	{ "->", S5_CLIENT, false },	 { "<-", S5_SERVER, false },
	{ ">", S5_CLIENT, false },	 { "<", S5_SERVER, false },
};

/* What strace shows of a client. */
static const struct mark calls[] = {
	{ "sendto(", S5_CLIENT, false }, { "recvfrom(", S5_SERVER, false },
	{ "send(", S5_CLIENT, false },	 { "recv(", S5_SERVER, false },
	{ "write(", S5_CLIENT, false },	 { "read(", S5_SERVER, false },
};

static bool is_marked(const struct line *line, struct saying *saying)
{
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		size_t n = strlen(marks[i].text);

		if ((size_t)(line->end - line->at) < n ||
		    strncasecmp(line->at, marks[i].text, n) != 0)
			continue;
		*saying = (struct saying){ marks[i].from, marks[i].is_datagram, line->at + n,
					   line->end, false };
		return true;
	}
	return false;
}

/* Behind the quote that closes the string which begins there; NULL: none does. */
static const char *string_end(const char *at, const char *end)
{
	char quote = *at;

	for (at++; at < end && *at != quote; at++)
		at += *at == '\\';
	return at < end ? at + 1 : NULL;
}

static bool is_call(const struct line *line, struct saying *saying)
{
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		size_t n = strlen(calls[i].text);
		const char *at = memmem(line->at, (size_t)(line->end - line->at), calls[i].text, n);
		const char *quote = at ? memchr(at, '"', (size_t)(line->end - at)) : NULL;
		const char *end = quote ? string_end(quote, line->end) : NULL;

		if (!end || (at > line->at && !is_blank(at[-1])))
			continue;
		*saying = (struct saying){ calls[i].from, false, quote, end,
					   line->end - end > 3 && !memcmp(end, "...", 3) };
		return true;
	}
	return false;
}

/* Without the comment behind it, which a blank and # begin, outside of quotes. */
static void cut_comment(struct saying *saying)
{
	const char *at = saying->at;

	while (at < saying->end) {
		if (*at == '"' || *at == '\'') {
			at = string_end(at, saying->end);
			if (!at)
				return;
		} else if (*at == '#' && at > saying->at && is_blank(at[-1])) {
			saying->end = at;
		} else {
			at++;
		}
	}
}

static bool is_comment(const struct line *line)
{
	return line->at == line->end || *line->at == '#';
}

static bool says(const struct line *line, const char *words)
{
	return memmem(line->at, (size_t)(line->end - line->at), words, strlen(words)) != NULL;
}

#define LOOKED_AT 100 /* lines, for one that strace wrote */

/* Its first line, that is no comment, is not marked, and one of the first is a call. */
static bool is_of_strace(const char *text, size_t len)
{
	const char *end = text + len;
	struct saying saying;

	for (unsigned i = 0; text < end && i < LOOKED_AT; i++) {
		struct line line = next_line(&text, end);

		if (is_comment(&line))
			continue;
		if (is_marked(&line, &saying))
			return false;
		if (is_call(&line, &saying))
			return true;
	}
	return false;
}

bool s5_script_is(const char *text, size_t len)
{
	const char *at = text, *end = text + len;
	struct saying saying;

	while (at < end) {
		struct line line = next_line(&at, end);

		if (!is_comment(&line))
			return is_marked(&line, &saying) || is_of_strace(text, len);
	}
	return false;
}

static struct s5_script_line *add(struct s5_script *s)
{
	size_t room = s->room ? 2 * s->room : 16;
	struct s5_script_line *lines = s->lines;

	if (s->n == S5_SCRIPT_LINES) {
		s->why = "more than 200000 lines";
		return NULL;
	}
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
	bool is_strace; /* lines that are no calls of interest mean nothing */
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

/* What the line says, with no more memory than that takes. False: nothing of it is good. */
static bool take_octets(struct s5_script *s, struct s5_script_line *own,
			const struct saying *saying)
{
	struct s5_text text;
	uint8_t *fitting;

	if (!s5_text_read(&text, saying->at, (size_t)(saying->end - saying->at), S5_TEXT_HEX))
		s->why = text.why;
	if (!text.n) {
		s5_text_fini(&text);
		return false;
	}
	own->octets = text.octets;
	fitting = realloc(text.octets, text.n);
	if (fitting)
		own->octets = fitting;
	own->n = (uint32_t)text.n;
	return true;
}

static bool read_message(struct reading *r, const struct saying *saying)
{
	struct s5_script *s = r->script;
	const struct s5_script_line *last = s->n ? &s->lines[s->n - 1] : NULL;
	bool is_next = r->is_next && last && last->from == saying->from &&
		       last->is_datagram == saying->is_datagram;
	struct s5_script_line *own = add(s);

	if (!own)
		return false;
	own->from = (uint8_t)saying->from;
	own->is_datagram = saying->is_datagram;
	own->is_fresh = r->is_fresh;
	own->is_next = is_next;
	r->is_fresh = false;
	r->is_next = true;
	if (!take_octets(s, own, saying))
		s->n--;
	else if (saying->is_cut)
		s->why = "strace has cut it off; -s 65535 shows more";
	return !s->why;
}

static bool read_line(struct reading *r, const struct line *line)
{
	struct s5_script *s = r->script;
	struct saying saying;

	if (is_comment(line))
		return read_comment(r, line);
	if (r->is_strace)
		return !is_call(line, &saying) || read_message(r, &saying);
	if (!is_marked(line, &saying)) {
		s->why = "it does not say who said it: C:, S:, Cu: or Su:";
		return false;
	}
	cut_comment(&saying);
	return read_message(r, &saying);
}

bool s5_script_read(struct s5_script *s, const char *text, size_t len)
{
	struct reading r = { .script = s, .is_fresh = true };
	const char *end = text + len;
	bool good = true;

	r.is_strace = is_of_strace(text, len);
	*s = (struct s5_script){ .n = 0 };
	while (good && text < end) {
		struct line line = next_line(&text, end);

		s->line++;
		good = read_line(&r, &line);
	}
	return good;
}

void s5_script_fini(struct s5_script *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->lines[i].octets);
	free(s->lines);
	*s = (struct s5_script){ .n = 0 };
}

/* Octets that were pasted: a conversation written down, or what one side said. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "command.h"
#include "decode.h"
#include "dissect/lone.h"
#include "dissect/script.h"
#include "file.h"

#define FRAGMENTS (1u << 20) /* octets that may wait to be put together */

static int fail(const struct decode_view *v, const char *name, size_t line, const char *why)
{
	if (line)
		out_error(&v->options->out, "%s: line %zu: %s", name, line, why);
	else
		out_error(&v->options->out, "%s: %s", name, why);
	return EXIT_PROTOCOL;
}

/* a conversation */

struct telling {
	struct decode_view *view;
	struct decode_stream stream;
	bool has_begun, are_alone;
};

static void fresh(void *arg)
{
	struct telling *t = arg;

	if (t->has_begun)
		decode_end(&t->stream, NULL);
	t->has_begun = true;
	t->stream = (struct decode_stream){ .is_alone = t->are_alone };
	decode_begin(&t->stream, t->view);
}

static void seen(void *arg, const struct s5_seen *seen)
{
	decode_seen(&((struct telling *)arg)->stream, seen);
}

static int tell_script(struct decode_view *v, const char *text, size_t len, const char *name)
{
	struct s5_budget budget = { .limit = FRAGMENTS };
	struct telling t = { .view = v };
	struct s5_script_sink sink = { &t, fresh, seen };
	struct s5_script script;
	int status = EXIT_OK;

	if (!s5_script_read(&script, text, len))
		status = fail(v, name, script.line, script.why);
	v->is_many = s5_script_is_many(&script);
	t.are_alone = !s5_script_is_conversation(&script);
	if (!s5_script_tell(&script, &budget, &sink))
		status = fail(v, name, 0, strerror(ENOMEM));
	if (t.has_begun)
		decode_end(&t.stream, NULL);
	s5_script_fini(&script);
	return status;
}

/* one side */

/* What could only be base64, and is not, or does not begin as SOCKS does, is taken as it is. */
static bool read_text(struct s5_text *t, const char *text, size_t len, enum s5_text_form form)
{
	bool good = s5_text_read(t, text, len, form);

	if (form != S5_TEXT_AUTO || t->form != S5_TEXT_BASE64)
		return good;
	if (good && t->n && (t->octets[0] <= 1 || t->octets[0] == 4 || t->octets[0] == 5))
		return true;
	s5_text_fini(t);
	return s5_text_read(t, text, len, S5_TEXT_RAW);
}

static void look_for_socks(void *arg, const struct s5_seen *seen)
{
	bool *found = arg;

	*found |= seen->kind == S5_SEEN_MESSAGE || seen->kind == S5_SEEN_SEALED ||
		  seen->kind == S5_SEEN_DATAGRAM || seen->need;
}

/* A message, or the beginning of one. */
static bool holds_socks(const struct decode_view *v, const struct s5_text *octets)
{
	bool found = false;

	s5_lone_read(octets->octets, octets->n, (enum s5_role)v->options->from, look_for_socks,
		     &found);
	return found;
}

/* For whoever is told that it is no SOCKS. */
static void note_form(struct decode_view *v, const struct s5_text *octets)
{
	static const char *const forms[] = { [S5_TEXT_RAW] = ", taken as they are",
					     [S5_TEXT_HEX] = " of hex",
					     [S5_TEXT_BASE64] = " of base64" };

	if (octets->n)
		snprintf(v->taken_for, sizeof(v->taken_for), "%zu %s%s", octets->n,
			 octets->n == 1 ? "octet" : "octets", forms[octets->form]);
	else
		snprintf(v->taken_for, sizeof(v->taken_for), "an empty input");
}

static int tell_octets(struct decode_view *v, const char *text, size_t len, const char *name)
{
	static const enum s5_text_form forms[] = {
		[DECODE_AUTO] = S5_TEXT_AUTO,
		[DECODE_RAW] = S5_TEXT_RAW,
		[DECODE_HEXDUMP] = S5_TEXT_HEX,
		[DECODE_BASE64] = S5_TEXT_BASE64,
	};
	struct decode_stream stream = { .is_alone = true };
	struct s5_text octets = { .octets = NULL };
	int status = EXIT_OK;

	if (!read_text(&octets, text, len, forms[v->options->in]))
		status = fail(v, name, octets.line, octets.why);
	if (octets.n && holds_socks(v, &octets)) {
		decode_begin(&stream, v);
		s5_lone_read(octets.octets, octets.n, (enum s5_role)v->options->from, decode_seen,
			     &stream);
		decode_end(&stream, NULL);
	} else if (status == EXIT_OK) {
		note_form(v, &octets);
	}
	s5_text_fini(&octets);
	return status;
}

int decode_text(struct decode_view *v, FILE *from, const char *name)
{
	enum decode_in in = (enum decode_in)v->options->in;
	size_t len;
	char *text = file_read_from(from, &len);
	int status;

	if (!text) {
		fail(v, name, 0, errno == EFBIG ? "longer than 64 MiB" : strerror(errno));
		return EXIT_NETWORK;
	}
	if (in == DECODE_SCRIPT || (in == DECODE_AUTO && s5_script_is(text, len)))
		status = tell_script(v, text, len, name);
	else
		status = tell_octets(v, text, len, name);
	explicit_bzero(text, len);
	free(text);
	return status;
}

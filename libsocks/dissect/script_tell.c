#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "dissect/lone.h"
#include "dissect/relayed.h"
#include "dissect/script.h"
#include "wire/message.h"

/* The conversation that is told of. */
struct telling {
	const struct s5_script_sink *sink;
	struct s5_budget *budget;
	struct s5_talk talk;
	struct s5_relayed relayed;
	bool is_relayed; /* there was a datagram */
	bool is_going_on; /* talk is there */
};

static void on_seen(void *arg, const struct s5_seen *seen)
{
	struct telling *t = arg;

	t->sink->seen(t->sink->arg, seen);
}

static void end(struct telling *t)
{
	if (!t->is_going_on)
		return;
	s5_talk_end(&t->talk, S5_CLIENT, false);
	s5_talk_end(&t->talk, S5_SERVER, false);
	s5_talk_fini(&t->talk);
	if (t->is_relayed)
		s5_relayed_fini(&t->relayed);
	t->is_going_on = t->is_relayed = false;
}

static void begin(struct telling *t)
{
	end(t);
	t->sink->fresh(t->sink->arg);
	s5_talk_init(&t->talk, on_seen, t);
	t->is_going_on = true;
}

static void tell_datagram(struct telling *t, const struct s5_script_line *line)
{
	if (!t->is_relayed)
		s5_relayed_init(&t->relayed, t->talk.session.level, t->budget, on_seen, t);
	t->is_relayed = true;
	s5_relayed_recv(&t->relayed, (enum s5_role)line->from, line->octets, line->n, 0);
}

static void tell_line(struct telling *t, const struct s5_script_line *line)
{
	if (line->is_fresh || !t->is_going_on)
		begin(t);
	if (line->is_close)
		s5_talk_end(&t->talk, line->from, true);
	else if (line->is_datagram)
		tell_datagram(t, line);
	else
		s5_talk_recv(&t->talk, (enum s5_role)line->from, line->octets, line->n, 0);
}

/* messages of many */

#define JOINED 16 /* lines */

static bool append(uint8_t **octets, size_t *n, const struct s5_script_line *line)
{
	uint8_t *more = realloc(*octets, *n + line->n + 1);

	if (!more)
		return false;
	memcpy(more + *n, line->octets, line->n);
	*octets = more;
	*n += line->n;
	return true;
}

static bool is_message(const struct s5_script_line *line)
{
	return !line->is_close && !line->is_datagram;
}

/* The line, and those right below it that it needs to be whole. Returns how many; 0: no memory. */
static size_t tell_alone(const struct s5_script_sink *sink, const struct s5_script_line *line,
			 size_t most)
{
	struct s5_lone lone = { .is_cut = true };
	uint8_t *octets = NULL;
	size_t n = 0, used = 0;

	while (lone.is_cut && used < most && used < JOINED && (used == 0 || line[used].is_next) &&
	       append(&octets, &n, &line[used])) {
		used++;
		s5_lone_find(&lone, octets, n, (enum s5_role)line->from);
	}
	if (used) {
		sink->fresh(sink->arg);
		s5_lone_tell(&lone, octets, n, sink->seen, sink->arg);
	}
	free(octets);
	return used;
}

/* All that was said in a conversation, from this line on. Returns how many lines; 0: no memory. */
static size_t tell_side(const struct s5_script_sink *sink, const struct s5_script_line *line,
			size_t most)
{
	uint8_t *octets = NULL;
	size_t n = 0, used = 0;
	bool good = true;

	for (; good && used < most && (used == 0 || !line[used].is_fresh); used++)
		good = !is_message(&line[used]) || append(&octets, &n, &line[used]);
	if (good) {
		sink->fresh(sink->arg);
		s5_lone_read(octets, n, (enum s5_role)line->from, sink->seen, sink->arg);
	}
	free(octets);
	return good ? used : 0;
}

bool s5_script_is_conversation(const struct s5_script *s)
{
	bool client = false, server = false;

	for (size_t i = 0; i < s->n && !server; i++) {
		if (!is_message(&s->lines[i]))
			continue;
		server = s->lines[i].from == S5_SERVER;
		if (server && !client)
			return false;
		client = true;
	}
	return server || !client;
}

static bool is_method_list(const struct s5_script_line *line)
{
	struct s5_reader in = s5_reader_over(line->octets, line->n);
	struct s5_trace trace = { .nmarks = 0 };
	struct s5_hello hello;

	in.trace = &trace;
	return s5_hello_get(&in, &hello) == S5_OK && in.off == in.len && !trace.nmarks;
}

/* What a client said: its first line is a method list, which is in none of the others. */
static bool is_side(const struct s5_script *s)
{
	bool has_begun = false;

	for (size_t i = 0; i < s->n; i++) {
		const struct s5_script_line *line = &s->lines[i];

		if (line->is_close)
			continue;
		if (line->is_datagram || line->from != S5_CLIENT)
			return false;
		if (is_method_list(line) == (has_begun && !line->is_fresh))
			return false;
		has_begun = true;
	}
	return has_begun;
}

bool s5_script_is_many(const struct s5_script *s)
{
	bool together = s5_script_is_conversation(s) || is_side(s);
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += together || s->lines[i].is_datagram ? s->lines[i].is_fresh
							 : is_message(&s->lines[i]);
	return n > 1;
}

bool s5_script_tell(const struct s5_script *s, struct s5_budget *budget,
		    const struct s5_script_sink *sink)
{
	struct telling t = { .sink = sink, .budget = budget };
	size_t (*tell)(const struct s5_script_sink *, const struct s5_script_line *, size_t) =
		is_side(s) ? tell_side : tell_alone;
	bool together = s5_script_is_conversation(s), good = true;

	for (size_t i = 0; i < s->n;) {
		const struct s5_script_line *line = &s->lines[i];

		if (!together && is_message(line)) {
			size_t told = tell(sink, line, s->n - i);

			good &= told > 0;
			i += told ? told : 1;
			continue;
		}
		if (together || line->is_datagram)
			tell_line(&t, line);
		i++;
	}
	end(&t);
	return good;
}

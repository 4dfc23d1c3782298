#include <inttypes.h>
#include <string.h>

#include "decode.h"

static void show(struct decode_stream *s, struct decode_event *e)
{
	static void (*const views[])(struct decode_view *, const struct decode_event *) = {
		[DECODE_TREE] = decode_tree,
		[DECODE_LINE] = decode_line,
		[DECODE_HEX] = decode_hex,
		[DECODE_JSON] = decode_json,
	};

	if (s->view->options->summary)
		return;
	e->remark = s->remark;
	s->remark = NULL;
	views[s->view->options->format](s->view, e);
}

static bool is_payload(const struct s5_seen *seen)
{
	return seen->kind == S5_SEEN_DATA || seen->kind == S5_SEEN_REST;
}

static void end_run(struct decode_stream *s)
{
	struct decode_event e = s->run;

	if (!e.pieces)
		return;
	e.seen.octets = s->kept;
	show(s, &e);
	s->run.pieces = 0;
}

static bool goes_on(const struct decode_stream *s, const struct s5_seen *seen)
{
	const struct s5_seen *run = &s->run.seen;

	return s->run.pieces && run->kind == seen->kind && run->from == seen->from &&
	       run->sealed == seen->sealed;
}

static struct decode_event event_of(const struct decode_stream *s, const struct s5_seen *seen)
{
	return (struct decode_event){ .seen = *seen,
				      .have = seen->octets ? (size_t)seen->len : 0,
				      .stream = s };
}

static void take_payload(struct decode_stream *s, const struct s5_seen *seen)
{
	size_t room, n;

	if (!goes_on(s, seen)) {
		end_run(s);
		s->run = event_of(s, seen);
		s->run.have = 0;
		s->run.seen.len = 0;
	}
	room = DECODE_KEPT - s->run.have;
	n = seen->len < room ? (size_t)seen->len : room;
	memcpy(s->kept + s->run.have, seen->octets, n);
	s->run.have += n;
	s->run.seen.len += seen->len;
	s->run.pieces++;
}

/* A reply of SOCKS4 begins with 00. */
static uint8_t version_of(const struct s5_seen *seen)
{
	bool is_reply = seen->step == S5_STEP_REPLY && !seen->sealed;

	return seen->octets[0] == 4 || (is_reply && !seen->octets[0]) ? 4 : 5;
}

static void count(struct decode_stream *s, const struct s5_seen *seen)
{
	struct decode_view *v = s->view;

	if (!s->version && seen->octets && seen->len && !seen->datagram)
		s->version = version_of(seen);
	v->messages += seen->kind == S5_SEEN_MESSAGE || seen->kind == S5_SEEN_SEALED ||
		       seen->kind == S5_SEEN_DATAGRAM;
}

/* What is at fault is shown where it stands; the first is said at the end, too. */
static void take_fault(struct decode_stream *s, const struct s5_seen *seen)
{
	struct decode_event e = { .seen = *seen, .stream = s };
	struct decode_view *v = s->view;
	char text[200], stream[32] = "";

	v->is_cut |= seen->need > 0;
	if (v->faults++)
		return;
	if (v->is_many)
		snprintf(stream, sizeof(stream), "stream %lu: ", s->number);
	snprintf(v->fault, sizeof(v->fault), "%s%s, %s at offset %" PRIu64 ": %s", stream,
		 seen->from == S5_CLIENT ? "client" : "server", decode_what(&e), seen->off,
		 decode_fault(text, sizeof(text), &e));
}

void decode_begin(struct decode_stream *s, struct decode_view *v)
{
	s->view = v;
	s->number = ++v->streams;
	s->sum.reply = -1;
	if (!v->options->summary &&
	    (v->options->format == DECODE_TREE || v->options->format == DECODE_HEX))
		decode_tree_begin(v, s);
}

void decode_seen(void *arg, const struct s5_seen *seen)
{
	struct decode_stream *s = arg;
	struct decode_event e;

	count(s, seen);
	if (seen->kind == S5_SEEN_FAULT)
		take_fault(s, seen);
	decode_sum_take(s, seen);
	if (is_payload(seen)) {
		take_payload(s, seen);
		return;
	}
	end_run(s);
	e = event_of(s, seen);
	show(s, &e);
}

void decode_end(struct decode_stream *s, const char *how)
{
	const struct decode_options *o = s->view->options;

	end_run(s);
	if (o->summary)
		decode_sum_put(s->view, s, how);
	else if (how && (o->format == DECODE_TREE || o->format == DECODE_HEX))
		decode_tree_end(s->view, s, how);
}

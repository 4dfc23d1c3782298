/*
 * `socks5 decode`: what captured octets say. A source (decode_text.c, decode_capture.c) hands what is
 * told of each stream to decode_seen, which gives it to a view as an event: a tree, lines, hex, JSON,
 * or one line for all of the stream.
 *
 * Payload is not shown piece by piece: what one side sends in a row is one event, with its first
 * octets. So the output does not grow with what a capture carries. One thread.
 */
#ifndef APPS_DECODE_H
#define APPS_DECODE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"
#include "dissect/talk.h"
#include "out.h"

enum decode_format { DECODE_TREE, DECODE_LINE, DECODE_HEX, DECODE_JSON };

enum decode_in {
	DECODE_AUTO,
	DECODE_CAPTURE,
	DECODE_SCRIPT,
	DECODE_RAW,
	DECODE_HEXDUMP,
	DECODE_BASE64,
};

struct decode_options {
	int format, in, from; /* enum decode_format, decode_in, s5_role */
	int port; /* 0: any */
	char *interface;
	bool secrets, summary;
	struct out out;
};

/* Octets of payload that are kept to be shown. */
#define DECODE_KEPT 64

struct decode_stream;

/* An event as it is shown. */
struct decode_event {
	struct s5_seen seen;
	size_t have; /* of seen.octets: payload is longer than what was kept of it */
	uint64_t pieces; /* in which it came */
	const struct decode_stream *stream;
	const char *remark; /* about the stream, with its first event; or NULL */
};

/* Where everything goes, and what came of it. */
struct decode_view {
	FILE *to;
	const struct decode_options *options;
	bool colour;
	bool is_many; /* streams are numbered */
	bool has_time;
	int64_t first; /* when it all began, in microseconds */
	uint64_t messages, faults;
	bool is_cut; /* one of the faults is that octets are missing at the end */
	char fault[320]; /* the first of them, in words */
	unsigned long streams;
	char taken_for[64]; /* the octets in which no SOCKS was: how many, of what form */
};

/* What --summary says of a stream; texts are escaped. */
struct decode_sum {
	const char *method, *command; /* static, or NULL */
	char user[S5_ADDR_TEXT], target[S5_ADDR_TEXT];
	int reply; /* -1: none was seen */
	uint64_t carried[2]; /* octets of payload, by role */
	unsigned notes;
	bool is_refused, is_faulty;
};

/* A stream on its way to the view. */
struct decode_stream {
	struct decode_view *view;
	unsigned long number; /* from 1 */
	const struct s5_addr *peer; /* S5_CLIENT, S5_SERVER; or NULL: not known */
	int64_t first, last; /* in microseconds */
	const char *remark; /* about how it begins, until it was told; or NULL */
	bool is_alone; /* of one side only, and guessed which */
	uint8_t version; /* of SOCKS: 4 or 5; 0: not known yet */
	struct decode_event run; /* payload that goes on; run.pieces 0: none */
	uint8_t kept[DECODE_KEPT];
	struct decode_sum sum;
};

/* decode_stream.c: begins; takes what is told of a stream (arg); shows the rest of it at its end,
 * with what the end was or NULL. */
void decode_begin(struct decode_stream *s, struct decode_view *v);
void decode_seen(void *arg, const struct s5_seen *seen);
void decode_end(struct decode_stream *s, const char *how);

/* decode.c: a file with these first octets, 4 of them or more, is a capture. */
bool decode_is_capture(const uint8_t *octets, size_t n);
/* decode_text.c, decode_capture.c: all of a source, from its beginning, to the view. An exit
 * status; what is wrong with it was said. */
int decode_text(struct decode_view *v, FILE *from, const char *name);
/* Closes the file. */
int decode_capture(struct decode_view *v, FILE *from, const char *name);
int decode_live(struct decode_view *v);

/* decode_field.c */
const char *decode_what(const struct decode_event *e);
#define DECODE_VALUE 8192 /* room for any: also for 255 methods with their names */
const char *decode_value(char *text, size_t size, const struct decode_event *e,
			 const struct s5_span *span);
/* True where an octet must not be shown. */
bool decode_hides(const struct decode_event *e, size_t at);
/* A fault in words: what is wrong, and what is missing. */
const char *decode_fault(char *text, size_t size, const struct decode_event *e);
/* A time of day in UTC, as RFC 3339 writes it. */
#define DECODE_TIME 40
const char *decode_time(char text[static DECODE_TIME], int64_t when);

/* One file each. A view may also say that a stream begins and ends. */
void decode_tree(struct decode_view *v, const struct decode_event *e);
void decode_line(struct decode_view *v, const struct decode_event *e);
void decode_hex(struct decode_view *v, const struct decode_event *e);
void decode_json(struct decode_view *v, const struct decode_event *e);
void decode_tree_begin(struct decode_view *v, const struct decode_stream *s);
void decode_tree_end(struct decode_view *v, const struct decode_stream *s, const char *how);

/* decode_sum.c: takes what --summary needs of an event; writes it. */
void decode_sum_take(struct decode_stream *s, const struct s5_seen *seen);
void decode_sum_put(struct decode_view *v, const struct decode_stream *s, const char *how);

/* decode_head.c: what stands in front of an event, in the tree and in hex. */
void decode_head(struct decode_view *v, const struct decode_event *e);
/* Deviations and the fault, a line each. */
void decode_notes(struct decode_view *v, const struct decode_event *e);

#endif

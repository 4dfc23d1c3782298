/* Bounded reader and writer: the only code that touches the octets of a message.
 *
 * A reader borrows the octets it reads, owns nothing and never moves past their end. Its result
 * `rc` is sticky: after the first failure every further call returns 0 or NULL and changes
 * nothing, so a parser reads like the RFC's diagram and looks at `rc` once, at the end.
 *
 * With a trace set, the reader records a span for each field it reads (which field, at which
 * offset from `data`, how many octets) and a note for each deviation from the RFC.
 *
 * A writer borrows the memory it writes to; overflow makes its `rc` S5_BAD, sticky, and writes
 * nothing more.
 *
 * Numbers are big endian on the wire. No locks, no globals: any thread, one at a time.
 */
#ifndef S5_BASE_BYTES_H
#define S5_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

enum s5_field {
#define S5_FIELD(id, name) S5_F_##id,
#include "base/fields.def"
#undef S5_FIELD
	S5_F_COUNT
};

enum s5_note {
#define S5_NOTE(id, section, text) S5_NOTE_##id,
#include "base/notes.def"
#undef S5_NOTE
	S5_NOTE_COUNT
};

#define S5_TRACE_SPANS 16
#define S5_TRACE_NOTES 8

struct s5_span {
	uint32_t off; /* octets from the start of the reader's data */
	uint16_t len; /* octets */
	uint8_t field; /* enum s5_field */
};

struct s5_mark {
	uint32_t off; /* where the octets stand that the note is about */
	uint8_t note; /* enum s5_note */
};

/* The record of one message. Zero it before each message; what does not fit is not recorded. */
struct s5_trace {
	struct s5_span span[S5_TRACE_SPANS];
	struct s5_mark mark[S5_TRACE_NOTES];
	uint8_t nspans, nmarks;
};

struct s5_reader {
	const uint8_t *data; /* borrowed until the reader is dropped */
	size_t len, off;
	size_t need; /* with S5_MORE: octets still missing from `field` at least */
	enum s5_rc rc;
	enum s5_field field; /* the field read last, or that could not be read */
	enum s5_note why; /* with S5_BAD: the cause */
	struct s5_trace *trace; /* NULL: record nothing */
};

struct s5_writer {
	uint8_t *data; /* borrowed until the writer is dropped */
	size_t cap, len;
	enum s5_rc rc;
};

struct s5_reader s5_reader_over(const void *data, size_t len);
uint8_t s5_get_u8(struct s5_reader *r, enum s5_field field);
uint16_t s5_get_u16(struct s5_reader *r, enum s5_field field);
/* Returns a view of the next n octets, good as long as the reader's data; NULL when short. */
const uint8_t *s5_get_octets(struct s5_reader *r, enum s5_field field, size_t n);
/* As s5_get_octets, up to and including the first NUL; *len counts it. More than max octets
 * without a NUL are bad, with `why` as the cause. */
const uint8_t *s5_get_until_nul(struct s5_reader *r, enum s5_field field, size_t max,
				enum s5_note why, size_t *len);
/* Records a deviation in the field read last; the parse goes on. */
void s5_reader_note(struct s5_reader *r, enum s5_note note);
/* Records it and ends the parse with S5_BAD. */
void s5_reader_fail(struct s5_reader *r, enum s5_note why);
/* Ends a get that worked on the copy r of in: S5_OK moves in behind the message, anything else
 * leaves it where it was and only says why. Returns r->rc. */
enum s5_rc s5_reader_commit(struct s5_reader *in, const struct s5_reader *r);
bool s5_trace_has(const struct s5_trace *t, enum s5_note note);

struct s5_writer s5_writer_over(void *data, size_t cap);
void s5_put_u8(struct s5_writer *w, unsigned value);
void s5_put_u16(struct s5_writer *w, unsigned value);
void s5_put_octets(struct s5_writer *w, const void *octets, size_t n);

const char *s5_field_name(enum s5_field field);
const char *s5_note_section(enum s5_note note);
const char *s5_note_text(enum s5_note note);

#endif

#include "base/bytes.h"

#include <string.h>

struct s5_reader s5_reader_over(const void *data, size_t len)
{
	return (struct s5_reader){ .data = data, .len = len, .rc = S5_OK };
}

static void span_add(struct s5_reader *r, size_t n)
{
	struct s5_trace *t = r->trace;

	if (t && t->nspans < S5_TRACE_SPANS)
		t->span[t->nspans++] = (struct s5_span){ .off = (uint32_t)r->off,
							 .len = (uint16_t)n,
							 .field = (uint8_t)r->field };
}

const uint8_t *s5_get_octets(struct s5_reader *r, enum s5_field field, size_t n)
{
	const uint8_t *view;

	if (r->rc != S5_OK)
		return NULL;
	r->field = field;
	if (r->len - r->off < n) {
		r->rc = S5_MORE;
		r->need = n - (r->len - r->off);
		return NULL;
	}
	view = r->data + r->off;
	span_add(r, n);
	r->off += n;
	return view;
}

uint8_t s5_get_u8(struct s5_reader *r, enum s5_field field)
{
	const uint8_t *p = s5_get_octets(r, field, 1);

	return p ? p[0] : 0;
}

uint16_t s5_get_u16(struct s5_reader *r, enum s5_field field)
{
	const uint8_t *p = s5_get_octets(r, field, 2);

	return p ? (uint16_t)((unsigned)p[0] << 8 | p[1]) : 0;
}

const uint8_t *s5_get_until_nul(struct s5_reader *r, enum s5_field field, size_t max,
				enum s5_note why, size_t *len)
{
	const uint8_t *nul;
	size_t left = r->len - r->off;

	if (r->rc != S5_OK)
		return NULL;
	nul = left ? memchr(r->data + r->off, 0, left < max ? left : max) : NULL;
	if (!nul && left >= max) {
		s5_get_octets(r, field, max);
		s5_reader_fail(r, why);
		return NULL;
	}
	*len = nul ? (size_t)(nul - (r->data + r->off)) + 1 : left + 1;
	return s5_get_octets(r, field, *len);
}

/* Of an empty field it is the length octet before it that tells. */
static size_t last_field(const struct s5_trace *t)
{
	unsigned i = t->nspans - 1u;

	while (i && !t->span[i].len)
		i--;
	return t->span[i].off;
}

void s5_reader_note(struct s5_reader *r, enum s5_note note)
{
	struct s5_trace *t = r->trace;

	if (r->rc != S5_OK || !t || t->nmarks == S5_TRACE_NOTES)
		return;
	t->mark[t->nmarks++] =
		(struct s5_mark){ .off = (uint32_t)(t->nspans ? last_field(t) : r->off),
				  .note = (uint8_t)note };
}

void s5_reader_fail(struct s5_reader *r, enum s5_note why)
{
	if (r->rc != S5_OK)
		return;
	s5_reader_note(r, why);
	r->rc = S5_BAD;
	r->why = why;
}

enum s5_rc s5_reader_commit(struct s5_reader *in, const struct s5_reader *r)
{
	size_t start = in->off;

	*in = *r;
	if (r->rc != S5_OK)
		in->off = start;
	return r->rc;
}

bool s5_trace_has(const struct s5_trace *t, enum s5_note note)
{
	for (unsigned i = 0; i < t->nmarks; i++)
		if (t->mark[i].note == note)
			return true;
	return false;
}

struct s5_writer s5_writer_over(void *data, size_t cap)
{
	return (struct s5_writer){ .data = data, .cap = cap, .rc = S5_OK };
}

void s5_put_octets(struct s5_writer *w, const void *octets, size_t n)
{
	if (w->rc != S5_OK || w->cap - w->len < n) {
		w->rc = S5_BAD;
		return;
	}
	if (n)
		memcpy(w->data + w->len, octets, n);
	w->len += n;
}

void s5_put_u8(struct s5_writer *w, unsigned value)
{
	uint8_t octet = (uint8_t)value;

	s5_put_octets(w, &octet, 1);
}

void s5_put_u16(struct s5_writer *w, unsigned value)
{
	uint8_t octets[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	s5_put_octets(w, octets, 2);
}

const char *s5_field_name(enum s5_field field)
{
	static const char *const names[] = {
#define S5_FIELD(id, name) [S5_F_##id] = name,
#include "base/fields.def"
#undef S5_FIELD
	};

	return field < S5_F_COUNT ? names[field] : "";
}

static const struct {
	const char *section, *text;
} notes[] = {
#define S5_NOTE(id, section, text) [S5_NOTE_##id] = { section, text },
#include "base/notes.def"
#undef S5_NOTE
};

const char *s5_note_section(enum s5_note note)
{
	return note < S5_NOTE_COUNT ? notes[note].section : "";
}

const char *s5_note_text(enum s5_note note)
{
	return note < S5_NOTE_COUNT ? notes[note].text : "";
}

#include "wire/gsstoken.h"

#define TOK_ID 0x0504
#define FILLER 0xff

static uint64_t get_u64(struct s5_reader *r, enum s5_field field)
{
	const uint8_t *octets = s5_get_octets(r, field, 8);
	uint64_t value = 0;

	for (int i = 0; octets && i < 8; i++)
		value = value << 8 | octets[i];
	return value;
}

/* Plaintext and checksum (EC octets), rotated right by RRC. */
static void find_plain(struct s5_wrap_token *t, const uint8_t *body, size_t n)
{
	size_t shift = n ? t->rrc % n : 0;

	if (t->flags & S5_WRAP_SEALED || t->ec > n || shift > t->ec)
		return;
	t->plain = body + shift;
	t->nplain = n - t->ec;
}

enum s5_rc s5_wrap_token_get(struct s5_reader *in, struct s5_wrap_token *t)
{
	struct s5_reader r = *in;
	const uint8_t *body;

	*t = (struct s5_wrap_token){ .flags = 0 };
	if (s5_get_u16(&r, S5_F_TOK_ID) != TOK_ID)
		s5_reader_fail(&r, S5_NOTE_TOKEN_NOT_WRAP);
	t->flags = s5_get_u8(&r, S5_F_TOK_FLAGS);
	if (s5_get_u8(&r, S5_F_TOK_FILLER) != FILLER)
		s5_reader_fail(&r, S5_NOTE_TOKEN_NOT_WRAP);
	t->ec = s5_get_u16(&r, S5_F_TOK_EC);
	t->rrc = s5_get_u16(&r, S5_F_TOK_RRC);
	t->seq = get_u64(&r, S5_F_TOK_SEQ);
	body = s5_get_octets(&r, S5_F_DATA, r.len - r.off);
	if (body)
		find_plain(t, body, r.len - (size_t)(body - r.data));
	s5_reader_commit(in, &r);
	return r.rc == S5_OK ? S5_OK : S5_BAD;
}

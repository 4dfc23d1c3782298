#include "wire/gssframe.h"

#include "base/names.h"
#include "wire/message.h"

enum s5_rc s5_gssframe_get(struct s5_reader *in, struct s5_gssframe *f)
{
	struct s5_reader r = *in;

	*f = (struct s5_gssframe){ .mtyp = 0 };
	if (s5_get_u8(&r, S5_F_SUBVER) != S5_SUBVER)
		s5_reader_fail(&r, S5_NOTE_SUBVER);
	f->mtyp = s5_get_u8(&r, S5_F_MTYP);
	if (f->mtyp != S5_MTYP_ABORT) {
		if (f->mtyp < S5_MTYP_AUTH || f->mtyp > S5_MTYP_DATA)
			s5_reader_fail(&r, S5_NOTE_MTYP_UNKNOWN);
		f->len = s5_get_u16(&r, S5_F_LEN);
		f->token = s5_get_octets(&r, S5_F_TOKEN, f->len);
		if (f->token && !f->len && f->mtyp != S5_MTYP_AUTH)
			s5_reader_note(&r, S5_NOTE_TOKEN_EMPTY);
	}
	return s5_reader_commit(in, &r);
}

void s5_gssframe_put_head(struct s5_writer *out, uint8_t mtyp, uint16_t len)
{
	s5_put_u8(out, S5_SUBVER);
	s5_put_u8(out, mtyp);
	s5_put_u16(out, len);
}

void s5_gssframe_put(struct s5_writer *out, const struct s5_gssframe *f)
{
	if (f->mtyp == S5_MTYP_ABORT) {
		s5_put_u8(out, S5_SUBVER);
		s5_put_u8(out, f->mtyp);
		return;
	}
	s5_gssframe_put_head(out, f->mtyp, f->len);
	s5_put_octets(out, f->token, f->len);
}

#include "wire/udp.h"

#include "wire/message.h"

enum s5_rc s5_datagram_get(struct s5_reader *in, struct s5_datagram *d)
{
	d->rsv = s5_get_u16(in, S5_F_RSV);
	if (d->rsv)
		s5_reader_note(in, S5_NOTE_RSV);
	d->frag = s5_get_u8(in, S5_F_FRAG);
	if (d->frag == S5_FRAG_LAST)
		s5_reader_note(in, S5_NOTE_FRAG_ZERO_END);
	s5_get_addr(in, S5_F_DST_ADDR, &d->addr);
	if (in->rc == S5_OK && !d->addr.port)
		s5_reader_note(in, S5_NOTE_PORT_ZERO);
	d->len = in->rc == S5_OK ? in->len - in->off : 0;
	d->data = s5_get_octets(in, S5_F_DATA, d->len);
	return in->rc == S5_OK ? S5_OK : S5_BAD;
}

void s5_datagram_put(struct s5_writer *out, const struct s5_datagram *d)
{
	s5_put_u16(out, 0);
	s5_put_u8(out, d->frag);
	s5_put_addr(out, &d->addr);
}

size_t s5_datagram_header_size(const struct s5_addr *a)
{
	return a->atyp == S5_ATYP_NAME ? 7u + a->len : 6u + a->len;
}

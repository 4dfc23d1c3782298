#include "wire/message.h"

#include <string.h>

#include "base/names.h"

static void get_version(struct s5_reader *r)
{
	uint8_t ver = s5_get_u8(r, S5_F_VER);

	if (ver != S5_VER)
		s5_reader_fail(r, ver == 0x04 ? S5_NOTE_VERSION_SOCKS4 : S5_NOTE_VERSION);
}

enum s5_note s5_name_fault(const struct s5_addr *a)
{
	if (a->atyp != S5_ATYP_NAME)
		return S5_NOTE_NONE;
	if (a->len == 0)
		return S5_NOTE_NAME_EMPTY;
	for (unsigned i = 0; i < a->len; i++)
		if (a->octets[i] <= 0x20 || a->octets[i] == 0x7f || a->octets[i] == '\\')
			return S5_NOTE_NAME_CONTROL;
	return a->len > S5_DNS_NAME_MAX ? S5_NOTE_NAME_LONG : S5_NOTE_NONE;
}

void s5_get_addr(struct s5_reader *in, enum s5_field field, struct s5_addr *a)
{
	const uint8_t *octets;

	*a = (struct s5_addr){ .atyp = s5_get_u8(in, S5_F_ATYP) };
	if (in->rc != S5_OK)
		return;
	if (a->atyp == S5_ATYP_IPV4)
		a->len = 4;
	else if (a->atyp == S5_ATYP_IPV6)
		a->len = 16;
	else if (a->atyp == S5_ATYP_NAME)
		a->len = s5_get_u8(in, S5_F_NAME_LEN);
	else
		s5_reader_fail(in, S5_NOTE_ATYP_UNKNOWN);
	octets = s5_get_octets(in, field, a->len);
	if (octets)
		memcpy(a->octets, octets, a->len);
	if (s5_name_fault(a) != S5_NOTE_NONE)
		s5_reader_note(in, s5_name_fault(a));
	if (field == S5_F_BND_ADDR && a->atyp == S5_ATYP_NAME)
		s5_reader_note(in, S5_NOTE_BND_NAME);
	a->port = s5_get_u16(in, (enum s5_field)(field + 1));
}

void s5_put_addr(struct s5_writer *out, const struct s5_addr *a)
{
	bool name = a->atyp == S5_ATYP_NAME;

	if (!name && !s5_addr_is_ip(a))
		out->rc = S5_BAD;
	if (name && (!a->len || memchr(a->octets, 0, a->len)))
		out->rc = S5_BAD;
	s5_put_u8(out, a->atyp);
	if (name)
		s5_put_u8(out, a->len);
	s5_put_octets(out, a->octets, a->len);
	s5_put_u16(out, a->port);
}

static void note_methods(struct s5_reader *r, const struct s5_hello *m)
{
	bool seen[256] = { false }, repeated = false;

	for (unsigned i = 0; i < m->n; i++) {
		repeated |= seen[m->methods[i]];
		seen[m->methods[i]] = true;
	}
	if (m->n == 0)
		s5_reader_note(r, S5_NOTE_NMETHODS_ZERO);
	if (repeated)
		s5_reader_note(r, S5_NOTE_METHOD_REPEATED);
	if (seen[S5_METHOD_UNACCEPTABLE])
		s5_reader_note(r, S5_NOTE_METHOD_FF);
}

enum s5_rc s5_hello_get(struct s5_reader *in, struct s5_hello *m)
{
	struct s5_reader r = *in;
	const uint8_t *methods;

	get_version(&r);
	m->n = s5_get_u8(&r, S5_F_NMETHODS);
	methods = s5_get_octets(&r, S5_F_METHODS, m->n);
	if (methods) {
		memcpy(m->methods, methods, m->n);
		note_methods(&r, m);
	}
	return s5_reader_commit(in, &r);
}

void s5_hello_put(struct s5_writer *out, const struct s5_hello *m)
{
	s5_put_u8(out, S5_VER);
	s5_put_u8(out, m->n);
	s5_put_octets(out, m->methods, m->n);
}

enum s5_rc s5_choice_get(struct s5_reader *in, struct s5_choice *m)
{
	struct s5_reader r = *in;

	get_version(&r);
	m->method = s5_get_u8(&r, S5_F_METHOD);
	return s5_reader_commit(in, &r);
}

void s5_choice_put(struct s5_writer *out, const struct s5_choice *m)
{
	s5_put_u8(out, S5_VER);
	s5_put_u8(out, m->method);
}

static uint8_t get_counted(struct s5_reader *r, enum s5_field len_field, uint8_t octets[static 256])
{
	uint8_t len = s5_get_u8(r, len_field);
	const uint8_t *view = s5_get_octets(r, (enum s5_field)(len_field + 1), len);

	if (view)
		memcpy(octets, view, len);
	octets[view ? len : 0] = 0;
	return view ? len : 0;
}

enum s5_rc s5_credentials_get(struct s5_reader *in, struct s5_credentials *m)
{
	struct s5_reader r = *in;

	if (s5_get_u8(&r, S5_F_SUBVER) != S5_SUBVER)
		s5_reader_fail(&r, S5_NOTE_SUBVER);
	m->ulen = get_counted(&r, S5_F_ULEN, m->user);
	if (!m->ulen)
		s5_reader_note(&r, S5_NOTE_ULEN_ZERO);
	m->plen = get_counted(&r, S5_F_PLEN, m->password);
	if (!m->plen)
		s5_reader_note(&r, S5_NOTE_PLEN_ZERO);
	return s5_reader_commit(in, &r);
}

void s5_credentials_put(struct s5_writer *out, const struct s5_credentials *m)
{
	s5_put_u8(out, S5_SUBVER);
	s5_put_u8(out, m->ulen);
	s5_put_octets(out, m->user, m->ulen);
	s5_put_u8(out, m->plen);
	s5_put_octets(out, m->password, m->plen);
}

enum s5_rc s5_status_get(struct s5_reader *in, struct s5_status *m)
{
	struct s5_reader r = *in;

	m->ver = s5_get_u8(&r, S5_F_SUBVER);
	if (m->ver != S5_SUBVER)
		s5_reader_note(&r, S5_NOTE_SUBVER);
	m->status = s5_get_u8(&r, S5_F_STATUS);
	return s5_reader_commit(in, &r);
}

void s5_status_put(struct s5_writer *out, const struct s5_status *m)
{
	s5_put_u8(out, m->ver);
	s5_put_u8(out, m->status);
}

static uint8_t get_reserved(struct s5_reader *r)
{
	uint8_t rsv = s5_get_u8(r, S5_F_RSV);

	if (rsv)
		s5_reader_note(r, S5_NOTE_RSV);
	return rsv;
}

enum s5_rc s5_request_get(struct s5_reader *in, struct s5_request *m)
{
	struct s5_reader r = *in;

	get_version(&r);
	m->cmd = s5_get_u8(&r, S5_F_CMD);
	if (r.rc == S5_OK && (m->cmd < S5_CMD_CONNECT || m->cmd > S5_CMD_UDP))
		s5_reader_note(&r, S5_NOTE_CMD_UNKNOWN);
	m->rsv = get_reserved(&r);
	s5_get_addr(&r, S5_F_DST_ADDR, &m->dst);
	if (r.rc == S5_OK && m->cmd == S5_CMD_CONNECT && !m->dst.port)
		s5_reader_note(&r, S5_NOTE_PORT_ZERO);
	return s5_reader_commit(in, &r);
}

void s5_request_put(struct s5_writer *out, const struct s5_request *m)
{
	s5_put_u8(out, S5_VER);
	s5_put_u8(out, m->cmd);
	s5_put_u8(out, 0);
	s5_put_addr(out, &m->dst);
}

enum s5_rc s5_reply_get(struct s5_reader *in, struct s5_reply *m)
{
	struct s5_reader r = *in;

	get_version(&r);
	m->rep = s5_get_u8(&r, S5_F_REP);
	if (m->rep > S5_REP_ATYP_UNSUPPORTED)
		s5_reader_note(&r, S5_NOTE_REP_UNKNOWN);
	m->rsv = get_reserved(&r);
	s5_get_addr(&r, S5_F_BND_ADDR, &m->bnd);
	return s5_reader_commit(in, &r);
}

void s5_reply_put(struct s5_writer *out, const struct s5_reply *m)
{
	s5_put_u8(out, S5_VER);
	s5_put_u8(out, m->rep);
	s5_put_u8(out, 0);
	s5_put_addr(out, &m->bnd);
}

#include "wire/socks4.h"

#include <string.h>

#include "base/names.h"

#define SOCKS4_VER 0x04
#define FIELD_MAX 256 /* octets of a user id or host name with its NUL */

static void get_target(struct s5_reader *r, struct s5_addr *dst)
{
	static const uint8_t none[4];
	uint16_t port = s5_get_u16(r, S5_F_DST_PORT);
	const uint8_t *ip = s5_get_octets(r, S5_F_DST_ADDR, 4);

	*dst = s5_addr_ip4(ip ? ip : none, port);
}

static bool is_4a(const struct s5_addr *a)
{
	return !a->octets[0] && !a->octets[1] && !a->octets[2] && a->octets[3];
}

static void get_host(struct s5_reader *r, struct s5_addr *dst)
{
	size_t len;
	const uint8_t *host =
		s5_get_until_nul(r, S5_F_HOSTNAME, FIELD_MAX, S5_NOTE_SOCKS4_LONG, &len);

	if (host && !s5_addr_set_name(dst, host, len - 1, dst->port))
		s5_reader_note(r, S5_NOTE_NAME_EMPTY);
}

bool s5_socks4_is(const struct s5_reader *in)
{
	struct s5_reader r = *in;

	r.trace = NULL;
	return s5_get_u8(&r, S5_F_VER) == SOCKS4_VER;
}

enum s5_rc s5_socks4_request_get(struct s5_reader *in, struct s5_socks4_request *m)
{
	struct s5_reader r = *in;
	const uint8_t *userid;
	size_t len;

	*m = (struct s5_socks4_request){ .cd = 0 };
	if (s5_get_u8(&r, S5_F_VER) != SOCKS4_VER)
		s5_reader_fail(&r, S5_NOTE_VERSION);
	m->cd = s5_get_u8(&r, S5_F_CMD);
	if (m->cd != S5_CD_CONNECT && m->cd != S5_CD_BIND)
		s5_reader_note(&r, S5_NOTE_SOCKS4_CMD);
	get_target(&r, &m->dst);
	userid = s5_get_until_nul(&r, S5_F_USERID, FIELD_MAX, S5_NOTE_SOCKS4_LONG, &len);
	if (userid) {
		m->ulen = (uint8_t)(len - 1);
		memcpy(m->userid, userid, len);
	}
	if (r.rc == S5_OK && is_4a(&m->dst))
		get_host(&r, &m->dst);
	return s5_reader_commit(in, &r);
}

enum s5_rc s5_socks4_reply_get(struct s5_reader *in, struct s5_socks4_reply *m)
{
	struct s5_reader r = *in;

	if (s5_get_u8(&r, S5_F_VER) != 0x00)
		s5_reader_fail(&r, S5_NOTE_VERSION);
	m->cd = s5_get_u8(&r, S5_F_REP);
	get_target(&r, &m->dst);
	return s5_reader_commit(in, &r);
}

void s5_socks4_reply_put(struct s5_writer *out, const struct s5_socks4_reply *m)
{
	s5_put_u8(out, 0x00);
	s5_put_u8(out, m->cd);
	s5_put_u16(out, m->dst.port);
	s5_put_octets(out, m->dst.octets, 4);
}

#include "wire/origin.h"

#include <string.h>

#include "base/number.h"

#define LINE_MAX 107 /* of version 1, with its CRLF */
#define WORDS 6 /* PROXY TCP4 from to from-port to-port */
#define CMD_LOCAL 0x20 /* version 2 and the command */
#define CMD_PROXY 0x21
#define TCP_IP4 0x11
#define TCP_IP6 0x21

static const uint8_t signature[12] = { '\r', '\n', '\r', '\n', 0,   '\r',
				       '\n', 'Q',  'U',	 'I',  'T', '\n' };

/* Fails as soon as an octet is another: who sends something else is not waited for. */
static bool begins_with(struct s5_reader *r, const void *octets, size_t n)
{
	size_t have = r->len - r->off;

	if (r->rc == S5_OK && memcmp(r->data + r->off, octets, have < n ? have : n) != 0)
		s5_reader_fail(r, S5_NOTE_ORIGIN_NONE);
	return r->rc == S5_OK;
}

/* version 1 */

static bool port_parse(const char *text, uint16_t *port)
{
	uint64_t value;

	if (!s5_digits_take(&text, &value) || *text || value > UINT16_MAX)
		return false;
	*port = (uint16_t)value;
	return true;
}

static bool line_parse(char *line, struct s5_origin *o)
{
	char *word[WORDS], *rest = line;
	struct s5_addr to = { .port = 0 };
	uint8_t atyp;
	size_t n = 0;

	while (n < WORDS && (word[n] = strsep(&rest, " ")))
		n++;
	if (n > 1 && strcmp(word[1], "UNKNOWN") == 0)
		return true; /* whatever follows */
	if (n < WORDS || rest)
		return false;
	if (strcmp(word[1], "TCP4") != 0 && strcmp(word[1], "TCP6") != 0)
		return false;
	atyp = word[1][3] == '4' ? S5_ATYP_IPV4 : S5_ATYP_IPV6;
	return port_parse(word[4], &o->from.port) && port_parse(word[5], &to.port) &&
	       s5_addr_set_ip(&o->from, word[2], strlen(word[2])) && o->from.atyp == atyp &&
	       s5_addr_set_ip(&to, word[3], strlen(word[3])) && to.atyp == atyp;
}

static void get_line(struct s5_reader *r, struct s5_origin *o)
{
	size_t have = r->len - r->off, seen = have < LINE_MAX ? have : LINE_MAX;
	const uint8_t *end, *octets;
	char line[LINE_MAX];
	size_t n;

	if (!begins_with(r, "PROXY ", 6))
		return;
	end = memchr(r->data + r->off, '\n', seen);
	if (!end && seen == LINE_MAX) {
		s5_reader_fail(r, S5_NOTE_ORIGIN_BAD);
		return;
	}
	n = end ? (size_t)(end + 1 - (r->data + r->off)) : seen + 1;
	octets = s5_get_octets(r, S5_F_ORIGIN, n);
	if (!octets)
		return;
	memcpy(line, octets, n);
	line[n - 2] = 0;
	if (octets[n - 2] != '\r' || memchr(octets, 0, n) || !line_parse(line, o))
		s5_reader_fail(r, S5_NOTE_ORIGIN_BAD);
}

/* version 2 */

static void get_address(struct s5_reader *r, uint8_t family, struct s5_origin *o)
{
	size_t len = family == TCP_IP4 ? 4 : 16;
	const uint8_t *from = s5_get_octets(r, S5_F_ORIGIN, len);
	uint16_t port;

	s5_get_octets(r, S5_F_ORIGIN, len);
	port = s5_get_u16(r, S5_F_ORIGIN);
	s5_get_u16(r, S5_F_ORIGIN);
	if (r->rc == S5_OK)
		o->from = len == 4 ? s5_addr_ip4(from, port) : s5_addr_ip6(from, port);
}

static void get_block(struct s5_reader *r, struct s5_origin *o)
{
	uint8_t command, family;
	const uint8_t *octets;
	struct s5_reader block;
	uint16_t len;

	if (!begins_with(r, signature, sizeof signature))
		return;
	s5_get_octets(r, S5_F_ORIGIN, sizeof signature);
	command = s5_get_u8(r, S5_F_ORIGIN);
	family = s5_get_u8(r, S5_F_ORIGIN);
	len = s5_get_u16(r, S5_F_ORIGIN);
	if (r->rc == S5_OK && ((command != CMD_LOCAL && command != CMD_PROXY) ||
			       len > S5_ORIGIN_MAX - sizeof signature - 4))
		s5_reader_fail(r, S5_NOTE_ORIGIN_BAD);
	octets = s5_get_octets(r, S5_F_ORIGIN, len);
	if (!octets || command == CMD_LOCAL || (family != TCP_IP4 && family != TCP_IP6))
		return; /* what it says besides, in TLVs, means nothing to us */
	block = s5_reader_over(octets, len);
	get_address(&block, family, o);
	if (block.rc != S5_OK)
		s5_reader_fail(r, S5_NOTE_ORIGIN_BAD);
}

enum s5_rc s5_origin_get(struct s5_reader *in, struct s5_origin *o)
{
	struct s5_reader r = *in;

	*o = (struct s5_origin){ .from = { .atyp = 0 } };
	if (r.off < r.len && r.data[r.off] == signature[0])
		get_block(&r, o);
	else
		get_line(&r, o);
	if (r.rc != S5_OK)
		*o = (struct s5_origin){ .from = { .atyp = 0 } };
	return s5_reader_commit(in, &r);
}

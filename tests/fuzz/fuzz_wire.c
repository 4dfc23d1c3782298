/* Any octets to every reader: codec.h and the checks below say what must hold. */
#include <stdio.h>

#include "../unit/codec.h"
#include "wire/gsstoken.h"
#include "wire/origin.h"
#include "wire/udp.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static void must(const char *fault, const char *what)
{
	if (!fault)
		return;
	fprintf(stderr, "%s: %s\n", what, fault);
	abort();
}

/* A datagram's header is read whole or not at all, and written as it was read. */
static const char *datagram_fault(const uint8_t *octets, size_t n)
{
	uint8_t room[S5_UDP_HEADER_MAX];
	struct s5_trace trace = { .nspans = 0 };
	struct s5_reader in = s5_reader_over(octets, n);
	struct s5_writer w = s5_writer_over(room, sizeof room);
	struct s5_datagram d;
	size_t header;

	in.trace = &trace;
	if (s5_datagram_get(&in, &d) != S5_OK)
		return in.rc == S5_OK || d.data || d.len ? "bad, and yet something was read" : NULL;
	header = s5_datagram_header_size(&d.addr);
	if (header + d.len != n || d.data != octets + header)
		return "header and data are not the datagram";
	if (s5_name_fault(&d.addr) != S5_NOTE_NONE || d.rsv)
		return NULL;
	s5_datagram_put(&w, &d);
	if (w.rc != S5_OK || w.len != header || memcmp(room, octets, header) != 0)
		return "what is written is not what was read";
	in = s5_reader_over(octets, header - 1);
	return s5_datagram_get(&in, &d) == S5_BAD ? NULL : "a header cut short was read";
}

/* The plaintext of a wrap token is in it, behind the head. */
static const char *token_fault(const uint8_t *octets, size_t n)
{
	struct s5_reader in = s5_reader_over(octets, n);
	struct s5_wrap_token t;

	if (s5_wrap_token_get(&in, &t) != S5_OK || !t.plain)
		return t.plain ? "bad, and yet something was read" : NULL;
	if (t.plain < octets + 16 || t.plain + t.nplain > octets + n)
		return "plaintext beyond the token";
	return t.nplain + t.ec + 16 == n ? NULL : "plaintext and checksum are not the body";
}

/* Text of an address is one word of printable characters, and fits the room that is promised. */
static const char *text_fault(const struct s5_addr *a)
{
	char text[S5_ADDR_TEXT];
	size_t len;

	memset(text, '\n', sizeof text);
	len = strlen(s5_addr_format(a, text, sizeof text));
	for (size_t i = 0; i < len; i++)
		if (text[i] <= 0x20 || text[i] >= 0x7f)
			return "text with a character that may not stand there";
	return strrchr(text, ':') ? NULL : "text without a port";
}

/* The octets as the name of a host: what it is taken for does not depend on the way. */
static const char *host_fault(const char *text, size_t n)
{
	struct s5_addr a = { .port = 80 }, b = { .port = 80 };
	struct s5_cidr block;
	bool is_ip = s5_addr_set_ip(&a, text, n);

	if (!s5_addr_set_host(&b, text, n, 80))
		return n && n <= S5_NAME_MAX ? "a host was refused" : NULL;
	if (s5_addr_is_ip(&b) != is_ip || (is_ip && !s5_addr_equal(&a, &b)))
		return "a literal is read in two ways";
	if (is_ip && (!s5_cidr_parse(&block, text, n) || !s5_cidr_has(&block, &a)))
		return "an address is not in the block of itself";
	if (s5_addr_set_name(&a, text, n, 80))
		s5_addr_literal(&a);
	if (!s5_addr_equal(&a, &b) || !s5_addr_equal(&b, &b))
		return "a literal in a name is not the literal";
	s5_addr_unmap(&a);
	if (s5_addr_is_loopback(&a) != s5_addr_is_loopback(&b))
		return "a mapped address is not loopback";
	return text_fault(&b);
}

/* A balancer's header is read whole or not at all, and tells an address or nothing. */
static const char *origin_fault(const uint8_t *octets, size_t n)
{
	struct s5_reader in = s5_reader_over(octets, n), again;
	struct s5_origin o, cut;
	enum s5_rc rc = s5_origin_get(&in, &o);

	if (rc != S5_OK)
		return in.off || o.from.atyp ? "not there, and yet something was read" : NULL;
	if (in.off > n || in.off > S5_ORIGIN_MAX)
		return "beyond its end";
	if (o.from.atyp && !s5_addr_is_ip(&o.from))
		return "no address";
	again = s5_reader_over(octets, in.off - 1);
	return s5_origin_get(&again, &cut) == S5_MORE ? NULL : "a header cut short was read";
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct s5_cidr block;

	for (unsigned i = 0; i < CODEC_COUNT; i++)
		must(codec_fault(&codecs[i], octets, n), codecs[i].name);
	must(datagram_fault(octets, n), "datagram");
	must(token_fault(octets, n), "wrap token");
	must(origin_fault(octets, n), "PROXY header");
	must(host_fault((const char *)octets, n), "host");
	if (s5_cidr_parse(&block, (const char *)octets, n))
		must(s5_cidr_has(&block, &block.base) ? NULL : "without its base", "block");
	return 0;
}

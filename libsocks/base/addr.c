#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static void set_octets(struct s5_addr *a, enum s5_atyp atyp, const void *octets, size_t len)
{
	a->atyp = (uint8_t)atyp;
	a->len = (uint8_t)len;
	memmove(a->octets, octets, len);
	a->octets[len] = 0;
}

struct s5_addr s5_addr_ip4(const uint8_t ip[static 4], uint16_t port)
{
	struct s5_addr a = { .port = port };

	set_octets(&a, S5_ATYP_IPV4, ip, 4);
	return a;
}

struct s5_addr s5_addr_ip6(const uint8_t ip[static 16], uint16_t port)
{
	struct s5_addr a = { .port = port };

	set_octets(&a, S5_ATYP_IPV6, ip, 16);
	return a;
}

bool s5_addr_set_name(struct s5_addr *a, const void *name, size_t len, uint16_t port)
{
	if (len == 0 || len > S5_NAME_MAX)
		return false;
	set_octets(a, S5_ATYP_NAME, name, len);
	a->port = port;
	return true;
}

bool s5_addr_set_ip(struct s5_addr *a, const char *text, size_t len)
{
	char copy[INET6_ADDRSTRLEN];
	uint8_t ip[16];

	if (len >= sizeof copy || memchr(text, 0, len))
		return false;
	memcpy(copy, text, len);
	copy[len] = 0;
	if (inet_pton(AF_INET, copy, ip) == 1)
		set_octets(a, S5_ATYP_IPV4, ip, 4);
	else if (inet_pton(AF_INET6, copy, ip) == 1)
		set_octets(a, S5_ATYP_IPV6, ip, 16);
	else
		return false;
	return true;
}

bool s5_addr_set_host(struct s5_addr *a, const char *text, size_t len, uint16_t port)
{
	a->port = port;
	return s5_addr_set_ip(a, text, len) || s5_addr_set_name(a, text, len, port);
}

void s5_addr_literal(struct s5_addr *a)
{
	char text[S5_NAME_MAX + 1];

	if (a->atyp != S5_ATYP_NAME)
		return;
	memcpy(text, a->octets, a->len);
	s5_addr_set_ip(a, text, a->len);
}

void s5_addr_unmap(struct s5_addr *a)
{
	if (a->atyp == S5_ATYP_IPV6 && !memcmp(a->octets, mapped_prefix, sizeof mapped_prefix))
		set_octets(a, S5_ATYP_IPV4, a->octets + 12, 4);
}

bool s5_addr_is_ip(const struct s5_addr *a)
{
	return a->atyp == S5_ATYP_IPV4 || a->atyp == S5_ATYP_IPV6;
}

bool s5_addr_is_any(const struct s5_addr *a)
{
	static const uint8_t zeros[16];

	return s5_addr_is_ip(a) && !memcmp(a->octets, zeros, a->len);
}

bool s5_addr_is_loopback(const struct s5_addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };
	struct s5_addr plain = *a;

	s5_addr_unmap(&plain);
	if (plain.atyp == S5_ATYP_IPV4)
		return plain.octets[0] == 127;
	return plain.atyp == S5_ATYP_IPV6 && !memcmp(plain.octets, one, sizeof one);
}

struct s5_addr s5_addr_loopback(uint8_t atyp, uint16_t port)
{
	static const uint8_t ip4[4] = { 127, 0, 0, 1 }, ip6[16] = { [15] = 1 };

	return atyp == S5_ATYP_IPV6 ? s5_addr_ip6(ip6, port) : s5_addr_ip4(ip4, port);
}

uint64_t s5_addr_hash(const struct s5_addr *a)
{
	static const struct s5_hash_key key;
	uint8_t octets[S5_NAME_MAX];

	for (unsigned i = 0; i < a->len; i++)
		octets[i] = a->atyp == S5_ATYP_NAME ? a->octets[i] | 0x20 : a->octets[i];
	return s5_hash(&key, octets, a->len) + a->port;
}

uint64_t s5_addr_source(const struct s5_addr *a)
{
	struct s5_addr plain = *a;
	uint64_t source = 0;

	s5_addr_unmap(&plain);
	if (!s5_addr_is_ip(&plain))
		return 0;
	for (unsigned i = 0; i < (plain.atyp == S5_ATYP_IPV4 ? 4 : 8); i++)
		source = source << 8 | plain.octets[i];
	return plain.atyp == S5_ATYP_IPV4 ? source | 0xffffULL << 32 : source ? source : 1;
}

static bool all_in(const char *label, size_t len, const char *set)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(set, label[i]) || !label[i])
			return false;
	return len > 0;
}

bool s5_addr_is_numeric_name(const struct s5_addr *a)
{
	const char *name = (const char *)a->octets, *label;
	size_t len = a->len;

	if (a->atyp != S5_ATYP_NAME)
		return false;
	if (len > 1 && name[len - 1] == '.')
		len--;
	for (label = name + len; label > name && label[-1] != '.'; label--)
		;
	len -= (size_t)(label - name);
	if (len >= 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
		return len == 2 || all_in(label + 2, len - 2, "0123456789abcdefABCDEF");
	return all_in(label, len, "0123456789");
}

static int ascii_lower(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? octet + ('a' - 'A') : octet;
}

/* Octet by octet: a NUL in a name ends nothing. */
static bool names_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return true;
}

bool s5_addr_equal(const struct s5_addr *a, const struct s5_addr *b)
{
	if (a->atyp != b->atyp || a->len != b->len || a->port != b->port)
		return false;
	if (a->atyp == S5_ATYP_NAME)
		return names_equal(a->octets, b->octets, a->len);
	return !memcmp(a->octets, b->octets, a->len);
}

const char *s5_escape(char *text, size_t size, const void *octets, size_t len)
{
	const uint8_t *p = octets;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		bool plain = p[i] > 0x20 && p[i] < 0x7f && p[i] != '\\';

		if (n + (plain ? 1 : 4) >= size)
			break;
		if (plain)
			text[n++] = (char)p[i];
		else
			n += (size_t)snprintf(text + n, size - n, "\\x%02x", p[i]);
	}
	if (size)
		text[n] = 0;
	return text;
}

const char *s5_addr_host(const struct s5_addr *a, char *text, size_t size)
{
	if (a->atyp == S5_ATYP_NAME)
		return s5_escape(text, size, a->octets, a->len);
	if (!s5_addr_is_ip(a) || !inet_ntop(a->atyp == S5_ATYP_IPV4 ? AF_INET : AF_INET6, a->octets,
					    text, (socklen_t)size))
		snprintf(text, size, "-");
	return text;
}

const char *s5_addr_format(const struct s5_addr *a, char *text, size_t size)
{
	char host[S5_ADDR_TEXT];
	bool v6 = a->atyp == S5_ATYP_IPV6;

	s5_addr_host(a, host, sizeof host);
	snprintf(text, size, "%s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "", a->port);
	return text;
}

static bool bits_parse(const char *text, size_t len, unsigned max, uint8_t *bits)
{
	unsigned value = 0;

	if (len > 3 || !all_in(text, len, "0123456789"))
		return false;
	for (size_t i = 0; i < len; i++)
		value = value * 10 + (unsigned)(text[i] - '0');
	*bits = (uint8_t)value;
	return value <= max;
}

bool s5_cidr_parse(struct s5_cidr *c, const char *text, size_t len)
{
	const char *slash = memchr(text, '/', len);
	size_t host = slash ? (size_t)(slash - text) : len;
	unsigned max;

	*c = (struct s5_cidr){ .bits = 0 };
	if (!s5_addr_set_ip(&c->base, text, host))
		return false;
	max = c->base.len * 8u;
	c->bits = (uint8_t)max;
	return !slash || bits_parse(slash + 1, len - host - 1, max, &c->bits);
}

bool s5_cidr_has(const struct s5_cidr *c, const struct s5_addr *a)
{
	unsigned whole = c->bits / 8u, rest = c->bits % 8u;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	if (a->atyp != c->base.atyp || memcmp(a->octets, c->base.octets, whole) != 0)
		return false;
	return !rest || ((a->octets[whole] ^ c->base.octets[whole]) & mask) == 0;
}

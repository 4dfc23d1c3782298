#include "net/nameserver.h"

#include <string.h>

#define DNS_PORT 53

static bool port_parse(uint16_t *port, const char *text, const char *end)
{
	unsigned long n = 0;

	for (; text < end && *text >= '0' && *text <= '9' && n <= UINT16_MAX; text++)
		n = n * 10 + (unsigned long)(*text - '0');
	*port = (uint16_t)n;
	return text == end && n > 0 && n <= UINT16_MAX;
}

bool s5_nameserver_parse(struct s5_addr *a, const char *text, size_t len)
{
	const char *end = text + len, *colon = memrchr(text, ':', len);
	uint16_t port;

	*a = (struct s5_addr){ .port = DNS_PORT };
	if (s5_addr_set_ip(a, text, len))
		return true;
	if (colon && port_parse(&port, colon + 1, end)) {
		a->port = port;
		end = colon;
	}
	if (end - text > 2 && text[0] == '[' && end[-1] == ']')
		return s5_addr_set_ip(a, text + 1, (size_t)(end - text - 2)) &&
		       a->atyp == S5_ATYP_IPV6;
	return s5_addr_set_ip(a, text, (size_t)(end - text)) && a->atyp == S5_ATYP_IPV4;
}

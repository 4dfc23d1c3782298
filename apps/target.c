#include "target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "out.h"
#include "wire/message.h"

/* What was typed, fit to be shown. */
struct shown {
	char text[80];
};

static const char *show(struct shown *shown, const char *text, size_t len)
{
	out_escape(shown->text, sizeof(shown->text), text, len);
	return shown->text;
}

static int parse_name(struct s5_addr *addr, const char *text, size_t len, struct opt_error *err)
{
	const char *fault = NULL;
	struct shown shown;

	if (len > S5_DNS_NAME_MAX)
		fault = "is longer than 253 octets, the most that DNS knows";
	else if (s5_addr_set_name(addr, text, len, addr->port) &&
		 s5_name_fault(addr) != S5_NOTE_NONE)
		fault = "holds a blank or a control character";
	return fault ? opt_fail(err, "host '%s' %s", show(&shown, text, len), fault) : 0;
}

int target_parse_host(struct s5_addr *addr, const char *text, size_t len, struct opt_error *err)
{
	bool brackets = len >= 2 && text[0] == '[' && text[len - 1] == ']';
	const char *inner = text + brackets;
	size_t n = len - 2 * (size_t)brackets;
	struct shown shown;

	if (n == 0)
		return opt_fail(err, "the host is empty");
	if (memchr(inner, ':', n) && memchr(inner, '%', n))
		return opt_fail(err,
				"host '%s' has a zone, which means something on one machine only",
				show(&shown, text, len));
	if (s5_addr_set_ip(addr, inner, n) && (!brackets || addr->atyp == S5_ATYP_IPV6))
		return 0;
	if (brackets || memchr(inner, ':', n))
		return opt_fail(err, "host '%s' is no IPv6 address", show(&shown, text, len));
	return parse_name(addr, text, len, err);
}

/* Digits up to a '-' or the end: 1 to 65535, or -1; *end is where they end. */
static long parse_number(const char *text, const char **end)
{
	long number = 0;

	for (*end = text; **end >= '0' && **end <= '9' && number <= UINT16_MAX; (*end)++)
		number = number * 10 + (**end - '0');
	return number >= 1 && number <= UINT16_MAX ? number : -1;
}

int target_parse_port(uint16_t *port, const char *text, struct opt_error *err)
{
	const struct servent *service;
	struct shown shown;
	const char *end;
	long number = parse_number(text, &end);

	if (*end == '\0' && number > 0) {
		*port = (uint16_t)number;
		return 0;
	}
	service = *text ? getservbyname(text, "tcp") : NULL;
	if (!service)
		return opt_fail(err, "port '%s' is neither a number from 1 to 65535 nor a service",
				show(&shown, text, strlen(text)));
	*port = ntohs((uint16_t)service->s_port);
	return 0;
}

int target_parse_ports(uint16_t *first, uint16_t *last, const char *text, struct opt_error *err)
{
	const char *end, *dash;
	long from = parse_number(text, &dash), to;
	struct shown shown;

	if (from < 0 || *dash != '-') {
		if (target_parse_port(first, text, err) < 0)
			return -1;
		*last = *first;
		return 0;
	}
	to = parse_number(dash + 1, &end);
	if (to < from || *end)
		return opt_fail(err, "ports '%s' are no range from 1 to 65535",
				show(&shown, text, strlen(text)));
	*first = (uint16_t)from;
	*last = (uint16_t)to;
	return 0;
}

const char *target_split(const char *text, ptrdiff_t *host)
{
	const char *colon = strrchr(text, ':');

	*host = (ptrdiff_t)strlen(text);
	if (!colon || (text[0] == '[' && text[*host - 1] == ']'))
		return NULL;
	*host = colon - text;
	if (text[0] != '[' && memchr(text, ':', (size_t)*host))
		*host = -1;
	return colon + 1;
}

bool target_is_ipv6_like(const char *text)
{
	return text[strspn(text, "0123456789abcdefABCDEF")] == ':' &&
	       strspn(text, "0123456789abcdefABCDEF:.") == strcspn(text, "%");
}

int target_check_shape(const char *text, ptrdiff_t host, struct opt_error *err)
{
	struct shown shown;
	size_t len = strlen(text);

	if (text[0] == '[' && !strchr(text, ']'))
		return opt_fail(err, "'%s' lacks the closing bracket", show(&shown, text, len));
	if (host >= 0)
		return 0;
	if (target_is_ipv6_like(text))
		return opt_fail(err,
				"'%s': an IPv6 address before a port goes in brackets, [::1]:80",
				show(&shown, text, len));
	/* Not shown: some write the user and the password there. */
	return opt_fail(err, "more than a host and a port");
}

int target_parse_listen(struct s5_addr *a, const char *text, struct opt_error *err)
{
	ptrdiff_t host;
	const char *port = target_split(text, &host);

	*a = s5_addr_loopback(S5_ATYP_IPV4, 0);
	if (target_check_shape(text, host, err) < 0)
		return -1;
	if (!port && text[0] == '[')
		return opt_fail(err, "PORT is missing");
	if (port && (host != 9 || strncasecmp(text, "localhost", 9) != 0) &&
	    target_parse_host(a, text, (size_t)host, err) < 0)
		return -1;
	if (!s5_addr_is_ip(a))
		return opt_fail(err, "'%.*s' is no address", (int)(host < 80 ? host : 80), text);
	port = port ? port : text;
	return strcmp(port, "0") == 0 ? 0 : target_parse_port(&a->port, port, err);
}

const char *target_listen_hint(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "; another server has it: stop that one or choose another port";
	case EADDRNOTAVAIL:
		return "; no interface of this machine has that address";
	case EACCES:
		return "; ports below 1024 take more rights";
	default:
		return "";
	}
}

static int parse_one(struct target *target, const char *word, bool *missing, struct opt_error *err)
{
	ptrdiff_t host;
	const char *port = target_split(word, &host);

	if (target_check_shape(word, host, err) < 0)
		return -1;
	*missing = !port;
	if (!port)
		return opt_fail(err, "PORT is missing");
	if (target_parse_host(&target->addr, word, (size_t)host, err) < 0)
		return -1;
	return target_parse_ports(&target->addr.port, &target->last, port, err);
}

/* A URL, which is no target: says how its host and port are written. */
static int fail_url(const char *word, const char *given, struct opt_error *err)
{
	char copy[S5_NAME_MAX + 1];
	const char *from = strstr(word, "://") + 3, *at, *port;
	size_t len = strcspn(from, "/?#");
	struct shown host_shown, port_shown;
	ptrdiff_t host;

	at = memrchr(from, '@', len);
	if (at) {
		len -= (size_t)(at + 1 - from);
		from = at + 1;
	}
	len = len < sizeof(copy) ? len : sizeof(copy) - 1;
	memcpy(copy, from, len);
	copy[len] = '\0';
	port = target_split(copy, &host);
	if (host < 0 || len == 0)
		return opt_fail(err, "that is a URL; write HOST PORT");
	if (!port)
		port = given ? given : show(&port_shown, word, strcspn(word, ":"));
	return opt_fail(err, "that is a URL; write %s %s", show(&host_shown, copy, (size_t)host),
			port == port_shown.text ? port : show(&port_shown, port, strlen(port)));
}

int target_parse(struct target *target, char *const *words, int count, bool *missing,
		 struct opt_error *err)
{
	ptrdiff_t host;
	struct shown shown;
	const char *end;

	*target = (struct target){ .last = 0 };
	*missing = count < 1 || count > 2;
	if (count < 1)
		return opt_fail(err, "HOST and PORT are missing");
	if (count > 2)
		return opt_fail(err, "more than HOST and PORT");
	if (strstr(words[0], "://"))
		return fail_url(words[0], count > 1 ? words[1] : NULL, err);
	if (count == 1)
		return parse_one(target, words[0], missing, err);
	if (target_split(words[0], &host) && host >= 0)
		return opt_fail(err, "the port is given twice");
	if (target_parse_host(&target->addr, words[0], strlen(words[0]), err) < 0)
		return -1;
	if (target_parse_ports(&target->addr.port, &target->last, words[1], err) == 0)
		return 0;
	if (parse_number(words[0], &end) > 0 && !*end && words[1][0])
		return opt_fail(err, "HOST comes before PORT: write %s %s",
				show(&shown, words[1], strlen(words[1])), words[0]);
	return -1;
}

int target_parse_option(struct s5_addr *addr, const char *option, char *text, struct opt_error *err)
{
	char *const words[] = { text, NULL };
	struct target target;
	struct opt_error cause;
	bool missing;

	if (target_parse(&target, words, 1, &missing, &cause) < 0)
		return opt_fail(err, "option %s: %.400s", option, cause.text);
	if (target.last != target.addr.port)
		return opt_fail(err, "option %s: one port is wanted, not a range", option);
	*addr = target.addr;
	return 0;
}

int target_parse_peer(struct s5_addr *peer, char *const *words, int count, struct opt_error *err)
{
	struct target target;
	ptrdiff_t host;
	const char *port = target_split(words[0], &host);
	bool missing;

	*peer = (struct s5_addr){ .port = 0 };
	if (count == 1 && s5_addr_set_ip(peer, words[0], strlen(words[0])))
		return 0;
	if (count == 2) {
		host = (ptrdiff_t)strlen(words[0]);
		port = words[1];
	}
	if (count <= 2 && host >= 0 && (!port || strcmp(port, "0") == 0) &&
	    !strstr(words[0], "://"))
		return target_parse_host(peer, words[0], (size_t)host, err);
	if (target_parse(&target, words, count, &missing, err) < 0)
		return -1;
	if (target.last != target.addr.port)
		return opt_fail(err, "a range of ports is no peer");
	*peer = target.addr;
	return 0;
}

/* One proxy as typed: [socks5://|socks5h://][user[:password]@]host[:port] or unix:PATH. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proxy.h"
#include "target.h"

#define DEFAULT_PORT 1080 /* R1928-3.18 */

#define SCHEME_OCTETS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-."

static const char *skip_scheme(const char *text, struct opt_error *err)
{
	size_t len = strspn(text, SCHEME_OCTETS);

	if (strncmp(text + len, "://", 3) != 0)
		return text;
	if ((len == 6 && strncasecmp(text, "socks5", len) == 0) ||
	    (len == 7 && strncasecmp(text, "socks5h", len) == 0))
		return text + len + 3;
	(void)opt_fail(err, "%.*s:// is none of the proxies known here, socks5:// and socks5h://",
		       (int)(len < 20 ? len : 20), text);
	return NULL;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decodes len characters into at most 255 octets (R1929-2). */
static int decode(uint8_t octets[static 256], uint8_t *used, const char *text, size_t len,
		  const char *what, struct opt_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++, n++) {
		bool coded = text[i] == '%';
		int high = coded && i + 2 < len ? hex_value(text[i + 1]) : -1;
		int low = high >= 0 ? hex_value(text[i + 2]) : -1;

		if (n == 255)
			return opt_fail(err, "the %s is longer than 255 octets", what);
		if (coded && low < 0)
			return opt_fail(err, "the %s has a %% without two hex digits; write %%25",
					what);
		octets[n] = (uint8_t)(coded ? high << 4 | low : text[i]);
		i += coded ? 2 : 0;
	}
	*used = (uint8_t)n;
	return 0;
}

/* user[:password], len characters */
static int parse_user(struct s5_credentials *c, bool *known, const char *text, size_t len,
		      struct opt_error *err)
{
	const char *colon = memchr(text, ':', len);
	size_t user = colon ? (size_t)(colon - text) : len;

	if (user == 0)
		return opt_fail(err, "the user before the @ is empty");
	if (decode(c->user, &c->ulen, text, user, "user", err) < 0)
		return -1;
	*known = colon != NULL;
	return colon ? decode(c->password, &c->plen, colon + 1, len - user - 1, "password", err)
		     : 0;
}

/* What is no number is not shown where there was no @: it may be the password of who forgot the rest. */
static int parse_port(uint16_t *port, const char *text, bool has_user, struct opt_error *err)
{
	struct opt_error cause;

	if (target_parse_port(port, text, &cause) == 0)
		return 0;
	if (has_user || (text[strspn(text, "0123456789")] == '\0' && strlen(text) <= SECRET_PORT))
		return opt_fail(err, "%s", cause.text);
	return opt_fail(err, "what follows the colon is no port; with a user and a password it is "
			     "user:password@host:port");
}

static int parse_host(struct s5_addr *addr, const char *text, bool has_user, struct opt_error *err)
{
	size_t len = strlen(text);
	char copy[S5_NAME_MAX + 40];
	const char *port;
	ptrdiff_t host;

	len -= len > 0 && text[len - 1] == '/'; /* as URLs often end */
	if (len >= sizeof(copy))
		return opt_fail(err, "the host is longer than 253 octets");
	if (memchr(text, '/', len))
		return opt_fail(err, "a proxy has no path");
	if (memchr(text, ',', len))
		return opt_fail(err, "one proxy at a time; give -x again for each further hop");
	memcpy(copy, text, len);
	copy[len] = '\0';
	port = target_split(copy, &host);
	if (target_check_shape(copy, host, err) < 0)
		return -1;
	if (!port && len > 0 && strspn(copy, "0123456789") == len)
		return opt_fail(err, "the host is missing; write 127.0.0.1:%.20s", copy);
	addr->port = DEFAULT_PORT;
	if (port && parse_port(&addr->port, port, has_user, err) < 0)
		return -1;
	return target_parse_host(addr, copy, (size_t)host, err);
}

int proxy_parse(struct s5_hop *hop, bool *known, const char *text, struct opt_error *err)
{
	const char *at;

	*known = false;
	if (strncmp(text, "unix:", 5) == 0) {
		hop->path = strdup(text + 5);
		return hop->path && text[5] ? 0 : opt_fail(err, "unix: without a path");
	}
	text = skip_scheme(text, err);
	if (!text)
		return -1;
	at = strrchr(text, '@');
	if (at && parse_user(&hop->credentials, known, text, (size_t)(at - text), err) < 0)
		return -1;
	return parse_host(&hop->addr, at ? at + 1 : text, at != NULL, err);
}

/* The command of --client --exec: names in braces stand for addresses. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "probe.h"

enum name { PROXY, PROXY_HOST, PROXY_PORT, TARGET, HOST, PORT, CASE, NAMES };

static const char *const names[NAMES] = { "proxy", "proxyhost", "proxyport", "target",
					  "host",  "port",	"case" };

/* Does the text begin with that name in braces? How long that is, or 0. */
static size_t names_at(const char *at, enum name name)
{
	size_t n = strlen(names[name]);

	return at[0] == '{' && !strncmp(at + 1, names[name], n) && at[n + 1] == '}' ? n + 2 : 0;
}

/* The same if case, blanks and marks are overlooked: a slip. */
static bool is_nearly(const char *at, const char *end, enum name name)
{
	const char *want = names[name];

	for (; at < end; at++) {
		if (!isalnum((unsigned char)*at))
			continue;
		if (tolower((unsigned char)*at) != *want)
			return false;
		want++;
	}
	return !*want;
}

static const char *near_name(const char *at, const char *end)
{
	for (unsigned i = 0; i < NAMES; i++)
		if (!names_at(at, (enum name)i) && is_nearly(at + 1, end, (enum name)i))
			return names[i];
	return NULL;
}

const char *probe_mistaken(const char *exec, char why[static PROBE_WHY])
{
	const char *near, *end;

	for (const char *at = exec; (at = strchr(at, '{')) && (end = strchr(at, '}')); at++) {
		near = near_name(at, end);
		if (!near)
			continue;
		snprintf(why, PROBE_WHY, "{%.*s} stands for nothing; did you mean {%s}?",
			 (int)(end - at - 1) > 40 ? 40 : (int)(end - at - 1), at + 1, near);
		return why;
	}
	return NULL;
}

char *probe_put_names(const char *exec, const struct s5_addr *proxy, const struct s5_addr *target,
		      const char *id)
{
	char texts[NAMES][S5_ADDR_TEXT], *text = NULL;
	size_t room = 0, len;
	FILE *to = open_memstream(&text, &room);
	unsigned i;

	s5_addr_format(proxy, texts[PROXY], S5_ADDR_TEXT);
	s5_addr_host(proxy, texts[PROXY_HOST], S5_ADDR_TEXT);
	snprintf(texts[PROXY_PORT], S5_ADDR_TEXT, "%u", proxy->port);
	s5_addr_format(target, texts[TARGET], S5_ADDR_TEXT);
	s5_addr_host(target, texts[HOST], S5_ADDR_TEXT);
	snprintf(texts[PORT], S5_ADDR_TEXT, "%u", target->port);
	snprintf(texts[CASE], S5_ADDR_TEXT, "%s", id);
	for (const char *at = exec; to && *at; at += len) {
		for (i = 0, len = 0; i < NAMES && !len; i++)
			len = names_at(at, (enum name)i);
		if (len)
			fputs(texts[i - 1], to);
		else
			putc(at[len++], to);
	}
	return to && fclose(to) == 0 ? text : NULL;
}

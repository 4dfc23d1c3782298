/* Any text as rules and as a password file, and any address asked about.
 *
 * Input: an octet of choices, 16 octets of an address, two of a port, then the text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/rules.h"
#include "policy/users.h"
#include "must.h"

#define HEAD 19

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static void check_line(const char *text)
{
	must(text[0], "an error says nothing");
	for (; *text; text++)
		must(*text >= 0x20 && *text < 0x7f, "an error is not one line of plain text");
}

static void add_rules(struct s5_rules *r, bool allow, const char *text, size_t n)
{
	struct s5_rules_error err = { .text = "" };
	const char *end = text + n, *eol;

	for (; text < end; text = eol + 1) {
		size_t before = r->n;
		char *rule;

		eol = memchr(text, '\n', (size_t)(end - text));
		eol = eol ? eol : end;
		rule = strndup(text, (size_t)(eol - text));
		if (s5_rules_add(r, allow, rule, &err))
			must(r->n == before + 1, "a rule was not added");
		else
			check_line(err.text);
		must(r->n == before || !strcmp(s5_rules_text(r, (int)before), rule),
		     "a rule's text is another");
		free(rule);
		allow = !allow;
	}
}

/* -1: none matches. */
static int first_match(const struct s5_rules *r, const struct s5_query *q)
{
	for (int i = 0; i < (int)r->n; i++)
		if (s5_rules_reason(r, i, q) == S5_REASON_MATCH)
			return i;
	return -1;
}

static enum s5_decision ask(const struct s5_rules *r, const struct s5_addr *from,
			    const struct s5_addr *name, const struct s5_addr *address)
{
	struct s5_query q = {
		.from = from,
		.user = (const uint8_t *)"us",
		.ulen = 2,
		.cmd = S5_CMD_CONNECT,
		.name = name,
		.address = address,
	};
	struct s5_verdict v = s5_rules_match(r, &q);

	must(v.rule >= -1 && v.rule < (int)r->n, "no such rule");
	must(!address || v.decision != S5_UNDECIDED, "an address is left undecided");
	must(!address || v.rule == first_match(r, &q), "it is not the first match that decides");
	return v.decision;
}

static struct s5_addr mapped(const struct s5_addr *four)
{
	uint8_t ip[16] = { [10] = 0xff, [11] = 0xff };

	memcpy(ip + 12, four->octets, 4);
	return s5_addr_ip6(ip, four->port);
}

/* An address is the same in every form, and a literal in a name is the address. */
static void check_forms(const struct s5_rules *r, const struct s5_addr *from,
			const struct s5_addr *a)
{
	enum s5_decision decision = ask(r, from, NULL, a);
	struct s5_addr other = a->atyp == S5_ATYP_IPV4 ? mapped(a) : *a;
	char text[S5_ADDR_TEXT];

	must(ask(r, from, NULL, &other) == decision, "a mapped address is judged otherwise");
	s5_addr_host(a, text, sizeof text);
	s5_addr_set_name(&other, text, strlen(text), a->port);
	must(ask(r, from, &other, NULL) == decision, "a literal in a name is judged otherwise");
}

static void check_rules(const uint8_t *octets, const char *text, size_t n)
{
	static const uint8_t remote[4] = { 192, 0, 2, 1 };
	uint16_t port = (uint16_t)(octets[17] << 8 | octets[18]);
	struct s5_addr a =
		octets[0] & 1 ? s5_addr_ip6(octets + 1, port) : s5_addr_ip4(octets + 1, port);
	struct s5_addr from = s5_addr_ip4(remote, 1);
	struct s5_rules r;

	if (octets[0] & 2)
		from = a;
	s5_rules_init(&r);
	check_forms(&r, &from, &a);
	add_rules(&r, octets[0] & 4, text, n);
	check_forms(&r, &from, &a);
	s5_rules_fini(&r);
}

static void check_users(const char *text, size_t n)
{
	struct s5_users_error err;
	struct s5_users u;
	size_t had;

	s5_users_init(&u);
	if (!s5_users_parse(&u, text, n, &err))
		must(u.n == 0 && err.why && err.line > 0, "a bad file left something behind");
	had = u.n;
	must((s5_users_count(&u, false) > 0) == s5_users_needs_hash(&u), "users without a hash");
	must(s5_users_parse(&u, text, n, &err) == !had || !had, "a name was taken twice");
	must(u.n == had, "a refused file added users");
	s5_users_fini(&u);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	char *text;

	if (n < HEAD)
		return 0;
	text = malloc(n - HEAD + 1);
	if (!text)
		abort();
	memcpy(text, octets + HEAD, n - HEAD);
	check_rules(octets, text, n - HEAD);
	check_users(text, n - HEAD);
	free(text);
	return 0;
}

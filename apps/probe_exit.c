/* From where a proxy comes to its targets: ours, who see it, and the one that was given, should it say
 * so, as services do that tell callers their address. */
#include <stdio.h>
#include <string.h>

#include "probe.h"

enum { BY_IPV4, BY_IPV6, BY_TARGET };

static void note_ours(struct probe_subject *s, unsigned by, enum s5_atyp atyp)
{
	const uint8_t *token = s->prober.parts.part[S5_PART_TOKEN].octets;
	const struct s5_addr *peer = s5_echo_who(probe_echo(s, atyp), token);

	if (peer)
		s->seen[by] = *peer;
}

/* The first word of what was said that is an address. */
static void find_address(struct s5_addr *a, const char *text, size_t len)
{
	static const char octets[] = "0123456789abcdefABCDEF.:";

	for (size_t at = 0, n; at < len && !a->atyp; at += n + 1) {
		for (n = 0; at + n < len && text[at + n] && strchr(octets, text[at + n]);)
			n++;
		if (n >= 3)
			s5_addr_set_ip(a, text + at, n);
	}
}

/* It stands behind the reply, in the last that was got. */
static void note_target(struct probe_subject *s, const struct s5_exchange *x)
{
	const struct s5_piece *last = x->npieces ? &x->pieces[x->npieces - 1] : NULL;
	struct s5_reader in =
		s5_reader_over(last ? x->said + last->off : NULL, last ? last->len : 0);
	struct s5_reply reply;

	if (last && !last->is_sent && s5_reply_get(&in, &reply) == S5_OK)
		find_address(&s->seen[BY_TARGET], (const char *)x->said + last->off + in.off,
			     last->len - in.off);
}

void probe_note_exit(struct s5_prober *prober, enum s5_fact fact)
{
	struct probe_subject *s = S5_OUTER(prober, struct probe_subject, prober);

	if (!s5_found_holds(&prober->found[fact]))
		return;
	if (fact == S5_FACT_CONNECT4)
		note_ours(s, BY_IPV4, S5_ATYP_IPV4);
	if (fact == S5_FACT_CONNECT6)
		note_ours(s, BY_IPV6, S5_ATYP_IPV6);
	if (fact == S5_FACT_SPEAKS)
		note_target(s, &prober->exchange);
}

bool probe_is_mirror(const struct probe_subject *s)
{
	const struct s5_echo *echo = probe_echo(s, S5_ATYP_IPV4);

	return s5_found_holds(&s->prober.found[S5_FACT_CONNECT4]) && !s->seen[BY_IPV4].atyp &&
	       !echo->error;
}

enum probe_answer probe_bound(const struct probe_subject *s, char why[static PROBE_WHY])
{
	const struct s5_addr *bound = &s->prober.found[S5_FACT_CONNECT4].bound;
	char text[S5_ADDR_TEXT];

	if (probe_fact(s, S5_FACT_CONNECT4, why) != PROBE_YES) {
		snprintf(why, PROBE_WHY, "not without: %s", s5_fact_name(S5_FACT_CONNECT4));
		return PROBE_UNKNOWN;
	}
	if (!s->seen[BY_IPV4].atyp) {
		snprintf(why, PROBE_WHY, "not seen by our target");
		return PROBE_UNKNOWN;
	}
	snprintf(why, PROBE_WHY, "%s", s5_addr_format(bound, text, sizeof(text)));
	return s5_addr_equal(&s->seen[BY_IPV4], bound) ? PROBE_YES : PROBE_NO;
}

static bool is_told(char text[static PROBE_EXITS][S5_ADDR_TEXT], unsigned n, const char *exit)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(text[i], exit) == 0)
			return true;
	return false;
}

unsigned probe_exits(const struct probe_subject *s, char text[static PROBE_EXITS][S5_ADDR_TEXT],
		     char why[static PROBE_WHY])
{
	unsigned n = 0;

	for (unsigned i = 0; i < PROBE_EXITS; i++) {
		if (!s->seen[i].atyp)
			continue;
		s5_addr_host(&s->seen[i], text[n], S5_ADDR_TEXT);
		n += !is_told(text, n, text[n]);
	}
	why[0] = '\0';
	if (!n)
		probe_bound(s, why); /* what is not known of that is not known of this */
	return n;
}

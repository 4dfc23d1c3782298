/* What was said in a case, and what should have been. */
#include <stdio.h>
#include <string.h>

#include "probe_report.h"
#include "probe_said.h"
#include "wire/message.h"

#define LABEL 8 /* columns */
#define SHOWN 28 /* octets of a piece: so it fits behind the label */

static void put_line(FILE *to, const char *before, const char *label, const char *text)
{
	fprintf(to, "%s%-*s", before, LABEL, label);
	probe_wrap(to, before, LABEL, text);
}

/* octets */

/* How long the password is, which stands last and may be sent back without what stands before it. */
static size_t password_length(const struct s5_part_octets *login)
{
	struct s5_reader in = s5_reader_over(login->octets, login->n);
	struct s5_credentials credentials;
	size_t n = s5_credentials_get(&in, &credentials) == S5_OK ? credentials.plen : 0;

	explicit_bzero(&credentials, sizeof(credentials));
	return n;
}

static bool begins_with(const uint8_t *octets, size_t left, const uint8_t *what, size_t n)
{
	return n && left >= n && !memcmp(octets, what, n);
}

/* What a client of ours says in the form of credentials, in its turn or not. */
static size_t credentials_at(const uint8_t *octets, size_t left)
{
	struct s5_reader in = s5_reader_over(octets, left);
	struct s5_credentials credentials;
	bool is_so = s5_credentials_get(&in, &credentials) == S5_OK && credentials.ulen &&
		     credentials.plen;

	explicit_bzero(&credentials, sizeof(credentials));
	return is_so ? in.off : 0;
}

#define LEAST 3 /* octets of a password that are looked for by themselves */

size_t probe_secret(const struct s5_exchange *x, const struct s5_piece *piece, size_t at)
{
	const struct s5_part_octets *login = &x->parts->part[S5_PART_LOGIN];
	const uint8_t *octets = x->said + piece->off + at;
	size_t left = piece->len - at, n = password_length(login);

	if (begins_with(octets, left, login->octets, login->n))
		return login->n;
	if (n >= LEAST && begins_with(octets, left, login->octets + login->n - n, n))
		return n;
	return x->heard && !piece->is_sent ? credentials_at(octets, left) : 0;
}

static void put_octets(FILE *to, const char *before, const struct s5_exchange *x,
		       const struct s5_piece *piece)
{
	size_t shown = 0, at = 0, secret;
	char count[PROBE_COUNT];

	fprintf(to, "%s%-*s", before, LABEL,
		piece->is_plain	 ? "in it:"
		: piece->is_sent ? "sent:"
				 : "got:");
	for (; at < piece->len && shown < SHOWN; shown++) {
		secret = probe_secret(x, piece, at);
		if (secret)
			fputs("(credentials)", to);
		else
			fprintf(to, "%02x", x->said[piece->off + at]);
		shown += secret ? 6 : 0; /* as wide as that */
		at += secret ? secret : 1;
	}
	fputs(at < piece->all ? "...\n" : piece->all ? "\n" : "nothing\n", to);
	if (at < piece->all && piece->all > SHOWN)
		fprintf(to, "%s%*s%s octets in all\n", before, LABEL, "",
			probe_count(count, piece->all));
}

const char *probe_speaker(const struct s5_exchange *x, const struct s5_piece *piece)
{
	static const char *const speakers[2][S5_SPEAKER_COUNT] = {
		{ "proxy", "proxy, to the peer", "proxy, to another peer", "proxy, as a datagram",
		  "proxy, as a datagram to another port",
		  "proxy, as a datagram to another address" },
		{ "client", "peer", "another peer", "client, as a datagram",
		  "client, as a datagram from another port",
		  "client, as a datagram from another address" },
	};

	return speakers[piece->is_sent != (x->heard != NULL)][piece->speaker];
}

/* Of the dialogue it is plain, and a datagram is told as one. */
static void put_speaker(FILE *to, const char *before, const struct s5_exchange *x,
			const struct s5_piece *piece)
{
	char text[PROBE_WHY];

	if (piece->speaker == S5_SPEAKER_CLIENT || piece->speaker == S5_SPEAKER_DATAGRAMS)
		return;
	snprintf(text, sizeof(text), "by the %s", probe_speaker(x, piece));
	put_line(to, before, "", text);
}

static void put_pieces(FILE *to, const char *before, const struct s5_exchange *x)
{
	struct probe_said said;

	probe_said_read(&said, x);
	for (size_t k = 0, i = 0; k < x->npieces; k++) {
		const struct s5_piece *piece = &x->pieces[k];

		put_octets(to, before, x, piece);
		put_speaker(to, before, x, piece);
		for (; i < said.n && said.lines[i].piece == k; i++)
			put_line(to, before, "", said.lines[i].text);
	}
	probe_said_free(&said);
}

/* all of it */

/* What has to come of a client that has done all else. */
static const char *outcome_text(enum s5_case_outcome outcome)
{
	static const char *const texts[] = {
		[S5_CASE_GOES_ON] = "status 0, and what the target said",
		[S5_CASE_GIVES_UP] = "another status than 0",
		[S5_CASE_ENDS] = "that it ends",
	};

	return texts[outcome];
}

static void put_verdict(FILE *to, const char *before, const struct s5_suite *suite, size_t i)
{
	const struct s5_exchange *x = &suite->cases[i].exchange;
	char why[PROBE_WHY], wanted[PROBE_SAID], rule[PROBE_SAID];

	put_line(to, before, "then:", probe_case_why(suite, i, why));
	if (x->word < x->words->n)
		put_line(to, before, "wanted:", probe_wanted(x, wanted));
	else if (x->heard)
		put_line(to, before, "wanted:", outcome_text(suite->rows[i].outcome));
	snprintf(rule, sizeof(rule), "%s: %s", suite->rows[i].section, suite->rows[i].why);
	fputs(before, to);
	probe_wrap(to, before, 0, rule);
}

void probe_details(FILE *to, const char *before, const struct s5_suite *suite, size_t i)
{
	const struct s5_suite_case *c = &suite->cases[i];

	put_pieces(to, before, &c->exchange);
	if (c->verdict != S5_CASE_PASS)
		put_verdict(to, before, suite, i);
}

#include "wire/gsstoken.h"

#include <string.h>

#define TOK_ID 0x0504
#define FILLER 0xff

/* initial tokens */

#define TAG_TOKEN 0x60
#define TAG_OID 0x06
#define LONG_FORM 0x80

static const struct mech {
	const char *name;
	uint8_t n, oid[9];
	bool kerberos;
} mechs[] = {
	{ "Kerberos 5", 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02 }, true },
	{ "Kerberos 5 of old Windows",
	  9,
	  { 0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 0x01, 0x02, 0x02 },
	  true },
	{ "SPNEGO", 6, { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02 }, false },
};

static const struct mech *find_mech(const uint8_t *oid, size_t n)
{
	for (size_t i = 0; i < sizeof mechs / sizeof mechs[0]; i++)
		if (mechs[i].n == n && !memcmp(mechs[i].oid, oid, n))
			return &mechs[i];
	return NULL;
}

const char *s5_mech_name(const uint8_t *oid, size_t n)
{
	const struct mech *mech = find_mech(oid, n);

	return mech ? mech->name : NULL;
}

/* A length in DER, of what has to fit into the rest. */
static void get_length(struct s5_reader *r)
{
	uint8_t first = s5_get_u8(r, S5_F_TOKEN), n = first & (LONG_FORM - 1);
	const uint8_t *octets;
	size_t len = 0;

	if (first < LONG_FORM) {
		len = first;
	} else if (n && n <= 3) {
		octets = s5_get_octets(r, S5_F_TOKEN, n);
		for (uint8_t i = 0; octets && i < n; i++)
			len = len << 8 | octets[i];
	} else {
		s5_reader_fail(r, S5_NOTE_TOKEN_INITIAL);
	}
	if (r->rc == S5_OK && len > r->len - r->off)
		s5_reader_fail(r, S5_NOTE_TOKEN_INITIAL);
}

/* Up to the OID, of which it returns the length. Nothing in there has a name. */
static uint8_t get_head(struct s5_reader *r)
{
	struct s5_reader head = *r;
	uint8_t n;

	head.trace = NULL;
	if (s5_get_u8(&head, S5_F_TOKEN) != TAG_TOKEN)
		s5_reader_fail(&head, S5_NOTE_TOKEN_INITIAL);
	get_length(&head);
	if (s5_get_u8(&head, S5_F_TOKEN) != TAG_OID)
		s5_reader_fail(&head, S5_NOTE_TOKEN_INITIAL);
	n = s5_get_u8(&head, S5_F_TOKEN);
	if (head.rc != S5_OK || n > head.len - head.off)
		s5_reader_fail(r, S5_NOTE_TOKEN_INITIAL);
	r->off = head.off;
	return n;
}

enum s5_rc s5_initial_token_get(struct s5_reader *in, struct s5_initial_token *t)
{
	struct s5_reader r = *in;
	const struct mech *mech;

	*t = (struct s5_initial_token){ .id = 0 };
	t->nmech = get_head(&r);
	t->mech = s5_get_octets(&r, S5_F_TOK_MECH, t->nmech);
	mech = r.rc == S5_OK ? find_mech(t->mech, t->nmech) : NULL;
	if (mech && mech->kerberos)
		t->id = s5_get_u16(&r, S5_F_TOK_ID);
	s5_get_octets(&r, S5_F_DATA, r.len - r.off);
	if (r.rc != S5_OK)
		*t = (struct s5_initial_token){ .id = 0 };
	return s5_reader_commit(in, &r) == S5_OK ? S5_OK : S5_BAD;
}

/* wrap tokens */

static uint64_t get_u64(struct s5_reader *r, enum s5_field field)
{
	const uint8_t *octets = s5_get_octets(r, field, 8);
	uint64_t value = 0;

	for (int i = 0; octets && i < 8; i++)
		value = value << 8 | octets[i];
	return value;
}

/* Plaintext and checksum (EC octets), rotated right by RRC. */
static void find_plain(struct s5_wrap_token *t, const uint8_t *body, size_t n)
{
	size_t shift = n ? t->rrc % n : 0;

	if (t->flags & S5_WRAP_SEALED || t->ec > n || shift > t->ec)
		return;
	t->plain = body + shift;
	t->nplain = n - t->ec;
}

bool s5_wrap_token_is(const struct s5_reader *in)
{
	struct s5_reader r = *in;

	r.trace = NULL;
	return s5_get_u16(&r, S5_F_TOK_ID) == TOK_ID;
}

enum s5_rc s5_wrap_token_get(struct s5_reader *in, struct s5_wrap_token *t)
{
	struct s5_reader r = *in;
	const uint8_t *body;

	*t = (struct s5_wrap_token){ .flags = 0 };
	if (s5_get_u16(&r, S5_F_TOK_ID) != TOK_ID)
		s5_reader_fail(&r, S5_NOTE_TOKEN_NOT_WRAP);
	t->flags = s5_get_u8(&r, S5_F_TOK_FLAGS);
	if (s5_get_u8(&r, S5_F_TOK_FILLER) != FILLER)
		s5_reader_fail(&r, S5_NOTE_TOKEN_NOT_WRAP);
	t->ec = s5_get_u16(&r, S5_F_TOK_EC);
	t->rrc = s5_get_u16(&r, S5_F_TOK_RRC);
	t->seq = get_u64(&r, S5_F_TOK_SEQ);
	body = s5_get_octets(&r, S5_F_DATA, r.len - r.off);
	if (body)
		find_plain(t, body, r.len - (size_t)(body - r.data));
	s5_reader_commit(in, &r);
	return r.rc == S5_OK ? S5_OK : S5_BAD;
}

#include "policy/users.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/number.h"
#include "policy/bucket.h"

#define OCTETS_MAX 255 /* of a name or a password: ULEN and PLEN are one octet */
#define PRINCIPAL "gssapi" /* in place of a hash */
#define DES_HASH 13 /* characters of a hash without a $ or _ in front */

/* A name or a password: zeros behind the length, so that whole buffers compare. */
struct octets {
	uint8_t len;
	uint8_t data[OCTETS_MAX];
};

struct s5_user {
	struct octets name;
	struct octets password; /* when there is no hash */
	char *hash;
	bool principal; /* has no password at all */
	bool has_rate, has_sessions;
	struct s5_quota quota; /* as far as he has one of his own */
	size_t line; /* of the file that it is from; 0: of none */
};

void s5_users_init(struct s5_users *u)
{
	*u = (struct s5_users){ .n = 0 };
}

/* Wipes and forgets the users from the nth on. */
static void users_cut(struct s5_users *u, size_t n)
{
	while (u->n > n) {
		struct s5_user *last = &u->rows[--u->n];

		free(last->hash);
		explicit_bzero(last, sizeof *last);
	}
}

void s5_users_fini(struct s5_users *u)
{
	users_cut(u, 0);
	free(u->rows);
	s5_users_init(u);
}

static void octets_set(struct octets *o, const void *data, size_t len)
{
	memset(o, 0, sizeof *o);
	o->len = (uint8_t)len;
	memcpy(o->data, data, len);
}

/* Looks at every octet whatever it finds. */
static bool octets_equal(const struct octets *a, const struct octets *b)
{
	unsigned differ = (unsigned)a->len ^ b->len;

	for (size_t i = 0; i < OCTETS_MAX; i++)
		differ |= (unsigned)a->data[i] ^ b->data[i];
	return differ == 0;
}

/* Goes through all users, whoever is found. */
static const struct s5_user *user_find(const struct s5_users *u, const struct octets *name)
{
	const struct s5_user *found = NULL;

	for (size_t i = 0; i < u->n; i++)
		found = octets_equal(&u->rows[i].name, name) ? &u->rows[i] : found;
	return found;
}

/* Makes room by doubling. Not by realloc, which would leave passwords behind. */
static bool users_grow(struct s5_users *u)
{
	struct s5_user *rows;

	if (u->n & (u->n - 1))
		return true;
	rows = calloc(u->n ? u->n * 2 : 1, sizeof *rows);
	if (!rows)
		return false;
	if (u->n) {
		memcpy(rows, u->rows, u->n * sizeof *rows);
		explicit_bzero(u->rows, u->n * sizeof *rows);
	}
	free(u->rows);
	u->rows = rows;
	return true;
}

bool s5_users_has(const struct s5_users *u, const void *name, size_t nlen)
{
	struct octets wanted;

	if (nlen > OCTETS_MAX)
		return false;
	octets_set(&wanted, name, nlen);
	return user_find(u, &wanted);
}

/* Appends a user who has nothing but a name, from err->line; NULL: err says why not. */
static struct s5_user *user_new(struct s5_users *u, const char *name, size_t nlen,
				struct s5_users_error *err)
{
	const struct s5_user *other;
	struct octets wanted;

	if (nlen == 0 || nlen > OCTETS_MAX) {
		err->why = nlen ? "the name is longer than 255 octets" : "the name is empty";
		return NULL;
	}
	octets_set(&wanted, name, nlen);
	other = user_find(u, &wanted);
	if (other) {
		*err = (struct s5_users_error){ .line = err->line,
						.why = "this name is there already",
						.name = name,
						.nlen = nlen,
						.first = other->line };
		return NULL;
	}
	if (!users_grow(u)) {
		err->why = "out of memory";
		return NULL;
	}
	u->rows[u->n] = (struct s5_user){ .name = wanted, .line = err->line };
	return &u->rows[u->n++];
}

bool s5_users_add(struct s5_users *u, const void *name, size_t nlen, const void *password,
		  size_t plen, struct s5_users_error *err)
{
	struct s5_user *user;

	*err = (struct s5_users_error){ .line = 0 };
	if (plen > OCTETS_MAX) {
		err->why = "the password is longer than 255 octets";
		return false;
	}
	user = user_new(u, name, nlen, err);
	if (user)
		octets_set(&user->password, password, plen);
	return user;
}

/* How much hash there is behind the last $, by method; a copy that was cut short fits nobody. */
static bool is_whole(const char *hash)
{
	static const struct {
		const char *method;
		size_t len;
	} methods[] = { { "$1$", 22 }, { "$5$", 43 }, { "$6$", 86 }, { "$y$", 43 },
			{ "$7$", 43 }, { "$2", 53 },  { "$gy$", 43 } };

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (strncmp(hash, methods[i].method, strlen(methods[i].method)) == 0)
			return strlen(strrchr(hash, '$') + 1) == methods[i].len;
	return true;
}

/* crypt_checksalt takes any two letters for a DES salt: a password in clear would pass as one. */
static bool is_hash(const char *hash)
{
	if (*hash != '$' && *hash != '_' && strlen(hash) != DES_HASH)
		return false;
	switch (crypt_checksalt(hash)) {
	case CRYPT_SALT_OK:
	case CRYPT_SALT_METHOD_LEGACY:
	case CRYPT_SALT_TOO_CHEAP:
		return is_whole(hash);
	}
	return false;
}

static bool is_passed_over(const char *line, size_t len)
{
	size_t blanks = 0;

	while (blanks < len && strchr(" \t\r", line[blanks]))
		blanks++;
	return blanks == len || line[blanks] == '#';
}

/* Something, the last @, and something. */
static bool is_principal(const char *name, size_t len)
{
	const char *at = memrchr(name, '@', len);

	return at && at > name && at + 1 < name + len && !memchr(name, ' ', len) &&
	       !memchr(name, '\t', len);
}

/* `rate=10M` or `sessions=20`; false: it is neither. */
static bool limit_parse(struct s5_user *user, const char *text)
{
	uint64_t value;

	if (strncmp(text, "rate=", 5) == 0 && !user->has_rate) {
		user->has_rate = true;
		return s5_number_parse(text + 5, s5_size_units, &user->quota.rate) &&
		       user->quota.rate <= S5_BUCKET_RATE_MAX;
	}
	if (strncmp(text, "sessions=", 9) != 0 || user->has_sessions)
		return false;
	user->has_sessions = true;
	text += 9;
	if (!s5_digits_take(&text, &value) || *text || value > UINT32_MAX)
		return false;
	user->quota.sessions = (unsigned)value;
	return true;
}

static const char *limits_parse(struct s5_user *user, const char *text, size_t len)
{
	char copy[64], *rest = copy, *limit;

	static const char wrong[] = "limits are rate=OCTETS and sessions=N, as in "
				    "name:hash:rate=10M,sessions=20";

	if (len >= sizeof copy)
		return wrong;
	memcpy(copy, text, len);
	copy[len] = 0;
	while ((limit = strsep(&rest, ",")))
		if (!limit_parse(user, limit))
			return wrong;
	return NULL;
}

/* What stands behind the name: a hash, or the word that makes it a principal's. */
static const char *proof_parse(struct s5_user *user, const char *text, size_t len)
{
	user->hash = strndup(text, len);
	if (!user->hash)
		return "out of memory";
	user->principal = strcmp(user->hash, PRINCIPAL) == 0;
	if (!user->principal)
		return is_hash(user->hash) ? NULL
					   : "not a hash that crypt(3) knows: make one with "
					     "`socks5 passwd`, or write gssapi for a principal";
	free(user->hash);
	user->hash = NULL;
	return is_principal((const char *)user->name.data, user->name.len)
		       ? NULL
		       : "a principal is NAME@REALM, without blanks";
}

/* name:hash or name:hash:limits */
static const char *line_parse(struct s5_users *u, const char *line, size_t len,
			      struct s5_users_error *err)
{
	const char *colon = memchr(line, ':', len), *end, *limits;
	struct s5_user *user;
	const char *why;

	if (memchr(line, 0, len))
		return "a NUL octet has no place in a password file";
	if (is_passed_over(line, len))
		return NULL;
	if (!colon)
		return "no colon: a line is name:hash, as `socks5 passwd` prints it, or principal:gssapi";
	if (strchr(" \t", *line))
		return "a blank stands before the name";
	user = user_new(u, line, (size_t)(colon - line), err);
	if (!user)
		return err->why;
	for (end = line + len; end > colon + 1 && strchr(" \t\r", end[-1]);)
		end--;
	limits = memchr(colon + 1, ':', (size_t)(end - colon - 1));
	why = proof_parse(user, colon + 1, (size_t)((limits ? limits : end) - colon - 1));
	if (!why && limits)
		why = limits_parse(user, limits + 1, (size_t)(end - limits - 1));
	u->has_quotas |= limits != NULL;
	if (why) {
		err->name = line;
		err->nlen = (size_t)(colon - line);
	}
	return why;
}

bool s5_users_parse(struct s5_users *u, const char *text, size_t len, struct s5_users_error *err)
{
	const char *end = text + len, *eol;
	size_t before = u->n;

	*err = (struct s5_users_error){ .line = 0 };
	for (; text < end; text = eol + 1) {
		eol = memchr(text, '\n', (size_t)(end - text));
		if (!eol)
			eol = end;
		err->line++;
		err->why = line_parse(u, text, (size_t)(eol - text), err);
		if (err->why) {
			users_cut(u, before);
			return false;
		}
		if (eol == end)
			break;
	}
	return true;
}

/* The first user from the ith on who has a hash; NULL: there is none. */
static const struct s5_user *hashed_from(const struct s5_users *u, size_t i)
{
	while (i < u->n && !u->rows[i].hash)
		i++;
	return i < u->n ? &u->rows[i] : NULL;
}

bool s5_users_needs_hash(const struct s5_users *u)
{
	return hashed_from(u, 0);
}

/* What a name without a hash is hashed with: hashes differ in cost, so each is as likely as among
 * the users, and a name has the same one each time. The hashes are the key: who does not know
 * them cannot foretell it, and it outlives a restart. */
static const char *stand_in(const struct s5_users *u, const struct octets *name)
{
	const struct s5_user *user;
	struct s5_hash_key key = { { 0 } };
	uint64_t n = 0, chosen;

	for (size_t i = 0; (user = hashed_from(u, i)); i = (size_t)(user - u->rows) + 1)
		key.k[n++ & 1] ^= s5_hash(&key, user->hash, strlen(user->hash));
	if (n == 0)
		return NULL;
	chosen = s5_hash(&key, name->data, name->len) % n;
	for (user = hashed_from(u, 0); chosen--;)
		user = hashed_from(u, (size_t)(user - u->rows) + 1);
	return user->hash;
}

/* Looks at every character, whatever crypt made of the password. */
static bool text_equal(const char *made, const char *hash)
{
	size_t len = strlen(hash);
	unsigned differ = 0;

	if (strlen(made) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		differ |= (unsigned char)(made[i] ^ hash[i]);
	return differ == 0;
}

/* crypt(3) ends a password at a NUL: one that holds any is hashed all the same, and never fits. */
static bool hash_fits(const char *hash, const struct octets *password)
{
	struct crypt_data *scratch = calloc(1, sizeof *scratch);
	char text[OCTETS_MAX + 1] = { 0 };
	const char *made;
	bool fits;

	if (!scratch)
		return false;
	memcpy(text, password->data, password->len);
	made = crypt_r(text, hash, scratch);
	fits = made && text_equal(made, hash) && !memchr(text, 0, password->len);
	explicit_bzero(text, sizeof text);
	explicit_bzero(scratch, sizeof *scratch);
	free(scratch);
	return fits;
}

bool s5_users_check(const struct s5_users *u, const struct s5_credentials *c)
{
	static const struct octets nothing;
	struct octets name, password;
	const struct s5_user *user;
	const char *hash, *other;
	bool by_hash, in_clear;

	octets_set(&name, c->user, c->ulen);
	octets_set(&password, c->password, c->plen);
	user = user_find(u, &name);
	other = stand_in(u, &name);
	hash = user && user->hash ? user->hash : other;
	by_hash = hash && hash_fits(hash, &password);
	in_clear = octets_equal(user ? &user->password : &nothing, &password);
	explicit_bzero(&password, sizeof password);
	return user && !user->principal && (user->hash ? by_hash : in_clear);
}

size_t s5_users_count(const struct s5_users *u, bool principals)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++)
		n += u->rows[i].principal == principals;
	return n;
}

bool s5_users_admit(const struct s5_users *u, const void *name, size_t nlen)
{
	const struct s5_user *user;
	struct octets wanted;

	if (!s5_users_count(u, true))
		return true;
	if (nlen > OCTETS_MAX)
		return false;
	octets_set(&wanted, name, nlen);
	user = user_find(u, &wanted);
	return user && user->principal;
}

void s5_users_quota(const struct s5_users *u, const void *name, size_t nlen, struct s5_quota *quota)
{
	const struct s5_user *user;
	struct octets wanted;

	if (!u->has_quotas || nlen > OCTETS_MAX)
		return;
	octets_set(&wanted, name, nlen);
	user = user_find(u, &wanted);
	if (user && user->has_rate)
		quota->rate = user->quota.rate;
	if (user && user->has_sessions)
		quota->sessions = user->quota.sessions;
}

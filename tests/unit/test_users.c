#include "testlib.h"

#include <crypt.h>
#include <dlfcn.h>
#include <pthread.h>

#include "policy/users.h"

/* Made by `openssl passwd` and perl's crypt: "secret", "open sesame", "yes", "des", "", 255 x,
 * and four octets that are no text. */
#define SECRET                                                                                     \
	"$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq" \
	".H91p5hVO1"
#define SESAME "$5$othersalt$zlOJ73wYt/NB.Dpxxc0yKhrTS/hQYucpAdrSJLcW6VB"
#define YESCRYPT "$y$j75$LdJMENpBABJJ3hIHjB1Bi.$Okzrxb8fZULz0s84Od5EAIKlWu2CT1IcpL4U4BKCrv."
#define DES "ab.mruLNQ7ZWQ"
#define EMPTY                                                                                      \
	"$6$empty$MWslJBrCvUsbDfvDkNQwBNtJFEGiZ5CHosSR8Ol/yMiSd9JINPGkSH4OfOOVEIp87YcT49Wr.Qp4a8b" \
	"JCR6y2/"
#define LONG                                                                                       \
	"$6$long$t0c9zbfavtOqI.QSd5BynTrlQzNa433b599dnmEmMlyUmuhUFDmSz.vDLM5ASlVnF/UM8Jx2nNkxOYmM" \
	"xTeIf0"
#define OCTETS "$5$oct$RcccqPXnRSNeSekp/5Ddz4LHETjS1UTCD.zpjZMLjH8"

/* The library's calls of crypt_r end here: what a check costs is counted, not timed. */
static _Thread_local unsigned hashings;
static _Thread_local char hashed_with[CRYPT_OUTPUT_SIZE];

char *crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
	char *(*real)(const char *, const char *, struct crypt_data *);

	*(void **)&real = dlsym(RTLD_NEXT, "crypt_r");
	assert_non_null(real);
	assert_true(strlen(setting) < sizeof hashed_with);
	strcpy(hashed_with, setting);
	hashings++;
	return real(phrase, setting, data);
}

static struct s5_users users;

static int users_begin(void **state)
{
	(void)state;
	s5_users_init(&users);
	hashings = 0;
	return 0;
}

static int users_end(void **state)
{
	(void)state;
	s5_users_fini(&users);
	return 0;
}

/* Sanitizers see a read beyond the text, which has no NUL behind it. */
static bool parse(const void *text, size_t len, struct s5_users_error *err)
{
	uint8_t *copy = exact_copy(text, len);
	bool good = s5_users_parse(&users, (char *)copy, len, err);

	free(copy);
	return good;
}

static void parse_good(const char *text)
{
	struct s5_users_error err;

	if (!parse(text, strlen(text), &err))
		fail_msg("line %zu: %s", err.line, err.why);
}

static void add(const char *name, const char *password)
{
	struct s5_users_error err;

	assert_true(s5_users_add(&users, name, strlen(name), password, strlen(password), &err));
}

static bool check_octets(const void *user, size_t ulen, const void *password, size_t plen)
{
	struct s5_credentials c = { .ulen = (uint8_t)ulen, .plen = (uint8_t)plen };

	/* What stands behind the values is not theirs. */
	memset(c.user, 'u', sizeof c.user);
	memset(c.password, 'p', sizeof c.password);
	memcpy(c.user, user, ulen);
	memcpy(c.password, password, plen);
	return s5_users_check(&users, &c);
}

static bool check(const char *user, const char *password)
{
	return check_octets(user, strlen(user), password, strlen(password));
}

TEST(no_users_let_nobody_in)
{
	assert_false(s5_users_needs_hash(&users));
	assert_false(check("alice", "secret"));
	assert_false(check("", ""));
	assert_int_equal(hashings, 0);
}

TEST(users_in_clear)
{
	add("alice", "secret");
	add("bob", "");
	assert_false(s5_users_needs_hash(&users));
	assert_true(check("alice", "secret"));
	assert_true(check("bob", ""));
	assert_false(check("alice", "secre"));
	assert_false(check("alice", "secrets"));
	assert_false(check("alice", "Secret"));
	assert_false(check("alice", ""));
	assert_false(check("Alice", "secret"));
	assert_false(check("bob", "secret"));
	assert_int_equal(hashings, 0);
}

TEST(users_with_a_hash)
{
	parse_good("alice:" SECRET "\nbob:" SESAME "\ncarol:" YESCRYPT "\ndan:" DES "\n");
	assert_true(s5_users_needs_hash(&users));
	assert_true(check("alice", "secret"));
	assert_true(check("bob", "open sesame"));
	assert_true(check("carol", "yes"));
	assert_true(check("dan", "des"));
	assert_false(check("alice", "open sesame"));
	assert_false(check("bob", "open sesame "));
	assert_false(check("carol", "no"));
	assert_false(check("eve", "secret"));
	assert_false(check("alice", SECRET));
}

TEST(both_kinds_live_together)
{
	add("plain", "secret");
	parse_good("hashed:" SECRET);
	assert_true(check("plain", "secret"));
	assert_true(check("hashed", "secret"));
	assert_false(check("plain", "other"));
	assert_false(check("hashed", ""));
}

TEST(R1929_5_empty_values_are_compared_as_empty)
{
	add("clear", "");
	parse_good("hashed:" EMPTY "\nalice:" SECRET);
	assert_true(check("clear", ""));
	assert_true(check("hashed", ""));
	assert_false(check("alice", ""));
	assert_false(check("", ""));
	assert_false(check("", "secret"));
}

TEST(R1929_6_comparison_is_by_length_and_octets)
{
	add("clear", "pass");
	parse_good("alice:" SECRET "\noctets:" OCTETS);
	assert_false(check_octets("clear\0", 6, "pass", 4));
	assert_false(check_octets("clear\0x", 7, "pass", 4));
	assert_false(check_octets("clear", 5, "pass\0", 5));
	assert_false(check_octets("clear", 5, "pass\0x", 6));
	assert_false(check_octets("alice\0x", 7, "secret", 6));
	assert_true(check_octets("alice", 5, "secret", 6));
	assert_true(check_octets("octets", 6, "\xff\xfe:#", 4));
}

TEST(R1929_6_nul_in_a_password_never_fits_a_hash)
{
	parse_good("alice:" SECRET "\nempty:" EMPTY);
	assert_false(check_octets("alice", 5, "secret\0", 7));
	assert_false(check_octets("alice", 5, "secret\0x", 8));
	assert_false(check_octets("empty", 5, "\0", 1));
	assert_int_equal(hashings, 3);
}

TEST(R1929_6_nul_in_a_clear_password_counts)
{
	struct s5_users_error err;

	assert_true(s5_users_add(&users, "a\0b", 3, "p\0q", 3, &err));
	assert_true(check_octets("a\0b", 3, "p\0q", 3));
	assert_false(check_octets("a\0b", 3, "p\0r", 3));
	assert_false(check_octets("a\0b", 3, "p", 1));
	assert_false(check_octets("a\0c", 3, "p\0q", 3));
	assert_false(check_octets("a", 1, "p\0q", 3));
}

TEST(R1929_6_values_of_255_octets)
{
	struct s5_users_error err;
	char line[400];
	uint8_t x[255], y[255];

	memset(x, 'x', sizeof x);
	memset(y, 'x', sizeof y);
	y[254] = 'y';
	assert_true(s5_users_add(&users, x, 255, x, 255, &err));
	memcpy(line, y, sizeof y);
	strcpy(line + sizeof y, ":" LONG);
	parse_good(line);
	assert_true(check_octets(x, 255, x, 255));
	assert_false(check_octets(x, 255, y, 255));
	assert_false(check_octets(x, 254, x, 255));
	assert_false(check_octets(x, 255, x, 254));
	assert_true(check_octets(y, 255, x, 255));
	assert_false(check_octets(y, 255, x, 254));
	assert_false(check_octets(y, 255, y, 255));
}

TEST(R1929_9_every_check_hashes_once)
{
	static const struct {
		const char *user, *password, *hash;
	} rows[] = {
		{ "alice", "secret", SECRET }, { "alice", "wrong", SECRET },
		{ "alice", "", SECRET },       { "bob", "wrong", SESAME },
		{ "eve", "wrong", NULL }, /* unknown: a hash of the file */
		{ "eve", "", NULL },	       { "", "", NULL },
		{ "clear", "right", NULL },    { "clear", "wrong", NULL },
	};

	add("clear", "right");
	parse_good("alice:" SECRET "\nbob:" SESAME);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		hashings = 0;
		check(rows[i].user, rows[i].password);
		assert_int_equal(hashings, 1);
		if (rows[i].hash)
			assert_string_equal(hashed_with, rows[i].hash);
	}
}

#define DES2 "cd.mruLNQ7ZWQ"
#define STRANGERS 600

/* For each of many unknown names: is it DES2 that is hashed with? Returns how often. */
static unsigned choose(bool chosen[static STRANGERS])
{
	unsigned n = 0;
	char name[16];

	for (unsigned i = 0; i < STRANGERS; i++) {
		snprintf(name, sizeof name, "eve%u", i);
		check(name, "wrong");
		chosen[i] = strcmp(hashed_with, DES2) == 0;
		n += chosen[i];
	}
	return n;
}

TEST(R1929_9_unknown_names_cost_what_the_file_costs_each_the_same_again)
{
	bool first[STRANGERS], again[STRANGERS];

	add("clear", "right");
	parse_good("alice:" DES "\nbob:" DES2 "\ncarol:" DES "\n");
	assert_in_range(choose(first), STRANGERS / 4, STRANGERS * 5 / 12);
	choose(again);
	assert_memory_equal(first, again, sizeof first);
}

TEST(R1929_9_what_an_unknown_name_costs_is_told_by_nothing_but_the_hashes)
{
	bool here[STRANGERS], there[STRANGERS];
	unsigned same = 0;

	parse_good("alice:" DES "\nbob:" DES2 "\n");
	choose(here);
	s5_users_fini(&users);
	parse_good("alice:ax.mruLNQ7ZWQ\nbob:" DES2 "\n");
	choose(there);
	for (unsigned i = 0; i < STRANGERS; i++)
		same += here[i] == there[i];
	assert_in_range(same, STRANGERS * 5 / 12, STRANGERS * 7 / 12);
}

TEST(a_dummy_hash_that_fits_lets_nobody_in)
{
	add("clear", "other");
	parse_good("alice:" SECRET);
	assert_false(check("eve", "secret"));
	assert_false(check("clear", "secret"));
	assert_int_equal(hashings, 2);
}

TEST(comments_blank_lines_and_line_ends)
{
	parse_good("# users\n\n \t \n\t# more\r\n\r\nalice:" SECRET "\r\n"
		   "bob smith:" SESAME " \t\n#eve:" SECRET "\ncarol:" YESCRYPT);
	assert_int_equal(users.n, 3);
	assert_true(check("alice", "secret"));
	assert_true(check("bob smith", "open sesame"));
	assert_true(check("carol", "yes"));
	assert_false(check("#eve", "secret"));
}

TEST(empty_file)
{
	parse_good("");
	parse_good("\n");
	assert_int_equal(users.n, 0);
}

TEST(errors_name_the_line)
{
	static const struct {
		const char *text;
		size_t line;
		const char *why;
	} rows[] = {
		{ "alice", 1, "no colon" },
		{ "\n\n# c\nalice " SECRET, 4, "no colon" },
		{ ":" SECRET, 1, "name is empty" },
		{ "a:" SECRET "\nb:" SECRET "\na:" SESAME, 3, "there already" },
		{ "clear:" SECRET, 1, "there already" },
		{ "a:", 1, "not a hash" },
		{ "a:GSSAPI", 1, "or write gssapi for a principal" },
		{ "a:gssapi", 1, "a principal is NAME@REALM" },
		{ "@R:gssapi", 1, "a principal is NAME@REALM" },
		{ "a@:gssapi", 1, "a principal is NAME@REALM" },
		{ "a@R :gssapi", 1, "a principal is NAME@REALM" },
		{ "a: " SECRET, 1, "not a hash" },
		{ "a:secret", 1, "not a hash" },
		{ "a:*", 1, "not a hash" },
		{ "a:!", 1, "not a hash" },
		{ "a:x", 1, "not a hash" },
		{ "a:$99$salt$abc", 1, "not a hash" },
		{ "a:" SECRET ":0:0", 1, "limits are" },
		{ "a:" SECRET ":", 1, "limits are" },
		{ "a:" SECRET ":rate", 1, "limits are" },
		{ "a:" SECRET ":rate=", 1, "limits are" },
		{ "a:" SECRET ":rate=fast", 1, "limits are" },
		{ "a:" SECRET ":rate=2T", 1, "limits are" },
		{ "a:" SECRET ":rate=1k,rate=2k", 1, "limits are" },
		{ "a:" SECRET ":rate=1k,", 1, "limits are" },
		{ "a:" SECRET ":sessions=-1", 1, "limits are" },
		{ "a:" SECRET ":sessions=1k", 1, "limits are" },
		{ "a:" SECRET ":sessions=4294967296", 1, "limits are" },
		{ "a:" SECRET ":sessions=1,sessions=1", 1, "limits are" },
		{ "a:" SECRET ": rate=1k", 1, "limits are" },
		{ "a:" SECRET
		  ":rate=1k,sessions=000000000000000000000000000000000000000000000000001",
		  1, "limits are" },
		{ "a:x:rate=1k", 1, "not a hash" },
		{ "a:gssapi:rate=1k", 1, "a principal is NAME@REALM" },
		{ "ok:" SECRET "\r\na:" DES "x\r\n", 2, "not a hash" },
	};
	struct s5_users_error err;

	add("clear", "x");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_false(parse(rows[i].text, strlen(rows[i].text), &err));
		assert_int_equal(err.line, rows[i].line);
		if (!strstr(err.why, rows[i].why))
			fail_msg("%s: %s", rows[i].text, err.why);
		assert_int_equal(users.n, 1);
		assert_false(s5_users_needs_hash(&users));
	}
}

TEST(users_have_limits_of_their_own)
{
	static const struct {
		const char *name;
		uint64_t rate;
		unsigned sessions;
	} rows[] = {
		{ "both", 10 << 20, 20 },
		{ "fast", 1536, 7 },
		{ "many", 99, 3 },
		{ "free", 0, 0 },
		{ "plain", 99, 7 },
		{ "nobody", 99, 7 },
		{ "joe@R", UINT64_C(1) << 40, 7 },
	};
	char long_name[257];

	parse_good("both:" SECRET ":rate=10M,sessions=20\nfast:" SECRET ":rate=1.5k \n"
		   "many:" DES ":sessions=3\r\nfree:" SECRET ":sessions=0,rate=0\n"
		   "plain:" SECRET "\njoe@R:gssapi:rate=1T");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct s5_quota quota = { .rate = 99, .sessions = 7 };

		s5_users_quota(&users, rows[i].name, strlen(rows[i].name), &quota);
		assert_true(quota.rate == rows[i].rate);
		assert_int_equal(quota.sessions, rows[i].sessions);
	}
	assert_true(check("both", "secret"));
	memset(long_name, 'a', sizeof long_name);
	s5_users_quota(&users, long_name, sizeof long_name, &(struct s5_quota){ .rate = 1 });
}

TEST(R1961_3_16_principals_have_no_password_and_are_all_who_may_come)
{
	assert_true(s5_users_admit(&users, "alice@R", 7));
	parse_good("alice@R:gssapi\nbob@R:gssapi \r\njoe:" SECRET "\n");
	assert_int_equal(s5_users_count(&users, true), 2);
	assert_int_equal(s5_users_count(&users, false), 1);
	assert_true(s5_users_admit(&users, "alice@R", 7));
	assert_true(s5_users_admit(&users, "bob@R", 5));
	assert_false(s5_users_admit(&users, "alice@S", 7));
	assert_false(s5_users_admit(&users, "alice@R\0", 8));
	assert_false(s5_users_admit(&users, "joe", 3));
	assert_false(check("alice@R", "gssapi"));
	assert_false(check("alice@R", ""));
	assert_true(check("joe", "secret"));
}

TEST(nul_in_a_file_is_an_error)
{
	static const char text[] = "alice:" SECRET "\nbob\0:" SECRET "\n";
	struct s5_users_error err;

	assert_false(parse(text, sizeof text - 1, &err));
	assert_int_equal(err.line, 2);
	assert_non_null(strstr(err.why, "NUL"));
	assert_int_equal(users.n, 0);
}

TEST(names_and_passwords_have_bounds)
{
	struct s5_users_error err;
	char text[300] = { 0 };

	memset(text, 'n', 256);
	assert_false(s5_users_add(&users, text, 256, "p", 1, &err));
	assert_non_null(strstr(err.why, "name is longer"));
	assert_false(s5_users_add(&users, "n", 1, text, 256, &err));
	assert_non_null(strstr(err.why, "password is longer"));
	assert_false(s5_users_add(&users, "", 0, "p", 1, &err));
	assert_non_null(strstr(err.why, "name is empty"));
	strcpy(text + 256, ":" DES);
	assert_false(parse(text, strlen(text), &err));
	assert_non_null(strstr(err.why, "name is longer"));
	assert_int_equal(users.n, 0);
	add("n", "p");
	assert_false(s5_users_add(&users, "n", 1, "q", 1, &err));
	assert_non_null(strstr(err.why, "there already"));
	assert_int_equal(err.line, 0);
	assert_int_equal(err.first, 0);
	assert_false(parse("o:" DES "\no:" DES "\n", strlen("o:" DES "\no:" DES "\n"), &err));
	assert_int_equal(err.first, 1);
	assert_int_equal(err.nlen, 1);
	assert_true(check("n", "p"));
}

TEST(a_bad_file_takes_nothing_away)
{
	struct s5_users_error err;
	const char *bad = "bob:" SESAME "\ncarol\n";

	add("alice", "secret");
	assert_false(parse(bad, strlen(bad), &err));
	assert_true(check("alice", "secret"));
	assert_false(check("bob", "open sesame"));
	parse_good("bob:" SESAME);
	assert_true(check("bob", "open sesame"));
}

TEST(many_users)
{
	char name[16], password[16];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "user%d", i);
		snprintf(password, sizeof password, "pass%d", i);
		add(name, password);
	}
	assert_true(check("user0", "pass0"));
	assert_true(check("user128", "pass128"));
	assert_true(check("user299", "pass299"));
	assert_false(check("user299", "pass298"));
	assert_false(check("user300", "pass300"));
}

static void *check_often(void *bad)
{
	for (int i = 0; i < 25; i++) {
		if (!check("alice", "secret") || !check("bob", "open sesame") ||
		    check("alice", "open sesame") || check("eve", "secret"))
			*(bool *)bad = true;
	}
	return NULL;
}

TEST(checks_run_side_by_side)
{
	pthread_t threads[4];
	bool bad[4] = { false };

	parse_good("alice:" SECRET "\nbob:" SESAME);
	for (size_t i = 0; i < LENGTH(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, check_often, &bad[i]), 0);
	for (size_t i = 0; i < LENGTH(threads); i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_false(bad[i]);
	}
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, users_begin, users_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(no_users_let_nobody_in),
		EACH(users_in_clear),
		EACH(users_with_a_hash),
		EACH(both_kinds_live_together),
		EACH(R1929_5_empty_values_are_compared_as_empty),
		EACH(R1929_6_comparison_is_by_length_and_octets),
		EACH(R1929_6_nul_in_a_password_never_fits_a_hash),
		EACH(R1929_6_nul_in_a_clear_password_counts),
		EACH(R1929_6_values_of_255_octets),
		EACH(R1929_9_every_check_hashes_once),
		EACH(R1929_9_unknown_names_cost_what_the_file_costs_each_the_same_again),
		EACH(R1929_9_what_an_unknown_name_costs_is_told_by_nothing_but_the_hashes),
		EACH(a_dummy_hash_that_fits_lets_nobody_in),
		EACH(comments_blank_lines_and_line_ends),
		EACH(empty_file),
		EACH(errors_name_the_line),
		EACH(users_have_limits_of_their_own),
		EACH(R1961_3_16_principals_have_no_password_and_are_all_who_may_come),
		EACH(nul_in_a_file_is_an_error),
		EACH(names_and_passwords_have_bounds),
		EACH(a_bad_file_takes_nothing_away),
		EACH(many_users),
		EACH(checks_run_side_by_side),
	};

	return RUN(tests);
}

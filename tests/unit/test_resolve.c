#include "dnsd.h"
#include "turns.h"

#include <errno.h>

#include "net/resolve.h"

static struct s5_loop loop;
static struct dnsd dnsd;
static struct s5_resolver *resolver;

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(s5_loop_init(&loop), 0);
	dnsd_start(&dnsd, &loop);
	return s5_resolver_new(&resolver, &loop, dnsd.text);
}

static int tear_down(void **state)
{
	(void)state;
	s5_resolver_free(resolver);
	dnsd_stop(&dnsd, &loop);
	s5_loop_fini(&loop);
	return 0;
}

static unsigned told;

static void looked_up(struct s5_lookup *l)
{
	(void)l;
	told++;
}

static struct s5_addr name_of(const char *text)
{
	struct s5_addr a;

	assert_true(s5_addr_set_name(&a, text, strlen(text), 0));
	return a;
}

static void begin(struct s5_lookup *l, const char *name, enum s5_atyp atyp)
{
	struct s5_addr a = name_of(name);
	unsigned before = told;

	s5_lookup_start(l, resolver, &a, atyp, looked_up);
	assert_int_equal(told, before);
}

static struct s5_lookup look_up(const char *name, enum s5_atyp atyp)
{
	struct s5_lookup l;

	told = 0;
	begin(&l, name, atyp);
	TURN_UNTIL(&loop, told);
	assert_int_equal(told, 1);
	return l;
}

TEST(each_family_is_asked_for_by_itself)
{
	struct s5_lookup l = look_up("a1.test", S5_ATYP_IPV4);

	assert_int_equal(l.result, S5_LOOKUP_FOUND);
	assert_int_equal(l.answer.n, 1);
	assert_octets(l.answer.ip[0], 4, "7f000001");
	assert_int_equal(dnsd.asked, 1);
	assert_int_equal(dnsd.asked6, 0);
	l = look_up("a1.test", S5_ATYP_IPV6);
	assert_int_equal(l.result, S5_LOOKUP_FOUND);
	assert_octets(l.answer.ip[0], 16, "00000000000000000000000000000001");
	assert_int_equal(dnsd.asked6, 1);
}

TEST(R1928_6_10_what_fails_is_told_apart)
{
	for (size_t i = 0; i < LENGTH(dnsd_failures); i++) {
		struct s5_lookup l = look_up(dnsd_failures[i].name, S5_ATYP_IPV4);

		assert_int_equal(l.result, dnsd_failures[i].result);
		assert_int_equal(l.answer.n, 0);
	}
	assert_int_equal(look_up("6.test", S5_ATYP_IPV4).result, S5_LOOKUP_NO_DATA);
}

TEST(every_result_has_its_text)
{
	for (enum s5_lookup_result r = S5_LOOKUP_FOUND; r <= S5_LOOKUP_BUSY; r++)
		assert_true(strlen(s5_lookup_text(r)) > 0);
}

TEST(an_answer_is_kept_whatever_the_case_of_the_name)
{
	look_up("a2.test", S5_ATYP_IPV4);
	assert_int_equal(dnsd.asked, 1);
	assert_int_equal(look_up("a2.test", S5_ATYP_IPV4).result, S5_LOOKUP_FOUND);
	assert_octets(look_up("A2.tEST", S5_ATYP_IPV4).answer.ip[0], 4, "7f000001");
	assert_int_equal(dnsd.asked, 1);
	look_up("a3.test", S5_ATYP_IPV4);
	assert_int_equal(dnsd.asked, 2);
}

TEST(names_are_asked_for_in_small_letters)
{
	look_up("ABC.Test", S5_ATYP_IPV4);
	assert_string_equal(dnsd.first, "abc");
}

TEST(an_answer_without_a_life_and_a_failure_are_not_kept)
{
	look_up("t.test", S5_ATYP_IPV4);
	assert_int_equal(look_up("t.test", S5_ATYP_IPV4).result, S5_LOOKUP_FOUND);
	assert_int_equal(dnsd.asked, 2);
	look_up("x.test", S5_ATYP_IPV4);
	look_up("x.test", S5_ATYP_IPV4);
	assert_int_equal(dnsd.asked, 4);
}

TEST(an_answer_is_kept_for_its_time_only)
{
	look_up("a.test", S5_ATYP_IPV4);
	/* The loop reads its clock anew on each turn: a lookup from the cache takes none. */
	loop.now += 61 * 1000;
	assert_int_equal(look_up("a.test", S5_ATYP_IPV4).result, S5_LOOKUP_FOUND);
	assert_int_equal(dnsd.asked, 2);
}

TEST(more_names_than_the_cache_holds_are_all_right)
{
	char name[32];

	for (int i = 0; i < 1500; i++) {
		snprintf(name, sizeof name, "a%d.test", i);
		assert_octets(look_up(name, S5_ATYP_IPV4).answer.ip[0], 4, "7f000001");
	}
	assert_int_equal(look_up("a7.test", S5_ATYP_IPV6).result, S5_LOOKUP_FOUND);
}

TEST(of_very_many_addresses_the_first_are_taken)
{
	struct s5_lookup l = look_up("m.test", S5_ATYP_IPV4);

	assert_int_equal(l.result, S5_LOOKUP_FOUND);
	assert_int_equal(l.answer.n, S5_LOOKUP_MAX);
	for (unsigned i = 0; i < S5_LOOKUP_MAX; i++)
		assert_int_equal(l.answer.ip[i][3], i + 1);
	l = look_up("m.test", S5_ATYP_IPV6);
	assert_int_equal(l.answer.n, S5_LOOKUP_MAX);
	assert_int_equal(l.answer.ip[11][15], 12);
}

TEST(localhost_is_this_machine_and_nobody_is_asked)
{
	assert_octets(look_up("localhost", S5_ATYP_IPV4).answer.ip[0], 4, "7f000001");
	assert_octets(look_up("LocalHost.", S5_ATYP_IPV6).answer.ip[0], 16,
		      "00000000000000000000000000000001");
	assert_int_equal(dnsd.asked, 0);
}

TEST(a_name_with_a_nul_is_no_name_and_nobody_is_asked)
{
	struct s5_addr a;
	struct s5_lookup l;

	assert_true(s5_addr_set_name(&a, "a\0.test", 7, 0));
	told = 0;
	s5_lookup_start(&l, resolver, &a, S5_ATYP_IPV4, looked_up);
	TURN_UNTIL(&loop, told);
	assert_int_equal(l.result, S5_LOOKUP_NO_NAME);
	assert_int_equal(dnsd.asked, 0);
}

TEST(names_that_dns_cannot_carry_fail)
{
	char name[256];

	memset(name, 'a', sizeof name);
	name[255] = 0;
	assert_int_not_equal(look_up(name, S5_ATYP_IPV4).result, S5_LOOKUP_FOUND);
	assert_int_not_equal(look_up("a..test", S5_ATYP_IPV4).result, S5_LOOKUP_FOUND);
	assert_int_not_equal(look_up(".", S5_ATYP_IPV4).result, S5_LOOKUP_FOUND);
	assert_int_not_equal(look_up("\\", S5_ATYP_IPV4).result, S5_LOOKUP_FOUND);
}

TEST(nothing_waits_for_a_silent_name)
{
	struct s5_lookup silent[30];
	char name[32];

	told = 0;
	for (unsigned i = 0; i < LENGTH(silent); i++) {
		snprintf(name, sizeof name, "s%u.test", i);
		begin(&silent[i], name, S5_ATYP_IPV4);
	}
	assert_int_equal(look_up("a.test", S5_ATYP_IPV4).result, S5_LOOKUP_FOUND);
	for (unsigned i = 0; i < LENGTH(silent); i++)
		s5_lookup_cancel(&silent[i]);
}

TEST(a_lookup_taken_back_is_never_told_of)
{
	static const char *const names[] = { "a1.test", "x.test", "s.test", "localhost" };
	struct s5_lookup l;

	told = 0;
	for (size_t i = 0; i < LENGTH(names); i++)
		for (int turns = 0; turns < 2; turns++) {
			begin(&l, names[i], S5_ATYP_IPV4);
			if (turns)
				s5_loop_turn(&loop); /* the question is read, not yet the answer */
			if (told) {
				told = 0;
				continue;
			}
			s5_lookup_cancel(&l);
			s5_lookup_cancel(&l);
			memset(&l, 0xa5, sizeof l);
			turn_for(&loop, 20);
			assert_int_equal(told, 0);
		}
	s5_lookup_cancel(&(struct s5_lookup){ .resolver = NULL });
}

TEST(a_resolver_ends_with_lookups_under_way)
{
	struct s5_lookup l[3];

	told = 0;
	begin(&l[0], "s.test", S5_ATYP_IPV4);
	begin(&l[1], "a.test", S5_ATYP_IPV4);
	begin(&l[2], "a.test", S5_ATYP_IPV6);
	s5_resolver_free(resolver);
	resolver = NULL;
	turn_for(&loop, 20);
	assert_int_equal(told, 0);
}

TEST(equal_names_under_way_are_asked_for_once)
{
	struct s5_lookup l[40];

	told = 0;
	for (unsigned i = 0; i < LENGTH(l); i++)
		begin(&l[i], i % 2 ? "a.test" : "A.Test", i % 4 ? S5_ATYP_IPV4 : S5_ATYP_IPV6);
	s5_lookup_cancel(&l[5]);
	TURN_UNTIL(&loop, told == LENGTH(l) - 1);
	for (unsigned i = 0; i < LENGTH(l); i++)
		if (i != 5)
			assert_octets(l[i].answer.ip[0], 4, i % 4 ? "7f000001" : "00000000");
	assert_int_equal(dnsd.asked, 2);
	assert_int_equal(dnsd.asked6, 1);
}

TEST(a_name_given_up_and_wanted_again_is_asked_for_once)
{
	struct s5_lookup l;

	told = 0;
	begin(&l, "a.test", S5_ATYP_IPV4);
	s5_lookup_cancel(&l);
	assert_int_equal(look_up("a.test", S5_ATYP_IPV4).result, S5_LOOKUP_FOUND);
	assert_int_equal(dnsd.asked, 1);
}

TEST(a_question_that_got_lost_is_asked_again)
{
	assert_int_equal(look_up("l.test", S5_ATYP_IPV4).result, S5_LOOKUP_FOUND);
	assert_int_equal(dnsd.asked, 2);
}

static struct s5_lookup many[S5_LOOKUPS_MAX + 10];

/* Lookups `from` and following for names that are silent; the server reads each question. */
static void begin_silent(unsigned from, unsigned n)
{
	char name[32];

	for (unsigned i = from; i < from + n; i++) {
		snprintf(name, sizeof name, "s%u.test", i + 1);
		begin(&many[i], name, S5_ATYP_IPV4);
		turn_now(&loop);
	}
}

TEST(so_many_names_are_asked_for_at_once_and_no_more)
{
	told = 0;
	begin_silent(0, LENGTH(many));
	TURN_UNTIL(&loop, told == 10);
	for (unsigned i = S5_LOOKUPS_MAX; i < LENGTH(many); i++)
		assert_int_equal(many[i].result, S5_LOOKUP_BUSY);
	TURN_UNTIL(&loop, dnsd.highest == S5_LOOKUPS_MAX);
	/* Who asks for one of those joins; the cache and literals need no place. */
	begin(&many[S5_LOOKUPS_MAX], "s1.test", S5_ATYP_IPV4);
	assert_int_equal(look_up("localhost", S5_ATYP_IPV4).result, S5_LOOKUP_FOUND);
	turn_now(&loop);
	assert_int_equal(told, 1);
	for (unsigned i = 0; i <= S5_LOOKUPS_MAX; i++)
		s5_lookup_cancel(&many[i]);
}

TEST(names_given_up_make_room_for_others)
{
	struct s5_lookup lost;

	told = 0;
	begin(&lost, "l.test", S5_ATYP_IPV4);
	begin_silent(0, S5_LOOKUPS_MAX - 1);
	for (unsigned i = 0; i < S5_LOOKUPS_MAX - 1; i++)
		s5_lookup_cancel(&many[i]);
	assert_int_equal(told, 0);
	begin(&many[0], "a.test", S5_ATYP_IPV4);
	TURN_UNTIL(&loop, told == 2);
	assert_int_equal(many[0].result, S5_LOOKUP_FOUND);
	assert_int_equal(lost.result, S5_LOOKUP_FOUND);
}

/* What c-ares knows of both comes from the environment, as search domains do from
 * /etc/resolv.conf. */
TEST(R1928_4_13_a_name_is_asked_for_as_it_stands_without_search_domains_or_aliases)
{
	static const char *const names[] = { "x", "n", "x.test", "nick" };
	char path[] = "/tmp/test_resolve.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	dprintf(fd, "nick aliased.test\n");
	close(fd);
	s5_resolver_free(resolver);
	setenv("LOCALDOMAIN", "asearched.test", 1);
	setenv("HOSTALIASES", path, 1);
	assert_int_equal(s5_resolver_new(&resolver, &loop, dnsd.text), 0);
	unsetenv("LOCALDOMAIN");
	for (unsigned i = 0; i < LENGTH(names); i++) {
		assert_int_not_equal(look_up(names[i], S5_ATYP_IPV4).result, S5_LOOKUP_FOUND);
		assert_int_equal(dnsd.asked, i + 1);
	}
	unsetenv("HOSTALIASES");
	unlink(path);
}

TEST(bad_servers_are_refused)
{
	static const char *const bad[] = {
		"nowhere",   "1.2.3.4:x", "1.2.3",	"1.2.3.4:99999",   "1.2.3.4:0",
		"1.2.3.4:",  "",	  "[::1",	"[1.2.3.4]:53",	   "::1]:53",
		"1.2.3.4,",  ",1.2.3.4",  "1.2.3.4:-1", "1.2.3.4:53,nope", "[]:53",
		"[::1]x:53", "::1:99999", "1.2.3.4 ",
	};
	struct s5_resolver *r;

	for (size_t i = 0; i < LENGTH(bad); i++)
		assert_int_equal(s5_resolver_new(&r, &loop, bad[i]), -EINVAL);
}

TEST(good_servers_are_taken)
{
	static const char *const good[] = {
		"1.2.3.4",
		"1.2.3.4:53",
		"::1",
		"[::1]",
		"[::1]:5353",
		"1.2.3.4,[::1]:53,5.6.7.8:1",
		"1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5,6.6.6.6,7.7.7.7,8.8.8.8",
	};
	struct s5_resolver *r;

	for (size_t i = 0; i < LENGTH(good); i++) {
		assert_int_equal(s5_resolver_new(&r, &loop, good[i]), 0);
		s5_resolver_free(r);
	}
}

TEST(the_second_server_is_asked_when_the_first_does_not_exist)
{
	char servers[64];

	s5_resolver_free(resolver);
	snprintf(servers, sizeof servers, "127.0.0.1:1,%s", dnsd.text);
	assert_int_equal(s5_resolver_new(&resolver, &loop, servers), 0);
	assert_int_equal(look_up("a.test", S5_ATYP_IPV4).result, S5_LOOKUP_FOUND);
}

#define RESOLVE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RESOLVE(each_family_is_asked_for_by_itself),
		RESOLVE(R1928_6_10_what_fails_is_told_apart),
		RESOLVE(every_result_has_its_text),
		RESOLVE(an_answer_is_kept_whatever_the_case_of_the_name),
		RESOLVE(names_are_asked_for_in_small_letters),
		RESOLVE(an_answer_without_a_life_and_a_failure_are_not_kept),
		RESOLVE(an_answer_is_kept_for_its_time_only),
		RESOLVE(more_names_than_the_cache_holds_are_all_right),
		RESOLVE(of_very_many_addresses_the_first_are_taken),
		RESOLVE(localhost_is_this_machine_and_nobody_is_asked),
		RESOLVE(a_name_with_a_nul_is_no_name_and_nobody_is_asked),
		RESOLVE(names_that_dns_cannot_carry_fail),
		RESOLVE(nothing_waits_for_a_silent_name),
		RESOLVE(a_lookup_taken_back_is_never_told_of),
		RESOLVE(a_resolver_ends_with_lookups_under_way),
		RESOLVE(equal_names_under_way_are_asked_for_once),
		RESOLVE(a_name_given_up_and_wanted_again_is_asked_for_once),
		RESOLVE(a_question_that_got_lost_is_asked_again),
		RESOLVE(so_many_names_are_asked_for_at_once_and_no_more),
		RESOLVE(names_given_up_make_room_for_others),
		RESOLVE(R1928_4_13_a_name_is_asked_for_as_it_stands_without_search_domains_or_aliases),
		RESOLVE(bad_servers_are_refused),
		RESOLVE(good_servers_are_taken),
		RESOLVE(the_second_server_is_asked_when_the_first_does_not_exist),
	};

	return RUN(tests);
}

#include "dialing.h"

TEST(RFC8305_ipv6_goes_first)
{
	also_on_ipv6();
	assert_int_equal(dial_name("a.test"), S5_DIAL_CONNECTED);
	assert_int_equal(dial.peer.atyp, S5_ATYP_IPV6);
	hang_up();
}

TEST(the_family_is_as_preferred_or_as_ordered)
{
	static const struct {
		enum s5_prefer prefer;
		uint8_t atyp;
		unsigned asked;
	} cases[] = {
		{ S5_PREFER_4, S5_ATYP_IPV4, 2 },
		{ S5_PREFER_6, S5_ATYP_IPV6, 2 },
		{ S5_ONLY_4, S5_ATYP_IPV4, 1 },
		{ S5_ONLY_6, S5_ATYP_IPV6, 1 },
	};
	char name[] = "a0.test";

	also_on_ipv6();
	for (size_t i = 0; i < LENGTH(cases); i++) {
		options.prefer = cases[i].prefer;
		name[1]++;
		dnsd.asked = 0;
		assert_int_equal(dial_name(name), S5_DIAL_CONNECTED);
		assert_int_equal(dial.peer.atyp, cases[i].atyp);
		assert_int_equal(dnsd.asked, cases[i].asked);
		hang_up();
	}
}

TEST(R1928_4_15_the_other_family_is_tried_at_once_after_a_refusal)
{
	int64_t start = s5_clock_ms();

	assert_int_equal(dial_name("a.test"), S5_DIAL_CONNECTED);
	assert_int_equal(dial.peer.atyp, S5_ATYP_IPV4);
	assert_true(s5_clock_ms() - start < S5_DIAL_STAGGER);
	hang_up();
}

TEST(RFC8305_the_second_attempt_waits_for_the_first)
{
	int64_t start;
	int full[4];

	also_on_ipv6();
	fill_queue(full);
	options.prefer = S5_PREFER_4;
	for (int cached = 0; cached < 2; cached++) {
		start = s5_clock_ms();
		assert_int_equal(dial_name("a.test"), S5_DIAL_CONNECTED);
		assert_int_equal(dial.peer.atyp, S5_ATYP_IPV6);
		assert_in_range(s5_clock_ms() - start, S5_DIAL_STAGGER - 1, S5_DIAL_STAGGER + 2000);
		hang_up();
	}
	close_all(full);
}

TEST(R1928_6_10_a_name_without_an_address_says_why)
{
	for (size_t i = 0; i < LENGTH(dnsd_failures); i++) {
		assert_int_equal(dial_name(dnsd_failures[i].name), S5_DIAL_UNRESOLVED);
		assert_int_equal(dial.resolved, dnsd_failures[i].result);
		assert_int_equal(dial.peer.atyp, 0);
	}
	assert_int_equal(dial_name("127.1"), S5_DIAL_UNRESOLVED);
	assert_int_equal(dial.resolved, S5_LOOKUP_NO_NAME);
	assert_int_equal(dial.peer.atyp, 0);
	assert_int_equal(permitted, 0);
}

TEST(R1928_6_10_a_silent_name_server_is_no_silent_target)
{
	options.timeout = 100;
	assert_int_equal(dial_name("s.test"), S5_DIAL_UNRESOLVED);
	assert_int_equal(dial.resolved, S5_LOOKUP_TIMEOUT);
}

TEST(names_without_a_resolver_are_not_resolved)
{
	struct s5_addr a = name_of("a.test");

	prepare();
	dial.resolver = NULL;
	s5_dial_start(&dial, &a);
	assert_int_equal(finish(), S5_DIAL_UNRESOLVED);
	assert_int_equal(dnsd.asked, 0);
}

TEST(R1928_4_15_every_address_is_tried_and_the_last_failure_told)
{
	close(listener[0]);
	listener[0] = -1;
	options.prefer = S5_ONLY_4;
	assert_int_equal(dial_name("m.test"), S5_DIAL_FAILED);
	assert_int_equal(dial.error, ECONNREFUSED);
	assert_int_equal(permitted, S5_LOOKUP_MAX);
	assert_octets(dial.peer.octets, 4, "7f00000c");
}

TEST(R1928_4_13_an_address_denied_is_passed_over)
{
	struct s5_addr second = { .port = port };

	assert_true(s5_addr_set_ip(&second, "127.0.0.2", 9));
	permits = 1;
	options.prefer = S5_ONLY_4;
	assert_int_equal(dial_name("m.test"), S5_DIAL_CONNECTED);
	assert_octets(dial.peer.octets, 4, "7f000001");
	hang_up();
	permits = 0;
	permitted = 0;
	assert_int_equal(dial_name("m.test"), S5_DIAL_DENIED);
	assert_int_equal(permitted, S5_LOOKUP_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DIAL(RFC8305_ipv6_goes_first),
		DIAL(the_family_is_as_preferred_or_as_ordered),
		DIAL(R1928_4_15_the_other_family_is_tried_at_once_after_a_refusal),
		DIAL(RFC8305_the_second_attempt_waits_for_the_first),
		DIAL(R1928_6_10_a_name_without_an_address_says_why),
		DIAL(R1928_6_10_a_silent_name_server_is_no_silent_target),
		DIAL(names_without_a_resolver_are_not_resolved),
		DIAL(R1928_4_15_every_address_is_tried_and_the_last_failure_told),
		DIAL(R1928_4_13_an_address_denied_is_passed_over),
	};

	return RUN(tests);
}

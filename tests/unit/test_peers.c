#include "dnsd.h"
#include "net/peers.h"
#include "testlib.h"
#include "turns.h"

static struct s5_budget budget;
static struct s5_peers peers;

static int set_up(void **state)
{
	(void)state;
	budget = (struct s5_budget){ .limit = 100000 };
	s5_peers_init(&peers, &budget);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	s5_peers_fini(&peers);
	assert_int_equal(budget.used, 0);
	for (unsigned i = 0; i < S5_CONTACT_BUCKETS; i++)
		assert_null(LIST_FIRST(&peers.contacts.bucket[i]));
	return 0;
}

static struct s5_addr numbered(unsigned i)
{
	return s5_addr_ip4((const uint8_t[]){ 127, 1, (uint8_t)(i >> 8), (uint8_t)i }, 53);
}

static struct s5_addr named(const char *text)
{
	struct s5_addr a = { .port = 53 };

	assert_true(s5_addr_set_name(&a, text, strlen(text), 53));
	return a;
}

static struct s5_peer *add(const struct s5_addr *a)
{
	struct s5_peer *peer = s5_peers_add(&peers, a);

	assert_non_null(peer);
	return peer;
}

TEST(a_peer_is_found_by_what_stood_in_the_header)
{
	struct s5_addr name = named("Host.Example"), same = named("hOST.example"), ip = numbered(1);
	struct s5_addr other = named("host.exampl"), back;
	struct s5_peer *peer = add(&name);

	assert_ptr_equal(s5_peers_find(&peers, &name), peer);
	assert_ptr_equal(s5_peers_find(&peers, &same), peer);
	same.port++;
	assert_null(s5_peers_find(&peers, &same));
	assert_null(s5_peers_find(&peers, &other));
	assert_null(s5_peers_find(&peers, &ip));
	assert_ptr_not_equal(add(&ip), peer);
	assert_ptr_equal(s5_peers_find(&peers, &name), peer);
	back = s5_peer_addr(peer);
	assert_true(s5_addr_equal(&back, &name));
}

TEST(the_one_used_longest_ago_goes)
{
	struct s5_addr a = numbered(0), b = numbered(1), more;
	struct s5_peer *first = add(&a);

	for (unsigned i = 1; i < S5_PEERS; i++) {
		more = numbered(i);
		add(&more);
	}
	s5_peers_touch(&peers, first, 1);
	more = numbered(S5_PEERS);
	add(&more);
	assert_int_equal(peers.n, S5_PEERS);
	assert_ptr_equal(s5_peers_find(&peers, &a), first);
	assert_null(s5_peers_find(&peers, &b));
}

TEST(what_waits_goes_with_its_peer_and_is_told)
{
	struct s5_addr a = numbered(0), more;
	struct s5_peer *peer = add(&a);

	assert_true(s5_peer_hold(&peers, peer, "one", 3));
	assert_true(s5_peer_hold(&peers, peer, "", 0));
	assert_true(budget.used >= 3);
	for (unsigned i = 1; i <= S5_PEERS; i++) {
		more = numbered(i);
		add(&more);
	}
	assert_int_equal(peers.lost, 2);
	assert_int_equal(budget.used, 0);
}

TEST(R1928_U_24_what_waits_is_limited_in_number_and_in_octets)
{
	static const uint8_t large[60000];
	struct s5_addr a = numbered(0), b = numbered(1);
	struct s5_peer *peer = add(&a), *other = add(&b);
	unsigned n = 0;

	while (s5_peer_hold(&peers, peer, "", 0))
		n++;
	assert_int_equal(n, 64);
	assert_true(s5_peer_hold(&peers, other, large, sizeof large));
	assert_false(s5_peer_hold(&peers, other, large, sizeof large));
	assert_int_equal(s5_peer_drop_held(&peers, other), 1);
	assert_true(s5_peer_hold(&peers, other, large, sizeof large));
	assert_int_equal(s5_peer_drop_held(&peers, peer), 64);
	assert_int_equal(peers.lost, 0);
}

TEST(R1928_U_24_one_association_leaves_room_for_the_others)
{
	static const uint8_t large[60000];
	struct s5_addr a;
	struct s5_peer *peer;

	budget.limit = 8u << 20;
	for (unsigned i = 0; i < 16; i++) {
		a = numbered(i);
		peer = add(&a);
		while (s5_peer_hold(&peers, peer, large, sizeof large))
			;
	}
	assert_true(budget.used >= sizeof large && budget.used <= S5_HELD_OCTETS);
	s5_peer_drop_held(&peers, peer);
	a = numbered(0);
	s5_peer_drop_held(&peers, s5_peers_find(&peers, &a));
	assert_true(s5_peer_hold(&peers, peer, large, sizeof large));
}

static void never_done(struct s5_lookup *l)
{
	(void)l;
	fail_msg("a peer that is gone was told of");
}

TEST(a_question_goes_with_its_peer)
{
	struct s5_loop loop;
	struct dnsd dnsd;
	struct s5_resolver *resolver;
	struct s5_addr name = named("a.example"), more;
	struct s5_peer *peer = add(&name);

	assert_int_equal(s5_loop_init(&loop), 0);
	dnsd_start(&dnsd, &loop);
	assert_int_equal(s5_resolver_new(&resolver, &loop, dnsd.text), 0);
	assert_non_null(s5_peer_ask(&peers, peer));
	assert_int_equal(peers.questions, 1);
	s5_lookup_start(&peer->question->lookup, resolver, &name, S5_ATYP_IPV4, never_done);
	for (unsigned i = 0; i < S5_PEERS; i++) {
		more = numbered(i);
		add(&more);
	}
	assert_int_equal(peers.questions, 0);
	TURN_UNTIL(&loop, dnsd.asked > 0);
	turn_for(&loop, 20);
	s5_resolver_free(resolver);
	dnsd_stop(&dnsd, &loop);
	s5_loop_fini(&loop);
}

TEST(R1928_U_17_a_contact_stays_as_long_as_a_peer_leads_there)
{
	struct s5_addr name = named("a.example"), ip = numbered(7), place = numbered(8), more;
	struct s5_peer *one = add(&name), *two = add(&ip);

	assert_null(s5_contacts_find(&peers.contacts, &place));
	s5_peer_meet(&peers, one, &place);
	s5_peer_meet(&peers, one, &place);
	s5_peer_meet(&peers, two, &place);
	assert_non_null(s5_contacts_find(&peers.contacts, &place));
	place.port++;
	assert_null(s5_contacts_find(&peers.contacts, &place));
	place.port--;
	s5_peer_meet(&peers, one, NULL);
	assert_non_null(s5_contacts_find(&peers.contacts, &place));
	for (unsigned i = 0; i < S5_PEERS - 1; i++) {
		s5_peers_touch(&peers, two, i);
		more = numbered(256 + i);
		add(&more);
	}
	assert_non_null(s5_contacts_find(&peers.contacts, &place));
	for (unsigned i = 0; i < 2; i++) {
		more = numbered(2048 + i);
		add(&more);
	}
	s5_peer_meet(&peers, s5_peers_find(&peers, &ip), NULL);
	assert_null(s5_contacts_find(&peers.contacts, &place));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_peer_is_found_by_what_stood_in_the_header),
		CASE(the_one_used_longest_ago_goes),
		CASE(what_waits_goes_with_its_peer_and_is_told),
		CASE(R1928_U_24_what_waits_is_limited_in_number_and_in_octets),
		CASE(R1928_U_24_one_association_leaves_room_for_the_others),
		CASE(a_question_goes_with_its_peer),
		CASE(R1928_U_17_a_contact_stays_as_long_as_a_peer_leads_there),
	};

	return RUN(tests);
}

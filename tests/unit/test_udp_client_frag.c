/* roles/udp_client: fragments, there and back. */
#include "associating.h"

TEST(R1928_F_2_pieces_are_numbered_and_the_last_is_marked)
{
	struct scene *s = *state;
	struct s5_addr to = ip4(9, 53);

	start_one(s);
	assert_int_equal(s5_udp_client_send_pieces(&s->client, &to, "abcde", 5, 2), 0);
	relay_got(s, "0000 01 01 7f000009 0035 6162");
	relay_got(s, "0000 02 01 7f000009 0035 6364");
	relay_got(s, "0000 83 01 7f000009 0035 65");
	assert_int_equal(s5_udp_client_send_pieces(&s->client, &to, "", 0, 2), 0);
	relay_got(s, "0000 00 01 7f000009 0035");
	assert_int_equal(s5_udp_client_send_pieces(&s->client, &to, s->data, 127, 1), 0);
	assert_int_equal(s5_udp_client_send_pieces(&s->client, &to, s->data, 128, 1), -E2BIG);
}

TEST(R1928_F_2_fragments_are_put_together)
{
	struct scene *s = *state;

	start_one(s);
	send_to(s, ip4(9, 53), "");
	relay_got(s, "0000 00 01 7f000009 0035");
	sends(s, s->relay, "0000 01 01 7f000009 0035 6162");
	sends(s, s->relay, "0000 02 01 7f000009 0035");
	sends(s, s->relay, "0000 83 01 7f000009 0035 63");
	AFTER(received);
	assert_octets(s->data, s->len, "616263");
	sends(s, s->relay, "0000 00 01 7f000009 0035 64");
	AFTER(received);
	assert_octets(s->data, s->len, "64");
	assert_int_equal(s->dropped, 0);
	assert_int_equal(s->budget.used, 0);
}

TEST(R1928_F_4_F_7_what_breaks_a_sequence_is_told)
{
	struct scene *s = *state;

	start_one(s);
	send_to(s, ip4(9, 53), "");
	relay_got(s, "0000 00 01 7f000009 0035");
	sends(s, s->relay, "0000 01 01 7f000009 0035 6162");
	sends(s, s->relay, "0000 00 01 7f000009 0035 64");
	AFTER(received);
	assert_octets(s->data, s->len, "64");
	assert_int_equal(s->dropped, 1);
	sends(s, s->relay, "0000 01 01 7f000009 0035 6162");
	sends(s, s->relay, "0000 82 01 7f000008 0035 64");
	AFTER(dropped);
	assert_int_equal(s->received, 1);
}

TEST(R1928_F_7_a_chain_has_a_queue_for_each_hop)
{
	struct scene *s = *state;

	assert_int_equal(join(s, relay_address(s), ip4(1, 1080)), 0);
	assert_int_equal(join(s, ip4(2, 0x7531), ip4(2, 1080)), 0);
	start(s);
	send_to(s, ip4(9, 53), "");
	relay_got(s, "0000 00 01 7f000002 7531 0000 00 01 7f000009 0035");
	sends(s, s->relay, "0000 01 01 7f000002 7531 0000 01 01 7f00");
	sends(s, s->relay, "0000 82 01 7f000002 7531 0009 0035 61");
	sends(s, s->relay, "0000 00 01 7f000002 7531 0000 82 01 7f000009 0035 62");
	AFTER(received);
	assert_octets(s->data, s->len, "6162");
}

TEST(R1928_F_6_a_sequence_is_held_for_five_seconds_and_no_longer)
{
	struct scene *s = *state;
	struct s5_timer *t = &s->client.fragments;
	int64_t begun;

	start_one(s);
	send_to(s, ip4(9, 53), "");
	relay_got(s, "0000 00 01 7f000009 0035");
	sends(s, s->relay, "0000 01 01 7f000009 0035 6162");
	TURN_UNTIL(&s->loop, t->slot);
	begun = s->loop.now;
	assert_int_equal(t->at - begun, 5000);
	s->loop.now = t->at;
	s5_timer_stop(&s->loop, t);
	t->fire(t);
	assert_int_equal(s->dropped, 1);
	assert_int_equal(s->budget.used, 0);
	assert_int_equal(t->slot, 0);
}

TEST(R1928_F_1_without_a_budget_fragments_are_dropped)
{
	struct scene *s = *state;

	s->client.budget = NULL;
	start_one(s);
	send_to(s, ip4(9, 53), "");
	relay_got(s, "0000 00 01 7f000009 0035");
	sends(s, s->relay, "0000 81 01 7f000009 0035 6162");
	AFTER(dropped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(R1928_F_2_pieces_are_numbered_and_the_last_is_marked),
		SCENE(R1928_F_2_fragments_are_put_together),
		SCENE(R1928_F_4_F_7_what_breaks_a_sequence_is_told),
		SCENE(R1928_F_7_a_chain_has_a_queue_for_each_hop),
		SCENE(R1928_F_6_a_sequence_is_held_for_five_seconds_and_no_longer),
		SCENE(R1928_F_1_without_a_budget_fragments_are_dropped),
	};

	return RUN(tests);
}

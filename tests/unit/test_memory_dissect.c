/* Memory runs out at every single allocation of what reads captures and pasted octets: something is
 * missing then and said to be, nothing is held back. */
#include "starving.h"

#include "dissect/defrag.h"
#include "dissect/lone.h"
#include "dissect/tcp.h"
#include "dissect/text.h"
#include "captured.h"
#include "dissect/script.h"
#include "frames.h"
#include "vectors.h"

/* captures */

static char told[64];

static void *on_opened(void *owner, const struct s5_tcp_opening *o)
{
	(void)o;
	return owner;
}

static void on_octets(void *user, unsigned side, const uint8_t *octets, size_t n, int64_t when)
{
	(void)side, (void)when;
	strncat(user, (const char *)octets, n);
}

static void on_gap(void *user, unsigned side, size_t n, int64_t when)
{
	(void)user, (void)side, (void)n, (void)when;
}

static void on_ended(void *user, unsigned side, enum s5_tcp_end how, int64_t when)
{
	(void)user, (void)side, (void)how, (void)when;
}

static void add_segment(struct s5_tcp *t, uint32_t seq, uint8_t flags, const char *text)
{
	static struct frame f;
	struct s5_packet p;

	f.len = 0;
	frame_ip4(&f, S5_TRANSPORT_TCP, 1, 0, 20 + strlen(text));
	frame_tcp(&f, &(struct segment){ 1000, 80, seq, 0, flags, text, strlen(text) });
	assert_int_equal(s5_packet_get(&p, S5_LINK_RAW, f.octets, f.len, f.len), S5_PACKET_GOOD);
	s5_tcp_add(t, &p, 0);
}

static bool put_together(void)
{
	static const struct s5_tcp_sink sink = { told, on_opened, on_octets, on_gap, on_ended };
	static const struct s5_tcp_limits limits = S5_TCP_LIMITS;
	static const struct s5_hash_key key = { { 1, 2 } };
	struct s5_tcp t;

	told[0] = 0;
	if (!s5_tcp_init(&t, &sink, &limits, &key))
		return false;
	add_segment(&t, 1, S5_TCP_SYN, "");
	add_segment(&t, 11, S5_TCP_ACK, "late");
	add_segment(&t, 6, S5_TCP_ACK, "very ");
	add_segment(&t, 2, S5_TCP_ACK, "all ");
	add_segment(&t, 15, S5_TCP_ACK | S5_TCP_FIN, "");
	s5_tcp_end(&t, 0);
	s5_tcp_fini(&t);
	return !strcmp(told, "all very late");
}

TEST(streams_lose_octets_and_nothing_else)
{
	assert_in_range(starve(put_together), 3, 20);
}

static bool add_fragment(struct s5_defrag *d, unsigned offset, const uint8_t *octets, size_t n)
{
	static struct frame f;
	struct s5_packet p;

	f.len = 0;
	frame_ip4(&f, S5_TRANSPORT_UDP, 7, offset, n);
	frame_put(&f, octets, n);
	s5_packet_get(&p, S5_LINK_RAW, f.octets, f.len, f.len);
	return s5_defrag_add(d, &p, 0) == S5_PACKET_GOOD;
}

static bool defragment(void)
{
	static struct frame udp;
	struct s5_defrag d;
	bool whole;

	udp.len = 0;
	frame_udp(&udp, "a datagram in two", 16);
	s5_defrag_init(&d, 4, 65536);
	add_fragment(&d, 2, udp.octets + 16, 8);
	whole = add_fragment(&d, 0x2000, udp.octets, 16);
	s5_defrag_fini(&d);
	return whole;
}

TEST(datagrams_are_lost_whole)
{
	assert_in_range(starve(defragment), 1, 20);
}

/* conversations */

static struct vector vector;
static bool faulty;

static void on_seen(void *arg, const struct s5_seen *seen)
{
	assert_null(arg);
	faulty |= seen->kind == S5_SEEN_FAULT;
}

static bool follow(void)
{
	static struct s5_talk talk;
	uint8_t octets[VECTOR_TEXT];
	bool open;

	faulty = false;
	s5_talk_init(&talk, on_seen, NULL);
	for (size_t i = 0; i < vector.n; i++) {
		size_t n = hex(octets, sizeof octets, vector.lines[i].hex);

		for (size_t at = 0; at < n; at++)
			s5_talk_recv(&talk, vector.lines[i].from, octets + at, 1, 0);
	}
	s5_talk_end(&talk, S5_CLIENT, true);
	s5_talk_end(&talk, S5_SERVER, true);
	open = talk.state == S5_TALK_OPEN;
	s5_talk_fini(&talk);
	assert_true(!heap.failed || !open || faulty);
	return open && !faulty;
}

TEST(conversations_end_in_a_fault)
{
	vector_load(&vector, "31-gss-tcp-level1");
	assert_in_range(starve(follow), 10, 4000);
	vector_load(&vector, "32-gss-tcp-level2");
	assert_in_range(starve(follow), 10, 4000);
}

static bool read_lone(void)
{
	static const uint8_t octets[] = { 5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, 0, 80 };

	faulty = false;
	return s5_lone_read(octets, sizeof octets, S5_OBSERVER, on_seen, NULL) == S5_CLIENT &&
	       !faulty;
}

TEST(one_side_alone_is_read_as_far_as_it_goes)
{
	assert_in_range(starve(read_lone), 3, 500);
}

static bool read_capture(void)
{
	if (!captured_try(0))
		return false;
	cap.is_quiet = true;
	captured_open(0);
	captured_say(0, S5_CLIENT, "050100");
	captured_say(0, S5_SERVER, "0500");
	captured_say(0, S5_CLIENT, "05030001000000000000");
	captured_say(0, S5_SERVER, "05000001000000001f40");
	captured_datagram(S5_CLIENT, 7000, 8000, "000001010a00000900506162");
	captured_datagram(S5_CLIENT, 7000, 8000, "000082010a00000900506364");
	captured_close(0);
	captured_end();
	return cap.told == 7 && !cap.faults;
}

TEST(captures_tell_less_and_give_all_back)
{
	assert_in_range(starve(read_capture), 5, 100);
}

/* pasted octets */

static void fresh(void *arg)
{
	(void)arg;
}

static bool read_script(const char *text)
{
	static const struct s5_script_sink sink = { NULL, fresh, on_seen };
	struct s5_budget budget = { .limit = 100000 };
	struct s5_script script;
	bool good;

	faulty = false;
	good = s5_script_read(&script, text, strlen(text));
	assert_true(good || script.why);
	good &= s5_script_tell(&script, &budget, &sink);
	s5_script_fini(&script);
	assert_int_equal(budget.used, 0);
	return good && !faulty;
}

static bool read_conversation(void)
{
	return read_script("C: 050100\nS: 0500\nCu: 000001010a00000900506162\n");
}

static bool read_lines(void)
{
	return read_script("S: 0500\nS: 05000001000000000000\n");
}

TEST(conversations_that_were_written_down)
{
	assert_in_range(starve(read_conversation), 5, 100);
	assert_in_range(starve(read_lines), 5, 500);
}

static bool read_text(void)
{
	static const char dump[] = "00000000: 0501 00   ...\n00000003: 0502 00   ...\n";
	struct s5_text t;
	bool good = s5_text_read(&t, dump, sizeof dump - 1, S5_TEXT_AUTO);

	assert_true(good || t.why);
	s5_text_fini(&t);
	return good;
}

TEST(text_says_that_memory_is_short)
{
	assert_in_range(starve(read_text), 1, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_lose_octets_and_nothing_else),
		cmocka_unit_test(datagrams_are_lost_whole),
		cmocka_unit_test(conversations_end_in_a_fault),
		cmocka_unit_test(one_side_alone_is_read_as_far_as_it_goes),
		cmocka_unit_test(captures_tell_less_and_give_all_back),
		cmocka_unit_test(conversations_that_were_written_down),
		cmocka_unit_test(text_says_that_memory_is_short),
	};

	return RUN(tests);
}

#include <errno.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dnsd.h"
#include "net/assoc.h"
#include "testlib.h"
#include "turns.h"
#include "wire/message.h"

static struct s5_loop loop;
static struct dnsd dnsd;
static struct s5_resolver *resolver;
static struct s5_post post;
static struct s5_assoc_options options;
static struct s5_assoc assoc;
static int client, target;
static struct s5_addr relay, target_at;
static unsigned idles;
static uint8_t got[S5_DATAGRAM_ROOM];

static char refusal[S5_ADDR_TEXT]; /* the destination */
static const char *refusal_why;
static bool refusal_first;

static void refused(struct s5_assoc *a, const struct s5_addr *to, const char *why, bool first)
{
	(void)a;
	s5_addr_format(to, refusal, sizeof refusal);
	refusal_why = why;
	refusal_first = first;
}

static bool permit(struct s5_assoc *a, const struct s5_addr *name, const struct s5_addr *address)
{
	(void)a;
	(void)name;
	return !address || address->octets[1] != 99; /* 127.99.0.0/16 is denied */
}

static void idle(struct s5_assoc *a)
{
	idles++;
	s5_assoc_stop(a);
}

static struct s5_addr home(uint8_t second, uint16_t number)
{
	return s5_addr_ip4(
		(const uint8_t[]){ 127, second, (uint8_t)(number >> 8), (uint8_t)number }, 0);
}

static int open_socket(struct s5_addr *a)
{
	int fd = s5_sock_udp(a);

	assert_true(fd >= 0);
	*a = s5_sock_local(fd);
	return fd;
}

static void start(void)
{
	struct s5_addr a = home(0, 1);
	struct s5_sockaddr sa;
	int fd;

	relay = home(0, 1);
	fd = open_socket(&relay);
	s5_udp_tune(fd);
	assoc = (struct s5_assoc){ .loop = &loop,
				   .post = &post,
				   .resolver = resolver,
				   .options = &options,
				   .client = home(0, 1),
				   .permit = permit,
				   .refused = refused,
				   .idle = idle };
	assert_int_equal(s5_assoc_start(&assoc, fd), 0);
	client = open_socket(&a);
	assert_true(s5_sockaddr_from(&sa, &relay));
	assert_int_equal(connect(client, &sa.sa, sa.len), 0);
}

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(s5_loop_init(&loop), 0);
	dnsd_start(&dnsd, &loop);
	assert_int_equal(s5_resolver_new(&resolver, &loop, dnsd.text), 0);
	assert_int_equal(s5_post_init(&post), 0);
	options = (struct s5_assoc_options){ .filter = S5_UDP_FILTER_ADDRESS };
	target_at = home(0, 1);
	target = open_socket(&target_at);
	idles = 0;
	refusal[0] = '\0';
	start();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	s5_assoc_stop(&assoc);
	s5_assoc_stop(&assoc);
	assert_int_equal(post.budget.used, 0);
	s5_post_fini(&post);
	s5_resolver_free(resolver);
	dnsd_stop(&dnsd, &loop);
	s5_loop_fini(&loop);
	close(client);
	close(target);
	return 0;
}

static void send_to(const struct s5_addr *to, uint8_t frag, const void *data, size_t len)
{
	static uint8_t text[S5_DATAGRAM_ROOM];
	struct s5_writer w = s5_writer_over(text, sizeof text);
	struct s5_datagram d = { .frag = frag, .addr = *to };

	s5_datagram_put(&w, &d);
	memcpy(text + w.len, data, len);
	assert_int_equal(send(client, text, w.len + len, 0), w.len + len);
}

static void send_named(const char *name, const char *text)
{
	struct s5_addr a;

	assert_true(s5_addr_set_name(&a, name, strlen(name), target_at.port));
	send_to(&a, 0, text, strlen(text));
}

static ssize_t take(int fd)
{
	return recv(fd, got, sizeof got, MSG_DONTWAIT);
}

/* The next datagram there is this text. */
static void gets(int fd, size_t skip, const char *text)
{
	ssize_t n = -1;

	TURN_UNTIL(&loop, n >= 0 || (n = take(fd)) >= 0);
	assert_int_equal(n, skip + strlen(text));
	assert_memory_equal(got + skip, text, strlen(text));
}

/* Where the association sends from. */
static struct s5_sockaddr far_side(void)
{
	struct s5_addr a = home(0, 1);
	struct s5_sockaddr sa;

	a.port = s5_sock_local(assoc.far[0].fd).port;
	assert_true(s5_sockaddr_from(&sa, &a));
	return sa;
}

static void answer(int fd, const char *text)
{
	struct s5_sockaddr sa = far_side();

	assert_int_equal(sendto(fd, text, strlen(text), 0, &sa.sa, sa.len), strlen(text));
}

/* So many more places, in order: nobody is there. */
static void send_to_others(unsigned first, unsigned count)
{
	struct s5_addr other;

	for (unsigned i = first; i < first + count; i++) {
		other = home(1, (uint16_t)i);
		other.port = target_at.port;
		send_to(&other, 0, "x", 1);
		if (i % 32 == 31)
			turn_now(&loop);
	}
	turn_now(&loop);
}

TEST(there_and_back)
{
	send_to(&target_at, 0, "ping", 4);
	gets(target, 0, "ping");
	answer(target, "pong");
	gets(client, 10, "pong");
	assert_int_equal(assoc.up.octets + assoc.down.octets, 8);
	assert_int_equal(assoc.up.datagrams + assoc.down.datagrams, 2);
	assert_int_equal(assoc.dropped, 0);
}

TEST(R1928_U_24_what_waits_for_a_name_keeps_its_order)
{
	char text[8];

	for (int i = 0; i < 70; i++) {
		snprintf(text, sizeof text, "%d", i);
		send_named("a.example", text);
	}
	for (int i = 0; i < 64; i++) {
		snprintf(text, sizeof text, "%d", i);
		gets(target, 0, text);
	}
	send_named("a.example", "later");
	gets(target, 0, "later");
	assert_int_equal(assoc.dropped, 6);
	assert_int_equal(dnsd.asked, 1);
	assert_int_equal(post.budget.used, 0);
}

/* The peer of the name is the one used longest ago when the answer comes. */
TEST(an_answer_throws_out_nobody)
{
	send_named("a.example", "named");
	TURN_UNTIL(&loop, assoc.peers.n == 1);
	s5_loop_unwatch(&loop, &dnsd.watch);
	send_to_others(0, S5_PEERS - 1);
	assert_int_equal(s5_loop_watch(&loop, &dnsd.watch, EPOLLIN), 0);
	gets(target, 0, "named");
	answer(target, "back");
	gets(client, 10, "back");
}

TEST(R1928_U_24_a_name_thrown_out_while_it_is_asked_for_makes_room_for_others)
{
	char name[16];

	for (unsigned i = 0; i < 16; i++) {
		snprintf(name, sizeof name, "s%u.example", i);
		send_named(name, "lost");
	}
	turn_now(&loop);
	send_to_others(0, S5_PEERS);
	assert_int_equal(post.budget.used, 0);
	send_named("a.example", "found");
	gets(target, 0, "found");
	assert_true(assoc.dropped >= 16);
}

TEST(R1928_U_24_sixteen_names_at_a_time)
{
	char name[16];

	for (unsigned i = 0; i < 40; i++) {
		snprintf(name, sizeof name, "s%u.example", i);
		send_named(name, "waits");
	}
	TURN_UNTIL(&loop, assoc.dropped >= 24);
	turn_for(&loop, 20);
	assert_int_equal(assoc.dropped, 24);
	send_to(&target_at, 0, "on", 2);
	gets(target, 0, "on");
}

TEST(R1928_U_17_a_destination_in_use_stays_welcome)
{
	for (unsigned i = 0; i < S5_PEERS + 64; i += 64) {
		send_to_others(i, 64);
		send_to(&target_at, 0, "still", 5);
		gets(target, 0, "still");
	}
	answer(target, "here");
	gets(client, 10, "here");
}

TEST(R1928_U_17_whom_the_rules_deny_is_not_let_in)
{
	struct s5_addr denied = home(99, 1);
	int fd = open_socket(&denied);

	options.filter = S5_UDP_FILTER_PORT;
	send_to(&target_at, 0, "one", 3);
	send_to(&denied, 0, "two", 3);
	gets(target, 0, "one");
	answer(fd, "denied");
	answer(target, "allowed");
	gets(client, 10, "allowed");
	assert_int_equal(assoc.dropped, 2);
	close(fd);
}

TEST(what_is_refused_is_told_with_its_reason_and_whether_again)
{
	struct s5_addr denied = home(99, 1);

	denied.port = 9;
	send_to(&denied, 0, "one", 3);
	send_to(&denied, 0, "two", 3);
	TURN_UNTIL(&loop, assoc.dropped == 2);
	assert_string_equal(refusal, "127.99.0.1:9");
	assert_true(refusal_first && !refusal_why);
	turn_for(&loop, 1000);
	send_to(&denied, 0, "three", 5);
	TURN_UNTIL(&loop, assoc.dropped == 3);
	assert_false(refusal_first);
}

TEST(a_run_to_many_places_is_not_lost_when_one_makes_room)
{
	send_to_others(0, S5_PEERS);
	send_to(&target_at, 0, "a", 1);
	send_to_others(4096, 31);
	send_to(&target_at, 0, "b", 1);
	gets(target, 0, "a");
	gets(target, 0, "b");
}

TEST(R1928_F_2_fragments_between_others_keep_their_place)
{
	send_to(&target_at, 0, "1", 1);
	send_to(&target_at, 1, "2", 1);
	send_to(&target_at, 0x82, "3", 1);
	send_to(&target_at, 0, "4", 1);
	send_to(&target_at, 1, "5", 1);
	send_to(&target_at, 0x82, "6", 1);
	gets(target, 0, "1");
	gets(target, 0, "23");
	gets(target, 0, "4");
	gets(target, 0, "56");
	TURN_UNTIL(&loop, post.budget.used == 0);
}

TEST(R1928_F_2_fragments_to_a_name_are_held_whole)
{
	struct s5_addr a;

	assert_true(s5_addr_set_name(&a, "a.example", 9, target_at.port));
	send_to(&a, 1, "to", 2);
	send_to(&a, 0x82, "gether", 6);
	send_to(&a, 1, "and ", 4);
	send_to(&a, 0x82, "again", 5);
	gets(target, 0, "together");
	gets(target, 0, "and again");
}

TEST(R1928_F_7_a_broken_sequence_is_counted)
{
	send_to(&target_at, 1, "lost", 4);
	send_to(&target_at, 0, "whole", 5);
	gets(target, 0, "whole");
	assert_int_equal(assoc.dropped, 1);
	assert_int_equal(assoc.up.datagrams, 1);
}

TEST(R1928_U_18_a_client_that_is_deaf_for_a_while)
{
	struct s5_addr a = s5_sock_local(client);
	struct s5_sockaddr sa;

	send_to(&target_at, 0, "1", 1);
	gets(target, 0, "1");
	close(client);
	for (int i = 0; i < 3; i++) {
		answer(target, "unheard");
		turn_for(&loop, 10);
	}
	client = s5_sock_udp(&a);
	assert_true(client >= 0 && s5_sockaddr_from(&sa, &relay));
	assert_int_equal(connect(client, &sa.sa, sa.len), 0);
	answer(target, "heard");
	gets(client, 10, "heard");
	send_to(&target_at, 0, "2", 1);
	gets(target, 0, "2");
}

TEST(R1928_U_19_it_may_be_stopped_when_it_is_told_idle)
{
	s5_assoc_stop(&assoc);
	close(client);
	options.idle = 30;
	start();
	send_named("s.example", "waits");
	TURN_UNTIL(&loop, idles == 1);
	assert_int_equal(post.budget.used, 0);
	turn_for(&loop, 50);
	assert_int_equal(idles, 1);
}

/* Each message of a client that lets the kernel cut brings many: no turn takes them all. */
TEST(a_flood_leaves_others_their_turn)
{
	enum { EACH = 40, MESSAGES = 60 };
	static uint8_t run[EACH * 11];
	uint16_t size = 11;

	for (size_t i = 0; i < EACH; i++) {
		struct s5_writer out = s5_writer_over(run + i * size, size);

		s5_datagram_put(&out, &(struct s5_datagram){ .addr = target_at });
	}
	assert_int_equal(setsockopt(client, IPPROTO_UDP, UDP_SEGMENT, &(int){ size }, sizeof(int)),
			 0);
	for (unsigned i = 0; i < MESSAGES; i++)
		assert_int_equal(send(client, run, sizeof run, 0), (int)sizeof run);
	turn_now(&loop);
	assert_in_range(assoc.up.datagrams, 1, 640);
	TURN_UNTIL(&loop, assoc.up.datagrams == EACH * MESSAGES);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(there_and_back),
		CASE(R1928_U_24_what_waits_for_a_name_keeps_its_order),
		CASE(an_answer_throws_out_nobody),
		CASE(R1928_U_24_a_name_thrown_out_while_it_is_asked_for_makes_room_for_others),
		CASE(R1928_U_24_sixteen_names_at_a_time),
		CASE(R1928_U_17_a_destination_in_use_stays_welcome),
		CASE(R1928_U_17_whom_the_rules_deny_is_not_let_in),
		CASE(what_is_refused_is_told_with_its_reason_and_whether_again),
		CASE(a_run_to_many_places_is_not_lost_when_one_makes_room),
		CASE(R1928_F_2_fragments_between_others_keep_their_place),
		CASE(R1928_F_2_fragments_to_a_name_are_held_whole),
		CASE(R1928_F_7_a_broken_sequence_is_counted),
		CASE(R1928_U_18_a_client_that_is_deaf_for_a_while),
		CASE(a_flood_leaves_others_their_turn),
		CASE(R1928_U_19_it_may_be_stopped_when_it_is_told_idle),
	};

	return RUN(tests);
}

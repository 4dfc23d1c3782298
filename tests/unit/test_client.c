/* roles/client: what is refused before anything is sent, what happens when it is given up, and
 * what becomes of octets that come with the reply. The dialogue itself is test_session_client. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "roles/client.h"
#include "testlib.h"

/* The replies to a BIND: listening, and 127.0.0.1:9 came. */
#define FIRST "050000017f0000010fa0"
#define SECOND "050000017f0000010009"

/* A client and the proxy that it goes to, a listening socket that the test itself serves. */
struct scene {
	struct s5_client client;
	struct s5_client_config config;
	struct s5_hop hops[3];
	struct s5_loop loop;
	int listener, peer;
	bool done, ok;
};

static void scene_done(struct s5_client *c, bool ok)
{
	struct scene *s = S5_OUTER(c, struct scene, client);

	assert_false(s->done);
	s->done = true;
	s->ok = ok;
}

static struct s5_addr name_of(const char *text, size_t len)
{
	struct s5_addr a = { .atyp = 0 };

	assert_true(s5_addr_set_name(&a, text, len, 80));
	return a;
}

static int setup(void **state)
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	struct scene *s = calloc(1, sizeof *s);
	struct s5_addr here = s5_addr_ip4(loopback, 0);

	assert_non_null(s);
	assert_int_equal(s5_loop_init(&s->loop), 0);
	s->listener = s5_listen_tcp(&here, false);
	assert_true(s->listener >= 0);
	s->peer = -1;
	for (unsigned i = 0; i < LENGTH(s->hops); i++)
		s->hops[i] = (struct s5_hop){ .addr = name_of("hop", 3), .nmethods = 1 };
	s->hops[0].addr = s5_sock_local(s->listener);
	s->config = (struct s5_client_config){ .hops = s->hops, .nhops = 1, .timeout = 5000 };
	s->client = (struct s5_client){ .loop = &s->loop, .config = &s->config };
	s->client.request = (struct s5_request){ .cmd = S5_CMD_CONNECT, .dst = name_of("far", 3) };
	s->client.done = scene_done;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	if (s->done && s->client.fd >= 0)
		close(s->client.fd);
	s5_client_fini(&s->client);
	s5_client_fini(&s->client);
	s5_loop_fini(&s->loop);
	close(s->listener);
	if (s->peer >= 0)
		close(s->peer);
	free(s);
	return 0;
}

static void until_done(struct scene *s)
{
	s5_client_start(&s->client);
	assert_false(s->done);
	while (!s->done)
		s5_loop_turn(&s->loop);
}

/* The proxy takes the connection and says all this at once. */
static void serve(struct scene *s, const char *text)
{
	uint8_t octets[256];
	size_t n = hex(octets, sizeof octets, text);

	s5_client_start(&s->client);
	s5_loop_turn(&s->loop);
	s->peer = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(s->peer >= 0);
	assert_int_equal(write(s->peer, octets, n), n);
	while (!s->done)
		s5_loop_turn(&s->loop);
}

static void refused_here(struct scene *s, int hop, enum s5_note note)
{
	until_done(s);
	assert_false(s->ok);
	assert_int_equal(s->client.fd, -1);
	assert_int_equal(s->client.failure.hop, hop);
	assert_int_equal(s->client.failure.phase, S5_PHASE_REQUEST);
	assert_int_equal(s->client.failure.session.cause, S5_CAUSE_LOCAL);
	assert_int_equal(s->client.failure.session.note, note);
	assert_int_equal(accept4(s->listener, NULL, NULL, SOCK_CLOEXEC), -1);
}

TEST(a_name_with_a_nul_is_refused_before_anything_is_sent) /* R1928-4.4 */
{
	struct scene *s = *state;

	s->client.request.dst = name_of("localhost\0.evil", 15);
	refused_here(s, 0, S5_NOTE_NAME_CONTROL);
}

TEST(a_name_that_dns_cannot_know_is_refused) /* R1928-4.4 */
{
	struct scene *s = *state;
	char long_name[254];

	memset(long_name, 'x', sizeof long_name);
	s->client.request.dst = name_of(long_name, sizeof long_name);
	refused_here(s, 0, S5_NOTE_NAME_LONG);
}

TEST(an_empty_target_is_refused) /* R1928-4.4 */
{
	struct scene *s = *state;

	s->client.request.dst = (struct s5_addr){ .atyp = S5_ATYP_NAME, .port = 80 };
	refused_here(s, 0, S5_NOTE_NAME_EMPTY);
}

TEST(an_empty_user_is_refused) /* R1929-2 */
{
	struct scene *s = *state;

	s->config.nhops = 2;
	s->hops[1].methods[0] = S5_METHOD_USERPASS;
	refused_here(s, 1, S5_NOTE_ULEN_ZERO);
}

TEST(a_unix_socket_can_be_no_later_hop)
{
	struct scene *s = *state;

	s->config.nhops = 3;
	s->hops[2] = (struct s5_hop){ .path = "/x", .nmethods = 1 };
	refused_here(s, 1, S5_NOTE_ATYP_UNKNOWN);
}

TEST(a_direct_target_is_looked_at_as_well)
{
	struct scene *s = *state;

	s->config.nhops = 0;
	s->client.request.dst = name_of("a b", 3);
	refused_here(s, -1, S5_NOTE_NAME_CONTROL);
}

TEST(without_a_resolver_names_of_proxies_are_not_resolved)
{
	struct scene *s = *state;

	s->hops[0].addr = name_of("proxy", 5);
	until_done(s);
	assert_false(s->ok);
	assert_int_equal(s->client.failure.phase, S5_PHASE_RESOLVE);
	assert_int_equal(s->client.failure.end, S5_DIAL_UNRESOLVED);
}

TEST(given_up_before_or_in_the_dialogue_it_leaves_nothing_and_tells_nothing)
{
	struct scene *s = *state;

	for (int turns = 0; turns < 2; turns++) {
		s5_client_start(&s->client);
		for (int i = 0; i < turns; i++)
			s5_loop_turn(&s->loop);
		s5_client_fini(&s->client);
		assert_false(s->done);
		s->client = (struct s5_client){ .loop = &s->loop,
						.config = &s->config,
						.request = s->client.request,
						.done = scene_done };
	}
	assert_int_equal(s->loop.ntimers, 0);
}

TEST(what_comes_with_the_reply_is_handed_over) /* R1928-6.13 */
{
	struct scene *s = *state;

	serve(s, "0500 05000001000000000000 656172 6c79");
	assert_true(s->ok);
	assert_octets(s->client.early, s->client.nearly, "6561726c79");
}

TEST(an_exact_client_reads_only_the_dialogue) /* R1928-6.13 */
{
	struct scene *s = *state;
	char left[16];

	s->config.exact = true;
	serve(s, "0500 0500000303616263 0000 6561726c79");
	assert_true(s->ok);
	assert_int_equal(s->client.nearly, 0);
	assert_int_equal(recv(s->client.fd, left, sizeof left, 0), 5);
	assert_memory_equal(left, "early", 5);
}

TEST(what_comes_with_a_hops_reply_is_the_next_hops)
{
	struct scene *s = *state;
	uint8_t sent[64];
	ssize_t n;

	s->config.nhops = 2;
	serve(s, "0500 05000001000000000000 0500 05000001000000000000 2121");
	assert_true(s->ok);
	assert_octets(s->client.early, s->client.nearly, "2121");
	n = recv(s->peer, sent, sizeof sent, MSG_DONTWAIT);
	assert_octets(sent, (size_t)n, "050100 0501000303686f700050 050100 05010003036661720050");
}

TEST(no_password_stays_behind) /* R1929-11 */
{
	struct scene *s = *state;
	const uint8_t *memory = (const uint8_t *)&s->client;

	s->hops[0].methods[0] = S5_METHOD_USERPASS;
	s->hops[0].credentials =
		(struct s5_credentials){ .ulen = 2, .plen = 6, .user = "us", .password = "Pa55wd" };
	serve(s, "0502 0100 05000001000000000000");
	assert_true(s->ok);
	close(s->client.fd);
	s->client.fd = -1;
	s5_client_fini(&s->client);
	assert_null(memmem(memory, sizeof s->client, "Pa55wd", 6));
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* A scene in which the peer is waited for longer than any phase may take. */
struct waiting {
	struct scene *scene;
	struct s5_timer timer;
};

static void let_a_peer_come(struct s5_timer *t)
{
	struct waiting *w = S5_OUTER(t, struct waiting, timer);
	uint8_t octets[10];
	size_t n = hex(octets, sizeof octets, SECOND);

	assert_false(w->scene->done);
	assert_int_equal(write(w->scene->peer, octets, n), n);
}

TEST(the_wait_for_a_peer_is_no_phase)
{
	struct waiting w = { .scene = *state, .timer.fire = let_a_peer_come };
	struct scene *s = w.scene;

	s->client.request = (struct s5_request){ .cmd = S5_CMD_BIND, .dst = name_of("far", 3) };
	s->config.timeout = 100;
	s5_timer_set(&s->loop, &w.timer, s5_clock_ms() + 3 * s->config.timeout);
	serve(s, "0500" FIRST);
	assert_true(s->ok);
	assert_int_equal(s->client.session.reply.bnd.port, 9);
	close(s->client.fd);
}

TEST(the_wait_for_a_peer_has_a_limit_of_its_own)
{
	struct scene *s = *state;

	s->client.request = (struct s5_request){ .cmd = S5_CMD_BIND, .dst = name_of("far", 3) };
	s->config.await = 50;
	serve(s, "0500" FIRST);
	assert_false(s->ok);
	assert_int_equal(s->client.failure.session.cause, S5_CAUSE_TIMEOUT);
	assert_int_equal(s->client.failure.session.step, S5_STEP_REPLY2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(a_name_with_a_nul_is_refused_before_anything_is_sent),
		SCENE(a_name_that_dns_cannot_know_is_refused),
		SCENE(an_empty_target_is_refused),
		SCENE(an_empty_user_is_refused),
		SCENE(a_unix_socket_can_be_no_later_hop),
		SCENE(a_direct_target_is_looked_at_as_well),
		SCENE(without_a_resolver_names_of_proxies_are_not_resolved),
		SCENE(given_up_before_or_in_the_dialogue_it_leaves_nothing_and_tells_nothing),
		SCENE(what_comes_with_the_reply_is_handed_over),
		SCENE(an_exact_client_reads_only_the_dialogue),
		SCENE(what_comes_with_a_hops_reply_is_the_next_hops),
		SCENE(no_password_stays_behind),
		SCENE(the_wait_for_a_peer_is_no_phase),
		SCENE(the_wait_for_a_peer_has_a_limit_of_its_own),
	};

	return RUN(tests);
}

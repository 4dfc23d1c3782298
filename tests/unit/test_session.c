/* What holds in every role: a client, a server and an observer of both agree. */
#include "dialogue.h"

static struct drive client, server, observer;

static struct s5_session_config wants(uint8_t method, uint8_t cmd, const char *host, bool watch)
{
	struct s5_session_config c = {
		.nmethods = 1,
		.methods = { method },
		.watch = watch,
		.credentials = { 2, 2, "us", "pw" },
		.request = { .cmd = cmd },
	};

	assert_true(s5_addr_set_host(&c.request.dst, host, strlen(host), 18000));
	return c;
}

/* Carries up to `width` octets that `from` has sent to the other side and past the observer. */
static size_t carry(const struct drive *from, struct drive *to, size_t width)
{
	enum s5_role role = from->s.role;
	size_t seen = to->in[role].len, left = from->outlen - seen;
	size_t n = left < width ? left : width;

	drive_feed(to, role, from->out + seen, n);
	drive_feed(&observer, role, from->out + seen, n);
	return n;
}

static void talk(const struct s5_session_config *config, size_t width)
{
	size_t moved;

	drive_init(&client, S5_CLIENT, config);
	drive_init(&server, S5_SERVER, config);
	drive_init(&observer, S5_OBSERVER, config);
	do {
		moved = carry(&client, &server, width);
		moved += carry(&server, &client, width);
	} while (moved);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n >= k && !strcmp(text + n - k, end);
}

TEST(client_server_and_observer_reach_the_stream_together)
{
	static const uint8_t methods[] = { 0x00, 0x02 }, cmds[] = { 1, 2, 3 };
	static const char *const hosts[] = { "127.0.0.1", "::1", "localhost" };

	for (unsigned i = 0; i < 2 * 3 * 3 * 7; i++) {
		struct s5_session_config config =
			wants(methods[i % 2], cmds[i / 2 % 3], hosts[i / 6 % 3], i % 5 == 0);

		talk(&config, i / 18 + 1);
		assert_true(ends_with(client.log, "open\n"));
		assert_true(ends_with(server.log, "open\n"));
		assert_true(ends_with(observer.log, "open\n"));
		assert_true(s5_addr_equal(&server.s.request.dst, &config.request.dst));
		assert_true(s5_addr_equal(&observer.s.request.dst, &config.request.dst));
		assert_true(s5_addr_equal(&client.s.reply.bnd, &server.bnd));
		assert_int_equal(server.s.request.cmd, config.request.cmd);
	}
}

/* Only the lines of messages, which say who sent them. */
static const char *messages(const struct drive *d, char text[static 4096])
{
	const char *line = d->log, *end;
	size_t len = 0;

	for (; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!strncmp(line, "client ", 7) || !strncmp(line, "server ", 7))
			len += (size_t)snprintf(text + len, 4096 - len, "%.*s\n", (int)(end - line),
						line);
	}
	text[len] = 0;
	return text;
}

TEST(who_watches_sees_the_same_messages_in_every_role)
{
	struct s5_session_config config = wants(0x02, S5_CMD_BIND, "localhost", true);
	static char text[3][4096];

	for (size_t width = 1; width < 40; width += 6) {
		talk(&config, width);
		assert_string_equal(messages(&client, text[0]), messages(&observer, text[1]));
		assert_string_equal(text[0], messages(&server, text[2]));
		assert_string_equal(text[0], "client method list 050102\n"
					     "server method choice 0502\n"
					     "client credentials 01027573027077\n"
					     "server status 0100\n"
					     "client request 05020003096c6f63616c686f73744650\n"
					     "server reply 050000017f000001b901\n"
					     "server second reply 050000017f000001b901\n");
	}
}

TEST(watching_changes_nothing_else)
{
	static char plain[sizeof client.log];
	struct s5_session_config config = wants(0x02, S5_CMD_CONNECT, "::1", false);

	talk(&config, 3);
	strcpy(plain, observer.log);
	assert_string_equal(plain, "method 02\nreply 00 ipv4 127.0.0.1:47361\nopen\n");
	config.watch = true;
	talk(&config, 3);
	for (const char *line = plain; *line; line = strchr(line, '\n') + 1) {
		size_t n = strcspn(line, "\n") + 1;

		assert_non_null(memmem(observer.log, observer.loglen, line, n));
	}
}

TEST(spans_cover_each_message_in_every_role)
{
	struct s5_session_config config = wants(0x02, S5_CMD_BIND, "localhost", true);
	uint8_t in[64];
	size_t n = hex(in, sizeof in, "0502 0100 050000017f000001b901 050000017f000001b901"),
	       told = 0;
	struct s5_session s;
	enum s5_event event;

	s5_session_init_client(&s, &config, 0);
	s5_session_recv(&s, S5_SERVER, in, n);
	while ((event = s5_session_next(&s)) != S5_EV_NONE) {
		size_t at = 0;

		for (unsigned i = 0; event == S5_EV_MESSAGE && i < s.trace.nspans; i++) {
			assert_int_equal(s.trace.span[i].off, at);
			at += s.trace.span[i].len;
		}
		told += event == S5_EV_MESSAGE;
		if (event == S5_EV_MESSAGE)
			assert_int_equal(at, s.message.len);
	}
	assert_int_equal(told, 7);
}

TEST(observer_sends_nothing)
{
	static const struct s5_session_config config = { .nmethods = 0 };
	struct s5_session s;
	size_t n = 77;

	s5_session_init_observer(&s, &config);
	s5_session_recv(&s, S5_CLIENT, "\5\1\0", 3);
	assert_int_equal(s5_session_next(&s), S5_EV_NONE);
	s5_session_out(&s, &n);
	assert_int_equal(n, 0);
	s5_session_sent(&s, 0);
	assert_int_equal(s5_session_next(&s), S5_EV_NONE);
}

TEST(nobody_hands_in_what_he_sends_himself)
{
	struct s5_session_config config = wants(0, 1, "a", false);
	struct s5_session s;

	s5_session_init_client(&s, &config, 0);
	assert_int_equal(s5_session_room(&s, S5_CLIENT), 0);
	assert_int_equal(s5_session_recv(&s, S5_CLIENT, "x", 1), 0);
	assert_int_equal(s5_session_room(&s, S5_SERVER), S5_SESSION_ROOM);
	s5_session_init_server(&s, &config, 0);
	assert_int_equal(s5_session_room(&s, S5_SERVER), 0);
	assert_int_equal(s5_session_room(&s, S5_CLIENT), S5_SESSION_ROOM);
}

static void observe(const char *up, const char *down, enum s5_role closes, const char *log)
{
	static const struct s5_session_config config = { .nmethods = 0 };
	uint8_t octets[64];

	drive_init(&observer, S5_OBSERVER, &config);
	drive_feed(&observer, S5_CLIENT, octets, hex(octets, sizeof octets, up));
	drive_feed(&observer, S5_SERVER, octets, hex(octets, sizeof octets, down));
	if (closes != S5_OBSERVER)
		drive_eof(&observer, closes);
	assert_string_equal(observer.log, log);
	assert_int_equal(observer.outlen, 0);
}

/* Nor does it put anything into the mouth of the server whose refusal it expects. */
TEST(observer_refuses_nothing_itself)
{
	static uint8_t stream[2 * DRIVE_ROOM];

	observe("04", "", S5_OBSERVER, "failed MALFORMED in method list VERSION_SOCKS4\n");
	assert_int_equal(drive_stream(&observer, S5_SERVER, stream), 0);
	observe("050100 01", "0500", S5_OBSERVER,
		"method 00\nfailed MALFORMED in request VERSION\n");
	assert_int_equal(drive_stream(&observer, S5_SERVER, stream), 0);
}

TEST(observer_tells_how_a_dialogue_ended)
{
	observe("050180", "0580", S5_OBSERVER, "failed UNKNOWN_METHOD in method choice code 80\n");
	observe("050100", "0502", S5_OBSERVER, "method 02\n");
	observe("050100", "05", S5_SERVER, "failed EOF in method choice partial\n");
	observe("050100", "0500", S5_CLIENT, "method 00\nfailed EOF in request\n");
	observe("050100", "0500", S5_SERVER, "method 00\n");
	observe("050100", "04", S5_OBSERVER, "failed MALFORMED in method choice VERSION_SOCKS4\n");
	observe("050100 05010001 7f000001 0050", "0500 0505", S5_OBSERVER, "method 00\n");
	observe("050100 05010001 7f000001 0050", "0500 0505", S5_SERVER,
		"method 00\nfailed EOF in reply partial\n");
	observe("050100 05020001 7f000001 0050",
		"0500 05000001 7f000001 0050 05020001 7f000009 0050", S5_OBSERVER,
		"method 00\nreply 00 ipv4 127.0.0.1:80\nfailed REFUSED in second reply code 02\n");
}

/* SEC-12: what matters is kept in the session, not in the call: asking for events again and
 * again between any two octets changes nothing. */
TEST(SEC_12_asking_again_changes_nothing)
{
	struct s5_session_config config = wants(0x02, S5_CMD_CONNECT, "localhost", false);
	uint8_t in[64];
	size_t n = hex(in, sizeof in, "0502 0100 050000017f000001b901");

	drive_init(&client, S5_CLIENT, &config);
	for (size_t i = 0; i < n; i++) {
		drive_feed(&client, S5_SERVER, in + i, 1);
		for (unsigned k = 0; k < 5; k++)
			assert_int_equal(s5_session_next(&client.s), S5_EV_NONE);
	}
	assert_string_equal(client.log, "method 02\nreply 00 ipv4 127.0.0.1:47361\nopen\n");
	assert_octets(client.out, client.outlen,
		      "050102 01027573027077 05010003096c6f63616c686f73744650");
}

TEST(every_cause_and_step_has_its_text)
{
	for (unsigned i = S5_CAUSE_NONE + 1; i < S5_CAUSE_COUNT; i++)
		assert_true(s5_cause_text((enum s5_cause)i)[0]);
	for (unsigned i = 0; i < S5_STEP_COUNT; i++)
		assert_true(s5_step_name((enum s5_step_id)i)[0]);
	assert_string_equal(s5_cause_text(S5_CAUSE_COUNT), "");
	assert_string_equal(s5_step_name(S5_STEP_COUNT), "");
	assert_string_equal(s5_step_name(S5_STEP_REPLY2), "second reply");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_server_and_observer_reach_the_stream_together),
		cmocka_unit_test(who_watches_sees_the_same_messages_in_every_role),
		cmocka_unit_test(watching_changes_nothing_else),
		cmocka_unit_test(spans_cover_each_message_in_every_role),
		cmocka_unit_test(observer_sends_nothing),
		cmocka_unit_test(nobody_hands_in_what_he_sends_himself),
		cmocka_unit_test(observer_refuses_nothing_itself),
		cmocka_unit_test(observer_tells_how_a_dialogue_ended),
		cmocka_unit_test(SEC_12_asking_again_changes_nothing),
		cmocka_unit_test(every_cause_and_step_has_its_text),
	};

	return RUN(tests);
}

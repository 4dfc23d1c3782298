/* The cases against servers that do nothing right: each of them can fail. And an exchange, word by word,
 * with a server that says what the test wants. */
#include <sys/socket.h>
#include <unistd.h>

#include "fakegss.h"
#include "probe/suite.h"
#include "testlib.h"
#include "wire/gssframe.h"

/* a server */

enum manner {
	MUTE, /* hears, and says nothing */
	CLOSES, /* at once */
	AGREES, /* says yes to everything */
	REFUSES, /* takes tickets, and then refuses them */
	STALLS, /* has a context, grants any level, and then says nothing */
};

static struct {
	struct s5_loop loop;
	struct s5_watch listening;
	struct s5_addr address;
	enum manner manner;
	struct client {
		struct s5_watch watch;
		unsigned said;
		uint8_t heard[8192];
		size_t n;
	} clients[512];
	size_t n;
	bool done;
} server;

/* The answer to a message of a context: see fakegss.h. */
static void answer_frame(struct client *c, const struct s5_gssframe *f)
{
	static const uint8_t token[] = { 1, 1, 0, 1, 0xb1 }, refusal[] = { 1, 0xff };
	uint8_t level[] = { 1, 2, 0, 5, 0xc0, 1, 0, f->len > 4 ? f->token[3] : 2, 0 };

	level[8] = fake_sum(level + 4, 4);
	if (server.manner == REFUSES)
		send(c->watch.fd, refusal, sizeof refusal, MSG_NOSIGNAL);
	else if (f->mtyp == S5_MTYP_AUTH)
		send(c->watch.fd, token, sizeof token, MSG_NOSIGNAL);
	else if (f->mtyp == S5_MTYP_LEVEL)
		send(c->watch.fd, level, sizeof level, MSG_NOSIGNAL);
}

/* The method list is that of `context`. */
static void take_tickets(struct client *c)
{
	static const uint8_t choice[] = { 5, 1 };
	struct s5_reader in;
	struct s5_gssframe f;
	ssize_t n;

	while ((n = recv(c->watch.fd, c->heard + c->n, sizeof c->heard - c->n, 0)) > 0)
		c->n += (size_t)n;
	in = s5_reader_over(c->heard, c->n);
	if (!c->said && c->n >= 3) {
		c->said = 1;
		send(c->watch.fd, choice, sizeof choice, MSG_NOSIGNAL);
		in.off = 3;
	}
	while (c->said && s5_gssframe_get(&in, &f) == S5_OK)
		answer_frame(c, &f);
	memmove(c->heard, c->heard + in.off, c->n - in.off);
	c->n -= in.off;
}

static void client_ready(struct s5_watch *w, uint32_t events)
{
	static const uint8_t choice[] = { 5, 0 }, reply[] = { 5, 0, 0, 1, 127, 0, 0, 1, 0, 80 };
	struct client *c = S5_OUTER(w, struct client, watch);
	uint8_t octets[4096];

	(void)events;
	if (server.manner >= REFUSES) {
		take_tickets(c);
		return;
	}
	while (recv(w->fd, octets, sizeof octets, 0) > 0) {
		if (server.manner != AGREES)
			continue;
		if (c->said++)
			send(w->fd, reply, sizeof reply, MSG_NOSIGNAL);
		else
			send(w->fd, choice, sizeof choice, MSG_NOSIGNAL);
	}
}

static void listening_ready(struct s5_watch *w, uint32_t events)
{
	int fd;

	(void)events;
	while ((fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct client *c = &server.clients[server.n++];

		if (server.manner == CLOSES) {
			close(fd);
			server.n--;
			continue;
		}
		assert_true(server.n < LENGTH(server.clients));
		*c = (struct client){ .watch = { .fd = fd, .ready = client_ready } };
		assert_int_equal(s5_loop_watch(&server.loop, &c->watch, EPOLLIN | EPOLLET), 0);
	}
}

static void begin(enum manner manner)
{
	struct s5_addr here = s5_addr_loopback(S5_ATYP_IPV4, 0);

	memset(&server, 0, sizeof server);
	server.manner = manner;
	assert_int_equal(s5_loop_init(&server.loop), 0);
	server.listening =
		(struct s5_watch){ .fd = s5_listen_tcp(&here, false), .ready = listening_ready };
	assert_true(server.listening.fd >= 0);
	assert_int_equal(s5_loop_watch(&server.loop, &server.listening, EPOLLIN), 0);
	server.address = s5_sock_local(server.listening.fd);
}

static void end(void)
{
	for (size_t i = 0; i < server.n; i++) {
		s5_loop_unwatch(&server.loop, &server.clients[i].watch);
		close(server.clients[i].watch.fd);
	}
	s5_loop_unwatch(&server.loop, &server.listening);
	close(server.listening.fd);
	s5_loop_fini(&server.loop);
}

static void done(struct s5_suite *s)
{
	(void)s;
	server.done = true;
}

static const struct s5_exchange_times quick = {
	.connect = 2000, .answer = 60, .end = 90, .silence = 30
};

static void set_parts(struct s5_parts *parts)
{
	for (unsigned i = 0; i < S5_PART_COUNT; i++) {
		memcpy(parts->part[i].octets, "\1\177\0\0\1\0\120", 7);
		parts->part[i].n = 7;
	}
	memcpy(parts->part[S5_PART_HELLO].octets, "\5\1\0", 3);
	parts->part[S5_PART_HELLO].n = 3;
}

/* Sets a bit for each case that failed. */
static void run_all(enum manner manner, bool *failed)
{
	struct s5_gss_config gss = { .target = "rcmd@localhost",
				     .level = S5_LEVEL_CONFIDENTIALITY };
	struct s5_suite suite = {
		.jobs = 32, .has = ~0u, .done = done, .times = quick, .gss = &gss
	};

	begin(manner);
	suite.loop = &server.loop;
	assert_true(s5_sockaddr_from(&suite.proxy, &server.address));
	set_parts(&suite.parts);
	assert_true(s5_suite_init(&suite, s5_cases, s5_ncases));
	s5_suite_start(&suite);
	while (!server.done)
		s5_loop_turn(&server.loop);
	for (size_t i = 0; i < s5_ncases; i++) {
		assert_int_not_equal(suite.cases[i].verdict, S5_CASE_UNTOLD);
		if (suite.cases[i].verdict == S5_CASE_SKIP)
			fail_msg("%s is skipped", s5_cases[i].id);
		failed[i] |= suite.cases[i].verdict == S5_CASE_FAIL;
	}
	s5_suite_free(&suite);
	end();
}

TEST(every_case_can_fail)
{
	bool *failed = calloc(s5_ncases, sizeof *failed);

	assert_non_null(failed);
	run_all(MUTE, failed);
	run_all(CLOSES, failed);
	run_all(AGREES, failed);
	for (size_t i = 0; i < s5_ncases; i++)
		if (!failed[i])
			fail_msg("%s: %s", s5_cases[i].id, s5_cases[i].title);
	free(failed);
}

/* Those with a context fail also where they get one. */
TEST(every_case_with_a_context_can_fail_in_it)
{
	bool *failed = calloc(s5_ncases, sizeof *failed);

	assert_non_null(failed);
	run_all(REFUSES, failed);
	run_all(STALLS, failed);
	for (size_t i = 0; i < s5_ncases; i++)
		if (!failed[i] && s5_cases[i].needs >= S5_NEEDS_CONTEXT)
			fail_msg("%s: %s", s5_cases[i].id, s5_cases[i].title);
	free(failed);
	assert_int_equal(fake.live, 0);
}

/* exchanges */

static void over(struct s5_exchange *x)
{
	(void)x;
	server.done = true;
}

static enum s5_exchange_end run(enum manner manner, const char *script, size_t *word)
{
	static struct s5_parts parts;
	struct s5_words words;
	struct s5_exchange x = { .times = quick, .words = &words, .parts = &parts, .done = over };
	enum s5_exchange_end how;

	set_parts(&parts);
	begin(manner);
	x.loop = &server.loop;
	assert_true(s5_sockaddr_from(&x.proxy, &server.address));
	assert_true(s5_words_compile(&words, script, false));
	s5_exchange_start(&x);
	while (!server.done)
		s5_loop_turn(&server.loop);
	how = x.end;
	*word = x.word;
	s5_exchange_free(&x);
	s5_words_free(&words);
	end();
	return how;
}

TEST(an_exchange_ends_at_the_word_that_is_not_fulfilled)
{
	static const struct {
		enum manner manner;
		const char *script;
		enum s5_exchange_end how;
		size_t word;
	} rows[] = {
		{ AGREES, ">050100 <choice=00", S5_EXCHANGE_PASSED, 2 },
		{ AGREES, ">050100 <choice=01,00", S5_EXCHANGE_PASSED, 2 },
		{ AGREES, ">050100 <choice=!00", S5_EXCHANGE_OTHER, 1 },
		{ AGREES, ">050100 <choice=!ff <silence", S5_EXCHANGE_PASSED, 3 },
		{ AGREES, ">050100 <0500", S5_EXCHANGE_PASSED, 2 },
		{ AGREES, ">050100 <..00", S5_EXCHANGE_PASSED, 2 },
		{ AGREES, ">050100 <0501", S5_EXCHANGE_OTHER, 1 },
		{ AGREES, ">050100 <050000", S5_EXCHANGE_SILENT, 1 },
		{ AGREES, ">050100 <end", S5_EXCHANGE_SILENT, 1 },
		{ AGREES, ">050100 <eof|<choice=00 <silence", S5_EXCHANGE_PASSED, 4 },
		{ AGREES, ">050100 <end|<0500", S5_EXCHANGE_PASSED, 3 },
		{ AGREES, ">050100 <end|<05ff", S5_EXCHANGE_OTHER, 1 },
		{ AGREES, ">050100 <choice=ff|<end", S5_EXCHANGE_OTHER, 1 },
		{ CLOSES, "<choice=ff|<end", S5_EXCHANGE_PASSED, 2 },
		{ CLOSES, "<end|<choice=ff", S5_EXCHANGE_PASSED, 2 },
		{ AGREES, ">050100 <silence", S5_EXCHANGE_OTHER, 1 },
		{ AGREES, "enter >050100{tcp4} <reply=00", S5_EXCHANGE_PASSED, 4 },
		{ AGREES, "enter >050100{tcp4} <reply=01", S5_EXCHANGE_OTHER, 3 },
		{ AGREES, ">:050100 <0500 wait=20 <0500", S5_EXCHANGE_PASSED, 4 },
		{ MUTE, ">050100 <choice=00", S5_EXCHANGE_SILENT, 1 },
		{ MUTE, ">050100 <silence", S5_EXCHANGE_PASSED, 2 },
		{ MUTE, "fin <end", S5_EXCHANGE_SILENT, 1 },
		{ CLOSES, "<eof", S5_EXCHANGE_PASSED, 1 },
		{ CLOSES, "<end", S5_EXCHANGE_PASSED, 1 },
		{ CLOSES, "<silence", S5_EXCHANGE_CLOSED, 0 },
		{ CLOSES, "<choice=00", S5_EXCHANGE_CLOSED, 0 },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		size_t word;
		enum s5_exchange_end how = run(rows[i].manner, rows[i].script, &word);

		if (how != rows[i].how || word != rows[i].word)
			fail_msg("%s: %s at word %zu", rows[i].script, s5_exchange_end_text(how),
				 word);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_can_fail),
		cmocka_unit_test(every_case_with_a_context_can_fail_in_it),
		cmocka_unit_test(an_exchange_ends_at_the_word_that_is_not_fulfilled),
	};

	return RUN(tests);
}

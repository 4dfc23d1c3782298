/* The cases against servers that do nothing right: each of them can fail. And an exchange, word by word,
 * with a server that says what the test wants. */
#include <sys/socket.h>
#include <unistd.h>

#include "probe/suite.h"
#include "testlib.h"

/* a server */

enum manner {
	MUTE, /* hears, and says nothing */
	CLOSES, /* at once */
	AGREES, /* says yes to everything */
};

static struct {
	struct s5_loop loop;
	struct s5_watch listening;
	struct s5_addr address;
	enum manner manner;
	struct client {
		struct s5_watch watch;
		unsigned said;
	} clients[512];
	size_t n;
	bool done;
} fake;

static void client_ready(struct s5_watch *w, uint32_t events)
{
	static const uint8_t choice[] = { 5, 0 }, reply[] = { 5, 0, 0, 1, 127, 0, 0, 1, 0, 80 };
	struct client *c = S5_OUTER(w, struct client, watch);
	uint8_t octets[4096];

	(void)events;
	while (recv(w->fd, octets, sizeof octets, 0) > 0) {
		if (fake.manner != AGREES)
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
		struct client *c = &fake.clients[fake.n++];

		if (fake.manner == CLOSES) {
			close(fd);
			fake.n--;
			continue;
		}
		assert_true(fake.n < LENGTH(fake.clients));
		*c = (struct client){ .watch = { .fd = fd, .ready = client_ready } };
		assert_int_equal(s5_loop_watch(&fake.loop, &c->watch, EPOLLIN | EPOLLET), 0);
	}
}

static void begin(enum manner manner)
{
	struct s5_addr here = s5_addr_loopback(S5_ATYP_IPV4, 0);

	memset(&fake, 0, sizeof fake);
	fake.manner = manner;
	assert_int_equal(s5_loop_init(&fake.loop), 0);
	fake.listening =
		(struct s5_watch){ .fd = s5_listen_tcp(&here, false), .ready = listening_ready };
	assert_true(fake.listening.fd >= 0);
	assert_int_equal(s5_loop_watch(&fake.loop, &fake.listening, EPOLLIN), 0);
	fake.address = s5_sock_local(fake.listening.fd);
}

static void end(void)
{
	for (size_t i = 0; i < fake.n; i++) {
		s5_loop_unwatch(&fake.loop, &fake.clients[i].watch);
		close(fake.clients[i].watch.fd);
	}
	s5_loop_unwatch(&fake.loop, &fake.listening);
	close(fake.listening.fd);
	s5_loop_fini(&fake.loop);
}

static void done(struct s5_suite *s)
{
	(void)s;
	fake.done = true;
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
	struct s5_suite suite = { .jobs = 32, .has = ~0u, .done = done, .times = quick };

	begin(manner);
	suite.loop = &fake.loop;
	assert_true(s5_sockaddr_from(&suite.proxy, &fake.address));
	set_parts(&suite.parts);
	assert_true(s5_suite_init(&suite, s5_cases, s5_ncases));
	s5_suite_start(&suite);
	while (!fake.done)
		s5_loop_turn(&fake.loop);
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

/* exchanges */

static void over(struct s5_exchange *x)
{
	(void)x;
	fake.done = true;
}

static enum s5_exchange_end run(enum manner manner, const char *script, size_t *word)
{
	static struct s5_parts parts;
	struct s5_words words;
	struct s5_exchange x = { .times = quick, .words = &words, .parts = &parts, .done = over };
	enum s5_exchange_end how;

	set_parts(&parts);
	begin(manner);
	x.loop = &fake.loop;
	assert_true(s5_sockaddr_from(&x.proxy, &fake.address));
	assert_true(s5_words_compile(&words, script, false));
	s5_exchange_start(&x);
	while (!fake.done)
		s5_loop_turn(&fake.loop);
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
		cmocka_unit_test(an_exchange_ends_at_the_word_that_is_not_fulfilled),
	};

	return RUN(tests);
}

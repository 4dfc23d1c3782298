/* Each case can fail for its own reason: before a server that passes all of them stands a man in the
 * middle who does one thing wrong, as one of the cases forbids. Then that case fails, at that word, and
 * no other. This is done with every word that waits and at which no other case waits, too, when its
 * client has said the same; the last word of a case is always such a one. */
#include <sys/resource.h>
#include <sys/wait.h>

#include "trial.h"

#define PROCESSES 2 /* that share the trials: a loop has one processor */
#define PACE 80 /* ms between the beginnings of two trials, at least, */
#define ATTEMPTS 2 /* more, of a trial that goes wrong */
#define LATE 6 /* ms that the loop may be late for the next to begin */
#define TRIALS_MOST 64u /* at a time */
#define DESCRIPTORS 256 /* that a trial has at most, but for a moment */

static struct {
	struct s5_loop loop;
	struct s5_watch names; /* a name server that knows none */
	char resolver[32];
	struct s5_server_config config;
	struct s5_words *words; /* of each case */
	struct s5_parts parts; /* to compare what they say */
	unsigned running, most, wrong;
	struct s5_timer pace;
	struct trial_plan next;
	unsigned share; /* of number modulo PROCESSES: those that this process tries */
} t;

/* what is tried */

/* Ends and silence can be broken in more than one way. */
static bool is_worth(const struct s5_words *words, size_t goal, enum manner manner)
{
	enum s5_word_kind kind = word_of_goal(words, goal)->kind;

	if (!word_forbids(words, goal, manner))
		return false;
	return manner == SAYS || kind == S5_WORD_EOF || kind == S5_WORD_END ||
	       (kind == S5_WORD_SILENCE && manner == ENDS);
}

/* What other case waits at the same place? s5_ncases: none. */
static size_t sharer_of(size_t row, size_t goal)
{
	for (size_t i = 0; i < s5_ncases; i++) {
		struct follower f = { .words = &t.words[row], .parts = &t.parts, .goal = goal };

		if (i != row && !is_beyond(&s5_cases[i]) && follower_meets(&f, &t.words[i]))
			return i;
	}
	return s5_ncases;
}

static bool is_next(void)
{
	const struct s5_words *words = &t.words[t.next.row];

	return word_waits(&words->words[t.next.goal]) &&
	       is_worth(words, t.next.goal, t.next.manner) &&
	       sharer_of(t.next.row, t.next.goal) == s5_ncases;
}

static bool is_left_out(void)
{
	return s5_cases[t.next.row].needs & ~t.next.has || is_beyond(&s5_cases[t.next.row]);
}

static void step(void)
{
	struct trial_plan *p = &t.next;

	if (p->manner < STAYS) {
		p->manner++;
		return;
	}
	p->manner = SAYS;
	p->goal = group_end(&t.words[p->row], p->goal);
	if (p->goal < t.words[p->row].n)
		return;
	p->goal = 0;
	p->row++;
}

/* False: all was tried. */
static bool find_next(void)
{
	for (; t.next.row < s5_ncases; step())
		if (!is_left_out() && is_next() && ++t.next.number % PROCESSES == t.share)
			return true;
	return false;
}

/* what came of it */

static void complain(const struct trial *own, const char *what, const char *id)
{
	static const char *const manners[] = { "says", "ends", "stays" };
	const struct s5_word *w = &own->words.words[own->plan.goal];
	const struct s5_case *c = &s5_cases[own->plan.row];

	t.wrong++;
	print_error("%s, %s at '%.*s': %s %s\n", c->id, manners[own->plan.manner], (int)w->len,
		    c->script + w->at, what, id);
}

/* Of a case that fails where it should not. */
static void complain_of(const struct trial *own, size_t row)
{
	const struct s5_exchange *x = &own->suite.cases[row].exchange;
	const struct s5_word *w = &x->words->words[x->word];
	char what[200];

	snprintf(what, sizeof what, "%s at '%.*s' of", s5_exchange_end_text(x->end), (int)w->len,
		 s5_cases[row].script + w->at);
	complain(own, what, s5_cases[row].id);
}

/* How the case has to fail. */
static enum s5_exchange_end end_of(const struct trial *own)
{
	if (own->plan.manner == SAYS)
		return S5_EXCHANGE_OTHER;
	if (own->plan.manner == STAYS)
		return S5_EXCHANGE_SILENT;
	return word_of_goal(&own->words, own->plan.goal)->kind == S5_WORD_EOF ? S5_EXCHANGE_RESET
									      : S5_EXCHANGE_CLOSED;
}

static bool fails_rightly(const struct trial *own)
{
	const struct s5_exchange *x = &own->suite.cases[own->plan.row].exchange;

	return x->end == end_of(own) && x->word >= own->plan.goal &&
	       x->word < group_end(&own->words, own->plan.goal);
}

static void judge(const struct trial *own)
{
	if (!own->midst.violations)
		complain(own, "never done", "");
	for (size_t i = 0; i < s5_ncases; i++) {
		enum s5_verdict_of_case verdict = own->suite.cases[i].verdict;
		bool is_its_own = i == own->plan.row;

		if (is_beyond(&s5_cases[i]))
			continue;
		if (verdict == S5_CASE_SKIP && !(s5_cases[i].needs & ~own->plan.has))
			complain(own, "skips", s5_cases[i].id);
		if (verdict == S5_CASE_FAIL && !(is_its_own && fails_rightly(own)))
			complain_of(own, i);
		if (verdict == S5_CASE_PASS && is_its_own)
			complain(own, "passes", s5_cases[i].id);
	}
}

static void done(struct s5_suite *s)
{
	struct trial *own = S5_OUTER(s, struct trial, suite);
	struct trial_plan plan = own->plan;
	unsigned wrong = t.wrong;

	judge(own);
	trial_free(own);
	/* On a busy machine segments may run together. What is wrong is so every time. */
	if (t.wrong > wrong && plan.attempt++ < ATTEMPTS) {
		t.wrong = wrong;
		trial_start(&t.loop, &t.config, &plan, done);
		return;
	}
	t.running--;
}

/* Where the loop is late already, on a busy machine or with a sanitizer, segments might run together
 * that are told apart by time alone. */
static void pace(struct s5_timer *timer)
{
	bool is_late = s5_clock_ms() - timer->at > LATE, more = true;

	if (!t.running || (!is_late && t.running < t.most)) {
		trial_start(&t.loop, &t.config, &t.next, done);
		t.running++;
		step();
		more = find_next();
	}
	if (more)
		s5_timer_set(&t.loop, timer, s5_clock_ms() + PACE);
}

/* beginning and end */

static void name_asked(struct s5_watch *w, uint32_t events)
{
	uint8_t m[512];
	struct s5_sockaddr from = { .len = sizeof from.in6 };
	ssize_t n;

	(void)events;
	while ((n = recvfrom(w->fd, m, sizeof m, 0, &from.sa, &from.len)) >= 4) {
		m[2] |= 0x80; /* an answer: */
		m[3] = 3; /* there is no such name */
		sendto(w->fd, m, (size_t)n, 0, &from.sa, from.len);
		from.len = sizeof from.in6;
	}
}

static void serve_names(void)
{
	struct s5_addr here = s5_addr_loopback(S5_ATYP_IPV4, 0), at;

	watch_open(&t.loop, &t.names, s5_sock_udp(&here), EPOLLIN, name_asked);
	at = s5_sock_local(t.names.fd);
	s5_addr_format(&at, t.resolver, sizeof t.resolver);
	t.config = (struct s5_server_config){ .resolver = t.resolver, .workers = 1 };
}

static void allow_descriptors(void)
{
	const rlim_t want = TRIALS_MOST * DESCRIPTORS;
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max < want ? limit.rlim_max : want;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	t.most = (unsigned)limit.rlim_cur / DESCRIPTORS;
}

/* A machine may have none. */
static bool has_ipv6(void)
{
	struct s5_addr here = s5_addr_loopback(S5_ATYP_IPV6, 0);
	int fd = s5_listen_tcp(&here, false);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void compile_all(void)
{
	const struct s5_echo v4 = { .tcp = s5_addr_loopback(S5_ATYP_IPV4, 2),
				    .udp = s5_addr_loopback(S5_ATYP_IPV4, 3) };
	const struct s5_echo v6 = { .tcp = s5_addr_loopback(S5_ATYP_IPV6, 2),
				    .udp = s5_addr_loopback(S5_ATYP_IPV6, 3) };

	set_parts(&t.parts, &v4, &v6);
	t.words = calloc(s5_ncases, sizeof *t.words);
	assert_non_null(t.words);
	for (size_t i = 0; i < s5_ncases; i++)
		assert_true(s5_words_compile(&t.words[i], s5_cases[i].script, true));
}

static int set_up(void **state)
{
	(void)state;
	memset(&t, 0, sizeof t);
	compile_all();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < s5_ncases; i++)
		s5_words_free(&t.words[i]);
	free(t.words);
	return 0;
}

/* Two cases that are not could only fail together. */
TEST(each_case_is_told_apart_from_all_others_at_its_last_word)
{
	for (size_t i = 0; i < s5_ncases; i++) {
		size_t last = t.words[i].n - 1, sharer;

		if (is_beyond(&s5_cases[i]))
			continue;
		while (t.words[i].words[last].is_alternative)
			last--;
		assert_true(word_waits(&t.words[i].words[last]));
		sharer = sharer_of(i, last);
		if (sharer < s5_ncases)
			fail_msg("%s says no more than %s, and waits there", s5_cases[sharer].id,
				 s5_cases[i].id);
	}
}

/* A share of the trials. False: something was wrong. */
static bool try_all(unsigned share)
{
	t.share = share;
	assert_int_equal(s5_loop_init(&t.loop), 0);
	allow_descriptors();
	serve_names();
	t.next.has = has_ipv6() ? ~0u : ~(unsigned)S5_NEEDS_IPV6;
	t.pace.fire = pace;
	assert_true(find_next());
	s5_timer_set(&t.loop, &t.pace, s5_clock_ms());
	while (t.running || t.pace.slot)
		s5_loop_turn(&t.loop);
	watch_close(&t.loop, &t.names);
	s5_loop_fini(&t.loop);
	return !t.wrong;
}

TEST(each_violation_fails_its_own_case_and_no_other)
{
	pid_t others[PROCESSES];
	int status;
	bool good;

	fflush(NULL);
	for (unsigned i = 1; i < PROCESSES; i++) {
		others[i] = fork();
		assert_true(others[i] >= 0);
		if (!others[i])
			_exit(!try_all(i));
	}
	good = try_all(0);
	for (unsigned i = 1; i < PROCESSES; i++) {
		assert_int_equal(waitpid(others[i], &status, 0), others[i]);
		good &= status == 0;
	}
	assert_true(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			each_case_is_told_apart_from_all_others_at_its_last_word, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(each_violation_fails_its_own_case_and_no_other,
						set_up, tear_down),
	};

	return RUN(tests);
}

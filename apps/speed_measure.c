/* A measure from its first stream to its last. */
#include <signal.h>
#include <stdlib.h>

#include "command.h"
#include "speed.h"
#include "speed_text.h"

#define AT_ONCE 64 /* streams being opened */
#define WARM 200000000 /* ns, until windows and buffers have grown */
#define REST 500000000 /* ns, until what was opened has settled */
#define TICK 20 /* ms */
#define GIVE_UP 64 /* failures in a row, once something has worked */

/* Ctrl-C: what is known is told. */

static volatile sig_atomic_t stopped_by;

static void stop_now(int sig)
{
	stopped_by = sig;
}

int speed_stopped(void)
{
	return stopped_by;
}

void speed_catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	/* What is being written goes on; a second one ends it at once. */
	const struct sigaction act = { .sa_handler = stop_now,
				       .sa_flags = SA_RESTART | (int)SA_RESETHAND };

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &act, NULL);
}

/* what happens in the streams */

void speed_measure_add(struct speed_measure *m, enum speed_phase phase, int64_t ns)
{
	speed_hist_add(&m->phases[phase], ns > 0 ? (uint64_t)ns : 0);
}

void speed_measure_fail(struct speed_measure *m, int status, const char *text)
{
	if (!m->failed++) {
		m->status = status;
		snprintf(m->why, sizeof(m->why), "%s", text);
	}
	m->in_a_row++;
	if (!m->most_open)
		m->state = SPEED_OVER; /* the others would fare the same */
	else if (m->kind->again && m->in_a_row >= GIVE_UP + m->count)
		m->state = SPEED_OVER;
	else if (m->state == SPEED_OPENING && m->in_a_row >= GIVE_UP)
		m->count = m->started;
}

void speed_measure_settle(struct speed_measure *m)
{
	m->settled++;
}

/* its states */

static void take_usage(const struct speed_measure *m, struct speed_usage *u)
{
	if (m->speed->options.pid)
		speed_usage_read(u, m->speed->options.pid);
}

static double own_cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void warm_up(struct speed_measure *m)
{
	m->state = SPEED_WARMING;
	m->next = speed_clock() + (m->kind->unit == SPEED_UNIT_STREAMS ? REST : WARM);
}

/* What the streams took to open stays, where they are opened once. */
static void forget_the_warm_up(struct speed_measure *m)
{
	m->done = m->sent = m->lost = 0;
	for (int i = m->kind->again ? 0 : SPEED_TRIP; i < SPEED_PHASES; i++)
		m->phases[i] = (struct speed_hist){ .count = 0 };
}

static void begin_to_count(struct speed_measure *m)
{
	forget_the_warm_up(m);
	m->state = SPEED_COUNTING;
	take_usage(m, &m->from);
	m->own = -own_cpu();
	m->begun = speed_clock();
	m->next = m->begun + m->speed->options.seconds * 1000000;
}

static void end_to_count(struct speed_measure *m)
{
	m->ended = speed_clock();
	m->own += own_cpu();
	take_usage(m, &m->to);
}

static bool is_opened(const struct speed_measure *m)
{
	return m->kind->again ? m->most_open : m->settled >= m->count;
}

/* Whether the state is over now. */
static void look(struct speed_measure *m)
{
	bool late = speed_clock() >= m->next;

	switch (m->state) {
	case SPEED_OPENING:
		if (is_opened(m))
			warm_up(m);
		break;
	case SPEED_WARMING:
		if (late)
			begin_to_count(m);
		break;
	case SPEED_COUNTING:
		if (late)
			m->state = SPEED_OVER;
		break;
	case SPEED_OVER:
		break;
	}
	if (m->state > SPEED_OPENING && !m->kind->again && !m->open)
		m->state = SPEED_OVER;
}

/* The first one alone: what is wrong with it is wrong with all. */
static void open_more(struct speed_measure *m)
{
	int at_once = m->settled ? AT_ONCE : 1;

	while (m->started < m->count && m->started - m->settled < at_once) {
		struct speed_stream *s = &m->streams[m->started++];

		s->measure = m;
		speed_stream_open(s);
	}
}

static void say_progress(struct speed_measure *m)
{
	struct progress *p = &m->speed->progress;
	double past = (double)(speed_clock() - m->begun) / 1e9, rate;
	char text[64] = "", done[32];

	if (!progress_is_due(p))
		return;
	if (m->state != SPEED_COUNTING) {
		progress_say(p, "%s: %d of %d %s open", m->kind->title, m->open, m->count,
			     m->kind->streams);
		return;
	}
	rate = past > 0 ? (double)m->done / past : 0;
	switch (m->kind->unit) {
	case SPEED_UNIT_OCTETS:
		speed_octets(done, sizeof(done), rate);
		snprintf(text, sizeof(text), ": %s/s", done);
		break;
	case SPEED_UNIT_TIMES:
		speed_count(done, sizeof(done), (uint64_t)rate);
		snprintf(text, sizeof(text), ": %s %s/s", done, m->kind->done);
		break;
	case SPEED_UNIT_STREAMS:
		break;
	}
	progress_say(p, "%s, %.1f of %.1f s%s", m->kind->title, past,
		     (double)m->speed->options.seconds / 1000, text);
}

static void tick(struct s5_timer *t)
{
	struct speed_measure *m = S5_OUTER(t, struct speed_measure, tick);
	int64_t now = speed_clock();

	for (int i = 0; i < m->started; i++) {
		struct speed_stream *s = &m->streams[i];

		if (s->association)
			speed_udp_tick(s, now);
		else if (m->kind->again && !s->call && !s->is_open)
			speed_stream_open(s);
	}
	say_progress(m);
	s5_timer_set(&m->speed->engine.loop, t, m->speed->engine.loop.now + TICK);
}

void speed_measure_run(struct speed_measure *m)
{
	struct s5_loop *loop = &m->speed->engine.loop;

	m->streams = calloc((size_t)m->count, sizeof(*m->streams));
	if (!m->streams) {
		speed_measure_fail(m, EXIT_NETWORK, "out of memory");
		return;
	}
	take_usage(m, &m->before);
	m->tick.fire = tick;
	s5_timer_set(loop, &m->tick, s5_clock_ms() + TICK);
	while (m->state != SPEED_OVER && !speed_stopped()) {
		if (m->state == SPEED_OPENING || m->started < m->count)
			open_more(m);
		s5_loop_turn(loop);
		look(m);
	}
	if (m->begun)
		end_to_count(m);
	progress_end(&m->speed->progress);
	s5_timer_stop(loop, &m->tick);
	m->left = m->open;
	if (m->kind->again) /* now and then one is between two */
		m->most_open = m->most_open ? m->count : 0;
	for (int i = 0; i < m->started; i++)
		speed_stream_close(&m->streams[i]);
	free(m->streams);
	m->streams = NULL;
}

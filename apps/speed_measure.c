/* A measure from its first stream to its last. */
#include <stdlib.h>

#include "command.h"
#include "speed.h"
#include "speed_text.h"
#include "stop.h"

#define AT_ONCE 64 /* streams being opened */
#define WARM 200000000 /* ns, until windows and buffers have grown */
#define REST 500000000 /* ns, until what was opened has settled */
#define TICK 20 /* ms */
#define GIVE_UP 64 /* failures in a row, once something has worked */
#define PATIENCE 5000000000 /* ns, for the others to open when some are */
#define STALL 1000000000 /* ns without an answer: the stream has stalled */

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

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Whether a stream that rests has shown that it works. A datagram may be lost, but not all of them. */
static bool is_known(const struct speed_measure *m, const struct speed_stream *s)
{
	return m->speed->target.atyp || s->talks || (s->association && m->talked);
}

/* For how long nothing has moved in it at the end, in ns; 0: nothing has to. What is lost of datagrams is
 * told, and so many octets may be on their way at once that they are seldom seen to move. */
static int64_t waits_since(const struct speed_measure *m, const struct speed_stream *s)
{
	bool opens_again = m->kind->again && s->call, rests = m->kind->unit == SPEED_UNIT_STREAMS;
	int64_t waits = m->ended - later(s->mark, s->moved);

	if ((!s->is_open && !opens_again) || (rests ? is_known(m, s) : s->association != NULL))
		return 0;
	if (m->kind->unit == SPEED_UNIT_OCTETS && 2 * waits < m->ended - m->begun)
		return 0;
	return waits;
}

/* What is waited for at the end takes as long as that at least, and would not be seen otherwise. */
static void count_late(struct speed_measure *m, const struct speed_stream *s)
{
	enum speed_phase phase = m->kind->again ? SPEED_WHOLE : SPEED_TRIP;
	int64_t took = m->ended - (m->kind->again ? s->begun : s->mark);

	if (waits_since(m, s) && took > (int64_t)m->phases[phase].most)
		speed_measure_add(m, phase, took);
}

static void look_for_stalls(struct speed_measure *m)
{
	for (int i = 0; i < m->started; i++) {
		const struct speed_stream *s = &m->streams[i];

		m->stalled += waits_since(m, s) >= STALL;
		if (m->kind->unit == SPEED_UNIT_TIMES)
			count_late(m, s);
	}
}

static void end_to_count(struct speed_measure *m)
{
	m->ended = speed_clock();
	look_for_stalls(m);
	m->own += own_cpu();
	take_usage(m, &m->to);
}

/* Some are open, and of the others none comes along any more: they have failed. */
static void give_up_opening(struct speed_measure *m)
{
	m->count = m->started;
	for (int i = 0; i < m->started; i++)
		if (!m->streams[i].is_settled)
			speed_stream_late(&m->streams[i]);
}

static bool is_opened(struct speed_measure *m, bool late)
{
	if (m->kind->again)
		return m->most_open;
	if (m->settled != m->settled_before || !m->most_open) {
		m->settled_before = m->settled;
		m->next = speed_clock() + PATIENCE;
	} else if (late) {
		give_up_opening(m);
	}
	return m->settled >= m->count;
}

/* Whether the state is over now. */
static void look(struct speed_measure *m)
{
	bool late = speed_clock() >= m->next;

	switch (m->state) {
	case SPEED_OPENING:
		if (is_opened(m, late))
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
		else if (m->kind->upload && s->is_open)
			speed_up_tick(s, now);
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
	while (m->state != SPEED_OVER && !stop_signal()) {
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

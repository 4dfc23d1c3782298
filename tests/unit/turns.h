/* Turning a loop under test until something is so, at most for some seconds. */
#ifndef TURNS_H
#define TURNS_H

#include "net/loop.h"
#include "testlib.h"

static inline void turns_fire(struct s5_timer *t)
{
	(void)t;
}

#define PATIENCE_MS 5000

/* Turns the loop until the condition holds. */
#define TURN_UNTIL(loop, condition)                                     \
	do {                                                            \
		struct s5_timer tick_ = { .fire = turns_fire };         \
		int64_t end_ = s5_clock_ms() + PATIENCE_MS;             \
                                                                        \
		while (!(condition) && s5_clock_ms() < end_) {          \
			s5_timer_set(loop, &tick_, s5_clock_ms() + 10); \
			s5_loop_turn(loop);                             \
		}                                                       \
		s5_timer_stop(loop, &tick_);                            \
		assert_true(condition);                                 \
	} while (0)

/* One turn that waits for nothing. */
static inline void turn_now(struct s5_loop *loop)
{
	struct s5_timer tick = { .fire = turns_fire };

	s5_timer_set(loop, &tick, 0);
	s5_loop_turn(loop);
}

/* Turns it for so long. */
static inline void turn_for(struct s5_loop *loop, int64_t ms)
{
	struct s5_timer tick = { .fire = turns_fire };
	int64_t end = s5_clock_ms() + ms;

	while (s5_clock_ms() < end) {
		s5_timer_set(loop, &tick, end);
		s5_loop_turn(loop);
	}
	s5_timer_stop(loop, &tick);
}

#endif

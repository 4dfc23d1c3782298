/* A number that one thread counts up and others look at. */
#ifndef S5_BASE_COUNTER_H
#define S5_BASE_COUNTER_H

#include <stdint.h>

static inline void s5_counter_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static inline uint64_t s5_counter_look(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

#endif

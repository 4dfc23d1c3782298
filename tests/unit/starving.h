/* Memory runs out at every single allocation, one after the other. Linked with --wrap: what the code under
 * test asks the heap for passes by here. */
#ifndef STARVING_H
#define STARVING_H

#include "testlib.h"

static struct {
	unsigned fail_in; /* the n-th allocation from now fails; 0: none does */
	bool failed;
	long held; /* blocks */
} heap;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t n);
char *__real_strndup(const char *text, size_t n);
void __real_free(void *block);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t n);
void *__wrap_reallocarray(void *block, size_t n, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);
void __wrap_free(void *block);

static inline bool fails(void)
{
	if (!heap.fail_in || --heap.fail_in)
		return false;
	return heap.failed = true;
}

static inline void *hold(void *block)
{
	assert_non_null(block);
	heap.held++;
	return block;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : hold(__real_malloc(n ? n : 1));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : hold(__real_calloc(n, size));
}

void *__wrap_realloc(void *block, size_t n)
{
	if (fails())
		return NULL;
	heap.held -= block != NULL;
	return hold(__real_realloc(block, n));
}

void *__wrap_reallocarray(void *block, size_t n, size_t size)
{
	return __wrap_realloc(block, n * size);
}

char *__wrap_strndup(const char *text, size_t n)
{
	return fails() ? NULL : hold(__real_strndup(text, n));
}

char *__wrap_strdup(const char *text)
{
	return __wrap_strndup(text, strlen(text));
}

void __wrap_free(void *block)
{
	heap.held -= block != NULL;
	__real_free(block);
}

/* The work with each of its allocations failing in turn, then with none. It returns whether all went
 * well, which without a failure it must. Returns how many allocations it takes. */
static inline unsigned starve(bool (*work)(void))
{
	unsigned n = 0;
	bool well;

	do {
		heap.held = 0;
		heap.failed = false;
		heap.fail_in = ++n;
		well = work();
		heap.fail_in = 0;
		if (!heap.failed)
			assert_true(well);
		if (heap.held)
			fail_msg("%ld blocks are left when allocation %u fails", heap.held, n);
	} while (heap.failed);
	return n - 1;
}

#endif

/* The heap as the code under test sees it, for programs linked with --wrap=realloc --wrap=free:
 * what it holds is counted, and one allocation can be made to fail. Not for threads. */
#ifndef HEAP_H
#define HEAP_H

#include "testlib.h"

#define HEAP_BLOCKS 8

static struct {
	void *block[HEAP_BLOCKS];
	size_t size[HEAP_BLOCKS];
	size_t held; /* octets in all */
	unsigned calls; /* of realloc */
	unsigned fail_in; /* the n-th call from now fails; 0: none does */
} heap;

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __real_free(void *block);
void __wrap_free(void *block);

/* The row of a block, or of NULL for a free row; HEAP_BLOCKS when there is none. */
static inline unsigned heap_row(const void *block)
{
	unsigned i = 0;

	while (i < HEAP_BLOCKS && heap.block[i] != block)
		i++;
	return i;
}

void *__wrap_realloc(void *block, size_t size)
{
	unsigned row = heap_row(block);
	void *got;

	assert_true(row < HEAP_BLOCKS);
	heap.calls++;
	if (heap.fail_in && !--heap.fail_in)
		return NULL;
	got = __real_realloc(block, size);
	assert_non_null(got);
	heap.held += size - heap.size[row];
	heap.block[row] = got;
	heap.size[row] = size;
	return got;
}

void __wrap_free(void *block)
{
	unsigned row = block ? heap_row(block) : HEAP_BLOCKS;

	if (row < HEAP_BLOCKS) {
		heap.held -= heap.size[row];
		heap.block[row] = NULL;
		heap.size[row] = 0;
	}
	__real_free(block);
}

#endif

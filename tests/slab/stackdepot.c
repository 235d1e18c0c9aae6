// SPDX-License-Identifier: MIT
/* The stack depot: each stack once, found again by its handle, from several threads; unwinding. */
#include "common.h"

#include <pthread.h>

#include "allocators/slab/stackdepot.h"
#include "lib/bits.h"

#define NR_THREADS 4
#define NR_STACKS  2000

static unsigned int make_stack(uintptr_t *addresses, unsigned int i)
{
	unsigned int nr = 1 + i % STACKDEPOT_FRAMES;

	for (unsigned int j = 0; j < nr; j++)
		addresses[j] = 0x1000 + i * 16 + j;
	return nr;
}

static void assert_kept(uint32_t handle, unsigned int i)
{
	uintptr_t addresses[STACKDEPOT_FRAMES];
	const uintptr_t *kept;
	unsigned int nr = make_stack(addresses, i);

	assert_int_equal(stackdepot_fetch(handle, &kept), nr);
	assert_memory_equal(kept, addresses, nr * sizeof(*kept));
}

static void test_nothing_is_kept_before_the_depot_is_made(void **state)
{
	uintptr_t address = 1;
	const uintptr_t *kept;

	(void)state;
	assert_int_equal(stackdepot_save(&address, 1), 0);
	assert_int_equal(stackdepot_fetch(0, &kept), 0);
	assert_int_equal(stackdepot_init(), 0);
	assert_int_equal(stackdepot_init(), 0);
	assert_int_equal(stackdepot_save(&address, 0), 0);
}

static void test_a_stack_is_kept_once(void **state)
{
	uintptr_t addresses[STACKDEPOT_FRAMES];
	static uint32_t handles[NR_STACKS];
	size_t before = stackdepot_nr();

	(void)state;
	for (unsigned int i = 0; i < NR_STACKS; i++)
		handles[i] = stackdepot_save(addresses, make_stack(addresses, i));
	assert_int_equal(stackdepot_nr() - before, NR_STACKS);
	for (unsigned int i = 0; i < NR_STACKS; i++) {
		assert_int_equal(stackdepot_save(addresses, make_stack(addresses, i)), handles[i]);
		assert_kept(handles[i], i);
	}
	assert_int_equal(stackdepot_nr() - before, NR_STACKS);
}

static void test_a_stack_that_is_too_deep_loses_its_outer_end(void **state)
{
	uintptr_t deep[2 * STACKDEPOT_FRAMES];
	const uintptr_t *kept;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(deep); i++)
		deep[i] = 0x900000 + i;
	assert_int_equal(stackdepot_fetch(stackdepot_save(deep, ARRAY_SIZE(deep)), &kept),
			 STACKDEPOT_FRAMES);
	assert_memory_equal(kept, deep, STACKDEPOT_FRAMES * sizeof(*deep));
}

static uint32_t seen[NR_THREADS][NR_STACKS];

static void *save_all(void *arg)
{
	uintptr_t addresses[STACKDEPOT_FRAMES];
	uint32_t *handles = arg;

	for (unsigned int i = 0; i < NR_STACKS; i++)
		handles[i] = stackdepot_save(addresses, make_stack(addresses, NR_STACKS + i));
	return NULL;
}

static void test_threads_agree_on_the_handles(void **state)
{
	pthread_t threads[NR_THREADS];
	size_t before = stackdepot_nr();

	(void)state;
	for (int i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, save_all, seen[i]), 0);
	for (int i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(stackdepot_nr() - before, NR_STACKS);
	for (unsigned int j = 0; j < NR_STACKS; j++) {
		for (int i = 1; i < NR_THREADS; i++)
			assert_int_equal(seen[i][j], seen[0][j]);
		assert_kept(seen[0][j], NR_STACKS + j);
	}
}

static const void *caller_seen;

static __attribute__((noinline)) unsigned int inner(uintptr_t *addresses)
{
	caller_seen = __builtin_return_address(0);
	return stackdepot_capture(addresses, STACKDEPOT_FRAMES, caller_seen);
}

static __attribute__((noinline)) unsigned int outer(uintptr_t *addresses)
{
	unsigned int nr = inner(addresses);

	__asm__ volatile("" : : "r"(&nr) : "memory"); /* no tail call */
	return nr;
}

static void test_a_captured_stack_begins_at_the_caller(void **state)
{
	uintptr_t addresses[STACKDEPOT_FRAMES];
	unsigned int nr = outer(addresses);

	(void)state;
	assert_true(nr >= 2);
	assert_ptr_equal(addresses[0], caller_seen);
	nr = stackdepot_capture(addresses, 3, (void *)1);
	assert_int_equal(nr, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_kept_before_the_depot_is_made),
		cmocka_unit_test(test_a_stack_is_kept_once),
		cmocka_unit_test(test_a_stack_that_is_too_deep_loses_its_outer_end),
		cmocka_unit_test(test_threads_agree_on_the_handles),
		cmocka_unit_test(test_a_captured_stack_begins_at_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/*
 * What threads see that come while another one boots. Each test is a process of its own, because
 * libslab boots once; the first two show one moment of a boot instead of waiting for it.
 */
#include "common.h"

#include <pthread.h>
#include <unistd.h>

#include "allocators/slab/cpuslab.h"
#include "allocators/slab/types.h"

#define NR_THREADS 4
#define NR_BOOTS   20
#define NR_OBJECTS 100

/* Its exit code is 70 if @body returned. */
static void in_child(void (*body)(void))
{
	pid_t pid = fork();

	if (!pid) {
		alarm(60);
		body();
		_exit(70);
	}
	assert_int_equal(child_exit_code(pid), 70);
}

/* Its size is written, its base and its page map are not. */
static void free_nothing(void)
{
	slab_range.nr_committed = (size_t)1 << 20;
	kfree(NULL);
	kfree(ZERO_SIZE_PTR);
}

static void test_nothing_is_freed_while_the_range_is_made(void **state)
{
	(void)state;
	in_child(free_nothing);
}

/* What the thread pointer points to, where sequences wrote before they knew of a better place. */
static void keep_control_block(void)
{
	const char *block = __builtin_thread_pointer();
	char before[64];

	memcpy(before, block, sizeof(before));
	kfree(kmalloc(64, GFP_KERNEL));
	if (memcmp(before, block, sizeof(before)))
		_exit(1);
}

static void test_the_first_allocation_leaves_the_thread_control_block(void **state)
{
	(void)state;
	in_child(keep_control_block);
}

/* The engine is known, its caches are not yet made. */
static void allocate_early(void)
{
	void *p;

	slab_cpuslab = true;
	p = kmalloc(64, GFP_KERNEL);
	if (!p)
		_exit(1);
	kfree(p);
}

static void test_an_allocation_waits_for_the_caches_of_cpuslab(void **state)
{
	(void)state;
	in_child(allocate_early);
}

static pthread_barrier_t start;
static const char *options;

/* Somebody else may have booted already. */
static void *boot_and_use(void *arg)
{
	void *p[NR_OBJECTS];

	pthread_barrier_wait(&start);
	if (arg)
		(void)slab_boot(options);
	kfree(NULL);
	for (size_t i = 0; i < NR_OBJECTS; i++) {
		p[i] = kmalloc(1 + i * 20, GFP_KERNEL);
		if (!p[i])
			_exit(2);
		memset(p[i], (int)i, 1 + i * 20);
	}
	for (size_t i = 0; i < NR_OBJECTS; i++)
		kfree(p[i]);
	return NULL;
}

static void boot_from_many_threads(void)
{
	pthread_t threads[NR_THREADS];

	pthread_barrier_init(&start, NULL, NR_THREADS);
	for (uintptr_t i = 0; i < NR_THREADS; i++)
		if (pthread_create(&threads[i], NULL, boot_and_use, (void *)(i % 2)))
			_exit(3);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	if (slab_check(print_disagreement, NULL))
		_exit(4);
}

static void test_threads_boot_and_allocate_at_once(void **state)
{
	static const char *const engines[] = { "", "engine=cpuslab", "partition=random" };

	(void)state;
	for (size_t i = 0; i < NR_BOOTS; i++) {
		options = engines[i % 3];
		in_child(boot_from_many_threads);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_freed_while_the_range_is_made),
		cmocka_unit_test(test_the_first_allocation_leaves_the_thread_control_block),
		cmocka_unit_test(test_an_allocation_waits_for_the_caches_of_cpuslab),
		cmocka_unit_test(test_threads_boot_and_allocate_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

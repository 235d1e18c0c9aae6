// SPDX-License-Identifier: MIT
/*
 * Restartable sequences without the C library's registration, as before glibc 2.35: each thread
 * registers itself when it first needs its lane. The program runs itself again with glibc's
 * registration turned off by a tunable.
 */
#include "common.h"

#include <pthread.h>
#include <unistd.h>

#include "allocators/slab/kmalloc_fast.h"

#define NR_THREADS 8
#define NR_OBJECTS 300
#define SHEAVES	   "per-CPU sheaves (rseq)"

/* Of a C library that registers threads. */
extern const unsigned int __rseq_size __attribute__((weak));

static struct kmem_cache *cache;

static bool has_cpu_lanes(void)
{
	char text[64];

	return slab_option_get("cached_by", text, sizeof(text)) > 0 && !strcmp(text, SHEAVES);
}

static void *work(void *arg)
{
	uint64_t *objects[NR_OBJECTS];

	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < NR_OBJECTS; i++) {
			objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
			if (!objects[i])
				return arg;
			*objects[i] = (uintptr_t)&objects[i];
		}
		for (int i = 0; i < NR_OBJECTS; i++) {
			if (*objects[i] != (uintptr_t)&objects[i])
				return arg;
			kmem_cache_free(cache, objects[i]);
		}
		if (round % 16 == 0)
			kmem_cache_shrink(cache); /* flushes other CPUs: the fence */
	}
	return NULL;
}

static void assert_threads_work(void)
{
	pthread_t threads[NR_THREADS];
	void *bad = NULL;

	cache = kmem_cache_create("rseq", 96, 0, SLAB_NO_MERGE, NULL);
	assert_non_null(cache);
	for (size_t i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, cache), 0);
	for (size_t i = 0; i < NR_THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		bad = result ? result : bad;
	}
	assert_null(bad);
	assert_equations_hold();
	assert_int_equal(kmem_cache_shrink(cache), 0);
}

/* What threads left behind in sheaves: of CPUs, so however many threads there were. */
static size_t nr_left(void)
{
	struct slab_usage u;

	assert_threads_work();
	assert_int_equal(kmem_cache_shrink(cache), 0);
	for (int i = 0; i < 4; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, work, cache);
		pthread_join(thread, NULL);
	}
	slab_usage(&u);
	kmem_cache_destroy(cache);
	return u.nr_cached;
}

static void test_own_registration_gives_lanes_of_cpus(void **state)
{
	(void)state;
	assert_true(!&__rseq_size || !__rseq_size);
	assert_true(has_cpu_lanes());
	assert_true(nr_left() > 0);
}

static void in_a_child(void)
{
	cache = kmem_cache_create("child", 96, 0, SLAB_NO_MERGE, NULL);
	_exit(!cache || work(cache) || slab_check(print_disagreement, NULL));
}

static void test_a_child_process_goes_on_with_them(void **state)
{
	pid_t pid;

	(void)state;
	kfree(kmalloc(96, GFP_KERNEL));
	pid = fork();
	if (!pid)
		in_a_child();
	assert_int_equal(child_exit_code(pid), 0);
}

/* dtv and what else the C library keeps at the thread pointer. */
static void nothing_is_stored_before_boot(void **state)
{
	const char *block = __builtin_thread_pointer();
	char before[64];
	int object;

	(void)state;
	memcpy(before, block, sizeof(before));
	assert_null(kmalloc_try(64, (struct kmalloc_token){ &object, 0 }));
	kfree(NULL);
	assert_memory_equal(block, before, sizeof(before));
}

static int boot(void **state)
{
	(void)state;
	return slab_boot(NULL);
}

static int before_boot(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_stored_before_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static int with_own_registration(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_registration_gives_lanes_of_cpus),
		cmocka_unit_test(test_a_child_process_goes_on_with_them),
	};

	return before_boot() + cmocka_run_group_tests(tests, boot, NULL);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return with_own_registration();
	if (!has_cpu_lanes()) {
		printf("lanes belong to threads here\n");
		return 77;
	}
	setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);
	execl("/proc/self/exe", argv[0], "again", (char *)NULL);
	return 1;
}

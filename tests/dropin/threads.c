// SPDX-License-Identifier: MIT
/* Threads: blocks of one freed by another, and what a thread still does when it ends. */
#include "family.h"

#include "lib/sanitizers.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#define NR_THREADS 4
#define NR_BLOCKS  2000

static size_t size_of(size_t i)
{
	return i % 97 ? i * 37 % 3000 : HUGE + i;
}

static void *blocks[NR_THREADS][NR_BLOCKS];

static void *take(void *arg)
{
	void **mine = arg;

	for (size_t i = 0; i < NR_BLOCKS; i++) {
		mine[i] = malloc(size_of(i));
		if (mine[i] && size_of(i))
			*(char *)mine[i] = (char)i;
	}
	return arg;
}

static void *give(void *arg)
{
	void **others = arg;

	for (size_t i = 0; i < NR_BLOCKS; i++)
		free(i % 3 ? others[i] : realloc(others[i], 100));
	return arg;
}

static void run_all(void *(*body)(void *arg), size_t shift)
{
	pthread_t threads[NR_THREADS];

	for (size_t i = 0; i < NR_THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, body, blocks[(i + shift) % NR_THREADS]),
			0);
	for (size_t i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void test_blocks_are_freed_by_other_threads(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		run_all(take, 0);
		run_all(give, 1);
	}
}

/*
 * How often a value may come back in a thread's destructors. ThreadSanitizer takes its own record
 * of the thread away in the last round, before the other keys' destructors: code that it
 * instruments must not run there.
 */
#define NR_ROUNDS (PTHREAD_DESTRUCTOR_ITERATIONS - UNDER_TSAN)

static pthread_key_t key;
static unsigned int nr_ended;

static void *block_of_round(size_t round)
{
	size_t *block = malloc(round * sizeof(*block));

	*block = round;
	return block;
}

/* Runs after libslab's own destructor or before it, in every round that POSIX allows. */
static void end(void *value)
{
	static const size_t sizes[] = { 10, 5000, HUGE + 1 };
	size_t round = *(size_t *)value;

	free(value);
	for (size_t i = 0; i < 3; i++)
		free(malloc(sizes[i]));
	__atomic_add_fetch(&nr_ended, 1, __ATOMIC_RELAXED);
	if (round < NR_ROUNDS)
		pthread_setspecific(key, block_of_round(round + 1));
}

static void *live_shortly(void *arg)
{
	pthread_setspecific(key, block_of_round(1));
	return arg;
}

static void test_a_destructor_of_a_thread_may_allocate(void **state)
{
	(void)state;
	assert_int_equal(pthread_key_create(&key, end), 0);
	for (int i = 0; i < 20; i++)
		run_all(live_shortly, 0);
	assert_int_equal(nr_ended, 20 * NR_THREADS * NR_ROUNDS);
	pthread_key_delete(key);
}

/* The slow ways of the family on the smallest stack that a thread may have. */
static void *use_all(void *arg)
{
	static const size_t sizes[] = { 1, 100, 5000, 9000, 70000, MiB, HUGE + 1 };
	void *p;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		p = realloc(malloc(sizes[i]), sizes[i] * 3);
		free(p);
		free(calloc(1, sizes[i]));
		free(memalign(4096, sizes[i]));
	}
	malloc_trim(0);
	mallinfo2();
	return arg;
}

static void test_the_least_stack_of_a_thread_is_enough(void **state)
{
	pthread_attr_t attr;
	pthread_t thread;

	(void)state;
	if (DROPIN_RENAMED) {
		print_message("a sanitizer's frames are larger\n");
		skip();
	}
	pthread_attr_init(&attr);
	assert_int_equal(pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN), 0);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(pthread_create(&thread, &attr, use_all, NULL), 0);
		pthread_join(thread, NULL);
	}
	pthread_attr_destroy(&attr);
}

static int nr_signals;

static void count_signal(int signal)
{
	(void)signal;
	__atomic_fetch_add(&nr_signals, 1, __ATOMIC_RELAXED);
}

/* Each signal may undo a sequence that takes or returns an object. */
static void test_signals_that_do_not_allocate_are_harmless(void **state)
{
	struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART }, old;

	(void)state;
	sigaction(SIGPROF, &action, &old);
	setitimer(ITIMER_PROF, &often, NULL);
	while (__atomic_load_n(&nr_signals, __ATOMIC_RELAXED) < 20) {
		run_all(take, 0);
		run_all(give, 1);
	}
	setitimer(ITIMER_PROF, &never, NULL);
	sigaction(SIGPROF, &old, NULL);
}

static void *ask(void *arg)
{
	for (int i = 0; i < 20; i++) {
		void *p = malloc(70000);

		malloc_trim(0);
		mallinfo2();
		free(p);
	}
	return arg;
}

static void test_trim_and_mallinfo_while_others_allocate(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, ask, NULL), 0);
	run_all(take, 0);
	run_all(give, 1);
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks_are_freed_by_other_threads),
		cmocka_unit_test(test_a_destructor_of_a_thread_may_allocate),
		cmocka_unit_test(test_the_least_stack_of_a_thread_is_enough),
		cmocka_unit_test(test_signals_that_do_not_allocate_are_harmless),
		cmocka_unit_test(test_trim_and_mallinfo_while_others_allocate),
	};

	return cmocka_run_group_tests(tests, NULL, check_equations);
}

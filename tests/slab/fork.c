// SPDX-License-Identifier: MIT
/*
 * fork() while other threads allocate, free, make and unmake caches, shrink them and free behind
 * readers: each child finds all equations true, uses everything, has threads and forks again. In
 * both engines, with lanes of CPUs and of threads, with checks and hooks.
 */
#include "forks.h"

#include <errno.h>
#include <sched.h>

#include "allocators/slab/buddy.h"
#include "allocators/slab/large.h"
#include "allocators/slab/percpu.h"
#include "modes.h"
#include "no_fence.h"

#define NR_THREADS 3

static bool stop;
static const char *mode;
static unsigned int nr_bad;

static unsigned int nr_forks(void)
{
	bool slow = strstr(mode, "debug") || strstr(mode, "virtual");
	unsigned int nr = slow ? 8 : 30;

	return times(UNDER_ASAN ? nr / 2 : nr);
}

struct deferred {
	struct rcu_head rcu;
	char bytes[100];
};

static void defer(unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct deferred *p = kmalloc(sizeof(*p), GFP_KERNEL);

		if (p)
			kfree_rcu(p, rcu);
	}
}

static void *keep_busy(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		use_everything(seed++);
		if (seed % 4 == 0)
			defer(50);
		if (seed % 16 == 0)
			drop_slab();
	}
	return NULL;
}

static void *fork_often(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < nr_forks() / 4; i++)
		__atomic_fetch_add(&nr_bad, child_of(go_on, 0) != CHILD_GOOD, __ATOMIC_RELAXED);
	return NULL;
}

static void start(pthread_t *threads, void *(*body)(void *arg))
{
	stop = false;
	for (uintptr_t i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, body, (void *)(i * 1000)), 0);
}

static void finish(pthread_t *threads)
{
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (size_t i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	kvfree_rcu_barrier();
	assert_equations_hold();
}

static void test_a_child_of_one_thread_goes_on(void **state)
{
	(void)state;
	use_everything(1);
	assert_int_equal(child_of(go_on, 1), CHILD_GOOD);
}

static void test_children_of_busy_threads_go_on(void **state)
{
	pthread_t threads[NR_THREADS];

	(void)state;
	if (skip_forks())
		skip();
	start(threads, keep_busy);
	for (unsigned int i = 0; i < nr_forks(); i++)
		assert_int_equal(child_of(go_on, i % 8 == 0), CHILD_GOOD);
	finish(threads);
}

static void test_several_threads_fork_at_once(void **state)
{
	pthread_t threads[NR_THREADS];

	(void)state;
	if (skip_forks())
		skip();
	start(threads, fork_often);
	for (unsigned int i = 0; i < nr_forks() / 4; i++)
		use_everything(i);
	finish(threads);
	assert_int_equal(nr_bad, 0);
}

/* Nobody had to be left behind: nothing is lost that the parent had. */
static void test_a_child_has_all_that_the_parent_had(void **state)
{
	pthread_t threads[NR_THREADS];

	(void)state;
	if (skip_forks())
		skip();
	start(threads, keep_busy);
	for (unsigned int i = 0; i < nr_forks() / 4; i++)
		assert_int_equal(child_of(is_complete, 0), CHILD_GOOD);
	finish(threads);
}

static void *trim_often(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		void *p = kmalloc(1 << 20, GFP_KERNEL);

		if (p)
			memset(p, 1, 1 << 20);
		kfree(p);
		for (unsigned int i = 0; i < slab_nr_nodes; i++)
			zone_trim(&slab_zones[i], 0);
	}
	return arg;
}

static int has_no_block_in_hand(int depth)
{
	(void)depth;
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		if (slab_zones[i].nr_purging)
			return CHILD_LACKS;
	return CHILD_GOOD;
}

/* While memory goes back to the system a block is on no list: a child lost it. */
static void test_a_child_has_the_blocks_that_were_given_back(void **state)
{
	pthread_t threads[NR_THREADS];

	(void)state;
	if (skip_forks())
		skip();
	start(threads, trim_often);
	for (unsigned int i = 0; i < nr_forks(); i++)
		assert_int_equal(child_of(has_no_block_in_hand, 0), CHILD_GOOD);
	finish(threads);
}

/* More than a block of pointers, so that the monitor comes soon. */
static void defer_large(void)
{
	for (int i = 0; i < 600; i++)
		kfree_rcu_mightsleep(kmalloc(20000, GFP_KERNEL));
}

static int wait_for_worker(int arg)
{
	size_t before = large_bytes();

	defer_large();
	while (large_bytes() > before)
		usleep(1000);
	return arg;
}

static void *wait_for_readers(void *arg)
{
	synchronize_rcu();
	return arg;
}

static void *stop_later(void *arg)
{
	usleep(30000);
	reader_stop(arg);
	return NULL;
}

/* What is gathered is gathered by CPU. */
static void stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Its work is due while fork() waits for a grace period: in the child nobody has it in hand. */
static void test_the_worker_of_a_child_does_what_its_parent_s_was_about_to(void **state)
{
	pthread_t waits, stops;
	struct reader r;

	(void)state;
	if (skip_forks())
		skip();
	stay_on_this_cpu();
	kvfree_rcu_barrier();
	reader_start(&r);
	defer_large();
	assert_int_equal(pthread_create(&waits, NULL, wait_for_readers, NULL), 0);
	assert_int_equal(pthread_create(&stops, NULL, stop_later, &r), 0);
	usleep(1000);
	assert_int_equal(child_of(wait_for_worker, CHILD_GOOD), CHILD_GOOD);
	pthread_join(stops, NULL);
	pthread_join(waits, NULL);
	kvfree_rcu_barrier();
}

static int run(const char *m)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_child_of_one_thread_goes_on),
		cmocka_unit_test(test_children_of_busy_threads_go_on),
		cmocka_unit_test(test_several_threads_fork_at_once),
		cmocka_unit_test(test_a_child_has_all_that_the_parent_had),
		cmocka_unit_test(test_a_child_has_the_blocks_that_were_given_back),
		cmocka_unit_test(test_the_worker_of_a_child_does_what_its_parent_s_was_about_to),
	};

	watchdog(UNDER_ASAN ? 400 : 200);
	mode = m;
	if (strstr(m, "seed=2") && refuse_the_fence())
		print_message("no filter for system calls\n");
	boot_or_fail(m);
	print_message("%s\n", m);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	static const char *const modes[] = {
		"seed=1",
		"seed=1,engine=cpuslab",
		"seed=2", /* lanes of threads */
		"seed=2,engine=cpuslab",
		"partition=random,nodes=2,freelist_random=1,freelist_hardened=1",
		"debug=FZPU",
		"profiling=1,init_on_free=1,stats=1",
		"kfence=1,kfence_objects=255",
		"virtual=1",
	};

	if (UNDER_TSAN) {
		print_message("ThreadSanitizer lets no child of several threads go on\n");
		return 77;
	}
	return run_modes(modes, ARRAY_SIZE(modes), run);
}

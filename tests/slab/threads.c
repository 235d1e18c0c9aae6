// SPDX-License-Identifier: MIT
/*
 * Lanes of threads, as on a system without restartable sequences: a filter refuses to register for
 * their fence. What becomes of a thread's objects when it ends, what its last destructors may do,
 * what another thread's flush and a destruction reach, and fork().
 */
#include "readers.h"

#include <errno.h>
#include <sys/wait.h>

#include "allocators/slab/percpu.h"
#include "lib/bits.h"
#include "no_fence.h"

#define NR_THREADS 8
#define NR_OBJECTS 500

struct object {
	struct rcu_head rcu;
	char bytes[80];
};

static struct kmem_cache *cache;

static int make_cache(void **state)
{
	(void)state;
	cache = kmem_cache_create("object", sizeof(struct object), 0, SLAB_NO_MERGE, NULL);
	return !cache;
}

/* Fails if an object is left. */
static int destroy_cache(void **state)
{
	char name[SLAB_NAME_LEN], text[64];

	(void)state;
	strcpy(name, kmem_cache_name(cache));
	kmem_cache_destroy(cache);
	assert_equations_hold();
	assert_true(slab_attribute(name, "objects", text, sizeof(text)) < 0);
	return 0;
}

static void run(void *(*body)(void *arg), void *arg)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, body, arg), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void *allocate_and_free(void *arg)
{
	void *p[NR_OBJECTS];

	(void)arg;
	for (size_t i = 0; i < NR_OBJECTS; i++)
		p[i] = kmem_cache_alloc(cache, GFP_KERNEL);
	for (size_t i = 0; i < NR_OBJECTS; i++)
		kmem_cache_free(cache, p[i]);
	return NULL;
}

static void test_a_thread_that_ends_leaves_nothing_in_its_lanes(void **state)
{
	(void)state;
	for (int i = 0; i < NR_THREADS; i++)
		run(allocate_and_free, NULL);
	assert_equations_hold();
	assert_int_equal(kmem_cache_shrink(cache), 0);
}

static void *defer_one(void *arg)
{
	struct object *p = kmem_cache_alloc(cache, GFP_KERNEL);

	(void)arg;
	kfree_rcu(p, rcu);
	return NULL;
}

/* Without a barrier for kfree_rcu(), which would look for it everywhere. */
static void test_what_an_ended_thread_has_put_aside_is_freed_all_the_same(void **state)
{
	size_t before = nr_inuse();

	(void)state;
	for (int i = 0; i < NR_THREADS; i++)
		run(defer_one, NULL);
	rcu_barrier_all("test");
	assert_int_equal(nr_inuse(), before);
}

static pthread_key_t key;

/* Called in several rounds, before and after the lanes are gone. */
static void use_and_come_again(void *arg)
{
	uintptr_t left = (uintptr_t)arg;
	void *p = kmem_cache_alloc(cache, GFP_KERNEL), *q = kmalloc(100, GFP_KERNEL);

	kmem_cache_free(cache, p);
	kfree(q);
	if (left > 1)
		pthread_setspecific(key, (void *)(left - 1));
}

static void *end_with_destructors(void *arg)
{
	allocate_and_free(NULL);
	pthread_setspecific(key, arg);
	return NULL;
}

static void test_the_last_destructors_of_a_thread_may_allocate_and_free(void **state)
{
	(void)state;
	assert_int_equal(pthread_key_create(&key, use_and_come_again), 0);
	for (int i = 0; i < NR_THREADS; i++)
		run(end_with_destructors, (void *)3);
	pthread_key_delete(key);
	assert_equations_hold();
	assert_int_equal(kmem_cache_shrink(cache), 0);
}

static bool stop;
static unsigned int nr_ready;

static void *keep_going(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		allocate_and_free(arg);
		__atomic_fetch_add(&nr_ready, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Spares and barns change hands; main sheaves stay with their threads. */
static void test_shrinking_while_others_allocate(void **state)
{
	pthread_t threads[NR_THREADS / 2];

	(void)state;
	stop = false;
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, keep_going, NULL), 0);
	for (int i = 0; i < 200; i++)
		kmem_cache_shrink(cache);
	while (__atomic_load_n(&nr_ready, __ATOMIC_RELAXED) < 2 * NR_THREADS)
		usleep(1000);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	assert_equations_hold();
	assert_int_equal(kmem_cache_shrink(cache), 0);
}

static pthread_barrier_t used, destroyed;

static void *use_and_wait(void *arg)
{
	allocate_and_free(arg);
	pthread_barrier_wait(&used);
	pthread_barrier_wait(&destroyed);
	run(allocate_and_free, NULL);
	allocate_and_free(arg);
	return NULL;
}

/* The next cache gets the slot, so what was left there would be taken for its own. */
static void test_destroying_empties_the_lanes_of_living_threads(void **state)
{
	struct kmem_cache *old = cache;
	uint32_t slot = cache->lane;
	pthread_t thread;

	(void)state;
	pthread_barrier_init(&used, NULL, 2);
	pthread_barrier_init(&destroyed, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, use_and_wait, NULL), 0);
	pthread_barrier_wait(&used);
	cache = kmem_cache_create("next", 3000, 0, SLAB_NO_MERGE, NULL);
	kmem_cache_destroy(cache);
	kmem_cache_destroy(old);
	cache = kmem_cache_create("next", 3000, 0, SLAB_NO_MERGE, NULL);
	assert_int_equal(cache->lane, slot);
	pthread_barrier_wait(&destroyed);
	pthread_join(thread, NULL);
	assert_equations_hold();
}

static void *fork_here(void *arg)
{
	int status;
	pid_t pid;

	allocate_and_free(NULL);
	pid = fork();
	if (!pid) {
		alarm(60);
		allocate_and_free(NULL);
		kmem_cache_destroy(cache);
		_exit(slab_check(print_disagreement, NULL) ? 1 : 70);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status))
		*(int *)arg = WEXITSTATUS(status);
	return NULL;
}

static void *keep_and_wait(void *arg)
{
	allocate_and_free(arg);
	pthread_barrier_wait(&used);
	pthread_barrier_wait(&destroyed);
	return NULL;
}

static void test_a_child_shrinks_what_its_parent_s_threads_have_at_hand(void **state)
{
	pthread_t thread;
	int status = 0;
	pid_t pid;

	(void)state;
	if (UNDER_TSAN) {
		print_message("ThreadSanitizer does not like the fork of many threads\n");
		skip();
	}
	pthread_barrier_init(&used, NULL, 2);
	pthread_barrier_init(&destroyed, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, keep_and_wait, NULL), 0);
	pthread_barrier_wait(&used);
	assert_true(kmem_cache_shrink(cache));
	pid = fork();
	if (!pid) {
		alarm(60);
		_exit(kmem_cache_shrink(cache) ? 1 : 70);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 70);
	pthread_barrier_wait(&destroyed);
	pthread_join(thread, NULL);
}

/* The lanes of threads that are not there any more are emptied by who destroys the cache. */
static void test_a_child_can_destroy_what_its_parent_s_threads_used(void **state)
{
	int code = 0;

	(void)state;
	if (UNDER_TSAN) {
		print_message("ThreadSanitizer does not like the fork of many threads\n");
		skip();
	}
	allocate_and_free(NULL);
	run(fork_here, &code);
	assert_int_equal(code, 70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_thread_that_ends_leaves_nothing_in_its_lanes,
						make_cache, destroy_cache),
		cmocka_unit_test_setup_teardown(
			test_what_an_ended_thread_has_put_aside_is_freed_all_the_same, make_cache,
			destroy_cache),
		cmocka_unit_test_setup_teardown(
			test_the_last_destructors_of_a_thread_may_allocate_and_free, make_cache,
			destroy_cache),
		cmocka_unit_test_setup_teardown(test_shrinking_while_others_allocate, make_cache,
						destroy_cache),
		cmocka_unit_test_setup_teardown(test_destroying_empties_the_lanes_of_living_threads,
						make_cache, destroy_cache),
		cmocka_unit_test_setup_teardown(
			test_a_child_shrinks_what_its_parent_s_threads_have_at_hand, make_cache,
			destroy_cache),
		cmocka_unit_test_setup_teardown(
			test_a_child_can_destroy_what_its_parent_s_threads_used, make_cache,
			destroy_cache),
	};

	if (refuse_the_fence())
		print_message("no filter for system calls: %s\n", strerror(errno));
	if (slab_boot("") || percpu_nr_cpus()) {
		print_message("lanes belong to CPUs here\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

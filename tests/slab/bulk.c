// SPDX-License-Identifier: MIT
/* Bulk allocation and free: all or nothing, mixed caches in any order, nothing lost on the way. */
#include "common.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocators/slab/fault.h"
#include "allocators/slab/types.h"
#include "lib/random.h"

#define MANY 3000u

static void *objects[MANY];

static void fill_apart(size_t n, size_t bytes)
{
	for (size_t i = 0; i < n; i++)
		memset(objects[i], (int)(i % 251) + 1, bytes);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < bytes; j++)
			assert_int_equal(((unsigned char *)objects[i])[j], i % 251 + 1);
}

static void test_bulk_gives_as_many_different_objects_as_asked(void **state)
{
	static const size_t counts[] = { 1, 2, 7, 30, 60, 61, 250, MANY };
	static const slab_flags_t flags[] = { SLAB_NO_MERGE, SLAB_CONSISTENCY_CHECKS };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(flags); k++) {
		struct kmem_cache *s = kmem_cache_create("bulk", 72, 0, flags[k], NULL);
		size_t before = nr_inuse();

		for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
			assert_true(kmem_cache_alloc_bulk(s, GFP_KERNEL, counts[i], objects));
			assert_int_equal(nr_inuse(), before + counts[i]);
			fill_apart(counts[i], 72);
			kmem_cache_free_bulk(s, counts[i], objects);
			assert_int_equal(nr_inuse(), before);
			assert_equations_hold();
		}
		kmem_cache_destroy(s);
	}
}

static void test_no_objects_are_no_success(void **state)
{
	struct kmem_cache *s = kmem_cache_create("none", 72, 0, SLAB_NO_MERGE, NULL);

	(void)state;
	assert_false(kmem_cache_alloc_bulk(s, GFP_KERNEL, 0, objects));
	kmem_cache_free_bulk(s, 0, objects);
	kfree_bulk(0, objects);
	kmem_cache_destroy(s);
}

static void test_bulk_clears_what_is_to_be_zero(void **state)
{
	struct kmem_cache *s = kmem_cache_create("zero", 72, 0, SLAB_NO_MERGE, NULL);

	(void)state;
	for (int round = 0; round < 3; round++) {
		assert_true(kmem_cache_alloc_bulk(s, GFP_KERNEL | __GFP_ZERO, 200, objects));
		for (int i = 0; i < 200; i++)
			for (int j = 0; j < 72; j++)
				assert_int_equal(((unsigned char *)objects[i])[j], 0);
		fill_apart(200, 72);
		kmem_cache_free_bulk(s, 200, objects);
	}
	kmem_cache_destroy(s);
}

/* Refuse pages after the n-th request: each stop in the middle gives everything back. */
static void test_a_failure_in_the_middle_leaves_nothing_allocated(void **state)
{
	unsigned int refused = 0;

	(void)state;
	for (uint64_t n = 1;; n++) {
		struct kmem_cache *s = kmem_cache_create("fail", 1000, 0, SLAB_NO_MERGE, NULL);
		size_t before = nr_inuse();
		bool served;

		slab_fault_arm(FAULT_PAGES, n, UINT64_MAX);
		served = kmem_cache_alloc_bulk(s, GFP_KERNEL, MANY, objects);
		slab_fault_arm(FAULT_PAGES, 0, 0);
		assert_equations_hold();
		if (served)
			kmem_cache_free_bulk(s, MANY, objects);
		assert_int_equal(nr_inuse(), before);
		kmem_cache_destroy(s);
		if (served)
			break;
		refused++;
	}
	print_message("refused after %u page allocations\n", refused);
	assert_true(refused >= MANY / 64); /* at most 64 objects of 1000 bytes in a slab */
}

static void shuffle(struct random *r, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = random_below(r, i);
		void *p = objects[i - 1];

		objects[i - 1] = objects[j];
		objects[j] = p;
	}
}

static void test_kfree_bulk_takes_objects_of_all_kinds_in_any_order(void **state)
{
	struct kmem_cache *s = kmem_cache_create("mixed", 200, 0, SLAB_NO_MERGE, NULL);
	struct kmem_cache *checked =
		kmem_cache_create("mixed-checked", 200, 0, SLAB_CONSISTENCY_CHECKS, NULL);
	struct slab_usage before, after;
	struct random r;

	(void)state;
	random_seed(&r, test_seed(11));
	slab_usage(&before);
	for (int round = 0; round < 30; round++) {
		size_t n = random_range(&r, 1, MANY);

		for (size_t i = 0; i < n; i++) {
			uint64_t kind = random_below(&r, 100);

			if (kind < 20)
				objects[i] = kmem_cache_alloc(s, GFP_KERNEL);
			else if (kind < 30)
				objects[i] = kmem_cache_alloc(checked, GFP_KERNEL);
			else if (kind < 32)
				objects[i] = kmalloc(random_range(&r, 8193, 40000), GFP_KERNEL);
			else if (kind < 34)
				objects[i] = kind & 1 ? NULL : ZERO_SIZE_PTR;
			else
				objects[i] = kmalloc(random_range(&r, 1, 300), GFP_KERNEL);
		}
		if (round & 1)
			shuffle(&r, n);
		kfree_bulk(n, objects);
		assert_equations_hold();
	}
	slab_usage(&after);
	assert_int_equal(after.nr_inuse, before.nr_inuse);
	assert_int_equal(after.large_bytes, before.large_bytes);
	kmem_cache_destroy(s);
	kmem_cache_destroy(checked);
}

/* Fill @objects from two caches and kmalloc, all at once or none; returns how many there are. */
static size_t take_mixed(struct random *r, struct kmem_cache *const *s)
{
	size_t n = 0;

	for (int i = 0; i < 6; i++) {
		size_t more = random_range(r, 1, 100);

		if (kmem_cache_alloc_bulk(s[i % 2], GFP_KERNEL, more, objects + n))
			n += more;
		objects[n++] = kmalloc(random_range(r, 1, 9000), GFP_KERNEL);
	}
	return n;
}

/* In a process of its own: no object is lost or shared under @options. 0 if so. */
static int mixed_run(const char *options, uint64_t seed)
{
	struct kmem_cache *s[2];
	struct random r;

	boot_or_fail(options);
	random_seed(&r, seed);
	s[0] = kmem_cache_create("a", 72, 0, SLAB_NO_MERGE, NULL);
	s[1] = kmem_cache_create("b", 520, 0, SLAB_NO_MERGE, NULL);
	for (int round = 0; round < 60; round++) {
		size_t n = take_mixed(&r, s);

		for (size_t i = 0; i < n; i++)
			memset(objects[i], (int)i, 1);
		if (round & 1)
			shuffle(&r, n);
		kfree_bulk(n, objects);
		n = random_range(&r, 1, 400);
		if (!kmem_cache_alloc_bulk(s[0], GFP_KERNEL | __GFP_ZERO, n, objects))
			return 1;
		kmem_cache_free_bulk(s[0], n, objects);
	}
	kmem_cache_destroy(s[0]); /* an object that is left is an error */
	kmem_cache_destroy(s[1]);
	return slab_check(print_disagreement, NULL) || slab_errors();
}

static void test_every_engine_and_all_letters_do_the_same(void **state)
{
	static const char *const options[] = { "cpus=2",
					       "engine=cpuslab",
					       "debug=FZPU",
					       "debug=F",
					       "stats=1",
					       "stats=1,engine=cpuslab",
					       "init_on_alloc=1,init_on_free=1",
					       "freelist_hardened=1,freelist_random=1",
					       "kfence=1" };
	uint64_t seed = test_seed(12);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		int status;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid)
			_exit(mixed_run(options[i], seed));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status)
			fail_msg("%s: wait status %#x", options[i], status);
	}
}

#define NR_THREADS 3

static void *churn(void *arg)
{
	struct kmem_cache *s = arg;
	void *mine[100];

	for (int round = 0; round < 300; round++) {
		size_t n = (size_t)round % 100 + 1;

		if (!kmem_cache_alloc_bulk(s, GFP_KERNEL, n, mine))
			return NULL;
		for (size_t i = 0; i < n; i++)
			memset(mine[i], round, 72);
		kmem_cache_free_bulk(s, n, mine);
	}
	return s;
}

static void test_threads_do_not_see_each_other_s_objects(void **state)
{
	struct kmem_cache *s = kmem_cache_create("threads", 72, 0, SLAB_NO_MERGE, NULL);
	pthread_t threads[NR_THREADS];

	(void)state;
	for (int i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, s), 0);
	for (int i = 0; i < NR_THREADS; i++) {
		void *served;

		assert_int_equal(pthread_join(threads[i], &served), 0);
		assert_ptr_equal(served, s);
	}
	assert_equations_hold();
	kmem_cache_destroy(s);
	assert_equations_hold();
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("cpus=2");
}

int main(void)
{
	const struct CMUnitTest not_booted[] = {
		cmocka_unit_test(test_every_engine_and_all_letters_do_the_same),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bulk_gives_as_many_different_objects_as_asked),
		cmocka_unit_test(test_no_objects_are_no_success),
		cmocka_unit_test(test_bulk_clears_what_is_to_be_zero),
		cmocka_unit_test(test_a_failure_in_the_middle_leaves_nothing_allocated),
		cmocka_unit_test(test_kfree_bulk_takes_objects_of_all_kinds_in_any_order),
		cmocka_unit_test(test_threads_do_not_see_each_other_s_objects),
	};

	int failed = cmocka_run_group_tests(not_booted, NULL, NULL);

	return failed ? failed : cmocka_run_group_tests(tests, boot, NULL);
}

// SPDX-License-Identifier: MIT
/*
 * Memory pools: the reserve serves when the allocator does not, who may wait gets what others free,
 * resizing, and that creation leaves nothing behind when it fails.
 */
#include "common.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "allocators/slab/fault.h"
#include "allocators/slab/mempool.h"

#define NR_THREADS 3

/* An allocator that can be told to fail, and that counts. */
static struct {
	bool refuse;
	long nr_left; /* elements it may still give; below 0: any number */
	long nr_out;  /* given and not freed */
	gfp_t first_gfp;
} source;

static void *source_alloc(gfp_t gfp, void *pool_data)
{
	if (!source.first_gfp)
		source.first_gfp = gfp;
	if (__atomic_load_n(&source.refuse, __ATOMIC_ACQUIRE) || !source.nr_left)
		return NULL;
	if (source.nr_left > 0)
		source.nr_left--;
	__atomic_fetch_add(&source.nr_out, 1, __ATOMIC_RELAXED);
	return kmalloc((size_t)pool_data, gfp);
}

static void source_free(void *element, void *pool_data)
{
	(void)pool_data;
	__atomic_fetch_sub(&source.nr_out, 1, __ATOMIC_RELAXED);
	kfree(element);
}

static struct mempool *new_pool(int min_nr)
{
	memset(&source, 0, sizeof(source));
	source.nr_left = -1;
	return mempool_create(min_nr, source_alloc, source_free, (void *)64);
}

static void refuse(bool yes)
{
	__atomic_store_n(&source.refuse, yes, __ATOMIC_RELEASE);
}

static void end_pool(struct mempool *pool)
{
	mempool_destroy(pool);
	assert_int_equal(source.nr_out, 0);
	assert_equations_hold();
}

static void test_the_reserve_serves_when_the_allocator_does_not(void **state)
{
	struct mempool *pool = new_pool(4);
	void *p[5];

	(void)state;
	assert_true(mempool_is_saturated(pool));
	assert_int_equal(source.nr_out, 4);
	p[0] = mempool_alloc(pool, GFP_KERNEL);
	assert_int_equal(pool->curr_nr, 4); /* as long as the allocator has some */
	mempool_free(p[0], pool);
	refuse(true);
	for (int i = 0; i < 4; i++)
		assert_non_null(p[i] = mempool_alloc(pool, GFP_ATOMIC));
	assert_null(mempool_alloc(pool, GFP_ATOMIC));
	assert_null(mempool_alloc_preallocated(pool));
	for (int i = 0; i < 4; i++) {
		assert_false(mempool_is_saturated(pool));
		mempool_free(p[i], pool);
	}
	assert_true(mempool_is_saturated(pool));
	p[4] = mempool_alloc_preallocated(pool);
	assert_non_null(p[4]);
	refuse(false);
	mempool_free(p[4], pool);
	mempool_free(NULL, pool);
	end_pool(pool);
}

static void test_the_first_attempt_does_not_try_hard(void **state)
{
	struct mempool *pool = new_pool(1);

	(void)state;
	source.first_gfp = 0;
	mempool_free(mempool_alloc(pool, GFP_KERNEL), pool);
	assert_int_equal(source.first_gfp & (__GFP_DIRECT_RECLAIM | __GFP_IO), 0);
	assert_int_equal(source.first_gfp & (__GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN),
			 __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN);
	end_pool(pool);
}

static void *wait_for_one(void *arg)
{
	return mempool_alloc(arg, GFP_KERNEL);
}

static void await_waiters(struct mempool *pool, uint32_t nr)
{
	while (__atomic_load_n(&pool->wait[1], __ATOMIC_SEQ_CST) < nr)
		sched_yield();
}

static void start_waiters(struct mempool *pool, pthread_t *threads, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_for_one, pool), 0);
	await_waiters(pool, nr);
}

/* Each waiter got an element, none the same as another; they go back to the pool. */
static void join_waiters(struct mempool *pool, const pthread_t *threads, uint32_t nr)
{
	void *p[NR_THREADS];

	for (uint32_t i = 0; i < nr; i++) {
		assert_int_equal(pthread_join(threads[i], &p[i]), 0);
		assert_non_null(p[i]);
		for (uint32_t j = 0; j < i; j++)
			assert_ptr_not_equal(p[i], p[j]);
	}
	for (uint32_t i = 0; i < nr; i++)
		mempool_free(p[i], pool);
}

static void test_waiters_get_what_others_free(void **state)
{
	struct mempool *pool = new_pool(NR_THREADS);
	pthread_t threads[NR_THREADS];
	void *p[NR_THREADS];

	(void)state;
	refuse(true);
	for (int i = 0; i < NR_THREADS; i++)
		p[i] = mempool_alloc(pool, GFP_ATOMIC);
	start_waiters(pool, threads, NR_THREADS);
	for (int i = 0; i < NR_THREADS; i++)
		mempool_free(p[i], pool);
	join_waiters(pool, threads, NR_THREADS);
	assert_true(mempool_is_saturated(pool));
	end_pool(pool);
}

/* The same with real memory that has run out. */
static void test_waiters_are_served_although_no_page_is_given(void **state)
{
	static void *p[100000];
	struct kmem_cache *s = kmem_cache_create("pool", 3000, 0, SLAB_NO_MERGE, NULL);
	struct mempool *pool = mempool_create_slab_pool(NR_THREADS, s);
	pthread_t threads[NR_THREADS];
	unsigned int nr = 0;

	(void)state;
	assert_non_null(pool);
	slab_fault_arm(FAULT_PAGES, 1, UINT64_MAX);
	while (nr < 100000 && (p[nr] = mempool_alloc(pool, GFP_NOWAIT)))
		nr++;
	assert_in_range(nr, NR_THREADS, 99999);
	start_waiters(pool, threads, NR_THREADS);
	for (int i = 0; i < NR_THREADS; i++)
		mempool_free(p[--nr], pool);
	join_waiters(pool, threads, NR_THREADS);
	slab_fault_arm(FAULT_PAGES, 0, 0);
	while (nr)
		mempool_free(p[--nr], pool);
	mempool_destroy(pool);
	kmem_cache_destroy(s);
	assert_equations_hold();
}

static void test_without_a_reserve_a_free_reaches_who_waits(void **state)
{
	struct mempool *pool = new_pool(0);
	pthread_t thread;
	void *p = mempool_alloc(pool, GFP_KERNEL);

	(void)state;
	assert_non_null(p);
	refuse(true);
	assert_null(mempool_alloc(pool, GFP_ATOMIC));
	start_waiters(pool, &thread, 1);
	mempool_free(p, pool);
	join_waiters(pool, &thread, 1);
	end_pool(pool);
}

struct shared {
	struct mempool *pool;
	unsigned int nr_wrong;
};

/* An element belongs to one thread at a time: what it writes stays. */
static void *use_elements(void *arg)
{
	struct shared *shared = arg;
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < 3000; i++) {
		uintptr_t *p = mempool_alloc(shared->pool, GFP_KERNEL);

		p[0] = p[7] = (uintptr_t)&wrong + i;
		if (i % 8 == 0)
			sched_yield();
		wrong += p[0] != (uintptr_t)&wrong + i || p[7] != (uintptr_t)&wrong + i;
		mempool_free(p, shared->pool);
	}
	__atomic_fetch_add(&shared->nr_wrong, wrong, __ATOMIC_RELAXED);
	return NULL;
}

static void test_threads_share_too_few_elements(void **state)
{
	for (int min_nr = 1; min_nr <= 2; min_nr++) {
		struct shared shared = { .pool = new_pool(min_nr) };
		pthread_t threads[NR_THREADS];

		(void)state;
		refuse(true);
		for (int i = 0; i < NR_THREADS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, use_elements, &shared),
					 0);
		for (int i = 0; i < NR_THREADS; i++)
			pthread_join(threads[i], NULL);
		assert_int_equal(shared.nr_wrong, 0);
		assert_int_equal(shared.pool->curr_nr, min_nr);
		end_pool(shared.pool);
	}
}

static void test_resizing_fills_and_empties_the_reserve(void **state)
{
	struct mempool *pool = new_pool(2);

	(void)state;
	assert_int_equal(mempool_resize(pool, 10), 0);
	assert_int_equal(pool->curr_nr, 10);
	assert_int_equal(source.nr_out, 10);
	assert_int_equal(mempool_resize(pool, 3), 0);
	assert_int_equal(pool->curr_nr, 3);
	assert_int_equal(source.nr_out, 3);
	assert_int_equal(mempool_resize(pool, 5), 0);
	assert_int_equal(pool->curr_nr, 5);
	assert_int_equal(mempool_resize(pool, 0), -EINVAL);
	refuse(true);
	assert_int_equal(mempool_resize(pool, 7), 0); /* the rest comes with the next frees */
	assert_int_equal(pool->curr_nr, 5);
	refuse(false);
	mempool_free(source_alloc(GFP_KERNEL, (void *)64), pool);
	assert_int_equal(pool->curr_nr, 6);
	slab_fault_arm(FAULT_PAGES, 1, UINT64_MAX);
	assert_int_equal(mempool_resize(pool, 1 << 24), -ENOMEM);
	slab_fault_arm(FAULT_PAGES, 0, 0);
	assert_int_equal(pool->curr_nr, 6);
	end_pool(pool);
}

static void test_threads_use_a_pool_that_is_resized(void **state)
{
	struct shared shared = { .pool = new_pool(4) };
	pthread_t threads[NR_THREADS];

	(void)state;
	for (int i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use_elements, &shared), 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(mempool_resize(shared.pool, i * 7 % 20 + 1), 0);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(shared.nr_wrong, 0);
	end_pool(shared.pool);
}

static void test_a_pool_that_cannot_be_filled_is_not_made(void **state)
{
	struct mempool pool;

	(void)state;
	memset(&source, 0, sizeof(source));
	source.nr_left = 3;
	assert_null(mempool_create(4, source_alloc, source_free, (void *)64));
	assert_int_equal(source.nr_out, 0);
	source.nr_left = 3;
	assert_int_equal(mempool_init(&pool, 4, source_alloc, source_free, (void *)64), -ENOMEM);
	assert_int_equal(source.nr_out, 0);
	assert_int_equal(mempool_init(&pool, -1, source_alloc, source_free, NULL), -EINVAL);
	mempool_destroy(NULL);
	memset(&pool, 0, sizeof(pool));
	mempool_exit(&pool);
	assert_equations_hold();
}

static void test_embedded_pools_of_slab_and_kmalloc(void **state)
{
	struct kmem_cache *s = kmem_cache_create("embedded", 200, 0, SLAB_NO_MERGE, NULL);
	struct mempool of_slab, of_kmalloc;
	void *p, *q;

	(void)state;
	assert_int_equal(mempool_init_slab_pool(&of_slab, 5, s), 0);
	assert_int_equal(mempool_init_kmalloc_pool(&of_kmalloc, 5, 1000), 0);
	assert_true(mempool_initialized(&of_slab));
	p = mempool_alloc(&of_slab, GFP_KERNEL);
	q = mempool_alloc(&of_kmalloc, GFP_KERNEL);
	assert_int_equal(ksize(p), 200);
	assert_int_equal(ksize(q), 1024);
	mempool_free(p, &of_slab);
	mempool_free(q, &of_kmalloc);
	mempool_exit(&of_slab);
	mempool_exit(&of_kmalloc);
	mempool_exit(&of_kmalloc);
	assert_false(mempool_initialized(&of_slab));
	kmem_cache_destroy(s);
	assert_equations_hold();
}

static void test_pools_of_pages(void **state)
{
	struct mempool *pool = mempool_create_page_pool(3, 2), own;
	struct slab_usage usage;
	char *p;

	(void)state;
	assert_non_null(pool);
	slab_usage(&usage);
	assert_int_equal(usage.page_bytes, 3 * 4 * 4096);
	p = mempool_alloc(pool, GFP_KERNEL);
	assert_int_equal((uintptr_t)p % (4 * 4096), 0);
	memset(p, 1, 4 * 4096);
	mempool_free(p, pool);
	mempool_destroy(pool);
	assert_int_equal(mempool_init_page_pool(&own, 2, 0), 0);
	mempool_exit(&own);
	assert_null(mempool_create_page_pool(1, 11));
	slab_usage(&usage);
	assert_int_equal(usage.page_bytes, 0);
	assert_equations_hold();
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("cpus=2,range=64M");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_reserve_serves_when_the_allocator_does_not),
		cmocka_unit_test(test_the_first_attempt_does_not_try_hard),
		cmocka_unit_test(test_waiters_get_what_others_free),
		cmocka_unit_test(test_waiters_are_served_although_no_page_is_given),
		cmocka_unit_test(test_without_a_reserve_a_free_reaches_who_waits),
		cmocka_unit_test(test_threads_share_too_few_elements),
		cmocka_unit_test(test_resizing_fills_and_empties_the_reserve),
		cmocka_unit_test(test_threads_use_a_pool_that_is_resized),
		cmocka_unit_test(test_a_pool_that_cannot_be_filled_is_not_made),
		cmocka_unit_test(test_embedded_pools_of_slab_and_kmalloc),
		cmocka_unit_test(test_pools_of_pages),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}

// SPDX-License-Identifier: MIT
/*
 * kfree_rcu(): not before the readers have left, but then; by sheaves, blocks, the list and on the
 * spot. A cache with SLAB_CONSISTENCY_CHECKS has no sheaves, so its objects go by batches.
 */
#include "readers.h"

#include "allocators/slab/fault.h"
#include "allocators/slab/kvfree_block.h"
#include "allocators/slab/kvfree_batch.h"
#include "allocators/slab/vmalloc.h"
#include "lib/bits.h"
#include "lib/random.h"

#define MANY 3000

struct object {
	uint64_t value;
	struct rcu_head rcu;
	char rest[40];
};

static struct kmem_cache *sheaved(void)
{
	return kmem_cache_create("sheaved", sizeof(struct object), 0, SLAB_NO_MERGE, NULL);
}

static struct kmem_cache *batched(void)
{
	return kmem_cache_create("batched", sizeof(struct object), 0, SLAB_CONSISTENCY_CHECKS,
				 NULL);
}

static struct object *make(struct kmem_cache *s, uint64_t value)
{
	struct object *p = kmem_cache_alloc(s, GFP_KERNEL);

	assert_non_null(p);
	p->value = value;
	return p;
}

static struct kvfree_batch_stat ways(void)
{
	struct kvfree_batch_stat stat;

	kvfree_batch_stat(&stat);
	return stat;
}

/* Another use of the memory of @old while a reader may look at it is an error. */
static void take_others(struct kmem_cache *s, struct object *const *old, unsigned int n)
{
	static struct object *others[MANY];

	for (unsigned int i = 0; i < MANY; i++) {
		others[i] = make(s, UINT64_MAX);
		for (unsigned int k = 0; k < n; k++)
			if (others[i] == old[k])
				fail_msg("reused before the grace period");
	}
	for (unsigned int i = 0; i < MANY; i++)
		kmem_cache_free(s, others[i]);
}

static void outlive_the_reader(struct kmem_cache *s)
{
	struct object *p[150];
	size_t before = nr_inuse();
	struct reader r;

	for (uint64_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = make(s, i);
	reader_start(&r);
	for (unsigned int i = 0; i < ARRAY_SIZE(p); i++)
		kfree_rcu(p[i], rcu);
	take_others(s, p, ARRAY_SIZE(p));
	for (uint64_t i = 0; i < ARRAY_SIZE(p); i++)
		assert_int_equal(p[i]->value, i);
	assert_int_equal(nr_inuse(), before + ARRAY_SIZE(p));
	reader_stop(&r);
	kvfree_rcu_barrier();
	assert_int_equal(nr_inuse(), before);
	assert_equations_hold();
	kmem_cache_destroy(s);
}

static void test_an_object_in_a_sheaf_outlives_the_reader(void **state)
{
	(void)state;
	outlive_the_reader(sheaved());
}

static void test_an_object_in_a_batch_outlives_the_reader(void **state)
{
	(void)state;
	outlive_the_reader(batched());
}

static void test_every_kind_of_object_is_freed(void **state)
{
	struct kmem_cache *typesafe =
		kmem_cache_create("typesafe", sizeof(struct object), 0, SLAB_TYPESAFE_BY_RCU, NULL);
	size_t sizes[] = { sizeof(struct rcu_head), 24, 96, 192, 1024, 8192, 8193, 1000000 };
	struct slab_usage before, after;
	struct object *p;

	(void)state;
	kvfree_rcu_barrier();
	slab_usage(&before);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct {
			struct rcu_head rcu;
		} *any = kmalloc(sizes[i], GFP_KERNEL);

		kfree_rcu(any, rcu);
		kvfree_rcu_mightsleep(kmalloc(sizes[i], GFP_KERNEL));
	}
	p = make(typesafe, 1);
	kvfree_rcu(p, rcu);
	kvfree_rcu_barrier();
	slab_usage(&after);
	assert_int_equal(after.nr_inuse, before.nr_inuse);
	assert_int_equal(after.large_bytes, before.large_bytes);
	kmem_cache_destroy(typesafe);
	assert_equations_hold();
}

static void test_vmalloced_memory_is_freed(void **state)
{
	struct slab_usage before, during, after;
	struct {
		struct rcu_head rcu;
	} * p;
	struct reader r;

	(void)state;
	slab_usage(&before);
	p = vmalloc(KMALLOC_MAX_SIZE + 1);
	assert_non_null(p);
	reader_start(&r);
	kvfree_rcu(p, rcu);
	kvfree_rcu_mightsleep(vmalloc(1));
	usleep(10000);
	slab_usage(&during);
	assert_true(during.vmalloc_bytes >= before.vmalloc_bytes + KMALLOC_MAX_SIZE);
	reader_stop(&r);
	kvfree_rcu_barrier();
	slab_usage(&after);
	assert_int_equal(after.vmalloc_bytes, before.vmalloc_bytes);
	assert_equations_hold();
}

static void test_null_does_nothing(void **state)
{
	struct object *none = NULL;

	(void)state;
	kfree_rcu(none, rcu);
	kvfree_rcu(none, rcu);
	kfree_rcu_mightsleep(none);
	kvfree_rcu_mightsleep(ZERO_SIZE_PTR);
}

/* slub_kunit's test_kfree_rcu: 16 bytes with nothing but the head, destroyed at once. */
static void test_kfree_rcu_then_destroy(void **state)
{
	struct only_head {
		struct rcu_head rcu;
	} * p;
	size_t before = nr_inuse();
	struct kmem_cache *s =
		kmem_cache_create("TestSlub_kfree_rcu", sizeof(*p), 0, SLAB_NO_MERGE, NULL);

	(void)state;
	assert_int_equal(sizeof(*p), 16);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	kfree_rcu(p, rcu);
	kmem_cache_destroy(s); /* a leftover would be reported and the cache stay */
	assert_int_equal(nr_inuse(), before);
	assert_equations_hold();
}

static size_t nr_caches(void)
{
	static char text[1u << 16];
	size_t nr = 0;

	slab_slabinfo(text, sizeof(text));
	for (const char *s = text; (s = strchr(s, '\n')); s++)
		nr++;
	return nr;
}

static void *destroy(void *s)
{
	kmem_cache_destroy(s);
	return NULL;
}

/* slub_kunit's test_kfree_rcu_wq_destroy. */
static void test_kfree_rcu_then_destroy_from_another_thread(void **state)
{
	uint64_t seed = test_seed(3);
	size_t before = nr_caches();

	(void)state;
	for (int round = 0; round < 10; round++) {
		struct kmem_cache *s = round % 2 ? sheaved() : batched();
		struct object *p = make(s, 1);
		pthread_t thread;

		kfree_rcu(p, rcu);
		usleep(random_mix(&seed) % 256 * 1000);
		assert_int_equal(pthread_create(&thread, NULL, destroy, s), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(nr_caches(), before);
	}
	assert_equations_hold();
}

static void *free_many(void *arg)
{
	for (uint64_t i = 0; i < MANY; i++) {
		struct object *p = kmem_cache_alloc(arg, GFP_KERNEL);

		p->value = i;
		if (i % 5)
			kfree_rcu(p, rcu);
		else
			kfree_rcu_mightsleep(p);
	}
	return NULL;
}

static void free_from_threads(struct kmem_cache *s)
{
	size_t before = nr_inuse();
	pthread_t thread[4];

	for (size_t i = 0; i < ARRAY_SIZE(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, free_many, s), 0);
	for (size_t i = 0; i < ARRAY_SIZE(thread); i++)
		pthread_join(thread[i], NULL);
	kvfree_rcu_barrier();
	assert_int_equal(nr_inuse(), before);
	assert_equations_hold();
	kmem_cache_destroy(s);
}

static void test_after_the_barrier_nothing_is_in_use(void **state)
{
	(void)state;
	free_from_threads(sheaved());
	free_from_threads(batched());
	assert_equations_hold();
}

static void await_inuse(size_t nr)
{
	while (nr_inuse() > nr)
		usleep(1000);
}

static void test_a_full_block_is_freed_soon_and_the_rest_later(void **state)
{
	struct kmem_cache *s = batched();
	size_t before = nr_inuse();
	struct object *p;

	(void)state;
	for (uint64_t i = 0; i < kfree_block_capacity() + 10; i++) {
		p = make(s, i);
		kfree_rcu(p, rcu);
	}
	await_inuse(before);
	p = make(s, 0);
	kfree_rcu(p, rcu);
	await_inuse(before); /* KFREE_DRAIN_NS */
	kmem_cache_destroy(s);
}

static void test_a_block_is_a_page(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct kfree_block) + kfree_block_capacity() * sizeof(void *),
			 slab_page_bytes());
	assert_int_equal(kfree_block_capacity(), (4096 - 24) / 8);
}

static void nothing(void *head)
{
	(void)head;
}

/* A grace period of somebody else's passes before the monitor comes: no batch is needed. */
static void test_a_full_block_whose_grace_period_passed_goes_early(void **state)
{
	static void *head[2];
	struct kmem_cache *s = batched();
	uint64_t early = ways().nr_early;

	(void)state;
	while (ways().nr_early == early) {
		for (uint64_t i = 0; i < kfree_block_capacity(); i++) {
			struct object *p = make(s, i);

			kvfree_rcu_mightsleep(p);
		}
		rcu_call(head, nothing);
		rcu_barrier_all("test");
		usleep(2 * KFREE_TICK_NS / 1000);
	}
	kvfree_rcu_barrier();
	kmem_cache_destroy(s);
}

static void test_without_memory_for_a_block_objects_are_listed(void **state)
{
	struct kmem_cache *s = batched();
	struct object *p[20];
	struct kvfree_batch_stat before;
	size_t inuse = nr_inuse();
	struct reader r;

	(void)state;
	for (uint64_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = make(s, i);
	kvfree_rcu_barrier();
	kvfree_batch_shrink();
	before = ways();
	reader_start(&r);
	slab_fault_arm(FAULT_PAGES, 1, UINT64_MAX);
	for (unsigned int i = 0; i < ARRAY_SIZE(p); i++)
		kfree_rcu(p[i], rcu);
	assert_int_equal(ways().nr_list, before.nr_list + ARRAY_SIZE(p));
	for (uint64_t i = 0; i < ARRAY_SIZE(p); i++)
		assert_int_equal(p[i]->value, i);
	reader_stop(&r);
	kvfree_rcu_barrier();
	slab_fault_arm(FAULT_PAGES, 0, 0);
	assert_int_equal(nr_inuse(), inuse);
	kmem_cache_destroy(s);
	assert_equations_hold();
}

static void test_without_memory_and_head_the_caller_waits(void **state)
{
	struct kmem_cache *s = batched();
	struct object *p = make(s, 1);
	struct kvfree_batch_stat before;
	size_t inuse = nr_inuse();

	(void)state;
	kvfree_rcu_barrier();
	kvfree_batch_shrink();
	before = ways();
	slab_fault_arm(FAULT_PAGES, 1, UINT64_MAX);
	kfree_rcu_mightsleep(p);
	slab_fault_arm(FAULT_PAGES, 0, 0);
	assert_int_equal(ways().nr_inline, before.nr_inline + 1);
	assert_int_equal(nr_inuse(), inuse - 1);
	kmem_cache_destroy(s);
}

static void test_empty_blocks_are_kept_and_given_back(void **state)
{
	struct kmem_cache *s = batched();
	size_t kept;

	(void)state;
	free_many(s);
	free_many(s);
	kvfree_rcu_barrier();
	kept = kvfree_batch_nr_cached();
	assert_in_range(kept, 1, KFREE_MIN_CACHED * KFREE_NR_CPUS);
	assert_int_equal(kfree_block_bytes(), kept * slab_page_bytes());
	assert_int_equal(kvfree_batch_shrink(), kept);
	assert_int_equal(kvfree_batch_nr_cached(), 0);
	assert_int_equal(kfree_block_bytes(), 0);
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_object_in_a_sheaf_outlives_the_reader),
		cmocka_unit_test(test_an_object_in_a_batch_outlives_the_reader),
		cmocka_unit_test(test_every_kind_of_object_is_freed),
		cmocka_unit_test(test_vmalloced_memory_is_freed),
		cmocka_unit_test(test_null_does_nothing),
		cmocka_unit_test(test_kfree_rcu_then_destroy),
		cmocka_unit_test(test_kfree_rcu_then_destroy_from_another_thread),
		cmocka_unit_test(test_after_the_barrier_nothing_is_in_use),
		cmocka_unit_test(test_a_block_is_a_page),
		cmocka_unit_test(test_a_full_block_is_freed_soon_and_the_rest_later),
		cmocka_unit_test(test_a_full_block_whose_grace_period_passed_goes_early),
		cmocka_unit_test(test_without_memory_for_a_block_objects_are_listed),
		cmocka_unit_test(test_without_memory_and_head_the_caller_waits),
		cmocka_unit_test(test_empty_blocks_are_kept_and_given_back),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}

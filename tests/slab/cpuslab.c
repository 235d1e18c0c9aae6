// SPDX-License-Identifier: MIT
/* engine=cpuslab: one slab a CPU, the partial list of a CPU, remote frees (rules of 6.12 to 6.17).
 */
#include "common.h"

#include <pthread.h>
#include <sched.h>

#include "allocators/slab/cpuslab.h"
#include "allocators/slab/frame.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/percpu.h"
#include "allocators/slab/stat.h"

static uint64_t count(const struct kmem_cache *s, enum stat_item item)
{
	uint64_t sum = 0;

	for (unsigned int cpu = 0; cpu < stat_nr_cpus(); cpu++)
		sum += stat_read(s, cpu, item);
	return sum;
}

static struct kmem_cache *make(const char *name, unsigned int size)
{
	struct kmem_cache *s = kmem_cache_create(name, size, 0, SLAB_NO_MERGE, NULL);

	assert_non_null(s);
	return s;
}

/* The state is a CPU's, so the test stays on one. */
static void stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* cpu_partial as a live 6.18 kernel shows it: 120, 52, 24, 6. */
static void test_limits_follow_the_size(void **state)
{
	static const unsigned int limits[][2] = {
		{ 64, 120 }, { 256, 52 }, { 1024, 24 }, { 4096, 6 }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct kmem_cache *s = make("limit", limits[i][0]);

		assert_int_equal(cpuslab_partial_objects(&s->geo), limits[i][1]);
		assert_int_equal(cpuslab_partial_slabs(&s->geo),
				 (2 * limits[i][1] + s->geo.objects - 1) / s->geo.objects);
		kmem_cache_destroy(s);
	}
}

static void test_an_object_freed_to_the_cpu_s_slab_comes_next(void **state)
{
	struct kmem_cache *s = make("lifo", 64);
	void *a, *b;

	(void)state;
	a = kmem_cache_alloc(s, GFP_KERNEL);
	b = kmem_cache_alloc(s, GFP_KERNEL);
	a = kmem_cache_alloc(s, GFP_KERNEL);
	kmem_cache_free(s, a);
	assert_ptr_equal(kmem_cache_alloc(s, GFP_KERNEL), a);
	kmem_cache_free(s, a);
	kmem_cache_free(s, b);
	assert_equations_hold();
	assert_int_equal(kmem_cache_shrink(s), 1);
}

/* A free to a full slab sends it to this CPU's list; too many there and all go to the node. */
static void test_full_slabs_gather_on_the_freeing_cpu(void **state)
{
	struct kmem_cache *s = make("gather", 512);
	unsigned int limit = cpuslab_partial_slabs(&s->geo), per = s->geo.objects;
	unsigned int nr = (limit + 3) * per;
	void **p = calloc(nr, sizeof(*p));

	(void)state;
	for (unsigned int i = 0; i < nr; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	assert_int_equal(count(s, STAT_CPU_PARTIAL_DRAIN), 0);
	for (unsigned int i = 0; i < limit * per; i += per)
		kmem_cache_free(s, p[i]);
	assert_int_equal(s->node[0].nr_partial, 0);
	assert_true(frame_of(p[0])->on_cpu);
	assert_equations_hold();
	kmem_cache_free(s, p[limit * per]);
	assert_int_equal(count(s, STAT_CPU_PARTIAL_DRAIN), 1);
	assert_int_equal(s->node[0].nr_partial, limit);
	assert_equations_hold();
	for (unsigned int i = 0; i < nr; i++)
		if (i % per || i > limit * per)
			kmem_cache_free(s, p[i]);
	assert_int_equal(kmem_cache_shrink(s), 0);
	free(p);
	kmem_cache_destroy(s);
}

/* A prefilled sheaf is flushed past the CPU's slab, from which its objects came. */
static void test_a_batch_given_back_leaves_the_cpu_s_slab_where_it_is(void **state)
{
	struct kmem_cache *s = make("batch", 256);
	void *p[40];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (unsigned int n = 1; n < 60; n += 7) {
		struct slab_sheaf *sheaf = kmem_cache_prefill_sheaf(s, GFP_KERNEL, n);

		assert_non_null(sheaf);
		kmem_cache_return_sheaf(s, GFP_KERNEL, sheaf);
		assert_equations_hold();
	}
	kmem_cache_free_bulk(s, ARRAY_SIZE(p), p);
	assert_equations_hold();
	assert_int_equal(kmem_cache_shrink(s), 0);
	kmem_cache_destroy(s);
}

/* The second object of a slab makes it the CPU's. The rest of it, and slabs on its partial list,
 * are nobody's objects. */
static void test_what_cpus_hold_is_not_in_use(void **state)
{
	struct kmem_cache *s = make("usage", 512);
	unsigned int per = s->geo.objects;
	struct slab_usage before, u;
	void *p[100];

	(void)state;
	slab_usage(&before);
	for (unsigned int i = 0; i < 3 * per + 2; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	slab_usage(&u);
	assert_int_equal(u.nr_inuse - before.nr_inuse, 3 * per + 2);
	assert_int_equal(u.nr_cached - before.nr_cached, per - 2);
	for (unsigned int i = 0; i < 2 * per; i += per)
		for (unsigned int k = 0; k < 3; k++)
			kmem_cache_free(s, p[i + k]);
	assert_true(frame_of(p[0])->on_cpu);
	slab_usage(&u);
	assert_int_equal(u.nr_inuse - before.nr_inuse, 3 * per + 2 - 6);
	assert_int_equal(u.nr_cached - before.nr_cached, per - 2);
	assert_equations_hold();
	for (unsigned int i = 0; i < 3 * per + 2; i++)
		if (i >= 2 * per || i % per > 2)
			kmem_cache_free(s, p[i]);
	slab_usage(&u);
	assert_int_equal(u.nr_inuse, before.nr_inuse);
	kmem_cache_destroy(s);
}

struct remote {
	struct kmem_cache *cache;
	void *objects[400];
};

static void *free_all(void *arg)
{
	struct remote *r = arg;

	for (size_t i = 0; i < ARRAY_SIZE(r->objects); i++)
		kmem_cache_free(r->cache, r->objects[i]);
	return NULL;
}

/* Objects of a slab that another CPU allocates from come back to it under the lock. */
static void test_remote_frees_are_found_by_the_owner(void **state)
{
	struct remote r = { .cache = make("remote", 128) };
	pthread_t thread;

	(void)state;
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(r.objects); i++)
			assert_non_null(r.objects[i] = kmem_cache_alloc(r.cache, GFP_KERNEL));
		assert_int_equal(pthread_create(&thread, NULL, free_all, &r), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_equations_hold();
	}
	assert_int_equal(kmem_cache_shrink(r.cache), 0);
	assert_int_equal(r.cache->node[0].nr_slabs, 0);
	kmem_cache_destroy(r.cache);
}

/*
 * Between its look and its comparison a thread is preempted; another takes two objects and puts the
 * first one back. The freelist begins as before but goes on with an object that is in use.
 */
static void test_a_freelist_that_came_back_is_not_taken_for_the_old_one(void **state)
{
	struct kmem_cache *s = make("aba", 64);
	struct cpu_slab *c;
	struct rseq_change seen;
	void *a, *b;

	(void)state;
	if (!percpu_nr_cpus()) {
		print_message("lanes belong to threads here\n");
		skip();
	}
	a = kmem_cache_alloc(s, GFP_KERNEL);
	b = kmem_cache_alloc(s, GFP_KERNEL);
	kmem_cache_free(s, b);
	kmem_cache_free(s, a);
	c = (struct cpu_slab *)(void *)percpu_lane(s->lane);
	seen = (struct rseq_change){ c, c->freelist, c->tid, c->slab, b };
	assert_ptr_equal(rseq_pop_chain(s->lane, s->geo.offset), a);
	assert_ptr_equal(rseq_pop_chain(s->lane, s->geo.offset), b);
	assert_true(rseq_push_chain(s->lane, seen.slab, a, s->geo.offset));
	assert_ptr_equal(c->freelist, seen.freelist);
	assert_false(rseq_change(s->lane, &seen));
	assert_true(rseq_push_chain(s->lane, seen.slab, b, s->geo.offset));
	assert_equations_hold();
	assert_int_equal(kmem_cache_shrink(s), 0);
	kmem_cache_destroy(s);
}

static int boot(void **state)
{
	(void)state;
	stay_here();
	return slab_boot("engine=cpuslab,cpus=2,stats=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits_follow_the_size),
		cmocka_unit_test(test_an_object_freed_to_the_cpu_s_slab_comes_next),
		cmocka_unit_test(test_full_slabs_gather_on_the_freeing_cpu),
		cmocka_unit_test(test_a_batch_given_back_leaves_the_cpu_s_slab_where_it_is),
		cmocka_unit_test(test_what_cpus_hold_is_not_in_use),
		cmocka_unit_test(test_remote_frees_are_found_by_the_owner),
		cmocka_unit_test(test_a_freelist_that_came_back_is_not_taken_for_the_old_one),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}

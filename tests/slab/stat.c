// SPDX-License-Identifier: MIT
/*
 * Every counter of CONFIG_SLUB_STATS that can move does, at the event it is named after. One thread
 * on one CPU, so that the numbers are known; two simulated nodes. Those of engine=cpuslab are
 * tested by cpuslab.c.
 */
#include "common.h"

#include <sched.h>

#include "allocators/slab/fault.h"
#include "allocators/slab/nodes.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/rcupdate.h"
#include "allocators/slab/sheaf.h"
#include "allocators/slab/stat.h"

/* Of 256 bytes: 16 in a slab, 28 in a sheaf. */
#define SIZE	 256
#define PER_SLAB 16
#define CAPACITY 28
#define MANY	 (CAPACITY * 20)

struct element {
	struct rcu_head rcu;
	char rest[SIZE - sizeof(struct rcu_head)];
};

static uint64_t count(const struct kmem_cache *s, enum stat_item item)
{
	uint64_t sum = 0;

	for (unsigned int cpu = 0; cpu < stat_nr_cpus(); cpu++)
		sum += stat_read(s, cpu, item);
	return sum;
}

struct expectation {
	enum stat_item item;
	uint64_t nr;
};

static void assert_counts(const struct kmem_cache *s, const struct expectation *e, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (count(s, e[i].item) != e[i].nr)
			fail_msg("%s is %llu, not %llu", stat_name(e[i].item),
				 (unsigned long long)count(s, e[i].item),
				 (unsigned long long)e[i].nr);
}

#define ASSERT_COUNTS(s, ...)                                                                      \
	assert_counts(s, (const struct expectation[]){ __VA_ARGS__ },                              \
		      sizeof((const struct expectation[]){ __VA_ARGS__ }) /                        \
			      sizeof(struct expectation))

static void count_sheaf(struct kmem_cache *s, struct slab_sheaf *sheaf, void *ctx)
{
	size_t *nr = ctx;

	(void)s;
	nr[0]++;
	nr[1] += sheaf->size;
}

/* What is there is what came less what went: @held objects are with the test. */
static void assert_balanced(struct kmem_cache *s, size_t held)
{
	size_t in_sheaves[2] = { 0 }, slabs = 0, full = 0, empty = 0;

	sheaf_visit(s, count_sheaf, in_sheaves);
	for (unsigned int i = 0; i < slab_nr_nodes; i++) {
		slabs += s->node[i].nr_slabs;
		full += s->node[i].barn.nr_full;
		empty += s->node[i].barn.nr_empty;
	}
	assert_int_equal(count(s, STAT_ALLOC_SLAB) - count(s, STAT_FREE_SLAB), slabs);
	assert_int_equal(count(s, STAT_BARN_PUT) - count(s, STAT_BARN_GET), full);
	assert_int_equal(count(s, STAT_SHEAF_ALLOC) - count(s, STAT_SHEAF_FREE),
			 in_sheaves[0] + empty);
	assert_int_equal(count(s, STAT_SHEAF_REFILL) + count(s, STAT_ALLOC_SLOWPATH) -
				 count(s, STAT_SHEAF_FLUSH) - count(s, STAT_FREE_SLOWPATH),
			 held + in_sheaves[1]);
	assert_int_equal(count(s, STAT_CMPXCHG_DOUBLE_FAIL), 0);
	assert_equations_hold();
}

static struct kmem_cache *make(slab_flags_t flags)
{
	struct kmem_cache *s = kmem_cache_create("stat", SIZE, 0, SLAB_NO_MERGE | flags, NULL);

	assert_non_null(s);
	return s;
}

static void take(struct kmem_cache *s, void **p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_non_null(p[i] = kmem_cache_alloc(s, GFP_KERNEL));
}

static void give(struct kmem_cache *s, void **p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		kmem_cache_free(s, p[i]);
}

/* A sheaf is refilled with what a new slab has. */
static void test_allocations_are_counted(void **state)
{
	struct kmem_cache *s = make(0);
	void *p[PER_SLAB + 1];

	(void)state;
	take(s, p, 1);
	ASSERT_COUNTS(s, { STAT_ALLOC_FASTPATH, 1 }, { STAT_ALLOC_SLOWPATH, 0 },
		      { STAT_ALLOC_SLAB, 1 }, { STAT_SHEAF_ALLOC, 1 }, { STAT_BARN_GET, 0 },
		      { STAT_BARN_GET_FAIL, 1 }, { STAT_SHEAF_REFILL, PER_SLAB });
	take(s, p + 1, PER_SLAB);
	ASSERT_COUNTS(s, { STAT_ALLOC_FASTPATH, PER_SLAB + 1 }, { STAT_ALLOC_SLAB, 2 },
		      { STAT_BARN_GET_FAIL, 2 }, { STAT_SHEAF_REFILL, 2 * PER_SLAB });
	assert_balanced(s, PER_SLAB + 1);
	give(s, p, PER_SLAB + 1);
	ASSERT_COUNTS(s, { STAT_FREE_FASTPATH, PER_SLAB + 1 }, { STAT_FREE_SLOWPATH, 0 },
		      { STAT_BARN_PUT, 0 }, { STAT_SHEAF_FLUSH, 0 });
	assert_balanced(s, 0);
	assert_int_equal(kmem_cache_shrink(s), 0);
	ASSERT_COUNTS(s, { STAT_SHEAF_FLUSH, 2 * PER_SLAB }, { STAT_FREE_SLAB, 2 });
	assert_balanced(s, 0);
	kmem_cache_destroy(s);
}

/* Main, spare and ten in the barn; then the spare is flushed each time. */
static void test_a_full_barn_refuses_and_sheaves_are_flushed(void **state)
{
	static void *p[MANY];
	struct kmem_cache *s = make(0);
	uint64_t put;

	(void)state;
	take(s, p, MANY);
	assert_balanced(s, MANY);
	give(s, p, MANY);
	ASSERT_COUNTS(s, { STAT_FREE_FASTPATH, MANY }, { STAT_BARN_PUT, MAX_FULL_SHEAVES });
	assert_true(count(s, STAT_BARN_PUT_FAIL) > 0);
	assert_int_equal(count(s, STAT_SHEAF_FLUSH) % CAPACITY, 0);
	assert_in_range(count(s, STAT_SHEAF_FLUSH), 6 * CAPACITY, 9 * CAPACITY);
	assert_true(count(s, STAT_FREE_ADD_PARTIAL) > 0);
	assert_balanced(s, 0);
	put = count(s, STAT_BARN_PUT);
	take(s, p, MANY);
	assert_int_equal(count(s, STAT_BARN_GET), put);
	assert_balanced(s, MANY);
	give(s, p, MANY);
	kmem_cache_destroy(s);
}

/* A partial slab that falls empty beyond min_partial leaves the list. */
static void leave_the_list(slab_flags_t flags)
{
	static void *p[PER_SLAB * 20];
	struct kmem_cache *s = make(flags);
	unsigned int keep = s->geo.min_partial;

	take(s, p, PER_SLAB * 20);
	kmem_cache_free_bulk(s, PER_SLAB * 20, p);
	kmem_cache_shrink(s);
	assert_int_equal(count(s, STAT_ALLOC_SLAB), count(s, STAT_FREE_SLAB));
	assert_true(count(s, STAT_FREE_REMOVE_PARTIAL) > 0);
	assert_in_range(count(s, STAT_FREE_ADD_PARTIAL), count(s, STAT_FREE_REMOVE_PARTIAL),
			count(s, STAT_FREE_REMOVE_PARTIAL) + 2 * keep);
	kmem_cache_destroy(s);
}

static void test_slabs_that_leave_the_list_are_counted(void **state)
{
	(void)state;
	leave_the_list(0);
	leave_the_list(SLAB_CONSISTENCY_CHECKS);
}

static void test_other_nodes_are_counted(void **state)
{
	int there = !nodes_here();
	struct kmem_cache *s = make(0);
	void *p;

	(void)state;
	p = kmem_cache_alloc_node(s, GFP_KERNEL, there);
	assert_int_equal(frame_of(p)->node, there);
	ASSERT_COUNTS(s, { STAT_ALLOC_NODE_MISMATCH, 1 }, { STAT_ALLOC_SLOWPATH, 1 },
		      { STAT_ALLOC_FASTPATH, 0 });
	kmem_cache_free(s, p);
	ASSERT_COUNTS(s, { STAT_FREE_SLOWPATH, 1 }, { STAT_FREE_FASTPATH, 0 },
		      { STAT_SHEAF_ALLOC, 0 });
	assert_balanced(s, 0);
	kmem_cache_destroy(s);
}

static void test_prefilled_sheaves_are_counted(void **state)
{
	struct kmem_cache *s = make(0);
	struct slab_sheaf *a, *b;

	(void)state;
	a = kmem_cache_prefill_sheaf(s, GFP_KERNEL, 3);
	ASSERT_COUNTS(s, { STAT_SHEAF_PREFILL_SLOW, 1 }, { STAT_SHEAF_PREFILL_FAST, 0 },
		      { STAT_BARN_GET_FAIL, 1 }, { STAT_SHEAF_ALLOC, 1 });
	kmem_cache_return_sheaf(s, GFP_KERNEL, a);
	ASSERT_COUNTS(s, { STAT_SHEAF_RETURN_FAST, 1 }, { STAT_SHEAF_RETURN_SLOW, 0 });
	a = kmem_cache_prefill_sheaf(s, GFP_KERNEL, 3);
	ASSERT_COUNTS(s, { STAT_SHEAF_PREFILL_SLOW, 1 }, { STAT_SHEAF_PREFILL_FAST, 1 });
	b = kmem_cache_prefill_sheaf(s, GFP_KERNEL, 3);
	kmem_cache_return_sheaf(s, GFP_KERNEL, a);
	kmem_cache_return_sheaf(s, GFP_KERNEL, b);
	ASSERT_COUNTS(s, { STAT_SHEAF_RETURN_FAST, 2 }, { STAT_SHEAF_RETURN_SLOW, 1 },
		      { STAT_BARN_PUT, 1 }, { STAT_SHEAF_PREFILL_OVERSIZE, 0 });
	assert_balanced(s, 0);
	a = kmem_cache_prefill_sheaf(s, GFP_KERNEL, 3); /* the spare */
	b = kmem_cache_prefill_sheaf(s, GFP_KERNEL, 3); /* the one in the barn */
	ASSERT_COUNTS(s, { STAT_BARN_GET, 1 }, { STAT_SHEAF_PREFILL_SLOW, 3 });
	kmem_cache_return_sheaf(s, GFP_KERNEL, a);
	kmem_cache_return_sheaf(s, GFP_KERNEL, b);
	a = kmem_cache_prefill_sheaf(s, GFP_KERNEL, CAPACITY + 1);
	kmem_cache_return_sheaf(s, GFP_KERNEL, a);
	ASSERT_COUNTS(s, { STAT_SHEAF_PREFILL_OVERSIZE, 1 });
	assert_balanced(s, 0);
	kmem_cache_destroy(s);
}

static void test_rcu_sheaves_are_counted(void **state)
{
	static void *p[MANY];
	struct kmem_cache *s = make(0);

	(void)state;
	take(s, p, MANY);
	for (unsigned int i = 0; i < MANY; i++)
		kfree_rcu((struct element *)p[i], rcu);
	kvfree_rcu_barrier();
	ASSERT_COUNTS(s, { STAT_FREE_RCU_SHEAF, MANY }, { STAT_FREE_RCU_SHEAF_FAIL, 0 },
		      { STAT_BARN_PUT, MAX_FULL_SHEAVES });
	assert_int_equal(count(s, STAT_BARN_PUT_FAIL), MANY / CAPACITY - MAX_FULL_SHEAVES);
	assert_balanced(s, 0);
	kmem_cache_destroy(s);
}

/* Nothing is at hand for a sheaf and no page is to be had. */
static void test_an_rcu_sheaf_that_cannot_be_made_is_counted(void **state)
{
	static struct slab_sheaf *taken[20000];
	struct kmem_cache *s = make(0), *other = make(0);
	void *p;
	size_t nr = 0;

	(void)state;
	take(s, &p, 1);
	slab_fault_arm(FAULT_PAGES, 1, UINT64_MAX / 2);
	while (nr < 20000 && (taken[nr] = sheaf_new(other, CAPACITY, GFP_NOWAIT | __GFP_NOWARN)))
		nr++;
	kfree_rcu((struct element *)p, rcu);
	slab_fault_arm(FAULT_PAGES, 0, 0);
	while (nr)
		sheaf_delete(taken[--nr]);
	ASSERT_COUNTS(s, { STAT_FREE_RCU_SHEAF, 0 }, { STAT_FREE_RCU_SHEAF_FAIL, 1 });
	kvfree_rcu_barrier();
	kmem_cache_destroy(other);
	kmem_cache_destroy(s);
}

/* The page allocator fails once, for the usual order. */
static void order_fallback(slab_flags_t flags)
{
	struct kmem_cache *s = kmem_cache_create("fallback", 1024, 0, SLAB_NO_MERGE | flags, NULL);
	void *before[2 * PER_SLAB], *p;

	assert_true(s->geo.order > s->geo.min_order);
	take(s, before, 2 * PER_SLAB); /* main and spare are there and empty */
	slab_fault_arm(FAULT_PAGES, 1, slab_nr_nodes);
	p = kmem_cache_alloc_node(s, GFP_KERNEL, (int)nodes_here());
	slab_fault_arm(FAULT_PAGES, 0, 0);
	assert_non_null(p);
	ASSERT_COUNTS(s, { STAT_ORDER_FALLBACK, 1 }, { STAT_ALLOC_SLAB, 3 });
	kmem_cache_free(s, p);
	give(s, before, 2 * PER_SLAB);
	kmem_cache_destroy(s);
}

static void test_order_fallbacks_are_counted(void **state)
{
	(void)state;
	order_fallback(SLAB_CONSISTENCY_CHECKS);
	order_fallback(0);
}

static int boot(void **state)
{
	cpu_set_t set;

	(void)state;
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
	return slab_boot("stats=1,cpus=2,nodes=2,range=64M");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allocations_are_counted),
		cmocka_unit_test(test_a_full_barn_refuses_and_sheaves_are_flushed),
		cmocka_unit_test(test_slabs_that_leave_the_list_are_counted),
		cmocka_unit_test(test_other_nodes_are_counted),
		cmocka_unit_test(test_prefilled_sheaves_are_counted),
		cmocka_unit_test(test_rcu_sheaves_are_counted),
		cmocka_unit_test(test_an_rcu_sheaf_that_cannot_be_made_is_counted),
		cmocka_unit_test(test_order_fallbacks_are_counted),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}

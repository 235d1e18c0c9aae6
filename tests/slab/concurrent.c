// SPDX-License-Identifier: MIT
/*
 * Everything that reaches into other CPUs' lanes at once, while threads on as few CPUs as there are
 * allocate, stamp, hand over and free: flushes, shrinking of all caches, caches that come and go
 * (their slots are used again), the beginning of accounting, grace periods. An object that two
 * threads were given loses a stamp. For each engine.
 */
#include "common.h"

#include <pthread.h>
#include <unistd.h>

#include "allocators/slab/cache.h"
#include "allocators/slab/memcontrol.h"
#include "allocators/slab/rcupdate.h"
#include "lib/bits.h"
#include "lib/random.h"
#include "lib/sanitizers.h"

#define LESS (UNDER_ASAN || UNDER_TSAN ? 12 : 1)

#define NR_THREADS 5
#define NR_STEPS   (1000000 / LESS)
#define NR_HELD	   64
#define NR_CELLS   64

struct object {
	struct rcu_head rcu;
	uint64_t stamps[2]; /* at both ends of what is not the head or a free pointer */
};

struct held {
	struct object *p;
	uint64_t stamp;
};

static struct {
	struct kmem_cache *cache, *charged;
	struct held *cells[NR_CELLS];
	struct mem_cgroup *group; /* NULL until accounting begins */
	unsigned int nr_busy;
} shared;

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static struct object *allocate(struct random *r)
{
	gfp_t gfp = random_below(r, 2) ? GFP_KERNEL : GFP_KERNEL | __GFP_ZERO;
	uint64_t kind = random_below(r, 4);
	struct object *p;

	if (kind == 3)
		p = kmalloc(sizeof(*p), random_below(r, 2) ? gfp : gfp | __GFP_ACCOUNT);
	else
		p = kmem_cache_alloc(kind ? shared.cache : shared.charged, gfp);
	require(p, "out of memory");
	require(!(gfp & __GFP_ZERO) || !(p->stamps[0] | p->stamps[1]), "memory is not zero");
	return p;
}

static struct held obtain(struct random *r)
{
	struct held h = { allocate(r), random_u64(r) };

	h.p->stamps[0] = h.p->stamps[1] = h.stamp;
	return h;
}

static void release(struct random *r, struct held *h)
{
	struct object *p = h->p;

	require(p->stamps[0] == h->stamp && p->stamps[1] == h->stamp, "two had one object");
	if (random_below(r, 16))
		kfree(p);
	else
		kfree_rcu(p, rcu);
	h->p = NULL;
}

/* An object for whoever finds it, and what was found is freed. */
static void trade(struct random *r)
{
	struct held *h = malloc(sizeof(*h));

	require(h, "malloc");
	*h = obtain(r);
	h = __atomic_exchange_n(&shared.cells[random_below(r, NR_CELLS)], h, __ATOMIC_ACQ_REL);
	if (h)
		release(r, h);
	free(h);
}

static void *work(void *arg)
{
	struct held held[NR_HELD] = { { NULL, 0 } };
	struct random r;

	random_seed(&r, (uintptr_t)arg);
	for (unsigned int i = 0; i < NR_STEPS; i++) {
		struct held *h = &held[random_below(&r, NR_HELD)];

		set_active_memcg(__atomic_load_n(&shared.group, __ATOMIC_ACQUIRE));
		if (random_below(&r, 8) == 0)
			trade(&r);
		else if (h->p)
			release(&r, h);
		else
			*h = obtain(&r);
	}
	for (size_t i = 0; i < NR_HELD; i++)
		if (held[i].p)
			release(&r, &held[i]);
	__atomic_fetch_sub(&shared.nr_busy, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Its lane's slot was another cache's a moment ago, and will be. */
static void come_and_go(struct random *r)
{
	unsigned int size = 16 + (unsigned int)random_below(r, 400);
	struct kmem_cache *s = kmem_cache_create("short", size, 0, SLAB_NO_MERGE, NULL);
	void *p[20];

	require(s, "no cache");
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		require((p[i] = kmem_cache_alloc(s, GFP_KERNEL)) != NULL, "out of memory");
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		kmem_cache_free(s, p[i]);
	kmem_cache_destroy(s);
}

static void disturb(struct random *r, unsigned int round)
{
	kmem_cache_shrink(shared.cache);
	if (round % 8 == 0)
		cache_shrink_all();
	if (round % 4 == 0)
		come_and_go(r);
	if (round == 20)
		__atomic_store_n(&shared.group, mem_cgroup_create(NULL, MEM_CGROUP_UNLIMITED),
				 __ATOMIC_RELEASE);
	if (round % 64 == 63)
		kvfree_rcu_barrier();
}

static void empty_cells(struct random *r)
{
	for (size_t i = 0; i < NR_CELLS; i++) {
		struct held *h = shared.cells[i];

		if (h)
			release(r, h);
		free(h);
	}
	kvfree_rcu_barrier();
}

static void run_threads(struct random *r)
{
	pthread_t threads[NR_THREADS];

	shared.nr_busy = NR_THREADS;
	for (uintptr_t i = 0; i < NR_THREADS; i++)
		require(!pthread_create(&threads[i], NULL, work, (void *)(i + random_u64(r))),
			"no thread");
	for (unsigned int i = 0; __atomic_load_n(&shared.nr_busy, __ATOMIC_ACQUIRE); i++)
		disturb(r, i);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	empty_cells(r);
}

static int run_engine(const char *options, uint64_t seed)
{
	struct random r;

	alarm(250);
	require(!slab_boot(options), slab_boot_error());
	random_seed(&r, seed);
	shared.cache = kmem_cache_create("shared", sizeof(struct object), 0, SLAB_NO_MERGE, NULL);
	shared.charged = kmem_cache_create("charged", sizeof(struct object), 0,
					   SLAB_NO_MERGE | SLAB_ACCOUNT, NULL);
	require(shared.cache && shared.charged, "no cache");
	run_threads(&r);
	require(!slab_check(print_disagreement, NULL), "the equations do not hold");
	if (shared.group) {
		mem_cgroup_drain_stocks();
		require(!mem_cgroup_usage(shared.group), "a charge was lost");
		mem_cgroup_put(shared.group);
	}
	kmem_cache_destroy(shared.cache);
	kmem_cache_destroy(shared.charged);
	require(!slab_check(print_disagreement, NULL), "the equations do not hold at the end");
	return 70;
}

/* libslab boots once a process. */
static void test_in_child(const char *options)
{
	uint64_t seed = test_seed(11);
	pid_t pid = fork();

	if (!pid)
		_exit(run_engine(options, seed));
	assert_int_equal(child_exit_code(pid), 70);
}

static void test_sheaves_bear_all_disturbances(void **state)
{
	(void)state;
	test_in_child("");
}

static void test_cpu_slabs_bear_all_disturbances(void **state)
{
	(void)state;
	test_in_child("engine=cpuslab");
}

static void test_hardened_cpu_slabs_bear_all_disturbances(void **state)
{
	(void)state;
	test_in_child("engine=cpuslab,freelist_hardened=1,freelist_random=1");
}

static void test_sheaves_of_several_nodes_bear_all_disturbances(void **state)
{
	(void)state;
	test_in_child("nodes=3,virtual=1");
}

static void test_sheaves_that_grow_bear_all_disturbances(void **state)
{
	(void)state;
	test_in_child("sheaves=grow,classes=fine,partition=random,purge=1");
}

static void test_growing_sheaves_of_a_sparse_range_bear_all_disturbances(void **state)
{
	(void)state;
	test_in_child("sheaves=grow,reserve=0,nodes=2,virtual=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sheaves_bear_all_disturbances),
		cmocka_unit_test(test_cpu_slabs_bear_all_disturbances),
		cmocka_unit_test(test_hardened_cpu_slabs_bear_all_disturbances),
		cmocka_unit_test(test_sheaves_of_several_nodes_bear_all_disturbances),
		cmocka_unit_test(test_sheaves_that_grow_bear_all_disturbances),
		cmocka_unit_test(test_growing_sheaves_of_a_sparse_range_bear_all_disturbances),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

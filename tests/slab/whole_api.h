/* SPDX-License-Identifier: MIT */
/*
 * The whole public API once, for tests in which requests fail: operations that are each complete in
 * themselves or leave to a later one what they took. Whoever runs them maps progress before, in
 * memory that it shares with the child, and sets failing while NULL is an answer. A wrong answer
 * ends the child with WRONG.
 */
#ifndef TESTS_SLAB_WHOLE_API_H
#define TESTS_SLAB_WHOLE_API_H

#include "common.h"

#include <errno.h>
#include <unistd.h>

#include "allocators/slab/codetag.h"
#include "allocators/slab/memcontrol.h"
#include "allocators/slab/mempool.h"
#include "allocators/slab/pmalloc.h"
#include "allocators/slab/rcupdate.h"
#include "allocators/slab/shrinker.h"
#include "allocators/slab/types.h"
#include "allocators/slab/usercopy.h"
#include "allocators/slab/vmalloc.h"
#include "lib/bits.h"

#define MAX_KEPT 512u
#define NR_BULK	 40u
#define TEXT_LEN ((size_t)64 << 10)

/* How a child ended; above the exit codes of a sanitizer. */
enum verdict { FINE = 70, WRONG, UNLIKE };

/* What a child tells: how far it came, and how many requests it made. */
static struct progress {
	const char *operation;
	uint64_t requests;
} * progress;

static bool failing; /* NULL is an answer */
static char text[TEXT_LEN];

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	print_error("%s: %s (errno %d)\n", progress->operation, what, errno);
	_exit(WRONG);
}

/* An answer that may be no memory while requests fail. */
static bool got(const void *p)
{
	require(p || failing, "no memory although nothing fails");
	return p;
}

static bool served(int err)
{
	require(!err || (err == -ENOMEM && failing), "an answer other than 0 and -ENOMEM");
	return !err;
}

/* What is allocated lives until the end of the run. */
static struct kept {
	void *p;
	void (*release)(const void *p);
} kept[MAX_KEPT];
static unsigned int nr_kept;

static void keep(void *p, size_t bytes, void (*release)(const void *p))
{
	if (!got(p))
		return;
	memset(p, 0x5a, min_size(bytes, 8192));
	require(nr_kept < MAX_KEPT, "too much is kept");
	kept[nr_kept++] = (struct kept){ p, release };
}

static void release_all(void)
{
	while (nr_kept) {
		nr_kept--;
		kept[nr_kept].release(kept[nr_kept].p);
	}
}

static void run_kmalloc(void)
{
	static const gfp_t types[] = {
		GFP_KERNEL,
		GFP_KERNEL | __GFP_RECLAIMABLE,
		GFP_KERNEL_ACCOUNT,
		GFP_KERNEL | __GFP_DMA,
		GFP_ATOMIC | __GFP_ZERO,
		GFP_NOWAIT,
	};
	static const size_t sizes[] = { 8, 96, 200, 1024, 8192, 20000, 1 << 20 };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++)
			keep(kmalloc(sizes[k], types[i]), sizes[k], kfree);
	keep(kmalloc_node(700, GFP_KERNEL, 0), 700, kfree);
	keep(kcalloc(10, 60, GFP_KERNEL), 600, kfree);
	keep(kstrdup("faults", GFP_KERNEL), 7, kfree_sensitive);
	keep(kmalloc_obj(struct progress), sizeof(struct progress), kfree);
	require(!kmalloc((size_t)KMALLOC_MAX_SIZE + 1, GFP_KERNEL), "more than the largest");
}

static void run_krealloc(void)
{
	static const size_t sizes[] = { 100, 1500, 5000, 40000, 300 };
	unsigned char *p = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned char *q = krealloc(p, sizes[i], GFP_KERNEL);

		require(!p || *(q ? q : p) == 0xa5, "the contents are lost");
		if (!got(q))
			continue;
		p = q;
		*p = 0xa5;
	}
	require(!p || krealloc(p, 0, GFP_KERNEL) == ZERO_SIZE_PTR, "freed by size 0");
}

static void run_kvmalloc(void)
{
	char *p = kvmalloc(40000, GFP_KERNEL), *q;

	if (got(p))
		*p = 1;
	q = kvrealloc(p, 80000, GFP_KERNEL);
	require(!p || *(q ? q : p) == 1, "the contents are lost");
	kvfree(got(q) ? q : p);
	keep(kvmalloc((size_t)KMALLOC_MAX_SIZE + 1, GFP_KERNEL), 100, kvfree);
	keep(kvmalloc(1 << 20, GFP_KERNEL), 100, kvfree);
	keep(vmalloc(100000), 100000, vfree);
	p = vzalloc(5000);
	if (got(p))
		require(!*p, "not zero");
	q = vrealloc(p, 50000, GFP_KERNEL);
	vfree(got(q) ? q : p);
}

static void run_pages(void)
{
	unsigned long pages = __get_free_pages(GFP_KERNEL, 3);
	void *p = alloc_pages_exact(5 * 4096, GFP_KERNEL);

	if (got(p))
		free_pages_exact(p, 5 * 4096);
	if (got((void *)pages))
		free_pages(pages, 3);
	free_page(get_zeroed_page(GFP_ATOMIC));
}

static void run_nolock(void)
{
	void *p = kmalloc_nolock(300, __GFP_ZERO, NUMA_NO_NODE);
	void *q = kmalloc_nolock(40, 0, NUMA_NO_NODE);

	kfree_nolock(p);
	kfree(q);
}

static void construct(void *object)
{
	*(uint64_t *)object = 0x1234567812345678u;
}

static const struct recipe {
	const char *name;
	unsigned int size;
	slab_flags_t flags;
	struct kmem_cache_args args;
} recipes[] = {
	{ .name = "plain", .size = 72 },
	{ .name = "alias", .size = 72 },
	{ .name = "alone", .size = 1000, .flags = SLAB_NO_MERGE | SLAB_HWCACHE_ALIGN },
	{ .name = "constructed", .size = 80, .args = { .ctor = construct } },
	{ .name = "behind-readers", .size = 120, .flags = SLAB_TYPESAFE_BY_RCU },
	{ .name = "debugged",
	  .size = 56,
	  .flags = SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER },
	{ .name = "huge", .size = 5000, .flags = SLAB_HUGE_BLOCKS },
	{ .name = "charged", .size = 136, .flags = SLAB_ACCOUNT | SLAB_RECLAIM_ACCOUNT },
	{ .name = "offered", .size = 152, .args = { .useroffset = 8, .usersize = 64 } },
	{ .name = "sheaved", .size = 168, .args = { .sheaf_capacity = 20, .align = 64 } },
};

static struct kmem_cache *caches[ARRAY_SIZE(recipes)];

static void run_create(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(recipes); i++) {
		const struct recipe *r = &recipes[i];

		errno = 0;
		caches[i] = __kmem_cache_create_args(r->name, r->size, &r->args, r->flags);
		require(caches[i] || errno == ENOMEM, "errno is not ENOMEM");
		got(caches[i]);
	}
}

static void use_bulk(struct kmem_cache *s)
{
	void *p[NR_BULK];
	bool all = kmem_cache_alloc_bulk(s, GFP_KERNEL, NR_BULK, p);

	require(all || failing, "no bulk");
	if (all)
		kmem_cache_free_bulk(s, NR_BULK, p);
}

/* Caches with debug flags have no sheaves. */
static void use_sheaf(struct kmem_cache *s)
{
	struct slab_sheaf *sheaf = kmem_cache_prefill_sheaf(s, GFP_KERNEL, 20);

	if ((s->flags & SLAB_DEBUG_FLAGS) || !got(sheaf))
		return;
	for (int i = 0; i < 20; i++) {
		void *p = kmem_cache_alloc_from_sheaf(s, GFP_NOWAIT, sheaf);

		require(p, "a prefilled sheaf fails");
		kmem_cache_free(s, p);
	}
	served(kmem_cache_refill_sheaf(s, GFP_KERNEL, &sheaf, 30));
	kmem_cache_return_sheaf(s, GFP_KERNEL, sheaf);
}

static void use_cache(struct kmem_cache *s)
{
	void *p[NR_BULK];

	for (size_t i = 0; i < NR_BULK; i++) {
		p[i] = kmem_cache_alloc_node(s, GFP_KERNEL, i % 2 ? NUMA_NO_NODE : 0);
		require(!got(p[i]) || !s->ctor || *(uint64_t *)p[i] == 0x1234567812345678u,
			"not constructed");
	}
	for (size_t i = 0; i < NR_BULK; i++)
		if (p[i])
			kmem_cache_free(s, p[i]);
	use_bulk(s);
	use_sheaf(s);
	kmem_cache_shrink(s);
}

static void run_caches(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(caches); i++)
		if (caches[i])
			use_cache(caches[i]);
}

static void run_destroy(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(caches); i++) {
		kmem_cache_destroy(caches[i]);
		caches[i] = NULL;
	}
}

static void run_buckets(void)
{
	kmem_buckets *b = kmem_buckets_create("own", 0, 0, 64, NULL);
	void *p;

	if (!got(b))
		return;
	p = kmem_buckets_alloc(b, 300, GFP_KERNEL);
	got(p);
	kfree(p);
	kmem_buckets_destroy(b);
}

/* Without __GFP_DIRECT_RECLAIM: it would wait for an element that nobody frees. */
static void run_mempool(void)
{
	struct mempool pool = { 0 };
	struct mempool *made = mempool_create_kmalloc_pool(5, 3000);
	void *p[8];

	got(made);
	if (served(mempool_init_kmalloc_pool(&pool, 4, 500))) {
		for (int i = 0; i < 4; i++)
			require((p[i] = mempool_alloc(&pool, GFP_NOWAIT)), "a reserve fails");
		for (int i = 4; i < 8; i++)
			p[i] = mempool_alloc(&pool, GFP_NOWAIT);
		for (int i = 0; i < 8; i++)
			mempool_free(p[i], &pool);
		served(mempool_resize(&pool, 40));
		mempool_exit(&pool);
	}
	mempool_destroy(made);
}

struct read_object {
	struct rcu_head rcu;
	char rest[200];
};

static void run_rcu(void)
{
	for (int i = 0; i < 40; i++) {
		struct read_object *p = kmalloc(sizeof(*p), GFP_KERNEL);
		void *q = i % 8 ? NULL : kvmalloc((size_t)KMALLOC_MAX_SIZE + 1, GFP_KERNEL);

		if (p)
			kfree_rcu(p, rcu);
		if (q)
			kvfree_rcu_mightsleep(q);
	}
	if (caches[0]) {
		void *p = kmem_cache_alloc(caches[0], GFP_KERNEL);

		if (p)
			kfree_rcu_mightsleep(p);
	}
	kvfree_rcu_barrier();
}

static void run_memcg(void)
{
	struct mem_cgroup *parent = mem_cgroup_create(NULL, 8 << 20), *child, *before;
	struct kmem_cache *s = caches[7];
	void *p = s ? kmem_cache_alloc(s, GFP_KERNEL) : NULL;

	if (!got(parent)) {
		kfree(p);
		return;
	}
	child = mem_cgroup_create(parent, MEM_CGROUP_UNLIMITED);
	before = set_active_memcg(got(child) ? child : parent);
	for (int i = 0; i < 20; i++)
		keep(kmalloc(600, GFP_KERNEL_ACCOUNT), 600, kfree);
	keep(kmalloc(1 << 16, GFP_KERNEL_ACCOUNT), 1 << 16, kfree);
	if (p)
		require(kmem_cache_charge(p, GFP_KERNEL) || failing, "not charged");
	set_active_memcg(before);
	mem_cgroup_stat(parent, text, sizeof(text));
	kfree(p);
	if (child)
		mem_cgroup_put(child);
	mem_cgroup_put(parent);
}

static unsigned long count_none(struct shrinker *s, struct shrink_control *sc)
{
	(void)s;
	(void)sc;
	return 10;
}

static unsigned long scan_none(struct shrinker *s, struct shrink_control *sc)
{
	(void)s;
	(void)sc;
	return SHRINK_STOP;
}

static struct shrinker *shrinker;

static void run_shrinker(void)
{
	shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE, "faults");
	if (!got(shrinker))
		return;
	shrinker->count_objects = count_none;
	shrinker->scan_objects = scan_none;
	shrinker_register(shrinker);
	slab_shrink_all(GFP_KERNEL, 0, 0);
	drop_slab();
}

static void end_shrinker(void)
{
	shrinker_free(shrinker);
	shrinker = NULL;
}

static void run_pmalloc(unsigned int mode)
{
	struct pmalloc_pool *pool = pmalloc_create_pool(mode);
	uint64_t *p, value = 7;
	int err;

	if (!got(pool))
		return;
	got(pstrdup(pool, "policy"));
	p = pmalloc(pool, sizeof(*p));
	err = pmalloc_protect_pool(pool);
	if (served(err) && got(p) && (mode & PMALLOC_WR)) {
		err = wr_memcpy(p, &value, sizeof(value));
		require(*p == (served(err) ? 7 : 0), "what a rare write left");
	}
	served(pmalloc_make_pool_ro(pool));
	pmalloc_destroy_pool(pool);
}

static void run_pools(void)
{
	run_pmalloc(PMALLOC_MODE_RO);
	run_pmalloc(PMALLOC_MODE_WR);
	run_pmalloc(PMALLOC_MODE_AUTO_RO);
	run_pmalloc(PMALLOC_MODE_AUTO_WR);
	run_pmalloc(PMALLOC_MODE_START_WR);
}

static void run_traces(struct kmem_cache *s)
{
	long used = slab_alloc_traces(s, text, sizeof(text));

	require(used > 0 || (used == -ENOMEM && failing), "traces");
	used = slab_free_traces(s, text, sizeof(text));
	require(used > 0 || (used == -ENOMEM && failing), "traces");
	require(kmem_cache_validate(s) >= 0, "validate");
}

static void run_texts(void)
{
	const char *name = caches[0] ? "plain" : "kmem_cache";
	void *p = kmalloc(100, GFP_KERNEL);

	if (got(p))
		require(check_heap_object(p, 100, true), "usercopy");
	kfree(p);
	require(slab_slabinfo(text, sizeof(text)) > 100, "slabinfo");
	for (size_t i = 0; slab_attribute_name(i); i++) {
		int n = slab_attribute(name, slab_attribute_name(i), text, sizeof(text));

		require(n >= 0 || (n == -ENOMEM && failing), slab_attribute_name(i));
	}
	require(!slab_attribute_write(name, "shrink", "1"), "shrink");
	slab_aliases(text, sizeof(text));
	slab_meminfo(text, sizeof(text));
	slab_buddyinfo(text, sizeof(text));
	slab_pagetypeinfo(text, sizeof(text));
	slab_allocinfo(text, sizeof(text));
	slab_kfence_stats(text, sizeof(text));
	require(si_mem_available() > 0, "available");
	if (caches[5])
		run_traces(caches[5]);
}

static const struct operation {
	const char *name;
	void (*run)(void);
} operations[] = {
	{ "kmalloc", run_kmalloc },
	{ "krealloc", run_krealloc },
	{ "kvmalloc", run_kvmalloc },
	{ "pages", run_pages },
	{ "nolock", run_nolock },
	{ "create caches", run_create },
	{ "use caches", run_caches },
	{ "buckets", run_buckets },
	{ "mempool", run_mempool },
	{ "shrinker", run_shrinker },
	{ "rcu", run_rcu },
	{ "memcg", run_memcg },
	{ "pmalloc", run_pools },
	{ "texts", run_texts },
	{ "free everything", release_all },
	{ "destroy caches", run_destroy },
	{ "free the shrinker", end_shrinker },
};

static void check(void)
{
	require(!slab_check(print_disagreement, NULL), "an equation does not hold");
	require(!slab_errors(), "a report was written");
}

static void run_once(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		progress->operation = operations[i].name;
		operations[i].run();
		if (failing)
			check();
	}
}

#endif

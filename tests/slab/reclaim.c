// SPDX-License-Identifier: MIT
/*
 * Reclaim as programs meet it: a cache of names under a memory limit, what counts as reclaimable,
 * what MemAvailable says. The limit is 32 MiB.
 */
#include "common.h"
#include "modes.h"

#include <pthread.h>

#include "allocators/slab/buddy.h"
#include "allocators/slab/fault.h"
#include "allocators/slab/limit.h"
#include "allocators/slab/reclaim.h"
#include "allocators/slab/shrinker.h"

#define LIMIT_KB (32u << 10)

/* A dcache: objects that may be thrown away, the oldest first, each with a name of its own. */
struct dentry {
	struct dentry *next;
	char *name;
	char inline_name[40];
	char rest[192 - 40 - 16];
};

struct dcache {
	struct kmem_cache *cache;
	gfp_t name_gfp;
	struct dentry *oldest, **youngest;
	size_t nr;
	size_t nr_pruned;
	pthread_mutex_t lock;
};

static struct dcache dcache = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool dcache_add(struct dcache *d, size_t name_bytes)
{
	struct dentry *e = kmem_cache_alloc(d->cache, GFP_KERNEL);
	char *name = e ? kmalloc(name_bytes, d->name_gfp) : NULL;

	if (!name) {
		if (e)
			kmem_cache_free(d->cache, e);
		return false;
	}
	memset(name, 'x', name_bytes);
	e->name = name;
	e->next = NULL;
	pthread_mutex_lock(&d->lock);
	*d->youngest = e;
	d->youngest = &e->next;
	d->nr++;
	pthread_mutex_unlock(&d->lock);
	return true;
}

static struct dentry *dcache_take(struct dcache *d)
{
	struct dentry *e;

	pthread_mutex_lock(&d->lock);
	e = d->oldest;
	if (e) {
		d->oldest = e->next;
		d->nr--;
	}
	if (!d->oldest)
		d->youngest = &d->oldest;
	pthread_mutex_unlock(&d->lock);
	return e;
}

static bool dcache_prune_one(struct dcache *d)
{
	struct dentry *e = dcache_take(d);

	if (!e)
		return false;
	kfree(e->name);
	kmem_cache_free(d->cache, e);
	return true;
}

static unsigned long dcache_count(struct shrinker *s, struct shrink_control *sc)
{
	struct dcache *d = s->private_data;
	size_t nr;

	(void)sc;
	pthread_mutex_lock(&d->lock);
	nr = d->nr;
	pthread_mutex_unlock(&d->lock);
	return nr;
}

static unsigned long dcache_scan(struct shrinker *s, struct shrink_control *sc)
{
	struct dcache *d = s->private_data;
	unsigned long freed = 0;

	while (freed < sc->nr_to_scan && dcache_prune_one(d))
		freed++;
	__atomic_fetch_add(&d->nr_pruned, freed, __ATOMIC_RELAXED);
	return freed ? freed : SHRINK_STOP;
}

static void dcache_make(struct dcache *d, gfp_t name_gfp)
{
	d->cache = kmem_cache_create("dentry", sizeof(struct dentry), 0,
				     SLAB_RECLAIM_ACCOUNT | SLAB_NO_MERGE, NULL);
	assert_non_null(d->cache);
	d->name_gfp = name_gfp;
	d->oldest = NULL;
	d->youngest = &d->oldest;
	d->nr = d->nr_pruned = 0;
}

static void dcache_unmake(struct dcache *d)
{
	while (dcache_prune_one(d))
		;
	kmem_cache_destroy(d->cache);
}

static struct shrinker *dcache_shrinker(struct dcache *d)
{
	struct shrinker *s = shrinker_alloc(0, "dcache");

	assert_non_null(s);
	s->count_objects = dcache_count;
	s->scan_objects = dcache_scan;
	s->private_data = d;
	shrinker_register(s);
	return s;
}

/* The value of a line of slab_meminfo() in kB. */
static long meminfo(const char *label)
{
	char text[1024], *at;

	assert_true(slab_meminfo(text, sizeof(text)) < sizeof(text));
	at = strstr(text, label);
	assert_non_null(at);
	return strtol(at + strlen(label), NULL, 10);
}

static void test_meminfo_has_the_lines_of_proc(void **state)
{
	char text[1024];
	size_t len = slab_meminfo(text, sizeof(text));
	char total[64];

	(void)state;
	assert_int_equal(len, strlen(text));
	assert_int_equal(slab_meminfo(NULL, 0), len);
	snprintf(total, sizeof(total), "MemTotal:       %8u kB\nMemFree:        ", LIMIT_KB);
	assert_memory_equal(text, total, strlen(total));
	assert_int_equal(meminfo("\nSlab:"), meminfo("\nSReclaimable:") + meminfo("\nSUnreclaim:"));
	assert_int_equal(meminfo("\nKReclaimable:"), meminfo("\nSReclaimable:"));
	assert_int_equal(meminfo("\nMemFree:"), (limit_left() << UNIT_SHIFT) >> 10);
}

static void test_slabs_and_large_blocks_are_counted_by_kind(void **state)
{
	long reclaimable = meminfo("\nSReclaimable:"), other = meminfo("\nSUnreclaim:");
	void *large = kmalloc(1 << 20, GFP_KERNEL);
	void *rcl[64];

	(void)state;
	assert_int_equal(meminfo("\nSUnreclaim:"), other + 1024);
	for (int i = 0; i < 64; i++)
		rcl[i] = kmalloc(8192, GFP_KERNEL | __GFP_RECLAIMABLE);
	assert_in_range(meminfo("\nSReclaimable:") - reclaimable, 512, 512 + 64);
	assert_equations_hold();
	for (int i = 0; i < 64; i++)
		kfree(rcl[i]);
	kfree(large);
	assert_in_range(meminfo("\nSUnreclaim:") - other, 0, 64); /* sheaves were made meanwhile */
}

static void test_other_reclaimable_memory_can_be_added(void **state)
{
	long before = si_mem_available();

	(void)state;
	mod_node_page_state(0, NR_KERNEL_MISC_RECLAIMABLE, 1000);
	assert_int_equal(node_page_state(0, NR_KERNEL_MISC_RECLAIMABLE), 1000);
	assert_int_equal(meminfo("\nKReclaimable:") - meminfo("\nSReclaimable:"), 4000);
	/* 1000 pages, of which up to the low watermark count as not available. */
	assert_in_range(si_mem_available() - before, 1000 - slab_limit.low, 1000);
	mod_node_page_state(0, NR_KERNEL_MISC_RECLAIMABLE, -1000);
	assert_int_equal(si_mem_available(), before);
	assert_int_equal(meminfo("\nMemAvailable:"), before * 4);
}

/* How far MemAvailable falls, in kB, while 20000 dentries get names of 200 bytes. */
static long fall_of_available(gfp_t name_gfp)
{
	long before, after;

	dcache_make(&dcache, name_gfp);
	before = meminfo("\nMemAvailable:");
	for (int i = 0; i < 20000; i++)
		assert_true(dcache_add(&dcache, 200));
	after = meminfo("\nMemAvailable:");
	assert_equations_hold();
	dcache_unmake(&dcache);
	return before - after;
}

/* Gushchin's test: long names made MemAvailable fall by most of what they took. */
static void test_long_names_make_available_memory_fall_unless_reclaimable(void **state)
{
	long plain = fall_of_available(GFP_KERNEL);
	long reclaimable = fall_of_available(GFP_KERNEL | __GFP_RECLAIMABLE);
	long names = 20000 * 256 / 1024;
	long low = (long)(slab_limit.low << UNIT_SHIFT >> 10);

	(void)state;
	print_message("MemAvailable falls by %ld kB with kmalloc names, %ld kB with reclaimable\n",
		      plain, reclaimable);
	assert_true(plain >= names * 9 / 10);
	assert_true(reclaimable <= low + names / 10);
}

static void test_a_shrinker_brings_an_allocation_at_the_limit_to_success(void **state)
{
	struct shrinker *s;
	void *large;
	size_t nr;

	(void)state;
	dcache_make(&dcache, GFP_KERNEL | __GFP_RECLAIMABLE);
	while (dcache_add(&dcache, 200))
		;
	nr = dcache.nr;
	assert_in_range(nr, 50000, 80000); /* 448 bytes of 31 MiB each */
	assert_null(kmalloc(64 << 10, GFP_KERNEL | __GFP_RETRY_MAYFAIL));
	s = dcache_shrinker(&dcache);
	large = kmalloc(64 << 10, GFP_KERNEL | __GFP_RETRY_MAYFAIL);
	assert_non_null(large);
	assert_true(dcache.nr_pruned > 0);
	print_message("%zu of %zu dentries were pruned for 64 kB\n", dcache.nr_pruned, nr);
	assert_true(dcache.nr > 0);
	kfree(large);
	assert_equations_hold();
	shrinker_free(s);
	dcache_unmake(&dcache);
}

static void test_a_cache_that_grows_for_ever_stays_within_the_limit(void **state)
{
	struct shrinker *s;

	(void)state;
	dcache_make(&dcache, GFP_KERNEL | __GFP_RECLAIMABLE);
	s = dcache_shrinker(&dcache);
	for (int i = 0; i < 300000; i++)
		assert_true(dcache_add(&dcache, 200));
	assert_true(dcache.nr_pruned > 200000);
	assert_true(limit_left() >= slab_limit.min);
	assert_equations_hold();
	shrinker_free(s);
	dcache_unmake(&dcache);
}

/* Below low reclaim starts by itself and goes on to high: min is not reached. */
static void test_reclaim_starts_at_the_low_watermark(void **state)
{
	struct shrinker *s;
	size_t least = SIZE_MAX;

	(void)state;
	dcache_make(&dcache, GFP_KERNEL | __GFP_RECLAIMABLE);
	s = dcache_shrinker(&dcache);
	while (!dcache.nr_pruned) {
		assert_true(dcache_add(&dcache, 200));
		least = limit_left() < least ? limit_left() : least;
	}
	assert_true(limit_left() >= slab_limit.high - 8); /* the slabs that were being made */
	assert_true(least > slab_limit.min);
	shrinker_free(s);
	dcache_unmake(&dcache);
}

/* Leaves a cache with empty slabs, as many as it keeps. */
static struct kmem_cache *used_cache(void)
{
	struct kmem_cache *s = kmem_cache_create("used", 4096, 0, SLAB_NO_MERGE, NULL);
	void *p[64];

	for (int i = 0; i < 64; i++)
		assert_non_null(p[i] = kmem_cache_alloc(s, GFP_KERNEL));
	for (int i = 0; i < 64; i++)
		kmem_cache_free(s, p[i]);
	return s;
}

static void test_empty_slabs_of_other_caches_are_used_before_failure(void **state)
{
	enum { NR_CACHES = 60 };
	struct kmem_cache *caches[NR_CACHES];
	void *large[64];
	size_t kept;
	int nr = 0;

	(void)state;
	for (int i = 0; i < NR_CACHES; i++)
		caches[i] = used_cache();
	kept = slab_limit.max - limit_left();
	while (nr < 64 && (large[nr] = kmalloc(1 << 20, GFP_KERNEL)))
		nr++;
	print_message("%zu kB were in empty slabs; %d MiB of 32 in large blocks\n", kept * 4, nr);
	assert_true(kept > 8 << 20 >> UNIT_SHIFT);
	assert_in_range(nr, 30, 31);
	while (nr)
		kfree(large[--nr]);
	for (int i = 0; i < NR_CACHES; i++)
		kmem_cache_destroy(caches[i]);
	assert_equations_hold();
}

/* Holes of 16 KiB that large blocks cannot use stay written, until reclaim gives them back. */
static void test_memory_in_use_and_kept_fits_under_the_limit_after_reclaim(void **state)
{
	enum { NR_SMALL = 400 };
	void *small[NR_SMALL], *large[32];
	int nr = 0;

	(void)state;
	for (int i = 0; i < NR_SMALL; i++)
		assert_non_null(small[i] = kmalloc(16384, GFP_KERNEL));
	for (int i = 0; i < NR_SMALL; i += 2)
		kfree(small[i]);
	while ((large[nr] = kmalloc(1 << 20, GFP_NOWAIT)))
		nr++;
	assert_true(slab_zones[0].nr_dirty > limit_left());
	reclaim_direct(GFP_KERNEL, NUMA_NO_NODE);
	assert_true(slab_zones[0].nr_dirty <= limit_left());
	while (nr)
		kfree(large[--nr]);
	for (int i = 1; i < NR_SMALL; i += 2)
		kfree(small[i]);
	zone_trim(&slab_zones[0], 100);
	assert_true(slab_zones[0].nr_dirty <= 100);
	assert_equations_hold();
}

static void test_failures_of_the_system_lead_to_reclaim_and_a_second_try(void **state)
{
	struct shrinker *s;
	void *large;

	(void)state;
	dcache_make(&dcache, GFP_KERNEL | __GFP_RECLAIMABLE);
	s = dcache_shrinker(&dcache);
	for (int i = 0; i < 20000; i++)
		assert_true(dcache_add(&dcache, 200));
	slab_fault_arm(FAULT_PAGES, 1, 1);
	assert_null(kmalloc(16384, GFP_NOWAIT));
	slab_fault_arm(FAULT_PAGES, 1, 1);
	large = kmalloc(16384, GFP_KERNEL);
	slab_fault_arm(FAULT_PAGES, 0, 0);
	assert_non_null(large);
	assert_true(dcache.nr_pruned > 0);
	kfree(large);
	shrinker_free(s);
	dcache_unmake(&dcache);
	assert_equations_hold();
}

static void *add_many(void *failed)
{
	for (int i = 0; i < 60000; i++)
		if (!dcache_add(&dcache, 100 + (size_t)i % 300))
			__atomic_fetch_add((int *)failed, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void test_threads_fill_and_prune_one_cache_at_the_limit(void **state)
{
	struct shrinker *s;
	pthread_t t[3];
	int failed = 0;

	(void)state;
	dcache_make(&dcache, GFP_KERNEL | __GFP_RECLAIMABLE);
	s = dcache_shrinker(&dcache);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, add_many, &failed), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	print_message("%d of 180000 additions failed, %zu were pruned\n", failed, dcache.nr_pruned);
	assert_true(dcache.nr_pruned > 0);
	assert_true(failed < 1800);
	assert_equations_hold();
	shrinker_free(s);
	dcache_unmake(&dcache);
	assert_equations_hold();
}

/* libslab boots once a process, so each engine has a process of its own. */
static const char *const modes[] = {
	"limit=32M,range=64M",
	"limit=32M,range=64M,engine=cpuslab",
};

static const char *mode;

static int boot(void **state)
{
	(void)state;
	return slab_boot(mode);
}

static int run_group(const char *name)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meminfo_has_the_lines_of_proc),
		cmocka_unit_test(test_slabs_and_large_blocks_are_counted_by_kind),
		cmocka_unit_test(test_other_reclaimable_memory_can_be_added),
		cmocka_unit_test(test_long_names_make_available_memory_fall_unless_reclaimable),
		cmocka_unit_test(test_a_shrinker_brings_an_allocation_at_the_limit_to_success),
		cmocka_unit_test(test_a_cache_that_grows_for_ever_stays_within_the_limit),
		cmocka_unit_test(test_reclaim_starts_at_the_low_watermark),
		cmocka_unit_test(test_empty_slabs_of_other_caches_are_used_before_failure),
		cmocka_unit_test(test_memory_in_use_and_kept_fits_under_the_limit_after_reclaim),
		cmocka_unit_test(test_failures_of_the_system_lead_to_reclaim_and_a_second_try),
		cmocka_unit_test(test_threads_fill_and_prune_one_cache_at_the_limit),
	};

	mode = name;
	return cmocka_run_group_tests_name(mode, tests, boot, NULL);
}

int main(void)
{
	return run_modes(modes, ARRAY_SIZE(modes), run_group);
}

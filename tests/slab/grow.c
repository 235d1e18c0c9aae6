// SPDX-License-Identifier: MIT
/*
 * Sheaves that grow: when they do, how far, that small and large ones live together, and that a
 * cache gives all of them back.
 */
#include "common.h"

#include <pthread.h>

#include "allocators/slab/grow.h"
#include "allocators/slab/kmalloc.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/percpu.h"
#include "allocators/slab/sheaf.h"
#include "lib/random.h"

#define MANY 1500

static void up_and_down(struct kmem_cache *s, unsigned int n, unsigned int rounds)
{
	static void *objects[MANY];

	for (unsigned int r = 0; r < rounds; r++) {
		for (unsigned int i = 0; i < n; i++)
			objects[i] = kmem_cache_alloc(s, GFP_KERNEL);
		for (unsigned int i = 0; i < n; i++)
			kmem_cache_free(s, objects[i]);
	}
}

static size_t nr_slabs(struct kmem_cache *s)
{
	return s->node[0].nr_slabs;
}

/* 1 MiB of objects, and one object of 8 KiB for the sheaf. */
static void check_growth(unsigned int size, unsigned int first, unsigned int last)
{
	struct kmem_cache *s = kmem_cache_create("grows", size, 0, SLAB_NO_MERGE, NULL);

	assert_int_equal(grow_capacity(s), first);
	up_and_down(s, 1, 1000);
	assert_int_equal(grow_capacity(s), first);
	up_and_down(s, MANY, 200);
	assert_int_equal(grow_capacity(s), last);
	assert_equations_hold();
	kmem_cache_shrink(s);
	assert_int_equal(nr_slabs(s), 0);
	kmem_cache_destroy(s);
}

static void growing(void)
{
	check_growth(64, 60, 956);
	check_growth(256, 28, 956);
	check_growth(1024, 12, 956);
	check_growth(4096, 4, 236);
}

static void constant(void)
{
	check_growth(64, 60, 60);
	check_growth(4096, 4, 4);
}

static void sheaves_grow_with_the_load(void **state)
{
	(void)state;
	run_in_mode("sheaves=grow,slab_merge=0", growing);
	run_in_mode("sheaves=kernel,slab_merge=0", constant);
	run_in_mode("", constant);
}

/* The lines of a page that the headers of large sheaves begin at, of as many caches as a CPU uses.
 */
static void note_color(struct kmem_cache *s, struct slab_sheaf *sheaf, void *ctx)
{
	uint64_t *lines = ctx;

	(void)s;
	if (sheaf->capacity > 236)
		*lines |= (uint64_t)1 << ((uintptr_t)sheaf / COLOR_BYTES % 64);
}

static void colored(void)
{
	struct kmem_cache *caches[16];
	uint64_t lines = 0;

	for (int i = 0; i < 16; i++) {
		char name[] = { 'c', (char)('a' + i), 0 };

		caches[i] = kmem_cache_create(name, 64, 0, SLAB_NO_MERGE, NULL);
		up_and_down(caches[i], MANY, 200);
		sheaf_visit(caches[i], note_color, &lines);
	}
	assert_true(__builtin_popcountll(lines) >= 8);
	assert_equations_hold();
	for (int i = 0; i < 16; i++)
		kmem_cache_destroy(caches[i]);
}

/* E9 and E16 are seen to be broken while they are. */
static void move_color(struct kmem_cache *s, struct slab_sheaf *sheaf, void *ctx)
{
	(void)s;
	sheaf->color = (uint8_t)(sheaf->color + *(int *)ctx);
}

static void broken(void)
{
	struct kmem_cache *s = kmem_cache_create("broken", 64, 0, SLAB_NO_MERGE, NULL);
	uint32_t *entry = &slab_classes.slots[kmalloc_index(64)], kept = *entry;
	int on = 1, back = -1;

	up_and_down(s, 100, 1);
	sheaf_visit(s, move_color, &on);
	assert_true(slab_check(NULL, NULL));
	sheaf_visit(s, move_color, &back);
	s->alloc_slot += 64;
	assert_true(slab_check(NULL, NULL));
	s->alloc_slot -= 64;
	*entry = 0;
	assert_int_equal(slab_check(NULL, NULL), kept ? 1 : 0);
	*entry = kept;
	assert_equations_hold();
	kmem_cache_destroy(s);
}

static void check_sees_a_wrong_color_and_a_wrong_slot(void **state)
{
	(void)state;
	run_in_mode("sheaves=grow", broken);
}

static void large_sheaves_begin_at_different_lines(void **state)
{
	(void)state;
	run_in_mode("sheaves=grow", colored);
}

/* No more than two sheaves a CPU and a full barn stay behind. */
static void kept(void)
{
	struct kmem_cache *s = kmem_cache_create("kept", 512, 0, SLAB_NO_MERGE, NULL);
	struct slab_usage u;
	static void *objects[50000];

	up_and_down(s, MANY, 200);
	for (int r = 0; r < 3; r++) {
		for (unsigned int i = 0; i < 50000; i++)
			objects[i] = kmem_cache_alloc(s, GFP_KERNEL);
		for (unsigned int i = 0; i < 50000; i++)
			kmem_cache_free(s, objects[i]);
	}
	slab_usage(&u);
	assert_true(u.nr_cached <=
		    (MAX_FULL_SHEAVES + 2 * (percpu_nr_cpus() + 1)) * s->capacity_max + 2000);
	kmem_cache_destroy(s);
}

static void what_stays_in_sheaves_is_bounded(void **state)
{
	(void)state;
	run_in_mode("sheaves=grow", kept);
}

static struct kmem_cache *shared;

static void *churn(void *arg)
{
	struct random random;
	void *objects[MANY] = { NULL };

	random_seed(&random, (uintptr_t)arg);
	for (int i = 0; i < 200000; i++) {
		uint32_t at = random_below(&random, i % 20000 < 10000 ? MANY : 50);

		if (objects[at])
			kmem_cache_free(shared, objects[at]);
		objects[at] = objects[at] ? NULL : kmem_cache_alloc(shared, GFP_KERNEL);
		if (i % 30000 == 0)
			kmem_cache_shrink(shared);
	}
	for (int i = 0; i < MANY; i++)
		kmem_cache_free(shared, objects[i]);
	return NULL;
}

static void threads(void)
{
	pthread_t t[4];

	shared = kmem_cache_create("shared", 200, 0, SLAB_NO_MERGE, NULL);
	for (uintptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, churn, (void *)(i + 1)), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_equations_hold();
	kmem_cache_shrink(shared);
	assert_equations_hold();
	kmem_cache_destroy(shared);
}

static void small_and_large_sheaves_live_together(void **state)
{
	(void)state;
	run_in_mode("sheaves=grow", threads);
	run_in_mode("sheaves=grow,nodes=2", threads);
}

/* Prefilled sheaves come from and go to the same lanes and barns. */
static void prefilled(void)
{
	struct kmem_cache *s = kmem_cache_create("ahead", 128, 0, SLAB_NO_MERGE, NULL);
	unsigned int sizes[] = { 1, 60, 61, 116, 124, 500, 956, 1020, 1500 };

	for (int r = 0; r < 20; r++) {
		up_and_down(s, MANY, 10);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct slab_sheaf *sheaf =
				kmem_cache_prefill_sheaf(s, GFP_KERNEL, sizes[i]);

			assert_true(kmem_cache_sheaf_size(sheaf) >= sizes[i]);
			kmem_cache_return_sheaf(s, GFP_KERNEL, sheaf);
		}
		assert_equations_hold();
	}
	kmem_cache_destroy(s);
}

static void prefilled_sheaves_of_any_size(void **state)
{
	(void)state;
	run_in_mode("sheaves=grow", prefilled);
}

/* As after many misses. */
static void grow(struct kmem_cache *s)
{
	unsigned int before = grow_capacity(s);

	while (grow_capacity(s) == before)
		grow_count_miss(s);
}

/* What was made before a cache grew is too small for what may be asked of it now. */
static void prefilled_from_old(void)
{
	struct kmem_cache *s = kmem_cache_create("old", 64, 0, SLAB_NO_MERGE, NULL);
	struct slab_sheaf *sheaf = kmem_cache_prefill_sheaf(s, GFP_KERNEL, 1);

	assert_int_equal(sheaf->capacity, 60);
	kmem_cache_return_sheaf(s, GFP_KERNEL, sheaf);
	grow(s);
	sheaf = kmem_cache_prefill_sheaf(s, GFP_KERNEL, 100);
	assert_int_equal(kmem_cache_sheaf_size(sheaf), 100);
	assert_true(sheaf->capacity >= 100);
	kmem_cache_return_sheaf(s, GFP_KERNEL, sheaf);
	assert_equations_hold();
	kmem_cache_destroy(s);
}

static void a_prefilled_sheaf_is_no_old_one_that_is_too_small(void **state)
{
	(void)state;
	run_in_mode("sheaves=grow", prefilled_from_old);
}

/* What slab_usage() takes for a sheaf may be a smaller thing by now, the last one below the
 * frontier. */
static void read_the_last(void)
{
	struct kmem_cache *s = kmem_cache_create("last", 64, 0, SLAB_NO_MERGE, NULL);
	char *end = pagemap_address(pagemap_nr_pages());
	struct slab_sheaf *fake = (void *)(end - sizeof(*fake)), *spare;
	struct slab_usage u;
	struct lane *lane;

	kmem_cache_free(s, kmem_cache_alloc(s, GFP_KERNEL));
	lane = percpu_lane(s->slot);
	*fake = (struct slab_sheaf){ .size = s->capacity_max, .capacity = s->capacity_max };
	spare = __atomic_exchange_n(&lane->spare, fake, __ATOMIC_ACQ_REL);
	slab_usage(&u);
	__atomic_store_n(&lane->spare, spare, __ATOMIC_RELEASE);
	memset(fake, 0, sizeof(*fake)); /* as free memory that was never written */
	kmem_cache_destroy(s);
}

static void usage_reads_no_further_than_there_is_memory(void **state)
{
	(void)state;
	run_in_mode("sheaves=grow", read_the_last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sheaves_grow_with_the_load),
		cmocka_unit_test(what_stays_in_sheaves_is_bounded),
		cmocka_unit_test(check_sees_a_wrong_color_and_a_wrong_slot),
		cmocka_unit_test(large_sheaves_begin_at_different_lines),
		cmocka_unit_test(small_and_large_sheaves_live_together),
		cmocka_unit_test(prefilled_sheaves_of_any_size),
		cmocka_unit_test(usage_reads_no_further_than_there_is_memory),
		cmocka_unit_test(a_prefilled_sheaf_is_no_old_one_that_is_too_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/*
 * The page allocator alone: random blocks against the equations, merging back to the largest block,
 * no overlap, natural alignment, and the policy by which memory goes back to the system.
 */
#include "common.h"

#include <sys/mman.h>

#include "allocators/slab/buddy.h"
#include "allocators/slab/pagemap.h"
#include "lib/random.h"

#define NR_BLOCKS   256
#define NR_STEPS    20000
#define FLOOR_PAGES ((size_t)(512u << 10) >> UNIT_SHIFT)

static struct zone *const zone = &slab_zones[0];

static struct frame *take(unsigned int order)
{
	struct frame *f = zone_alloc(zone, order, MIGRATE_UNMOVABLE, NULL);

	if (f)
		pagemap_set(frame_page(f), order, PAGE_LARGE, 0);
	return f;
}

static void fill(struct frame *f, unsigned char byte)
{
	memset(frame_address(f), byte, frame_bytes(f));
}

static void assert_filled(struct frame *f, unsigned char byte)
{
	const unsigned char *p = frame_address(f);

	for (size_t i = 0; i < frame_bytes(f); i += 509)
		assert_int_equal(p[i], byte);
}

static void test_random_blocks_do_not_overlap_and_keep_the_equations(void **state)
{
	struct frame *blocks[NR_BLOCKS] = { NULL };
	struct random r;

	(void)state;
	random_seed(&r, test_seed(11));
	for (unsigned int step = 0; step < NR_STEPS; step++) {
		unsigned int i = (unsigned int)random_below(&r, NR_BLOCKS);
		unsigned int order =
			(unsigned int)random_below(&r, step % 16 ? 5 : MAX_PAGE_ORDER + 1);

		if (blocks[i]) {
			assert_filled(blocks[i], (unsigned char)i);
			zone_free(zone, blocks[i]);
			blocks[i] = NULL;
		} else {
			blocks[i] = take(order);
			assert_non_null(blocks[i]);
			assert_int_equal(
				(uintptr_t)frame_address(blocks[i]) % (UNIT_BYTES << order), 0);
			fill(blocks[i], (unsigned char)i);
		}
		if (step % 100 == 0)
			assert_equations_hold();
	}
	for (unsigned int i = 0; i < NR_BLOCKS; i++)
		if (blocks[i])
			zone_free(zone, blocks[i]);
	assert_equations_hold();
}

static size_t nr_free_of(unsigned int order)
{
	return zone->nr_blocks[MIGRATE_UNMOVABLE][order];
}

static void test_single_pages_merge_back_to_the_largest_block(void **state)
{
	static struct frame *pages[3 << MAX_PAGE_ORDER];
	size_t nr = sizeof(pages) / sizeof(pages[0]);
	size_t before;

	(void)state;
	for (size_t i = 0; i < nr; i++) {
		pages[i] = take(0);
		assert_non_null(pages[i]);
	}
	before = nr_free_of(MAX_PAGE_ORDER);
	for (size_t i = 0; i < nr; i += 2)
		zone_free(zone, pages[i]);
	assert_equations_hold();
	for (size_t i = 1; i < nr; i += 2)
		zone_free(zone, pages[i]);
	assert_equations_hold();
	assert_true(nr_free_of(MAX_PAGE_ORDER) >= before + 2);
}

static size_t resident_pages(const struct frame *f)
{
	static unsigned char vec[1 << MAX_PAGE_ORDER];
	size_t nr = 0;

	assert_int_equal(mincore(frame_address(f), frame_bytes(f), vec), 0);
	for (size_t i = 0; i < (size_t)1 << f->order; i++)
		nr += vec[i] & 1;
	return nr;
}

static void test_free_memory_beyond_the_floor_goes_back_to_the_system(void **state)
{
	struct frame *blocks[16];
	size_t nr_used = zone->nr_used;
	size_t resident = 0;

	(void)state;
	for (int i = 0; i < 16; i++) {
		blocks[i] = take(MAX_PAGE_ORDER);
		assert_non_null(blocks[i]);
		fill(blocks[i], 1);
	}
	for (int i = 0; i < 16; i++)
		zone_free(zone, blocks[i]);
	assert_int_equal(zone->nr_used, nr_used);
	assert_true(zone->nr_dirty <= FLOOR_PAGES);
	assert_equations_hold();
	for (int i = 0; i < 16; i++) {
		blocks[i]->order = MAX_PAGE_ORDER;
		resident += resident_pages(blocks[i]);
	}
	assert_true(resident <= FLOOR_PAGES);
}

static void test_a_clean_block_reads_as_zero(void **state)
{
	struct frame *f;
	bool clean;

	(void)state;
	f = take(MAX_PAGE_ORDER);
	fill(f, 0xff);
	zone_free(zone, f);
	for (int i = 0; i < 64; i++) {
		f = zone_alloc(zone, MAX_PAGE_ORDER, MIGRATE_UNMOVABLE, &clean);
		assert_non_null(f);
		pagemap_set(frame_page(f), MAX_PAGE_ORDER, PAGE_LARGE, 0);
		if (clean)
			assert_filled(f, 0);
		fill(f, 0xff);
		zone_free(zone, f);
	}
}

static void test_dirty_memory_is_used_again_before_clean(void **state)
{
	struct frame *f = take(3), *again;
	size_t committed, dirty;

	(void)state;
	zone_free(zone, f);
	committed = zone->nr_committed;
	dirty = zone->nr_dirty;
	again = take(3);
	assert_int_equal(zone->nr_dirty, dirty - 8);
	assert_int_equal(zone->nr_committed, committed);
	zone_free(zone, again);
	assert_equations_hold();
}

/* A few dirty pages at random places of a clean block, which is then split for another order. */
static void test_splitting_a_partly_dirty_block_keeps_count(void **state)
{
	static struct frame *pages[1 << MAX_PAGE_ORDER];
	struct random r;

	(void)state;
	random_seed(&r, test_seed(12));
	for (int round = 0; round < 200; round++) {
		struct frame *f[8];

		for (size_t i = 0; i < 1 << MAX_PAGE_ORDER; i++)
			pages[i] = take(0);
		/* Most go back to the system: far more than the floor is free. */
		for (size_t i = 0; i < 1 << MAX_PAGE_ORDER; i++)
			zone_free(zone, pages[i]);
		for (int i = 0; i < 8; i++)
			f[i] = take((unsigned int)random_below(&r, 6));
		assert_equations_hold();
		for (int i = 0; i < 8; i++)
			zone_free(zone, f[i]);
		assert_equations_hold();
	}
}

static void test_the_range_ends_in_null(void **state)
{
	static struct frame *blocks[1 << 14];
	size_t nr = 0;

	(void)state;
	while ((blocks[nr] = take(MAX_PAGE_ORDER)))
		nr++;
	assert_true(nr > 0);
	assert_true(zone->nr_committed == slab_range.nr_pages);
	assert_equations_hold();
	while (nr)
		zone_free(zone, blocks[--nr]);
	assert_equations_hold();
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("range=256M,dirty=512K,nodes=1,purge=0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_blocks_do_not_overlap_and_keep_the_equations),
		cmocka_unit_test(test_single_pages_merge_back_to_the_largest_block),
		cmocka_unit_test(test_free_memory_beyond_the_floor_goes_back_to_the_system),
		cmocka_unit_test(test_a_clean_block_reads_as_zero),
		cmocka_unit_test(test_dirty_memory_is_used_again_before_clean),
		cmocka_unit_test(test_splitting_a_partly_dirty_block_keeps_count),
		cmocka_unit_test(test_the_range_ends_in_null),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}

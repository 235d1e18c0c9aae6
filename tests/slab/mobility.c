// SPDX-License-Identifier: MIT
/*
 * Grouping by mobility: types keep to pageblocks of their own, what is taken when a type has
 * nothing left, and when a pageblock changes its type.
 */
#include "common.h"

#include "allocators/slab/area.h"
#include "allocators/slab/buddy.h"
#include "allocators/slab/check.h"
#include "allocators/slab/nodes.h"
#include "lib/random.h"

#define NR_PAGES      3000
#define RANGE_BYTES   ((size_t)64 << 20)
#define NR_PAGEBLOCKS (RANGE_BYTES >> (UNIT_SHIFT + PAGEBLOCK_ORDER))

static struct zone *const zone = &slab_zones[0];
static struct frame *blocks[NR_PAGEBLOCKS];

static struct frame *take(unsigned int order, enum migrate_type type)
{
	struct frame *f = zone_alloc(zone, order, type, NULL);

	if (f)
		pagemap_set(frame_page(f), order, PAGE_LARGE, 0);
	return f;
}

/* slab_check() would boot the library. */
static void assert_zone_is_right(void)
{
	struct checker c = { .say = print_disagreement };

	check_zones(&c);
	assert_int_equal(c.nr, 0);
}

static size_t pageblock_of(const struct frame *f)
{
	return frame_page(f) >> PAGEBLOCK_ORDER;
}

static size_t nr_whole_pageblocks_free(void)
{
	size_t nr = 0;

	for (unsigned int type = 0; type < NR_MIGRATE_TYPES; type++)
		for (unsigned int o = PAGEBLOCK_ORDER; o <= slab_block_order(); o++)
			nr += zone->nr_blocks[type][o] << (o - PAGEBLOCK_ORDER);
	return nr;
}

/* Take pages by turns for two types, free those of the second: how many pageblocks become free? */
static size_t pageblocks_freed(enum migrate_type stays, enum migrate_type goes)
{
	static struct frame *kept[NR_PAGES], *freed[NR_PAGES];
	size_t before, after;

	for (int i = 0; i < NR_PAGES; i++) {
		kept[i] = take(0, stays);
		freed[i] = take(0, goes);
	}
	before = nr_whole_pageblocks_free();
	for (int i = 0; i < NR_PAGES; i++)
		zone_free(zone, freed[i]);
	after = nr_whole_pageblocks_free();
	assert_zone_is_right();
	for (int i = 0; i < NR_PAGES; i++)
		zone_free(zone, kept[i]);
	return after - before;
}

static void test_what_is_dropped_leaves_whole_pageblocks(void **state)
{
	size_t whole = NR_PAGES >> PAGEBLOCK_ORDER;

	(void)state;
	assert_true(pageblocks_freed(MIGRATE_UNMOVABLE, MIGRATE_RECLAIMABLE) >= whole);
	assert_true(pageblocks_freed(MIGRATE_UNMOVABLE, MIGRATE_MOVABLE) >= whole);
	assert_int_equal(pageblocks_freed(MIGRATE_UNMOVABLE, MIGRATE_UNMOVABLE), 0);
}

static void test_types_share_no_pageblock_while_there_is_room(void **state)
{
	static struct frame *pages[NR_PAGES];
	uint8_t seen[NR_PAGEBLOCKS] = { 0 };

	(void)state;
	for (int i = 0; i < NR_PAGES; i++) {
		pages[i] = take(0, (enum migrate_type)(i % NR_MIGRATE_TYPES));
		seen[pageblock_of(pages[i])] |= (uint8_t)(1u << i % NR_MIGRATE_TYPES);
		assert_int_equal(pages[i]->mobility, i % NR_MIGRATE_TYPES);
		assert_int_equal(pageblock_type(frame_page(pages[i])), i % NR_MIGRATE_TYPES);
	}
	for (size_t i = 0; i < NR_PAGEBLOCKS; i++)
		assert_true((seen[i] & (seen[i] - 1)) == 0);
	for (int i = 0; i < NR_PAGES; i++)
		zone_free(zone, pages[i]);
	assert_zone_is_right();
}

/* Take the whole range in pageblocks of @type. */
static void fill(enum migrate_type type)
{
	for (size_t i = 0; i < NR_PAGEBLOCKS; i++) {
		blocks[i] = take(PAGEBLOCK_ORDER, type);
		assert_non_null(blocks[i]);
	}
	assert_null(take(0, MIGRATE_UNMOVABLE));
	assert_null(take(0, MIGRATE_RECLAIMABLE));
}

static void empty(void)
{
	for (size_t i = 0; i < NR_PAGEBLOCKS; i++)
		if (blocks[i])
			zone_free(zone, blocks[i]);
	assert_int_equal(zone->nr_used, 0);
	assert_zone_is_right();
}

/* In a full range, cut block @i into pieces of @order, all of @type. */
static void cut(size_t i, unsigned int order, enum migrate_type type, struct frame **pieces)
{
	size_t nr = (size_t)1 << (PAGEBLOCK_ORDER - order);

	zone_free(zone, blocks[i]);
	blocks[i] = NULL;
	for (size_t j = 0; j < nr; j++) {
		pieces[j] = take(order, type);
		assert_non_null(pieces[j]);
	}
}

static void release(struct frame **pieces, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (pieces[i])
			zone_free(zone, pieces[i]);
}

static void test_a_pageblock_half_free_changes_its_type(void **state)
{
	struct frame *halves[2], *page;
	size_t nr;

	(void)state;
	fill(MIGRATE_UNMOVABLE);
	cut(7, 8, MIGRATE_UNMOVABLE, halves);
	zone_free(zone, halves[1]);
	nr = zone->nr_converted;
	page = take(0, MIGRATE_RECLAIMABLE);
	assert_non_null(page);
	assert_int_equal(pageblock_of(page), pageblock_of(halves[0]));
	assert_int_equal(pageblock_type(frame_page(page)), MIGRATE_RECLAIMABLE);
	assert_int_equal(zone->nr_converted, nr + 1);
	assert_int_equal(zone->nr_blocks[MIGRATE_RECLAIMABLE][7], 1);
	assert_zone_is_right();
	zone_free(zone, page);
	zone_free(zone, halves[0]);
	empty();
}

static void test_of_a_pageblock_mostly_in_use_only_the_block_is_taken(void **state)
{
	struct frame *quarters[4], *page;
	size_t converted, mixed;

	(void)state;
	fill(MIGRATE_UNMOVABLE);
	cut(3, 7, MIGRATE_UNMOVABLE, quarters);
	zone_free(zone, quarters[2]);
	quarters[2] = NULL;
	converted = zone->nr_converted;
	mixed = zone->nr_mixed;
	page = take(0, MIGRATE_RECLAIMABLE);
	assert_non_null(page);
	assert_int_equal(page->mobility, MIGRATE_RECLAIMABLE);
	assert_int_equal(pageblock_type(frame_page(page)), MIGRATE_UNMOVABLE);
	assert_int_equal(zone->nr_converted, converted);
	assert_int_equal(zone->nr_mixed, mixed + 1);
	assert_int_equal(zone->nr_blocks[MIGRATE_UNMOVABLE][6], 1);
	assert_zone_is_right();
	zone_free(zone, page);
	release(quarters, 4);
	empty();
}

static void test_users_of_the_wanted_type_count_for_the_change(void **state)
{
	struct frame *quarters[4], *page;

	(void)state;
	fill(MIGRATE_UNMOVABLE);
	cut(3, 7, MIGRATE_UNMOVABLE, quarters);
	zone_free(zone, quarters[2]);
	quarters[2] = take(7, MIGRATE_RECLAIMABLE);
	assert_int_equal(pageblock_type(frame_page(quarters[2])), MIGRATE_UNMOVABLE);
	zone_free(zone, quarters[0]);
	quarters[0] = NULL;
	page = take(0, MIGRATE_RECLAIMABLE);
	assert_int_equal(pageblock_type(frame_page(page)), MIGRATE_RECLAIMABLE);
	assert_zone_is_right();
	zone_free(zone, page);
	release(quarters, 4);
	empty();
}

static void test_the_largest_foreign_block_is_taken_first(void **state)
{
	struct frame *eighths[8], *quarters[4], *page;

	(void)state;
	fill(MIGRATE_UNMOVABLE);
	cut(3, 6, MIGRATE_UNMOVABLE, eighths);
	cut(9, 7, MIGRATE_UNMOVABLE, quarters);
	zone_free(zone, eighths[0]);
	zone_free(zone, quarters[0]);
	page = take(0, MIGRATE_MOVABLE);
	assert_int_equal(pageblock_of(page), pageblock_of(quarters[1]));
	zone_free(zone, page);
	release(eighths + 1, 7);
	release(quarters + 1, 3);
	empty();
}

static void test_of_equal_blocks_the_kernels_order_of_types_decides(void **state)
{
	static const enum migrate_type first[NR_MIGRATE_TYPES] = {
		[MIGRATE_UNMOVABLE] = MIGRATE_RECLAIMABLE,
		[MIGRATE_MOVABLE] = MIGRATE_RECLAIMABLE,
		[MIGRATE_RECLAIMABLE] = MIGRATE_UNMOVABLE,
	};

	(void)state;
	for (unsigned int wanted = 0; wanted < NR_MIGRATE_TYPES; wanted++) {
		struct frame *quarters[NR_MIGRATE_TYPES][4] = { { NULL } }, *page;

		fill((enum migrate_type)wanted);
		for (unsigned int t = 0; t < NR_MIGRATE_TYPES; t++)
			if (t != wanted)
				cut(t * 4 + 1, 7, (enum migrate_type)t, quarters[t]);
		for (unsigned int t = 0; t < NR_MIGRATE_TYPES; t++)
			if (t != wanted) {
				zone_free(zone, quarters[t][3]);
				quarters[t][3] = NULL;
			}
		page = take(0, (enum migrate_type)wanted);
		assert_int_equal(pageblock_of(page), pageblock_of(quarters[first[wanted]][0]));
		zone_free(zone, page);
		for (unsigned int t = 0; t < NR_MIGRATE_TYPES; t++)
			release(quarters[t], t == wanted ? 0 : 4);
		empty();
	}
}

static void test_random_types_keep_the_equations(void **state)
{
	static struct frame *held[512];
	struct random r;

	(void)state;
	random_seed(&r, test_seed(41));
	for (unsigned int step = 0; step < 20000; step++) {
		size_t i = random_below(&r, 512);
		unsigned int order = (unsigned int)random_below(&r, step % 8 ? 6 : 10);

		if (held[i]) {
			zone_free(zone, held[i]);
			held[i] = NULL;
		} else {
			held[i] = take(order, (enum migrate_type)random_below(&r, 3));
		}
		if (step % 200 == 0)
			assert_zone_is_right();
	}
	assert_true(zone->nr_mixed > 0 && zone->nr_converted > 0);
	release(held, 512);
	assert_zone_is_right();
}

/* The page allocator alone: no cache has taken anything. */
static int make_zone(void **state)
{
	struct zone_policy policy = { .dirty_bytes = 512u << 10 };

	(void)state;
	nodes_init(1);
	if (pagemap_create(RANGE_BYTES))
		return -1;
	zones_init(&policy);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_dropped_leaves_whole_pageblocks),
		cmocka_unit_test(test_types_share_no_pageblock_while_there_is_room),
		cmocka_unit_test(test_a_pageblock_half_free_changes_its_type),
		cmocka_unit_test(test_of_a_pageblock_mostly_in_use_only_the_block_is_taken),
		cmocka_unit_test(test_users_of_the_wanted_type_count_for_the_change),
		cmocka_unit_test(test_the_largest_foreign_block_is_taken_first),
		cmocka_unit_test(test_of_equal_blocks_the_kernels_order_of_types_decides),
		cmocka_unit_test(test_random_types_keep_the_equations),
	};

	return cmocka_run_group_tests(tests, make_zone, NULL);
}

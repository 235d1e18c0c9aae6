// SPDX-License-Identifier: MIT
/*
 * The first largest block, which comes in pieces: how far the frontier moves for what is asked,
 * that the pieces become one block, and that types, nodes and shuffling are served all the same.
 */
#include "common.h"

#include "allocators/slab/buddy.h"
#include "allocators/slab/frontier.h"
#include "allocators/slab/pagemap.h"

#define LARGEST ((size_t)1 << MAX_PAGE_ORDER)

static struct zone *const zone = &slab_zones[0];

static struct frame *take(unsigned int order, enum migrate_type type)
{
	struct frame *f = zone_alloc(zone, order, type, NULL);

	assert_non_null(f);
	pagemap_set(frame_page(f), order, PAGE_LARGE, 0);
	return f;
}

/* The piece that ends behind so many units, from the first on. */
static size_t end_of_piece(size_t nr_units)
{
	size_t end = (size_t)1 << FRONTIER_FIRST_ORDER;

	while (end < nr_units)
		end *= 2;
	return end;
}

static void piece_by_piece(void)
{
	static struct frame *frames[LARGEST];
	size_t nr = 0, before = zone->nr_used;

	while (zone->nr_used < LARGEST) {
		frames[nr++] = take(0, MIGRATE_UNMOVABLE);
		assert_int_equal(pagemap_committed(), end_of_piece(zone->nr_used));
		if (nr % 61 == 0)
			assert_equations_hold();
	}
	while (nr)
		zone_free(zone, frames[--nr]);
	assert_int_equal(zone->nr_free, LARGEST - before);
}

static void for_a_large_block(void)
{
	take(MAX_PAGE_ORDER - 1, MIGRATE_UNMOVABLE);
	assert_int_equal(pagemap_committed(), LARGEST);
	assert_equations_hold();
	take(MAX_PAGE_ORDER, MIGRATE_UNMOVABLE);
	assert_int_equal(pagemap_committed(), 2 * LARGEST);
}

/* The second type finds the pageblock of the first, and goes on to one of its own. */
static void for_two_types(void)
{
	struct frame *first = take(0, MIGRATE_UNMOVABLE);
	struct frame *second = take(0, MIGRATE_RECLAIMABLE);

	assert_int_equal(frame_page(first) >> PAGEBLOCK_ORDER, 0);
	assert_int_equal(frame_page(second) >> PAGEBLOCK_ORDER, 1);
	assert_int_equal(pagemap_committed(), LARGEST);
	assert_equations_hold();
	zone_free(zone, first);
	zone_free(zone, second);
}

static void whole(void)
{
	assert_true(pagemap_committed() > 0);
	assert_int_equal(pagemap_committed() % LARGEST, 0);
}

/* The first slab is of 128 units, so the first piece has to become one with the next. */
static void larger_than_a_piece(void)
{
	assert_true(zone->nr_used >= (size_t)2 << FRONTIER_FIRST_ORDER);
}

static void the_first_largest_block_comes_in_pieces(void **state)
{
	(void)state;
	run_in_mode("range=256M,nodes=1", piece_by_piece);
	run_in_mode("range=256M,nodes=1,reserve=0", piece_by_piece);
	run_in_mode("range=256M,nodes=1", for_a_large_block);
	run_in_mode("range=256M,nodes=1,reserve=0", for_a_large_block);
}

static void pieces_keep_types_apart(void **state)
{
	(void)state;
	run_in_mode("range=256M,nodes=1", for_two_types);
}

static void pieces_join_for_a_block_that_is_larger(void **state)
{
	(void)state;
	run_in_mode("range=2G,nodes=1,page_size=64K,slab_min_order=3", larger_than_a_piece);
}

static void several_nodes_and_shuffling_take_whole_blocks(void **state)
{
	(void)state;
	run_in_mode("range=256M,nodes=2", whole);
	run_in_mode("range=256M,nodes=1,shuffle=1", whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_largest_block_comes_in_pieces),
		cmocka_unit_test(pieces_keep_types_apart),
		cmocka_unit_test(pieces_join_for_a_block_that_is_larger),
		cmocka_unit_test(several_nodes_and_shuffling_take_whole_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/*
 * Option shuffle: in which order largest blocks are handed out. A zone is made anew for each case,
 * over one page map; no cache is involved.
 */
#include "common.h"

#include "allocators/slab/buddy.h"
#include "allocators/slab/check.h"
#include "allocators/slab/frontier.h"
#include "allocators/slab/nodes.h"
#include "allocators/slab/pagemap.h"

#define RANGE_BYTES ((size_t)256 << 20)
#define NR	    FRONTIER_SHUFFLED

static struct zone *const zone = &slab_zones[0];

static void begin(bool shuffle, uint64_t seed)
{
	struct zone_policy policy = { .dirty_bytes = RANGE_BYTES,
				      .shuffle = shuffle,
				      .seed = seed };

	nodes_init(1);
	assert_int_equal(pagemap_create(RANGE_BYTES), 0);
	zones_init(&policy);
}

static void end(void)
{
	struct checker c = { .say = print_disagreement };

	check_zones(&c);
	assert_int_equal(c.nr, 0);
	pagemap_destroy();
}

/* Take NR largest blocks; their places in units of a largest block. */
static void take_all(size_t *place)
{
	for (unsigned int i = 0; i < NR; i++) {
		struct frame *f = zone_alloc(zone, MAX_PAGE_ORDER, MIGRATE_UNMOVABLE, NULL);

		assert_non_null(f);
		pagemap_set(frame_page(f), f->order, PAGE_LARGE, 0);
		place[i] = frame_page(f) >> MAX_PAGE_ORDER;
	}
}

static void put_all(const size_t *place)
{
	for (unsigned int i = 0; i < NR; i++)
		zone_free(zone, &slab_range.frames[place[i] << MAX_PAGE_ORDER]);
}

static unsigned int nr_different(const size_t *a, const size_t *b)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < NR; i++)
		nr += a[i] != b[i];
	return nr;
}

static void test_without_it_the_range_fills_from_its_bottom(void **state)
{
	size_t place[NR];

	(void)state;
	begin(false, 1);
	take_all(place);
	for (unsigned int i = 0; i < NR; i++)
		assert_int_equal(place[i], i);
	end();
}

static void test_sixteen_blocks_come_in_random_order(void **state)
{
	size_t place[NR], ascending[NR];
	unsigned int seen = 0;

	(void)state;
	begin(true, test_seed(71));
	take_all(place);
	for (unsigned int i = 0; i < NR; i++) {
		ascending[i] = i;
		assert_true(place[i] < NR);
		seen |= 1u << place[i];
	}
	assert_int_equal(seen, (1u << NR) - 1);
	assert_true(nr_different(place, ascending) > 2);
	end();
}

static void test_the_seed_alone_decides(void **state)
{
	size_t a[NR], again[NR], b[NR];

	(void)state;
	begin(true, 5);
	take_all(a);
	end();
	begin(true, 5);
	take_all(again);
	end();
	begin(true, 6);
	take_all(b);
	end();
	assert_int_equal(nr_different(a, again), 0);
	assert_true(nr_different(a, b) > 2);
}

/* Every place comes first equally often: 1600 seeds, 100 expected each, more than 5 sigma allowed.
 */
static void test_every_block_comes_first_equally_often(void **state)
{
	unsigned int nr_first[NR] = { 0 };
	size_t place[NR];

	(void)state;
	for (uint64_t seed = 0; seed < 1600; seed++) {
		begin(true, seed);
		take_all(place);
		nr_first[place[0]]++;
		pagemap_destroy();
	}
	for (unsigned int i = 0; i < NR; i++)
		assert_in_range(nr_first[i], 50, 150);
}

static void test_freed_blocks_are_placed_at_either_end(void **state)
{
	size_t first[NR], lifo[NR], second[NR];

	(void)state;
	begin(true, test_seed(72));
	take_all(first);
	put_all(first);
	take_all(second);
	for (unsigned int i = 0; i < NR; i++)
		lifo[i] = first[NR - 1 - i];
	assert_true(nr_different(second, lifo) > 2);
	assert_true(nr_different(second, first) > 2);
	end();
	begin(false, 1);
	take_all(first);
	put_all(first);
	take_all(second);
	for (unsigned int i = 0; i < NR; i++)
		assert_int_equal(second[i], first[NR - 1 - i]);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_it_the_range_fills_from_its_bottom),
		cmocka_unit_test(test_sixteen_blocks_come_in_random_order),
		cmocka_unit_test(test_the_seed_alone_decides),
		cmocka_unit_test(test_every_block_comes_first_equally_often),
		cmocka_unit_test(test_freed_blocks_are_placed_at_either_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

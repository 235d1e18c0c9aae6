// SPDX-License-Identifier: MIT
/*
 * When memory goes back to the system, by steps whose time is made up here: what swings stays, what
 * is not needed goes, and how many system calls that takes.
 */
#include "common.h"

#include <pthread.h>
#include <sys/mman.h>

#include "allocators/slab/buddy.h"
#include "allocators/slab/fault.h"
#include "allocators/slab/os.h"
#include "allocators/slab/pagemap.h"

#define FLOOR_PAGES ((size_t)(512u << 10) >> UNIT_SHIFT)
#define LARGEST	    ((size_t)1 << MAX_PAGE_ORDER)
#define NR_BLOCKS   16
#define HOUR_NS	    (3600ull * 1000000000)

static struct zone *const zone = &slab_zones[0];
static struct frame *blocks[NR_BLOCKS];
static uint64_t now_ns;

static struct frame *take(unsigned int order)
{
	struct frame *f = zone_alloc(zone, order, MIGRATE_UNMOVABLE, NULL);

	assert_non_null(f);
	pagemap_set(frame_page(f), order, PAGE_LARGE, 0);
	return f;
}

static void take_blocks(size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		blocks[i] = take(MAX_PAGE_ORDER);
		memset(frame_address(blocks[i]), 1, frame_bytes(blocks[i]));
	}
}

static void free_blocks(size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		zone_free(zone, blocks[i]);
}

/* The next step ends: the steps of the tests are hours, and no real hour passes. */
static bool end_step(void)
{
	return zone_step(zone, now_ns += HOUR_NS);
}

static size_t resident_pages(const struct frame *f)
{
	static unsigned char vec[LARGEST];
	size_t nr = 0;

	assert_int_equal(mincore(frame_address(f), LARGEST << UNIT_SHIFT, vec), 0);
	for (size_t i = 0; i < LARGEST; i++)
		nr += vec[i] & 1;
	return nr;
}

static void begin(void)
{
	zone_trim(zone, 0);
	assert_int_equal(zone->nr_dirty, 0);
	now_ns = os_now_ns();
	slab_fault_arm(FAULT_SYSCALL, 0, 0);
}

static void test_what_is_freed_for_good_goes_back_after_two_steps(void **state)
{
	(void)state;
	begin();
	take_blocks(NR_BLOCKS);
	free_blocks(NR_BLOCKS);
	assert_int_equal(zone->nr_dirty, NR_BLOCKS * LARGEST);
	assert_true(end_step());
	assert_true(zone->nr_dirty >= (NR_BLOCKS - 1) * LARGEST);
	assert_equations_hold();
	assert_false(end_step());
	assert_int_equal(zone->nr_dirty, 0);
	assert_equations_hold();
	for (int i = 0; i < NR_BLOCKS; i++)
		assert_int_equal(resident_pages(blocks[i]), 0);
}

static void test_a_step_does_not_end_before_its_time(void **state)
{
	(void)state;
	begin();
	take_blocks(NR_BLOCKS);
	free_blocks(NR_BLOCKS);
	assert_true(zone_step(zone, now_ns));
	assert_true(zone_step(zone, now_ns));
	assert_true(zone_step(zone, now_ns));
	assert_int_equal(zone->nr_dirty, NR_BLOCKS * LARGEST);
	assert_int_equal(slab_fault_requests(FAULT_SYSCALL), 0);
}

static void test_what_swings_stays_without_a_system_call(void **state)
{
	(void)state;
	begin();
	take_blocks(NR_BLOCKS);
	free_blocks(NR_BLOCKS);
	end_step();
	take_blocks(NR_BLOCKS);
	slab_fault_arm(FAULT_SYSCALL, 0, 0);
	for (int i = 0; i < 20; i++) {
		free_blocks(NR_BLOCKS);
		end_step();
		take_blocks(NR_BLOCKS);
	}
	assert_int_equal(slab_fault_requests(FAULT_SYSCALL), 0);
	free_blocks(NR_BLOCKS);
	assert_int_equal(zone->nr_dirty, NR_BLOCKS * LARGEST);
	assert_equations_hold();
}

/* 5 blocks swing inside of 16: 11 are not needed. */
static void test_of_what_swings_less_only_the_rest_goes_back(void **state)
{
	(void)state;
	begin();
	take_blocks(NR_BLOCKS);
	free_blocks(NR_BLOCKS);
	for (int i = 0; i < 4; i++) {
		take_blocks(5);
		free_blocks(5);
		end_step();
	}
	assert_int_equal(zone->nr_dirty, 5 * LARGEST);
	assert_equations_hold();
}

/* A surplus of 1.5 blocks takes half of the second block, not all of it. */
static void test_no_more_goes_back_than_was_not_needed(void **state)
{
	struct frame *half;

	(void)state;
	begin();
	take_blocks(3);
	free_blocks(3);
	end_step();
	for (int i = 0; i < 3; i++) {
		take_blocks(1);
		half = take(MAX_PAGE_ORDER - 1);
		free_blocks(1);
		zone_free(zone, half);
		end_step();
	}
	assert_int_equal(zone->nr_dirty, LARGEST + LARGEST / 2);
	assert_equations_hold();
}

static void test_up_to_the_floor_nothing_goes_back(void **state)
{
	struct frame *f;

	(void)state;
	begin();
	f = take(MAX_PAGE_ORDER - 3);
	zone_free(zone, f);
	assert_int_equal(zone->nr_dirty, FLOOR_PAGES);
	for (int i = 0; i < 4; i++)
		assert_false(end_step());
	assert_int_equal(zone->nr_dirty, FLOOR_PAGES);
	assert_int_equal(slab_fault_requests(FAULT_SYSCALL), 0);
}

static void test_a_system_that_takes_nothing_back_is_asked_again_in_the_next_step(void **state)
{
	(void)state;
	begin();
	take_blocks(NR_BLOCKS);
	free_blocks(NR_BLOCKS);
	end_step();
	slab_fault_arm(FAULT_SYSCALL, 1, UINT64_MAX);
	assert_true(end_step());
	assert_true(slab_fault_requests(FAULT_SYSCALL) > 0);
	assert_true(slab_fault_requests(FAULT_SYSCALL) <= 2 * NR_BLOCKS);
	assert_true(zone->nr_dirty >= (NR_BLOCKS - 1) * LARGEST);
	assert_equations_hold();
	slab_fault_arm(FAULT_SYSCALL, 0, 0);
	end_step();
	end_step();
	assert_int_equal(zone->nr_dirty, 0);
	assert_equations_hold();
}

static bool stop;

static void *trim_for_ever(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
		zone_trim(zone, 0);
	return arg;
}

static size_t take_all(struct frame **all, size_t max)
{
	size_t nr = 0;

	while (nr < max && (all[nr] = zone_alloc(zone, MAX_PAGE_ORDER, MIGRATE_UNMOVABLE, NULL))) {
		pagemap_set(frame_page(all[nr]), MAX_PAGE_ORDER, PAGE_LARGE, 0);
		nr++;
	}
	for (size_t i = 0; i < nr; i++)
		zone_free(zone, all[i]);
	return nr;
}

/* The bug: who asked for the last block while it was being given back got NULL. */
static void test_memory_on_its_way_back_is_still_there(void **state)
{
	static struct frame *all[1024];
	pthread_t thread;
	size_t nr;

	(void)state;
	begin();
	nr = take_all(all, 1024);
	assert_in_range(nr, 1, 1023);
	assert_int_equal(pthread_create(&thread, NULL, trim_for_ever, NULL), 0);
	for (int round = 0; round < 300; round++)
		assert_int_equal(take_all(all, 1024), nr);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	assert_equations_hold();
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("range=256M,dirty=512K,nodes=1,purge=3600000,purge_thread=0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_freed_for_good_goes_back_after_two_steps),
		cmocka_unit_test(test_a_step_does_not_end_before_its_time),
		cmocka_unit_test(test_what_swings_stays_without_a_system_call),
		cmocka_unit_test(test_of_what_swings_less_only_the_rest_goes_back),
		cmocka_unit_test(test_no_more_goes_back_than_was_not_needed),
		cmocka_unit_test(test_up_to_the_floor_nothing_goes_back),
		cmocka_unit_test(
			test_a_system_that_takes_nothing_back_is_asked_again_in_the_next_step),
		cmocka_unit_test(test_memory_on_its_way_back_is_still_there),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}

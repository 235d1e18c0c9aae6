// SPDX-License-Identifier: MIT
/* The watching hooks count what happened, on an allocator whose addresses the test chooses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "harness/meter.h"

static char arena[1 << 20] __attribute__((aligned(8192)));
static size_t next_offset;
static int64_t live;
static struct meter m;
static struct alloc_ops ops;
static const struct alloc_site site = { .type = "test" };

static void *give(size_t size, const struct alloc_site *s)
{
	(void)size;
	(void)s;
	return arena + next_offset;
}

static void *give_again(void *p, size_t old_size, size_t size, const struct alloc_site *s)
{
	(void)p;
	(void)old_size;
	return give(size, s);
}

static void *give_nothing(size_t size, const struct alloc_site *s)
{
	(void)size;
	(void)s;
	return NULL;
}

static void take(void *p, size_t size)
{
	(void)p;
	(void)size;
}

static void *give_object(struct alloc_cache *cache)
{
	(void)cache;
	return arena + next_offset;
}

static void take_object(struct alloc_cache *cache, void *p)
{
	(void)cache;
	(void)p;
}

static size_t usable(void *p, size_t size)
{
	(void)p;
	return (size + 15) & ~15ul;
}

static int set_up(void **state)
{
	(void)state;
	live = 0;
	m = (struct meter){ .live = &live };
	m.real = (struct alloc_ops){ give,	  give,	       give_again,  take,
				     give_object, give_object, take_object, usable };
	meter_bind(&m);
	meter_watch(&ops);
	return 0;
}

static void test_live_bytes_follow_calls_and_keep_their_peak(void **state)
{
	(void)state;
	ops.alloc(100, &site);
	ops.zalloc(50, &site);
	assert_int_equal(live, 150);
	ops.free(arena, 100);
	assert_int_equal(live, 50);
	ops.realloc(arena, 50, 80, &site);
	assert_int_equal(live, 80);
	ops.free(arena, 80);
	assert_int_equal(live, 0);
	assert_int_equal(m.live_peak, 150);
}

static void test_a_failed_allocation_is_not_counted(void **state)
{
	(void)state;
	m.real.alloc = give_nothing;
	assert_null(ops.alloc(100, &site));
	assert_int_equal(live, 0);
	assert_int_equal(m.nr_allocs, 0);
}

static void test_objects_of_a_cache_count_with_its_size(void **state)
{
	static char one, two;
	struct alloc_cache *a = (struct alloc_cache *)&one, *b = (struct alloc_cache *)&two;

	(void)state;
	meter_cache(a, 192);
	meter_cache(b, 40);
	ops.cache_alloc(a);
	ops.cache_zalloc(b);
	assert_int_equal(live, 232);
	ops.cache_free(a, arena);
	assert_int_equal(live, 40);
}

static void test_natural_alignment_counts_only_what_malloc_does_not_promise(void **state)
{
	(void)state;
	next_offset = 16;
	ops.alloc(48, &site); /* 16 divides it: promised anyway */
	assert_int_equal(m.nr_promised, 0);
	ops.alloc(64, &site);
	next_offset = 64;
	ops.alloc(64, &site);
	ops.alloc(96, &site); /* 32 divides it */
	assert_int_equal(m.nr_promised, 3);
	assert_int_equal(m.nr_natural, 2);
}

static void test_crossings_are_of_buffers_that_would_fit(void **state)
{
	(void)state;
	next_offset = 4096 - 8;
	ops.alloc(16, &site);
	next_offset = 4096 - 16;
	ops.alloc(16, &site);
	next_offset = 0;
	ops.alloc(4096, &site);
	next_offset = 64;
	ops.alloc(4096, &site);
	ops.alloc(5000, &site); /* cannot fit */
	assert_int_equal(m.nr_page_fit, 4);
	assert_int_equal(m.nr_page_cross, 2);
	assert_int_equal(m.nr_line_fit, 2);
	assert_int_equal(m.nr_line_cross, 1);
}

static void test_waste_is_usable_over_requested(void **state)
{
	(void)state;
	ops.alloc(17, &site);
	ops.alloc(32, &site);
	assert_int_equal(m.requested_bytes, 49);
	assert_int_equal(m.usable_bytes, 64);
}

static void test_addresses_are_filed_by_class_and_divisor(void **state)
{
	(void)state;
	next_offset = 512;
	ops.alloc(300, &site);
	assert_int_equal(m.align[9][9], 1);
	next_offset = 8192;
	ops.alloc(512, &site);
	assert_int_equal(m.align[9][12], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_live_bytes_follow_calls_and_keep_their_peak, set_up),
		cmocka_unit_test_setup(test_a_failed_allocation_is_not_counted, set_up),
		cmocka_unit_test_setup(test_objects_of_a_cache_count_with_its_size, set_up),
		cmocka_unit_test_setup(
			test_natural_alignment_counts_only_what_malloc_does_not_promise, set_up),
		cmocka_unit_test_setup(test_crossings_are_of_buffers_that_would_fit, set_up),
		cmocka_unit_test_setup(test_waste_is_usable_over_requested, set_up),
		cmocka_unit_test_setup(test_addresses_are_filed_by_class_and_divisor, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

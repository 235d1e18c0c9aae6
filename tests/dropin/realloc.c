// SPDX-License-Identifier: MIT
/* realloc: the cases at its edges, contents across every kind of block, what it gives back. */
#include "family.h"
#include "lib/bits.h"

static void test_realloc_of_null_is_malloc(void **state)
{
	char *p = realloc(NULL, 100);

	(void)state;
	assert_true(malloc_usable_size(p) >= 100);
	free(p);
	p = realloc(NULL, 0);
	assert_non_null(p);
	free(p);
}

static void test_realloc_to_0_frees_and_is_null(void **state)
{
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;

	(void)state;
	errno = ERRNO_BEFORE;
	assert_null(realloc(malloc(100), 0));
	assert_null(realloc(malloc(100000), 0));
	assert_null(realloc(malloc(HUGE + 1), 0));
	assert_null(reallocarray(malloc(100), 0, 7));
	assert_int_equal(errno, ERRNO_BEFORE);
	assert_int_equal(mallinfo2().uordblks + mallinfo2().hblkhd, before);
}

static void fill(unsigned char *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		p[i] = (unsigned char)(i * 131 >> 3);
}

static void assert_filled(const unsigned char *p, size_t to)
{
	for (size_t i = 0; i < to; i++)
		if (p[i] != (unsigned char)(i * 131 >> 3))
			fail_msg("byte %zu of %zu was lost", i, to);
}

static const size_t steps[] = { 1,	  16,	17,    40,     100,  3000,     9000,	 8192,
				50000,	  1000, 200,   600000, HUGE, HUGE + 1, 3 * HUGE, 2 * HUGE,
				HUGE + 5, HUGE, 70000, 100,    5,    2 * HUGE, 30 };

static void test_contents_survive_every_change_of_size(void **state)
{
	unsigned char *p = NULL;
	size_t filled = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		p = realloc(p, steps[i]);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		filled = filled < steps[i] ? filled : steps[i];
		assert_filled(p, filled);
		fill(p, filled, steps[i]);
		filled = steps[i];
	}
	free(p);
}

/* The page map tells no class of it. */
static void test_an_object_of_a_cache_moves_with_its_contents(void **state)
{
	struct kmem_cache *s = kmem_cache_create("other", 200, 0, SLAB_NO_MERGE, NULL);
	unsigned char *object = kmem_cache_alloc(s, GFP_KERNEL), *p;

	(void)state;
	fill(object, 0, 200);
	assert_ptr_equal(realloc(object, 150), object);
	p = realloc(object, 5000);
	assert_ptr_not_equal(p, object);
	assert_filled(p, 200);
	free(p);
	kmem_cache_destroy(s);
}

static void test_errno_is_kept(void **state)
{
	char *p = malloc(100);

	(void)state;
	errno = ERRNO_BEFORE;
	p = realloc(p, 90);
	for (size_t size = 100; size <= 3 * HUGE; size += size / 3)
		p = realloc(p, size);
	p = realloc(p, 1);
	assert_int_equal(errno, ERRNO_BEFORE);
	free(p);
}

static void test_a_block_that_shrinks_much_gives_memory_back(void **state)
{
	char *p = malloc(3 * HUGE);

	(void)state;
	p = realloc(p, HUGE / 2);
	assert_true(malloc_usable_size(p) <= HUGE / 2);
	p = realloc(p, 5000);
	assert_true(malloc_usable_size(p) < 2 * 5000);
	p = realloc(p, 10);
	assert_true(malloc_usable_size(p) <= 64);
	free(p);
}

static void test_a_block_that_shrinks_a_little_stays(void **state)
{
	char *p = malloc(1000), *q = malloc(3 * HUGE);

	(void)state;
	assert_ptr_equal(realloc(p, 600), p);
	assert_ptr_equal(realloc(q, 2 * HUGE), q);
	free(p);
	free(q);
}

static void test_a_block_that_grows_in_small_steps_seldom_moves(void **state)
{
	char *p = malloc(16), *q;
	unsigned int nr_moves = 0;

	(void)state;
	for (size_t size = 16; size <= 65536; size += 8) {
		q = realloc(p, size);
		nr_moves += q != p;
		p = q;
		assert_true(malloc_usable_size(p) <= max_size(size + size / 2, 64));
	}
	assert_true(nr_moves < 60);
	free(p);
}

static void test_room_for_more_makes_no_large_block_of_a_small_one(void **state)
{
	char *p = realloc(malloc(57344), 57345);

	(void)state;
	assert_true(malloc_usable_size(p) <= 65536);
	free(p);
}

/* What is copied is touched, and what is touched is in memory. */
static size_t resident_bytes(void)
{
	size_t pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_int_equal(fscanf(f, "%*u %zu", &pages), 1);
	fclose(f);
	return pages * (size_t)getpagesize();
}

static void test_a_huge_block_grows_without_a_copy(void **state)
{
	char *p = malloc(64 * MiB);
	size_t before;

	(void)state;
	p[0] = 1;
	before = resident_bytes();
	for (size_t size = 64 * MiB; size < 1024 * MiB; size += 64 * MiB) {
		p = realloc(p, size);
		assert_non_null(p);
	}
	assert_int_equal(p[0], 1);
	assert_true(resident_bytes() < before + 8 * MiB);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_realloc_of_null_is_malloc),
		cmocka_unit_test(test_realloc_to_0_frees_and_is_null),
		cmocka_unit_test(test_contents_survive_every_change_of_size),
		cmocka_unit_test(test_an_object_of_a_cache_moves_with_its_contents),
		cmocka_unit_test(test_errno_is_kept),
		cmocka_unit_test(test_a_block_that_shrinks_much_gives_memory_back),
		cmocka_unit_test(test_a_block_that_shrinks_a_little_stays),
		cmocka_unit_test(test_a_block_that_grows_in_small_steps_seldom_moves),
		cmocka_unit_test(test_room_for_more_makes_no_large_block_of_a_small_one),
		cmocka_unit_test(test_a_huge_block_grows_without_a_copy),
	};

	return cmocka_run_group_tests(tests, NULL, check_equations);
}

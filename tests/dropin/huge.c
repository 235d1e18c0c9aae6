// SPDX-License-Identifier: MIT
/* Blocks that are mappings of their own: which are kept when they are freed, and for how long. */
#include "family.h"

#include <time.h>

static size_t kept_bytes(void)
{
	return mallinfo2().keepcost;
}

static void rest(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* Free and ask again until a block comes back as it was left; it does once keeping has begun. */
static bool comes_back(size_t size, size_t again)
{
	for (int i = 0; i < 100; i++) {
		volatile size_t *p = malloc(size);

		p[1000] = size;
		free((void *)p);
		p = malloc(again);
		if (p[1000] == size) {
			free((void *)p);
			return true;
		}
		free((void *)p);
	}
	return false;
}

static void test_a_block_that_is_wanted_again_is_kept(void **state)
{
	(void)state;
	assert_true(comes_back(8 * MiB, 8 * MiB));
	assert_true(comes_back(9 * MiB, 8 * MiB + 10000));
	assert_true(kept_bytes() >= 8 * MiB);
	malloc_trim(0);
	assert_false(comes_back(6 * MiB, 30 * MiB));
	malloc_trim(0);
	assert_false(comes_back(80 * MiB, 80 * MiB));
}

/* A larger one is cut, a smaller one grows; what was in them shows it. */
static void test_a_kept_block_of_another_size_serves(void **state)
{
	char *p, *q;

	(void)state;
	assert_true(comes_back(8 * MiB, 20 * MiB));
	malloc_trim(0);
	assert_true(comes_back(30 * MiB, 8 * MiB));
	p = malloc(8 * MiB);
	q = malloc(8 * MiB);
	assert_true(kept_bytes() >= 8 * MiB);
	memset(p, 1, 8 * MiB);
	memset(q, 2, 8 * MiB);
	for (size_t i = 0; i < 8 * MiB; i += 4096)
		assert_int_equal(p[i], 1);
	p = realloc(p, 12 * MiB);
	assert_int_equal(p[8 * MiB - 1], 1);
	free(p);
	free(q);
	malloc_trim(0);
	assert_int_equal(mallinfo2().hblkhd, 0);
}

static void test_a_block_that_is_not_wanted_goes_back(void **state)
{
	(void)state;
	malloc_trim(0);
	assert_true(comes_back(20 * MiB, 20 * MiB));
	assert_true(kept_bytes() >= 20 * MiB);
	rest(100);
	free(malloc(5 * MiB));
	assert_true(kept_bytes() < 20 * MiB);
}

/* Any slow path will do, so that a program gives back which makes no more large blocks. */
static void test_it_goes_back_although_only_small_ones_are_wanted(void **state)
{
	void *p[5000];

	(void)state;
	malloc_trim(0);
	assert_true(comes_back(20 * MiB, 20 * MiB));
	rest(100);
	for (int i = 0; i < 5000; i++)
		p[i] = malloc(1000);
	for (int i = 0; i < 5000; i++)
		free(p[i]);
	assert_true(kept_bytes() < 20 * MiB);
}

static void test_calloc_of_a_kept_block_is_zero(void **state)
{
	size_t *p;

	(void)state;
	assert_true(comes_back(10 * MiB, 10 * MiB));
	p = calloc(10, MiB);
	for (size_t i = 0; i < 10 * MiB / sizeof(*p); i++)
		if (p[i])
			fail_msg("word %zu is %zx", i, p[i]);
	free(p);
}

static void test_a_kept_block_is_aligned_as_asked(void **state)
{
	(void)state;
	for (size_t align = 4096; align <= 64 * MiB; align *= 4) {
		void *p;

		assert_true(comes_back(8 * MiB, 8 * MiB));
		p = memalign(align, 8 * MiB);
		assert_int_equal((uintptr_t)p % align, 0);
		free(p);
	}
}

static void test_malloc_trim_gives_all_kept_blocks_back(void **state)
{
	(void)state;
	assert_true(comes_back(30 * MiB, 30 * MiB));
	assert_int_equal(malloc_trim(0), 1);
	assert_true(kept_bytes() < MiB);
	assert_int_equal(mallinfo2().hblkhd, 0);
}

/* No more than 128 MiB are kept together. */
static void test_what_is_kept_is_bounded(void **state)
{
	void *p[20];

	(void)state;
	assert_true(comes_back(10 * MiB, 10 * MiB));
	for (int i = 0; i < 20; i++)
		p[i] = malloc(10 * MiB);
	for (int i = 0; i < 20; i++)
		free(p[i]);
	assert_true(kept_bytes() <= 130 * MiB);
	malloc_trim(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_block_that_is_wanted_again_is_kept),
		cmocka_unit_test(test_a_kept_block_of_another_size_serves),
		cmocka_unit_test(test_a_block_that_is_not_wanted_goes_back),
		cmocka_unit_test(test_it_goes_back_although_only_small_ones_are_wanted),
		cmocka_unit_test(test_calloc_of_a_kept_block_is_zero),
		cmocka_unit_test(test_a_kept_block_is_aligned_as_asked),
		cmocka_unit_test(test_malloc_trim_gives_all_kept_blocks_back),
		cmocka_unit_test(test_what_is_kept_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

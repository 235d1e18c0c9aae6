// SPDX-License-Identifier: MIT
/* Which sizes are refused, and what a block of any other is like. */
#include "family.h"

static const size_t too_large[] = {
	SIZE_MAX,	 SIZE_MAX - 1,	   SIZE_MAX - 15,      SIZE_MAX - 16,
	SIZE_MAX - 4095, SIZE_MAX - 4096,  SIZE_MAX - 65536,   (size_t)PTRDIFF_MAX + 1,
	PTRDIFF_MAX,	 PTRDIFF_MAX - 15, PTRDIFF_MAX - 4095, PTRDIFF_MAX - 4096,
	PTRDIFF_MAX / 2, (size_t)1 << 62,  (size_t)1 << 56,
};
#define NR_TOO_LARGE (sizeof(too_large) / sizeof(too_large[0]))

static void refuse(size_t size)
{
	void *p = (void *)1;

	assert_refused(malloc(size), ENOMEM);
	assert_refused(calloc(1, size), ENOMEM);
	assert_refused(calloc(size, 1), ENOMEM);
	assert_refused(realloc(NULL, size), ENOMEM);
	assert_refused(reallocarray(NULL, size, 1), ENOMEM);
	assert_refused(aligned_alloc(64, size), ENOMEM);
	assert_refused(memalign(64, size), ENOMEM);
	assert_refused(memalign(HUGE * 2, size), ENOMEM);
	assert_refused(valloc(size), ENOMEM);
	assert_refused(pvalloc(size), ENOMEM);
	errno = ERRNO_BEFORE;
	assert_int_equal(posix_memalign(&p, 64, size), ENOMEM);
	assert_int_equal(errno, ERRNO_BEFORE);
	assert_ptr_equal(p, (void *)1);
}

static void test_sizes_near_the_end_are_refused_with_enomem(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_TOO_LARGE; i++)
		refuse(too_large[i]);
}

static void keep(size_t old)
{
	char *p = malloc(old);

	memset(p, 'x', old);
	for (size_t i = 0; i < NR_TOO_LARGE; i++) {
		assert_refused(realloc(p, too_large[i]), ENOMEM);
		assert_refused(reallocarray(p, too_large[i], 1), ENOMEM);
	}
	for (size_t i = 0; i < old; i += 97)
		assert_int_equal(p[i], 'x');
	free(p);
}

static void test_a_realloc_that_is_refused_leaves_the_block(void **state)
{
	(void)state;
	keep(1);
	keep(100);
	keep(100000);
	keep(HUGE + 1);
}

static void test_calloc_refuses_a_product_that_overflows(void **state)
{
	(void)state;
	assert_refused(calloc(SIZE_MAX, 2), ENOMEM);
	assert_refused(calloc(2, SIZE_MAX), ENOMEM);
	assert_refused(calloc((size_t)1 << 32, (size_t)1 << 32), ENOMEM);
	assert_refused(calloc(SIZE_MAX / 16 + 2, 16), ENOMEM);
}

static void test_reallocarray_refuses_a_product_that_overflows(void **state)
{
	char *p = malloc(10);

	(void)state;
	*p = 'x';
	assert_refused(reallocarray(p, (size_t)1 << 32, (size_t)1 << 32), ENOMEM);
	assert_refused(reallocarray(p, SIZE_MAX / 16 + 2, 16), ENOMEM);
	assert_refused(reallocarray(NULL, SIZE_MAX, 2), ENOMEM);
	assert_int_equal(*p, 'x');
	p = reallocarray(p, 100, 30);
	assert_true(malloc_usable_size(p) >= 3000);
	free(p);
}

static void test_any_block_is_aligned_to_16(void **state)
{
	(void)state;
	for (size_t size = 0; size <= 300; size++) {
		void *blocks[] = { malloc(size), calloc(1, size), realloc(NULL, size),
				   aligned_alloc(1, size), memalign(8, size) };

		for (size_t i = 0; i < 5; i++) {
			assert_non_null(blocks[i]);
			assert_int_equal((uintptr_t)blocks[i] % 16, 0);
		}
		for (size_t i = 0; i < 5; i++)
			free(blocks[i]);
	}
}

static void test_a_block_of_no_bytes_is_its_own(void **state)
{
	void *a = malloc(0), *b = malloc(0), *c = calloc(0, 1000), *d = calloc(1000, 0);

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(c);
	assert_non_null(d);
	assert_ptr_not_equal(a, b);
	assert_ptr_not_equal(c, d);
	assert_true(malloc_usable_size(c) <= 64);
	free(a);
	free(b);
	free(c);
	free(d);
}

static const size_t some_sizes[] = { 1,	   7,	  8,	  9,	16,	 17,   24,	 48,
				     96,   100,	  129,	  1000, 4096,	 5000, 8192,	 8193,
				     9000, 65536, 100000, MiB,	3 * MiB, HUGE, HUGE + 1, 9 * MiB };

static void test_usable_bytes_may_be_written(void **state)
{
	char *blocks[sizeof(some_sizes) / sizeof(some_sizes[0])];

	(void)state;
	for (size_t i = 0; i < sizeof(some_sizes) / sizeof(some_sizes[0]); i++) {
		blocks[i] = malloc(some_sizes[i]);
		assert_true(malloc_usable_size(blocks[i]) >= some_sizes[i]);
		memset(blocks[i], (int)i, malloc_usable_size(blocks[i]));
	}
	for (size_t i = 0; i < sizeof(some_sizes) / sizeof(some_sizes[0]); i++) {
		assert_int_equal(blocks[i][0], (char)i);
		assert_int_equal(blocks[i][malloc_usable_size(blocks[i]) - 1], (char)i);
		free(blocks[i]);
	}
}

static void test_usable_size_of_null_is_0(void **state)
{
	(void)state;
	assert_int_equal(malloc_usable_size(NULL), 0);
}

static void test_calloc_clears_what_was_used_before(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(some_sizes) / sizeof(some_sizes[0]); i++) {
		size_t size = some_sizes[i];
		char *p = malloc(size);

		memset(p, 'x', size);
		free(p);
		p = calloc(1, size);
		for (size_t j = 0; j < size; j++)
			if (p[j])
				fail_msg("byte %zu of %zu is %d", j, size, p[j]);
		free(p);
	}
}

static void assert_all(const char *p, char expected, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (p[i] != expected)
			fail_msg("byte %zu of %zu is %d", i, size, p[i]);
}

/* Blocks of one size lie side by side; every other one is cleared. */
static void clear_every_other(size_t size)
{
	char *p[64];

	for (size_t i = 0; i < 64; i++) {
		p[i] = malloc(size);
		memset(p[i], 'x', malloc_usable_size(p[i]));
	}
	for (size_t i = 0; i < 64; i += 2)
		free(p[i]);
	for (size_t i = 0; i < 64; i += 2)
		p[i] = calloc(1, size);
	for (size_t i = 0; i < 64; i++) {
		assert_all(p[i], i & 1 ? 'x' : 0, i & 1 ? malloc_usable_size(p[i]) : size);
		free(p[i]);
	}
}

static void test_calloc_clears_all_of_a_block_and_nothing_else(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 300; size++)
		clear_every_other(size);
}

static void test_success_leaves_errno(void **state)
{
	(void)state;
	errno = ERRNO_BEFORE;
	for (size_t i = 0; i < sizeof(some_sizes) / sizeof(some_sizes[0]); i++) {
		void *p = realloc(malloc(some_sizes[i]), some_sizes[i] * 2);

		free(p);
		free(calloc(2, some_sizes[i]));
		free(memalign(128, some_sizes[i]));
	}
	assert_int_equal(errno, ERRNO_BEFORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes_near_the_end_are_refused_with_enomem),
		cmocka_unit_test(test_a_realloc_that_is_refused_leaves_the_block),
		cmocka_unit_test(test_calloc_refuses_a_product_that_overflows),
		cmocka_unit_test(test_reallocarray_refuses_a_product_that_overflows),
		cmocka_unit_test(test_any_block_is_aligned_to_16),
		cmocka_unit_test(test_a_block_of_no_bytes_is_its_own),
		cmocka_unit_test(test_usable_bytes_may_be_written),
		cmocka_unit_test(test_usable_size_of_null_is_0),
		cmocka_unit_test(test_calloc_clears_what_was_used_before),
		cmocka_unit_test(test_calloc_clears_all_of_a_block_and_nothing_else),
		cmocka_unit_test(test_success_leaves_errno),
	};

	return cmocka_run_group_tests(tests, NULL, check_equations);
}

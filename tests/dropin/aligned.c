// SPDX-License-Identifier: MIT
/* The aligned allocations: what is no alignment to each, and that the others are kept. */
#include "family.h"

static void test_posix_memalign_refuses_what_is_no_alignment(void **state)
{
	static const size_t wrong[] = { 0, 1, 2, 3, 4, 7, 12, 24, 100, SIZE_MAX, SIZE_MAX - 7 };
	void *p = (void *)1;

	(void)state;
	errno = ERRNO_BEFORE;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(posix_memalign(&p, wrong[i], 100), EINVAL);
	assert_ptr_equal(p, (void *)1);
	assert_int_equal(errno, ERRNO_BEFORE);
}

static void test_aligned_alloc_refuses_what_is_no_power_of_two(void **state)
{
	(void)state;
	assert_refused(aligned_alloc(0, 64), EINVAL);
	assert_refused(aligned_alloc(3, 64), EINVAL);
	assert_refused(aligned_alloc(48, 96), EINVAL);
	assert_refused(aligned_alloc(SIZE_MAX, 96), EINVAL);
}

/* C11 wanted a multiple of the alignment; C17 and C23 do not. */
static void test_aligned_alloc_takes_any_size(void **state)
{
	char *p = aligned_alloc(64, 100);

	(void)state;
	assert_int_equal((uintptr_t)p % 64, 0);
	free(p);
	p = aligned_alloc(4096, 0);
	assert_int_equal((uintptr_t)p % 4096, 0);
	assert_non_null(p);
	free_aligned_sized(p, 4096, 0);
}

static void test_memalign_rounds_up_to_a_power_of_two(void **state)
{
	char *p = memalign(48, 10), *q = memalign(4097, 10), *r = memalign(0, 10);

	(void)state;
	assert_int_equal((uintptr_t)p % 64, 0);
	assert_int_equal((uintptr_t)q % 8192, 0);
	assert_non_null(r);
	assert_refused(memalign(SIZE_MAX, 10), EINVAL);
	assert_refused(memalign(SIZE_MAX / 2 + 1, 10), ENOMEM);
	free(p);
	free(q);
	free(r);
}

static void try(size_t align, size_t size)
{
	char *p = memalign(align, size), *q = aligned_alloc(align, size);
	void *r = NULL;

	assert_int_equal(posix_memalign(&r, align, size), 0);
	assert_non_null(p);
	assert_non_null(q);
	assert_non_null(r);
	assert_int_equal(((uintptr_t)p | (uintptr_t)q | (uintptr_t)r) & (align - 1), 0);
	assert_true(malloc_usable_size(p) >= size);
	memset(p, 1, size);
	memset(q, 2, size);
	memset(r, 3, size);
	free(p);
	free_aligned_sized(q, align, size);
	free(r);
}

static void test_every_alignment_is_kept_for_every_size(void **state)
{
	static const size_t sizes[] = { 0,    1,    9,	   100, 192,	    1000,
					5000, 9000, 70000, MiB, HUGE - 100, HUGE + 100 };

	(void)state;
	for (size_t align = sizeof(void *); align <= 16 * HUGE; align *= 2)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			try(align, sizes[i]);
}

static void test_valloc_is_aligned_to_a_page(void **state)
{
	char *p = valloc(10);

	(void)state;
	assert_int_equal((uintptr_t)p % (size_t)getpagesize(), 0);
	free(p);
}

static void test_pvalloc_gives_whole_pages_and_at_least_one(void **state)
{
	size_t page = (size_t)getpagesize();
	char *p = pvalloc(0), *q = pvalloc(page + 1);

	(void)state;
	assert_int_equal(((uintptr_t)p | (uintptr_t)q) % page, 0);
	assert_true(malloc_usable_size(p) >= page);
	assert_true(malloc_usable_size(q) >= 2 * page);
	free(p);
	free(q);
}

static void test_pvalloc_refuses_a_size_that_overflows(void **state)
{
	(void)state;
	assert_refused(pvalloc(SIZE_MAX), ENOMEM);
	assert_refused(pvalloc(SIZE_MAX - (size_t)getpagesize() + 1), ENOMEM);
	assert_refused(pvalloc(SIZE_MAX - (size_t)getpagesize()), ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_posix_memalign_refuses_what_is_no_alignment),
		cmocka_unit_test(test_aligned_alloc_refuses_what_is_no_power_of_two),
		cmocka_unit_test(test_aligned_alloc_takes_any_size),
		cmocka_unit_test(test_memalign_rounds_up_to_a_power_of_two),
		cmocka_unit_test(test_every_alignment_is_kept_for_every_size),
		cmocka_unit_test(test_valloc_is_aligned_to_a_page),
		cmocka_unit_test(test_pvalloc_gives_whole_pages_and_at_least_one),
		cmocka_unit_test(test_pvalloc_refuses_a_size_that_overflows),
	};

	return cmocka_run_group_tests(tests, NULL, check_equations);
}

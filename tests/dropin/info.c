// SPDX-License-Identifier: MIT
/* What malloc says of itself, and malloc_trim(). */
#include "family.h"

#include <limits.h>

static void test_mallinfo2_follows_what_is_allocated(void **state)
{
	struct mallinfo2 before, after;
	char *p, *q;

	(void)state;
	free(malloc(1)); /* who only asks does not start libslab */
	before = mallinfo2();
	p = malloc(100000);
	q = malloc(HUGE + 1);
	after = mallinfo2();
	assert_true(after.uordblks >= before.uordblks + 100000);
	assert_true(after.arena >= after.uordblks);
	assert_int_equal(after.hblks, before.hblks + 1);
	assert_true(after.hblkhd >= before.hblkhd + HUGE + 1);
	free(p);
	free(q);
	after = mallinfo2();
	assert_int_equal(after.uordblks, before.uordblks);
	assert_int_equal(after.hblks, before.hblks);
	assert_int_equal(after.hblkhd, before.hblkhd);
}

static void test_mallinfo_does_not_wrap_around(void **state)
{
	char *p = malloc(5ul << 30);

	(void)state;
	if (!p)
		skip();
	assert_int_equal(mallinfo().hblkhd, INT_MAX);
	free(p);
}

static void test_malloc_trim_gives_memory_back_once(void **state)
{
	void *blocks[200];

	(void)state;
	for (size_t i = 0; i < 200; i++)
		blocks[i] = memset(malloc(10000), 1, 10000);
	for (size_t i = 0; i < 200; i++)
		free(blocks[i]);
	errno = ERRNO_BEFORE;
	assert_int_equal(malloc_trim(0), 1);
	assert_int_equal(malloc_trim(0), 0);
	assert_int_equal(errno, ERRNO_BEFORE);
	assert_int_equal(mallinfo2().keepcost, 0);
}

static void say_the_statistics(void)
{
	malloc_stats();
}

static void test_malloc_stats_is_complete_on_fd_2(void **state)
{
	char text[4096];

	(void)state;
	assert_int_equal(run_in_child(say_the_statistics, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "libslab-malloc:\n"));
	assert_non_null(strstr(text, "bytes in use "));
	assert_non_null(strstr(text, "bytes in them "));
	assert_int_equal(text[strlen(text) - 1], '\n');
}

static void test_malloc_info_prints_the_slabinfo(void **state)
{
	static char text[1 << 20];
	FILE *f = tmpfile();
	size_t n;

	(void)state;
	assert_non_null(f);
	assert_int_equal(malloc_info(0, f), 0);
	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	assert_true(n < sizeof(text) - 1);
	assert_int_equal(strncmp(text, "<malloc version=\"1\">\n", 21), 0);
	assert_non_null(strstr(text, "slabinfo - version: 2.1\n"));
	assert_non_null(strstr(text, "\nkmalloc-64 "));
	assert_int_equal(strcmp(text + n - 10, "</malloc>\n"), 0);
}

static void test_malloc_info_knows_no_options(void **state)
{
	(void)state;
	errno = 0;
	assert_int_equal(malloc_info(1, stdout), -1);
	assert_int_equal(errno, EINVAL);
}

static void test_mallopt_says_what_is_without_effect(void **state)
{
	(void)state;
	assert_int_equal(mallopt(M_MMAP_THRESHOLD, 1 << 20), 1);
	assert_int_equal(mallopt(M_ARENA_MAX, 1), 1);
	assert_int_equal(mallopt(M_TRIM_THRESHOLD, 0), 1);
	assert_int_equal(mallopt(M_PERTURB, 1), 0);
	assert_int_equal(mallopt(12345, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mallinfo2_follows_what_is_allocated),
		cmocka_unit_test(test_mallinfo_does_not_wrap_around),
		cmocka_unit_test(test_malloc_trim_gives_memory_back_once),
		cmocka_unit_test(test_malloc_stats_is_complete_on_fd_2),
		cmocka_unit_test(test_malloc_info_prints_the_slabinfo),
		cmocka_unit_test(test_malloc_info_knows_no_options),
		cmocka_unit_test(test_mallopt_says_what_is_without_effect),
	};

	return cmocka_run_group_tests(tests, NULL, check_equations);
}

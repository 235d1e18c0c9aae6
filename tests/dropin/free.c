// SPDX-License-Identifier: MIT
/* free and its kind: errno, NULL, sizes, and pointers that are nobody's. */
#include "family.h"

#include <dirent.h>
#include <sys/mman.h>

static void test_free_keeps_errno(void **state)
{
	static const size_t sizes[] = { 1, 100, 5000, 9000, 100000, HUGE, HUGE + 1, 20 * MiB };
	void *blocks[64];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t j = 0; j < 64; j++)
			blocks[j] = malloc(sizes[i]);
		errno = ERRNO_BEFORE;
		for (size_t j = 0; j < 64; j++)
			free(blocks[j]);
		assert_int_equal(errno, ERRNO_BEFORE);
	}
}

static unsigned int nr_tasks(void)
{
	DIR *d = opendir("/proc/self/task");
	unsigned int nr = 0;

	while (readdir(d))
		nr++;
	closedir(d);
	return nr;
}

/* The bug it could be: pthread_create() calls malloc(), and may be what called free(). */
static void test_free_makes_no_thread(void **state)
{
	unsigned int before = nr_tasks();
	void *blocks[64];

	(void)state;
	for (int i = 0; i < 64; i++) {
		blocks[i] = malloc(MiB);
		memset(blocks[i], 1, MiB);
	}
	for (int i = 0; i < 64; i++)
		free(blocks[i]);
	assert_int_equal(nr_tasks(), before);
}

static void test_free_of_null_does_nothing(void **state)
{
	(void)state;
	errno = ERRNO_BEFORE;
	free(NULL);
	cfree(NULL);
	free_sized(NULL, 0);
	free_sized(NULL, 100);
	free_aligned_sized(NULL, 0, 0);
	free_aligned_sized(NULL, 64, 100);
	assert_int_equal(errno, ERRNO_BEFORE);
}

static void test_blocks_may_be_freed_with_their_size(void **state)
{
	size_t before = mallinfo2().uordblks;

	(void)state;
	free_sized(malloc(100), 100);
	free_sized(calloc(10, 10), 100);
	free_sized(realloc(NULL, 100), 100);
	free_aligned_sized(aligned_alloc(256, 512), 256, 512);
	cfree(malloc(100));
	assert_int_equal(mallinfo2().uordblks, before);
}

static char of_the_program[64];

static void free_what_is_nobodys(void)
{
	void *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	free(of_the_program + 16);
	free(mapped);
	free((char *)malloc(HUGE + 1) + 4096);
	if (slab_errors() != 3)
		_exit(1);
}

static void test_a_foreign_pointer_is_reported_in_the_kernels_words(void **state)
{
	char text[4096];

	(void)state;
	assert_int_equal(run_in_child(free_what_is_nobodys, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "BUG slab (Not tainted): Not a valid slab page\n"));
}

static void resize_what_is_nobodys(void)
{
	if (realloc(of_the_program + 16, 100))
		_exit(0);
}

static void test_a_realloc_of_a_foreign_pointer_ends_the_program(void **state)
{
	char text[4096];
	int status;

	(void)state;
	status = run_in_child(resize_what_is_nobodys, text, sizeof(text));
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status));
	assert_non_null(strstr(text, "BUG slab (Not tainted): Not a valid slab page\n"));
}

static void free_twice(void)
{
	void *p = malloc(HUGE + 1);

	free(p);
	free(p);
	if (slab_errors() != 1)
		_exit(1);
}

static void test_a_second_free_of_a_huge_block_is_reported(void **state)
{
	char text[4096];

	(void)state;
	assert_int_equal(run_in_child(free_twice, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "BUG slab (Not tainted): Not a valid slab page\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_free_keeps_errno),
		cmocka_unit_test(test_free_makes_no_thread),
		cmocka_unit_test(test_free_of_null_does_nothing),
		cmocka_unit_test(test_blocks_may_be_freed_with_their_size),
		cmocka_unit_test(test_a_foreign_pointer_is_reported_in_the_kernels_words),
		cmocka_unit_test(test_a_realloc_of_a_foreign_pointer_ends_the_program),
		cmocka_unit_test(test_a_second_free_of_a_huge_block_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, check_equations);
}

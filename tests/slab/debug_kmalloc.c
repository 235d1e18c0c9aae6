// SPDX-License-Identifier: MIT
/*
 * kmalloc with the debug letters Z, P and U in all combinations: every size naturally aligned,
 * usable as a whole, resized in place by krealloc's rules, and found whole. A child for each
 * combination, since libslab boots once.
 */
#include "common.h"

#include <sys/wait.h>
#include <unistd.h>

#include "allocators/slab/kmalloc.h"
#include "lib/bits.h"

#define MAX_SIZES 2048

static const char *const modes[] = {
	"-", "Z", "P", "U", "ZP", "ZU", "PU", "ZPU", "FZPU", "FZPU,engine=cpuslab",
};

static void expect(int condition, const char *what, size_t size)
{
	if (condition)
		return;
	print_error("%s, size %zu\n", what, size);
	_exit(1);
}

/* All sizes up to 1 KiB, then multiples of 8 in growing steps, all powers of two among them. */
static size_t next_size(size_t size)
{
	return size < 1024 ? size + 1 : size + size / 128;
}

static size_t natural_alignment(size_t size)
{
	return max_size(KMALLOC_MIN_SIZE, (size_t)1 << (bits_ffs(size) - 1));
}

static size_t allocate_all(unsigned char **p, size_t *sizes)
{
	size_t nr = 0;

	for (size_t size = 1; size <= KMALLOC_MAX_CACHE_SIZE; size = next_size(size), nr++) {
		p[nr] = kmalloc(size, GFP_KERNEL);
		sizes[nr] = size;
		expect(p[nr] != NULL, "no memory", size);
		expect((uintptr_t)p[nr] % natural_alignment(size) == 0, "not aligned", size);
		memset(p[nr], (int)nr, size);
	}
	return nr;
}

static void expect_whole(unsigned char *const *p, const size_t *sizes, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		for (size_t j = 0; j < sizes[i]; j++)
			expect(p[i][j] == (unsigned char)i, "another object wrote here", sizes[i]);
}

static void validate_all(const char *mode)
{
	for (size_t size = 8; size <= KMALLOC_MAX_CACHE_SIZE; size *= 2) {
		long nr = kmem_cache_validate(kmalloc_cache(0, kmalloc_index(size)));

		expect(*mode == '-' ? nr < 0 : nr > 0, "validation", size);
	}
}

static void use_all_sizes(const char *mode)
{
	static unsigned char *p[MAX_SIZES];
	static size_t sizes[MAX_SIZES];
	size_t nr = allocate_all(p, sizes);

	validate_all(mode);
	expect_whole(p, sizes, nr);
	expect(!slab_check(print_disagreement, NULL), "equations", 0);
	for (size_t i = 0; i < nr; i++)
		kfree(p[i]);
	validate_all(mode);
	expect(!slab_check(print_disagreement, NULL), "equations", 0);
	expect(!slab_errors(), "errors", slab_errors());
}

/* With __GFP_ZERO from the first call on, whatever was not written reads as zero. */
static void grow_in_place(const char *mode)
{
	(void)mode;
	for (size_t size = 1; size <= 200; size++) {
		unsigned char *p = kzalloc(size, GFP_KERNEL);

		/* What lies behind the size is red zone, not zero. */
		(void)kmem_cache_validate(kmalloc_cache(0, kmalloc_index(size)));
		expect(!slab_errors(), "kzalloc", size);
		memset(p, 0xff, size);
		p = krealloc(p, size / 2 + 1, GFP_KERNEL | __GFP_ZERO);
		p = krealloc(p, 2 * size, GFP_KERNEL | __GFP_ZERO);
		for (size_t i = 0; i < 2 * size; i++)
			expect(p[i] == (i < size / 2 + 1 ? 0xff : 0), "krealloc", size);
		memset(p, 0xff, ksize(p));
		kfree(p);
	}
	expect(!slab_errors(), "errors", slab_errors());
}

static void in_each_mode(void (*run)(const char *mode))
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		int status;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			char options[64];

			snprintf(options, sizeof(options), "debug=%s", modes[i]);
			boot_or_fail(options);
			run(modes[i]);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status)
			fail_msg("debug=%s: status %d", modes[i], status);
	}
}

static void test_every_size_is_aligned_and_whole_in_every_mode(void **state)
{
	(void)state;
	in_each_mode(use_all_sizes);
}

static void test_krealloc_zeroes_what_was_not_written_in_every_mode(void **state)
{
	(void)state;
	in_each_mode(grow_in_place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size_is_aligned_and_whole_in_every_mode),
		cmocka_unit_test(test_krealloc_zeroes_what_was_not_written_in_every_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

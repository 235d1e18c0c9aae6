// SPDX-License-Identifier: MIT
/* The same page allocator and caches with pages of 4, 16 and 64 KiB, each in a process of its own.
 */
#include "common.h"

#include <sys/wait.h>
#include <unistd.h>

#include "allocators/slab/buddy.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/pages.h"
#include "lib/random.h"

#define NR_HELD 128

/* What went wrong, and where, as an exit code. */
static int line;
#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition) && !line)                                                         \
			line = __LINE__;                                                           \
	} while (0)

static void say(void *ctx, const char *sentence)
{
	(void)ctx;
	fprintf(stderr, "%s\n", sentence);
}

static void check_orders(size_t page_bytes)
{
	for (unsigned int order = 0; order <= MAX_PAGE_ORDER; order++) {
		unsigned long addr = __get_free_pages(GFP_KERNEL, order);

		EXPECT(addr && addr % (page_bytes << order) == 0);
		if (addr)
			*(volatile char *)(addr + (page_bytes << order) - 1) = 1;
		free_pages(addr, order);
	}
	EXPECT(!__get_free_pages(GFP_KERNEL, MAX_PAGE_ORDER + 1));
}

static void check_random_blocks(size_t page_bytes)
{
	unsigned long held[NR_HELD] = { 0 };
	unsigned int orders[NR_HELD] = { 0 };
	struct random r;

	random_seed(&r, 81);
	for (unsigned int step = 0; step < 4000; step++) {
		size_t i = random_below(&r, NR_HELD);

		if (held[i]) {
			EXPECT(*(char *)held[i] == (char)i);
			free_pages(held[i], orders[i]);
			held[i] = 0;
			continue;
		}
		orders[i] = (unsigned int)random_below(&r, 4);
		held[i] = __get_free_pages(GFP_KERNEL, orders[i]);
		EXPECT(held[i] && held[i] % (page_bytes << orders[i]) == 0);
		if (held[i])
			*(char *)held[i] = (char)i;
		if (step % 400 == 0)
			EXPECT(slab_check(say, NULL) == 0);
	}
	for (size_t i = 0; i < NR_HELD; i++)
		free_pages(held[i], orders[i]);
}

static void check_objects(void)
{
	static void *objects[2000];
	struct kmem_cache *s = kmem_cache_create("paged", 700, 0, SLAB_NO_MERGE, NULL);

	EXPECT(s);
	for (int i = 0; i < 2000; i++) {
		objects[i] = i % 2 ? kmem_cache_alloc(s, GFP_KERNEL)
				   : kmalloc((size_t)i * 20 + 1, GFP_KERNEL);
		EXPECT(objects[i]);
		memset(objects[i], i, i % 2 ? 700 : (size_t)i * 20 + 1);
	}
	EXPECT(slab_check(say, NULL) == 0);
	for (int i = 0; i < 2000; i++) {
		EXPECT(*(unsigned char *)objects[i] == (unsigned char)i);
		if (i % 2)
			kmem_cache_free(s, objects[i]);
		else
			kfree(objects[i]);
	}
	kmem_cache_destroy(s);
	EXPECT(slab_check(say, NULL) == 0);
}

static int run(size_t page_bytes)
{
	char options[64], text[32];
	size_t size = 3 * page_bytes + 1;
	char *exact;

	snprintf(options, sizeof(options), "page_size=%zuK,range=2G,nodes=1", page_bytes >> 10);
	EXPECT(slab_boot(options) == 0);
	EXPECT(slab_page_bytes() == page_bytes);
	EXPECT(slab_option_get("page_size", text, sizeof(text)) > 0);
	EXPECT(strtoull(text, NULL, 10) == page_bytes);
	check_orders(page_bytes);
	check_random_blocks(page_bytes);
	check_objects();
	exact = alloc_pages_exact(size, GFP_KERNEL | __GFP_ZERO);
	EXPECT(exact && exact[size - 1] == 0);
	free_pages_exact(exact, size);
	EXPECT(kmalloc_size_roundup(KMALLOC_MAX_SIZE + 1) == KMALLOC_MAX_SIZE + 1);
	EXPECT(slab_zones[0].nr_committed % (page_bytes << MAX_PAGE_ORDER >> UNIT_SHIFT) == 0);
	EXPECT(slab_check(say, NULL) == 0);
	return line;
}

static void in_a_child(size_t page_bytes)
{
	int pipes[2], where = -1, status = -1;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		where = run(page_bytes);
		_exit(write(pipes[1], &where, sizeof(where)) != sizeof(where));
	}
	close(pipes[1]);
	if (read(pipes[0], &where, sizeof(where)) != sizeof(where))
		where = -1;
	close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (where)
		fail_msg("pages of %zu: line %d, status %x", page_bytes, where,
			 (unsigned int)status);
}

static void test_pages_of_4k(void **state)
{
	(void)state;
	in_a_child(4096);
}

static void test_pages_of_16k(void **state)
{
	(void)state;
	in_a_child(16384);
}

static void test_pages_of_64k(void **state)
{
	(void)state;
	in_a_child(65536);
}

static void test_other_pages_and_too_small_ranges_are_refused_with_a_remedy(void **state)
{
	(void)state;
	assert_int_equal(slab_boot("page_size=8K"), -22);
	assert_string_equal(slab_boot_error(),
			    "option page_size cannot be '8K'; give 4K, 16K or 64K");
	assert_int_equal(slab_boot("page_size=64K,range=512M"), -22);
	assert_string_equal(slab_boot_error(),
			    "range is too small for this page_size; give at least 1024M");
	assert_int_equal(slab_boot("nodes=9"), -22);
	assert_string_equal(slab_boot_error(),
			    "option nodes cannot be '9'; give a number from 1 to 8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_pages_and_too_small_ranges_are_refused_with_a_remedy),
		cmocka_unit_test(test_pages_of_4k),
		cmocka_unit_test(test_pages_of_16k),
		cmocka_unit_test(test_pages_of_64k),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

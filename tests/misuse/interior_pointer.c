// SPDX-License-Identifier: MIT
/* A pointer into the middle of an object, or behind the last one of a slab. */
#include "child.h"

static void free_inside_an_object(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	kfree(p + 8);
}

static void free_inside_an_object_of_a_batch(void)
{
	static char *p[2000]; /* more than sheaves and barn hold */

	for (int i = 0; i < 2000; i++)
		p[i] = kmalloc(64, GFP_KERNEL);
	kfree(p[0] + 16);
	for (int i = 1; i < 2000; i++)
		kfree(p[i]);
}

static void free_behind_the_last_object(void)
{
	struct kmem_cache *s = kmem_cache_create("tail", 1500, 0, SLAB_CONSISTENCY_CHECKS, NULL);
	char *p = kmem_cache_alloc(s, GFP_KERNEL);
	size_t page = (uintptr_t)p & ~(uintptr_t)32767;

	kmem_cache_free(s, (void *)(page + 1504 * 21)); /* 21 objects of 1504 bytes in 32 KiB */
}

static void free_inside_a_large_block(void)
{
	char *p = kmalloc(100000, GFP_KERNEL);

	kfree(p + 4096);
}

static void test_free_inside_an_object_is_reported(void **state)
{
	(void)state;
	assert_reported("debug=F", free_inside_an_object, "kmalloc-64: Invalid object pointer");
}

static void test_free_inside_an_object_is_reported_at_the_flush_without_checks(void **state)
{
	(void)state;
	assert_reported("", free_inside_an_object_of_a_batch, "kmalloc-64: Invalid object pointer");
}

static void test_free_behind_the_last_object_is_reported(void **state)
{
	(void)state;
	assert_reported("cpus=2", free_behind_the_last_object, "tail: Invalid object pointer");
}

static void test_free_inside_a_large_block_is_reported(void **state)
{
	(void)state;
	assert_reported("", free_inside_a_large_block, "slab: Invalid object pointer");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_free_inside_an_object_is_reported),
		cmocka_unit_test(
			test_free_inside_an_object_is_reported_at_the_flush_without_checks),
		cmocka_unit_test(test_free_behind_the_last_object_is_reported),
		cmocka_unit_test(test_free_inside_a_large_block_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

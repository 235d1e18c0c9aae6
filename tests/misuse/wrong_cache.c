// SPDX-License-Identifier: MIT
/* kmem_cache_free() of an object of another cache, or of none. */
#include "child.h"

static void free_to_another_cache(void)
{
	struct kmem_cache *a = kmem_cache_create("first", 64, 0, SLAB_NO_MERGE, NULL);
	struct kmem_cache *b = kmem_cache_create("second", 64, 0, SLAB_NO_MERGE, NULL);

	kmem_cache_free(b, kmem_cache_alloc(a, GFP_KERNEL));
}

static void free_a_kmalloc_object_to_a_cache(void)
{
	struct kmem_cache *s = kmem_cache_create("cache", 64, 0, SLAB_NO_MERGE, NULL);

	kmem_cache_free(s, kmalloc(64, GFP_KERNEL));
}

static void free_a_large_block_to_a_cache(void)
{
	struct kmem_cache *s = kmem_cache_create("cache", 64, 0, SLAB_NO_MERGE, NULL);

	kmem_cache_free(s, kmalloc(100000, GFP_KERNEL));
}

static void free_to_a_merged_cache(void)
{
	struct kmem_cache *a = kmem_cache_create("first", 1000, 0, 0, NULL);
	struct kmem_cache *b = kmem_cache_create("second", 1000, 0, 0, NULL);

	kmem_cache_free(b, kmem_cache_alloc(a, GFP_KERNEL));
}

static void test_free_to_another_cache_is_reported(void **state)
{
	(void)state;
	assert_reported("", free_to_another_cache,
			"second: object belongs to different cache first");
	assert_reported("debug=F", free_to_another_cache,
			"second: object belongs to different cache first");
	assert_reported("", free_a_kmalloc_object_to_a_cache,
			"cache: object belongs to different cache kmalloc-64");
}

static void test_free_of_a_large_block_to_a_cache_is_reported(void **state)
{
	(void)state;
	assert_reported("", free_a_large_block_to_a_cache, "slab: object not in a slab page");
}

static void free_to_the_wrong_cache_and_go_on(void)
{
	struct kmem_cache *a = kmem_cache_create("first", 64, 0, SLAB_STORE_USER, NULL);
	struct kmem_cache *b = kmem_cache_create("second", 64, 0, SLAB_NO_MERGE, NULL);
	void *p = kmem_cache_alloc(a, GFP_KERNEL);

	kmem_cache_free(b, p);
	kmem_cache_free(a, p);
	kmem_cache_destroy(a);
	if (slab_errors() != 1 || slab_check(NULL, NULL))
		_exit(1);
}

static void test_an_object_freed_to_the_wrong_cache_stays_allocated(void **state)
{
	char text[16384];

	(void)state;
	assert_survived("", free_to_the_wrong_cache_and_go_on,
			"second: object belongs to different cache first", text, sizeof(text));
	assert_non_null(strstr(text, "\nAllocated in "));
}

static void test_merged_caches_are_one(void **state)
{
	char text[1024];
	int status = child_wait("", free_to_a_merged_cache, text, sizeof(text));

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_free_to_another_cache_is_reported),
		cmocka_unit_test(test_free_of_a_large_block_to_a_cache_is_reported),
		cmocka_unit_test(test_an_object_freed_to_the_wrong_cache_stays_allocated),
		cmocka_unit_test(test_merged_caches_are_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

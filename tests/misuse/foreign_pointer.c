// SPDX-License-Identifier: MIT
/* kfree() and ksize() of memory that libslab never gave out. */
#include "child.h"

static long on_the_heap[4];

static void free_of_the_stack(void)
{
	long local[4];

	__asm__ volatile("" : : "r"(local) : "memory");
	kfree(local);
}

static void free_of_a_static(void)
{
	kfree(on_the_heap);
}

static void free_of_a_page_never_used(void)
{
	char *p = kmalloc(8, GFP_KERNEL);

	kfree(p + ((size_t)1 << 30));
}

static void ksize_of_the_stack(void)
{
	long local[4];

	__asm__ volatile("" : : "r"(local) : "memory");
	if (ksize(local))
		_exit(1);
}

static void free_of_memory_given_back(void)
{
	struct kmem_cache *s = kmem_cache_create("gone", 4000, 0, SLAB_NO_MERGE, NULL);
	void *p = kmem_cache_alloc(s, GFP_KERNEL);

	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
	kfree(p);
}

static void cache_free_of_a_static(void)
{
	struct kmem_cache *s = kmem_cache_create("cache", 40, 0, 0, NULL);

	kmem_cache_free(s, on_the_heap);
}

static void free_foreign_pointers_and_go_on(void)
{
	free_of_the_stack();
	free_of_a_page_never_used();
	cache_free_of_a_static();
	if (slab_errors() != 3 || slab_check(NULL, NULL))
		_exit(2);
}

static void test_foreign_pointers_are_refused_and_the_program_goes_on(void **state)
{
	char text[16384];

	(void)state;
	assert_survived("", free_foreign_pointers_and_go_on, "slab: Not a valid slab page", text,
			sizeof(text));
	assert_non_null(strstr(text, "BUG slab (Tainted: G    B): Not a valid slab page\n"));
}

static void test_free_of_foreign_pointer_is_reported(void **state)
{
	(void)state;
	assert_reported("", free_of_the_stack, "slab: Not a valid slab page");
	assert_reported("", free_of_a_static, "slab: Not a valid slab page");
	assert_reported("", cache_free_of_a_static, "slab: Not a valid slab page");
}

static void test_free_of_an_unused_page_is_reported(void **state)
{
	(void)state;
	assert_reported("", free_of_a_page_never_used, "slab: Not a valid slab page");
	assert_reported("", free_of_memory_given_back, "slab: Not a valid slab page");
}

static void test_ksize_of_foreign_pointer_is_reported(void **state)
{
	(void)state;
	assert_fatal("", ksize_of_the_stack, "slab: Not a valid slab page");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_foreign_pointers_are_refused_and_the_program_goes_on),
		cmocka_unit_test(test_free_of_foreign_pointer_is_reported),
		cmocka_unit_test(test_free_of_an_unused_page_is_reported),
		cmocka_unit_test(test_ksize_of_foreign_pointer_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

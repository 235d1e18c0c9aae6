// SPDX-License-Identifier: MIT
/* An object freed twice: found at once with consistency checks, at the flush without. */
#include "child.h"

static void free_twice(void)
{
	void *p = kmalloc(64, GFP_KERNEL);

	kfree(p);
	kfree(p);
}

static void free_twice_with_another_between(void)
{
	void *p = kmalloc(64, GFP_KERNEL), *q = kmalloc(64, GFP_KERNEL);
	void *live = kmalloc(64, GFP_KERNEL); /* keeps the slab from counting down to zero */

	kfree(p);
	kfree(q);
	kfree(p);
	(void)live;
}

static void free_twice_from_a_cache(void)
{
	struct kmem_cache *s = kmem_cache_create("twice", 100, 0, SLAB_CONSISTENCY_CHECKS, NULL);
	void *p = kmem_cache_alloc(s, GFP_KERNEL);

	kmem_cache_free(s, p);
	kmem_cache_free(s, p);
}

static void free_a_large_block_twice(void)
{
	void *p = kmalloc(100000, GFP_KERNEL);

	kfree(p);
	kfree(p);
}

/* Without checks the array takes it twice; the slab notices when both come back in one flush. */
static void free_twice_into_the_array(void)
{
	static void *p[2000]; /* more than sheaves and barn hold */

	for (int i = 0; i < 2000; i++)
		p[i] = kmalloc(64, GFP_KERNEL);
	for (int i = 0; i < 2000; i++) {
		kfree(p[i]);
		kfree(p[i]);
	}
}

static void free_a_poisoned_object_twice(void)
{
	char *p = kmalloc(40, GFP_KERNEL), *q = kmalloc(40, GFP_KERNEL);

	memset(q, 'q', 40);
	kfree(p);
	kfree(p);
	for (int i = 0; i < 40; i++)
		if (q[i] != 'q')
			_exit(1);
	if (kmalloc(40, GFP_KERNEL) == kmalloc(40, GFP_KERNEL))
		_exit(2);
	kfree(q);
	if (slab_errors() != 2 || slab_check(NULL, NULL))
		_exit(3);
}

/* Without consistency checks only the object freed last is known to be free. */
static void free_a_tracked_object_twice(void)
{
	struct kmem_cache *s = kmem_cache_create("tracked", 100, 0, SLAB_STORE_USER, NULL);
	void *live = kmem_cache_alloc(s, GFP_KERNEL), *p = kmem_cache_alloc(s, GFP_KERNEL);

	kmem_cache_free(s, p);
	kmem_cache_free(s, p);
	kmem_cache_free(s, live);
	if (slab_errors() != 2 || slab_check(NULL, NULL))
		_exit(1);
}

static void test_double_free_of_the_object_freed_last_needs_no_checks(void **state)
{
	char text[16384];

	(void)state;
	assert_survived("", free_a_tracked_object_twice, "tracked: Object already free", text,
			sizeof(text));
}

static void test_double_free_in_a_debug_cache_is_survived(void **state)
{
	char text[16384];

	(void)state;
	assert_survived("debug=FZPU", free_a_poisoned_object_twice,
			"kmalloc-64: Object already free", text, sizeof(text));
	assert_non_null(strstr(text, "\nAllocated in "));
	assert_non_null(strstr(text, "\nFreed in "));
	assert_non_null(strstr(text, "\nFIX kmalloc-64: Object at 0x"));
	assert_non_null(strstr(text, " not freed\n"));
}

static void test_double_free_is_reported_with_checks(void **state)
{
	(void)state;
	assert_reported("debug=F", free_twice, "kmalloc-64: Object already free");
	assert_reported("debug=F", free_twice_with_another_between,
			"kmalloc-64: Object already free");
}

static void test_double_free_in_a_checked_cache_is_reported(void **state)
{
	(void)state;
	assert_reported("", free_twice_from_a_cache, "twice: Object already free");
}

static void test_double_free_of_a_large_block_is_reported(void **state)
{
	(void)state;
	assert_reported("", free_a_large_block_twice, "slab: Not a valid slab page");
}

static void test_double_free_without_checks_is_reported_at_the_flush(void **state)
{
	(void)state;
	assert_fatal("", free_twice_into_the_array, "kmalloc-64: Object already free");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_double_free_of_the_object_freed_last_needs_no_checks),
		cmocka_unit_test(test_double_free_in_a_debug_cache_is_survived),
		cmocka_unit_test(test_double_free_is_reported_with_checks),
		cmocka_unit_test(test_double_free_in_a_checked_cache_is_reported),
		cmocka_unit_test(test_double_free_of_a_large_block_is_reported),
		cmocka_unit_test(test_double_free_without_checks_is_reported_at_the_flush),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

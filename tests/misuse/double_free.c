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
	assert_reported("", free_twice_into_the_array, "kmalloc-64: Object already free");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_double_free_is_reported_with_checks),
		cmocka_unit_test(test_double_free_in_a_checked_cache_is_reported),
		cmocka_unit_test(test_double_free_of_a_large_block_is_reported),
		cmocka_unit_test(test_double_free_without_checks_is_reported_at_the_flush),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

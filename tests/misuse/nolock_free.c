// SPDX-License-Identifier: MIT
/* kfree_nolock of what kmalloc_nolock never gives, and twice. */
#include "child.h"

static void free_a_large_block(void)
{
	kfree_nolock(kmalloc(100000, GFP_KERNEL));
}

/* A cache that is checked takes it later, by the ordinary way, which checks. */
static void free_twice(void)
{
	void *p = kmalloc(64, GFP_KERNEL);

	kfree_nolock(p);
	kfree(p);
}

static void test_a_large_block_is_reported(void **state)
{
	(void)state;
	assert_reported("", free_a_large_block,
			"slab: large kmalloc is not supported by kfree_nolock(); use kfree()");
}

static void test_a_double_free_is_reported(void **state)
{
	(void)state;
	assert_reported("debug=F", free_twice, "kmalloc-64: Object already free");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_large_block_is_reported),
		cmocka_unit_test(test_a_double_free_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

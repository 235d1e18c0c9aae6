// SPDX-License-Identifier: MIT
/* vfree and vrealloc of what vmalloc did not give, or no longer knows. */
#include "child.h"

#include "allocators/slab/vmalloc.h"

static void free_an_area_twice(void)
{
	void *p = vmalloc(10000);

	vfree(p);
	vfree(p);
}

static void free_the_middle_of_an_area(void)
{
	char *p = vmalloc(10000);

	vfree(p + 4096);
}

static void free_an_address_within_a_page(void)
{
	char *p = vmalloc(10000);

	vfree(p + 8);
}

static void free_a_block_of_kmalloc(void)
{
	vfree(kmalloc(100000, GFP_KERNEL));
}

static void change_what_was_freed(void)
{
	void *p = vmalloc(10000);

	vfree(p);
	(void)vrealloc(p, 20000, GFP_KERNEL);
}

static void give_an_area_to_kfree(void)
{
	kfree(vmalloc(10000));
}

static void test_an_unknown_area_is_reported(void **state)
{
	static const char unknown[] = "slab: Trying to vfree() nonexistent vm area";

	(void)state;
	assert_reported("", free_an_area_twice, unknown);
	assert_reported("", free_the_middle_of_an_area, unknown);
	assert_reported("", free_a_block_of_kmalloc, unknown);
}

static void test_an_address_within_a_page_is_reported(void **state)
{
	(void)state;
	assert_reported("", free_an_address_within_a_page, "slab: Trying to vfree() bad address");
}

static void test_vrealloc_of_a_freed_area_is_reported(void **state)
{
	(void)state;
	assert_reported("", change_what_was_freed,
			"slab: Trying to vrealloc() nonexistent vm area");
}

static void test_kfree_of_an_area_is_reported(void **state)
{
	(void)state;
	assert_reported("", give_an_area_to_kfree, "slab: Not a valid slab page");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_unknown_area_is_reported),
		cmocka_unit_test(test_an_address_within_a_page_is_reported),
		cmocka_unit_test(test_vrealloc_of_a_freed_area_is_reported),
		cmocka_unit_test(test_kfree_of_an_area_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

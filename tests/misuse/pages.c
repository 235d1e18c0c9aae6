// SPDX-License-Identifier: MIT
/* Pages without a slab given to the wrong function, twice, or with another order. */
#include "child.h"

static void kfree_a_page(void)
{
	kfree((void *)__get_free_pages(GFP_KERNEL, 2));
}

static void free_an_object_as_a_page(void)
{
	free_pages((unsigned long)kmalloc(4096, GFP_KERNEL), 0);
}

static void free_a_large_block_as_pages(void)
{
	free_pages((unsigned long)kmalloc(65536, GFP_KERNEL), 4);
}

static void free_pages_twice(void)
{
	unsigned long addr = __get_free_pages(GFP_KERNEL, 1);

	free_pages(addr, 1);
	free_pages(addr, 1);
}

static void free_pages_of_another_order(void)
{
	free_pages(__get_free_pages(GFP_KERNEL, 3), 2);
}

static void free_pages_in_the_middle(void)
{
	free_pages(__get_free_pages(GFP_KERNEL, 3) + 4096, 3);
}

#define NO_PAGE "slab: Not a page of __get_free_pages() or alloc_pages_exact()"
#define ORDER	"slab: Pages freed with another order than they were allocated with"

static void test_kfree_of_pages_is_reported(void **state)
{
	(void)state;
	assert_reported("", kfree_a_page, "slab: Not a kmalloc allocation");
}

static void test_free_pages_of_kmalloc_memory_is_reported(void **state)
{
	(void)state;
	assert_reported("", free_an_object_as_a_page, NO_PAGE);
	assert_reported("", free_a_large_block_as_pages, NO_PAGE);
}

static void test_free_pages_twice_is_reported(void **state)
{
	(void)state;
	assert_reported("", free_pages_twice, NO_PAGE);
}

static void test_free_pages_of_another_order_is_reported(void **state)
{
	(void)state;
	assert_reported("", free_pages_of_another_order, ORDER);
	assert_reported("", free_pages_in_the_middle, ORDER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kfree_of_pages_is_reported),
		cmocka_unit_test(test_free_pages_of_kmalloc_memory_is_reported),
		cmocka_unit_test(test_free_pages_twice_is_reported),
		cmocka_unit_test(test_free_pages_of_another_order_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* SLAB_PANIC: a cache that cannot be made ends the program instead of answering NULL. */
#include "child.h"

static void create_with_an_odd_alignment(void)
{
	kmem_cache_create("vital", 64, 24, SLAB_PANIC, NULL);
}

static void test_creation_with_panic_ends_in_a_report(void **state)
{
	(void)state;
	assert_fatal("", create_with_an_odd_alignment,
		     "vital: Failed to create slab: bad name, size, alignment or flags");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_creation_with_panic_ends_in_a_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

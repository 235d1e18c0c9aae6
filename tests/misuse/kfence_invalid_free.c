// SPDX-License-Identifier: MIT
/* A guarded object is freed twice, in its middle, or to another cache. */
#include "kfence_child.h"

static void free_twice(void)
{
	void *p = kmalloc(32, GFP_KERNEL);

	kfree(p);
	kfree(p);
}

static void free_the_middle(void)
{
	char *p = kmalloc(32, GFP_KERNEL);

	kfree(p + 8);
	if (ksize(p) != 32)
		_exit(1);
	kfree(p);
}

static void free_a_guard_page(void)
{
	char *p = kfence_at(32, false);

	kfree(p - 4096);
	kfree(p);
}

static void free_to_another_cache(void)
{
	struct kmem_cache *a = kmem_cache_create("a", 64, 0, SLAB_NO_MERGE, NULL);
	struct kmem_cache *b = kmem_cache_create("b", 64, 0, SLAB_NO_MERGE, NULL);

	kmem_cache_free(b, kmem_cache_alloc(a, GFP_KERNEL));
}

static void test_a_double_free_is_reported_and_refused(void **state)
{
	static const char *const lines[] = {
		REPORT_HEAD("invalid free",
			    "^Invalid free of 0x[0-9a-f]+ \\(in kfence-#[0-9]+\\):$"),
		REPORT_FREED("size=32, cache=kmalloc-32$"),
		REPORT_END,
		NULL,
	};

	(void)state;
	assert_guarded(free_twice, lines);
}

static void test_a_free_of_the_middle_is_reported_and_refused(void **state)
{
	static const char *const lines[] = {
		REPORT_HEAD("invalid free",
			    "^Invalid free of 0x[0-9a-f]+8 \\(in kfence-#[0-9]+\\):$"),
		REPORT_LIVE("size=32, cache=kmalloc-32$"),
		REPORT_END,
		NULL,
	};

	(void)state;
	assert_guarded(free_the_middle, lines);
}

static void test_a_free_of_a_guard_page_is_reported_and_refused(void **state)
{
	static const char *const lines[] = {
		REPORT_HEAD("invalid free", "^Invalid free of 0x[0-9a-f]+000:$"),
		REPORT_END,
		NULL,
	};

	(void)state;
	assert_guarded(free_a_guard_page, lines);
}

static void test_a_free_to_another_cache_is_reported(void **state)
{
	(void)state;
	assert_reported(KFENCE_OPTIONS, free_to_another_cache,
			"b: object belongs to different cache a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_double_free_is_reported_and_refused),
		cmocka_unit_test(test_a_free_of_the_middle_is_reported_and_refused),
		cmocka_unit_test(test_a_free_of_a_guard_page_is_reported_and_refused),
		cmocka_unit_test(test_a_free_to_another_cache_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

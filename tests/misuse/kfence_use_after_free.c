// SPDX-License-Identifier: MIT
/* A guarded object is used after it was freed, or after its cache was destroyed. */
#include "kfence_child.h"

static volatile char sink;

static void read_freed(void)
{
	volatile char *p = kmalloc(32, GFP_KERNEL);

	p[0] = 7;
	kfree((void *)p);
	sink = p[0];
	if (sink != 7)
		_exit(1);
}

static void write_freed(void)
{
	struct kmem_cache *s = kmem_cache_create("lost", 200, 0, SLAB_NO_MERGE, NULL);
	volatile char *p = kmem_cache_alloc(s, GFP_KERNEL);

	kmem_cache_free(s, (void *)p);
	p[100] = 1;
}

static void write_to_a_zombie(void)
{
	struct kmem_cache *s = kmem_cache_create("gone", 200, 0, SLAB_NO_MERGE, NULL);
	volatile char *p = kmem_cache_alloc(s, GFP_KERNEL);

	kmem_cache_destroy(s);
	p[0] = 1;
}

#define REPORT(access, object)                                                                     \
	REPORT_HEAD("use-after-free " access,                                                      \
		    "^Use-after-free " access " at 0x[0-9a-f]+ \\(in kfence-#[0-9]+\\):$"),        \
		REPORT_FREED(object), REPORT_END, NULL

static void test_a_read_of_a_freed_object_is_reported(void **state)
{
	static const char *const lines[] = { REPORT("read", "size=32, cache=kmalloc-32$") };

	(void)state;
	assert_guarded(read_freed, lines);
}

static void test_a_write_to_a_freed_object_is_reported(void **state)
{
	static const char *const lines[] = { REPORT("write", "size=200, cache=lost$") };

	(void)state;
	assert_guarded(write_freed, lines);
}

static void test_the_object_of_a_destroyed_cache_is_freed(void **state)
{
	static const char *const lines[] = { REPORT("write", "size=200, cache=<destroyed>$") };

	(void)state;
	assert_guarded(write_to_a_zombie, lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_read_of_a_freed_object_is_reported),
		cmocka_unit_test(test_a_write_to_a_freed_object_is_reported),
		cmocka_unit_test(test_the_object_of_a_destroyed_cache_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

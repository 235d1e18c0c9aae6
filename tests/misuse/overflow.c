// SPDX-License-Identifier: MIT
/*
 * Writing behind an object and after its free, in caches with consistency checks, red zones, poison
 * and tracks: what is reported, what the program sees afterwards, that the neighbours are whole.
 */
#include "child.h"

#define SIZE 64
#define ALL  (SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)

static char text[65536];

static void expect(int condition)
{
	if (!condition)
		_exit(1);
}

static struct kmem_cache *make(const char *name)
{
	return kmem_cache_create(name, SIZE, 0, ALL | SLAB_NO_USER_FLAGS, NULL);
}

/* Three objects side by side, the outer ones filled. */
struct row {
	struct kmem_cache *s;
	unsigned char *left, *middle, *right;
};

static struct row make_row(void)
{
	struct row r = { .s = make("row") };

	r.left = kmem_cache_alloc(r.s, GFP_KERNEL);
	r.middle = kmem_cache_alloc(r.s, GFP_KERNEL);
	r.right = kmem_cache_alloc(r.s, GFP_KERNEL);
	expect(r.middle - r.left == r.right - r.middle);
	memset(r.left, 'l', SIZE);
	memset(r.right, 'r', SIZE);
	return r;
}

static void expect_neighbours(struct row r)
{
	for (int i = 0; i < SIZE; i++)
		expect(r.left[i] == 'l' && r.right[i] == 'r');
}

/* As in the kernel, an object found damaged when freed is repaired but not freed. */
static void overflow_by_one(void)
{
	struct row r = make_row();

	r.middle[SIZE] = 0x12;
	kmem_cache_free(r.s, r.middle);
	expect(r.middle[SIZE] == 0xcc);
	expect_neighbours(r);
	expect(slab_errors() == 3);
	kmem_cache_free(r.s, r.middle);
	expect(slab_errors() == 3);
	expect(!slab_check(NULL, NULL));
}

static void underflow_by_one(void)
{
	struct row r = make_row();

	r.middle[-1] = 0x34;
	kmem_cache_free(r.s, r.middle);
	expect(r.middle[-1] == 0xcc);
	expect_neighbours(r);
	kmem_cache_free(r.s, r.middle);
	expect(slab_errors() == 3);
}

static void use_after_free(void)
{
	struct row r = make_row();
	unsigned char *next;

	kmem_cache_free(r.s, r.middle);
	r.middle[8] = 0x56;
	next = kmem_cache_alloc(r.s, GFP_KERNEL);
	expect(next && next != r.middle);
	expect(slab_errors() == 3);
	expect_neighbours(r);
	expect(!slab_check(NULL, NULL));
}

static void free_into_a_retired_slab(void)
{
	struct row r = make_row();

	kmem_cache_free(r.s, r.middle);
	r.middle[8] = 0x56;
	kmem_cache_alloc(r.s, GFP_KERNEL);
	kmem_cache_free(r.s, r.left);
	expect(slab_errors() == 5);
	expect_neighbours(r);
}

static void overwritten_free_pointer(void)
{
	struct row r = make_row();
	unsigned char *p;

	kmem_cache_free(r.s, r.middle);
	memset(r.middle + SIZE, 0x41, 16); /* the right red zone and the free pointer behind it */
	p = kmem_cache_alloc(r.s, GFP_KERNEL);
	expect(p && p != r.middle);
	memset(p, 'p', SIZE);
	expect_neighbours(r);
	expect(!slab_check(NULL, NULL));
}

static void kmalloc_overflow(void)
{
	unsigned char *p = kmalloc(18, GFP_KERNEL);

	p[18] = 0xab;
	kfree(p);
	expect(slab_errors() == 3);
}

static void free_inside_an_object(void)
{
	struct row r = make_row();

	kmem_cache_free(r.s, r.middle + 8);
	expect_neighbours(r);
	kmem_cache_free(r.s, r.middle);
	expect(slab_errors() == 2);
	expect(!slab_check(NULL, NULL));
}

static void assert_in_order(const char *const *words, size_t nr)
{
	const char *at = text;

	for (size_t i = 0; i < nr; i++) {
		at = strstr(at, words[i]);
		if (!at)
			fail_msg("\"%s\" is missing or out of order in:\n%s", words[i], text);
	}
}

static void test_an_overflow_is_reported_as_the_kernel_does(void **state)
{
	static const char *const words[] = {
		"BUG row (Not tainted): Right Redzone overwritten\n",
		" @offset=",
		". First byte 0x12 instead of 0xcc\n",
		"Allocated in ",
		" age=",
		" cpu=",
		" pid=",
		"Slab 0x",
		" objects=",
		" used=3 fp=0x",
		" flags=0x1(node=0|partial)\n",
		"Object 0x",
		" @offset=",
		" fp=0x",
		"\nRedzone  0",
		": cc cc cc cc cc cc cc cc ",
		"\nObject   0",
		": 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b  kkkkkkkkkkkkkkkk\n",
		" 6b 6b 6b a5  kkkkkkkkkkkkkkk.\n",
		"\nRedzone  0",
		": 12 cc cc cc cc cc cc cc ",
		"\nPadding  0",
		": 5a 5a 5a 5a 5a 5a 5a 5a ",
		"\nFIX row: Restoring Right Redzone 0x",
		"=0xcc\n",
		"FIX row: Object at 0x",
		" not freed\n",
	};

	(void)state;
	assert_survived("", overflow_by_one, "row: Right Redzone overwritten", text, sizeof(text));
	assert_in_order(words, sizeof(words) / sizeof(words[0]));
}

static void test_an_underflow_is_reported(void **state)
{
	(void)state;
	assert_survived("", underflow_by_one, "row: Left Redzone overwritten", text, sizeof(text));
}

static void test_use_after_free_retires_the_slab(void **state)
{
	static const char *const words[] = {
		"Poison overwritten\n",
		"First byte 0x56 instead of 0x6b\n",
		"Allocated in ",
		"Freed in ",
		"FIX row: Restoring Poison 0x",
		"FIX row: Marking all objects used\n",
	};

	(void)state;
	assert_survived("", use_after_free, "row: Poison overwritten", text, sizeof(text));
	assert_in_order(words, sizeof(words) / sizeof(words[0]));
}

static void test_a_retired_slab_takes_nothing_back(void **state)
{
	(void)state;
	assert_survived("", free_into_a_retired_slab, "row: Poison overwritten", text,
			sizeof(text));
	assert_non_null(strstr(text, "BUG row (Tainted: G    B): Slab disabled since SLUB metadata "
				     "consistency check failed\n"));
	assert_non_null(strstr(text, "|frozen)"));
}

static void test_an_overwritten_free_pointer_is_not_followed(void **state)
{
	(void)state;
	assert_survived("", overwritten_free_pointer, "row: Right Redzone overwritten", text,
			sizeof(text));
	assert_non_null(strstr(text, "Freepointer corrupt"));
}

static void test_an_overflow_behind_the_size_asked_for_is_reported(void **state)
{
	(void)state;
	assert_survived("debug=FZU+kmalloc-*", kmalloc_overflow,
			"kmalloc-32: kmalloc Redzone overwritten", text, sizeof(text));
}

static void test_a_pointer_into_an_object_is_refused(void **state)
{
	(void)state;
	assert_survived("", free_inside_an_object, "row: Invalid object pointer", text,
			sizeof(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_overflow_is_reported_as_the_kernel_does),
		cmocka_unit_test(test_an_underflow_is_reported),
		cmocka_unit_test(test_use_after_free_retires_the_slab),
		cmocka_unit_test(test_a_retired_slab_takes_nothing_back),
		cmocka_unit_test(test_an_overwritten_free_pointer_is_not_followed),
		cmocka_unit_test(test_an_overflow_behind_the_size_asked_for_is_reported),
		cmocka_unit_test(test_a_pointer_into_an_object_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

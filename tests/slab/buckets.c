// SPDX-License-Identifier: MIT
/* Sets of kmalloc caches of one's own: names, parts for usercopy, alignment, failure. */
#include "common.h"

#include <errno.h>
#include <unistd.h>

#include "allocators/slab/fault.h"
#include "allocators/slab/kmalloc.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/vmalloc.h"

#define TOP_INDEX 13u /* 8 KiB, with pages of 4 KiB */

static struct kmem_cache *of_size(kmem_buckets *b, size_t size)
{
	return (*b)[kmalloc_index(size)];
}

static bool exists(const char *name)
{
	static char text[1 << 16];
	char line[SLAB_NAME_LEN + 2];

	assert_true(slab_slabinfo(text, sizeof(text)) < sizeof(text));
	snprintf(line, sizeof(line), "\n%s ", name);
	return strstr(text, line);
}

static void test_a_set_has_a_cache_for_each_class(void **state)
{
	static const char *const names[] = {
		"memdup_user-8",   "memdup_user-96", "memdup_user-192",
		"memdup_user-512", "memdup_user-1k", "memdup_user-8k"
	};
	kmem_buckets *b = kmem_buckets_create("memdup_user", 0, 0, INT32_MAX, NULL);

	(void)state;
	assert_non_null(b);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_true(exists(names[i]));
	assert_null((*b)[0]);
	for (unsigned int i = 1; i <= TOP_INDEX; i++)
		assert_int_equal(kmem_cache_size((*b)[i]), kmalloc_class_bytes(i));
	for (unsigned int i = TOP_INDEX + 1; i < NR_KMALLOC_INDEXES; i++)
		assert_null((*b)[i]);
	kmem_buckets_destroy(b);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_false(exists(names[i]));
	assert_equations_hold();
}

/* What a 6.18 kernel shows in /sys/kernel/slab for these two users. */
static void test_the_part_for_usercopy_is_clipped_to_the_class(void **state)
{
	kmem_buckets *msg = kmem_buckets_create("msg_msg", SLAB_ACCOUNT, 48, 4096 - 48, NULL);
	kmem_buckets *dup = kmem_buckets_create("memdup_user", 0, 0, INT32_MAX, NULL);

	(void)state;
	assert_int_equal(of_size(msg, 64)->usersize, 16);
	assert_int_equal(of_size(msg, 64)->useroffset, 48);
	assert_int_equal(of_size(msg, 192)->usersize, 144);
	assert_int_equal(of_size(msg, 32)->usersize, 0);
	assert_int_equal(of_size(msg, 32)->useroffset, 0);
	assert_int_equal(of_size(msg, 8192)->usersize, 4096 - 48);
	assert_int_equal(of_size(dup, 64)->usersize, 64);
	assert_true(of_size(msg, 64)->flags & SLAB_ACCOUNT);
	kmem_buckets_destroy(dup);
	kmem_buckets_destroy(msg);
}

/* The kernel's trap: not what kmalloc() promises. */
static void test_only_eight_bytes_of_alignment_are_promised(void **state)
{
	kmem_buckets *b = kmem_buckets_create("trap", 0, 0, 0, NULL);

	(void)state;
	for (unsigned int i = 1; i <= TOP_INDEX; i++)
		assert_int_equal((*b)[i]->geo.align, 8);
	assert_int_equal(kmalloc_cache(KMALLOC_NORMAL, kmalloc_index(64))->geo.align, 64);
	kmem_buckets_destroy(b);
}

static void test_objects_come_from_the_set_and_go_by_kfree(void **state)
{
	kmem_buckets *b = kmem_buckets_create("own", 0, 0, 0, NULL);

	(void)state;
	for (size_t size = 1; size <= 8192; size += 61) {
		unsigned char *p = kmem_buckets_alloc(b, size, GFP_KERNEL | __GFP_ZERO);

		assert_non_null(p);
		assert_ptr_equal(frame_of(p)->cache, of_size(b, size));
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
		kfree(p);
	}
	kmem_buckets_destroy(b);
	assert_equations_hold();
}

static void *wrapper(kmem_buckets *b, size_t size)
{
	return kmem_buckets_alloc_track_caller(b, size, GFP_KERNEL);
}

static void test_a_wrapper_s_objects_come_from_the_set(void **state)
{
	kmem_buckets *b = kmem_buckets_create("own", 0, 0, 0, NULL);
	void *p = wrapper(b, 100);

	(void)state;
	assert_ptr_equal(frame_of(p)->cache, of_size(b, 100));
	kfree(p);
	kmem_buckets_destroy(b);
}

static void test_sizes_beyond_the_classes_are_kmalloc_s(void **state)
{
	kmem_buckets *b = kmem_buckets_create("own", 0, 0, 0, NULL);
	void *p = kmem_buckets_alloc(b, 8193, GFP_KERNEL);

	(void)state;
	assert_int_equal(ksize(p), 16384);
	kfree(p);
	assert_ptr_equal(kmem_buckets_alloc(b, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	assert_null(kmem_buckets_alloc(b, KMALLOC_MAX_SIZE + 1ul, GFP_KERNEL));
	kmem_buckets_destroy(b);
}

static void test_valloc_takes_the_set_or_vmalloc(void **state)
{
	kmem_buckets *b = kmem_buckets_create("valloc", 0, 0, 0, NULL);
	void *p = kmem_buckets_valloc(b, 100, GFP_KERNEL);
	char *large = kmem_buckets_valloc(b, KMALLOC_MAX_SIZE + 1, GFP_KERNEL | __GFP_ZERO);

	(void)state;
	assert_ptr_equal(frame_of(p)->cache, of_size(b, 100));
	assert_true(is_vmalloc_addr(large));
	assert_int_equal(large[KMALLOC_MAX_SIZE], 0);
	assert_ptr_equal(kmem_buckets_valloc(b, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	assert_null(kmem_buckets_valloc(b, SIZE_MAX, GFP_KERNEL));
	kvfree(p);
	kvfree(large);
	kmem_buckets_destroy(b);
	assert_equations_hold();
}

static void test_no_set_means_the_ordinary_caches(void **state)
{
	void *p = kmem_buckets_alloc(NULL, 64, GFP_KERNEL);

	(void)state;
	assert_string_equal(kmem_cache_name(frame_of(p)->cache), "kmalloc-64");
	kfree(p);
	kmem_buckets_destroy(NULL);
}

static void test_a_name_that_is_too_long_for_a_class_makes_nothing(void **state)
{
	char name[SLAB_NAME_LEN - 3]; /* "-96" fits, "-192" does not */

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_null(kmem_buckets_create(name, 0, 0, 0, NULL));
	assert_int_equal(errno, ENAMETOOLONG);
	assert_false(exists(name));
	assert_equations_hold();
}

/* Each page allocation fails in turn: nothing is left behind. */
static void test_bad_arguments_make_nothing(void **state)
{
	(void)state;
	assert_null(kmem_buckets_create(NULL, 0, 0, 0, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(kmem_buckets_create("flag", 0x80000000u, 0, 0, NULL));
	assert_int_equal(errno, EINVAL);
	kmem_buckets_destroy(NULL);
	kmem_buckets_destroy(ZERO_SIZE_PTR);
	assert_equations_hold();
}

static void test_without_memory_nothing_is_made(void **state)
{
	unsigned int refused = 0;

	(void)state;
	for (uint64_t n = 1; n < 200; n++) {
		kmem_buckets *b;

		slab_fault_arm(FAULT_SYSCALL, n, UINT64_MAX);
		b = kmem_buckets_create("refused", 0, 0, 0, NULL);
		slab_fault_arm(FAULT_SYSCALL, 0, 0);
		assert_int_equal(exists("refused-8"), b != NULL);
		if (b) {
			kmem_buckets_destroy(b);
			break;
		}
		assert_int_equal(errno, ENOMEM);
		refused++;
	}
	assert_true(refused > 0);
	assert_equations_hold();
}

/* In a child, because libslab boots once a process. */
static int without_buckets(const char *options)
{
	kmem_buckets *b;
	void *p;

	if (slab_boot(options))
		return 1;
	b = kmem_buckets_create("none", 0, 0, 0, NULL);
	if (b != ZERO_SIZE_PTR)
		return 2;
	p = kmem_buckets_alloc(b, 64, GFP_KERNEL);
	if (!p || strcmp(kmem_cache_name(frame_of(p)->cache), "kmalloc-64"))
		return 3;
	kfree(p);
	kmem_buckets_destroy(b);
	return 0;
}

static int with_default(const char *options)
{
	char value[8];

	if (slab_boot(options) || slab_option_get("slab_buckets", value, sizeof(value)) != 1)
		return 1;
	return value[0] == '1' ? 0 : 2;
}

/* The first test: what it asks of boot happens in children. */
static void test_the_option_follows_hardening_and_switches_sets_off(void **state)
{
	(void)state;
	assert_child_returns_0(without_buckets, "slab_buckets=0");
	assert_child_returns_0(without_buckets, "");
	assert_child_returns_0(without_buckets, "freelist_hardened=1,slab_buckets=0");
	assert_child_returns_0(with_default, "freelist_hardened=1");
}

static void test_boot(void **state)
{
	(void)state;
	/* Random orders, so that each cache needs memory that may be refused. */
	boot_or_fail("slab_buckets=1,freelist_random=1,seed=5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_option_follows_hardening_and_switches_sets_off),
		cmocka_unit_test(test_boot),
		cmocka_unit_test(test_a_set_has_a_cache_for_each_class),
		cmocka_unit_test(test_the_part_for_usercopy_is_clipped_to_the_class),
		cmocka_unit_test(test_only_eight_bytes_of_alignment_are_promised),
		cmocka_unit_test(test_objects_come_from_the_set_and_go_by_kfree),
		cmocka_unit_test(test_a_wrapper_s_objects_come_from_the_set),
		cmocka_unit_test(test_sizes_beyond_the_classes_are_kmalloc_s),
		cmocka_unit_test(test_valloc_takes_the_set_or_vmalloc),
		cmocka_unit_test(test_no_set_means_the_ordinary_caches),
		cmocka_unit_test(test_a_name_that_is_too_long_for_a_class_makes_nothing),
		cmocka_unit_test(test_bad_arguments_make_nothing),
		cmocka_unit_test(test_without_memory_nothing_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

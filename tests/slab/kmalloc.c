// SPDX-License-Identifier: MIT
/* kmalloc and its family: sizes, alignment, zeroing, krealloc's rules, ksize, the large blocks. */
#include "common.h"

#include "allocators/slab/area.h"
#include "allocators/slab/classes.h"
#include "allocators/slab/pagemap.h"

static const size_t classes[] = { 8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192 };

#define NR_CLASSES (sizeof(classes) / sizeof(classes[0]))

static size_t expected_class(size_t size)
{
	for (size_t i = 0; i < NR_CLASSES; i++)
		if (size <= classes[i])
			return classes[i];
	for (size_t bytes = 4096;; bytes *= 2)
		if (size <= bytes)
			return bytes;
}

static void test_every_size_gets_the_smallest_class_that_fits(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 20000; size++) {
		void *p = kmalloc(size, GFP_KERNEL);

		assert_non_null(p);
		assert_int_equal(ksize(p), expected_class(size));
		assert_int_equal(kmalloc_size_roundup(size), expected_class(size));
		memset(p, 0xa5, size);
		kfree(p);
	}
	assert_equations_hold();
}

static unsigned int class_in_the_page_map(const void *p)
{
	return entry_class(pagemap_entry(pagemap_page(p)));
}

static void test_the_page_map_tells_the_class_of_an_object_of_kmalloc(void **state)
{
	struct kmem_cache *s = kmem_cache_create("other", 64, 0, SLAB_NO_MERGE, NULL);
	void *object = kmem_cache_alloc(s, GFP_KERNEL), *large = kmalloc(16384, GFP_KERNEL);

	(void)state;
	for (size_t i = 0; i < NR_CLASSES; i++) {
		void *p = kmalloc(classes[i], GFP_KERNEL);

		assert_int_equal(class_in_the_page_map(p), kmalloc_index(classes[i]));
		assert_int_equal(kmalloc_class_bytes(class_in_the_page_map(p)), classes[i]);
		kfree(p);
	}
	assert_int_equal(class_in_the_page_map(object), 0);
	assert_int_equal(class_in_the_page_map(large), 0);
	kfree(large);
	kmem_cache_free(s, object);
	kmem_cache_destroy(s);
}

static void test_alignment_is_the_largest_power_of_two_that_divides_the_size(void **state)
{
	void *kept[64];

	(void)state;
	for (size_t size = 8; size <= 65536; size += 8) {
		size_t align = size & (0 - size);

		if (size > 1024 && (size & (size - 1)) && size % 1000)
			continue;
		for (int i = 0; i < 64; i++) {
			kept[i] = kmalloc(size, GFP_KERNEL);
			assert_non_null(kept[i]);
			assert_int_equal((uintptr_t)kept[i] % align, 0);
		}
		for (int i = 0; i < 64; i++)
			kfree(kept[i]);
	}
}

static void test_live_objects_do_not_overlap(void **state)
{
	unsigned char *p[2000];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		p[i] = kmalloc((size_t)i + 1, GFP_KERNEL);
		memset(p[i], i & 0xff, (size_t)i + 1);
	}
	for (int i = 0; i < 2000; i++) {
		for (int j = 0; j <= i; j++)
			assert_int_equal(p[i][j], i & 0xff);
		kfree(p[i]);
	}
	assert_equations_hold();
}

static void assert_zero(const void *p, size_t from, size_t to)
{
	const unsigned char *bytes = p;

	for (size_t i = from; i < to; i++)
		assert_int_equal(bytes[i], 0);
}

static void test_kzalloc_clears_the_whole_object_even_when_reused(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 100000; size = size * 3 / 2 + 1) {
		for (int round = 0; round < 3; round++) {
			void *p = kzalloc(size, GFP_KERNEL);

			assert_zero(p, 0, ksize(p));
			memset(p, 0xff, ksize(p));
			kfree(p);
		}
	}
}

static void test_size_zero_gives_the_zero_size_pointer(void **state)
{
	(void)state;
	assert_ptr_equal(kmalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	assert_true(ZERO_OR_NULL_PTR(kmalloc(0, GFP_KERNEL)));
	assert_int_equal(ksize(ZERO_SIZE_PTR), 0);
	assert_int_equal(ksize(NULL), 0);
	assert_int_equal(kmalloc_size_roundup(0), 0);
	kfree(ZERO_SIZE_PTR);
	kfree(NULL);
}

static void test_large_blocks_reach_4_mib_and_no_further(void **state)
{
	void *p = kmalloc(KMALLOC_MAX_SIZE, GFP_KERNEL);

	(void)state;
	assert_non_null(p);
	assert_int_equal(ksize(p), KMALLOC_MAX_SIZE);
	assert_int_equal((uintptr_t)p % KMALLOC_MAX_SIZE, 0);
	kfree(p);
	assert_null(kmalloc(KMALLOC_MAX_SIZE + 1, GFP_KERNEL));
	assert_null(kmalloc(SIZE_MAX, GFP_KERNEL));
	assert_int_equal(kmalloc_size_roundup(KMALLOC_MAX_SIZE + 1), KMALLOC_MAX_SIZE + 1);
	assert_equations_hold();
}

static void test_arrays_that_overflow_are_refused(void **state)
{
	void *p = kcalloc(100, 7, GFP_KERNEL);

	(void)state;
	assert_zero(p, 0, 700);
	kfree(p);
	assert_null(kmalloc_array(SIZE_MAX / 4, 8, GFP_KERNEL));
	assert_null(kcalloc(SIZE_MAX, 2, GFP_KERNEL));
}

static void test_krealloc_stays_while_the_size_fits(void **state)
{
	char *p = kmalloc(33, GFP_KERNEL);

	(void)state;
	strcpy(p, "kept");
	assert_ptr_equal(krealloc(p, 64, GFP_KERNEL), p);
	assert_ptr_equal(krealloc(p, 1, GFP_KERNEL), p);
	assert_ptr_equal(krealloc(p, 50, GFP_KERNEL), p);
	assert_string_equal(p, "kept");
	kfree(p);
}

static void test_krealloc_moves_and_copies_when_it_grows(void **state)
{
	char *p = kmalloc(64, GFP_KERNEL), *q;

	(void)state;
	for (size_t size = 65; size <= KMALLOC_MAX_SIZE; size *= 3) {
		memset(p, 0x5a, ksize(p));
		q = krealloc(p, size, GFP_KERNEL);
		assert_non_null(q);
		for (size_t i = 0; i < (size - 1) / 3; i++)
			assert_int_equal(q[i], 0x5a);
		p = q;
	}
	kfree(p);
}

static void test_krealloc_of_nothing_allocates_and_to_nothing_frees(void **state)
{
	void *p = krealloc(NULL, 40, GFP_KERNEL), *q = krealloc(ZERO_SIZE_PTR, 40, GFP_KERNEL);

	(void)state;
	assert_int_equal(ksize(p), 64);
	assert_ptr_equal(krealloc(p, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	kfree(q);
}

static void test_krealloc_failure_leaves_the_object(void **state)
{
	char *p = kmalloc(64, GFP_KERNEL);

	(void)state;
	strcpy(p, "still here");
	assert_null(krealloc(p, KMALLOC_MAX_SIZE + 1, GFP_KERNEL));
	assert_string_equal(p, "still here");
	kfree(p);
}

static void test_krealloc_with_zero_shows_no_old_bytes(void **state)
{
	char *p = kzalloc(64, GFP_KERNEL);

	(void)state;
	memset(p, 0xff, 64);
	p = krealloc(p, 10, GFP_KERNEL | __GFP_ZERO);
	assert_zero(p, 10, 64);
	p = krealloc(p, 64, GFP_KERNEL | __GFP_ZERO);
	assert_zero(p, 10, 64);
	p = krealloc(p, 5000, GFP_KERNEL | __GFP_ZERO);
	assert_zero(p, 10, 5000);
	assert_int_equal((unsigned char)p[9], 0xff);
	kfree(p);
}

/* From the flag of the request to the pageblock; 512 KiB, so that new pages are needed. */
static void test_reclaimable_objects_lie_in_reclaimable_pageblocks(void **state)
{
	static void *rcl[256], *other[256];

	(void)state;
	for (int i = 0; i < 256; i++) {
		rcl[i] = kmalloc(2048, GFP_KERNEL | __GFP_RECLAIMABLE);
		other[i] = kmalloc(2048, GFP_KERNEL);
		assert_int_equal(frame_of(rcl[i])->mobility, MIGRATE_RECLAIMABLE);
		assert_int_equal(frame_of(other[i])->mobility, MIGRATE_UNMOVABLE);
		assert_int_equal(pageblock_type(pagemap_page(rcl[i])), MIGRATE_RECLAIMABLE);
		assert_int_equal(pageblock_type(pagemap_page(other[i])), MIGRATE_UNMOVABLE);
	}
	for (int i = 0; i < 256; i++) {
		kfree(rcl[i]);
		kfree(other[i]);
	}
}

static void test_flags_choose_the_kind_of_cache(void **state)
{
	static char text[65536];
	void *rcl = kmalloc(64, GFP_KERNEL | __GFP_RECLAIMABLE);
	void *cg = kmalloc(64, GFP_KERNEL_ACCOUNT);
	void *both = kmalloc(64, GFP_KERNEL_ACCOUNT | __GFP_RECLAIMABLE);
	unsigned long active;

	(void)state;
	assert_true(slab_slabinfo(text, sizeof(text)) < sizeof(text));
	assert_int_equal(sscanf(strstr(text, "\nkmalloc-rcl-64 "), " %*s %lu", &active), 1);
	assert_true(active >= 2);
	assert_int_equal(sscanf(strstr(text, "\nkmalloc-cg-64 "), " %*s %lu", &active), 1);
	assert_true(active >= 1);
	kfree(rcl);
	kfree(cg);
	kfree(both);
	assert_equations_hold();
}

static void test_usage_counts_what_is_held(void **state)
{
	struct slab_usage before, during, after;
	void *p[1000], *large;

	(void)state;
	slab_usage(&before);
	for (int i = 0; i < 1000; i++)
		p[i] = kmalloc(512, GFP_KERNEL);
	large = kmalloc(100000, GFP_KERNEL);
	slab_usage(&during);
	for (int i = 0; i < 1000; i++)
		kfree(p[i]);
	kfree(large);
	slab_usage(&after);
	assert_int_equal(during.nr_inuse, before.nr_inuse + 1000);
	assert_int_equal(during.inuse_bytes, before.inuse_bytes + 512000);
	assert_int_equal(during.large_bytes, before.large_bytes + 131072);
	assert_int_equal(after.nr_inuse, before.nr_inuse);
	assert_int_equal(after.large_bytes, before.large_bytes);
	assert_true(during.slab_bytes >= 512000);
	assert_int_equal(during.held_bytes, during.slab_bytes + during.large_bytes +
						    during.free_dirty_bytes +
						    during.metadata_bytes);
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("cpus=2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size_gets_the_smallest_class_that_fits),
		cmocka_unit_test(test_the_page_map_tells_the_class_of_an_object_of_kmalloc),
		cmocka_unit_test(test_alignment_is_the_largest_power_of_two_that_divides_the_size),
		cmocka_unit_test(test_live_objects_do_not_overlap),
		cmocka_unit_test(test_kzalloc_clears_the_whole_object_even_when_reused),
		cmocka_unit_test(test_size_zero_gives_the_zero_size_pointer),
		cmocka_unit_test(test_large_blocks_reach_4_mib_and_no_further),
		cmocka_unit_test(test_arrays_that_overflow_are_refused),
		cmocka_unit_test(test_krealloc_stays_while_the_size_fits),
		cmocka_unit_test(test_krealloc_moves_and_copies_when_it_grows),
		cmocka_unit_test(test_krealloc_of_nothing_allocates_and_to_nothing_frees),
		cmocka_unit_test(test_krealloc_failure_leaves_the_object),
		cmocka_unit_test(test_krealloc_with_zero_shows_no_old_bytes),
		cmocka_unit_test(test_reclaimable_objects_lie_in_reclaimable_pageblocks),
		cmocka_unit_test(test_flags_choose_the_kind_of_cache),
		cmocka_unit_test(test_usage_counts_what_is_held),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}

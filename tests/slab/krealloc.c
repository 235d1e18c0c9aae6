// SPDX-License-Identifier: MIT
/*
 * The rest of krealloc's rules (kmalloc.c has the plain ones): alignment, nodes, failure; ksize;
 * kfree_sensitive; copies of strings and memory; requests for a node.
 */
#include "common.h"

#include "allocators/slab/fault.h"
#include "allocators/slab/pagemap.h"

static void assert_all(const void *p, size_t from, size_t to, int value)
{
	const unsigned char *bytes = p;

	for (size_t i = from; i < to; i++)
		assert_int_equal(bytes[i], value);
}

static void *realloc_aligned(void *p, size_t size, size_t align)
{
	return krealloc_node_align(p, size, align, GFP_KERNEL, NUMA_NO_NODE);
}

static void test_every_answer_is_aligned_as_asked(void **state)
{
	(void)state;
	for (size_t align = 1; align <= 65536; align *= 2) {
		for (size_t size = 1; size <= 20000; size = size * 2 + 1) {
			void *p = realloc_aligned(NULL, size, align);

			assert_non_null(p);
			assert_int_equal((uintptr_t)p & (align - 1), 0);
			p = realloc_aligned(p, size * 3, align);
			assert_int_equal((uintptr_t)p & (align - 1), 0);
			kfree(p);
		}
	}
	assert_null(realloc_aligned(NULL, SIZE_MAX, 64));
	assert_equations_hold();
}

/* Objects of 96 bytes lie at multiples of 32; every second one is not at a multiple of 64. */
static void test_an_object_moves_if_it_is_not_aligned_even_to_shrink(void **state)
{
	char *p[2] = { kmalloc(96, GFP_KERNEL), kmalloc(96, GFP_KERNEL) };
	int odd = (uintptr_t)p[0] % 64 == 0;
	char *q;

	(void)state;
	assert_int_equal((uintptr_t)p[odd] % 64, 32);
	memset(p[odd], 0x5a, 96);
	assert_ptr_equal(realloc_aligned(p[odd], 40, 32), p[odd]);
	q = realloc_aligned(p[odd], 40, 64);
	assert_ptr_not_equal(q, p[odd]);
	assert_int_equal((uintptr_t)q % 64, 0);
	assert_all(q, 0, 40, 0x5a);
	kfree(q);
	kfree(p[!odd]);
	assert_equations_hold();
}

static void test_an_object_moves_only_if_another_node_is_insisted_on(void **state)
{
	void *p = kmalloc(64, GFP_KERNEL), *q;
	int node = frame_of(p)->node;

	(void)state;
	assert_ptr_equal(krealloc_node(p, 32, GFP_KERNEL, node + 1), p);
	assert_ptr_equal(krealloc_node(p, 32, GFP_KERNEL | __GFP_THISNODE, NUMA_NO_NODE), p);
	assert_ptr_equal(krealloc_node(p, 32, GFP_KERNEL | __GFP_THISNODE, node), p);
	memset(p, 0x77, 32);
	q = krealloc_node(p, 20, GFP_KERNEL | __GFP_THISNODE, node + 1);
	if (!q) { /* a machine with one node that honours the request */
		assert_all(p, 0, 32, 0x77);
		q = p;
	} else {
		assert_ptr_not_equal(q, p);
		assert_all(q, 0, 20, 0x77);
	}
	kfree(q);
	assert_equations_hold();
}

static void test_without_memory_the_old_object_is_kept(void **state)
{
	char *p = kmalloc(8000, GFP_KERNEL);

	(void)state;
	memset(p, 0x66, 8000);
	slab_fault_arm(FAULT_PAGES, 1, UINT64_MAX);
	assert_null(krealloc(p, 100000, GFP_KERNEL));
	slab_fault_arm(FAULT_PAGES, 0, 0);
	assert_null(krealloc_array(p, SIZE_MAX / 2, 3, GFP_KERNEL));
	assert_all(p, 0, 8000, 0x66);
	p = krealloc_array(p, 5000, 3, GFP_KERNEL);
	assert_all(p, 0, 8000, 0x66);
	kfree(p);
	assert_equations_hold();
}

static void construct(void *object)
{
	memset(object, 1, 40);
}

static void test_ksize_says_what_may_be_used(void **state)
{
	struct kmem_cache *plain = kmem_cache_create("plain", 33, 0, SLAB_NO_MERGE, NULL);
	struct kmem_cache *wide = kmem_cache_create("wide", 56, 64, SLAB_NO_MERGE, NULL);
	struct kmem_cache *shared = kmem_cache_create("shared", 40, 64, 0, NULL);
	struct kmem_cache *rcu = kmem_cache_create("rcu", 40, 64, SLAB_TYPESAFE_BY_RCU, construct);
	void *p[4] = { kmem_cache_alloc(plain, GFP_KERNEL), kmem_cache_alloc(wide, GFP_KERNEL),
		       kmem_cache_alloc(rcu, GFP_KERNEL), kmem_cache_alloc(shared, GFP_KERNEL) };

	(void)state;
	assert_int_equal(ksize(p[0]), 40); /* with its padding to 8 */
	assert_int_equal(ksize(p[1]), 56); /* an extension lies behind: nobody shares this cache */
	assert_int_equal(ksize(p[2]), 40); /* the free pointer lies behind */
	assert_int_equal(ksize(p[3]), 64);
	for (int i = 0; i < 4; i++)
		kfree(p[i]);
	kmem_cache_destroy(shared);
	kmem_cache_destroy(plain);
	kmem_cache_destroy(wide);
	kmem_cache_destroy(rcu);
}

/*
 * NOLEAKTRACE caches have no arrays, so the object lies in its slab, untouched but for the free
 * pointer in its middle.
 */
static void test_kfree_sensitive_leaves_no_byte(void **state)
{
	struct kmem_cache *s = kmem_cache_create("secret", 120, 0, SLAB_NOLEAKTRACE, NULL);
	void *other = kmem_cache_alloc(s, GFP_KERNEL);
	unsigned char *p = kmem_cache_alloc(s, GFP_KERNEL);
	size_t at = s->geo.offset;

	(void)state;
	assert_int_equal(s->slot, 0);
	assert_true(at + sizeof(void *) <= 120);
	memset(p, 0xdd, ksize(p));
	kfree_sensitive(p);
	assert_all(p, 0, at, 0);
	assert_all(p, at + sizeof(void *), 120, 0);
	kfree_sensitive(NULL);
	kfree_sensitive(ZERO_SIZE_PTR);
	kmem_cache_free(s, other);
	kmem_cache_destroy(s);
	assert_equations_hold();
}

static void test_copies_are_complete_and_end_where_they_should(void **state)
{
	static const int numbers[] = { 1, 2, 3 };
	char *all = kstrdup("slab", GFP_KERNEL), *part = kstrndup("slab", 2, GFP_KERNEL);
	char *whole = kstrndup("slab", 100, GFP_KERNEL), *nul = kmemdup_nul("sl\0b", 4, GFP_KERNEL);
	int *copy = kmemdup(numbers, sizeof(numbers), GFP_KERNEL);
	int *array = kmemdup_array(numbers, 3, sizeof(numbers[0]), GFP_KERNEL);

	(void)state;
	assert_string_equal(all, "slab");
	assert_string_equal(part, "sl");
	assert_string_equal(whole, "slab");
	assert_memory_equal(nul, "sl\0b", 5);
	assert_memory_equal(copy, numbers, sizeof(numbers));
	assert_memory_equal(array, numbers, sizeof(numbers));
	assert_null(kstrdup(NULL, GFP_KERNEL));
	assert_null(kstrndup(NULL, 3, GFP_KERNEL));
	assert_null(kmemdup_array(numbers, SIZE_MAX / 2, 4, GFP_KERNEL));
	assert_ptr_equal(kmemdup(numbers, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	kfree(all);
	kfree(part);
	kfree(whole);
	kfree(nul);
	kfree(copy);
	kfree(array);
}

static void test_copies_are_null_without_memory(void **state)
{
	static char big[20000];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	slab_fault_arm(FAULT_PAGES, 1, UINT64_MAX);
	assert_null(kstrdup(big, GFP_KERNEL));
	assert_null(kmemdup(big, sizeof(big), GFP_KERNEL));
	slab_fault_arm(FAULT_PAGES, 0, 0);
}

static void test_requests_for_a_node_are_served(void **state)
{
	struct kmem_cache *s = kmem_cache_create("node", 100, 0, SLAB_NO_MERGE, NULL);
	int *p = kcalloc_node(30, sizeof(int), GFP_KERNEL, 0);
	void *q = kmem_cache_alloc_node(s, GFP_KERNEL, 0), *r = kmalloc_node(64, GFP_KERNEL, 0);

	(void)state;
	assert_all(p, 0, 120, 0);
	assert_non_null(q);
	assert_non_null(r);
	assert_null(kmalloc_array_node(SIZE_MAX, 2, GFP_KERNEL, 0));
	kfree(p);
	kfree(r);
	kmem_cache_free(s, q);
	kmem_cache_destroy(s);
	assert_equations_hold();
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("cpus=2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_answer_is_aligned_as_asked),
		cmocka_unit_test(test_an_object_moves_if_it_is_not_aligned_even_to_shrink),
		cmocka_unit_test(test_an_object_moves_only_if_another_node_is_insisted_on),
		cmocka_unit_test(test_without_memory_the_old_object_is_kept),
		cmocka_unit_test(test_ksize_says_what_may_be_used),
		cmocka_unit_test(test_kfree_sensitive_leaves_no_byte),
		cmocka_unit_test(test_copies_are_complete_and_end_where_they_should),
		cmocka_unit_test(test_copies_are_null_without_memory),
		cmocka_unit_test(test_requests_for_a_node_are_served),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}

// SPDX-License-Identifier: MIT
/*
 * Pages without a slab: blocks by order, exact sizes of which the tail goes back at once, and what
 * must fail.
 */
#include "common.h"

#include "allocators/slab/fault.h"
#include "allocators/slab/pagemap.h"
#include "lib/random.h"

#define PAGE	slab_page_bytes()
#define NR_HELD 64

static size_t page_bytes(void)
{
	struct slab_usage u;

	slab_usage(&u);
	return u.page_bytes;
}

static size_t used_pages(void)
{
	return slab_zones[0].nr_used;
}

static void test_a_block_is_aligned_to_its_size_and_counted(void **state)
{
	(void)state;
	for (unsigned int order = 0; order <= MAX_PAGE_ORDER; order++) {
		size_t before = page_bytes();
		unsigned long addr = __get_free_pages(GFP_KERNEL, order);

		assert_int_not_equal(addr, 0);
		assert_int_equal(addr % (PAGE << order), 0);
		memset((void *)addr, 0xa5, PAGE << order);
		assert_int_equal(page_bytes() - before, PAGE << order);
		assert_equations_hold();
		free_pages(addr, order);
		assert_int_equal(page_bytes(), before);
	}
	assert_equations_hold();
}

static void test_an_exact_request_takes_just_its_pages(void **state)
{
	(void)state;
	for (size_t nr = 1; nr <= 70; nr++) {
		size_t before = used_pages(), size = nr * PAGE - nr % 3 * 1000;
		unsigned char *p = alloc_pages_exact(size, GFP_KERNEL);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % PAGE, 0);
		assert_int_equal(used_pages() - before, nr);
		assert_int_equal(page_bytes(), nr * PAGE);
		memset(p, 0x5a, size);
		assert_equations_hold();
		free_pages_exact(p, size);
		assert_int_equal(used_pages(), before);
		assert_int_equal(page_bytes(), 0);
	}
	assert_equations_hold();
}

static void test_the_tail_is_given_to_others_while_the_head_is_held(void **state)
{
	size_t size = 5 * PAGE;
	char *p = alloc_pages_exact(size, GFP_KERNEL), *tail;

	(void)state;
	assert_non_null(p);
	tail = alloc_pages_exact(PAGE, GFP_KERNEL);
	assert_ptr_equal(tail, p + size);
	free_pages_exact(tail, PAGE);
	free_pages_exact(p, size);
	assert_equations_hold();
}

static void test_pages_of_an_exact_block_are_freed_one_by_one(void **state)
{
	unsigned long addr = (unsigned long)alloc_pages_exact(6 * PAGE, GFP_KERNEL);

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		free_page(addr + (i * 5 % 6) * PAGE);
		assert_int_equal(page_bytes(), (5 - i) * PAGE);
		assert_equations_hold();
	}
}

static void test_zeroed_pages_are_zero_although_they_were_written(void **state)
{
	(void)state;
	for (int round = 0; round < 8; round++) {
		unsigned char *p = alloc_pages_exact(3 * PAGE, GFP_KERNEL | __GFP_ZERO);

		for (size_t i = 0; i < 3 * PAGE; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, 3 * PAGE);
		free_pages_exact(p, 3 * PAGE);
	}
}

static void test_no_bytes_too_many_or_no_memory_give_null(void **state)
{
	size_t most = PAGE << MAX_PAGE_ORDER;
	void *p;

	(void)state;
	assert_null(alloc_pages_exact(0, GFP_KERNEL));
	assert_null(alloc_pages_exact(most + 1, GFP_KERNEL));
	assert_int_equal(__get_free_pages(GFP_KERNEL, MAX_PAGE_ORDER + 1), 0);
	p = alloc_pages_exact(most, GFP_KERNEL);
	assert_non_null(p);
	free_pages_exact(p, most);
	free_pages(0, 3);
	free_pages_exact(NULL, 100);
	slab_fault_arm(FAULT_PAGES, 1, 1000);
	assert_null(alloc_pages_exact(3 * PAGE, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN));
	assert_int_equal(__get_free_pages(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, 0), 0);
	slab_fault_arm(FAULT_PAGES, 0, 0);
	assert_equations_hold();
}

static void test_random_sizes_do_not_overlap_and_keep_the_equations(void **state)
{
	static struct {
		unsigned char *p;
		size_t size;
	} held[NR_HELD];
	struct random r;

	(void)state;
	random_seed(&r, test_seed(31));
	for (unsigned int step = 0; step < 4000; step++) {
		unsigned int i = (unsigned int)random_below(&r, NR_HELD);

		if (held[i].p) {
			for (size_t j = 0; j < held[i].size; j += 997)
				assert_int_equal(held[i].p[j], i);
			free_pages_exact(held[i].p, held[i].size);
			held[i].p = NULL;
		} else {
			held[i].size = 1 + random_below(&r, 40 * PAGE);
			held[i].p = alloc_pages_exact(held[i].size, GFP_KERNEL);
			assert_non_null(held[i].p);
			memset(held[i].p, (int)i, held[i].size);
		}
		if (step % 100 == 0)
			assert_equations_hold();
	}
	for (unsigned int i = 0; i < NR_HELD; i++)
		free_pages_exact(held[i].p, held[i].size);
	assert_equations_hold();
	assert_int_equal(page_bytes(), 0);
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("range=256M,nodes=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_block_is_aligned_to_its_size_and_counted),
		cmocka_unit_test(test_an_exact_request_takes_just_its_pages),
		cmocka_unit_test(test_the_tail_is_given_to_others_while_the_head_is_held),
		cmocka_unit_test(test_pages_of_an_exact_block_are_freed_one_by_one),
		cmocka_unit_test(test_zeroed_pages_are_zero_although_they_were_written),
		cmocka_unit_test(test_no_bytes_too_many_or_no_memory_give_null),
		cmocka_unit_test(test_random_sizes_do_not_overlap_and_keep_the_equations),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}

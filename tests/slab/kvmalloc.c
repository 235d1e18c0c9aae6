// SPDX-License-Identifier: MIT
/*
 * kvmalloc and vmalloc: when the second attempt is made, that areas never overlap and end in a page
 * that cannot be touched, that memory and address space come back, and the rules of vrealloc.
 */
#include "common.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocators/slab/fault.h"
#include "allocators/slab/vmalloc.h"
#include "allocators/slab/vmarea.h"
#include "lib/random.h"

#define PAGE 4096u

static size_t vmalloc_bytes(void)
{
	struct slab_usage u;

	slab_usage(&u);
	return u.vmalloc_bytes;
}

static void assert_all(const void *p, size_t from, size_t to, int value)
{
	const unsigned char *bytes = p;

	for (size_t i = from; i < to; i++)
		assert_int_equal(bytes[i], value);
}

static void test_what_kmalloc_cannot_give_comes_from_vmalloc(void **state)
{
	void *small = kvmalloc(100, GFP_KERNEL), *block = kvmalloc(100000, GFP_KERNEL);
	char *huge = kvmalloc(KMALLOC_MAX_SIZE + 1, GFP_KERNEL);

	(void)state;
	assert_false(is_vmalloc_addr(small));
	assert_false(is_vmalloc_addr(block));
	assert_true(is_vmalloc_addr(huge));
	assert_true(is_vmalloc_addr(huge + KMALLOC_MAX_SIZE));
	assert_false(is_vmalloc_addr(NULL));
	assert_false(is_vmalloc_addr(&state));
	assert_int_equal(vmalloc_bytes(), KMALLOC_MAX_SIZE + PAGE);
	huge[0] = huge[KMALLOC_MAX_SIZE] = 1;
	kvfree(small);
	kvfree(block);
	kvfree(huge);
	kvfree(NULL);
	kvfree(ZERO_SIZE_PTR);
	assert_int_equal(vmalloc_bytes(), 0);
	assert_equations_hold();
}

struct chain {
	struct chain *next;
};

static void free_chain(struct chain *c)
{
	while (c) {
		struct chain *next = c->next;

		kvfree(c);
		c = next;
	}
}

static void test_a_refused_block_becomes_an_area_only_above_a_page(void **state)
{
	struct chain *all = NULL, *c;
	char *p;

	(void)state;
	slab_fault_arm(FAULT_PAGES, 1, UINT64_MAX);
	p = kvzalloc(3 * PAGE, GFP_KERNEL);
	assert_non_null(p);
	assert_true(is_vmalloc_addr(p));
	assert_all(p, 0, 3 * PAGE, 0);
	kvfree(p);
	while ((c = kvmalloc(PAGE, GFP_KERNEL))) {
		assert_false(is_vmalloc_addr(c));
		c->next = all;
		all = c;
	}
	slab_fault_arm(FAULT_PAGES, 0, 0);
	free_chain(all);
	assert_equations_hold();
}

static void test_sizes_without_sense_are_refused(void **state)
{
	(void)state;
	assert_null(kvmalloc((size_t)INT_MAX + 1, GFP_KERNEL));
	assert_null(kvmalloc(SIZE_MAX, GFP_KERNEL));
	assert_null(kvmalloc_array(SIZE_MAX / 8, 16, GFP_KERNEL));
	assert_null(kvcalloc(SIZE_MAX, 2, GFP_KERNEL));
	assert_null(vmalloc(0));
	assert_null(vmalloc(SIZE_MAX));
	assert_null(vmalloc(SIZE_MAX / 2));
	assert_null(vmalloc(slab_vmrange.bytes));
	assert_ptr_equal(kvmalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	assert_equations_hold();
}

/* The system may refuse to split a mapping (vm.max_map_count), which giving memory back needs not.
 */
static void test_an_area_that_cannot_be_unmapped_gives_its_memory_back(void **state)
{
	char *p = vmalloc(10 * PAGE);
	unsigned char resident[10];

	(void)state;
	memset(p, 1, 10 * PAGE);
	slab_fault_arm(FAULT_SYSCALL, 1, 1);
	vfree(p);
	slab_fault_arm(FAULT_SYSCALL, 0, 0);
	assert_int_equal(mincore(p, 10 * PAGE, resident), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(resident[i] & 1, 0);
	assert_int_equal(vmalloc_bytes(), 0);
	assert_equations_hold();
}

static void test_a_refused_system_call_is_null_and_undone(void **state)
{
	size_t before = vmalloc_bytes();

	(void)state;
	slab_fault_arm(FAULT_SYSCALL, 1, 1);
	assert_null(vmalloc(10 * PAGE));
	assert_int_equal(slab_fault_requests(FAULT_SYSCALL), 1);
	slab_fault_arm(FAULT_SYSCALL, 0, 0);
	assert_int_equal(vmalloc_bytes(), before);
	assert_equations_hold();
}

static void test_memory_is_zero_again_after_a_free(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		char *p = vzalloc(5 * PAGE + 1);

		assert_non_null(p);
		assert_all(p, 0, 6 * PAGE, 0);
		memset(p, 0xff, 6 * PAGE);
		vfree(p);
	}
}

static void test_alignment_of_an_area_is_as_asked(void **state)
{
	void *p[20];

	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		p[i] = __vmalloc_align(PAGE, (size_t)1 << i, GFP_KERNEL);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] & (((size_t)1 << i) - 1), 0);
		assert_int_equal((uintptr_t)p[i] % PAGE, 0);
		assert_equations_hold();
	}
	for (unsigned int i = 0; i < 20; i++)
		vfree(p[i]);
	assert_int_equal(vmalloc_bytes(), 0);
	assert_equations_hold();
}

struct area {
	unsigned char *p;
	size_t bytes;
	int mark;
};

/* Random lengths in random order: marks at both ends survive, every tree stays in order. */
static void test_areas_never_overlap_and_all_space_comes_back(void **state)
{
	static struct area areas[300];
	struct random r;

	(void)state;
	random_seed(&r, test_seed(21));
	for (int step = 0; step < 6000; step++) {
		struct area *a = &areas[random_below(&r, 300)];

		if (a->p) {
			assert_int_equal(a->p[0], a->mark);
			assert_int_equal(a->p[a->bytes - 1], a->mark);
			vfree(a->p);
			a->p = NULL;
			continue;
		}
		a->bytes = random_range(&r, 1, 40 * PAGE);
		a->mark = (int)random_below(&r, 256);
		a->p = vmalloc(a->bytes);
		assert_non_null(a->p);
		a->p[0] = a->p[a->bytes - 1] = (unsigned char)a->mark;
		if (step % 500 == 0)
			assert_equations_hold();
	}
	for (int i = 0; i < 300; i++)
		vfree(areas[i].p);
	assert_int_equal(vmalloc_bytes(), 0);
	assert_equations_hold();
}

static void *churn(void *arg)
{
	for (unsigned int i = 1; i <= 400; i++) {
		unsigned int *p = vmalloc(i % 9 * PAGE + 4);

		if (!p || *p)
			return NULL;
		*p = i;
		vfree(p);
	}
	return arg;
}

static void test_threads_share_the_address_space(void **state)
{
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, state), 0);
	for (int i = 0; i < 3; i++) {
		void *served;

		assert_int_equal(pthread_join(threads[i], &served), 0);
		assert_ptr_equal(served, state);
	}
	assert_int_equal(vmalloc_bytes(), 0);
	assert_equations_hold();
}

/* The signal that ends a child which touches @p; 0 if none does. */
static int signal_of_touching(volatile char *p)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		*p = 1;
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_the_page_behind_and_a_freed_area_cannot_be_touched(void **state)
{
	char *p = vmalloc(2 * PAGE), *q = vmalloc(PAGE);

	(void)state;
	assert_int_equal(signal_of_touching(p + 2 * PAGE - 1), 0);
	assert_int_equal(signal_of_touching(p + 2 * PAGE), SIGSEGV);
	vfree(p);
	assert_int_equal(signal_of_touching(p), SIGSEGV);
	vfree(q);
}

static void test_vrealloc_stays_in_its_pages_and_moves_beyond(void **state)
{
	char *p = vrealloc(NULL, 100, GFP_KERNEL | __GFP_ZERO), *q;

	(void)state;
	memset(p, 0x11, 100);
	q = vrealloc(p, PAGE, GFP_KERNEL | __GFP_ZERO);
	assert_ptr_equal(q, p);
	assert_all(p, 100, PAGE, 0);
	memset(p, 0x11, PAGE);
	assert_ptr_equal(vrealloc(p, 50, GFP_KERNEL | __GFP_ZERO), p);
	assert_ptr_equal(vrealloc(p, 80, GFP_KERNEL | __GFP_ZERO), p);
	assert_all(p, 50, 80, 0);
	memset(p, 0x22, 80);
	q = vrealloc(p, 3 * PAGE, GFP_KERNEL | __GFP_ZERO);
	assert_ptr_not_equal(q, p);
	assert_all(q, 0, 80, 0x22);
	assert_all(q, 80, 3 * PAGE, 0);
	slab_fault_arm(FAULT_SYSCALL, 1, 1);
	assert_null(vrealloc(q, 9 * PAGE, GFP_KERNEL));
	slab_fault_arm(FAULT_SYSCALL, 0, 0);
	assert_all(q, 0, 80, 0x22);
	assert_null(vrealloc(q, 0, GFP_KERNEL));
	assert_int_equal(vmalloc_bytes(), 0);
}

static void test_kvrealloc_goes_from_slab_to_block_to_area(void **state)
{
	char *p = kvrealloc(NULL, 100, GFP_KERNEL), *q;

	(void)state;
	memset(p, 0x33, 100);
	p = kvrealloc(p, 50000, GFP_KERNEL);
	assert_false(is_vmalloc_addr(p));
	p = kvrealloc(p, KMALLOC_MAX_SIZE + PAGE, GFP_KERNEL);
	assert_true(is_vmalloc_addr(p));
	assert_all(p, 0, 100, 0x33);
	q = kvrealloc(p, 10, GFP_KERNEL);
	assert_ptr_equal(q, p);
	assert_null(kvrealloc(p, 0, GFP_KERNEL));
	assert_int_equal(vmalloc_bytes(), 0);
	p = kvmalloc(100, GFP_KERNEL);
	memset(p, 0x44, 100);
	slab_fault_arm(FAULT_PAGES, 1, UINT64_MAX);
	q = kvrealloc(p, 5 * PAGE, GFP_KERNEL);
	slab_fault_arm(FAULT_PAGES, 0, 0);
	assert_true(is_vmalloc_addr(q));
	assert_all(q, 0, 100, 0x44);
	kvfree_atomic(q);
	assert_equations_hold();
}

static void test_kvfree_sensitive_takes_both_kinds(void **state)
{
	(void)state;
	kvfree_sensitive(kvmalloc(200, GFP_KERNEL), 200);
	kvfree_sensitive(kvmalloc(KMALLOC_MAX_SIZE + 1, GFP_KERNEL), KMALLOC_MAX_SIZE + 1);
	kvfree_sensitive(NULL, 10);
	assert_int_equal(vmalloc_bytes(), 0);
	assert_equations_hold();
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("cpus=2,vmalloc=4G");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_kmalloc_cannot_give_comes_from_vmalloc),
		cmocka_unit_test(test_a_refused_block_becomes_an_area_only_above_a_page),
		cmocka_unit_test(test_sizes_without_sense_are_refused),
		cmocka_unit_test(test_an_area_that_cannot_be_unmapped_gives_its_memory_back),
		cmocka_unit_test(test_a_refused_system_call_is_null_and_undone),
		cmocka_unit_test(test_memory_is_zero_again_after_a_free),
		cmocka_unit_test(test_alignment_of_an_area_is_as_asked),
		cmocka_unit_test(test_areas_never_overlap_and_all_space_comes_back),
		cmocka_unit_test(test_threads_share_the_address_space),
		cmocka_unit_test(test_the_page_behind_and_a_freed_area_cannot_be_touched),
		cmocka_unit_test(test_vrealloc_stays_in_its_pages_and_moves_beyond),
		cmocka_unit_test(test_kvrealloc_goes_from_slab_to_block_to_area),
		cmocka_unit_test(test_kvfree_sensitive_takes_both_kinds),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}

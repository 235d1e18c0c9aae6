// SPDX-License-Identifier: MIT
/*
 * Each page allocation and each system call fails in turn: the answer is NULL or -ENOMEM, nothing
 * is left behind, and the same request succeeds afterwards.
 */
#include "common.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "allocators/slab/fault.h"
#include "allocators/slab/kmalloc.h"
#include "allocators/slab/percpu.h"

#define FOR_EVER UINT64_MAX
#define MANY	 100000u

/* How a boot with a failure went; above the exit codes of a sanitizer. */
enum verdict { SERVED = 70, REFUSED, WRONG };

/* Boot with the n-th request of @kind failing, @count times. */
static enum verdict boot_with_fault(enum fault_kind kind, uint64_t n, uint64_t count)
{
	bool refused;
	int err;

	slab_fault_arm(kind, n, count);
	err = slab_boot("partition=random,range=64M");
	refused = err != 0;
	if (refused && (err != -ENOMEM || !*slab_boot_error()))
		return WRONG;
	slab_fault_arm(kind, 0, 0);
	if (refused && slab_boot("partition=random,range=64M"))
		return WRONG;
	kfree(kmalloc(64, GFP_KERNEL));
	if (slab_check(print_disagreement, NULL))
		return WRONG;
	return refused ? REFUSED : SERVED;
}

static int in_child(enum fault_kind kind, uint64_t n, uint64_t count)
{
	pid_t pid = fork();

	if (!pid)
		_exit(boot_with_fault(kind, n, count));
	return child_exit_code(pid);
}

/* Boot makes fewer requests than this. */
#define MOST_REQUESTS 40

/*
 * Fails request 1, 2, ...; returns how many refusals there were. Boot goes on without some of them:
 * the areas of the CPUs, for one.
 */
static unsigned int refuse_each(enum fault_kind kind, uint64_t count)
{
	unsigned int refused = 0;

	for (uint64_t n = 1; n <= MOST_REQUESTS; n++) {
		int verdict = in_child(kind, n, count);

		assert_in_range(verdict, SERVED, REFUSED);
		refused += verdict == REFUSED;
	}
	return refused;
}

static void test_boot_survives_each_failure(void **state)
{
	unsigned int calls = refuse_each(FAULT_SYSCALL, 1);
	unsigned int pages = refuse_each(FAULT_PAGES, FOR_EVER);

	(void)state;
	print_message("boot refused after %u system calls and %u page allocations\n", calls, pages);
	assert_true(calls >= 3); /* the range and its two maps */
	assert_true(pages >= 2); /* slabs of kmem_cache */
}

struct chain {
	struct chain *next;
};

static void free_chain(struct chain *c)
{
	while (c) {
		struct chain *next = c->next;

		kfree(c);
		c = next;
	}
}

/* Allocate objects of @size until NULL; returns how many there were. */
static unsigned int exhaust(size_t size, unsigned int limit)
{
	struct chain *all = NULL, *c;
	unsigned int nr = 0;

	while (nr < limit && (c = kmalloc(size, GFP_KERNEL))) {
		c->next = all;
		all = c;
		nr++;
	}
	assert_equations_hold();
	free_chain(all);
	return nr;
}

static void test_kmalloc_answers_null_when_no_page_is_given(void **state)
{
	static const size_t sizes[] = { 8, 64, 96, 1000, 4096, 8192, 20000, 1 << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		slab_fault_arm(FAULT_PAGES, 1, FOR_EVER);
		assert_true(exhaust(sizes[i], MANY) < MANY);
		assert_null(krealloc(NULL, KMALLOC_MAX_SIZE, GFP_KERNEL));
		slab_fault_arm(FAULT_PAGES, 0, 0);
		assert_equations_hold();
		assert_int_equal(exhaust(sizes[i], 20), 20);
	}
}

/* Found by fuzzing: full slabs were taken to have the usual number of objects. */
static void test_usage_counts_the_objects_of_full_slabs_of_a_lower_order(void **state)
{
	struct kmem_cache *s = kmem_cache_create("small", 1000, 0, SLAB_NO_MERGE, NULL);
	struct slab_usage before, after;
	void *p[32];

	(void)state;
	slab_usage(&before);
	for (unsigned int i = 0; i < s->geo.min_objects; i++) {
		slab_fault_arm(FAULT_PAGES, 1, 1);
		p[i] = kmem_cache_alloc(s, GFP_ATOMIC);
		slab_fault_arm(FAULT_PAGES, 0, 0);
	}
	slab_usage(&after);
	assert_int_equal(s->node[0].nr_fallbacks, 1);
	assert_int_equal(after.nr_inuse - before.nr_inuse, s->geo.min_objects);
	for (unsigned int i = 0; i < s->geo.min_objects; i++)
		kmem_cache_free(s, p[i]);
	kmem_cache_destroy(s);
}

static void test_a_single_refusal_falls_back_to_a_lower_order(void **state)
{
	struct kmem_cache *s = kmem_cache_create("fall-back", 1000, 0, SLAB_NO_MERGE, NULL);
	void *p;

	(void)state;
	assert_true(s->geo.order > s->geo.min_order);
	slab_fault_arm(FAULT_PAGES, 1, 1);
	p = kmem_cache_alloc(s, GFP_ATOMIC);
	slab_fault_arm(FAULT_PAGES, 0, 0);
	assert_non_null(p);
	assert_int_equal(s->node[0].nr_fallbacks, 1);
	assert_int_equal(s->node[0].nr_objects, s->geo.min_objects);
	assert_equations_hold();
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
	assert_equations_hold();
}

static void test_each_page_allocation_of_a_mixed_run_may_fail(void **state)
{
	void *p[200];

	(void)state;
	for (uint64_t n = 1; n <= 60; n++) {
		slab_fault_arm(FAULT_PAGES, n, 2);
		for (int i = 0; i < 200; i++)
			p[i] = kmalloc((size_t)(i % 40 + 1) * 300, GFP_KERNEL);
		slab_fault_arm(FAULT_PAGES, 0, 0);
		assert_equations_hold();
		for (int i = 0; i < 200; i++)
			kfree(p[i]);
		assert_equations_hold();
	}
}

static void test_a_full_range_answers_null_and_recovers(void **state)
{
	unsigned int nr = exhaust(1 << 20, MANY);

	(void)state;
	print_message("%u MiB of the 64 MiB range could be allocated\n", nr);
	assert_in_range(nr, 48, 63);
	nr = exhaust(64, 4 * 1024 * 1024);
	assert_in_range(nr, 600000, 1048576);
	assert_int_equal(exhaust(1 << 20, 40), 40);
}

static void test_cache_creation_undoes_itself(void **state)
{
	struct kmem_cache *made[64];
	unsigned int nr = 0;

	(void)state;
	slab_fault_arm(FAULT_PAGES, 1, FOR_EVER);
	while (nr < 64 && (made[nr] = kmem_cache_create("c", 40, 0, SLAB_NO_MERGE, NULL)))
		nr++;
	slab_fault_arm(FAULT_PAGES, 0, 0);
	assert_true(nr < 64);
	assert_int_equal(errno, ENOMEM);
	assert_equations_hold();
	while (nr)
		kmem_cache_destroy(made[--nr]);
	assert_equations_hold();
}

/* Returns @arg if every request was served. */
static void *allocate_a_hundred(void *arg)
{
	void *p[100];
	bool all = true;

	for (int i = 0; i < 100; i++)
		all &= (p[i] = kmalloc(64, GFP_KERNEL)) != NULL;
	for (int i = 0; i < 100; i++)
		kfree(p[i]);
	return all ? arg : NULL;
}

/* The first thread of this process that ends, so there are no lanes left over from another. */
static void test_a_thread_that_gets_no_lanes_works_all_the_same(void **state)
{
	pthread_t thread;
	void *served;

	if (percpu_nr_cpus()) {
		print_message("lanes belong to CPUs here: a thread needs nothing of its own\n");
		skip();
	}
	assert_non_null(allocate_a_hundred(state));
	slab_fault_arm(FAULT_SYSCALL, 1, FOR_EVER);
	assert_int_equal(pthread_create(&thread, NULL, allocate_a_hundred, state), 0);
	assert_int_equal(pthread_join(thread, &served), 0);
	assert_true(slab_fault_requests(FAULT_SYSCALL) > 0);
	slab_fault_arm(FAULT_SYSCALL, 0, 0);
	assert_non_null(served);
	assert_equations_hold();
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("range=64M,cpus=2");
}

int main(void)
{
	const struct CMUnitTest at_boot[] = {
		cmocka_unit_test(test_boot_survives_each_failure),
	};
	const struct CMUnitTest running[] = {
		cmocka_unit_test(test_kmalloc_answers_null_when_no_page_is_given),
		cmocka_unit_test(test_usage_counts_the_objects_of_full_slabs_of_a_lower_order),
		cmocka_unit_test(test_a_single_refusal_falls_back_to_a_lower_order),
		cmocka_unit_test(test_each_page_allocation_of_a_mixed_run_may_fail),
		cmocka_unit_test(test_a_full_range_answers_null_and_recovers),
		cmocka_unit_test(test_cache_creation_undoes_itself),
		cmocka_unit_test(test_a_thread_that_gets_no_lanes_works_all_the_same),
	};
	int failed = cmocka_run_group_tests(at_boot, NULL, NULL);

	return failed ? failed : cmocka_run_group_tests(running, boot, NULL);
}

// SPDX-License-Identifier: MIT
/* Waiting for readers as a reader, wrong pointers to kfree_rcu(), freeing what waits. */
#include "child.h"

#include <sched.h>

#include "allocators/slab/fault.h"
#include "allocators/slab/rcupdate.h"

struct object {
	uint64_t value;
	struct rcu_head rcu;
};

static void wait_for_itself(void)
{
	struct object *p = kmalloc(sizeof(*p), GFP_KERNEL);

	kfree_rcu(p, rcu);
	rcu_read_lock();
	kvfree_rcu_barrier();
}

static void destroy_as_a_reader(void)
{
	struct kmem_cache *s = kmem_cache_create("own", 64, 0, SLAB_NO_MERGE, NULL);
	struct object *p = kmem_cache_alloc(s, GFP_KERNEL);

	kfree_rcu(p, rcu);
	rcu_read_lock();
	kmem_cache_destroy(s);
}

static void sleep_as_a_reader(void)
{
	rcu_read_lock();
	kfree_rcu_mightsleep(kmalloc(64, GFP_KERNEL));
}

static void fork_as_a_reader(void)
{
	kfree_rcu_mightsleep(kmalloc(20000, GFP_KERNEL));
	rcu_read_lock();
	fork();
}

static void assert_mistake(void (*misuse)(void), const char *who)
{
	char text[8192], expected[512];
	int status = child_wait("", misuse, text, sizeof(text));

	snprintf(expected, sizeof(expected),
		 "libslab: %s was called inside rcu_read_lock() and would wait for itself; "
		 "call rcu_read_unlock() first\n",
		 who);
	assert_string_equal(text, expected);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void test_waiting_inside_a_reader_is_told(void **state)
{
	(void)state;
	assert_mistake(wait_for_itself, "kvfree_rcu_barrier()");
	assert_mistake(destroy_as_a_reader, "kmem_cache_destroy()");
	assert_mistake(sleep_as_a_reader, "kvfree_rcu_mightsleep()");
	assert_mistake(fork_as_a_reader, "fork()");
}

static void defer_a_foreign_pointer(void)
{
	static struct object foreign;
	struct object *p = &foreign;

	kfree_rcu(p, rcu);
}

static void defer_a_freed_block(void)
{
	struct object *p = kmalloc(100000, GFP_KERNEL);

	kfree(p);
	kfree_rcu(p, rcu);
}

static void test_a_wrong_pointer_is_reported_where_it_is_given(void **state)
{
	(void)state;
	assert_reported("", defer_a_foreign_pointer, "slab: Not a valid slab page");
	assert_reported("", defer_a_freed_block, "slab: Not a valid slab page");
}

/* What is gathered is gathered by CPU. */
static void stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Into the list: no page is given for a block. */
static void defer_twice(void)
{
	struct object *p = kmalloc(sizeof(*p), GFP_KERNEL);

	stay_on_this_cpu();
	slab_fault_arm(FAULT_PAGES, 1, UINT64_MAX);
	kfree_rcu(p, rcu);
	kfree_rcu(p, rcu);
}

static void defer_twice_without_head(void)
{
	struct object *p = kmalloc(sizeof(*p), GFP_KERNEL);

	stay_on_this_cpu();
	kfree_rcu_mightsleep(p);
	kfree_rcu_mightsleep(p);
}

static void defer_twice_with_another_between(void)
{
	struct object *p = kmalloc(sizeof(*p), GFP_KERNEL);
	struct object *q = kmalloc(sizeof(*p), GFP_KERNEL);
	struct object *live = kmalloc(sizeof(*p), GFP_KERNEL);

	kfree_rcu_mightsleep(p);
	kfree_rcu_mightsleep(q);
	kfree_rcu_mightsleep(p);
	kvfree_rcu_barrier();
	(void)live;
}

static void defer_and_free(void)
{
	struct object *p = kmalloc(sizeof(*p), GFP_KERNEL);
	struct object *live = kmalloc(sizeof(*p), GFP_KERNEL);

	kfree_rcu_mightsleep(p);
	kfree(p);
	kvfree_rcu_barrier();
	(void)live;
}

static void test_a_second_free_is_reported(void **state)
{
	(void)state;
	assert_reported("debug=F", defer_twice, "kmalloc-32: Object already free");
	assert_reported("debug=F", defer_twice_without_head, "kmalloc-32: Object already free");
	assert_reported("debug=F", defer_twice_with_another_between,
			"kmalloc-32: Object already free");
	assert_reported("debug=F", defer_and_free, "kmalloc-32: Object already free");
}

static void free_an_object_of_a_waiting_slab(void)
{
	struct kmem_cache *s = kmem_cache_create("typesafe", 1000, 0, SLAB_TYPESAFE_BY_RCU, NULL);
	void *p = kmem_cache_alloc(s, GFP_KERNEL);

	rcu_read_lock();
	kmem_cache_free(s, p);
	kmem_cache_shrink(s);
	kmem_cache_free(s, p);
}

static void test_a_free_into_a_slab_that_waits_is_reported(void **state)
{
	(void)state;
	assert_reported("", free_an_object_of_a_waiting_slab, "typesafe: Object already free");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waiting_inside_a_reader_is_told),
		cmocka_unit_test(test_a_wrong_pointer_is_reported_where_it_is_given),
		cmocka_unit_test(test_a_second_free_is_reported),
		cmocka_unit_test(test_a_free_into_a_slab_that_waits_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

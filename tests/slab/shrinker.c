// SPDX-License-Identifier: MIT
/*
 * Shrinkers without an allocator behind them: the arithmetic of a pass, what is deferred, and that
 * the list may change while a pass runs.
 */
#include "common.h"

#include <pthread.h>
#include <sched.h>

#include "allocators/slab/fault.h"
#include "allocators/slab/shrinker.h"

#define NR_CALLS 64

/* What a shrinker was asked. */
struct record {
	unsigned long freeable;
	unsigned long answer; /* of scan_objects(), if not 0 */
	unsigned long lower;  /* nr_scanned is so much less than asked */
	unsigned int nr_counts;
	unsigned int nr_scans;
	unsigned long asked[NR_CALLS];
};

static unsigned long count(struct shrinker *s, struct shrink_control *sc)
{
	struct record *r = s->private_data;

	(void)sc;
	r->nr_counts++;
	return r->freeable;
}

static unsigned long scan(struct shrinker *s, struct shrink_control *sc)
{
	struct record *r = s->private_data;

	if (r->nr_scans < NR_CALLS)
		r->asked[r->nr_scans] = sc->nr_to_scan;
	r->nr_scans++;
	sc->nr_scanned -= r->lower;
	return r->answer ? r->answer : sc->nr_to_scan;
}

static struct shrinker *make(struct record *r, unsigned int flags)
{
	struct shrinker *s = shrinker_alloc(flags, "test");

	assert_non_null(s);
	s->count_objects = count;
	s->scan_objects = scan;
	s->private_data = r;
	return s;
}

static struct shrinker *make_registered(struct record *r, unsigned int flags)
{
	struct shrinker *s = make(r, flags);

	shrinker_register(s);
	return s;
}

static void test_a_new_shrinker_has_the_kernels_defaults(void **state)
{
	struct record r = { 0 };
	struct shrinker *s = make(&r, SHRINKER_MEMCG_AWARE);

	(void)state;
	assert_int_equal(s->seeks, DEFAULT_SEEKS);
	assert_int_equal(s->batch, 0);
	assert_false(s->flags & (SHRINKER_MEMCG_AWARE | SHRINKER_REGISTERED));
	shrinker_free(s);
	shrinker_free(NULL);
}

static void test_an_unregistered_shrinker_is_not_asked(void **state)
{
	struct record r = { .freeable = 1000 };
	struct shrinker *s = make(&r, 0);

	(void)state;
	assert_int_equal(slab_shrink_all(GFP_KERNEL, 0, 0), 0);
	assert_int_equal(r.nr_counts, 0);
	shrinker_register(s);
	assert_true(slab_shrink_all(GFP_KERNEL, 0, 0) > 0);
	shrinker_free(s);
	assert_int_equal(slab_shrink_all(GFP_KERNEL, 0, 0), 0);
	assert_int_equal(r.nr_counts, 1);
}

/* (10000 >> 4) * 4 / 2 = 1250: nine batches of 128 and 98 that wait. */
static void test_a_pass_asks_for_whole_batches_and_defers_the_rest(void **state)
{
	struct record r = { .freeable = 10000 };
	struct shrinker *s = make_registered(&r, 0);

	(void)state;
	assert_int_equal(slab_shrink_all(GFP_KERNEL, 0, 4), 9 * 128);
	assert_int_equal(r.nr_scans, 9);
	for (int i = 0; i < 9; i++)
		assert_int_equal(r.asked[i], 128);
	assert_int_equal(s->nr_deferred[0], 98);
	shrinker_free(s);
}

/* At priority 12 a pass wants 4 of 10000, too few for a batch; at 0 the sum of them comes along. */
static void test_what_was_deferred_is_scanned_at_a_lower_priority(void **state)
{
	struct record r = { .freeable = 10000 };
	struct shrinker *s = make_registered(&r, 0);

	(void)state;
	for (int i = 0; i < 40; i++)
		assert_int_equal(slab_shrink_all(GFP_KERNEL, 0, 12), 0);
	assert_int_equal(s->nr_deferred[0], 160);
	s->seeks = 1000; /* 40 of its own */
	assert_int_equal(slab_shrink_all(GFP_KERNEL, 0, 0), 128);
	assert_int_equal(s->nr_deferred[0], 160 + 40 - 128);
	shrinker_free(s);
}

static void test_no_more_than_twice_the_freeable_is_scanned_or_deferred(void **state)
{
	struct record r = { .freeable = 1000, .answer = SHRINK_STOP };
	struct shrinker *s = make_registered(&r, 0);

	(void)state;
	for (int i = 0; i < 5; i++)
		slab_shrink_all(GFP_KERNEL, 0, 0);
	assert_int_equal(s->nr_deferred[0], 2000);
	r = (struct record){ .freeable = 1000 };
	assert_int_equal(slab_shrink_all(GFP_KERNEL, 0, 0), 15 * 128);
	assert_int_equal(s->nr_deferred[0], 2000); /* 2000 + 2000 - 1920, bounded */
	shrinker_free(s);
}

static void test_few_objects_are_scanned_all_though_they_fill_no_batch(void **state)
{
	struct record r = { .freeable = 10 };
	struct shrinker *s = make_registered(&r, 0);

	(void)state;
	assert_int_equal(slab_shrink_all(GFP_KERNEL, 0, 0), 20);
	assert_int_equal(r.nr_scans, 1); /* min(128, 20) at once */
	assert_int_equal(r.asked[0], 20);
	shrinker_free(s);
}

static void test_seeks_zero_means_half_of_the_freeable(void **state)
{
	struct record r = { .freeable = 512 };
	struct shrinker *s = make_registered(&r, 0);

	(void)state;
	s->seeks = 0;
	assert_int_equal(slab_shrink_all(GFP_KERNEL, 0, 12), 256);
	assert_int_equal(s->nr_deferred[0], 0);
	shrinker_free(s);
}

static void test_batch_and_nr_scanned_are_the_shrinkers_to_choose(void **state)
{
	struct record r = { .freeable = 100, .lower = 5 };
	struct shrinker *s = make_registered(&r, 0);

	(void)state;
	s->batch = 10;
	s->seeks = 4;
	/* 100 wanted, 5 of each 10 scanned: until fewer than 10 are left. */
	assert_int_equal(slab_shrink_all(GFP_KERNEL, 0, 0), 19 * 10);
	assert_int_equal(s->nr_deferred[0], 5);
	shrinker_free(s);
}

static void test_stop_and_empty_end_the_pass_for_this_shrinker_only(void **state)
{
	struct record stops = { .freeable = 1000, .answer = SHRINK_STOP };
	struct record empty = { .freeable = SHRINK_EMPTY };
	struct record works = { .freeable = 1000 };
	struct shrinker *a = make_registered(&stops, 0);
	struct shrinker *b = make_registered(&empty, 0);
	struct shrinker *c = make_registered(&works, 0);

	(void)state;
	assert_int_equal(slab_shrink_all(GFP_KERNEL, 0, 0), 15 * 128);
	assert_int_equal(stops.nr_scans, 1);
	assert_int_equal(empty.nr_scans, 0);
	assert_int_equal(b->nr_deferred[0], 0);
	shrinker_free(b);
	shrinker_free(a);
	shrinker_free(c);
}

static void test_deferred_counts_are_per_node_if_numa_aware(void **state)
{
	struct record r = { .freeable = 10000 };
	struct shrinker *aware = make_registered(&r, SHRINKER_NUMA_AWARE);
	struct shrinker *plain = make_registered(&r, 0);

	(void)state;
	slab_shrink_all(GFP_KERNEL, 0, 12);
	slab_shrink_all(GFP_KERNEL, 3, 12);
	slab_shrink_all(GFP_KERNEL, 3, 12);
	assert_int_equal(aware->nr_deferred[0], 4);
	assert_int_equal(aware->nr_deferred[3], 8);
	assert_int_equal(plain->nr_deferred[0], 12);
	assert_int_equal(plain->nr_deferred[3], 0);
	assert_int_equal(slab_shrink_all(GFP_KERNEL, 8, 0), 0);
	assert_int_equal(slab_shrink_all(GFP_KERNEL, NUMA_NO_NODE, 0), 0);
	shrinker_free(aware);
	shrinker_free(plain);
}

/* Frees 1024, then half as much each time: 1024 >> 0 > 1, 512 >> 1 > 1, ... */
static unsigned long halve(struct shrinker *s, struct shrink_control *sc)
{
	struct record *r = s->private_data;

	r->freeable /= 2;
	sc->nr_scanned = sc->nr_to_scan;
	return r->freeable;
}

static void test_drop_slab_ends_when_little_is_freed(void **state)
{
	struct record r = { .freeable = 2048 };
	struct shrinker *s = make(&r, 0);

	(void)state;
	s->scan_objects = halve;
	s->batch = 1 << 20; /* one call a pass: all or nothing */
	shrinker_register(s);
	drop_slab();
	assert_in_range(r.nr_counts, 3, 8);
	shrinker_free(s);
}

static unsigned long nested_freed = 1;

static unsigned long scan_and_nest(struct shrinker *s, struct shrink_control *sc)
{
	nested_freed = slab_shrink_all(GFP_KERNEL, 0, 0);
	return scan(s, sc);
}

static void test_a_pass_within_a_pass_does_nothing(void **state)
{
	struct record r = { .freeable = 10 };
	struct shrinker *s = make(&r, 0);

	(void)state;
	s->scan_objects = scan_and_nest;
	shrinker_register(s);
	slab_shrink_all(GFP_KERNEL, 0, 0);
	assert_int_equal(nested_freed, 0);
	assert_int_equal(r.nr_counts, 1);
	shrinker_free(s);
}

static struct record others = { .freeable = 10 };
static struct shrinker *successor;

/* Frees the next on the list and puts another in its place. */
static unsigned long replace_successor(struct shrinker *s, struct shrink_control *sc)
{
	shrinker_free(successor);
	successor = make_registered(&others, 0);
	return scan(s, sc);
}

static void test_the_list_may_change_from_within_a_pass(void **state)
{
	struct record r = { .freeable = 10 };
	struct shrinker *s = make(&r, 0);

	(void)state;
	s->scan_objects = replace_successor;
	shrinker_register(s);
	successor = make_registered(&others, 0);
	for (int i = 0; i < 100; i++)
		slab_shrink_all(GFP_KERNEL, 0, 0);
	assert_int_equal(r.nr_scans, 100);
	assert_true(others.nr_scans >= 100);
	shrinker_free(s);
	shrinker_free(successor);
}

static bool entered, leave;

static unsigned long scan_until_told(struct shrinker *s, struct shrink_control *sc)
{
	(void)s;
	(void)sc;
	__atomic_store_n(&entered, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&leave, __ATOMIC_ACQUIRE))
		sched_yield();
	return SHRINK_STOP;
}

static void *pass(void *unused)
{
	(void)unused;
	slab_shrink_all(GFP_KERNEL, 0, 0);
	return NULL;
}

static bool freed;

static void *free_it(void *s)
{
	shrinker_free(s);
	__atomic_store_n(&freed, true, __ATOMIC_RELEASE);
	return NULL;
}

static void test_free_waits_for_a_thread_inside(void **state)
{
	struct record r = { .freeable = 10 };
	struct shrinker *s = make(&r, 0);
	pthread_t scanner, freer;

	(void)state;
	s->scan_objects = scan_until_told;
	shrinker_register(s);
	assert_int_equal(pthread_create(&scanner, NULL, pass, NULL), 0);
	while (!__atomic_load_n(&entered, __ATOMIC_ACQUIRE))
		sched_yield();
	assert_int_equal(pthread_create(&freer, NULL, free_it, s), 0);
	for (int i = 0; i < 1000; i++)
		sched_yield();
	assert_false(__atomic_load_n(&freed, __ATOMIC_ACQUIRE));
	__atomic_store_n(&leave, true, __ATOMIC_RELEASE);
	pthread_join(scanner, NULL);
	pthread_join(freer, NULL);
	assert_true(freed);
}

static bool stop;

static unsigned long count_ten(struct shrinker *s, struct shrink_control *sc)
{
	(void)s;
	(void)sc;
	return 10;
}

static unsigned long scan_all(struct shrinker *s, struct shrink_control *sc)
{
	(void)s;
	return sc->nr_to_scan;
}

static void *come_and_go(void *unused)
{
	(void)unused;
	for (int i = 0; i < 500; i++) {
		struct shrinker *s = shrinker_alloc(0, "short-lived");

		s->count_objects = count_ten;
		s->scan_objects = scan_all;
		shrinker_register(s);
		sched_yield();
		shrinker_free(s);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	return NULL;
}

static void *pass_until_stopped(void *unused)
{
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
		pass(unused);
	return NULL;
}

static void test_shrinkers_come_and_go_while_threads_pass(void **state)
{
	pthread_t t[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(
			pthread_create(&t[i], NULL, i < 2 ? come_and_go : pass_until_stopped, NULL),
			0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(slab_shrink_all(GFP_KERNEL, 0, 0), 0);
}

static void test_alloc_without_memory_is_null(void **state)
{
	(void)state;
	slab_fault_arm(FAULT_SYSCALL, 1, 1);
	assert_null(shrinker_alloc(0, "none"));
	slab_fault_arm(FAULT_SYSCALL, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_new_shrinker_has_the_kernels_defaults),
		cmocka_unit_test(test_an_unregistered_shrinker_is_not_asked),
		cmocka_unit_test(test_a_pass_asks_for_whole_batches_and_defers_the_rest),
		cmocka_unit_test(test_what_was_deferred_is_scanned_at_a_lower_priority),
		cmocka_unit_test(test_no_more_than_twice_the_freeable_is_scanned_or_deferred),
		cmocka_unit_test(test_few_objects_are_scanned_all_though_they_fill_no_batch),
		cmocka_unit_test(test_seeks_zero_means_half_of_the_freeable),
		cmocka_unit_test(test_batch_and_nr_scanned_are_the_shrinkers_to_choose),
		cmocka_unit_test(test_stop_and_empty_end_the_pass_for_this_shrinker_only),
		cmocka_unit_test(test_deferred_counts_are_per_node_if_numa_aware),
		cmocka_unit_test(test_drop_slab_ends_when_little_is_freed),
		cmocka_unit_test(test_a_pass_within_a_pass_does_nothing),
		cmocka_unit_test(test_the_list_may_change_from_within_a_pass),
		cmocka_unit_test(test_free_waits_for_a_thread_inside),
		cmocka_unit_test(test_shrinkers_come_and_go_while_threads_pass),
		cmocka_unit_test(test_alloc_without_memory_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

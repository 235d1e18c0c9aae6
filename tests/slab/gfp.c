// SPDX-License-Identifier: MIT
/*
 * What the GFP flags mean at the memory limit: how far into the reserve they reach, and how long
 * they go on when there is nothing.
 */
#include "common.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "allocators/slab/limit.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/pages.h"
#include "allocators/slab/reclaim.h"
#include "allocators/slab/shrinker.h"

/* Blocks that are held, chained through their memory. */
struct pile {
	struct frame *top;
	size_t nr;
};

static struct pile held;

static struct frame *take(unsigned int order, gfp_t gfp)
{
	struct frame *f = pages_alloc(order, gfp, NUMA_NO_NODE, NULL);

	if (f)
		pagemap_set(frame_page(f), f->order, PAGE_LARGE, 0);
	return f;
}

static void push(struct pile *p, struct frame *f)
{
	*(struct frame **)frame_address(f) = p->top;
	p->top = f;
	p->nr++;
}

static void drop(struct pile *p)
{
	struct frame *f = p->top;

	p->top = *(struct frame **)frame_address(f);
	p->nr--;
	pages_free(f);
}

/* Take single pages until @gfp finds none; returns how many. */
static size_t fill(gfp_t gfp)
{
	size_t before = held.nr;
	struct frame *f;

	while ((f = take(0, gfp)))
		push(&held, f);
	return held.nr - before;
}

static int empty(void **state)
{
	(void)state;
	while (held.nr)
		drop(&held);
	return 0;
}

static void test_a_limit_that_holds_nothing_is_refused(void **state)
{
	static const char *const bad[] = { "limit=1000K", "limit=1", "limit=none", "warn=2" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(slab_boot(bad[i]), -EINVAL);
		assert_non_null(strstr(slab_boot_error(), " cannot be "));
	}
}

/* In a child: exit 0 if all of the range can be had and nothing is held back. */
static void use_all_of_the_range(void)
{
	size_t first;

	if (slab_boot("range=64M"))
		_exit(70);
	first = slab_limit.nr_used;
	while (take(0, GFP_NOWAIT))
		first++;
	_exit(slab_limit.max == 64 << 20 >> UNIT_SHIFT && !slab_limit.min && !slab_limit.high &&
			      first == slab_limit.max && !si_mem_available()
		      ? 0
		      : 71);
}

static void test_without_a_limit_the_range_is_the_limit(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (!pid)
		use_all_of_the_range();
	assert_int_equal(child_exit_code(pid), 0);
}

static void test_watermarks_are_the_kernels_for_this_size(void **state)
{
	(void)state;
	/* 16 MiB: sqrt(16384 * 16) = 512 kB, and a quarter of that for low and high. */
	assert_int_equal(slab_limit.max, 4096);
	assert_int_equal(slab_limit.min, 128);
	assert_int_equal(slab_limit.low, 160);
	assert_int_equal(slab_limit.high, 192);
}

static void test_nowait_stops_at_the_min_watermark(void **state)
{
	(void)state;
	fill(GFP_NOWAIT);
	assert_int_equal(limit_left(), slab_limit.min);
	assert_int_equal(fill(GFP_KERNEL), 0);
}

static void test_atomic_uses_part_of_the_reserve(void **state)
{
	size_t min = slab_limit.min;

	(void)state;
	fill(GFP_NOWAIT);
	assert_int_equal(fill(GFP_KERNEL | __GFP_HIGH), min / 2);
	assert_int_equal(fill(GFP_ATOMIC | __GFP_NOMEMALLOC), 0);
	assert_int_equal(fill(GFP_ATOMIC), min / 8);
	assert_int_equal(limit_left(), min * 3 / 8);
}

static void test_memalloc_uses_all_of_it_and_nomemalloc_forbids_that(void **state)
{
	size_t min = slab_limit.min;

	(void)state;
	fill(GFP_NOWAIT);
	assert_int_equal(fill(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOMEMALLOC), 0);
	assert_int_equal(fill(GFP_NOWAIT | __GFP_MEMALLOC), min);
	assert_int_equal(limit_left(), 0);
}

static void test_a_large_block_leaves_the_watermark_too(void **state)
{
	(void)state;
	fill(GFP_NOWAIT);
	for (int i = 0; i < 3; i++)
		drop(&held);
	assert_null(take(2, GFP_NOWAIT));
	drop(&held);
	push(&held, take(2, GFP_NOWAIT));
	assert_int_equal(limit_left(), slab_limit.min);
}

static void test_another_node_only_without_thisnode(void **state)
{
	struct frame *f = pages_alloc(0, GFP_KERNEL, 1, NULL);

	(void)state;
	assert_non_null(f);
	pages_free(f);
	assert_null(pages_alloc(0, GFP_KERNEL | __GFP_THISNODE, 1, NULL));
	f = pages_alloc(0, GFP_KERNEL | __GFP_THISNODE, 0, NULL);
	assert_non_null(f);
	pages_free(f);
}

/* Gives @batch of the held blocks back in its @from-th round and later; a round ends at 0. */
struct giver {
	unsigned int nr_rounds;
	unsigned int from;
	unsigned int batch;
	unsigned int depth;
	unsigned int nr_nested; /* allocations in scan_objects() that came back here */
	struct frame *own;
};

static unsigned long count_held(struct shrinker *s, struct shrink_control *sc)
{
	(void)s;
	(void)sc;
	return 1; /* so that only priority 0 scans: 1 * 4 / 2 >= 1 */
}

static unsigned long give(struct shrinker *s, struct shrink_control *sc)
{
	struct giver *g = s->private_data;
	unsigned int freed = 0;

	(void)sc;
	if (__atomic_add_fetch(&g->nr_rounds, 1, __ATOMIC_RELAXED) < g->from)
		return SHRINK_STOP;
	for (; freed < g->batch && held.nr; freed++)
		drop(&held);
	return freed;
}

static struct shrinker *make_giver(struct giver *g)
{
	struct shrinker *s = shrinker_alloc(0, "giver");

	assert_non_null(s);
	s->count_objects = count_held;
	s->scan_objects = give;
	s->private_data = g;
	shrinker_register(s);
	return s;
}

static void test_noretry_fails_where_retry_mayfail_succeeds(void **state)
{
	struct giver g = { .from = 3, .batch = 1 };
	struct shrinker *s;

	(void)state;
	fill(GFP_NOWAIT);
	s = make_giver(&g);
	assert_null(take(0, __GFP_DIRECT_RECLAIM | __GFP_NORETRY));
	assert_int_equal(g.nr_rounds, 1);
	push(&held, take(0, __GFP_DIRECT_RECLAIM | __GFP_RETRY_MAYFAIL));
	assert_int_equal(g.nr_rounds, 3);
	shrinker_free(s);
}

static void test_noretry_makes_one_round_that_may_suffice(void **state)
{
	struct giver g = { .from = 1, .batch = 1 };
	struct shrinker *s;

	(void)state;
	fill(GFP_NOWAIT);
	s = make_giver(&g);
	push(&held, take(0, __GFP_DIRECT_RECLAIM | __GFP_NORETRY));
	assert_int_equal(g.nr_rounds, 1);
	shrinker_free(s);
}

static void test_large_blocks_are_given_up_early_unless_retry_mayfail(void **state)
{
	struct giver g = { .from = 1, .batch = 20 };
	struct shrinker *s;

	(void)state;
	fill(GFP_NOWAIT);
	s = make_giver(&g);
	assert_null(take(5, __GFP_DIRECT_RECLAIM)); /* 20 of 32 pages came back */
	assert_int_equal(g.nr_rounds, 1);
	fill(GFP_NOWAIT);
	g.nr_rounds = 0;
	push(&held, take(5, __GFP_DIRECT_RECLAIM | __GFP_RETRY_MAYFAIL));
	assert_int_equal(g.nr_rounds, 2);
	shrinker_free(s);
}

static void test_retries_end_although_something_is_always_promised(void **state)
{
	struct giver g = { .from = 1000000 };
	struct shrinker *s;

	(void)state;
	fill(GFP_NOWAIT);
	s = make_giver(&g);
	assert_null(take(0, __GFP_DIRECT_RECLAIM | __GFP_RETRY_MAYFAIL));
	/* What the first round deferred lets the later ones ask at priority 1 already. */
	assert_int_equal(g.nr_rounds, 1 + 2 * MAX_RECLAIM_RETRIES);
	shrinker_free(s);
}

static void test_nobody_is_asked_without_direct_reclaim(void **state)
{
	struct giver g = { .from = 1, .batch = 1 };
	struct shrinker *s;

	(void)state;
	fill(GFP_NOWAIT);
	s = make_giver(&g);
	assert_null(take(0, GFP_NOWAIT));
	push(&held, take(0, GFP_ATOMIC));
	assert_int_equal(g.nr_rounds, 0);
	shrinker_free(s);
}

/* Allocates in the shrinker: from the reserve, without coming back here. */
static unsigned long give_after_taking(struct shrinker *s, struct shrink_control *sc)
{
	struct giver *g = s->private_data;

	(void)sc;
	g->nr_nested += g->depth++ > 0;
	if (!g->own)
		g->own = take(0, GFP_KERNEL);
	if (held.nr)
		drop(&held);
	g->depth--;
	return 1;
}

static void test_a_shrinker_that_allocates_does_not_reclaim_again(void **state)
{
	struct giver g = { 0 };
	struct shrinker *s;

	(void)state;
	fill(GFP_NOWAIT);
	s = make_giver(&g);
	s->scan_objects = give_after_taking;
	push(&held, take(0, GFP_KERNEL));
	assert_non_null(g.own);
	assert_int_equal(g.nr_nested, 0);
	shrinker_free(s);
	pages_free(g.own);
}

static struct frame *promised;

static void *take_without_fail(void *unused)
{
	struct frame *f = take(0, GFP_KERNEL | __GFP_NOFAIL);

	__atomic_store_n(&promised, f, __ATOMIC_RELEASE);
	return unused;
}

static void test_nofail_waits_until_another_thread_frees(void **state)
{
	struct giver g = { .from = 1000000 };
	struct shrinker *s;
	pthread_t thread;

	(void)state;
	fill(GFP_ATOMIC);
	s = make_giver(&g);
	assert_int_equal(pthread_create(&thread, NULL, take_without_fail, NULL), 0);
	while (__atomic_load_n(&g.nr_rounds, __ATOMIC_RELAXED) < 3 * MAX_RECLAIM_RETRIES)
		sched_yield();
	assert_null(__atomic_load_n(&promised, __ATOMIC_ACQUIRE));
	for (size_t i = 0; i < slab_limit.min; i++)
		drop(&held);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_non_null(promised);
	push(&held, promised);
	shrinker_free(s);
}

/* Takes and frees at the limit with every kind of flags; the limit holds all the time. */
static void *press(void *seed)
{
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT,
				       GFP_KERNEL | __GFP_NORETRY,
				       GFP_KERNEL | __GFP_RETRY_MAYFAIL };
	struct frame *own[64] = { NULL };
	bool broken = false;

	for (unsigned int i = 0; i < 20000; i++) {
		unsigned int at = (i * 7 + (unsigned int)(uintptr_t)seed) % 64;

		if (own[at])
			pages_free(own[at]);
		own[at] = take(i % 3, kinds[i % 5]);
		broken |= __atomic_load_n(&slab_limit.nr_used, __ATOMIC_RELAXED) > slab_limit.max;
	}
	for (unsigned int i = 0; i < 64; i++)
		if (own[i])
			pages_free(own[i]);
	return broken ? seed : NULL;
}

static void test_threads_at_the_limit_never_pass_it(void **state)
{
	pthread_t t[4];
	void *broken;

	(void)state;
	fill(GFP_NOWAIT);
	for (int i = 0; i < 32; i++)
		drop(&held);
	for (uintptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, press, (void *)(i + 1)), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &broken);
		assert_null(broken);
	}
	assert_int_equal(limit_left(), slab_limit.min + 32);
}

static int boot(void **state)
{
	char text[32];

	(void)state;
	if (slab_boot("limit=16M,range=64M"))
		return -1;
	assert_true(slab_option_get("limit", text, sizeof(text)) > 0);
	assert_string_equal(text, "16777216");
	return 0;
}

#define AT_LIMIT(test) cmocka_unit_test_teardown(test, empty)

int main(void)
{
	int failed;
	const struct CMUnitTest before_boot[] = {
		cmocka_unit_test(test_a_limit_that_holds_nothing_is_refused),
		cmocka_unit_test(test_without_a_limit_the_range_is_the_limit),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_watermarks_are_the_kernels_for_this_size),
		AT_LIMIT(test_nowait_stops_at_the_min_watermark),
		AT_LIMIT(test_atomic_uses_part_of_the_reserve),
		AT_LIMIT(test_memalloc_uses_all_of_it_and_nomemalloc_forbids_that),
		AT_LIMIT(test_a_large_block_leaves_the_watermark_too),
		AT_LIMIT(test_another_node_only_without_thisnode),
		AT_LIMIT(test_noretry_fails_where_retry_mayfail_succeeds),
		AT_LIMIT(test_noretry_makes_one_round_that_may_suffice),
		AT_LIMIT(test_large_blocks_are_given_up_early_unless_retry_mayfail),
		AT_LIMIT(test_retries_end_although_something_is_always_promised),
		AT_LIMIT(test_nobody_is_asked_without_direct_reclaim),
		AT_LIMIT(test_a_shrinker_that_allocates_does_not_reclaim_again),
		AT_LIMIT(test_nofail_waits_until_another_thread_frees),
		AT_LIMIT(test_threads_at_the_limit_never_pass_it),
	};

	failed = cmocka_run_group_tests(before_boot, NULL, NULL);
	return failed ? failed : cmocka_run_group_tests(tests, boot, NULL);
}

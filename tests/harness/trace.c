// SPDX-License-Identifier: MIT
/*
 * The trace workload replays what was recorded: every thread's order is kept, every object is freed
 * once by whom the recording says, what the recorded allocator did for itself is left out, and
 * neither the number of threads nor the allocator changes what comes out.
 */
#include "trace_world.h"

/* Where in the recording the event behind a call is; UINT32_MAX: a free that it does not have. */
static uint32_t position(const struct call *c, unsigned int *recorded_thread)
{
	const struct expected *e = &expected[c->size];

	*recorded_thread = c->what == 'f' ? e->freer : e->owner;
	if (c->what != 'f')
		return e->allocated;
	return e->freer == BUILD_THREADS ? UINT32_MAX : e->freed;
}

static void check_order(unsigned int threads)
{
	uint32_t last[BUILD_THREADS] = { 0 }, nr_left = 0;
	unsigned int by[BUILD_THREADS];

	memset(by, 0xff, sizeof(by));
	for (uint32_t i = 0; i < nr_calls; i++) {
		unsigned int thread;
		uint32_t at = position(&calls[i], &thread);

		if (at == UINT32_MAX) {
			nr_left++;
			continue;
		}
		assert_int_equal(nr_left && threads == 1, 0);
		assert_true(at >= last[thread]);
		last[thread] = at + 1;
		if (by[thread] == UINT32_MAX)
			by[thread] = calls[i].thread;
		assert_int_equal(by[thread], calls[i].thread);
	}
	assert_int_equal(nr_calls - nr_left, b.nr_events);
	assert_int_equal(nr_calls, 2 * NR_OBJECTS);
}

/* Objects that are left: freed by whoever allocated them, in the order of allocation. */
static void check_left(void)
{
	uint32_t last[8] = { 0 };

	for (uint32_t i = 0; i < nr_calls; i++) {
		const struct expected *e = &expected[calls[i].size];

		if (calls[i].what != 'f' || e->freer != BUILD_THREADS)
			continue;
		assert_true(e->allocated >= last[calls[i].thread]);
		last[calls[i].thread] = e->allocated;
	}
}

static void test_each_recorded_thread_keeps_its_order(void **state)
{
	(void)state;
	build_many();
	for (size_t i = 0; i < sizeof(thread_counts) / sizeof(thread_counts[0]); i++) {
		run_noted(thread_counts[i], 1);
		check_order(thread_counts[i]);
		check_left();
	}
}

static void test_any_number_of_threads_gives_one_digest(void **state)
{
	uint64_t digest;

	(void)state;
	build_many();
	build_save(&b, path);
	digest = digest_of(1, 1, path, &drive_ops);
	assert_true(digest != 0);
	for (size_t i = 0; i < sizeof(thread_counts) / sizeof(thread_counts[0]); i++) {
		assert_true(digest_of(thread_counts[i], 1, path, &drive_ops) == digest);
		hostile_reset(HOSTILE_NOWHERE, 0);
		assert_true(digest_of(thread_counts[i], 1, path, &hostile_ops) == digest);
		assert_int_equal(hostile.nr_frees, hostile.nr_allocs);
	}
}

static void test_the_shipped_traces_give_one_digest(void **state)
{
	static const char *const names[] = { "dentry-xfs", "dentry-reclaim", "xfs-buffer",
					     "pmem-xfs1k" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		uint64_t digest = digest_of(1, 0.1, names[i], &hostile_ops);

		for (size_t t = 0; t < sizeof(thread_counts) / sizeof(thread_counts[0]); t++)
			assert_true(digest_of(thread_counts[t], 0.1, names[i], &drive_ops) ==
				    digest);
	}
	check_digest(w, 2, 0.02, "xfs-buffer");
}

static void test_what_the_recorded_allocator_allocated_is_left_out(void **state)
{
	uint32_t object;

	(void)state;
	b.nr_events = b.nr_objects = 0;
	build_kmalloc(&b, 0, SITE_PLAIN, GFP_ZERO, 40);
	object = build_kmalloc(&b, 0, SITE_PLAIN, GFP_ZERO, 48);
	b.event[1].flags = KTR_INTERNAL;
	build_free(&b, 1, KTR_KFREE, object);
	object = build_kmalloc(&b, 1, SITE_PLAIN, GFP_ZERO, 56);
	b.event[3].flags = KTR_INTERNAL;
	run_noted(2, 1);
	assert_int_equal(nr_calls, 2);
	assert_int_equal(count('z', 40), 1);
	assert_int_equal(count('f', 40), 1);
}

static void test_every_kind_of_free_frees_what_its_object_is(void **state)
{
	(void)state;
	b.nr_events = b.nr_objects = 0;
	for (uint8_t op = KTR_KFREE; op < KTR_NR_OPS; op++) {
		uint32_t plain = build_kmalloc(&b, 0, SITE_PLAIN, GFP_KERNEL, 100u + op);
		uint32_t cached = build_cache_alloc(&b, 0, CACHE_DENTRY, GFP_KERNEL);

		build_free(&b, 1, op, cached);
		build_free(&b, 1, op, plain);
		if (op == KTR_KFREE)
			op = KTR_CACHE_FREE; /* kfree() takes both, kmem_cache_free() does not */
	}
	run_noted(2, 1);
	assert_int_equal(count('a', 0), 4);
	assert_int_equal(count('f', 0), 4);
	assert_int_equal(count('c', 192), 4);
	assert_int_equal(count('g', 192), 4);
}

static void test_sites_and_caches_are_those_of_the_recording(void **state)
{
	(void)state;
	b.nr_events = b.nr_objects = 0;
	build_kmalloc(&b, 0, SITE_PLAIN, GFP_KERNEL, 64);
	build_kmalloc(&b, 0, SITE_PLAIN, GFP_KERNEL, 65);
	build_kmalloc(&b, 0, SITE_POINTERS, GFP_ZERO, 64);
	build_kmalloc(&b, 0, SITE_POINTERS, GFP_RECLAIMABLE, 64);
	build_cache_alloc(&b, 0, CACHE_MAPLE, GFP_ZERO);
	build_cache_alloc(&b, 0, CACHE_DENTRY, GFP_KERNEL);
	run_noted(1, 1);
	assert_int_equal(nr_sites_seen, 3);
	assert_int_equal(count('z', 64), 1);
	assert_int_equal(count('y', 256), 1);
	assert_int_equal(nr_made, 2);
	assert_string_equal(made[0].name, "maple_node");
	assert_int_equal(made[0].align, 256);
	assert_string_equal(made[1].name, "dentry");
	assert_int_equal(made[1].flags, ALLOC_CACHE_RECLAIMABLE | ALLOC_CACHE_ACCOUNT);
	assert_int_equal(made[0].size + made[1].size, 0); /* teardown() destroyed them */
}

/* The sites' memory is gone after the run, so they are looked at in an allocation. */
static void *look_alloc(size_t size, const struct alloc_site *site)
{
	if (size == 64) {
		assert_string_equal(site->type, "ifs_alloc");
		assert_false(site->has_pointers);
		assert_true(site->token < 8);
		assert_int_equal(site->gfp, 0xcc0);
	} else {
		assert_string_equal(site->type, "xfs_trans_alloc");
		assert_true(site->has_pointers);
		assert_in_range(site->token, 8, 15);
		assert_int_equal(site->gfp, 0x400cd0);
	}
	return malloc(size);
}

static void test_a_site_is_named_by_its_function(void **state)
{
	struct alloc_ops ops = drive_ops;

	(void)state;
	b.nr_events = b.nr_objects = 0;
	build_kmalloc(&b, 0, SITE_PLAIN, GFP_KERNEL, 64);
	build_kmalloc(&b, 0, SITE_POINTERS, GFP_RECLAIMABLE, 72);
	build_save(&b, path);
	ops.alloc = look_alloc;
	digest_of(1, 1, path, &ops);
}

static uint64_t expected_ops(double scale)
{
	uint64_t kept = (uint64_t)(scale * b.nr_events), nr_allocs = 0;

	for (uint64_t i = 0; i < kept; i++)
		nr_allocs += b.event[i].op <= KTR_CACHE_ALLOC;
	return 2 * nr_allocs;
}

static void test_a_scale_below_one_is_a_prefix(void **state)
{
	struct drive_image *image;

	(void)state;
	build_many();
	image = plan_built(2, 0.1);
	assert_int_equal(image->plan.ops, expected_ops(0.1));
	drive_release(image);
	image = plan_built(1, 1e-9);
	assert_int_equal(image->plan.ops, 2);
	drive_release(image);
	run_noted(1, 0.1);
}

static void test_a_scale_above_one_repeats_the_trace(void **state)
{
	struct drive_image *image;

	(void)state;
	build_many();
	build_save(&b, path);
	for (unsigned int threads = 1; threads <= 4; threads++) {
		image = plan_built(threads, 2.6);
		assert_int_equal(image->plan.ops, 3 * 2 * NR_OBJECTS);
		assert_non_null(strstr(image->plan.params, " repeats=3"));
		drive_release(image);
		assert_true(digest_of(threads, 3, path, &hostile_ops) ==
			    3 * digest_of(1, 1, path, &drive_ops));
	}
	image = drive_plan(w, 1, 1e6, path, 1);
	assert_int_equal(image->status, -1);
	assert_non_null(strstr(image->plan.why, "scale 1e+06 is too large for this trace"));
	drive_release(image);
}

static void test_what_a_plan_tells_is_exact(void **state)
{
	struct drive_image *image;

	(void)state;
	b.nr_events = b.nr_objects = 0;
	build_free(&b, 3, KTR_KFREE, build_kmalloc(&b, 2, SITE_PLAIN, GFP_ZERO, 1));
	build_kmalloc(&b, 2, SITE_PLAIN, GFP_ZERO, 65);
	build_cache_alloc(&b, 4, CACHE_LARGE, GFP_ZERO);
	image = plan_built(2, 1);
	assert_int_equal(image->plan.ops, 6);
	assert_int_equal(image->plan.alloc_bytes, 64 + 128 + 12352);
	assert_string_equal(image->plan.params, "events=6 objects=3 threads-recorded=3");
	drive_release(image);
}

static void test_the_counters_say_what_was_left_and_waited_for(void **state)
{
	struct drive_result r = { .rounds = 2 };
	struct drive_image *image;

	(void)state;
	b.nr_events = b.nr_objects = 0;
	for (int i = 0; i < 5; i++)
		build_kmalloc(&b, 0, SITE_PLAIN, GFP_ZERO, 100);
	build_free(&b, 0, KTR_KFREE, 2);
	image = plan_built(1, 3);
	drive_run(w, image, 1, &drive_ops, &r);
	assert_int_equal(r.counters[0], 0);
	assert_int_equal(r.counters[1], 3 * 4);
	assert_string_equal(w->counters[0].name, "handoff_wait_count");
	assert_string_equal(w->counters[1].name, "live_at_end_count");
	drive_release(image);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_recorded_thread_keeps_its_order),
		cmocka_unit_test(test_any_number_of_threads_gives_one_digest),
		cmocka_unit_test(test_the_shipped_traces_give_one_digest),
		cmocka_unit_test(test_what_the_recorded_allocator_allocated_is_left_out),
		cmocka_unit_test(test_every_kind_of_free_frees_what_its_object_is),
		cmocka_unit_test(test_sites_and_caches_are_those_of_the_recording),
		cmocka_unit_test(test_a_site_is_named_by_its_function),
		cmocka_unit_test(test_a_scale_below_one_is_a_prefix),
		cmocka_unit_test(test_a_scale_above_one_repeats_the_trace),
		cmocka_unit_test(test_what_a_plan_tells_is_exact),
		cmocka_unit_test(test_the_counters_say_what_was_left_and_waited_for),
	};

	alarm(240); /* a replay that waits for ever must not hold the suite */
	return cmocka_run_group_tests(tests, begin, end);
}

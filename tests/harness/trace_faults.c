// SPDX-License-Identifier: MIT
/*
 * The trace workload when something is wrong: an allocator that has no memory, or gives it out
 * twice, or lets it be overwritten; a trace with nothing in it; a name that does not exist. Every
 * one ends in a sentence, with nothing left allocated and no thread left waiting.
 */
#include "trace_world.h"

#include "lib/sanitizers.h"

static void test_null_at_any_allocation_is_reported_and_undone(void **state)
{
	(void)state;
	build_many();
	build_save(&b, path);
	check_out_of_memory(w, 1, 0.3, path);
	check_out_of_memory(w, 3, 0.3, path);
	check_out_of_memory(w, 4, 0.002, "xfs-buffer");
}

/* Each object is freed by the other of two threads before that one goes on: no way is longer. */
static void test_threads_that_wait_for_each_other_all_the_time_end(void **state)
{
	struct drive_result r = { .rounds = 3 };
	struct drive_image *image;

	(void)state;
	b.nr_events = b.nr_objects = 0;
	for (uint16_t i = 0; i < 2000; i++)
		build_free(&b, (i + 1) % 8, KTR_KFREE,
			   build_kmalloc(&b, i % 8, SITE_PLAIN, GFP_ZERO, 1 + i % 5000));
	for (size_t i = 1; i < sizeof(thread_counts) / sizeof(thread_counts[0]); i++) {
		image = plan_built(thread_counts[i], 2);
		drive_run(w, image, thread_counts[i], &drive_ops, &r);
		assert_null(r.error);
		assert_true(r.agree);
		drive_release(image);
	}
}

/* Two threads that write to one object are a race, as thread sanitizers are right to say. */
#define MAX_RACING (UNDER_TSAN ? 1 : 3)

/* Gives out one piece of memory for two objects that are alive at once, from the 100th on. */
static char *twice;
static uint32_t nr_given;

static void *double_alloc(size_t size, const struct alloc_site *site)
{
	uint32_t n = __atomic_add_fetch(&nr_given, 1, __ATOMIC_RELAXED);

	(void)size;
	(void)site;
	return n < 100 ? malloc(NR_OBJECTS + FIRST_SIZE) : twice;
}

static void double_free(void *p, size_t size)
{
	(void)size;
	if (p != twice)
		free(p);
}

static void test_memory_given_out_twice_is_noticed(void **state)
{
	struct alloc_ops ops = drive_ops;

	(void)state;
	ops.alloc = double_alloc;
	ops.free = double_free;
	twice = malloc(NR_OBJECTS + FIRST_SIZE);
	build_many();
	for (unsigned int threads = 1; threads <= MAX_RACING; threads++) {
		struct drive_image *image = plan_built(threads, 1);
		struct drive_result r = { .rounds = 1 };

		nr_given = 0;
		drive_run(w, image, threads, &ops, &r);
		assert_non_null(r.error);
		assert_non_null(strstr(r.error, "was overwritten"));
		drive_release(image);
	}
	free(twice);
}

/* Spoils one byte of an object when the next one is allocated. */
static unsigned char *before;
static size_t spoil_at;

static void *spoil_alloc(size_t size, const struct alloc_site *site)
{
	(void)site;
	if (before)
		before[spoil_at] ^= 1;
	before = before ? before : calloc(1, size);
	return size == 9 ? malloc(size) : before;
}

static void spoil_run(uint32_t size, size_t at, bool noticed)
{
	struct alloc_ops ops = drive_ops;
	struct drive_result r = { .rounds = 1 };
	struct drive_image *image;

	b.nr_events = b.nr_objects = 0;
	build_kmalloc(&b, 0, SITE_PLAIN, GFP_KERNEL, size);
	build_kmalloc(&b, 0, SITE_PLAIN, GFP_KERNEL, 9);
	image = plan_built(1, 1);
	ops.alloc = spoil_alloc;
	before = NULL;
	spoil_at = at;
	drive_run(w, image, 1, &ops, &r);
	assert_int_equal(r.error != NULL, noticed);
	drive_release(image);
}

static void test_a_spoilt_byte_of_the_first_and_last_tag_is_noticed(void **state)
{
	(void)state;
	spoil_run(1, 0, true);
	spoil_run(3, 2, true);
	spoil_run(7, 0, true);
	spoil_run(8, 7, true);
	spoil_run(300, 0, true);
	spoil_run(300, 8, false);
	spoil_run(4096, 7, true);
	spoil_run(4100, 4096, true);
	spoil_run(20000, 16384, true);
	spoil_run(20000, 19999, false);
	spoil_run(20000, 8192, false);
}

static struct alloc_cache *no_cache(const char *name, size_t size, size_t align, unsigned int flags)
{
	return strcmp(name, "dentry") ? note_cache_create(name, size, align, flags) : NULL;
}

static void test_a_cache_that_cannot_be_created_is_an_error(void **state)
{
	struct drive_result r = { .cache_create = no_cache, .cache_destroy = note_cache_destroy };
	struct drive_image *image;

	(void)state;
	b.nr_events = b.nr_objects = 0;
	build_cache_alloc(&b, 0, CACHE_MAPLE, GFP_ZERO);
	build_cache_alloc(&b, 0, CACHE_DENTRY, GFP_KERNEL);
	image = plan_built(1, 1);
	nr_made = 0;
	drive_run(w, image, 1, &note_ops, &r);
	assert_string_equal(r.error, "the allocator could not create the cache 'dentry'");
	assert_int_equal(nr_made, 1);
	assert_int_equal(made[0].size, 0);
	drive_release(image);
}

static void test_nothing_but_internal_objects_is_refused(void **state)
{
	struct drive_image *image;

	(void)state;
	b.nr_events = b.nr_objects = 0;
	build_kmalloc(&b, 0, SITE_PLAIN, GFP_ZERO, 48);
	b.event[0].flags = KTR_INTERNAL;
	build_save(&b, path);
	image = drive_plan(w, 1, 1, path, 1);
	assert_int_equal(image->status, -1);
	assert_string_equal(image->plan.why, "the trace has no event that a replay keeps");
	drive_release(image);
}

static void refuse(const char *arg, const char *text)
{
	struct drive_image *image = drive_plan(w, 1, 1, arg, 1);

	assert_int_equal(image->status, -1);
	if (!strstr(image->plan.why, text))
		fail_msg("'%s' does not say '%s'", image->plan.why, text);
	drive_release(image);
}

static void test_an_unknown_name_is_refused_with_those_there_are(void **state)
{
	char own[4096];

	(void)state;
	snprintf(own, sizeof(own), "%s", getenv("SLABBENCH_TRACES"));
	refuse("dentry-xf", "no trace 'dentry-xf'; shipped are dentry-reclaim, dentry-xfs, "
			    "pmem-xfs1k, xfs-buffer");
	refuse("", "trace needs a name or a file");
	refuse("/nowhere/x.ktr.zst", "cannot be opened");
	refuse("nowhere.ktr", "cannot be opened");
	setenv("SLABBENCH_TRACES", dir, 1);
	build_many();
	build_save(&b, path);
	refuse("dentry-xf", "no trace 'dentry-xf'");
	setenv("SLABBENCH_TRACES", own, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_null_at_any_allocation_is_reported_and_undone),
		cmocka_unit_test(test_threads_that_wait_for_each_other_all_the_time_end),
		cmocka_unit_test(test_memory_given_out_twice_is_noticed),
		cmocka_unit_test(test_a_spoilt_byte_of_the_first_and_last_tag_is_noticed),
		cmocka_unit_test(test_a_cache_that_cannot_be_created_is_an_error),
		cmocka_unit_test(test_nothing_but_internal_objects_is_refused),
		cmocka_unit_test(test_an_unknown_name_is_refused_with_those_there_are),
	};

	alarm(240); /* a replay that waits for ever must not hold the suite */
	return cmocka_run_group_tests(tests, begin, end);
}

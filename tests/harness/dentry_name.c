// SPDX-License-Identifier: MIT
/*
 * The dentry-name workload: the same answer whatever the allocator does, no leak on any failure,
 * and the structures and sizes of the kernel it stands for.
 */
#include "hostile.h"

#include "workloads/dcache.h"

#define SCALE 0.02

extern const struct workload workload_dentry_name;

static const struct workload *const w = &workload_dentry_name;

static void test_one_thread_gives_one_digest_with_every_allocator(void **state)
{
	(void)state;
	check_digest(w, 1, SCALE, "");
	check_digest(w, 1, SCALE, "long");
}

static void test_four_threads_give_one_digest_with_every_allocator(void **state)
{
	(void)state;
	check_digest(w, 4, SCALE, "");
	check_digest(w, 4, SCALE, "long");
}

static void test_more_threads_than_work_is_no_trouble(void **state)
{
	(void)state;
	check_digest(w, 32, 0.0001, "");
}

static void test_null_at_any_allocation_is_reported_and_undone(void **state)
{
	(void)state;
	check_out_of_memory(w, 1, SCALE, "long");
	check_out_of_memory(w, 4, SCALE, "long");
}

static void test_a_seed_gives_one_plan_and_another_seed_another(void **state)
{
	(void)state;
	check_seeds(w, 3, SCALE, "");
	check_seeds(w, 3, SCALE, "long");
}

static void test_an_unknown_mix_of_names_is_refused(void **state)
{
	(void)state;
	check_wrong_argument(w, "short");
}

static void test_the_choice_of_names_is_visible_in_the_parameters(void **state)
{
	struct drive_image *tree = drive_plan(w, 1, SCALE, "tree", 1);
	struct drive_image *mix = drive_plan(w, 1, SCALE, "long", 1);

	(void)state;
	assert_non_null(strstr(tree->plan.params, "names=tree"));
	assert_non_null(strstr(mix->plan.params, "names=long"));
	drive_release(tree);
	drive_release(mix);
}

/* The counts of what happened inside, which must include every case. */
static void test_every_kind_of_event_happens(void **state)
{
	struct drive_image *image = drive_plan(w, 1, SCALE, "long", hostile_seed());
	struct drive_result r = { .rounds = 1 };

	(void)state;
	drive_run(w, image, 1, &drive_ops, &r);
	assert_true(counter_of(w, &r, "hit_count") > 0);
	assert_true(counter_of(w, &r, "negative_hit_count") > 0);
	assert_true(counter_of(w, &r, "load_count") > 0);
	assert_true(counter_of(w, &r, "shrunk_count") > DCACHE_BATCH);
	assert_true(counter_of(w, &r, "name_shared_count") > 0);
	drive_release(image);
}

static uint64_t live_bytes, live_peak, nr_dentries, nr_names, nr_wrong_names;

/* Names and dentries as the shrinker counts them; single-threaded. */
static void *watch_alloc(size_t size, const struct alloc_site *site)
{
	nr_names++;
	nr_wrong_names += size < 25 + 40 || size > 25 + 255;
	nr_wrong_names += site->gfp != (SITE_GFP_KERNEL | SITE_GFP_RECLAIMABLE | SITE_GFP_ACCOUNT);
	live_bytes += size;
	return malloc(size);
}

static void watch_free(void *p, size_t size)
{
	live_bytes -= size;
	free(p);
}

static void *watch_cache_alloc(struct alloc_cache *cache)
{
	assert_string_equal(cache->name, "dentry");
	assert_int_equal(cache->size, 192);
	assert_int_equal(cache->flags, ALLOC_CACHE_RECLAIMABLE | ALLOC_CACHE_ACCOUNT);
	nr_dentries++;
	live_bytes += cache->size;
	live_peak = live_bytes > live_peak ? live_bytes : live_peak;
	return malloc(cache->size);
}

static void watch_cache_free(struct alloc_cache *cache, void *p)
{
	if (!strcmp(cache->name, "dentry"))
		live_bytes -= cache->size;
	free(p);
}

/* Above the target only for as long as deferred frees and pinned directories take. */
static void test_the_shrinker_keeps_dentries_and_names_near_the_target(void **state)
{
	struct drive_image *image = drive_plan(w, 1, 0.2, "long", hostile_seed());
	struct drive_result r = { .rounds = 1 };
	struct alloc_ops ops = drive_ops;
	unsigned long long target = 0;

	(void)state;
	ops.alloc = watch_alloc;
	ops.free = watch_free;
	ops.cache_alloc = watch_cache_alloc;
	ops.cache_free = watch_cache_free;
	live_peak = nr_names = nr_wrong_names = 0;
	drive_run(w, image, 1, &ops, &r);
	sscanf(strstr(image->plan.params, "target="), "target=%lluK", &target);
	assert_null(r.error);
	assert_int_equal(live_bytes, 0);
	assert_true(nr_names > 0);
	assert_int_equal(nr_wrong_names, 0);
	assert_true(target > 0);
	assert_true(live_peak > target * 1024 * 3 / 4);
	assert_true(live_peak < target * 1024 * 3 / 2);
	drive_release(image);
}

/* The shipped tree has 9.6 % of names with 40 bytes or more. */
static void test_a_tenth_of_the_dentries_of_a_real_tree_have_long_names(void **state)
{
	struct drive_image *image = drive_plan(w, 1, 0.2, "tree", hostile_seed());
	struct drive_result r = { .rounds = 1 };
	struct alloc_ops ops = drive_ops;

	(void)state;
	ops.alloc = watch_alloc;
	ops.free = watch_free;
	ops.cache_alloc = watch_cache_alloc;
	ops.cache_free = watch_cache_free;
	nr_names = nr_dentries = 0;
	drive_run(w, image, 1, &ops, &r);
	assert_null(r.error);
	assert_in_range(nr_names * 1000 / nr_dentries, 60, 130);
	drive_release(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_thread_gives_one_digest_with_every_allocator),
		cmocka_unit_test(test_four_threads_give_one_digest_with_every_allocator),
		cmocka_unit_test(test_more_threads_than_work_is_no_trouble),
		cmocka_unit_test(test_null_at_any_allocation_is_reported_and_undone),
		cmocka_unit_test(test_a_seed_gives_one_plan_and_another_seed_another),
		cmocka_unit_test(test_an_unknown_mix_of_names_is_refused),
		cmocka_unit_test(test_the_choice_of_names_is_visible_in_the_parameters),
		cmocka_unit_test(test_every_kind_of_event_happens),
		cmocka_unit_test(test_the_shrinker_keeps_dentries_and_names_near_the_target),
		cmocka_unit_test(test_a_tenth_of_the_dentries_of_a_real_tree_have_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/*
 * The allocator-bound workloads: one digest with every allocator and any number of threads, no leak
 * on any failure, every wrong argument refused with a sentence, and sizes drawn in their shares.
 */
#include "hostile.h"

#include "lib/bits.h"
#include "lib/random.h"
#include "workloads/size_table.h"

extern const struct workload workload_batch, workload_sizes, workload_chain, workload_handover,
	workload_bleed, workload_larson, workload_growth, workload_large, workload_thread_ends;

/* Of each workload: an argument and a scale that makes about a thousand objects. */
static const struct cell {
	const struct workload *w;
	const char *arg;
	double scale;
	bool threaded; /* waits for other threads, or makes them */
} cells[] = {
	{ &workload_batch, "1x16", 0.001, false },
	{ &workload_batch, "10x64", 0.001, false },
	{ &workload_batch, "100x256s", 0.002, false },
	{ &workload_batch, "100x4096s", 0.02, false },
	{ &workload_sizes, "", 0.003, false },
	{ &workload_sizes, "kernel", 0.003, false },
	{ &workload_chain, "", 0.003, false },
	{ &workload_handover, "", 0.01, true },
	{ &workload_bleed, "", 0.01, true },
	{ &workload_larson, "", 0.01, true },
	{ &workload_growth, "vectors", 0.02, false },
	{ &workload_growth, "strings", 0.01, false },
	{ &workload_large, "", 0.1, false },
	{ &workload_thread_ends, "", 0.02, true },
};

static void test_one_digest_with_every_allocator(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		for (unsigned int threads = 1; threads <= 4; threads++)
			check_digest(cells[i].w, threads, cells[i].scale, cells[i].arg);
}

static void test_one_digest_with_more_threads_than_cpus(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		if (cells[i].threaded)
			check_digest(cells[i].w, 64, cells[i].scale, cells[i].arg);
}

static void test_null_at_any_allocation_is_reported_and_undone(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		check_out_of_memory(cells[i].w, 1, cells[i].scale, cells[i].arg);
}

static void test_null_does_not_stop_the_other_threads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		if (cells[i].threaded)
			check_out_of_memory(cells[i].w, 3, cells[i].scale, cells[i].arg);
}

static void test_a_seed_gives_one_plan_and_another_seed_another(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		check_seeds(cells[i].w, 2, cells[i].scale, cells[i].arg);
}

static void test_none_is_a_default_of_a_comparison(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		assert_true(cells[i].w->on_request);
}

static void test_wrong_arguments_are_refused(void **state)
{
	static const char *const batches[] = { "0x16",	  "65537x16", "x",	    "10",
					       "10x",	  "10x4",     "10x2000000", "10x64x",
					       "10x64ss", "1x16s",    "-1x16",	    "10x-64" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(batches); i++)
		check_wrong_argument(&workload_batch, batches[i]);
	check_wrong_argument(&workload_growth, "vector");
	check_wrong_argument(&workload_sizes, "no-such");
}

static uint64_t ops_of(const struct workload *w, unsigned int threads, const char *arg)
{
	struct drive_image *image = drive_plan(w, threads, 1, arg, 1);
	uint64_t ops = image->plan.ops;

	assert_int_equal(image->status, 0);
	drive_release(image);
	return ops;
}

static void test_batches_are_whole_and_their_bytes_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(ops_of(&workload_batch, 1, "1x16"), 1000000);
	assert_int_equal(ops_of(&workload_batch, 1, "1000x64s"), 1000000);
	assert_int_equal(ops_of(&workload_batch, 1, "1000x4096"), 49000);
	assert_int_equal(ops_of(&workload_batch, 4, "10x16"), 1000000);
}

static void test_the_live_set_does_not_grow_with_the_threads(void **state)
{
	(void)state;
	for (unsigned int threads = 2; threads <= 64; threads *= 2) {
		uint64_t handed = ops_of(&workload_handover, threads, "");
		uint64_t bled = ops_of(&workload_bleed, threads, "");

		assert_in_range(handed, 97000, 100000);
		assert_in_range(bled, 90000, 100000);
	}
}

/* Each order is a permutation: freeing an object twice would end in the hostile allocator. */
static void test_a_drawn_order_differs_from_the_order_of_coming(void **state)
{
	struct drive_image *one = drive_plan(&workload_batch, 1, 0.01, "100x64", 7);
	struct drive_image *other = drive_plan(&workload_batch, 1, 0.01, "100x64s", 7);

	(void)state;
	assert_int_equal(one->plan.image_bytes, other->plan.image_bytes);
	assert_memory_not_equal(one->plan.image, other->plan.image, one->plan.image_bytes);
	drive_release(one);
	drive_release(other);
}

/* A file of the test's own; the answer of reading it. */
static int read_text(const char *text, struct size_table *table, char *why, size_t len)
{
	char path[] = "/tmp/slabbench-sizes.XXXXXX";
	int fd = mkstemp(path), err;
	FILE *f = fdopen(fd, "w");

	fputs(text, f);
	fclose(f);
	err = size_table_read(table, path, 8, 4096, why, len);
	unlink(path);
	return err;
}

static void test_a_table_of_sizes_is_read_with_its_limits(void **state)
{
	static struct size_table table;
	char why[256];

	(void)state;
	assert_int_equal(read_text("# by hand\n1 5\n8 5\n\n100 30\n4096 60\n5000 999\n", &table,
				   why, sizeof(why)),
			 0);
	assert_int_equal(table.nr, 3);
	assert_int_equal(table.total, 100);
	assert_int_equal(table.bytes[0], 8);
	assert_int_equal(table.below[0], 10);
	assert_int_equal(table.below[1], 40);
}

static void test_sizes_come_in_their_shares(void **state)
{
	static struct size_table table;
	uint64_t nr[3] = { 0 };
	struct random r;
	char why[256];

	(void)state;
	assert_int_equal(read_text("8 10\n100 30\n4096 60\n", &table, why, sizeof(why)), 0);
	random_seed(&r, hostile_seed());
	for (int i = 0; i < 100000; i++) {
		uint32_t bytes = size_table_draw(&table, &r);

		nr[bytes == 8 ? 0 : bytes == 100 ? 1 : 2]++;
	}
	assert_in_range(nr[0], 9500, 10500);
	assert_in_range(nr[1], 29300, 30700);
	assert_in_range(nr[2], 59200, 60800);
}

static void test_a_wrong_table_of_sizes_is_told_with_its_line(void **state)
{
	static const char *const wrong[] = { "8 1\nx\n",    "8 1\n16\n",    "8 1\n16 1 1\n",
					     "16 1\n8 1\n", "8 1\n16 -1\n", "8 1\n9 9999999999\n" };
	static struct size_table table;
	char why[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(read_text(wrong[i], &table, why, sizeof(why)), -1);
		assert_non_null(strstr(why, "line 2 of /tmp/slabbench-sizes."));
	}
	assert_int_equal(read_text("# none\n9000 1\n", &table, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "has no size of 8 to 4096 bytes"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_digest_with_every_allocator),
		cmocka_unit_test(test_one_digest_with_more_threads_than_cpus),
		cmocka_unit_test(test_null_at_any_allocation_is_reported_and_undone),
		cmocka_unit_test(test_null_does_not_stop_the_other_threads),
		cmocka_unit_test(test_a_seed_gives_one_plan_and_another_seed_another),
		cmocka_unit_test(test_none_is_a_default_of_a_comparison),
		cmocka_unit_test(test_wrong_arguments_are_refused),
		cmocka_unit_test(test_batches_are_whole_and_their_bytes_are_bounded),
		cmocka_unit_test(test_the_live_set_does_not_grow_with_the_threads),
		cmocka_unit_test(test_a_drawn_order_differs_from_the_order_of_coming),
		cmocka_unit_test(test_a_table_of_sizes_is_read_with_its_limits),
		cmocka_unit_test(test_sizes_come_in_their_shares),
		cmocka_unit_test(test_a_wrong_table_of_sizes_is_told_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

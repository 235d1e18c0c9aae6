// SPDX-License-Identifier: MIT
/*
 * The pmem workload: the same answer whatever the allocator does, no leak on any failure, and cache
 * line counts that follow from the alignment of the buffers.
 */
#include "hostile.h"

#include "workloads/persist.h"

#define SCALE 0.02

extern const struct workload workload_pmem;

static const struct workload *const w = &workload_pmem;

static void test_one_thread_gives_one_digest_with_every_allocator(void **state)
{
	(void)state;
	check_digest(w, 1, SCALE, "");
}

static void test_four_threads_give_one_digest_with_every_allocator(void **state)
{
	(void)state;
	check_digest(w, 4, SCALE, "");
}

static void test_each_phase_runs_alone(void **state)
{
	char arg[3] = "w0";

	(void)state;
	for (; arg[1] <= '9'; arg[1]++)
		check_digest(w, 2, SCALE / 4, arg);
}

static void test_null_at_any_allocation_is_reported_and_undone(void **state)
{
	(void)state;
	check_out_of_memory(w, 1, SCALE, "w2");
	check_out_of_memory(w, 4, SCALE, "w7");
}

static void test_a_seed_gives_one_plan_and_another_seed_another(void **state)
{
	(void)state;
	check_seeds(w, 3, SCALE, "");
}

static void test_an_unknown_phase_is_refused(void **state)
{
	(void)state;
	check_wrong_argument(w, "w10");
	check_wrong_argument(w, "phase");
}

static void *line_alloc(size_t size, const struct alloc_site *site)
{
	(void)site;
	return aligned_alloc(PERSIST_LINE, (size + 63) & ~(size_t)63);
}

static void *page_alloc(size_t size, const struct alloc_site *site)
{
	(void)site;
	return aligned_alloc(4096, (size + 4095) & ~(size_t)4095);
}

static void run_with(void *(*alloc)(size_t, const struct alloc_site *), struct drive_result *r)
{
	struct drive_image *image = drive_plan(w, 1, SCALE, "w4", hostile_seed());
	struct alloc_ops ops = drive_ops;

	*r = (struct drive_result){ .rounds = 1 };
	ops.alloc = alloc;
	drive_run(w, image, 1, &ops, r);
	assert_null(r->error);
	drive_release(image);
}

static void test_aligned_buffers_need_the_minimum_of_lines(void **state)
{
	struct drive_result r;

	(void)state;
	run_with(line_alloc, &r);
	assert_true(counter_of(w, &r, "lines_minimum_count") > 0);
	assert_int_equal(counter_of(w, &r, "lines_flushed_count"),
			 counter_of(w, &r, "lines_minimum_count"));
	run_with(page_alloc, &r);
	assert_int_equal(counter_of(w, &r, "pages_crossed_count"), 0);
}

static void test_misaligned_buffers_cost_lines_and_pages(void **state)
{
	struct drive_image *image = drive_plan(w, 1, SCALE, "w4", hostile_seed());
	struct drive_result r = { .rounds = 1 };

	(void)state;
	hostile_reset(HOSTILE_NOWHERE, 0);
	drive_run(w, image, 1, &hostile_ops, &r);
	assert_true(counter_of(w, &r, "lines_flushed_count") >
		    counter_of(w, &r, "lines_minimum_count"));
	assert_true(counter_of(w, &r, "pages_crossed_count") > 0);
	hostile_reset(HOSTILE_NOWHERE, 0);
	drive_release(image);
}

static void test_lines_of_a_range_are_counted_from_its_first_to_its_last(void **state)
{
	_Alignas(64) static char buf[256];

	(void)state;
	assert_int_equal(persist_lines(buf, 1), 1);
	assert_int_equal(persist_lines(buf, 64), 1);
	assert_int_equal(persist_lines(buf, 65), 2);
	assert_int_equal(persist_lines(buf + 63, 2), 2);
	assert_int_equal(persist_lines(buf + 8, 120), 2);
	assert_int_equal(persist_lines(buf + 9, 120), 3);
}

/* Every instruction this CPU has leaves the content alone. */
static void test_writing_lines_back_changes_nothing(void **state)
{
	_Alignas(64) char buf[256], copy[256];

	(void)state;
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)i;
	memcpy(copy, buf, sizeof(copy));
	for (int kind = PERSIST_FENCE_ONLY; kind <= (int)persist_best(); kind++) {
		persist_flush((enum persist_kind)kind, buf + 3, 200);
		persist_fence();
		assert_memory_equal(buf, copy, sizeof(buf));
		assert_true(strlen(persist_name((enum persist_kind)kind)) > 3);
	}
}

static void test_a_note_names_the_instruction_and_the_kind_of_memory(void **state)
{
	struct drive_image *image = drive_plan(w, 1, SCALE, "w1", hostile_seed());
	struct drive_result r = { .rounds = 1 };

	(void)state;
	drive_run(w, image, 1, &drive_ops, &r);
	assert_non_null(strstr(r.notes, persist_name(persist_best())));
	assert_non_null(strstr(r.notes, "the file is"));
	drive_release(image);
}

static void test_a_missing_file_fails_the_setup(void **state)
{
	struct drive_image *image = drive_plan(w, 1, SCALE, "w1", hostile_seed());
	struct drive_result r = { .rounds = 1 };

	(void)state;
	drive_remove_dir(image->dir);
	assert_int_equal(drive_run(w, image, 1, &drive_ops, &r), -1);
	assert_non_null(strstr(r.error, "file"));
	drive_release(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_thread_gives_one_digest_with_every_allocator),
		cmocka_unit_test(test_four_threads_give_one_digest_with_every_allocator),
		cmocka_unit_test(test_each_phase_runs_alone),
		cmocka_unit_test(test_null_at_any_allocation_is_reported_and_undone),
		cmocka_unit_test(test_a_seed_gives_one_plan_and_another_seed_another),
		cmocka_unit_test(test_an_unknown_phase_is_refused),
		cmocka_unit_test(test_aligned_buffers_need_the_minimum_of_lines),
		cmocka_unit_test(test_misaligned_buffers_cost_lines_and_pages),
		cmocka_unit_test(test_lines_of_a_range_are_counted_from_its_first_to_its_last),
		cmocka_unit_test(test_writing_lines_back_changes_nothing),
		cmocka_unit_test(test_a_note_names_the_instruction_and_the_kind_of_memory),
		cmocka_unit_test(test_a_missing_file_fails_the_setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

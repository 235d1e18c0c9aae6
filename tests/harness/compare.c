// SPDX-License-Identifier: MIT
/* Estimates and verdicts, one rule a case, on runs made so that the answer can be told by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "compare_world.h"
#include "harness/metrics.h"

/* ---- estimates ------------------------------------------------------------------------------- */

/* Ratios of twelve blocks in no order; sorted: .90 .92 .94 .95 .96 .97 .99 1.0 1.01 1.02 1.03 1.1
 */
static const double twelve[] = { 0.97, 1.1, 0.94, 1.02, 0.90, 0.99,
				 0.96, 1.0, 0.95, 1.03, 0.92, 1.01 };

static void give_twelve(struct trial *t)
{
	double base = 100 * pow(1.5, t->block);

	t->nr_metrics = 0;
	trial_add(t, "ns_per_op", t->arm->position == SLAB ? base * twelve[t->block] : base);
}

static void test_estimate_is_the_median_of_paired_log_ratios(void **state)
{
	struct compare_row *r;
	struct compare *c;

	(void)state;
	quiet_world(seed, 12);
	c = run_world(give_twelve);
	r = row(c, "ns_per_op", SLAB);
	assert_int_equal(r->nr_pairs, 12);
	assert_near(r->ratio, sqrt(0.97 * 0.99));
	assert_int_equal(c->cells[0].family, 2);
	/* 1 - 0.05 / 2 = 0.975; rank 2 covers 2035 / 2048, rank 3 only 1969 / 2048. */
	assert_true(r->adjusted);
	assert_int_equal(r->ratio_interval.rank, 2);
	assert_near(r->ratio_interval.low, 0.92);
	assert_near(r->ratio_interval.high, 1.03);
	assert_near(r->ratio_interval.coverage, 2035.0 / 2048);
	/* Seven below, one equal, four above. */
	assert_near(r->p, stats_sign_test(7, 4));
	compare_free(c);
}

static void test_medians_are_of_the_values_themselves(void **state)
{
	struct compare_row *r;
	struct compare *c;

	(void)state;
	quiet_world(seed, 12);
	c = run_world(give_twelve);
	r = row(c, "ns_per_op", BASELINE);
	assert_int_equal(r->n, 12);
	assert_near(r->median, 100 * (pow(1.5, 5) + pow(1.5, 6)) / 2);
	assert_near(r->interval.low, 100 * pow(1.5, 2));
	assert_near(r->interval.high, 100 * pow(1.5, 9));
	assert_near(r->ratio, 1);
	assert_true(r->verdict == VERDICT_NONE);
	compare_free(c);
}

static double sql_real_value(const char *statement)
{
	sqlite3_stmt *stmt = sql_for_run(store_handle(store), statement, world.run.id);
	double value;

	assert_true(sql_row(stmt));
	value = sqlite3_column_double(stmt, 0);
	sql_finish(stmt);
	return value;
}

static void test_views_agree_with_the_program(void **state)
{
	struct compare_row *r;
	struct compare *c;

	(void)state;
	quiet_world(seed, 12);
	world.noise = 0.02;
	c = run_world(NULL);
	r = row(c, "ns_per_op", CONTROL);
	assert_near(sql_real_value("SELECT ratio FROM v_ratio_summary WHERE run = ? AND "
				   "role = 'control' AND metric = 'ns_per_op'"),
		    r->ratio);
	assert_near(sql_real_value("SELECT low FROM v_history WHERE run = ? AND "
				   "role = 'control' AND metric = 'ns_per_op'"),
		    r->ratio_interval.low);
	assert_near(sql_real_value("SELECT coverage FROM v_ratio_summary WHERE run = ? AND "
				   "role = 'control' AND metric = 'ns_per_op'"),
		    r->ratio_interval.coverage);
	r = row(c, "ns_per_op", SLAB);
	assert_near(sql_real_value("SELECT median FROM v_summary WHERE run = ? AND "
				   "allocator = 'slab' AND metric = 'ns_per_op'"),
		    r->median);
	assert_near(sql_real_value("SELECT high FROM v_summary WHERE run = ? AND "
				   "allocator = 'slab' AND metric = 'ns_per_op'"),
		    r->interval.high);
	compare_free(c);
}

static void test_ranks_of_the_view_are_those_of_the_program(void **state)
{
	sqlite3_stmt *stmt =
		sql_prepare(store_handle(store), "SELECT n, rank, coverage FROM v_rank");
	int nr = 0;

	(void)state;
	for (; sql_row(stmt); nr++) {
		int n = sqlite3_column_int(stmt, 0), rank = sqlite3_column_int(stmt, 1);

		assert_int_equal(rank, stats_rank(n, 0.95));
		assert_near(sqlite3_column_double(stmt, 2), stats_coverage(n, rank));
	}
	sql_finish(stmt);
	assert_int_equal(nr, 251); /* 6 to 256 */
}

static void test_harness_share_is_null_over_own_in_the_same_block(void **state)
{
	struct compare *c;
	struct compare_row *r;

	(void)state;
	quiet_world(seed, 6);
	world.time[SLAB] = 0.5;
	c = run_world(NULL);
	r = row(c, "harness_share_ratio", SLAB);
	assert_int_equal(r->n, 6);
	assert_near(r->median, SIMULATED_NULL_NS / (0.5 * SIMULATED_BASE_NS));
	assert_near(r->interval.low, r->median);
	assert_int_equal(r->nr_pairs, 0);
	assert_int_equal(row(c, "harness_share_ratio", NULL_ARM)->n, 0);
	assert_near(sql_real_value("SELECT avg(attributable_ns) FROM v_attributable WHERE run = ? "
				   "AND allocator = 'slab'"),
		    0.5 * SIMULATED_BASE_NS - SIMULATED_NULL_NS);
	compare_free(c);
}

static void lose_null(struct trial *t)
{
	if (t->arm->role == ARM_NULL)
		t->status = TRIAL_OUTGROWN;
}

static void test_outgrown_null_means_no_share_and_no_harm(void **state)
{
	struct compare *c;

	(void)state;
	quiet_world(seed, 12);
	world.noise = 0.002;
	c = run_world(lose_null);
	assert_int_equal(compare_metric_index(c, "harness_share_ratio"), -1);
	assert_true(row(c, "ns_per_op", SLAB)->verdict == VERDICT_SAME);
	compare_free(c);
}

static void test_zero_baseline_has_no_ratio(void **state)
{
	struct compare *c;
	struct compare_row *r;

	(void)state;
	quiet_world(seed, 12);
	c = run_world(NULL);
	r = row(c, "page_faults", SLAB);
	assert_int_equal(r->n, 12);
	assert_near(r->median + 1, 1);
	assert_int_equal(r->nr_pairs, 0);
	assert_true(isnan(r->ratio));
	compare_free(c);
}

static void only_first_block(struct trial *t)
{
	if (t->block == 0)
		trial_add(t, "rss_drained_5s_bytes", 1e6);
}

static void test_metric_of_one_block_has_a_median_and_no_interval(void **state)
{
	struct compare *c;
	struct compare_row *r;

	(void)state;
	quiet_world(seed, 12);
	c = run_world(only_first_block);
	r = row(c, "rss_drained_5s_bytes", SLAB);
	assert_int_equal(r->n, 1);
	assert_int_equal(r->interval.rank, 0);
	assert_true(isnan(r->interval.low));
	assert_near(r->ratio, 1);
	assert_int_equal(r->ratio_interval.rank, 0);
	assert_int_equal(compare_metric_index(c, "rss_drained_1s_bytes"), -1);
	compare_free(c);
}

/* ---- verdicts -------------------------------------------------------------------------------- */

static void test_five_blocks_are_too_few_for_a_verdict(void **state)
{
	struct compare *c;
	struct compare_row *r;

	(void)state;
	quiet_world(seed, 5);
	world.time[SLAB] = 2;
	c = run_world(NULL);
	r = row(c, "ns_per_op", SLAB);
	assert_true(r->verdict == VERDICT_INVALID);
	assert_string_equal(r->why, "5 of 6 blocks");
	assert_near(r->ratio, 2);
	compare_free(c);
}

static void fail_one_of_slab(struct trial *t)
{
	if (t->arm->position == SLAB && t->block == 3)
		t->status = TRIAL_MISMATCH;
}

static void test_failed_trial_voids_the_arm_and_no_other(void **state)
{
	struct compare *c;

	(void)state;
	quiet_world(seed, 12);
	world.time[PEER] = 1.5;
	c = run_world(fail_one_of_slab);
	assert_true(row(c, "ns_per_op", SLAB)->verdict == VERDICT_INVALID);
	assert_string_equal(row(c, "ns_per_op", SLAB)->why, "1 of 12 failed");
	assert_int_equal(row(c, "ns_per_op", SLAB)->nr_pairs, 11);
	assert_true(row(c, "ns_per_op", PEER)->verdict == VERDICT_MORE);
	compare_free(c);
}

static void fail_all_of_slab(struct trial *t)
{
	if (t->arm->position == SLAB)
		t->status = TRIAL_TIMEOUT;
}

static void test_arm_that_never_came_through_has_one_row(void **state)
{
	struct compare *c;

	(void)state;
	quiet_world(seed, 12);
	c = run_world(fail_all_of_slab);
	assert_int_equal(row(c, "ns_per_op", SLAB)->n, 0);
	assert_true(row(c, "ns_per_op", SLAB)->verdict == VERDICT_INVALID);
	assert_string_equal(row(c, "ns_per_op", SLAB)->why, "12 of 12 failed");
	assert_true(row(c, "rss_peak_bytes", SLAB)->verdict == VERDICT_NONE);
	assert_int_equal(c->cells[0].family, 3); /* the peer's */
	compare_free(c);
}

static void fail_baseline(struct trial *t)
{
	if (t->arm->position == BASELINE && t->block == 0)
		t->status = TRIAL_FAILED;
}

static void test_failed_baseline_voids_every_verdict(void **state)
{
	struct compare *c;

	(void)state;
	quiet_world(seed, 12);
	world.drift = 0.1;
	world.time[SLAB] = 1.5;
	c = run_world(fail_baseline);
	assert_true(row(c, "ns_per_op", SLAB)->verdict == VERDICT_INVALID);
	assert_int_equal(row(c, "ns_per_op", SLAB)->nr_pairs, 11);
	assert_near(row(c, "ns_per_op", SLAB)->ratio, 1.5); /* still block by block */
	assert_true(row(c, "rss_peak_bytes", PEER)->verdict == VERDICT_INVALID);
	compare_free(c);
}

static void test_moved_control_contaminates_time_and_not_memory(void **state)
{
	struct compare *c;

	(void)state;
	quiet_world(seed, 12);
	world.noise = 0.002;
	world.time[CONTROL] = 1.03;
	world.time[SLAB] = 1.5;
	world.memory[SLAB] = 1.5;
	c = run_world(NULL);
	assert_true(c->cells[0].contaminated);
	assert_true(row(c, "ns_per_op", SLAB)->verdict == VERDICT_UNRESOLVED);
	assert_string_equal(row(c, "ns_per_op", SLAB)->why, "A/A moved");
	assert_true(row(c, "rss_peak_bytes", SLAB)->verdict == VERDICT_MORE);
	compare_free(c);
}

static void test_moved_memory_of_the_control_voids_that_metric(void **state)
{
	struct compare *c;

	(void)state;
	quiet_world(seed, 12);
	world.memory[CONTROL] = 1.03;
	world.memory[SLAB] = 1.5;
	world.time[SLAB] = 1.5;
	c = run_world(NULL);
	assert_false(c->cells[0].contaminated);
	assert_true(row(c, "rss_mean_bytes", SLAB)->verdict == VERDICT_UNRESOLVED);
	assert_true(row(c, "ns_per_op", SLAB)->verdict == VERDICT_MORE);
	compare_free(c);
}

static void test_floor_is_the_metrics_own_on_a_quiet_machine(void **state)
{
	struct compare *c;

	(void)state;
	quiet_world(seed, 12);
	c = run_world(NULL);
	assert_near(row(c, "ns_per_op", SLAB)->floor, metric_find("ns_per_op")->rel_floor);
	compare_free(c);
}

/* One block in three of the control takes 3 % longer: within its floor, so no alarm, but its
 * interval reaches 3 % and nothing smaller can be called a difference. */
static void disturb_control(struct trial *t)
{
	double factor = t->block % 3 ? 1 : 1.03;

	if (t->arm->position == CONTROL)
		t->metric[0].value *= factor;
	if (t->arm->position == SLAB)
		t->metric[0].value *= 1.02;
}

static void test_control_raises_the_floor(void **state)
{
	struct compare *c;
	struct compare_row *r;

	(void)state;
	quiet_world(seed, 12);
	c = run_world(disturb_control);
	r = row(c, "ns_per_op", SLAB);
	assert_false(c->cells[0].contaminated);
	assert_near(r->floor, 0.03);
	assert_true(r->verdict == VERDICT_SAME);
	compare_free(c);
}

static void tiny_memory(struct trial *t)
{
	t->nr_metrics = 1;
	trial_add(t, "rss_peak_bytes", (t->arm->position == SLAB ? 1.02 : 1) * 2 * 1024 * 1024);
}

/* 64 KiB of 2 MiB are 3.1 %: a difference of 2 % is less than the quantum. */
static void test_quantum_of_the_metric_is_a_floor(void **state)
{
	struct compare *c;
	struct compare_row *r;

	(void)state;
	quiet_world(seed, 12);
	c = run_world(tiny_memory);
	r = row(c, "rss_peak_bytes", SLAB);
	assert_near(r->floor, 64.0 / 2048);
	assert_true(r->verdict == VERDICT_SAME);
	compare_free(c);
}

static void test_holm_is_taken_over_the_cell(void **state)
{
	struct compare *c;

	(void)state;
	quiet_world(seed, 12);
	world.noise = 0.01;
	world.time[SLAB] = 1.2;
	c = run_world(NULL);
	assert_int_equal(c->cells[0].family, 6); /* time, peak, mean of two subjects */
	assert_near(row(c, "ns_per_op", SLAB)->p, 2.0 / 4096);
	assert_near(row(c, "ns_per_op", SLAB)->p_holm, 6 * 2.0 / 4096);
	for (int arm = SLAB; arm <= PEER; arm++)
		assert_true(row(c, "rss_peak_bytes", arm)->p_holm >=
			    row(c, "rss_peak_bytes", arm)->p);
	assert_true(isnan(row(c, "ns_per_op", CONTROL)->p_holm));
	compare_free(c);
}

static void test_verdicts_have_words_by_unit(void **state)
{
	struct compare_metric time = { .unit = "ns" }, memory = { .unit = "bytes" };
	struct compare_metric other = { .unit = "ratio" };

	(void)state;
	assert_string_equal(compare_verdict_name(&time, VERDICT_LESS), "faster");
	assert_string_equal(compare_verdict_name(&time, VERDICT_MORE), "slower");
	assert_string_equal(compare_verdict_name(&memory, VERDICT_LESS), "smaller");
	assert_string_equal(compare_verdict_name(&memory, VERDICT_MORE), "larger");
	assert_string_equal(compare_verdict_name(&other, VERDICT_LESS), "lower");
	assert_string_equal(compare_verdict_name(&time, VERDICT_SAME), "same");
	assert_string_equal(compare_verdict_name(&time, VERDICT_UNRESOLVED), "not resolved");
	assert_string_equal(compare_verdict_name(&time, VERDICT_INVALID), "invalid");
	assert_string_equal(compare_verdict_name(&time, VERDICT_NONE), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_estimate_is_the_median_of_paired_log_ratios),
		cmocka_unit_test(test_medians_are_of_the_values_themselves),
		cmocka_unit_test(test_views_agree_with_the_program),
		cmocka_unit_test(test_ranks_of_the_view_are_those_of_the_program),
		cmocka_unit_test(test_harness_share_is_null_over_own_in_the_same_block),
		cmocka_unit_test(test_outgrown_null_means_no_share_and_no_harm),
		cmocka_unit_test(test_zero_baseline_has_no_ratio),
		cmocka_unit_test(test_metric_of_one_block_has_a_median_and_no_interval),
		cmocka_unit_test(test_five_blocks_are_too_few_for_a_verdict),
		cmocka_unit_test(test_failed_trial_voids_the_arm_and_no_other),
		cmocka_unit_test(test_arm_that_never_came_through_has_one_row),
		cmocka_unit_test(test_failed_baseline_voids_every_verdict),
		cmocka_unit_test(test_moved_control_contaminates_time_and_not_memory),
		cmocka_unit_test(test_moved_memory_of_the_control_voids_that_metric),
		cmocka_unit_test(test_floor_is_the_metrics_own_on_a_quiet_machine),
		cmocka_unit_test(test_control_raises_the_floor),
		cmocka_unit_test(test_quantum_of_the_metric_is_a_floor),
		cmocka_unit_test(test_holm_is_taken_over_the_cell),
		cmocka_unit_test(test_verdicts_have_words_by_unit),
	};

	seed = simulated_seed();
	return cmocka_run_group_tests(tests, open_store, close_store);
}

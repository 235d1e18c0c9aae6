// SPDX-License-Identifier: MIT
/* The store keeps what it was given, and nothing that failed is seen in results. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_world.h"

static void fill_everything(struct trial *t)
{
	trial_add(t, "dio_einval_count", 3);
	trial_add(t, "wait_ns", 12.5);
	trial_add(t, "hit_ratio", 0.5);
	trial_add(t, "log_bytes", 4096);
	trial_add(t, "lookups", 7);
	trial_add(t, "rss_drained_1s_bytes", NAN);
	t->point[t->nr_points++] = (struct trial_point){ 5, 10, 20 };
	t->point[t->nr_points++] = (struct trial_point){ 5, 11, 21 };
	t->point[t->nr_points++] = (struct trial_point){ 9, 12, 22 };
	t->bucket[t->nr_buckets++] = (struct trial_bucket){ 10.5, 100 };
	t->alignment[t->nr_alignment++] = (struct trial_alignment){ 64, 64, 30 };
	t->alignment[t->nr_alignment++] = (struct trial_alignment){ 64, 32, 10 };
	t->have_slab_use = true;
	t->slab_use[9] = 42;
	strcpy(t->slabinfo, "two\nlines\n");
	strcpy(t->note, "it's \"noted\"");
}

static void test_everything_of_a_trial_is_stored(void **state)
{
	struct store *s = store_open(path);
	sqlite3 *db = store_handle(s);

	(void)state;
	small_world(1);
	simulated_store(&world, s, fill_everything);
	assert_int_equal(sql_value(db, "SELECT count(*) FROM trial WHERE status = 'ok' AND digest "
				       "= '0000000000005eed' AND note = 'it''s \"noted\"'"),
			 4);
	assert_int_equal(sql_value(db, "SELECT count(*) FROM sample WHERE metric = 'wait_ns' AND "
				       "value = 12.5"),
			 4);
	assert_int_equal(sql_value(db, "SELECT count(*) FROM sample WHERE "
				       "metric = 'rss_drained_1s_bytes'"),
			 0);
	assert_int_equal(sql_value(db, "SELECT count(*) FROM timeline"), 8);
	assert_int_equal(sql_value(db, "SELECT max(live_bytes) FROM timeline WHERE t_ns = 5"), 11);
	assert_int_equal(sql_value(db, "SELECT sum(calls) FROM v_latency WHERE low_ns = 10.5"),
			 400);
	assert_int_equal(sql_value(db, "SELECT sum(100 * share) FROM v_alignment WHERE divisor = "
				       "64"),
			 300);
	assert_int_equal(sql_value(db, "SELECT sum(nr_slabs) FROM v_slab_use WHERE tenth = 9"),
			 168);
	assert_int_equal(sql_value(db, "SELECT count(*) FROM slab_use"), 40);
	assert_int_equal(sql_value(db, "SELECT count(*) FROM v_slabinfo WHERE block = 0 AND "
				       "length(text) = 10"),
			 4);
	store_close(s);
}

static void assert_unit(sqlite3 *db, const char *metric, const char *unit)
{
	sqlite3_stmt *stmt = sql_for_run(db, "SELECT unit FROM metric WHERE name = ?", metric);

	assert_true(sql_row(stmt));
	assert_string_equal(sql_column(stmt, 0), unit);
	sql_finish(stmt);
}

static void test_unit_of_a_counter_is_read_from_its_name(void **state)
{
	struct store *s = store_open(path);
	sqlite3 *db = store_handle(s);

	(void)state;
	small_world(1);
	simulated_store(&world, s, fill_everything);
	assert_unit(db, "dio_einval_count", "count");
	assert_unit(db, "wait_ns", "ns");
	assert_unit(db, "hit_ratio", "ratio");
	assert_unit(db, "log_bytes", "bytes");
	assert_unit(db, "lookups", "count");
	assert_unit(db, "ns_per_op", "ns");
	store_close(s);
}

static void prove_identity(struct trial *t)
{
	strcpy(t->arm->build_id, "abcdef");
	strcpy(t->arm->mode, "partition=none");
}

static void test_first_block_tells_what_was_mapped(void **state)
{
	struct store *s = store_open(path);

	(void)state;
	small_world(1);
	simulated_store(&world, s, prove_identity);
	assert_int_equal(sql_value(store_handle(s), "SELECT count(*) FROM arm WHERE build_id = "
						    "'abcdef' AND mode = 'partition=none'"),
			 4);
	store_close(s);
}

static void fail_slab(struct trial *t)
{
	if (strcmp(t->arm->label, "slab"))
		return;
	t->status = TRIAL_FAILED;
	t->exit_status = 139;
	strcpy(t->reason, "signal 11");
}

static void test_failed_trial_is_stored_and_never_seen_in_results(void **state)
{
	struct store *s = store_open(path);
	sqlite3 *db = store_handle(s);

	(void)state;
	small_world(2);
	simulated_store(&world, s, fail_slab);
	assert_int_equal(sql_value(db, "SELECT count(*) FROM v_trial WHERE status = 'failed' AND "
				       "exit_status = 139 AND reason = 'signal 11' AND digest = "
				       "''"),
			 2);
	assert_int_equal(sql_value(db, "SELECT count(*) FROM v_sample WHERE allocator = 'slab'"),
			 0);
	assert_int_equal(sql_value(db, "SELECT count(*) FROM v_ratio WHERE allocator = 'slab'"), 0);
	store_close(s);
}

static void test_skipped_twice_keeps_both_reasons(void **state)
{
	struct store *s = store_open(path);

	(void)state;
	small_world(1);
	strcpy(world.run.skipped[0].name, "x");
	strcpy(world.run.skipped[0].reason, "no library");
	strcpy(world.run.skipped[1].name, "x");
	strcpy(world.run.skipped[1].reason, "no file");
	world.run.nr_skipped = 2;
	simulated_store(&world, s, NULL);
	assert_int_equal(sql_value(store_handle(s), "SELECT count(*) FROM skipped WHERE reason = "
						    "'no library; no file'"),
			 1);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_everything_of_a_trial_is_stored, fresh),
		cmocka_unit_test_setup(test_unit_of_a_counter_is_read_from_its_name, fresh),
		cmocka_unit_test_setup(test_first_block_tells_what_was_mapped, fresh),
		cmocka_unit_test_setup(test_failed_trial_is_stored_and_never_seen_in_results,
				       fresh),
		cmocka_unit_test_setup(test_skipped_twice_keeps_both_reasons, fresh),
	};

	seed = simulated_seed();
	return cmocka_run_group_tests(tests, NULL, simulated_cleanup);
}
